//! CodePipeline as a function under test sees it: a job, and another one with the token after each continuation.

use std::time::Duration;

use pipeline_model::JobId;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Calls, Moment, RecordingJobs};
use crate::jobs::{Answer, FailureKind, Jobs};
use crate::start::{Handler, Invocation};
use crate::{Clock, Deadline, Failure};

/// Between an answer and the job that follows it.
const PAUSE: Duration = Duration::from_secs(30);

/// The doubles of all that a function reaches, as far as jobs are handed over there. Clones share everything.
pub trait World: Clone {
    /// What answers the jobs.
    type Function: Handler<Event = Box<RawValue>>;
    /// Lambda's timeout.
    const TIMEOUT: Duration;
    /// A process that has just started.
    fn start(&self) -> Self::Function;
    /// Where it answers.
    fn jobs(&self) -> &RecordingJobs;
    /// The time.
    fn clock(&self) -> &Clock;
    /// The calls of all doubles.
    fn counted(&self) -> &Calls;

    /// Kills whoever makes the `number`-th call from now (1 is the next) to any of the doubles, once.
    fn crash_at(&self, number: usize, moment: Moment) {
        self.counted().crash_at(number, moment);
    }

    /// How many calls were made to all doubles.
    fn calls(&self) -> usize {
        self.counted().count()
    }
}

/// What became of one delivery; `None` is a process that died.
pub type Delivered<R> = Option<Result<R, Failure>>;

/// An action that invokes the function.
#[derive(Debug, Clone)]
pub struct Pipeline<W> {
    world: W,
    parameters: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    key: Option<String>,
    timeout: Duration,
}

impl<W: World> Pipeline<W> {
    /// An action with these user parameters, and no artifacts.
    pub fn with(world: &W, parameters: &str) -> Self {
        let (inputs, outputs) = (Vec::new(), Vec::new());
        let (world, parameters) = (world.clone(), parameters.to_owned());
        Self { world, parameters, inputs, outputs, key: None, timeout: W::TIMEOUT }
    }

    /// The same with more input artifacts. An artifact lies in the bucket `artifacts` under its name.
    #[must_use]
    pub fn inputs(mut self, names: &[&str]) -> Self {
        self.inputs.extend(names.iter().copied().map(String::from));
        self
    }

    /// The same with an output artifact of that name.
    #[must_use]
    pub fn output(mut self, name: &str) -> Self {
        self.outputs.push(name.to_owned());
        self
    }

    /// The same with a key of the artifact store.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The same with another timeout of the function.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The id of the action's job of this number.
    pub fn job(number: usize) -> JobId {
        let id = format!("{number:08x}-abcd-4111-abcd-111111abcdef");
        id.parse().expect("a UUID")
    }

    /// The event of a job.
    pub fn event(&self, number: usize, token: Option<&str>) -> String {
        let artifact = |name: &String| {
            let place = json!({ "bucketName": "artifacts", "objectKey": name });
            json!({ "name": name, "revision": null, "location": { "type": "S3", "s3Location": place } })
        };
        let configuration = json!({ "FunctionName": "pipewarden", "UserParameters": self.parameters });
        let mut data = json!({
            "actionConfiguration": { "configuration": configuration },
            "inputArtifacts": self.inputs.iter().map(artifact).collect::<Vec<_>>(),
            "outputArtifacts": self.outputs.iter().map(artifact).collect::<Vec<_>>(),
            "artifactCredentials": {
                "accessKeyId": "key-id-of-the-session",
                "secretAccessKey": "secret-of-the-session",
                "sessionToken": "token-of-the-session",
            },
        });
        if let Some(key) = &self.key {
            data["encryptionKey"] = json!({ "id": key, "type": "KMS" });
        }
        if let Some(token) = token {
            data["continuationToken"] = json!(token);
        }
        let job = json!({ "id": Self::job(number).as_str(), "accountId": "111122223333", "data": data });
        json!({ "CodePipeline.job": job }).to_string()
    }

    /// Hands the function an event, in a process of its own.
    pub async fn deliver(&self, event: &str) -> Delivered<<W::Function as Handler>::Reply> {
        let event = RawValue::from_string(event.to_owned()).expect("Lambda hands over JSON");
        let function = self.world.start();
        let deadline = Deadline::after(self.world.clock(), self.timeout);
        let invocation = Invocation { request_id: String::from("r-1"), deadline };
        self.world.counted().run(function.handle(event, invocation)).await
    }

    /// Hands over a job; if the function dies or fails, the watchdog answers in its place.
    pub async fn visit(&self, number: usize, token: Option<&str>) -> Delivered<<W::Function as Handler>::Reply> {
        let delivered = self.deliver(&self.event(number, token)).await;
        if !matches!(delivered, Some(Ok(_))) {
            let told = Answer::failure(FailureKind::JobFailed, "the function died");
            self.world.jobs().put(&Self::job(number), &told).await.expect("the watchdog reaches CodePipeline");
        }
        delivered
    }

    /// Visits until the job is decided, half a minute apart, at most `most` times. What the action was told last.
    pub async fn run(&self, most: usize) -> Answer {
        let mut token: Option<String> = None;
        for number in 0..most {
            self.visit(number, token.as_deref()).await;
            match self.answer(number) {
                Answer::Continue { token: next, .. } => token = Some(next.as_str().to_owned()),
                end => return end,
            }
            self.world.clock().advance(PAUSE);
        }
        self.answer(most - 1)
    }

    /// The one answer of a job.
    ///
    /// # Panics
    /// If it has none, or more than one.
    pub fn answer(&self, number: usize) -> Answer {
        let answers = self.world.jobs().answers();
        let mut own = answers.into_iter().filter(|(job, _)| *job == Self::job(number)).map(|(_, answer)| answer);
        let answer = own.next().expect("every job has an answer");
        assert_eq!(own.next(), None, "no job has two answers");
        answer
    }
}

//! Records of every kind through the handler, with faults and crashes on the way, and a search for what must not come out.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use lambda_kit::doubles::{Calls, Logged, Mishap, Moment, RecordingJobs};
use lambda_kit::jobs::Gone;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::*;
use crate::memory::RecordingHooks;

const JOB: &str = "11111111-abcd-1111-abcd-111111abcdef";
const MINUTE: Duration = Duration::from_secs(60);

fn job() -> JobId {
    JOB.parse().unwrap()
}

#[derive(Default)]
struct World {
    calls: Calls,
    jobs: RecordingJobs,
    hooks: RecordingHooks,
}

impl World {
    fn new() -> Self {
        let calls = Calls::default();
        let (jobs, hooks) = (RecordingJobs::with(calls.clone()), RecordingHooks::with(calls.for_one_double()));
        Self { calls, jobs, hooks }
    }

    fn watchdog(&self) -> Watchdog<RecordingJobs, RecordingHooks> {
        let (jobs, hooks) = (self.jobs.clone(), self.hooks.clone());
        Watchdog { jobs, hooks, metrics: Metrics::adding_up(), clock: Clock::system() }
    }

    async fn give(&self, record: &Value) -> Result<String, Failure> {
        handle(&self.watchdog(), record).await
    }

    /// What the job was told: the kind of failure and the words.
    fn told(&self) -> Option<String> {
        self.jobs.answers().iter().find_map(|(_, answer)| match answer {
            Answer::Failure { kind, message } => Some(format!("{kind:?}: {message}")),
            _ => None,
        })
    }
}

async fn handle(watchdog: &Watchdog<RecordingJobs, RecordingHooks>, record: &Value) -> Result<String, Failure> {
    let deadline = Deadline::after(&watchdog.clock, MINUTE);
    watchdog.handle(to_raw_value(record).unwrap(), Invocation { request_id: "r-1".to_owned(), deadline }).await
}

fn samples() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/watchdog");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let samples = files.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    });
    samples.collect()
}

fn sample(name: &str) -> Value {
    samples().remove(name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_sample_is_answered_in_the_words_of_the_snapshot_and_only_once() {
    let samples = samples();
    assert!(samples.len() > 15, "events/watchdog is nearly empty");
    let mut lines = Vec::new();
    for (name, record) in samples {
        let world = World::new();
        let reply = world.give(&record).await.unwrap();
        let told = world.told().unwrap_or_else(|| "no job was told anything".to_owned());
        lines.push(format!("{name}: {reply}\n  {told}\n  hooks: {:?}", world.hooks.failed()));
        let before = (world.jobs.answers(), world.hooks.failed());
        world.give(&record).await.unwrap();
        assert_eq!((world.jobs.answers(), world.hooks.failed()), before, "{name} had another effect the second time");
    }
    insta::assert_snapshot!(lines.join("\n\n"));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_answer_is_given_again_within_the_same_invocation() {
    for (name, answered) in [("killed", 1), ("codedeploy-hook", 0)] {
        let world = World::new();
        world.jobs.meet([Mishap::Throttled, Mishap::Hangs, Mishap::Throttled]);
        world.hooks.fail_next(3);
        world.give(&sample(name)).await.unwrap();
        assert_eq!((world.jobs.answers().len(), world.hooks.failed().len()), (answered, 1 - answered), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_an_error_and_is_counted() {
    for (name, words) in [
        ("timed-out", "job 11111111-abcd-1111-abcd-111111abcdef could not be answered with `failure`: "),
        ("codedeploy-hook", "the hook of deployment d-EXAMPLE11 could not be answered: "),
    ] {
        let world = World::new();
        world.jobs.fail_next(1000);
        world.hooks.fail_next(1000);
        let watchdog = world.watchdog();
        let failure = handle(&watchdog, &sample(name)).await.unwrap_err();
        assert!(!failure.is_permanent() && failure.to_string().starts_with(words), "{failure}");
        assert_eq!(watchdog.metrics.sum("JobsUnanswered"), 1.0);
        assert!((3..30).contains(&world.calls.count()), "{name}: a storm of {} calls", world.calls.count());
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_at_the_call_the_next_delivery_finishes_the_work() {
    for name in ["killed", "codedeploy-hook"] {
        for moment in [Moment::Before, Moment::After] {
            let world = World::new();
            world.calls.crash_at(1, moment);
            let record = sample(name);
            assert!(world.calls.run(world.give(&record)).await.is_none(), "{name} makes a call");
            world.give(&record).await.unwrap();
            assert_eq!(world.jobs.answers().len() + world.hooks.failed().len(), 1, "{name}, {moment:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_answered_before_its_function_died_keeps_its_answer() {
    for gone in [Gone::InvalidJobState, Gone::JobNotFound] {
        let world = World::new();
        world.jobs.close(&job(), gone);
        let watchdog = world.watchdog();
        let reply = handle(&watchdog, &sample("out-of-memory")).await.unwrap();
        assert_eq!(reply, "nothing to do: the job was answered before");
        assert_eq!((world.told(), watchdog.metrics.sum("JobsRescued")), (None, 0.0));
    }
}

#[tokio::test]
async fn only_what_was_understood_is_counted_as_rescued() {
    for (name, rescued, not_understood) in
        [("killed", 1.0, 0.0), ("codedeploy-hook", 1.0, 0.0), ("ecs-hook", 0.0, 0.0), ("not-a-record", 0.0, 1.0)]
    {
        let watchdog = World::new().watchdog();
        handle(&watchdog, &sample(name)).await.unwrap();
        let sums = ["JobsRescued", "RecordsNotUnderstood", "JobsUnanswered"].map(|name| watchdog.metrics.sum(name));
        assert_eq!(sums, [rescued, not_understood, 0.0], "{name}");
    }
}

/// Put together here, so that no scanner takes it for a key.
fn secret() -> String {
    ["Not", "A", "Real", "Key", "wJalrXUtnFEMI7bPxRfiCY9", "EXAMPLE"].concat()
}

/// The secret at every place of a record where one may stand, and at some where none should.
fn hostile_records() -> Vec<Value> {
    let places = [
        "/requestPayload/CodePipeline.job/data/artifactCredentials/secretAccessKey",
        "/requestPayload/CodePipeline.job/data/artifactCredentials",
        "/requestPayload/CodePipeline.job/id",
        "/requestPayload/CodePipeline.job",
        "/requestPayload",
        "/requestContext/functionArn",
        "/requestContext/requestId",
        "/requestContext/condition",
        "/requestContext",
        "/responsePayload/errorMessage",
        "/responsePayload/errorType",
        "/responsePayload",
    ];
    let mut records = Vec::new();
    for name in ["killed", "error-nobody-knows", "misconfigured", "not-started", "timed-out"] {
        for place in places {
            for value in [json!(secret()), json!({ "secretAccessKey": secret() }), json!([secret()])] {
                let mut record = sample(name);
                *record.pointer_mut(place).unwrap() = value;
                records.push(record);
            }
        }
        let mut record = sample(name);
        record["responsePayload"]["errorMessage"] = json!(format!("cannot read key {} of \"{}\"", secret(), secret()));
        records.push(record);
    }
    records
}

#[tokio::test(start_paused = true)]
async fn wherever_a_credential_stands_it_comes_out_nowhere() {
    let log = Logged::start();
    let part = &secret()[13..];
    for record in hostile_records() {
        for mishap in [None, Some(Mishap::Refused)] {
            let world = World::new();
            world.jobs.meet(mishap);
            let reply = world.give(&record).await;
            let outputs = format!("{reply:?} {:?} {:?}", world.jobs.answers(), world.hooks.failed());
            assert!(!outputs.contains(part), "{outputs}");
            let kept = format!("{:?}", Record::read(&record.to_string()));
            assert!(!kept.contains(part), "{kept}");
        }
    }
    let logged = log.text();
    assert!(logged.contains("a function died"));
    assert!(!logged.contains(part), "{logged}");
}

//! The thin layer around the engine: it tells it the time and carries its effects out.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::artifacts::zip_artifact;
use super::clock::Clock;
use super::config::Config;
use super::effects::{Effect, Signal};
use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::ports::{
    ApprovalNotifier, ArtifactScope, ArtifactStore, EventSink, JobSessions, LambdaInvoker, Problem, S3Location,
};
use super::push::GitPush;

/// Attempts to hand one event to the sink.
const ATTEMPTS: u32 = 3;

pub(crate) struct Shell {
    engine: Mutex<Engine>,
    clock: Arc<dyn Clock>,
    ports: Ports,
    /// None ends the publishing.
    events: mpsc::UnboundedSender<Option<Value>>,
    changed: Notify,
}

struct Ports {
    artifacts: Arc<dyn ArtifactStore>,
    sessions: Option<Arc<dyn JobSessions>>,
    lambda: Arc<dyn LambdaInvoker>,
    approvals: Arc<dyn ApprovalNotifier>,
}

/// What runs beside the shell until the server ends.
pub(crate) struct Background {
    events: mpsc::UnboundedReceiver<Option<Value>>,
    sink: Arc<dyn EventSink>,
    on_problem: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Shell {
    pub(crate) fn new(config: Config) -> (Arc<Self>, Background) {
        let (sender, events) = mpsc::unbounded_channel();
        let background = Background { events, sink: config.events.clone(), on_problem: config.on_problem.clone() };
        let ports = Ports {
            artifacts: config.artifacts.clone(),
            sessions: config.sessions.clone(),
            lambda: config.lambda.clone(),
            approvals: config.approvals.clone(),
        };
        let clock = config.clock.clone();
        let engine = Mutex::new(Engine::new(config));
        (Arc::new(Self { engine, clock, ports, events: sender, changed: Notify::new() }), background)
    }

    /// Answers an API operation.
    pub(crate) fn call(self: &Arc<Self>, operation: &str, input: &Value) -> Answer {
        self.with_engine(|engine, now| engine.call(now, operation, input))
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Starts an execution as a Git trigger does; its id.
    pub(crate) fn push(self: &Arc<Self>, pipeline: &str, push: &GitPush) -> Result<String, ApiError> {
        self.with_engine(|engine, now| {
            engine.advance(now);
            engine.push(pipeline, push).map(|execution| engine[execution].id.clone())
        })
    }

    /// No event comes after those that have been handed over.
    pub(crate) fn end_of_events(&self) {
        let _ = self.events.send(None);
    }

    /// Wakes the engine whenever something is due.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        loop {
            let wake = self.engine.lock().unwrap_or_else(PoisonError::into_inner).next_wake();
            let due = async {
                match wake {
                    Some(wake) => self.clock.sleep_until(wake).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with_engine(Engine::advance),
                () = self.changed.notified() => {}
            }
        }
    }

    fn with_engine<T>(self: &Arc<Self>, change: impl FnOnce(&mut Engine, Timestamp) -> T) -> T {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut engine, self.clock.now());
        // Still under the lock, so that events leave in the order they happened.
        for effect in std::mem::take(&mut engine.effects) {
            self.carry_out(effect);
        }
        drop(engine);
        self.changed.notify_one();
        result
    }

    fn carry_out(self: &Arc<Self>, effect: Effect) {
        if let Effect::Publish(envelope) = effect {
            // Nobody listens only while the server is ending.
            let _ = self.events.send(Some(envelope));
            return;
        }
        let shell = self.clone();
        tokio::spawn(async move {
            let tell = |signal| shell.with_engine(|engine, now| engine.signal(now, signal));
            if let Some(signal) = shell.ports.perform(effect, &tell).await {
                tell(signal);
            }
        });
    }
}

impl Ports {
    /// Carries an effect out and returns how it ended, where that is to be told. `tell` takes what is known before.
    async fn perform(&self, effect: Effect, tell: &(dyn Fn(Signal) + Sync)) -> Option<Signal> {
        match effect {
            Effect::Publish(_) => None,
            Effect::Invoke { job, function, event, scope } => self.invoke(job, &function, event, &scope, tell).await,
            Effect::Store { run, folder, files, at, encryption_key } => {
                let zipped = tokio::task::spawn_blocking(move || zip_artifact(folder.as_deref(), &files)).await;
                let zip = zipped.unwrap_or_else(|_| Err(Problem::new("SystemUnavailable", "Zipping was interrupted.")));
                Some(Signal::Stored { run, result: self.store(zip, &at, encryption_key.as_deref()).await })
            }
            Effect::Find { run, artifact, at } => {
                let result = self.artifacts.find(&at).await.map_err(|problem| {
                    let place = format!("{}/{}", at.bucket, at.key);
                    let told =
                        format!("The function said success, and its output artifact {artifact} is not at {place}");
                    Problem::new("ConfigurationError", format!("{told}: {}", problem.message))
                });
                Some(Signal::Stored { run, result })
            }
            Effect::Notify { run, topic, subject, message } => {
                let problem = self.approvals.publish(&topic, &subject, &message).await.err()?;
                Some(Signal::NotNotified { run, problem })
            }
        }
    }

    async fn invoke(
        &self,
        job: String,
        function: &str,
        mut event: Value,
        scope: &ArtifactScope,
        tell: &(dyn Fn(Signal) + Sync),
    ) -> Option<Signal> {
        if let Some(sessions) = &self.sessions {
            let credentials = match sessions.open(scope).await {
                Ok(credentials) => credentials,
                Err(problem) => return Some(Signal::NotInvoked { job, problem }),
            };
            event["CodePipeline.job"]["data"]["artifactCredentials"] = credentials.of_a_job();
            // Before the invocation: its function may ask for the job's details at once.
            tell(Signal::SessionOpened { job: job.clone(), credentials });
        }
        let problem = self.lambda.invoke(function, &event).await.err()?;
        Some(Signal::NotInvoked { job, problem })
    }

    async fn store(&self, zip: Result<Vec<u8>, Problem>, at: &S3Location, key: Option<&str>) -> Result<(), Problem> {
        self.artifacts.put(at, zip?, key).await
    }
}

impl Background {
    /// Hands events to the sink, in order, until there are no more.
    pub(crate) async fn publish(mut self) {
        while let Some(Some(envelope)) = self.events.recv().await {
            for attempt in 1..=ATTEMPTS {
                match self.sink.publish(&envelope).await {
                    Ok(()) => break,
                    Err(problem) if attempt == ATTEMPTS => {
                        let kind = &envelope["detail-type"];
                        (self.on_problem)(&format!("an event ({kind}) was lost after {ATTEMPTS} attempts: {problem}"));
                    }
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
                }
            }
        }
    }
}

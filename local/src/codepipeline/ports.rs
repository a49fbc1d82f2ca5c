//! What the server needs from outside: a place for artifacts, credentials for them, a Lambda, a topic, an event bus.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

use super::config::Credentials;

/// The answer of a port, boxed so that ports can be trait objects.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// Why a call to the outside did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Problem {
    /// What ends up as the action's error code, for instance `PermissionError`.
    pub code: String,
    /// One sentence for the person who reads the failed action.
    pub message: String,
}

impl Problem {
    /// A problem with a code from CodePipeline's `FailureType` and a sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// Where one artifact lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct S3Location {
    /// Bucket of the pipeline's artifact store.
    pub bucket: String,
    /// `<pipeline, cut>/<artifact, cut>/<random>`, at most 100 characters.
    pub key: String,
}

/// Keeps artifacts as zips.
pub trait ArtifactStore: Send + Sync {
    /// Stores the bytes. `encryption_key` is the customer key of the pipeline's artifact store.
    fn put<'a>(&'a self, at: &'a S3Location, zip: Vec<u8>, encryption_key: Option<&'a str>) -> Pending<'a, ()>;
    /// Reads the bytes back.
    fn get<'a>(&'a self, at: &'a S3Location) -> Pending<'a, Vec<u8>>;
    /// Whether something is there; a problem if not.
    fn find<'a>(&'a self, at: &'a S3Location) -> Pending<'a, ()> {
        Box::pin(async move { self.get(at).await.map(drop) })
    }
}

/// What the artifacts of one job are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactScope {
    /// What its function may read.
    pub inputs: Vec<S3Location>,
    /// What its function is to write.
    pub outputs: Vec<S3Location>,
    /// The customer key of the artifact store.
    pub encryption_key: Option<String>,
}

/// Gives each job credentials of its own.
pub trait JobSessions: Send + Sync {
    /// Opens a session for these artifacts.
    fn open<'a>(&'a self, scope: &'a ArtifactScope) -> Pending<'a, Credentials>;
}

/// Invokes functions asynchronously, as CodePipeline does: accepted is all one learns.
pub trait LambdaInvoker: Send + Sync {
    /// Hands `event` (`{"CodePipeline.job": …}`) to `function`.
    fn invoke<'a>(&'a self, function: &'a str, event: &'a Value) -> Pending<'a, ()>;
}

/// Publishes the SNS message of an approval action that has a `NotificationArn`.
pub trait ApprovalNotifier: Send + Sync {
    /// Publishes `message` (the JSON text of the approval) with `subject`.
    fn publish<'a>(&'a self, topic: &'a str, subject: &'a str, message: &'a str) -> Pending<'a, ()>;
}

/// Receives complete EventBridge envelopes, one at a time, in the order they happened.
pub trait EventSink: Send + Sync {
    /// Takes one envelope.
    fn publish<'a>(&'a self, envelope: &'a Value) -> Pending<'a, ()>;
}

/// Nobody is there: invocations and approval messages fail, events are forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl LambdaInvoker for Nobody {
    fn invoke<'a>(&'a self, function: &'a str, _: &'a Value) -> Pending<'a, ()> {
        let message = format!("No Lambda endpoint is configured, so {function} cannot be invoked.");
        Box::pin(async { Err(Problem::new("ConfigurationError", message)) })
    }
}

impl ApprovalNotifier for Nobody {
    fn publish<'a>(&'a self, topic: &'a str, _: &'a str, _: &'a str) -> Pending<'a, ()> {
        let message = format!("No SNS endpoint is configured, so {topic} cannot be told of the approval.");
        Box::pin(async { Err(Problem::new("ConfigurationError", message)) })
    }
}

impl EventSink for Nobody {
    fn publish<'a>(&'a self, _: &'a Value) -> Pending<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// An event sink for tests in the same process: envelopes come out of a channel.
#[derive(Debug, Clone)]
pub struct EventChannel(mpsc::UnboundedSender<Value>);

impl EventChannel {
    /// The sink and the receiving end of it.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Value>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

impl EventSink for EventChannel {
    fn publish<'a>(&'a self, envelope: &'a Value) -> Pending<'a, ()> {
        // A test that stopped listening is not a failure of the bus.
        let _ = self.0.send(envelope.clone());
        Box::pin(async { Ok(()) })
    }
}

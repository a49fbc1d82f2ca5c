//! How a server is set up: account, script, speed, deadlines and the ports to the outside.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::artifacts::MemoryArtifacts;
use super::aws::{AwsEndpoint, EventBridgeSink, LambdaApi, S3Artifacts, SnsTopics};
use super::clock::{Clock, SystemClock};
use super::ids::{Ids, RandomIds};
use super::ports::{ApprovalNotifier, ArtifactStore, EventSink, JobSessions, LambdaInvoker, Nobody};
use super::sessions::StsSessions;
use crate::script::Script;

/// Everything a [`Server`](super::Server) is told at its start. Fill in what you need over the default.
pub struct Config {
    /// Where to listen; port 0 takes any free one. Only loopback addresses are accepted.
    pub address: SocketAddr,
    /// Account in ARNs, events and jobs: twelve digits.
    pub account: String,
    /// Region in ARNs, events and links.
    pub region: String,
    /// ARN of whoever calls the API: `triggerDetail`, `lastUpdatedBy`, `lastChangedBy`.
    pub caller: String,
    /// What scripted actions do.
    pub script: Script,
    /// Scripted durations and the re-invocation interval are divided by this. Deadlines are not.
    pub speed: f64,
    /// Intervals and deadlines AWS does not let one configure.
    pub timing: Timing,
    /// Whether creating a pipeline starts its first execution, as AWS does.
    pub start_on_create: bool,
    /// Pipelines of the account. AWS allows 1000 and raises that on request.
    pub most_pipelines: usize,
    /// Answer every n-th request over HTTP with `ThrottlingException`.
    pub throttle_every_nth: Option<u32>,
    /// What a Lambda job gets as `artifactCredentials`, unless sessions are given out.
    pub artifact_credentials: Credentials,
    /// Who gives each Lambda job credentials for its own artifacts. By default nobody: all have the same.
    pub sessions: Option<Arc<dyn JobSessions>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The ids.
    pub ids: Box<dyn Ids>,
    /// Where artifacts go. In memory by default.
    pub artifacts: Arc<dyn ArtifactStore>,
    /// Who runs Lambda actions. By default nobody: such actions fail.
    pub lambda: Arc<dyn LambdaInvoker>,
    /// Who is told of approvals with a `NotificationArn`. By default nobody: such actions fail.
    pub approvals: Arc<dyn ApprovalNotifier>,
    /// Who receives events. By default nobody: they are dropped.
    pub events: Arc<dyn EventSink>,
    /// Told in one sentence what went wrong on the way out, such as an event the bus refused.
    pub on_problem: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Intervals and deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From a continuation to the next invocation. AWS does not document it; 30 s is what people observe.
    pub reinvoke_after: Duration,
    /// A Lambda job without an answer fails after this long; each continuation restarts it.
    pub silence: Duration,
    /// A Lambda action fails after this long, continuations or not.
    pub lambda_total: Duration,
    /// An approval without `timeoutInMinutes` expires after this long.
    pub approval: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            reinvoke_after: Duration::from_secs(30),
            silence: Duration::from_secs(20 * 60),
            lambda_total: DAY,
            approval: 7 * DAY,
        }
    }
}

/// A key pair with an optional session token. `Debug` shows the key id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token; jobs always carry one, so an empty text stands in where it is missing.
    pub session_token: Option<String>,
}

impl Credentials {
    /// The root credentials of a local AWS.
    pub fn local() -> Self {
        Self { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
    }

    /// As a job has them.
    pub(crate) fn of_a_job(&self) -> Value {
        json!({
            "accessKeyId": self.access_key_id,
            "secretAccessKey": self.secret_access_key,
            "sessionToken": self.session_token.clone().unwrap_or_default(),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl Config {
    /// Points artifacts and their credentials, Lambda actions, approval messages and events at a local AWS such as MiniStack.
    #[must_use]
    pub fn with_aws(mut self, endpoint: AwsEndpoint) -> Self {
        self.artifacts = Arc::new(S3Artifacts::new(endpoint.clone()));
        self.lambda = Arc::new(LambdaApi::new(endpoint.clone()));
        self.approvals = Arc::new(SnsTopics::new(endpoint.clone()));
        self.sessions = Some(Arc::new(StsSessions::new(endpoint.clone())));
        self.events = Arc::new(EventBridgeSink::new(endpoint));
        self
    }

    /// Sets account and the caller in it.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.account);
        self.caller = format!("arn:aws:sts::{account}:assumed-role/Developer/local");
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account: String::new(),
            region: "us-east-1".to_owned(),
            caller: String::new(),
            script: Script::default(),
            speed: 1.0,
            timing: Timing::default(),
            start_on_create: true,
            most_pipelines: 1000,
            throttle_every_nth: None,
            artifact_credentials: Credentials::local(),
            sessions: None,
            clock: Arc::new(SystemClock),
            ids: Box::new(RandomIds),
            artifacts: Arc::new(MemoryArtifacts::default()),
            lambda: Arc::new(Nobody),
            approvals: Arc::new(Nobody),
            events: Arc::new(Nobody),
            on_problem: Arc::new(|problem| anstream::eprintln!("codepipeline: {problem}")),
        }
        .in_account("111122223333")
    }
}

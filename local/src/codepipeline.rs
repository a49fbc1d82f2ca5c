//! A CodePipeline that runs on loopback: AWS JSON 1.1 in front, a deterministic engine behind.
//!
//! boto3, the aws CLI and the Rust SDK talk to it. It runs stages and actions by the documented rules,
//! invokes Lambda actions for real, holds approvals, keeps history and emits the three event types.
//! Source, Build, Test and Deploy actions are played from a [`Script`](crate::script::Script).
//! Where the documentation is silent it does the unkinder thing.
//!
//! ```no_run
//! # async fn example(declaration: serde_json::Value) -> Result<(), Box<dyn std::error::Error>> {
//! use local::codepipeline::{Config, Server};
//!
//! let server = Server::start(Config::default()).await?;
//! server.call("CreatePipeline", serde_json::json!({ "pipeline": declaration })).await?;
//! println!("AWS_ENDPOINT_URL_CODEPIPELINE={}", server.url());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Inside, `engine` is a state machine that knows neither clock, network nor file: it is given the time,
//! and hands back `effects` that the shell carries out. Everything else are its rules, one file each.

mod actions;
mod artifacts;
mod aws;
mod clock;
mod conditions;
mod config;
mod declaration;
mod dispatch;
mod effects;
mod engine;
mod error;
mod events;
mod faults;
mod flow;
mod history;
mod http;
mod ids;
mod jobs;
mod paging;
mod pipelines;
mod ports;
mod providers;
mod push;
mod records;
mod retry;
mod rollback;
mod server;
mod sessions;
mod shapes;
mod shell;
mod start;
mod stop;
mod structure;
mod tags;
mod transitions;
mod validate;
mod variables;
mod view;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod invariants;

pub use artifacts::{MemoryArtifacts, zip_folder};
pub(crate) use aws::SignedClient;
pub use aws::{AwsEndpoint, EventBridgeSink, LambdaApi, S3Artifacts, SnsTopics};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{Config, Credentials, Timing};
pub use error::ApiError;
pub use faults::{Faults, FaultySink};
pub use ids::{CountingIds, Ids, RandomIds};
pub use ports::{
    ApprovalNotifier, ArtifactScope, ArtifactStore, EventChannel, EventSink, JobSessions, LambdaInvoker, Nobody,
    Pending, Problem, S3Location,
};
pub use push::GitPush;
pub use server::Server;
pub use sessions::StsSessions;

//! The notifier against the Slack double, over HTTP on loopback; SNS is kept in memory.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sns::config::{BehaviorVersion, Region};
use lambda_kit::Clock;
use lambda_kit::aws::SdkConfig;
use lambda_kit::environment::Variables;
use local::slack::{SlackDouble, Workspace};
use notices::{Outgoing, Reply};
use notifier::memory::{Memory, RecordingOutbox};
use notifier::outside;
use notifier::ports::Outbox;

use super::{CHANNEL, Stage};

/// Carries Slack's messages over HTTP and keeps SNS's.
#[derive(Clone)]
pub(crate) struct Courier {
    http: outside::Courier,
    pub(crate) sns: RecordingOutbox,
}

impl Courier {
    pub(crate) fn keeping(sns: RecordingOutbox) -> Self {
        let nowhere = aws("http://127.0.0.1:1");
        let topic = "arn:aws:sns:us-east-1:111122223333:notices";
        Self { http: outside::Courier::new(http(), aws_sdk_sns::Client::new(&nowhere), topic), sns }
    }
}

impl Outbox for Courier {
    async fn send(&self, outgoing: &Outgoing, timeout: Duration) -> Reply {
        match outgoing {
            Outgoing::Http { .. } => self.http.send(outgoing, timeout).await,
            Outgoing::Sns { .. } => self.sns.send(outgoing, timeout).await,
        }
    }
}

/// A stage whose Slack is the double. Answers and their absence take real time; pauses only move the stage's clock.
pub(crate) struct OverHttp {
    pub(crate) slack: SlackDouble,
    pub(crate) stage: Stage<Courier>,
}

impl OverHttp {
    pub(crate) async fn new() -> Self {
        Self::with_burst(50).await
    }

    pub(crate) async fn with_burst(burst: u32) -> Self {
        let workspace = Workspace::new().with_channel(CHANNEL, "releases").with_channel("C0000000002", "ops");
        let slack = workspace.with_burst(burst).start().await.expect("a free port on loopback");
        let world = Memory::at(Clock::system().now());
        let courier = Courier::keeping(world.outbox.clone());
        let stage = Stage::with(world, courier, &slack.api_url());
        stage.world.settings.set("slack/bot-token", &slack.token());
        Self { slack, stage }
    }
}

pub(crate) fn http() -> reqwest::Client {
    lambda_kit::http::client(&Variables::default()).expect("the client of the functions")
}

/// What AWS clients are made of, pointed at a server on loopback.
pub(crate) fn aws(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(lambda_kit::http::sdk_http_client(http()))
        .build()
}

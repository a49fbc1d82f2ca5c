//! A Slack that runs on loopback: posting, editing, webhooks, limits and faults, unkind where Slack is.
//!
//! It answers as Slack documents it: HTTP 200 with `ok:false`, plain-text webhook bodies, 429 with
//! `Retry-After`. Where the documentation is silent it refuses. Tests start it in their own process;
//! the demo starts it beside MiniStack; `pipewarden slack` runs it alone.

mod api;
mod arguments;
mod blocks;
mod connection;
mod elements;
mod faults;
pub(crate) mod message;
mod pace;
pub mod render;
mod server;
mod store;
mod text;
mod webhook;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde::Serialize;

pub use faults::Fault;
pub use message::{Content, Message};

use store::Store;

/// The workspace every double plays.
pub const TEAM: &str = "T0000000001";

/// A Slack workspace to be started: its channels, and how patient it is.
#[derive(Debug, Clone)]
pub struct Workspace {
    channels: Vec<(String, String)>,
    users: Vec<(String, String)>,
    burst: u32,
    clock: Now,
}

/// What time the double believes it is.
#[derive(Clone)]
struct Now(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl std::fmt::Debug for Now {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Now")
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self { channels: Vec::new(), users: Vec::new(), burst: 3, clock: Now(Arc::new(system_time)) }
    }
}

impl Workspace {
    /// A workspace without channels that tolerates bursts of three messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a channel the bot is a member of, for example `("C0000000001", "releases")`.
    #[must_use]
    pub fn with_channel(mut self, id: &str, name: &str) -> Self {
        self.channels.push((id.to_owned(), name.to_owned()));
        self
    }

    /// Adds a person or group, so that the renderer shows a mention of `id` by name.
    #[must_use]
    pub fn with_user(mut self, id: &str, name: &str) -> Self {
        self.users.push((id.to_owned(), name.to_owned()));
        self
    }

    /// Messages a channel accepts at once before it insists on one per second.
    /// Slack does not publish its number; 3 is assumed.
    #[must_use]
    pub fn with_burst(mut self, messages: u32) -> Self {
        self.burst = messages;
        self
    }

    /// Messages are stamped with this time instead of the system's. Limits still count real seconds.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Now(Arc::new(now));
        self
    }

    /// Starts on a free port of 127.0.0.1.
    pub async fn start(self) -> io::Result<SlackDouble> {
        self.start_on(0).await
    }

    /// Starts on `port` of 127.0.0.1; 0 chooses a free one.
    pub async fn start_on(self, port: u16) -> io::Result<SlackDouble> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let store = Arc::new(Mutex::new(Store::new(self)));
        let server = tokio::spawn(server::serve(listener, Arc::clone(&store)));
        Ok(SlackDouble { address, store, server })
    }
}

/// One HTTP request the double received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// `chat.postMessage`, `chat.update`, `auth.test`, or `webhook`.
    pub method: String,
    /// HTTP status of the answer; `None` when the connection was cut or never answered.
    pub status: Option<u16>,
    /// Slack's error word, when it refused.
    pub error: Option<String>,
}

/// A running Slack; dropping it stops the server.
#[derive(Debug)]
pub struct SlackDouble {
    address: SocketAddr,
    store: Arc<Mutex<Store>>,
    server: tokio::task::JoinHandle<io::Result<()>>,
}

impl SlackDouble {
    /// What replaces `https://slack.com/api`: no slash at the end.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// The incoming webhook that posts to the channel with this id.
    pub fn webhook_url(&self, channel: &str) -> String {
        format!("http://{}/services/{TEAM}/{}/{}", self.address, webhook::service(channel), webhook::secret())
    }

    /// Where the transcript is served as JSON.
    pub fn transcript_url(&self) -> String {
        format!("http://{}/_double/transcript", self.address)
    }

    /// The only bot token this workspace accepts; obviously fake, and new letters never leave this process.
    pub fn token(&self) -> String {
        token()
    }

    /// Queues a fault for a coming request: each request takes one, in order, until the queue is empty.
    pub fn fail_next(&self, fault: Fault) {
        self.store().faults.push_back(fault);
    }

    /// Faults no request has taken yet.
    pub fn faults_left(&self) -> usize {
        self.store().faults.len()
    }

    /// A person writes in a channel; returns the message's `ts`. The bot may not edit it.
    pub fn someone_says(&self, channel: &str, text: &str) -> String {
        self.store().someone_says(channel, text)
    }

    /// Archives a channel: everything sent to it is refused from now on.
    pub fn archive(&self, channel: &str) {
        self.store().archive(channel);
    }

    /// Top-level messages of a channel in the order they were posted, threads inside; empty for unknown channels.
    pub fn channel(&self, id: &str) -> Vec<Message> {
        self.store().channel(id).map(|channel| channel.messages.clone()).unwrap_or_default()
    }

    /// Every request since the start, in the order of their answers.
    pub fn calls(&self) -> Vec<Call> {
        self.store().calls.clone()
    }

    /// A channel as a person would read it, with terminal styles (strip them where there is no terminal).
    pub fn render(&self, id: &str) -> String {
        let store = self.store();
        store
            .channel(id)
            .map(|channel| render::channel(&channel.name, &channel.messages, &store.users))
            .unwrap_or_default()
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        store::lock(&self.store)
    }
}

impl Drop for SlackDouble {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "the double plays a server, and servers stamp messages themselves")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

/// Assembled, so that no secret scanner takes it for a real one.
fn token() -> String {
    ["xoxb", "0000000000", "not-a-real-token"].join("-")
}

#[cfg(test)]
mod tests;

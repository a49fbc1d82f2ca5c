//! What a channel is: how it renders a message, and how it reads the answer.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline_model::Secret;

use crate::compose::Notice;
use crate::moment::Outcome;
use crate::outgoing::{Outgoing, Reply};

/// A way to reach people. Implementations are pure: they turn a notice into a value and a reply into an answer.
pub(crate) trait Channel: Sync {
    /// The word before the colon in an address: `slack` in `slack:C0123456`.
    fn scheme(&self) -> &'static str;

    /// Whether an address of this channel is complete; the sentence says what is missing.
    fn check_target(&self, target: &str) -> Result<(), &'static str>;

    /// Whether a message can be changed after it was sent.
    fn manner(&self) -> Manner;

    /// What this channel is told unless a route says otherwise.
    fn hears(&self, outcome: Outcome) -> bool;

    /// The least time between two messages to one target.
    fn interval(&self) -> Duration;

    /// Writes the request.
    fn render(&self, message: &Message<'_>, credentials: &Credentials) -> Result<Outgoing, MissingCredential>;

    /// Reads the answer.
    fn read(&self, reply: &Reply) -> Answer;
}

/// How a channel tells a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// One message that is edited, and replies in its thread.
    Edits,
    /// A message of its own for each thing worth telling.
    Announces,
}

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    /// The address without its scheme.
    pub(crate) target: &'a str,
    /// The content.
    pub(crate) notice: &'a Notice,
    /// How it is placed.
    pub(crate) placement: Placement<'a>,
}

/// How a message is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement<'a> {
    /// A message of its own.
    New,
    /// In place of one sent before.
    Edit(&'a Handle),
    /// In the thread of one sent before; loud replies are shown in the channel, too.
    Reply { to: &'a Handle, loud: bool },
}

/// Where a sent message can be found again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Handle {
    /// The channel's id, which may differ from the name it was addressed by.
    pub(crate) channel: String,
    /// The message's id there. Slack's looks like a number and is a text.
    pub(crate) id: String,
}

/// Secrets and addresses a channel may need. `Debug` shows no secret.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The Web API's address, such as `https://slack.com/api`.
    pub slack_api: String,
    /// Secrets by the name of their parameter below the stack's prefix, such as `slack/bot-token`.
    pub secrets: BTreeMap<String, Secret<String>>,
}

impl Credentials {
    /// The secret of a parameter.
    pub(crate) fn secret(&self, parameter: &'static str) -> Result<Secret<String>, MissingCredential> {
        let secret = self.secrets.get(parameter).filter(|secret| !secret.reveal().trim().is_empty());
        secret.cloned().ok_or(MissingCredential(parameter))
    }
}

/// A channel is addressed whose credential was never stored; the sentence names the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameter `{0}` is not set")]
pub struct MissingCredential(pub(crate) &'static str);

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is there; where it can be found again, if the channel says so.
    Delivered(Option<MessageHandle>),
    /// Not now. Try again after this time, or when convenient.
    Retry {
        /// The channel's own wish.
        after: Option<Duration>,
        /// What the channel said.
        reason: String,
    },
    /// The message to edit or to reply to is gone: a new one is needed.
    Lost(String),
    /// The message is there and can no longer be changed; its thread is open.
    Closed(String),
    /// The credential is not accepted: worth one more try with a freshly read one.
    Unauthorised(String),
    /// Never, until a person changes something.
    Refused(String),
}

/// Where a sent message can be found again, opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHandle(pub(crate) Handle);

/// Seconds to wait after a 429, from the `Retry-After` header: five where it is missing or odd, 15 minutes at most.
pub(crate) fn retry_after(header: Option<&str>) -> Duration {
    let seconds = header.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(5);
    Duration::from_secs(seconds.clamp(1, 900))
}

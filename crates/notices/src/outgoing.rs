//! A message on its way out, and the answer to it, as values: the shell only carries them.

use std::collections::BTreeMap;

use pipeline_model::Secret;
use serde_json::Value;

/// What a channel wants sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// An HTTP POST with a JSON body.
    Http {
        /// Where to. A webhook's URL is a secret in itself.
        url: Secret<String>,
        /// The `Authorization: Bearer` token, where the channel has one.
        bearer: Option<Secret<String>>,
        /// The body.
        body: Value,
    },
    /// An SNS publish to the stack's notice topic, with `MessageStructure: json`.
    Sns {
        /// The e-mail subject: ASCII, at most 100 characters, no line breaks.
        subject: String,
        /// One text per protocol; `default` is always there.
        messages: BTreeMap<String, String>,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP answer, whatever its status.
    Http {
        /// The status code.
        status: u16,
        /// The `Retry-After` header, as written.
        retry_after: Option<String>,
        /// The body, cut at 16 KiB.
        body: String,
    },
    /// SNS took the message.
    Published,
    /// AWS refused the message: a permission, a topic that is gone.
    Denied(String),
    /// No answer: refused, reset, timed out, throttled. The sentence says which, without secrets.
    Unreachable(String),
}

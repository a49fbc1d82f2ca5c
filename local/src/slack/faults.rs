//! What can be made to go wrong, one request at a time.

use serde::Deserialize;

/// A fault for one request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// HTTP 429 with this many seconds in `Retry-After`; nothing is posted.
    RateLimited(u64),
    /// This HTTP status with a short plain-text body; nothing is posted.
    Status(u16),
    /// HTTP 200 with an HTML page, as a proxy in between would answer; nothing is posted.
    Html,
    /// `ok:false` with this error and HTTP 200, or this word as a webhook's plain-text refusal.
    Error(String),
    /// The request is read and never answered; nothing is posted.
    Hang,
    /// The connection is reset before anything happened.
    Reset,
    /// The message is posted, then the connection is reset: the caller cannot know.
    LostReply,
    /// The message is posted, then `fatal_error` is answered, which Slack says may have partly succeeded.
    FatalAfterPosting,
}

impl Fault {
    /// Whether the request takes effect before it goes wrong.
    pub(super) fn takes_effect(&self) -> bool {
        matches!(self, Self::LostReply | Self::FatalAfterPosting)
    }
}

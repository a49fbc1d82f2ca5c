//! `webhook`: a Slack incoming webhook. No edits and no threads, so each thing worth telling is a message of its own.
//!
//! Answers: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. The body decides, then the status.

use std::time::Duration;

use crate::block_kit;
use crate::channel::{Answer, Channel, Credentials, Manner, Message, MissingCredential, retry_after};
use crate::moment::{Outcome, Severity};
use crate::outgoing::{Outgoing, Reply};

pub(super) struct Webhook;

pub(crate) const WEBHOOK_URL: &str = "slack/webhook-url";

impl Channel for Webhook {
    fn scheme(&self) -> &'static str {
        "webhook"
    }

    fn check_target(&self, target: &str) -> Result<(), &'static str> {
        if target.is_empty() { Ok(()) } else { Err("a webhook has one fixed channel; write `webhook` alone") }
    }

    fn manner(&self) -> Manner {
        Manner::Announces
    }

    fn hears(&self, outcome: Outcome) -> bool {
        outcome.severity() >= Severity::Notice
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn render(&self, message: &Message<'_>, credentials: &Credentials) -> Result<Outgoing, MissingCredential> {
        let url = credentials.secret(WEBHOOK_URL)?;
        Ok(Outgoing::Http { url, bearer: None, body: block_kit::body(message.notice) })
    }

    fn read(&self, reply: &Reply) -> Answer {
        match reply {
            Reply::Http { status, retry_after: after, body } => said(*status, after.as_deref(), body.trim()),
            Reply::Denied(reason) => Answer::Refused(reason.clone()),
            Reply::Unreachable(reason) => Answer::Retry { after: None, reason: reason.clone() },
            Reply::Published => Answer::Retry { after: None, reason: String::from("not an answer of Slack's") },
        }
    }
}

fn said(status: u16, after: Option<&str>, body: &str) -> Answer {
    // Slack answers with a word. A page of somebody in between may repeat the address, which is a secret.
    let is_word = !body.is_empty() && body.len() <= 60 && body.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let reason = || String::from(if is_word { body } else { "not an answer of Slack's" });
    match (body, status) {
        ("ok", 200) => Answer::Delivered(None),
        ("rollup_error", _) => Answer::Retry { after: None, reason: reason() },
        (
            "invalid_payload"
            | "no_text"
            | "too_many_attachments"
            | "action_prohibited"
            | "posting_to_general_channel_denied"
            | "channel_not_found"
            | "user_not_found"
            | "channel_is_archived",
            _,
        ) => Answer::Refused(reason()),
        ("invalid_token" | "no_service" | "no_service_id" | "no_active_hooks" | "no_team" | "team_disabled", _) => {
            Answer::Unauthorised(reason())
        }
        (_, 429) => Answer::Retry { after: Some(retry_after(after)), reason: String::from("rate limited") },
        (_, 400..=499) => Answer::Refused(format!("status {status}: {}", reason())),
        _ => Answer::Retry { after: None, reason: format!("status {status}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_decides_before_the_status() {
        for (status, body, expected) in [
            (200, "ok", "Delivered"),
            (200, "<html>login</html>", "Retry"),
            (400, "invalid_payload", "Refused"),
            (404, "no_active_hooks", "Unauthorised"),
            (403, "no_active_hooks", "Unauthorised"),
            (403, "invalid_token", "Unauthorised"),
            (410, "channel_is_archived", "Refused"),
            (500, "rollup_error", "Retry"),
            (503, "", "Retry"),
            (429, "", "Retry"),
            (418, "teapot", "Refused"),
        ] {
            let meant = format!("{:?}", said(status, None, body));
            assert!(meant.starts_with(expected), "{status} {body}: {meant}");
        }
    }

    #[test]
    fn a_page_that_repeats_the_address_is_not_repeated() {
        let page = "Cannot POST /services/T0/B0/not-a-real-secret";
        assert_eq!(said(404, None, page), Answer::Refused(String::from("status 404: not an answer of Slack's")));
        assert_eq!(said(418, None, "teapot"), Answer::Refused(String::from("status 418: teapot")));
    }
}

//! `slack:<channel>`: the Web API with a bot token. One message per execution, edited in place, with a thread.
//!
//! Needs the scope `chat:write` (and `chat:write.public` for channels the bot has not joined). Errors:
//! docs.slack.dev/reference/methods/chat.postMessage and chat.update.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::block_kit;
use crate::channel::{
    Answer, Channel, Credentials, Handle, Manner, Message, MessageHandle, MissingCredential, Placement, retry_after,
};
use crate::moment::Outcome;
use crate::outgoing::{Outgoing, Reply};

pub(super) struct Slack;

pub(crate) const BOT_TOKEN: &str = "slack/bot-token";

impl Channel for Slack {
    fn scheme(&self) -> &'static str {
        "slack"
    }

    fn check_target(&self, target: &str) -> Result<(), &'static str> {
        let valid = |c: char| !c.is_whitespace() && !c.is_control();
        match target {
            "" | "#" => Err("name the channel after a colon: slack:C0123456 or slack:#releases"),
            target if target.len() <= 100 && target.chars().all(valid) => Ok(()),
            _ => Err("a channel is an id such as C0123456 or a name such as #releases"),
        }
    }

    fn manner(&self) -> Manner {
        Manner::Edits
    }

    fn hears(&self, _outcome: Outcome) -> bool {
        true
    }

    /// One message a second and channel, whether new or edited (docs.slack.dev/apis/web-api/rate-limits).
    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn render(&self, message: &Message<'_>, credentials: &Credentials) -> Result<Outgoing, MissingCredential> {
        let mut body = block_kit::body(message.notice);
        let method = match message.placement {
            Placement::New => {
                body["channel"] = json!(message.target);
                "chat.postMessage"
            }
            Placement::Edit(handle) => {
                body["channel"] = json!(handle.channel);
                body["ts"] = json!(handle.id);
                "chat.update"
            }
            Placement::Reply { to, loud } => {
                body["channel"] = json!(to.channel);
                body["thread_ts"] = json!(to.id);
                body["reply_broadcast"] = json!(loud);
                "chat.postMessage"
            }
        };
        let url = format!("{}/{method}", credentials.slack_api.trim_end_matches('/'));
        Ok(Outgoing::Http { url: url.into(), bearer: Some(credentials.secret(BOT_TOKEN)?), body })
    }

    fn read(&self, reply: &Reply) -> Answer {
        match reply {
            Reply::Http { status: 429, retry_after: after, .. } => {
                Answer::Retry { after: Some(retry_after(after.as_deref())), reason: String::from("rate limited") }
            }
            Reply::Http { status, body, .. } => match serde_json::from_str::<Said>(body) {
                Ok(said) => said.answer(),
                Err(_) => Answer::Retry { after: None, reason: format!("status {status} without Slack's JSON") },
            },
            Reply::Denied(reason) => Answer::Refused(reason.clone()),
            Reply::Unreachable(reason) => Answer::Retry { after: None, reason: reason.clone() },
            Reply::Published => Answer::Retry { after: None, reason: String::from("not an answer of Slack's") },
        }
    }
}

#[derive(Deserialize)]
struct Said {
    ok: bool,
    #[serde(default)]
    error: String,
    channel: Option<String>,
    ts: Option<String>,
}

impl Said {
    fn answer(self) -> Answer {
        match (self.ok, self.channel, self.ts) {
            (true, Some(channel), Some(id)) => Answer::Delivered(Some(MessageHandle(Handle { channel, id }))),
            (true, ..) => Answer::Delivered(None),
            (false, ..) => meaning(self.error),
        }
    }
}

fn meaning(error: String) -> Answer {
    match error.as_str() {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            Answer::Retry { after: Some(retry_after(None)), reason: error }
        }
        "fatal_error"
        | "internal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "streaming_state_conflict" => Answer::Retry { after: None, reason: error },
        "message_not_found" | "thread_not_found" | "block_mismatch" => Answer::Lost(error),
        "edit_window_closed" | "cant_update_message" => Answer::Closed(error),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            Answer::Unauthorised(error)
        }
        _ => Answer::Refused(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Slack.read(&Reply::Http { status, retry_after: None, body: body.to_owned() })
    }

    #[test]
    fn a_status_of_200_means_nothing_before_ok_is_read() {
        let delivered = answer(200, r#"{"ok":true,"channel":"C0123456","ts":"1772445600.000200"}"#);
        assert!(
            matches!(delivered, Answer::Delivered(Some(MessageHandle(handle))) if handle.id == "1772445600.000200")
        );
        for (error, expected) in [
            ("channel_not_found", "Refused"),
            ("not_in_channel", "Refused"),
            ("is_archived", "Refused"),
            ("invalid_blocks", "Refused"),
            ("something_new", "Refused"),
            ("invalid_auth", "Unauthorised"),
            ("token_revoked", "Unauthorised"),
            ("ratelimited", "Retry"),
            ("fatal_error", "Retry"),
            ("message_not_found", "Lost"),
            ("edit_window_closed", "Closed"),
            ("cant_update_message", "Closed"),
        ] {
            let meant = format!("{:?}", answer(200, &format!(r#"{{"ok":false,"error":"{error}"}}"#)));
            assert!(meant.starts_with(expected), "{error}: {meant}");
        }
    }

    #[test]
    fn html_and_5xx_are_an_outage_and_not_a_refusal() {
        for (status, body) in [(200, "<html>maintenance</html>"), (503, ""), (500, "{"), (302, "")] {
            assert!(matches!(answer(status, body), Answer::Retry { after: None, .. }), "{status} {body}");
        }
    }

    #[test]
    fn a_429_is_waited_out_as_long_as_slack_asks() {
        let reply = |after: Option<&str>| Reply::Http {
            status: 429,
            retry_after: after.map(str::to_owned),
            body: String::new(),
        };
        let waits = |after| match Slack.read(&reply(after)) {
            Answer::Retry { after: Some(after), .. } => after.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!((waits(Some("30")), waits(None), waits(Some("soon")), waits(Some("999999"))), (30, 5, 5, 900));
    }
}

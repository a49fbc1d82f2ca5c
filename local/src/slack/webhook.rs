//! Incoming webhooks: one fixed channel each, plain-text answers, no `ts` to thread on or edit.

use serde_json::{Map, Value};

use super::TEAM;
use super::arguments::{self, Refusal};
use super::message::{Author, Message};
use super::store::Store;

/// A status and the plain-text body that goes with it, or how many seconds to wait.
pub(super) enum Answer {
    Text(u16, String),
    Wait(u64),
}

/// The service id in the webhook URL of a channel.
pub(super) fn service(channel: &str) -> String {
    format!("B{}", channel.trim_start_matches('C'))
}

/// The last part of every webhook URL; assembled, so that no secret scanner takes it for a real one.
pub(super) fn secret() -> String {
    ["not", "a", "real", "webhook"].join("-")
}

/// Posts through a webhook.
pub(super) fn post(store: &mut Store, path: [&str; 3], body: &[u8]) -> Answer {
    let [team, service_id, given] = path;
    if team != TEAM {
        return text(404, "no_team");
    }
    let Some(id) = store.channel_ids().find(|id| service(id) == service_id).map(str::to_owned) else {
        return text(404, "no_service");
    };
    if given != secret() {
        return text(403, "invalid_token");
    }
    let content = match payload(body).and_then(|members| arguments::content(&members)) {
        Ok(Some(content)) => content,
        Ok(None) => return text(400, "no_text"),
        Err(refusal) => return text(400, &refusal.error),
    };
    let ts = store.next_ts();
    let Some(channel) = store.channel_mut(&id) else { return text(404, "channel_not_found") };
    if channel.archived {
        return text(410, "channel_is_archived");
    }
    if let Err(seconds) = channel.posting.take() {
        return Answer::Wait(seconds);
    }
    channel.messages.push(Message::new(ts, content, Author::Webhook));
    text(200, "ok")
}

/// The status Slack pairs with a refusal word.
pub(super) fn status_of(word: &str) -> u16 {
    match word {
        "invalid_token" | "action_prohibited" | "posting_to_general_channel_denied" | "team_disabled" => 403,
        "no_service" | "no_service_id" | "no_active_hooks" | "no_team" | "channel_not_found" | "user_not_found" => 404,
        "channel_is_archived" => 410,
        "rollup_error" => 500,
        _ => 400,
    }
}

fn payload(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body).map_err(|_| "invalid_payload".into())
}

fn text(status: u16, body: &str) -> Answer {
    Answer::Text(status, body.to_owned())
}

//! The Web API methods: `chat.postMessage`, `chat.update`, `auth.test`.

use serde_json::{Map, Value, json};

use super::arguments::{self, Refusal};
use super::message::{Author, Content, Message};
use super::store::{Channel, Store};
use super::{TEAM, token};

/// `chat.update` refuses longer text; `chat.postMessage` cuts it.
const UPDATED_TEXT: usize = 4000;

/// What a method answers: its JSON, or how many seconds to wait.
pub(super) enum Answer {
    Json(Value),
    Wait(u64),
}

/// A request as the router hands it over.
pub(super) struct Request<'r> {
    pub(super) method: &'r str,
    pub(super) authorization: Option<&'r str>,
    pub(super) content_type: Option<&'r str>,
    pub(super) body: &'r [u8],
}

/// Plays one method against the workspace.
pub(super) fn call(store: &mut Store, request: &Request<'_>) -> Answer {
    match answer(store, request) {
        Ok(answer) => answer,
        Err(refusal) => Answer::Json(refused(&refusal)),
    }
}

/// `ok:false` with the error word and, for blocks, where they are wrong.
pub(super) fn refused(refusal: &Refusal) -> Value {
    let mut reply = json!({"ok": false, "error": refusal.error});
    if !refusal.messages.is_empty() {
        reply["response_metadata"] = json!({"messages": refusal.messages});
    }
    reply
}

fn answer(store: &mut Store, request: &Request<'_>) -> Result<Answer, Refusal> {
    authenticate(request.authorization)?;
    match request.method {
        "auth.test" => Ok(Answer::Json(json!({
            "ok": true, "url": "https://example.slack.com/", "team": "Example", "team_id": TEAM,
            "user": "pipewarden", "user_id": "U0000000001", "bot_id": "B0000000001",
        }))),
        "chat.postMessage" => post(store, &arguments::json_object(request.content_type, request.body)?),
        "chat.update" => update(store, &arguments::json_object(request.content_type, request.body)?),
        _ => Err("unknown_method".into()),
    }
}

fn authenticate(authorization: Option<&str>) -> Result<(), Refusal> {
    let given = authorization.and_then(|header| header.strip_prefix("Bearer ")).ok_or("not_authed")?;
    if given == token() { Ok(()) } else { Err("invalid_auth".into()) }
}

fn post(store: &mut Store, members: &Map<String, Value>) -> Result<Answer, Refusal> {
    let id = store.channel_id(arguments::required(members, "channel")?).ok_or("channel_not_found")?;
    let thread = arguments::optional(members, "thread_ts")?.map(str::to_owned);
    let broadcast = members.get("reply_broadcast").and_then(Value::as_bool).unwrap_or(false);
    let content = arguments::content(members)?.ok_or("no_text")?;
    let ts = store.next_ts();
    let channel = open(store, &id)?;
    if let Err(seconds) = channel.posting.take() {
        return Ok(Answer::Wait(seconds));
    }
    let mut message = Message::new(ts.clone(), content, Author::Bot);
    message.broadcast = broadcast && thread.is_some();
    let reply = json!({"ok": true, "channel": id, "ts": ts, "message": shown(&message, thread.as_deref())});
    match &thread {
        None => channel.messages.push(message),
        Some(parent) => parent_of(channel, parent)?.thread.push(message),
    }
    Ok(Answer::Json(reply))
}

/// A reply's own `ts` is not a parent.
fn parent_of<'c>(channel: &'c mut Channel, parent: &str) -> Result<&'c mut Message, Refusal> {
    channel.messages.iter_mut().find(|message| message.ts == parent).ok_or_else(|| "thread_not_found".into())
}

fn update(store: &mut Store, members: &Map<String, Value>) -> Result<Answer, Refusal> {
    if let Err(seconds) = store.updating.take() {
        return Ok(Answer::Wait(seconds));
    }
    let id = arguments::required(members, "channel")?.to_owned();
    let ts = arguments::required(members, "ts")?.to_owned();
    if arguments::optional(members, "text")?.is_some_and(|text| text.chars().count() > UPDATED_TEXT) {
        return Err("msg_too_long".into());
    }
    let content = arguments::content(members)?.ok_or("no_text")?;
    let channel = open(store, &id)?;
    let message = find(channel, &ts).ok_or("message_not_found")?;
    if message.author != Author::Bot {
        return Err("cant_update_message".into());
    }
    message.edit(kept(message, content, members));
    let reply = json!({"ok": true, "channel": id, "ts": ts, "text": message.text, "message": shown(message, None)});
    Ok(Answer::Json(reply))
}

/// Text alone removes the blocks; blocks alone keep the text; what is not sent of the attachments stays.
fn kept(message: &Message, mut content: Content, members: &Map<String, Value>) -> Content {
    if !members.contains_key("text") && !members.contains_key("markdown_text") {
        content.text.clone_from(&message.text);
    }
    if !members.contains_key("attachments") {
        content.attachments.clone_from(&message.attachments);
    }
    content
}

fn find<'c>(channel: &'c mut Channel, ts: &str) -> Option<&'c mut Message> {
    channel.messages.iter_mut().find_map(|message| {
        if message.ts == ts {
            return Some(message);
        }
        message.thread.iter_mut().find(|reply| reply.ts == ts)
    })
}

fn open<'s>(store: &'s mut Store, id: &str) -> Result<&'s mut Channel, Refusal> {
    let channel = store.channel_mut(id).ok_or("channel_not_found")?;
    if channel.archived { Err("is_archived".into()) } else { Ok(channel) }
}

fn shown(message: &Message, thread: Option<&str>) -> Value {
    let mut shown = json!({
        "type": "message", "user": "U0000000001", "bot_id": "B0000000001", "team": TEAM,
        "ts": message.ts, "text": message.text, "blocks": message.blocks, "attachments": message.attachments,
    });
    if let Some(parent) = thread {
        shown["thread_ts"] = json!(parent);
    }
    shown
}

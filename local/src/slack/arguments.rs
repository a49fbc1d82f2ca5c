//! Reads what a caller sent into content that Slack would accept, or the error word it would answer.

use serde_json::{Map, Value};

use super::blocks::{check, check_attachment};
use super::message::Content;
use super::text::Problems;

/// Longer text is cut without a word.
const TEXT_KEPT: usize = 40_000;
const MARKDOWN_TEXT: usize = 12_000;
const ATTACHMENTS: usize = 100;

/// Why Slack refuses: the error word, and for invalid blocks where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) messages: Vec<String>,
}

impl From<&str> for Refusal {
    fn from(error: &str) -> Self {
        Self { error: error.to_owned(), messages: vec![] }
    }
}

/// The JSON object a request carries.
pub(super) fn json_object(content_type: Option<&str>, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let media_type = content_type.ok_or("missing_post_type")?.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err("invalid_post_type".into());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err("json_not_object".into()),
        Err(_) => Err("invalid_json".into()),
    }
}

/// A required string argument. Timestamps and ids sent as numbers are refused: a float loses digits.
pub(super) fn required<'v>(members: &'v Map<String, Value>, key: &str) -> Result<&'v str, Refusal> {
    optional(members, key)?.ok_or_else(|| "invalid_arguments".into())
}

/// A string argument that may be missing.
pub(super) fn optional<'v>(members: &'v Map<String, Value>, key: &str) -> Result<Option<&'v str>, Refusal> {
    match members.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("invalid_arguments".into()),
    }
}

/// What is to be said, or `None` when text, blocks and attachments are all missing.
pub(super) fn content(members: &Map<String, Value>) -> Result<Option<Content>, Refusal> {
    let text = text(members)?;
    let blocks = list(members, "blocks", "invalid_blocks_format")?;
    let attachments = list(members, "attachments", "invalid_attachments")?;
    if attachments.len() > ATTACHMENTS {
        return Err("too_many_attachments".into());
    }
    let mut problems = Problems::default();
    check(&blocks, "/blocks", &mut problems);
    for (index, attachment) in attachments.iter().enumerate() {
        check_attachment(attachment, &format!("/attachments/{index}"), &mut problems);
    }
    if !problems.is_empty() {
        return Err(Refusal { error: "invalid_blocks".to_owned(), messages: problems.into_messages() });
    }
    let empty = text.is_empty() && blocks.is_empty() && attachments.is_empty();
    Ok((!empty).then_some(Content { text, blocks, attachments }))
}

fn text(members: &Map<String, Value>) -> Result<String, Refusal> {
    let text = optional(members, "text")?;
    let Some(markdown) = optional(members, "markdown_text")? else {
        return Ok(text.unwrap_or_default().chars().take(TEXT_KEPT).collect());
    };
    if text.is_some() || members.contains_key("blocks") {
        return Err("markdown_text_conflict".into());
    }
    if markdown.chars().count() > MARKDOWN_TEXT {
        return Err("msg_too_long".into());
    }
    Ok(markdown.to_owned())
}

fn list(members: &Map<String, Value>, key: &str, error: &str) -> Result<Vec<Value>, Refusal> {
    match members.get(key) {
        None => Ok(vec![]),
        Some(Value::Array(items)) => Ok(items.clone()),
        Some(_) => Err(error.into()),
    }
}

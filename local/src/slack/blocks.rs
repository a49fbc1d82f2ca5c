//! Block Kit as Slack accepts it in a message: known types, known members, and every published limit.
//!
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks>. A type not listed here is refused.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::elements::{action_ids, check_accessory, check_context, check_interactive};
use super::text::{Kind, Problems, items, object, shape, string, text, text_object};

const MESSAGE_BLOCKS: usize = 50;
const MESSAGE_MARKDOWN: usize = 12_000;

/// Checks the blocks of one message; `at` is the JSON pointer of the array.
pub(super) fn check(blocks: &[Value], at: &str, problems: &mut Problems) {
    if blocks.len() > MESSAGE_BLOCKS {
        problems.add(at, format!("no more than {MESSAGE_BLOCKS} items allowed"));
    }
    let mut seen = Seen::default();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("{at}/{index}");
        let Some(members) = object(block, &at, problems) else { continue };
        check_block(members, &at, problems);
        seen.check(members, &at, problems);
    }
    if markdown_length(blocks) > MESSAGE_MARKDOWN {
        problems.add(at, format!("markdown text must be less than {} characters in all", MESSAGE_MARKDOWN + 1));
    }
}

/// Checks an attachment: legacy text members are let through, its blocks are held to the same limits.
pub(super) fn check_attachment(attachment: &Value, at: &str, problems: &mut Problems) {
    let Some(members) = object(attachment, at, problems) else { return };
    match members.get("blocks") {
        Some(Value::Array(blocks)) => check(blocks, &format!("{at}/blocks"), problems),
        Some(_) => problems.add(&format!("{at}/blocks"), "must be an array"),
        None => {}
    }
}

fn check_block(members: &Map<String, Value>, at: &str, problems: &mut Problems) {
    string(members, "block_id", 255, at, problems);
    match members.get("type").and_then(Value::as_str) {
        Some("header") => {
            shape(members, &["type", "text"], &["block_id"], at, problems);
            text(members, "text", Kind::Plain, 150, at, problems);
        }
        Some("section") => section(members, at, problems),
        Some("divider") => shape(members, &["type"], &["block_id"], at, problems),
        Some("context") => {
            shape(members, &["type", "elements"], &["block_id"], at, problems);
            each(members, "elements", 10, at, problems, check_context);
        }
        Some("actions") => {
            shape(members, &["type", "elements"], &["block_id"], at, problems);
            each(members, "elements", 25, at, problems, check_interactive);
        }
        Some("image") => {
            shape(members, &["type", "image_url", "alt_text"], &["block_id", "title"], at, problems);
            string(members, "image_url", 3000, at, problems);
            string(members, "alt_text", 2000, at, problems);
            text(members, "title", Kind::Plain, 2000, at, problems);
        }
        Some("markdown") => {
            shape(members, &["type", "text"], &["block_id"], at, problems);
            string(members, "text", MESSAGE_MARKDOWN, at, problems);
        }
        Some("rich_text") => {
            shape(members, &["type", "elements"], &["block_id"], at, problems);
            items(members, "elements", usize::MAX, at, problems);
        }
        other => problems.add(at, format!("unsupported block: {other:?}")),
    }
}

fn section(members: &Map<String, Value>, at: &str, problems: &mut Problems) {
    shape(members, &["type"], &["block_id", "text", "fields", "accessory", "expand"], at, problems);
    if !members.contains_key("text") && !members.contains_key("fields") {
        problems.add(at, "missing required field: text or fields");
    }
    text(members, "text", Kind::Any, 3000, at, problems);
    each(members, "fields", 10, at, problems, |field, at, problems| text_object(field, Kind::Any, 2000, at, problems));
    if let Some(accessory) = members.get("accessory") {
        check_accessory(accessory, &format!("{at}/accessory"), problems);
    }
}

fn each(
    members: &Map<String, Value>,
    key: &str,
    limit: usize,
    at: &str,
    problems: &mut Problems,
    check: impl Fn(&Value, &str, &mut Problems),
) {
    for (index, item) in items(members, key, limit, at, problems).iter().enumerate() {
        check(item, &format!("{at}/{key}/{index}"), problems);
    }
}

fn markdown_length(blocks: &[Value]) -> usize {
    let markdown = blocks.iter().filter(|block| block.get("type").and_then(Value::as_str) == Some("markdown"));
    markdown.filter_map(|block| block.get("text")?.as_str()).map(|text| text.chars().count()).sum()
}

/// Ids that must not repeat within a message.
#[derive(Default)]
struct Seen<'v> {
    blocks: BTreeSet<&'v str>,
    actions: BTreeSet<&'v str>,
}

impl<'v> Seen<'v> {
    fn check(&mut self, members: &'v Map<String, Value>, at: &str, problems: &mut Problems) {
        if let Some(id) = members.get("block_id").and_then(Value::as_str).filter(|id| !self.blocks.insert(id)) {
            problems.add(at, format!("block_id `{id}` already exists in this message"));
        }
        for id in action_ids(members) {
            if !self.actions.insert(id) {
                problems.add(at, format!("action_id `{id}` already exists in this message"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(blocks: Value) -> Vec<String> {
        let mut problems = Problems::default();
        check(blocks.as_array().expect("test data is an array"), "/blocks", &mut problems);
        problems.into_messages()
    }

    fn section_of(length: usize) -> Value {
        json!({"type": "section", "text": {"type": "mrkdwn", "text": "é".repeat(length)}})
    }

    #[test]
    fn a_block_at_its_limit_is_accepted_and_one_character_more_is_not() {
        let at_the_limit = [
            section_of(3000),
            json!({"type": "header", "text": {"type": "plain_text", "text": "é".repeat(150)}}),
            json!({"type": "section", "fields": [{"type": "mrkdwn", "text": "é".repeat(2000)}]}),
            json!({"type": "markdown", "text": "é".repeat(12_000)}),
        ];
        assert_eq!(problems(json!(at_the_limit)), [""; 0]);
        let over = [
            section_of(3001),
            json!({"type": "header", "text": {"type": "plain_text", "text": "é".repeat(151)}}),
            json!({"type": "section", "fields": [{"type": "mrkdwn", "text": "é".repeat(2001)}]}),
            json!({"type": "markdown", "text": "é".repeat(12_001)}),
        ];
        for block in over {
            assert_ne!(problems(json!([block])), [""; 0], "{}", block["type"]);
        }
    }

    #[test]
    fn fifty_blocks_are_accepted_and_fifty_one_are_not() {
        assert_eq!(problems(json!(vec![json!({"type": "divider"}); 50])), [""; 0]);
        assert_eq!(
            problems(json!(vec![json!({"type": "divider"}); 51])),
            ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]
        );
    }

    #[test]
    fn the_pointer_leads_to_what_is_wrong() {
        let cases = [
            (section_of(0), "/blocks/0/text/text"),
            (json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}), "/blocks/0/text/type"),
            (json!({"type": "section"}), "/blocks/0]"),
            (json!({"type": "carousel"}), "/blocks/0]"),
            (json!({"type": "divider", "colour": "red"}), "/blocks/0]"),
            (json!({"type": "context", "elements": []}), "/blocks/0/elements"),
            (
                json!({"type": "section", "fields": vec![json!({"type": "mrkdwn", "text": "x"}); 11]}),
                "/blocks/0/fields",
            ),
            (
                json!({"type": "context", "elements": vec![json!({"type": "mrkdwn", "text": "x"}); 11]}),
                "/blocks/0/elements",
            ),
            (
                json!({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x".repeat(76)}}]}),
                "/blocks/0/elements/0/text/text",
            ),
            (
                json!({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}, "url": "u".repeat(3001)}]}),
                "/blocks/0/elements/0/url",
            ),
            (json!("section"), "/blocks/0]"),
        ];
        for (block, pointer) in cases {
            let found = problems(json!([block]));
            assert!(found.len() == 1 && found[0].contains(pointer), "{block}: {found:?}");
        }
    }

    #[test]
    fn ids_may_not_repeat_within_a_message() {
        let button =
            json!({"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}});
        let actions = json!({"type": "actions", "elements": [button]});
        assert_eq!(problems(json!([actions])), [""; 0]);
        assert_eq!(problems(json!([actions, actions])).len(), 1);
        assert_eq!(
            problems(json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}])).len(),
            1
        );
    }
}

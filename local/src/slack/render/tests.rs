//! The renderer against whole messages, styles removed.

use serde_json::{Value, json};

use super::*;
use crate::slack::message::Content;

fn people() -> People {
    [("U0000000002".to_owned(), "dana".to_owned())].into()
}

fn bot(ts: &str, text: &str, blocks: Value) -> Message {
    let blocks = blocks.as_array().cloned().unwrap_or_default();
    Message::new(ts.to_owned(), Content { text: text.to_owned(), blocks, attachments: vec![] }, Author::Bot)
}

fn shown(message: &Message) -> String {
    anstream::adapter::strip_str(&channel("releases", std::slice::from_ref(message), &people())).to_string()
}

#[test]
fn a_message_with_blocks_reads_like_a_page() {
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "orders-pipeline failed :x:"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Build* failed: 2 &lt; 3\n> <https://example.com/log|log>"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Commit*\nabc1234"}, {"type": "mrkdwn", "text": "*Author*\n<@U0000000002>"}]},
        {"type": "divider"},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Review"}, "url": "https://example.com"}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "us-east-1"}, {"type": "plain_text", "text": "attempt 1"}]},
    ]);
    assert_eq!(
        shown(&bot("1772445600.000200", "failed", blocks)),
        "\
#releases

Pipewarden 10:00:00
  orders-pipeline failed ❌
  Build failed: 2 < 3
  ▏ log
  Commit  abc1234
  Author  @dana
  ────────────────────────────────────────
  [ Review ]
  us-east-1   attempt 1
"
    );
}

#[test]
fn a_thread_is_indented_and_an_edit_is_marked() {
    let mut message = bot("1772445600.000200", "running", json!([]));
    message.edit(Content { text: "succeeded".to_owned(), ..Content::default() });
    message.thread.push(bot("1772445605.000100", "Build took 5 s", json!([])));
    assert_eq!(
        shown(&message),
        "\
#releases

Pipewarden 10:00:00  (edited once)
  succeeded
    1 reply
    10:00:05  Build took 5 s
"
    );
}

#[test]
fn an_attachment_has_a_bar_in_front_of_each_line() {
    let mut message = bot("1772445600.000200", "", json!([]));
    message.attachments = vec![json!({"color": "#2eb67d", "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "one\ntwo"}},
    ]})];
    assert!(shown(&message).ends_with("  ┃ one\n  ┃ two\n"), "{}", shown(&message));
}

#[test]
fn a_reply_that_the_channel_saw_too_says_so() {
    let mut message = bot("1772445600.000200", "waits", json!([]));
    let mut reply = bot("1772445605.000100", "Approve?", json!([]));
    reply.broadcast = true;
    message.thread.push(reply);
    assert!(shown(&message).ends_with("    10:00:05  (also in the channel)  Approve?\n"), "{}", shown(&message));
}

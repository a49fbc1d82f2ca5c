//! A message as the channel keeps it: what it says now, what it said before, and its thread.

use serde::Serialize;
use serde_json::Value;

/// What a message says at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Content {
    /// The plain text: the notification when there are blocks, the message otherwise.
    pub text: String,
    /// Block Kit blocks, already checked against Slack's limits.
    pub blocks: Vec<Value>,
    /// Attachments; their blocks are checked too.
    pub attachments: Vec<Value>,
}

/// Who wrote a message. Only the bot's own can be edited by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The holder of the bot token.
    Bot,
    /// An incoming webhook.
    Webhook,
    /// A member of the workspace.
    Person,
}

/// A message in a channel or in a thread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Unique and increasing within the workspace: unix seconds, a point, six digits.
    pub ts: String,
    /// Plain text, as posted or last edited.
    pub text: String,
    /// Blocks, as posted or last edited.
    pub blocks: Vec<Value>,
    /// Attachments, as posted or last edited.
    pub attachments: Vec<Value>,
    /// Replies in the order they were posted.
    pub thread: Vec<Message>,
    /// How often it was edited.
    pub edits: usize,
    /// What it said before each edit, oldest first.
    pub history: Vec<Content>,
    /// A reply that was also shown in the channel.
    pub broadcast: bool,
    /// Who wrote it.
    pub author: Author,
}

impl Message {
    pub(crate) fn new(ts: String, content: Content, author: Author) -> Self {
        let Content { text, blocks, attachments } = content;
        Self { ts, text, blocks, attachments, thread: vec![], edits: 0, history: vec![], broadcast: false, author }
    }

    /// Everything a reader of the message sees, as one text: block and attachment texts in order.
    /// Meant for assertions such as "the commit subject is shown".
    pub fn visible_text(&self) -> String {
        let mut texts = vec![self.text.clone()];
        for value in self.blocks.iter().chain(&self.attachments) {
            collect_texts(value, &mut texts);
        }
        texts.join("\n")
    }

    pub(crate) fn edit(&mut self, content: Content) {
        let before = Content {
            text: std::mem::replace(&mut self.text, content.text),
            blocks: std::mem::replace(&mut self.blocks, content.blocks),
            attachments: std::mem::replace(&mut self.attachments, content.attachments),
        };
        self.history.push(before);
        self.edits += 1;
    }
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if matches!(key.as_str(), "text" | "fallback" | "pretext" | "alt_text") => {
                        texts.push(text.clone());
                    }
                    _ => collect_texts(member, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        _ => {}
    }
}

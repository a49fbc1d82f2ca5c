//! `sns`: the stack's notice topic, for e-mail, chat clients, phones and programs.
//!
//! Queues, functions and web addresses get JSON in the shape that Amazon Q Developer in chat applications (once AWS
//! Chatbot) shows in Slack and Teams: docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html. Everybody else
//! gets plain text.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::block_kit;
use crate::channel::{Answer, Channel, Credentials, Manner, Message, MissingCredential};
use crate::compose::Notice;
use crate::moment::{Outcome, Severity};
use crate::outgoing::{Outgoing, Reply};
use crate::text;

pub(super) struct Sns;

/// An SNS subject: ASCII, no line breaks, below 100 characters (SNS API reference, Publish).
const SUBJECT_LIMIT: usize = 99;
/// Bytes of a text. All protocols together must stay below SNS's 256 KB, and quotes within JSON within JSON take four
/// bytes each.
const BODY_LIMIT: usize = 8_000;
/// One text message to a phone.
const PHONE_LIMIT: usize = 140;

impl Channel for Sns {
    fn scheme(&self) -> &'static str {
        "sns"
    }

    fn check_target(&self, target: &str) -> Result<(), &'static str> {
        if target.is_empty() { Ok(()) } else { Err("there is one notice topic; write `sns` alone") }
    }

    fn manner(&self) -> Manner {
        Manner::Announces
    }

    fn hears(&self, outcome: Outcome) -> bool {
        outcome.severity() >= Severity::Notice
    }

    fn interval(&self) -> Duration {
        Duration::ZERO
    }

    fn render(&self, message: &Message<'_>, _credentials: &Credentials) -> Result<Outgoing, MissingCredential> {
        let notice = message.notice;
        let plain = text::keep(&notice.to_plain(), BODY_LIMIT);
        let phone = text::cut(&text::one_line(&notice.headline.to_words()), PHONE_LIMIT);
        let json = for_programs(notice).to_string();
        let mut messages = BTreeMap::from([
            (String::from("default"), plain.clone()),
            (String::from("email"), plain),
            (String::from("sms"), phone),
        ]);
        for protocol in ["http", "https", "lambda", "sqs"] {
            messages.insert(protocol.to_owned(), json.clone());
        }
        Ok(Outgoing::Sns { subject: subject(notice), messages })
    }

    fn read(&self, reply: &Reply) -> Answer {
        match reply {
            Reply::Published => Answer::Delivered(None),
            Reply::Denied(reason) => Answer::Refused(reason.clone()),
            Reply::Unreachable(reason) => Answer::Retry { after: None, reason: reason.clone() },
            Reply::Http { status, .. } => Answer::Retry { after: None, reason: format!("status {status}") },
        }
    }
}

fn subject(notice: &Notice) -> String {
    let words = text::one_line(&notice.headline.to_words());
    let ascii: String = words.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    match ascii.len() {
        0 => String::from("Pipeline notice"),
        1..=SUBJECT_LIMIT => ascii,
        _ => format!("{}...", ascii[..SUBJECT_LIMIT - 3].trim_end()),
    }
}

fn for_programs(notice: &Notice) -> Value {
    let data = &notice.data;
    let headline = text::one_line(&notice.headline.to_words());
    let mut facts = data.facts.clone();
    facts.extend(data.outcome.map(|outcome| ("outcome", outcome.to_owned())));
    facts.extend(data.url.clone().map(|url| ("url", url)));
    let details = text::keep(&notice.details(), BODY_LIMIT);
    json!({
        "version": "1.0", "source": "custom",
        "content": {
            "textType": "client-markdown", "title": block_kit::escaped(&headline),
            "description": block_kit::escaped(&details),
        },
        "metadata": {
            "threadId": data.thread, "summary": headline, "eventType": data.outcome,
            "relatedResources": data.resource.as_slice(), "additionalContext": facts,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Placement;
    use crate::compose::notice;
    use crate::testing::story;
    use crate::text::Text;

    #[test]
    fn a_message_of_any_length_fits_with_all_its_copies() {
        let mut notice = notice(&story("0 execution STARTED"), &crate::Settings::default());
        notice.sections = vec![Text::new().plain("\"".repeat(100_000))];
        let message = Message { target: "", notice: &notice, placement: Placement::New };
        let Ok(Outgoing::Sns { messages, .. }) = Sns.render(&message, &Credentials::default()) else {
            panic!("SNS needs no credential")
        };
        let size = serde_json::to_vec(&messages).unwrap().len();
        assert!((100_000..256 * 1024).contains(&size), "{size} bytes");
    }
}

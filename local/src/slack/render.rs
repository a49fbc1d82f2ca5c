//! Shows a channel in a terminal the way Slack shows it on a screen.
//!
//! The text carries ANSI styles and terminal links; print it through `anstream`, which removes them
//! where nobody could see them.

mod blocks;
mod emoji;
mod mrkdwn;

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::message::{Author, Message};

/// Names by user or group id.
pub(super) type People = BTreeMap<String, String>;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const CHANNEL: Style = AnsiColor::Cyan.on_default().bold();

/// A channel with all its messages and threads.
pub(super) fn channel(name: &str, messages: &[Message], people: &People) -> String {
    let mut text = format!("{}\n", styled(CHANNEL, &format!("#{name}")));
    for one in messages {
        text.push('\n');
        text.push_str(&message(one, people));
    }
    text
}

/// A mrkdwn text as plain words on one line.
pub(crate) fn words(text: &str) -> String {
    let lines = mrkdwn::lines(text, &People::new()).join(" ");
    anstream::adapter::strip_str(&lines).to_string()
}

/// One message with its thread indented below it.
fn message(message: &Message, people: &People) -> String {
    let mut text = head(message);
    text.push_str(&indented(&blocks::content(message, people), "  "));
    if message.thread.is_empty() {
        return text;
    }
    let count = message.thread.len();
    let replies = if count == 1 { "1 reply".to_owned() } else { format!("{count} replies") };
    text.push_str(&format!("    {}\n", styled(DIM, &replies)));
    for reply in &message.thread {
        text.push_str(&indented(&reply_lines(reply, people), "    "));
    }
    text
}

fn head(message: &Message) -> String {
    let author = match message.author {
        Author::Bot => "Pipewarden",
        Author::Webhook => "Pipewarden (webhook)",
        Author::Person => "somebody",
    };
    format!("{} {}\n", styled(BOLD, author), styled(DIM, &format!("{}{}", clock(&message.ts), edited(message))))
}

fn reply_lines(reply: &Message, people: &People) -> Vec<String> {
    let also = if reply.broadcast { "  (also in the channel)" } else { "" };
    let time = styled(DIM, &format!("{}{}{also}", clock(&reply.ts), edited(reply)));
    let mut lines = blocks::content(reply, people).into_iter();
    let first = lines.next().unwrap_or_default();
    std::iter::once(format!("{time}  {first}")).chain(lines.map(|line| format!("          {line}"))).collect()
}

fn edited(message: &Message) -> String {
    match message.edits {
        0 => String::new(),
        1 => "  (edited once)".to_owned(),
        times => format!("  (edited {times} times)"),
    }
}

/// The time of day in UTC, as the rest of the demo prints it.
fn clock(ts: &str) -> String {
    let seconds = ts.split('.').next().and_then(|seconds| seconds.parse().ok());
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| ts.to_owned(), |time| time.strftime("%H:%M:%S").to_string())
}

fn indented(lines: &[String], indent: &str) -> String {
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests;

//! Turns blocks and attachments into lines of text.

use anstyle::{AnsiColor, Color, RgbColor, Style};
use serde_json::Value;

use super::mrkdwn;
use super::{BOLD, DIM, People, styled};
use crate::slack::message::Message;

const BUTTON: Style = AnsiColor::Blue.on_default();
const RULE_WIDTH: usize = 40;

/// What a message shows: its blocks, or its text where there are none, then its attachments.
pub(super) fn content(message: &Message, people: &People) -> Vec<String> {
    let mut lines = match message.blocks.as_slice() {
        [] if message.attachments.is_empty() || !message.text.is_empty() => mrkdwn::lines(&message.text, people),
        blocks => blocks.iter().flat_map(|block| block_lines(block, people)).collect(),
    };
    lines.extend(message.attachments.iter().flat_map(|attachment| attachment_lines(attachment, people)));
    lines
}

fn attachment_lines(attachment: &Value, people: &People) -> Vec<String> {
    let bar = styled(bar_style(attachment["color"].as_str().unwrap_or_default()), "┃");
    let lines: Vec<String> = match attachment["blocks"].as_array() {
        Some(blocks) => blocks.iter().flat_map(|block| block_lines(block, people)).collect(),
        None => ["pretext", "title", "text"]
            .iter()
            .filter_map(|key| attachment[key].as_str())
            .flat_map(|text| mrkdwn::lines(text, people))
            .collect(),
    };
    lines.into_iter().map(|line| format!("{bar} {line}")).collect()
}

fn bar_style(color: &str) -> Style {
    let named = match color {
        "good" => Some("2eb67d"),
        "warning" => Some("ecb22e"),
        "danger" => Some("e01e5a"),
        hex => hex.strip_prefix('#'),
    };
    let number = named.filter(|hex| hex.len() == 6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let Some(number) = number else { return DIM };
    let [_, red, green, blue] = number.to_be_bytes();
    Style::new().fg_color(Some(Color::Rgb(RgbColor(red, green, blue))))
}

fn block_lines(block: &Value, people: &People) -> Vec<String> {
    match block["type"].as_str().unwrap_or_default() {
        "header" => text_lines(&block["text"], people).iter().map(|line| styled(BOLD, line)).collect(),
        "section" => section_lines(block, people),
        "divider" => vec![styled(DIM, &"─".repeat(RULE_WIDTH))],
        "context" => {
            let texts = each(&block["elements"], |element| flat(element, people));
            vec![styled(DIM, &texts.join("   "))]
        }
        "actions" => vec![each(&block["elements"], |element| button(element, people)).join("  ")],
        "image" => vec![styled(DIM, &format!("[image: {}]", block["alt_text"].as_str().unwrap_or_default()))],
        "markdown" => mrkdwn::plain_lines(block["text"].as_str().unwrap_or_default()),
        other => vec![styled(DIM, &format!("[{other}]"))],
    }
}

fn section_lines(block: &Value, people: &People) -> Vec<String> {
    let mut lines = text_lines(&block["text"], people);
    lines.extend(each(&block["fields"], |field| text_lines(field, people).join("  ")));
    if let Some(accessory) = block.get("accessory") {
        let side = button(accessory, people);
        match lines.first_mut() {
            Some(first) => *first = format!("{first}   {side}"),
            None => lines.push(side),
        }
    }
    lines
}

fn button(element: &Value, people: &People) -> String {
    if element["type"] == "image" {
        return flat(element, people);
    }
    let label = flat(&element["text"], people);
    let shown = styled(BUTTON, &format!("[ {label} ]"));
    element["url"].as_str().map_or(shown.clone(), |url| mrkdwn::link(url, &shown))
}

fn flat(element: &Value, people: &People) -> String {
    match element["type"].as_str() {
        Some("image") => format!("[{}]", element["alt_text"].as_str().unwrap_or_default()),
        _ => text_lines(element, people).join(" "),
    }
}

fn text_lines(text: &Value, people: &People) -> Vec<String> {
    let Some(words) = text["text"].as_str() else { return vec![] };
    if text["type"] == "plain_text" { mrkdwn::plain_lines(words) } else { mrkdwn::lines(words, people) }
}

fn each(items: &Value, show: impl Fn(&Value) -> String) -> Vec<String> {
    items.as_array().map(|items| items.iter().map(show).collect()).unwrap_or_default()
}

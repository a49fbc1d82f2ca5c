//! Slack's mrkdwn as terminal text: bold, italics, code, links, mentions, quotes, entities, emoji.
//!
//! Grammar: <https://docs.slack.dev/messaging/formatting-message-text>. Markers count only at word
//! boundaries, and nothing inside code is interpreted.

use anstyle::{AnsiColor, Style};

use super::emoji;
use super::{BOLD, DIM, People, styled};

const ITALIC: Style = Style::new().italic();
const STRUCK: Style = Style::new().strikethrough();
const CODE: Style = AnsiColor::Yellow.on_default();
const LINK: Style = Style::new().underline();
const MENTION: Style = AnsiColor::Magenta.on_default();

/// Renders a mrkdwn text line by line.
pub(super) fn lines(text: &str, people: &People) -> Vec<String> {
    let mut in_code = false;
    let mut rendered = vec![];
    for line in text.lines() {
        let fence = line.trim().starts_with("```");
        if fence || in_code {
            let code = line.replace("```", "");
            if line.matches("```").count() % 2 == 1 {
                in_code = !in_code;
            }
            if !(fence && code.trim().is_empty()) {
                rendered.push(styled(CODE, &entities(&code)));
            }
        } else {
            rendered.push(quoted(line, people));
        }
    }
    rendered
}

/// Renders text without markup: emoji names are drawn, nothing else is interpreted.
pub(super) fn plain_lines(text: &str) -> Vec<String> {
    text.lines().map(emojis).collect()
}

/// A terminal link (OSC 8); terminals that do not know it show the label alone.
pub(super) fn link(url: &str, label: &str) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{label}\u{1b}]8;;\u{1b}\\")
}

fn quoted(line: &str, people: &People) -> String {
    let quote = line.strip_prefix('>').or_else(|| line.strip_prefix("&gt;"));
    match quote {
        Some(quote) => format!("{} {}", styled(DIM, "▏"), inline(quote.trim_start(), people)),
        None => inline(line, people),
    }
}

fn inline(text: &str, people: &People) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        let (shown, used) = token(rest, before, people).unwrap_or_else(|| (next.to_string(), next.len_utf8()));
        out.push_str(&shown);
        before = rest[..used].chars().next_back().unwrap_or(' ');
        rest = &rest[used..];
    }
    out
}

/// What the text begins with, if that is more than a character: its rendering and its length in bytes.
fn token(text: &str, before: char, people: &People) -> Option<(String, usize)> {
    match text.chars().next()? {
        '<' => {
            let end = text.find('>')?;
            Some((reference(&text[1..end], people), end + 1))
        }
        '&' => entity(text).map(|(character, length)| (character.to_owned(), length)),
        ':' => emoji_at(text),
        '`' => {
            let (inner, length) = span(text, '`', ' ')?;
            Some((styled(CODE, &entities(inner)), length))
        }
        marker @ ('*' | '_' | '~') => {
            let (inner, length) = span(text, marker, before)?;
            let style = match marker {
                '*' => BOLD,
                '_' => ITALIC,
                _ => STRUCK,
            };
            Some((styled(style, &inline(inner, people)), length))
        }
        _ => None,
    }
}

/// The text between a marker and its twin, when both stand at word boundaries.
fn span(text: &str, marker: char, before: char) -> Option<(&str, usize)> {
    if before.is_alphanumeric() {
        return None;
    }
    let end = 1 + text[1..].find(marker)?;
    let inner = &text[1..end];
    let after = text[end + 1..].chars().next();
    let tight = !inner.is_empty() && !inner.starts_with(' ') && !inner.ends_with(' ');
    (tight && !after.is_some_and(char::is_alphanumeric)).then_some((inner, end + 1))
}

/// What stands between angle brackets: a link, a person, a group, a channel, or a broadcast.
fn reference(inside: &str, people: &People) -> String {
    let (target, label) = inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
    if let Some(id) = target.strip_prefix('@').or_else(|| target.strip_prefix("!subteam^")) {
        let name = people.get(id).map(String::as_str).or(label).unwrap_or(id);
        return styled(MENTION, &format!("@{}", name.trim_start_matches('@')));
    }
    if let Some(id) = target.strip_prefix('#') {
        return styled(MENTION, &format!("#{}", label.unwrap_or(id)));
    }
    if target.starts_with("!date^") {
        return entities(label.unwrap_or_default());
    }
    if let Some(broadcast) = target.strip_prefix('!') {
        return styled(MENTION, &format!("@{}", label.unwrap_or(broadcast).trim_start_matches('@')));
    }
    link(target, &styled(LINK, &emojis(&entities(label.unwrap_or(target)))))
}

fn entity(text: &str) -> Option<(&'static str, usize)> {
    [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]
        .into_iter()
        .find(|(name, _)| text.starts_with(name))
        .map(|(name, character)| (character, name.len()))
}

fn entities(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn emoji_at(text: &str) -> Option<(String, usize)> {
    let end = 1 + text[1..].find(':')?;
    emoji::character(&text[1..end]).map(|character| (character.to_owned(), end + 1))
}

fn emojis(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        out.push_str(&rest[..start]);
        let (shown, used) = emoji_at(&rest[start..]).unwrap_or_else(|| (":".to_owned(), 1));
        out.push_str(&shown);
        rest = &rest[start + used..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let people = [("U1".to_owned(), "dana".to_owned())].into();
        anstream::adapter::strip_str(&lines(text, &people).join("\n")).to_string()
    }

    #[test]
    fn markup_becomes_what_slack_would_show() {
        let cases = [
            ("*bold* _italic_ ~gone~ `code`", "bold italic gone code"),
            ("<https://example.com/a|the log>", "the log"),
            ("<https://example.com/a>", "https://example.com/a"),
            ("<@U1> <@U2> <!here> <!subteam^S1|@oncall> <#C1|releases>", "@dana @U2 @here @oncall #releases"),
            ("<!date^1772445600^{time}|10:00 UTC>", "10:00 UTC"),
            ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
            (":white_check_mark: :not_known: 10:30:00", "✅ :not_known: 10:30:00"),
            ("2 * 3 * 4, snake_case_name", "2 * 3 * 4, snake_case_name"),
            ("> quoted\n&gt; too", "▏ quoted\n▏ too"),
            ("```\nlet a = *b*;\n```", "let a = *b*;"),
            ("broken < and `", "broken < and `"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_link_keeps_its_address_for_terminals_that_can_open_it() {
        let rendered = lines("<https://example.com/a|log>", &People::new()).join("");
        assert!(rendered.contains("\u{1b}]8;;https://example.com/a\u{1b}\\"), "{rendered:?}");
    }
}

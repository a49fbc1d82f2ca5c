//! Slack's markup and Block Kit, within Slack's limits. Bot and webhook speak it alike.
//!
//! Limits: `slack_sdk`'s validators and docs.slack.dev/reference/block-kit/blocks.

use serde_json::{Value, json};

use crate::compose::{Notice, Tone};
use crate::text::{Mention, Span, Text, clean, one_line};

/// The message's `text`: longer ones are refused by `chat.update`.
const TEXT_LIMIT: usize = 4_000;
/// A section's text.
const SECTION_LIMIT: usize = 3_000;
/// Sections shown; with the footnote this stays far below 50 blocks.
const SECTIONS_SHOWN: usize = 20;
/// A link's label.
const LABEL_LIMIT: usize = 200;
/// What stands around lines to be copied.
const FENCE: &str = "```";
/// Looks like a backtick and is none.
const DISARMED_TICK: char = '\u{02CB}';

/// `text` and `attachments` of a message. The colour needs an attachment; blocks inside it carry the content, and the
/// headline is the text that notifications show.
///
/// `parse` and `verbatim` keep Slack from turning names and addresses in text from outside into mentions and links;
/// `chat.update` would do so unless told otherwise. The attachments are always there, because an edit without them
/// keeps the old ones.
pub(crate) fn body(notice: &Notice) -> Value {
    let mut blocks: Vec<Value> = notice.sections.iter().take(SECTIONS_SHOWN).map(section).collect();
    if !notice.footnote.is_empty() {
        blocks.push(json!({"type": "context", "elements": [text_object(&notice.footnote)]}));
    }
    let attachments = match blocks.as_slice() {
        [] => json!([]),
        blocks => json!([{"color": colour(notice.tone), "blocks": blocks}]),
    };
    json!({
        "text": mrkdwn(&notice.headline, TEXT_LIMIT), "parse": "none", "unfurl_links": false, "unfurl_media": false,
        "attachments": attachments,
    })
}

fn section(text: &Text) -> Value {
    json!({"type": "section", "text": text_object(text)})
}

fn text_object(text: &Text) -> Value {
    json!({"type": "mrkdwn", "text": mrkdwn(text, SECTION_LIMIT), "verbatim": true})
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Running => "#1d9bd1",
        Tone::Waiting => "#ecb22e",
        Tone::Good => "#2eb67d",
        Tone::Bad => "#e01e5a",
        Tone::Neutral => "#868686",
    }
}

/// Text in Slack's markup, at most `limit` characters long. Text from outside cannot become markup, a mention or a
/// link, and a cut never goes through an escape, a link or what a reader sees as one character.
pub(crate) fn mrkdwn(text: &Text, limit: usize) -> String {
    let mut out = Writer { text: String::new(), room: limit };
    for span in &text.0 {
        match span {
            Span::Plain(words) => out.words(words, ""),
            Span::Bold(words) => out.words(&one_line(words), "*"),
            Span::Link { label, url } => out.link(label, url),
            Span::Time(time) => {
                let plain = time.strftime("%Y-%m-%d %H:%M UTC");
                out.whole(&format!("<!date^{}^{{date_short_pretty}} {{time}}|{plain}>", time.as_second()));
            }
            Span::Mention(mention) => out.whole(&call(mention)),
            Span::Code(lines) => out.code(lines),
            Span::Break => out.whole("\n"),
        }
        if out.room == 0 {
            break;
        }
    }
    // Slack refuses an empty text.
    if out.text.trim().is_empty() { String::from("–") } else { out.text }
}

fn call(mention: &Mention) -> String {
    match mention {
        Mention::User(id) => format!("<@{id}>"),
        Mention::Group(id) => format!("<!subteam^{id}>"),
        Mention::Here => String::from("<!here>"),
        Mention::Channel => String::from("<!channel>"),
    }
}

struct Writer {
    text: String,
    room: usize,
}

impl Writer {
    /// Writes text from outside between two marks, disarmed and escaped, as far as there is room.
    fn words(&mut self, words: &str, mark: &str) {
        let begins_line = mark.is_empty() && self.text.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
        let words = disarmed(&clean(words), begins_line);
        if words.trim().is_empty() || self.room <= 2 * mark.len() + 1 {
            let mut escaped = String::new();
            words.chars().filter(|_| mark.is_empty()).for_each(|c| push_escaped(&mut escaped, c));
            return self.whole(&escaped);
        }
        self.framed(&words, mark, mark);
    }

    /// Writes lines between fences. Nothing in them is markup to Slack but a fence of their own.
    fn code(&mut self, lines: &str) {
        let lines = clean(lines).replace('`', &DISARMED_TICK.to_string());
        if lines.trim().is_empty() || self.room <= 2 * FENCE.len() + 3 {
            return self.room = 0;
        }
        self.framed(&lines, &format!("{FENCE}\n"), &format!("\n{FENCE}"));
    }

    /// Writes as much of a text as fits between two marks of ours, for which there is room.
    fn framed(&mut self, words: &str, open: &str, close: &str) {
        use unicode_segmentation::UnicodeSegmentation;

        let room = self.room - open.len() - close.len();
        let fits = words.chars().map(width).sum::<usize>() <= room;
        let mut left = if fits { room } else { room - 1 };
        self.text.push_str(open);
        for grapheme in words.graphemes(true) {
            let needed: usize = grapheme.chars().map(width).sum();
            if needed > left {
                self.text.push('…');
                left = 0;
                break;
            }
            grapheme.chars().for_each(|c| push_escaped(&mut self.text, c));
            left -= needed;
        }
        self.text.push_str(close);
        self.room = left;
    }

    /// Writes markup of ours; where there is no room for it, the text ends here.
    fn whole(&mut self, markup: &str) {
        let length = markup.chars().count();
        if length <= self.room {
            self.text.push_str(markup);
            self.room -= length;
        } else {
            self.room = 0;
        }
    }

    fn link(&mut self, label: &str, url: &str) {
        let label = match one_line(&crate::text::cut(label, LABEL_LIMIT)).as_str() {
            "" => String::from("link"),
            label => disarmed(label, false),
        };
        let mut escaped = String::new();
        label.chars().for_each(|c| push_escaped(&mut escaped, if c == '|' { '¦' } else { c }));
        let markup = format!("<{}|{escaped}>", url.replace('&', "&amp;"));
        if markup.chars().count() <= self.room { self.whole(&markup) } else { self.words(&label, "") }
    }
}

/// Slack has no escape for its formatting marks. Look-alikes keep the text readable and the message's shape its own;
/// an underscore within a word means nothing to Slack and stays, so that names can be copied.
fn disarmed(words: &str, begins_line: bool) -> String {
    let chars: Vec<char> = words.chars().collect();
    let in_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut line_begins = begins_line;
    let disarm = |(at, c): (usize, &char)| {
        let quotes = line_begins && *c == '>';
        line_begins = *c == '\n' || (line_begins && (c.is_whitespace() || *c == '>'));
        match c {
            '`' => DISARMED_TICK,
            '*' => '\u{2217}',
            '~' => '\u{223C}',
            '_' if !in_word(at.checked_sub(1).and_then(|at| chars.get(at))) || !in_word(chars.get(at + 1)) => {
                '\u{02CD}'
            }
            '>' if quotes => '\u{203A}',
            c => *c,
        }
    };
    chars.iter().enumerate().map(disarm).collect()
}

fn width(c: char) -> usize {
    match c {
        '&' => 5,
        '<' | '>' => 4,
        _ => 1,
    }
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        other => out.push(other),
    }
}

/// Plain text in which Slack finds no markup.
pub(crate) fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    disarmed(words, true).chars().for_each(|c| push_escaped(&mut out, c));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_from_outside_cannot_call_link_or_format() {
        let hostile =
            Text::new().plain("<!channel> <@U012345> *bold* `code` & <https://example.com|click> \u{202E}txt");
        assert_eq!(
            mrkdwn(&hostile, 500),
            "&lt;!channel&gt; &lt;@U012345&gt; ∗bold∗ ˋcodeˋ &amp; &lt;https://example.com|click&gt; txt"
        );
    }

    #[test]
    fn an_underscore_stays_in_a_name_and_a_quote_mark_quotes_nothing() {
        let written = mrkdwn(&Text::new().plain("> say _hello_ to my_pipeline__x\n >> bye"), 500);
        assert_eq!(written, "› say ˍhelloˍ to my_pipeline__x\n ›› bye");
    }

    #[test]
    fn a_label_cannot_end_its_link_or_be_empty() {
        let link = |label: &str| mrkdwn(&Text::new().link(label, Some("https://example.com/a?b=1&c=2")), 500);
        assert_eq!(link("a|b>\nc"), "<https://example.com/a?b=1&amp;c=2|a¦b&gt; c>");
        assert_eq!(link(" "), "<https://example.com/a?b=1&amp;c=2|link>");
    }

    #[test]
    fn an_empty_text_becomes_something_slack_accepts() {
        assert_eq!(mrkdwn(&Text::new().plain("\u{202E} "), 10), "–");
    }

    #[test]
    fn the_last_character_that_fits_is_escaped_like_any_other() {
        for (words, written) in [("&", "a"), ("<", "a"), ("b", "ab")] {
            assert_eq!(mrkdwn(&Text::new().plain("a").plain(words), 2), written);
        }
    }

    #[test]
    fn lines_to_be_copied_stay_as_they_are_and_cannot_end_their_fence() {
        let code = |lines: &str, limit: usize| mrkdwn(&Text::new().plain("Run:").line().code(lines), limit);
        assert_eq!(
            code("aws x --y 'a_b *~' > <f>\naws z", 500),
            "Run:\n```\naws x --y 'a_b *~' &gt; &lt;f&gt;\naws z\n```"
        );
        assert_eq!(code("a\u{202E}b\n```\n<!here>", 500), "Run:\n```\nab\nˋˋˋ\n&lt;!here&gt;\n```");
        assert_eq!(code("aws codepipeline rollback-stage", 20), "Run:\n```\naws co…\n```");
        assert_eq!((code("aws x", 12), code(" ", 500)), (String::from("Run:\n"), String::from("Run:\n")));
    }

    fn any_span() -> impl Strategy<Value = Text> {
        prop_oneof![
            "\\PC{0,40}".prop_map(|words| Text::new().plain(words)),
            "[<>&*`a ]{0,40}".prop_map(|words| Text::new().bold(words)),
            ("\\PC{0,20}", "https://[a-z/&<>|]{0,30}").prop_map(|(label, url)| Text::new().link(label, Some(&url))),
            Just(Text::new().line()),
            Just(Text::new().time(jiff::Timestamp::UNIX_EPOCH)),
            Just(Text::from(Mention::Here)),
            "[<>&`a \n]{0,40}".prop_map(|lines| Text::new().code(lines)),
        ]
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_its_limit_or_cut_through_markup(
            spans in proptest::collection::vec(any_span(), 0..12), limit in 2_usize..120,
        ) {
            let text = spans.into_iter().fold(Text::new(), Text::then);
            let written = mrkdwn(&text, limit);
            prop_assert!(written.chars().count() <= limit, "{written:?}");
            prop_assert_eq!(written.matches('<').count(), written.matches('>').count(), "{}", written);
            let escapes = written.matches("&amp;").count() + written.matches("&lt;").count() + written.matches("&gt;").count();
            prop_assert_eq!(written.matches('&').count(), escapes, "{}", written);
            prop_assert_eq!(written.matches('*').count() % 2, 0, "{}", written);
            prop_assert_eq!(written.matches('`').count() % 6, 0, "{}", written);
        }
    }
}

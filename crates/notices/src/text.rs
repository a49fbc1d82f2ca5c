//! Text with meaning instead of markup, so that each channel escapes and links in its own way, in one place.

use jiff::Timestamp;

/// A run of text with one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    /// Text from anywhere, a commit message included. Never markup.
    Plain(String),
    /// Text that stands out.
    Bold(String),
    /// A page to open; made by [`Text::link`], which lets only web addresses through.
    Link {
        /// What it is called.
        label: String,
        /// Where it is.
        url: String,
    },
    /// A moment, shown in the reader's own time zone where the channel can.
    Time(Timestamp),
    /// Somebody to call.
    Mention(Mention),
    /// Lines to be copied as they are.
    Code(String),
    /// A new line.
    Break,
}

/// Somebody to call, by Slack's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mention {
    /// A person: `U…` or `W…`.
    User(String),
    /// A user group: `S…`.
    Group(String),
    /// Everybody active in the channel.
    Here,
    /// Everybody in the channel.
    Channel,
}

/// A line or paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text(pub(crate) Vec<Span>);

impl Text {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds text from anywhere.
    pub(crate) fn plain(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Plain(text.into()));
        self
    }

    /// Adds text that stands out.
    pub(crate) fn bold(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Bold(text.into()));
        self
    }

    /// Adds a link where there is a web address, and the label alone where there is none.
    pub(crate) fn link(mut self, label: impl Into<String>, url: Option<&str>) -> Self {
        let label = label.into();
        self.0.push(match url.filter(|url| is_web_address(url)) {
            Some(url) => Span::Link { label, url: url.to_owned() },
            None => Span::Plain(label),
        });
        self
    }

    /// Adds a moment.
    pub(crate) fn time(mut self, time: Timestamp) -> Self {
        self.0.push(Span::Time(time));
        self
    }

    /// Adds lines to be copied as they are; they end the text.
    pub(crate) fn code(mut self, lines: impl Into<String>) -> Self {
        self.0.push(Span::Code(lines.into()));
        self
    }

    /// Adds a new line.
    pub(crate) fn line(mut self) -> Self {
        self.0.push(Span::Break);
        self
    }

    /// Adds another text.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds why, if anybody said so.
    pub(crate) fn because(self, reason: Option<&str>) -> Self {
        match reason {
            Some(reason) => self.plain(format!(": {reason}")),
            None => self,
        }
    }

    /// Nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without any markup: for e-mail, subjects and fallbacks. Links become `label (address)`.
    pub(crate) fn to_plain(&self) -> String {
        self.0.iter().map(plain).collect()
    }

    /// The text without markup and without addresses: for one line.
    pub(crate) fn to_words(&self) -> String {
        let words = |span: &Span| match span {
            Span::Link { label, .. } => clean(label),
            Span::Break => String::from(" "),
            other => plain(other),
        };
        self.0.iter().map(words).collect()
    }
}

fn plain(span: &Span) -> String {
    match span {
        Span::Plain(text) | Span::Bold(text) | Span::Code(text) => clean(text),
        Span::Link { label, url } => format!("{} ({url})", clean(label)),
        Span::Time(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Span::Mention(_) => String::new(),
        Span::Break => String::from("\n"),
    }
}

/// The longest address that is kept; Slack's own limit is 3,000.
const LONGEST_ADDRESS: usize = 1_000;

/// An http or https address with nothing in it that could end a link early or be taken for something else.
pub(crate) fn is_web_address(url: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !deceives(c) && !"<>|\"`".contains(c);
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain)) && url.len() <= LONGEST_ADDRESS
}

/// Takes out what makes text lie about itself: control characters, marks that turn the reading direction around, and
/// characters nobody can see. Zero-width joiners stay, since emoji and several scripts need them.
pub(crate) fn clean(text: &str) -> String {
    let readable = |c: char| match c {
        '\n' => Some('\n'),
        '\t' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() || deceives(c) => None,
        c => Some(c),
    };
    text.chars().filter_map(readable).collect()
}

fn deceives(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The text on one line, without blanks at its ends or twice in a row.
pub(crate) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts text to at most `limit` characters (Unicode scalar values, as Slack counts) without splitting what a reader
/// sees as one character; a cut is marked with `…`.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    shorten(text, limit, |text| text.chars().count())
}

/// What is kept of a text from outside: cleaned, trimmed, and at most `limit` bytes long, since storage counts bytes.
pub(crate) fn keep(text: &str, limit: usize) -> String {
    shorten(clean(text).trim(), limit, str::len)
}

/// What is kept of a text that is shown within a line.
pub(crate) fn keep_line(text: &str, limit: usize) -> String {
    keep(&one_line(text), limit)
}

fn shorten(text: &str, limit: usize, measure: impl Fn(&str) -> usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;

    if measure(text) <= limit {
        return text.to_owned();
    }
    let Some(mut room) = limit.checked_sub(measure("…")) else { return String::new() };
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        let width = measure(grapheme);
        if width > room {
            break;
        }
        kept.push_str(grapheme);
        room -= width;
    }
    kept.push('…');
    kept
}

/// A length of time as people say it, with two units at most: `850 ms`, `42 s`, `4 min 12 s`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn duration(from: Timestamp, to: Timestamp) -> String {
    let milliseconds = to.as_millisecond().saturating_sub(from.as_millisecond()).max(0);
    let seconds = (milliseconds + 500) / 1000;
    let pair = |large: i64, large_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        small => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds} s"),
        60..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span_of(ms: i64) -> String {
        duration(Timestamp::UNIX_EPOCH, Timestamp::from_millisecond(ms).unwrap())
    }

    #[test]
    fn a_duration_is_said_in_two_units_at_most() {
        let said: Vec<_> =
            [-5, 0, 400, 1_000, 59_400, 59_600, 60_000, 252_000, 7_500_000, 273_600_000].map(span_of).into();
        assert_eq!(
            said,
            ["0 ms", "0 ms", "400 ms", "1 s", "59 s", "1 min", "1 min", "4 min 12 s", "2 h 5 min", "3 d 4 h"]
        );
    }

    #[test]
    fn direction_marks_and_control_characters_are_taken_out_and_joiners_stay() {
        assert_eq!(clean("a\u{202E}b\u{0007}c\u{200B}d\n👩\u{200D}🚀"), "abcd\n👩\u{200D}🚀");
        assert_eq!(clean("one\ttwo\u{2028}three\u{E0041}"), "one two three");
    }

    #[test]
    fn a_cut_never_splits_what_a_reader_sees_as_one_character() {
        let family = "👩\u{200D}👩\u{200D}👧";
        assert_eq!(cut(&format!("ab{family}"), 4), "ab…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
    }

    #[test]
    fn only_web_addresses_become_links() {
        for url in ["https://example.com/a?b=1&c=*_x_*#:~:text=y", "http://127.0.0.1:8080"] {
            assert!(is_web_address(url), "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST_ADDRESS));
        for url in [
            "",
            "https://",
            "javascript:alert(1)",
            "//example.com",
            "https://example.com/a|b",
            "https://example.com/> <!here",
            "https://example.com/\u{202E}gpj.exe",
            &long,
        ] {
            assert!(!is_web_address(url), "{url}");
            assert_eq!(Text::new().link("log", Some(url)), Text::new().plain("log"), "{url}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_within_its_bytes(text in "\\PC{0,80}", limit in 0_usize..60) {
            prop_assert!(keep(&text, limit).len() <= limit);
        }

        #[test]
        fn a_cut_text_is_within_its_limit_and_begins_as_the_text_does(text in "\\PC{0,80}", limit in 0_usize..60) {
            let short = cut(&text, limit);
            prop_assert!(short.chars().count() <= limit);
            prop_assert!(text.starts_with(short.strip_suffix('…').unwrap_or(&short)));
        }
    }
}

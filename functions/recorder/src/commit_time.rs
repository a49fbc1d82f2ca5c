//! When a commit was made, in the forms source actions write it.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;

/// Reads `2026-03-02T10:00:00Z`, with any offset, and Git's own `1772445600 +0100`, which is how CodeCommit writes dates.
///
/// The user guide says of `AuthorDate` and `CommitterDate` only that they are in timestamp format; what is neither of
/// these forms is no time, and the lead time is left out.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = text.trim();
    if let Ok(time) = PARSER.parse_timestamp(text) {
        return Some(time);
    }
    let seconds = text.split_whitespace().next()?.parse().ok()?;
    Timestamp::from_second(seconds).ok().filter(|time| *time > Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_in_use_is_the_same_moment() {
        let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        for text in [
            "2026-03-02T10:00:00Z",
            "2026-03-02T11:00:00+01:00",
            "2026-03-02T11:00:00+0100",
            "1772445600 +0100",
            " 1772445600 ",
        ] {
            assert_eq!(parse(text), Some(at), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "yesterday", "2026-03-02", "0", "-5 +0000", "99999999999999999999"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

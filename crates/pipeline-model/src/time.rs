//! Times as AWS writes them: RFC 3339, with `+0000`, or without seconds.

use jiff::Timestamp;

/// Reads `2026-03-02T10:00:05Z`, `…05.101Z`, `…05.101+0000` and the seconds-less `2026-07-07T20:22Z` of approvals.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// Deserialises an optional time; one that cannot be read is left out, because no decision hangs on it.
pub(crate) fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let value: Option<serde_json::Value> = serde::Deserialize::deserialize(deserializer)?;
    Ok(value.as_ref().and_then(serde_json::Value::as_str).and_then(parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_aws_writes_is_read() {
        for (text, seconds) in [
            ("2026-03-02T10:00:05Z", 1_772_445_605),
            ("2026-03-02T10:00:05.000Z", 1_772_445_605),
            ("2026-03-02T10:00:05.000+0000", 1_772_445_605),
            ("2026-03-02T10:00Z", 1_772_445_600),
            ("2026-03-02T11:00:05+01:00", 1_772_445_605),
        ] {
            assert_eq!(parse(text).map(Timestamp::as_second), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_not_guessed() {
        for text in ["", "yesterday", "2026-13-01T00:00Z", "1772445605", "2026-03-02T10:00:05"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

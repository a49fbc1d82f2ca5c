//! Passwords with letters of other alphabets or with blanks: they stand in quotes only.

use super::super::measure::is_patterned;
use super::password::LENGTH;

/// Words of a phrase.
const MOST_WORDS: usize = 5;

/// Whether it is one. Labels and sentences stand where passwords do, so more is asked of it than of others.
pub(super) fn is_phrase(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let has = |is: fn(char) -> bool| text.chars().any(is);
    let is_full = has(char::is_lowercase) && has(char::is_uppercase) && has(|one| one.is_ascii_digit());
    let is_possible = LENGTH.contains(&text.chars().count()) && !text.chars().any(is_foreign) && !is_patterned(value);
    let is_known = if text.contains(' ') { is_no_sentence(text) } else { !text.is_ascii() && has_digits(text) };
    is_full && is_possible && is_known && has(|one| one.is_ascii_punctuation())
}

/// What stands in code and templates.
fn is_foreign(one: char) -> bool {
    one.is_control() || (one.is_whitespace() && one != ' ') || "<>{}()=;\\\"`$|".contains(one)
}

fn has_digits(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= 2
}

/// Sentences begin with a capital, or are long.
fn is_no_sentence(text: &str) -> bool {
    let is_short = text.matches(' ').count() < MOST_WORDS;
    is_short && text.trim() == text && !text.contains("  ") && !text.chars().next().is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_told_from_labels() {
        for phrase in ["kühl7!Haus_92", "blue Horse 7 battery!"] {
            assert!(is_phrase(phrase.as_bytes()), "{phrase}");
        }
        for label in [
            "Mindestens 8 Zeichen!",
            "min. 8 Zeichen, 1 Zahl und A-Z!",
            "Mín.8caracteres",
            "密码2024",
            "a + B2 + ",
            "at least 8",
            "x = 'Y1';",
            "short",
        ] {
            assert!(!is_phrase(label.as_bytes()), "{label}");
        }
    }
}

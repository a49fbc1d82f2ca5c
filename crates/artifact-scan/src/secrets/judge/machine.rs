//! Whether a value is a password that a machine made of all kinds of characters.

use super::super::measure::{changes, entropy, wordiness};

/// Shorter ones may be anything.
const SHORTEST: usize = 12;
/// In shorter ones so many small letters are a word.
const LONG: usize = 24;
const WORD: usize = 5;
/// The share of the most entropy that the length allows.
const SHARE: f64 = 0.86;
/// Bits per character of longer ones do not get more.
const BITS: f64 = 5.0;

/// Small letters, capitals, digits and other characters without order. Such a value can hold any of the characters that
/// references are made of.
pub(super) fn is_machine_made(value: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let bits = (value.len().max(2) as f64).log2().min(BITS);
    value.len() >= SHORTEST
        && value.iter().all(u8::is_ascii_graphic)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_punctuation)
        && changes(value) >= 0.4
        && entropy(value) >= SHARE * bits
        && !is_wordy(value)
}

/// Words, and much of the value is letters, or it is short and has a word in it; of few pairs of letters any share may be
/// chance.
fn is_wordy(value: &[u8]) -> bool {
    let pairs = value.windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphabetic)).count();
    let is_small = |one: &u8, other: &u8| one.is_ascii_lowercase() && other.is_ascii_lowercase();
    let has_word = value.len() < LONG && value.chunk_by(is_small).any(|run| run.len() >= WORD);
    has_word || (pairs * 2 > value.len() && wordiness(value).is_some_and(|share| share > 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_paths_and_code_are_not_made_at_random() {
        for made in ["q{7Z<t\\9>xV!2#k", "}K%d8(s-T3]w|Yb=", "a$Vq{7Z<t9`xV!2#kP0\"mm;R~4w&Lx^3"] {
            assert!(is_machine_made(made.as_bytes()), "{made}");
        }
        for other in [
            "^(?=.*[A-Z])(?=.*[0-9]).{8,}$",
            "//input[@id='Pw1']",
            "#login-form input[name=pass2]",
            "Confirm2Password!",
            "https://host.example/Path1?query=e",
            "<b>Passwort 2</b>",
            "{short:1,X}",
        ] {
            assert!(!is_machine_made(other.as_bytes()), "{other}");
        }
    }
}

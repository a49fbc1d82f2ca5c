//! Samples that count: `a1b2c3d4e5`, `a123b45c6d78e9f012`, `abCDeFGhiJKlm`.

/// Letters or digits that alone go up in the alphabet or count.
const LONG: usize = 8;

/// Whether the letters of the value, or its digits, or both in turn, go up one by one.
pub(super) fn is_counted(value: &[u8]) -> bool {
    let letters: Vec<u8> = value.iter().filter(|byte| byte.is_ascii_alphabetic()).map(|byte| byte | 0x20).collect();
    let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).collect();
    let (letter, digit) = (rising(&letters, b'a', 26), rising(&digits, b'0', 10));
    (letters.len() >= LONG && letter >= 0.8)
        || (digits.len() >= LONG && digit >= 0.9)
        || (letters.len() >= 4 && digits.len() >= 3 && letter.min(digit) >= 0.99)
}

/// The share of neighbours of which the second is the next one after the first.
fn rising(bytes: &[u8], first: u8, count: u8) -> f64 {
    let next = |byte: u8| (byte - first + 1) % count + first;
    let steps = bytes.windows(2).filter(|pair| next(pair[0]) == pair[1]).count();
    steps as f64 / bytes.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_count_and_secrets_do_not() {
        for sample in ["A1b2c3d4", "a123b45c6d78e9f012a34cd5", "abCDeFGhiJKlmnOPqrSTuv", "a1b2c3d4e5f6g7h8i9j0"] {
            assert!(is_counted(sample.as_bytes()), "{sample}");
        }
        for other in ["Kq7vT2mx9Bw", "9f3kQz81LmVbR2aa", "ab12", "x9K1vQ2zRw3"] {
            assert!(!is_counted(other.as_bytes()), "{other}");
        }
    }
}

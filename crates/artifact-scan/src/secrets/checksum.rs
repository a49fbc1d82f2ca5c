//! Checksums that vendors put into their tokens.

use super::rule::Checksum;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether the token's last characters are what its others say.
pub(crate) fn holds(checksum: Checksum, token: &[u8]) -> bool {
    match checksum {
        Checksum::Crc32Base62 => {
            let body = token.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
            body.split_last_chunk::<6>().is_some_and(|(body, last)| crc32_base62(body) == *last)
        }
    }
}

/// The CRC-32 as 6 digits of base 62.
pub(crate) fn crc32_base62(body: &[u8]) -> [u8; 6] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_one_other_character_is_refused() {
        let body = b"abcdefghijklmnopqrstuvwxyzABCD";
        let sum = crc32_base62(body);
        let token = [&b"ghp_"[..], body, &sum].concat();
        assert!(holds(Checksum::Crc32Base62, &token));
        let mut other = token.clone();
        other[6] = b'0';
        assert!(!holds(Checksum::Crc32Base62, &other));
        assert!(!holds(Checksum::Crc32Base62, b"ghp_1"));
    }
}

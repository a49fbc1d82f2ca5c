//! UTF-16 of either byte order, with or without a mark: ASCII characters with a zero between any two of them.

use memchr::memchr;

use super::Decoded;

/// Characters of the shortest text.
const SHORTEST: usize = 8;

/// Hands over texts in UTF-16. Characters beyond ASCII end a text; no token has any.
pub(super) fn each(bytes: &[u8], take: &mut impl FnMut(&Decoded)) {
    let is_character =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let mut from = 0;
    while let Some(zero) = memchr(0, bytes.get(from..).unwrap_or_default()) {
        let zero = from + zero;
        // In the one order the first character stands before the first zero, in the other behind it: the same run.
        let has_character_before = zero > from && is_character(bytes.get(zero - 1));
        let first = if has_character_before { zero - 1 } else { zero + 1 };
        let mut end = first;
        while is_character(bytes.get(end)) && (end == first || bytes.get(end - 1) == Some(&0)) {
            end += 2;
        }
        let count = (end - first) / 2;
        if count >= SHORTEST {
            let mut decoded = Decoded::new(count);
            (first..end).step_by(2).for_each(|at| decoded.push(bytes[at], at));
            take(&decoded.ended((end - 1).min(bytes.len())));
        }
        from = (zero + 1).max(end.saturating_sub(1).min(bytes.len()));
    }
}

//! Pieces of any size find the same secrets.

use proptest::prelude::*;

use super::super::template::expand;
use super::*;
use crate::Finding;

/// Scans `text` in pieces of this length that overlap as pieces do.
fn scan(text: &[u8], length: usize) -> Vec<Finding> {
    let scanner = Scanner::built_in().expect("scanner");
    let mut scan = Scan::new(&scanner, Found::new(b"key"));
    let (mut start, mut end) = (0, text.len().min(length));
    loop {
        let again = if start == 0 { 0 } else { OVERLAP.min(end) };
        let before = &text[..start];
        let piece = Piece {
            bytes: &text[start..end],
            again,
            offset: start as u64,
            lines_before: before.iter().filter(|byte| **byte == b'\n').count() as u64,
            column_before: (before.len() - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1))
                as u64,
            is_last: end == text.len(),
        };
        scan.piece(&["a.txt".to_owned()], &piece);
        if end == text.len() {
            return scan.into_found().into_findings();
        }
        start = end.saturating_sub(OVERLAP);
        end = text.len().min(start + OVERLAP + length);
    }
}

const LEAKS: [&str; 5] = [
    "\nGITHUB_TOKEN=ghp_{github-checksum 30}\n",
    "  password: \"Kq{alnum 9}!4\"\n",
    "-----BEGIN PRIV{}ATE KEY-----\n{base64 64}\n{base64 1500}\n-----END PRIV{}ATE KEY-----\n",
    " postgres://app:{alnum 20}@db.internal/app ",
    "{\"x\":{\"api_key\":\"{hex 40}\"}}",
];

fn text(parts: &[(usize, usize)]) -> Vec<u8> {
    let mut text = String::new();
    for (at, (leak, filler)) in parts.iter().enumerate() {
        text.push_str(&"some words, and a line of them\n".repeat(*filler));
        text.push_str(&expand(LEAKS[leak % LEAKS.len()], &format!("{at}")));
    }
    text.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_size_of_the_pieces_does_not_change_what_is_found(
        parts in proptest::collection::vec((0_usize..5, 0_usize..900), 1..8),
        length in 9_000_usize..60_000,
    ) {
        let text = text(&parts);
        let whole = scan(&text, text.len());
        prop_assert_eq!(whole.iter().map(|finding| finding.places.len()).sum::<usize>(), parts.len());
        prop_assert_eq!(scan(&text, length), whole);
    }

    #[test]
    fn any_bytes_are_scanned(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        scan(&bytes, 1000);
    }
}

#[test]
fn places_count_lines_and_columns_from_one() {
    let text = expand("a\n  key: ghp_{github-checksum 30}\n", "");
    let findings = scan(text.as_bytes(), 100);
    assert_eq!((findings[0].places[0].line, findings[0].places[0].column), (2, 8));
}

#[test]
fn a_secret_in_base64_in_base64_is_found_and_deeper_is_not() {
    use base64::Engine as _;
    let encode = |text: &str| format!("data: {}", decode::LENIENT.encode(text));
    let plain = expand("some words before it: ghp_{github-checksum 30}", "");
    let twice = encode(&encode(&plain));
    assert_eq!(scan(twice.as_bytes(), 10_000).len(), 1);
    assert_eq!(scan(encode(&twice).as_bytes(), 10_000).len(), 0);
}

#[test]
fn nothing_that_is_told_holds_the_secret() {
    let text = text(&[(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]);
    let told = format!("{:?}", scan(&text, text.len()));
    let text = String::from_utf8(text).expect("text");
    let words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| word.len() > 8);
    for word in words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())) {
        assert!(!told.contains(word), "{word}");
    }
}

#[test]
fn a_secret_in_the_name_of_an_entry_is_in_no_place() {
    let scanner = Scanner::built_in().expect("scanner");
    let token = expand("ghp_{github-checksum 30}", "name");
    let path = [String::from("a.zip"), format!("öffentlich/x?token={token}&y=1.txt")];
    let text = expand("password = \"Kq{alnum 9}!4\"", "");
    let piece = Piece { bytes: text.as_bytes(), again: 0, offset: 0, lines_before: 0, column_before: 0, is_last: true };
    let mut scan = Scan::new(&scanner, Found::new(b"key"));
    scan.piece(&path, &piece);
    let findings = scan.take();
    let masked = [String::from("a.zip"), String::from("öffentlich/x?token=ghp_… (40 bytes)&y=1.txt")];
    assert_eq!(findings[0].places[0].path.as_slice(), masked);
    assert_eq!(scanner.masked(path.to_vec()), masked);
    let plain = vec![String::from("src/password.rs"), String::from("token-2.txt")];
    assert_eq!(scanner.masked(plain.clone()), plain);
    scan.piece(&plain, &piece);
    assert_eq!(scan.take()[0].places[0].path.as_slice(), plain);
}

#[test]
fn an_entry_with_zeros_is_binary_unless_it_is_utf_16() {
    let wide: Vec<u8> = "some text".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in
        [(&b"text"[..], Nature::Text), (b"", Nature::Text), (b"\x7fELF\0\0\x01", Nature::Binary), (&wide, Nature::Text)]
    {
        assert_eq!(nature(bytes), expected, "{bytes:?}");
    }
}

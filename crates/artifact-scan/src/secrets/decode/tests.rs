//! What is encoded is found where it stands.

use super::*;
use base64::Engine as _;
use proptest::prelude::*;

fn all(bytes: &[u8]) -> Vec<Decoded> {
    let mut all = Vec::new();
    each(bytes, |decoded| all.push(decoded.clone()));
    all
}

fn texts(bytes: &[u8]) -> Vec<String> {
    all(bytes).iter().map(|decoded| String::from_utf8_lossy(&decoded.bytes).into_owned()).collect()
}

const TEXT: &str = "user: admin, key: abcdefg; all of it is plain text";

#[test]
fn the_shortest_run_is_found_wherever_it_begins_and_however_it_goes_on() {
    let encoded = base64::engine::general_purpose::STANDARD.encode("key: abcdefg, all of it.");
    let hexadecimal: String = "user: abcdefgh, ".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((encoded.len(), hexadecimal.len()), (32, 32));
    for run in [encoded, hexadecimal] {
        for before in 0..40 {
            for behind in ["", " ", " and more than a block behind it"] {
                let text = format!("{}{run}{behind}", " ".repeat(before));
                assert_eq!(texts(text.as_bytes()).len(), 1, "{text}");
            }
        }
    }
}

#[test]
fn base64_is_decoded_with_and_without_padding_and_for_urls() {
    let encoded = LENIENT.encode(TEXT);
    for text in [format!("x = \"{encoded}\""), format!("x={}", encoded.trim_end_matches('=')), format!("{encoded}\n")] {
        assert_eq!(texts(text.as_bytes()), [TEXT], "{text}");
    }
    let marked = "~~~???>>> a text with signs that need all of the alphabet";
    let for_urls = LENIENT.encode(marked).replace('+', "-").replace('/', "_");
    assert_eq!(texts(for_urls.as_bytes()), [marked]);
}

#[test]
fn text_in_base64_may_begin_with_a_mark_or_a_letter_beyond_ascii() {
    let wide: Vec<u8> = [0xFEFF].into_iter().chain(TEXT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(texts(LENIENT.encode(wide).as_bytes()).iter().any(|text| text.contains("u\0s\0e\0r")));
    for text in [format!("\u{feff}{TEXT}"), format!("Grüße für Jörg Müßig, {TEXT}"), format!("设置一个新的密码 {TEXT}")]
    {
        assert_eq!(texts(LENIENT.encode(&text).as_bytes()), [text]);
    }
}

#[test]
fn base64_over_several_lines_is_one_text() {
    let long = TEXT.repeat(5);
    let encoded = LENIENT.encode(&long);
    for between in ["\n", "\n    ", "\r\n", "\\n"] {
        let lines: Vec<_> =
            encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ascii")).collect();
        assert_eq!(texts(lines.join(between).as_bytes()), [long.as_str()], "{between:?}");
    }
}

#[test]
fn hex_and_escapes_are_decoded() {
    let hex: String = TEXT.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(texts(format!("0x{hex};").as_bytes()), [TEXT]);
    assert_eq!(texts(b"a=1&b=%7B%22key%22%3A%221%22%7D x"), ["a=1&b={\"key\":\"1\"}"]);
    assert_eq!(texts(br#"x("\u007b\u0022key\u0022:1}")"#), ["{\"key\":1}"]);
}

#[test]
fn utf_16_is_decoded_in_both_orders() {
    let little: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        little.clone(),
        big.clone(),
        [&[0xff, 0xfe], &little[..]].concat(),
        [&[0xfe, 0xff], &big[..]].concat(),
        [&b"x"[..], &little, &[0xff]].concat(),
    ] {
        assert_eq!(texts(&bytes), [TEXT]);
    }
}

#[test]
fn what_is_not_text_is_left() {
    for text in [
        "d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e",
        "node_modules/some/long/path/to/a/file/in/a/folder",
        "100% of %s",
    ] {
        assert_eq!(texts(text.as_bytes()), Vec::<String>::new(), "{text}");
    }
}

proptest! {
    #[test]
    fn origins_rise_and_stay_within(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for decoded in all(&bytes) {
            prop_assert_eq!(decoded.origins.len(), decoded.bytes.len() + 1);
            prop_assert!(decoded.origins.is_sorted());
            prop_assert!(decoded.origins.last().is_none_or(|last| *last as usize <= bytes.len()));
        }
    }

    #[test]
    fn any_text_of_escapes_ends(text in "[%\\\\u0-9a-fA-F\"A-Z+/=\\x00 ]{0,300}") {
        all(text.as_bytes());
    }

    #[test]
    fn base64_of_text_comes_back_wherever_it_stands(text in "[ -~]{40,200}", before in "[ =:\"]{1,9}") {
        let bytes = format!("{before}{}", LENIENT.encode(&text));
        prop_assert!(texts(bytes.as_bytes()).contains(&text));
    }
}

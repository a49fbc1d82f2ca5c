//! Names as people may see them: nothing in them acts on a terminal, a page or a path.

use std::fmt::Write as _;

/// The most bytes of a name that are shown.
const LONGEST: usize = 1024;

/// The name with everything escaped that is not plainly visible. Two names that differ are shown differently, unless
/// they are longer than anybody reads.
pub fn shown(name: &[u8]) -> String {
    let cut = &name[..name.len().min(LONGEST)];
    let mut shown = String::with_capacity(cut.len());
    for chunk in cut.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push(&mut shown, character));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    if name.len() > LONGEST {
        let _ = write!(shown, "… ({} bytes)", name.len());
    }
    shown
}

/// Whether less of the name is shown than there is.
pub(crate) fn is_cut(shown: &str) -> bool {
    shown.ends_with('…') || (shown.ends_with(" bytes)") && shown.contains("… ("))
}

fn push(shown: &mut String, character: char) {
    match character {
        '\\' => shown.push_str("\\\\"),
        _ if character.is_ascii_control() => {
            let _ = write!(shown, "\\x{:02x}", u32::from(character));
        }
        _ if character.is_control() || is_invisible(character) => shown.extend(character.escape_unicode()),
        _ => shown.push(character),
    }
}

/// Marks that turn the direction of writing, join or separate letters unseen, or end a line.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        assert_eq!(shown("src/Grüße 你.txt".as_bytes()), "src/Grüße 你.txt");
        assert_eq!(shown(b"../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn what_acts_or_hides_is_escaped() {
        assert_eq!(shown(b"a\0b\\c\nd\x1b[31m"), "a\\x00b\\\\c\\x0ad\\x1b[31m");
        assert_eq!(shown(b"\xff\xfe.txt"), "\\xff\\xfe.txt");
        assert_eq!(shown("gpj.\u{202e}exe".as_bytes()), "gpj.\\u{202e}exe");
    }

    #[test]
    fn a_long_name_is_cut_and_says_so() {
        let name = shown(&[b'a'; 60_000]);
        assert!(name.len() < 1100 && name.ends_with("… (60000 bytes)"));
    }

    proptest! {
        #[test]
        fn names_that_differ_are_shown_differently(names in prop::collection::hash_set(prop::collection::vec(any::<u8>(), 0..6), 0..50)) {
            let shown: HashSet<_> = names.iter().map(|name| shown(name)).collect();
            prop_assert_eq!(shown.len(), names.len());
        }
    }
}

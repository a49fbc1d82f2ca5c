//! What people are told about a text that cannot be meant.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kennel {
    #[serde(default)]
    dogs: Vec<Dog>,
    #[serde(default, rename = "cats")]
    _cats: Elsewhere,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dog {
    name: String,
}

fn refusals(yaml: &str) -> Vec<String> {
    read::<Kennel>(yaml).expect_err("this text is wrong").iter().map(ToString::to_string).collect()
}

#[test]
fn a_text_is_read_and_an_empty_one_is_nothing() {
    let kennel = read::<Kennel>("dogs:\n  - name: Rex\n").unwrap().unwrap();
    assert_eq!(kennel.dogs[0].name, "Rex");
    for empty in ["", "  \n", "# nothing yet\n", "---\n", "null"] {
        assert!(read::<Kennel>(empty).unwrap().is_none(), "{empty:?}");
    }
}

#[test]
fn a_key_with_nothing_below_it_is_an_empty_list_or_mapping() {
    for nothing in ["", "~", "null", "Null"] {
        let kennel = read::<Kennel>(&format!("dogs: {nothing}\n")).unwrap().unwrap();
        assert!(kennel.dogs.is_empty(), "{nothing:?}");
    }
    assert_eq!(refusals("dogs:\n  - ~\n"), ["line 2, column 5: the key `name` is missing"]);
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one_or_with_all() {
    assert_eq!(refusals("dogs:\n  - nmae: Rex\n"), ["line 2, column 5: unknown key `nmae`; did you mean `name`?"]);
    assert_eq!(refusals("budgie: []"), ["line 1, column 1: unknown key `budgie`; known are dogs, cats"]);
}

#[test]
fn a_section_of_somebody_else_is_left_alone() {
    let kennel = read::<Kennel>("cats: { any: [thing, 1, {}] }\ndogs: []").unwrap().unwrap();
    assert!(kennel.dogs.is_empty());
}

#[test]
fn problems_come_by_their_lines_each_once_and_not_too_many() {
    assert_eq!(
        refusals("budgie: 1\ndogs: [{ name: [] }, 5]\nmice: 2\n"),
        [
            "line 1, column 1: unknown key `budgie`; known are dogs, cats",
            "line 2, column 16: expected text, found a list",
            "line 2, column 22: expected a mapping, found 5",
            "line 3, column 1: unknown key `mice`; known are dogs, cats",
        ]
    );
    let told = refusals(&"- &a\n".repeat(90));
    assert_eq!((told.len(), told[50].as_str()), (51, "and 41 more"));
}

#[test]
fn what_cannot_be_seen_is_made_visible() {
    assert_eq!(shown("a\u{202E}b\u{200B}c\n d\u{7} \"é\" \\"), "a\\u{202e}b\\u{200b}c d\\u{7} \"é\" \\");
    assert_eq!(shown(&"x".repeat(100)).chars().count(), 60);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic_or_ramble(text in "\\PC{0,200}|[-:{}\\[\\]&*!|>'\"#%@, \n\tdogsname0]{0,200}") {
        for told in read::<Kennel>(&text).err().unwrap_or_default() {
            let said = told.to_string();
            prop_assert!(said.chars().count() < 500 && !said.contains('\n'), "{}", said);
        }
    }
}

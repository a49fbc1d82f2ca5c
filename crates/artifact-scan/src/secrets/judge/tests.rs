//! Values as they stand in files.

use super::super::linter::find;
use super::super::scanner::Scanner;

/// The rules that find something in a text, in which § stands for a password that is put together here.
fn rules(path: &str, text: &str) -> Vec<String> {
    let scanner = Scanner::built_in().expect("scanner");
    let text = text.replace('§', &["Kq7v", "T2mx", "9Bw4"].concat());
    find(&scanner, path, text.as_bytes()).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn what_assigns_in_a_program_is_chance() {
    assert_eq!(rules("a.txt", "x\npassword=\"§\"\n"), ["generic-password"]);
    for text in ["\0\u{1}\u{2}\npassword=\"§\"\n", "x\npassword=\"§\"\nand more of it\0rest"] {
        assert_eq!(rules("a", text), Vec::<String>::new(), "{text:?}");
    }
    let long = format!("\0{}password=\"§\"", "words and words\n".repeat(400));
    assert_eq!(rules("a", &long), Vec::<String>::new());
}

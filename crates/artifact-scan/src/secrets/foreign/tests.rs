//! Configurations of other scanners.

use super::*;
use crate::secrets::{Found, Scan, Scanner};
use crate::{Finding, Piece};

/// In the text, § stands for a token that is put together here, so that no scanner trips over it.
fn find(config: &str, path: &str, text: &str) -> Vec<Finding> {
    let text = text.replace('§', &["a1b2c3d4", "e5f6g7h8", "i9j0"].concat());
    let scanner = Scanner::new(read(config).expect("config").rules).expect("scanner");
    let mut scan = Scan::new(&scanner, Found::new(b"key"));
    let piece = Piece { bytes: text.as_bytes(), again: 0, offset: 0, lines_before: 0, column_before: 0, is_last: true };
    scan.piece(&[path.to_owned()], &piece);
    scan.into_found().into_findings()
}

const CONFIG: &str = r#"
title = "own"
[extend]
useDefault = true
[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''(?i)\bacme[_-](?:key|token)\s*[:=]\s*["']?([a-z0-9]{20})\b'''
keywords = ["ACME"]
entropy = 2.5
filter = '''entropy(secret) > 3.0'''
[[rules.allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''(?i)sample''']
paths = ['''\.md$''']
[[rules]]
id = "acme-key-file"
path = '''\.acme$'''
[allowlist]
stopwords = ["AAAA"]
"#;

#[test]
fn the_group_is_the_secret_and_the_context_counts() {
    let findings = find(CONFIG, "a.env", "ACME_TOKEN=§");
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].rule.as_str(), findings[0].places[0].column), ("acme-token", 12));
    for text in ["XACME_TOKEN=§", "ACME_TOKEN=aaaabbbbaaaabbbbaaaa", "ACME_TOKEN=§k1"] {
        assert_eq!(find(CONFIG, "a.env", text), [], "{text}");
    }
}

#[test]
fn allowlists_join_their_terms_as_they_say() {
    let line = "sample: ACME_TOKEN=§";
    assert_eq!(find(CONFIG, "a.env", line).len(), 1);
    assert_eq!(find(CONFIG, "a.md", line).len(), 0);
}

#[test]
fn what_is_not_supported_is_told() {
    let told = read(CONFIG).expect("config").told;
    for part in [
        "`extend` of the file",
        "`filter` of rule acme-token",
        "rule acme-key-file finds files",
        "allowlist of the file counts",
    ] {
        assert!(told.iter().any(|sentence| sentence.contains(part)), "{part} in {told:?}");
    }
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let config = "[[rules]]\nid = 'a'\nregex = '('\n[[rules]]\nregex = 'x'\n[[rules]]\nid = 'b'\n[[rules]]\nid='c'\nregex='x'\nsecretGroup=2";
    let problems = read(config).expect_err("problems");
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(read("= 1").is_err());
}

#[test]
fn a_regex_that_is_none_is_told_in_its_own_sentence() {
    for (regex, parts) in [
        ("key_(?=x)[a-z]{8}", ["look-around", "is not supported"]),
        ("key_(?<!x)[a-z]{8}", ["look-around", "`(?<!x)"]),
        ("key_([a-z]{8}", ["unclosed group", "`([a-z]{8}"]),
        ("(k)_\\\\1", ["backreferences are not supported", "at `"]),
    ] {
        let config = format!("[[rules]]\nid = 'a'\nregex = '{}'\nkeywords = ['key_']", regex.replace("\\\\", "\\"));
        let problems = read(&config).expect_err("problems");
        assert!(problems[0].starts_with("rule a: its regex: "), "{problems:?}");
        assert!(parts.iter().all(|part| problems[0].contains(part)), "{problems:?}");
    }
    let config = "[[rules]]\nid = 'a'\nregex = 'x{9}'\nkeywords = ['xxxx']\n[rules.allowlist]\nregexes = ['(?!y)']";
    assert!(read(config).expect_err("problems")[0].contains("look-around"));
}

#[test]
fn a_file_without_rules_is_refused() {
    for config in ["", "title = 'x'", "[[rule]]\nid = 'a'\nregex = 'x'", "[extend]\nuseDefault = true"] {
        assert_eq!(read(config).expect_err("problems"), ["there is no rule in it; write `[[rules]]`"], "{config}");
    }
}

#[test]
fn a_key_of_many_lines_is_found_whole() {
    let config =
        "[[rules]]\nid = 'key'\nregex = '-----BEGIN[ A-Z]{0,30}-----[\\s\\S]{64,}?-----END'\nkeywords = ['-----begin']";
    for lines in [10, 60, 160] {
        let text = format!(
            "x\n-----BEGIN X-----\n{}-----END",
            "Zm9vYmFyZm9vYmFy+Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9v\n".repeat(lines)
        );
        assert_eq!(find(config, "a.pem", &text).len(), 1, "{lines}");
    }
}

#[test]
fn an_empty_keyword_is_none() {
    let foreign = read("[[rules]]\nid = 'a'\nregex = 'x[0-9]{9}'\nkeywords = ['']").expect("config");
    assert!(foreign.rules[0].keywords.is_empty());
    assert_eq!(foreign.told.len(), 1, "{:?}", foreign.told);
}

#[test]
fn of_a_very_long_line_only_what_is_near_counts() {
    let config = CONFIG.replace("condition = \"AND\"", "");
    let near = format!("sample {}ACME_TOKEN=§ ", "x ".repeat(500));
    assert_eq!(find(&config, "a.env", &near), []);
    let bundle = format!("sample {}", "ACME_TOKEN=§ ".repeat(30_000));
    assert_eq!(find(&config, "a.env", &bundle).len(), 1);
}

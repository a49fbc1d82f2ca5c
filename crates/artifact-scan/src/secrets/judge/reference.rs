//! Values that only say where the value is, or that somebody is to put one here.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use super::super::measure::changes;
use super::machine::is_machine_made;
use super::words::{any_of, is_placeholder};

/// They stand inside references of all kinds: shells, templates, formats, CloudFormation, other languages.
const MARKS: [&str; 19] = [
    "${",
    "{{",
    "}}",
    "$(",
    "#{",
    "<%",
    "%>",
    "%(",
    "@@",
    "||",
    "****",
    "....",
    "----",
    "____",
    "[redacted",
    "ssm:",
    "vault:",
    "getenv",
    "arn:aws",
];
/// The same, of so many letters that chance makes none.
const NAMES: [&str; 4] = ["://", "process.env", "os.environ", "secretsmanager"];
/// They stand around what a template asks for.
const BRACKETS: [(&str, &str); 7] =
    [("${", "}"), ("{{", "}}"), ("$(", ")"), ("#{", "}"), ("<%", "%>"), ("%(", ")s"), ("<", ">")];
/// Bytes of the shortest word in angle brackets.
const SHORTEST: usize = 4;
/// They stand where a format puts a value.
const FORMATS: [&str; 3] = ["%s", "%v", "%d"];
/// They stand at the front of references.
const FRONTS: [&str; 5] = ["{", "<", "./", "../", "~/"];
/// The same, of so many letters that chance makes none.
const NAMED_FRONTS: [&str; 13] = [
    "arn:", "enc(", "enc[", "env.", "env:", "var.", "local.", "data.", "secrets.", "config.", "self.", "this.",
    "module.",
];
/// Ends of names of files, and of what is cut off.
const ENDS: [&str; 26] = [
    "...", "…", ".json", ".yaml", ".yml", ".zip", ".js", ".ts", ".tsx", ".py", ".txt", ".pem", ".key", ".crt", ".html",
    ".xml", ".css", ".map", ".java", ".go", ".rs", ".md", ".sh", ".env", ".com", ".net",
];

static ANY_MARK: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(&MARKS));
static ANY_NAME: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(&NAMES));

/// Whether the value is no value. What a machine made may look like a part of a reference by chance.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let begins = |front: &&str| lower.starts_with(front.as_bytes());
    let looks_it = || {
        FRONTS.iter().any(begins)
            || is_expression(value)
            || is_format(value)
            || ENDS.iter().any(|end| lower.ends_with(end.as_bytes()))
            || ANY_MARK.is_match(value)
            || is_call(&lower)
            || is_wrapped(value)
    };
    ANY_NAME.is_match(value)
        || NAMED_FRONTS.iter().any(begins)
        || is_placeholder(value)
        || is_variable(value)
        || is_hash(value)
        || is_encrypted(value)
        || BRACKETS.iter().any(|(open, close)| is_template(&lower, open, close))
        || (!is_machine_made(value) && looks_it())
}

/// `${name}` and the like: between the brackets stands an expression.
fn is_template(value: &[u8], open: &str, close: &str) -> bool {
    // Most values have none, which is told faster so.
    if !value.contains(&open.as_bytes()[0]) {
        return false;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:/ |'\"[]$@,()".contains(byte);
    memmem::find_iter(value, open.as_bytes()).any(|at| {
        let inner = &value[at + open.len()..];
        let inner = memmem::find(inner, close.as_bytes()).map(|end| inner[..end].trim_ascii());
        let inner = inner.filter(|inner| open != "<" || inner.len() >= SHORTEST);
        inner.is_some_and(|inner| inner.first().is_some_and(u8::is_ascii_alphabetic) && inner.iter().all(is_part))
    })
}

/// `$NAME`, `!Ref`, `$_POST['name']`
fn is_variable(value: &[u8]) -> bool {
    let Some((name, behind)) = split_variable(value) else { return false };
    let is_long = name.len() > 3 && !name.iter().any(u8::is_ascii_digit);
    (behind.is_empty() && !has_digit_inside(name)) || (is_long && goes_on(behind))
}

fn goes_on(behind: &[u8]) -> bool {
    [&b"["[..], b"(", b"/", b"->", b"::"].iter().any(|next| behind.starts_with(next))
}

/// `$name->of`, `$name[1]`, `!name.of`, `$HOME/file`
fn is_expression(value: &[u8]) -> bool {
    let Some((name, behind)) = split_variable(value) else { return false };
    let is_capital = name.len() > 2 && !name.iter().any(u8::is_ascii_lowercase) && !has_digit_inside(name);
    is_capital || goes_on(behind) || (behind.starts_with(b".") && !has_digit_inside(name))
}

/// The name behind `$` or `!`, and what follows it.
fn split_variable(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = value.split_first().filter(|(mark, _)| matches!(mark, b'$' | b'!'))?;
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let (name, behind) = rest.split_at(rest.iter().take_while(is_word).count());
    name.first().is_some_and(|first| !first.is_ascii_digit()).then_some((name, behind))
}

/// `$2b$12$…`, `$argon2id$…`
fn is_hash(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"$") else { return false };
    let is_kind = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    memchr::memchr(b'$', rest).is_some_and(|end| (1..=16).contains(&end) && rest[..end].iter().all(is_kind))
}

/// `{cipher}…`, `{bcrypt}…`, and Maven's base64 in braces.
fn is_encrypted(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"{") else { return false };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-".contains(byte);
    memchr::memchr(b'}', rest).is_some_and(|end| end >= SHORTEST && rest[..end].iter().all(is_base64))
}

/// Whether letters follow digits more than once, or once where little else is alike: few names are so.
fn has_digit_inside(name: &[u8]) -> bool {
    let inside = name.windows(2).filter(|pair| pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic()).count();
    inside > 1 || (inside == 1 && name.len() >= 10 && changes(name) >= 0.5)
}

/// `user-%s`: what is left without the marks is no password.
fn is_format(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let rest = FORMATS.iter().fold(text.to_string(), |rest, format| rest.replace(format, ""));
    rest.len() < text.len() && !super::password::is_mixed(rest.as_bytes())
}

/// `name(…)`, `name[…]`
fn is_call(value: &[u8]) -> bool {
    let is_open = |byte: &u8| matches!(byte, b'(' | b'[');
    let word = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'$'))
        .count();
    word > 0
        && value.get(word).is_some_and(is_open)
        && value.iter().any(|byte| matches!(byte, b')' | b']' | b'"' | b'\''))
}

/// `%NAME%`, `__NAME__`, `[name]`
fn is_wrapped(value: &[u8]) -> bool {
    [(b'%', b'%'), (b'_', b'_'), (b'[', b']'), (b'(', b')'), (b'@', b'@'), (b'#', b'#')]
        .iter()
        .any(|(open, close)| value.len() > 2 && value.first() == Some(open) && value.last() == Some(close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_makes_a_reference_of_a_word() {
        for mark in MARKS {
            let value = format!("orders{mark}Name");
            assert!(is_reference(value.as_bytes()) && is_reference(value.to_uppercase().as_bytes()), "{value}");
        }
        assert!(!is_reference(b"ordersName"));
    }

    #[test]
    fn references_are_told_from_passwords_with_their_marks() {
        for reference in [
            "$DB_PASS",
            "$name1",
            "$this->p1",
            "$_POST['x1']",
            "$2b$12$abcdefgh",
            "$obj.pass1",
            "!Ref",
            "!e.pass1",
            "${X}",
            "a${x.y}b",
            "{{ pw }}",
            "$(cat x)",
            "#{pw}",
            "<your-pw>",
            "%(pw)s",
            "user-%s",
            "%d items",
            "$HOME/x1",
            "postgres://x",
            "!ImportValue",
            "aB3${NAME}dE5",
            "[x]",
            "x(y)",
        ] {
            assert!(is_reference(reference.as_bytes()), "{reference}");
        }
        for other in [
            "$Kq7vT2mx9Bw",
            "!Kq7vT2mx9Bw",
            "aK7%dx92Lq!w",
            "q{7Z<t\\9>xV!2#k",
            "}K%s8(s-T3]w|Yb=",
            "{q7Zt!9xV2#kM",
            "Enterprise#2024",
            "Contest#9921x",
        ] {
            assert!(!is_reference(other.as_bytes()), "{other}");
        }
    }
}

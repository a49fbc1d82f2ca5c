//! Values that only say where the value is, or that somebody is to put one here.

use memchr::memmem;

/// They stand inside references of all kinds: shells, templates, formats, CloudFormation, other languages.
const MARKS: [&str; 22] = [
    "${",
    "{{",
    "}}",
    "$(",
    "#{",
    "<%",
    "%>",
    "%(",
    "%s",
    "%v",
    "%d",
    "@@",
    "://",
    "process.env",
    "os.environ",
    "getenv",
    "secretsmanager",
    "ssm:",
    "vault:",
    "arn:aws",
    "[redacted",
    "||",
];
/// They stand at the front of references.
const FRONTS: [&str; 20] = [
    "$", "{", "<", "!", "arn:", "./", "../", "~/", "enc(", "enc[", "env.", "env:", "var.", "local.", "data.",
    "secrets.", "config.", "self.", "this.", "module.",
];
/// They stand in what somebody is to replace. Letters only and at least four, so that chance seldom makes them.
const WORDS: [&str; 44] = [
    "example",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "placeholder",
    "your",
    "dummy",
    "sample",
    "fake",
    "todo",
    "xxxx",
    "****",
    "....",
    "----",
    "____",
    "insert",
    "replace",
    "redacted",
    "hidden",
    "masked",
    "undefined",
    "null",
    "test",
    "mock",
    "foobar",
    "lorem",
    "default",
    "notreal",
    "not-real",
    "invalid",
    "secret",
    "passw",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "enter",
    "generate",
    "optional",
    "required",
    "encrypted",
    "unused",
    "string",
];
/// Ends of names of files, and of what is cut off.
const ENDS: [&str; 26] = [
    "...", "…", ".json", ".yaml", ".yml", ".zip", ".js", ".ts", ".tsx", ".py", ".txt", ".pem", ".key", ".crt", ".html",
    ".xml", ".css", ".map", ".java", ".go", ".rs", ".md", ".sh", ".env", ".com", ".net",
];

/// Whether the value is no value.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let holds = |part: &&str| memmem::find(&lower, part.as_bytes()).is_some();
    FRONTS.iter().any(|front| lower.starts_with(front.as_bytes()))
        || ENDS.iter().any(|end| lower.ends_with(end.as_bytes()))
        || MARKS.iter().any(holds)
        || WORDS.iter().any(holds)
        || is_call(&lower)
        || is_wrapped(value)
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

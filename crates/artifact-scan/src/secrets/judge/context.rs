//! What stands around a value and what the file is.

use memchr::memmem;

use super::{Case, Operator};

/// Files in which what stands without quotes is an expression.
const CODE: [&str; 48] = [
    "js", "mjs", "cjs", "jsx", "ts", "tsx", "mts", "cts", "map", "py", "java", "kt", "kts", "scala", "go", "rs", "c",
    "h", "cc", "cpp", "hpp", "cs", "vb", "rb", "php", "swift", "m", "dart", "lua", "pl", "html", "vue", "svelte",
    "css", "scss", "less", "pyi", "pyx", "ex", "exs", "erl", "groovy", "gradle", "jl", "zig", "hbs", "erb", "jsp",
];
/// Words of test vectors; two of them make one.
const VECTORS: [&str; 12] = [
    "ciphertext",
    "plaintext",
    "tcid",
    "test vector",
    "testvector",
    "nonce",
    "\"iv\"",
    "msg =",
    "keylen",
    "digest",
    "\"aad\"",
    "count =",
];
/// How far on either side test vectors show themselves.
const NEAR: usize = 240;
/// Bytes at the begin and around a value in which a file that is no text shows itself.
const SAMPLE: usize = 8 << 10;
const AROUND: usize = 1 << 10;

/// Whether the file is code.
pub(super) fn is_code(path: &str) -> bool {
    let extension = path.rsplit(['/', '.']).next().unwrap_or_default();
    path.contains('.') && CODE.iter().any(|code| extension.eq_ignore_ascii_case(code))
}

/// Whether it is text, no test vector and no field of a form.
pub(super) fn speaks_for(case: &Case<'_>) -> bool {
    let around = |reach: usize| case.assignment.around(case.bytes, reach);
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    !around(8).iter().any(is_control)
        && is_text(&case.bytes[..case.bytes.len().min(SAMPLE)])
        && is_text(around(AROUND))
        && !is_vector(&around(NEAR).to_ascii_lowercase())
        && !is_field(case)
}

/// `<input name="password" value="Send">`
fn is_field(case: &Case<'_>) -> bool {
    let first = case.assignment.named.start.min(case.assignment.value.start);
    let near = &case.bytes[first.saturating_sub(NEAR)..first];
    let tag = memchr::memrchr(b'<', near).map_or(&b""[..], |at| &near[at + 1..]);
    let is_tag = |name: &&str| tag.len() > name.len() && tag[..name.len()].eq_ignore_ascii_case(name.as_bytes());
    case.assignment.operator == Operator::Pair && ["input ", "button ", "option "].iter().any(is_tag)
}

/// A program's names and words stand between zeros: what they assign is chance.
fn is_text(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_none()
}

fn is_vector(near: &[u8]) -> bool {
    VECTORS.iter().filter(|word| memmem::find(near, word.as_bytes()).is_some()).count() >= 2
}

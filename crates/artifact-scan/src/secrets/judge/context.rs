//! What stands around a value and what the file is.

use memchr::memmem;

use super::Case;

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

/// Whether the file is code.
pub(super) fn is_code(path: &str) -> bool {
    let extension = path.rsplit(['/', '.']).next().unwrap_or_default();
    path.contains('.') && CODE.iter().any(|code| extension.eq_ignore_ascii_case(code))
}

/// Whether it is text and no test vector.
pub(super) fn speaks_for(case: &Case<'_>) -> bool {
    let (name, value) = (&case.assignment.name, &case.assignment.value);
    let from = name.start.saturating_sub(NEAR);
    let near = &case.bytes[from..case.bytes.len().min(value.end + NEAR)];
    let close = &case.bytes[name.start.saturating_sub(8)..case.bytes.len().min(value.end + 8)];
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    !close.iter().any(is_control) && !is_vector(&near.to_ascii_lowercase())
}

fn is_vector(near: &[u8]) -> bool {
    VECTORS.iter().filter(|word| memmem::find(near, word.as_bytes()).is_some()).count() >= 2
}

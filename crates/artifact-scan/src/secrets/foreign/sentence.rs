//! What is wrong with a regex, in the words of those who read it.

use regex_syntax::{Error, ParserBuilder};

/// Why a regex could not be compiled: its own fault, or `otherwise` if it has none.
pub(super) fn of(regex: &str, otherwise: String) -> String {
    match ParserBuilder::new().utf8(false).build().parse(regex) {
        Err(Error::Parse(error)) => place(regex, error.kind().to_string(), error.span().start.offset),
        Err(Error::Translate(error)) => place(regex, error.kind().to_string(), error.span().start.offset),
        _ => otherwise,
    }
}

/// Bytes of a regex that are shown.
const SHOWN: usize = 24;

fn place(regex: &str, fault: String, at: usize) -> String {
    let shown: String = regex.get(at..).unwrap_or_default().chars().take(SHOWN).collect();
    if shown.is_empty() { format!("its regex: {fault}") } else { format!("its regex: {fault}, at `{shown}`") }
}

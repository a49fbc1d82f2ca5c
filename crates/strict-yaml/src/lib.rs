//! Reads a YAML text into a type and says in one line what cannot be meant.
#![doc = include_str!("../README.md")]

mod explain;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;

/// Far above the 8 KB an SSM parameter can hold.
pub const LONGEST_DOCUMENT: usize = 64 * 1024;

/// Texts from the document are shown up to this many characters.
const SHOWN: usize = 60;

/// Reads the text; an empty one is nothing.
///
/// # Errors
/// One line that names the place and the mistake, and for an unknown key the nearest known one.
pub fn read<T: DeserializeOwned>(yaml: &str) -> Result<Option<T>, String> {
    if yaml.len() > LONGEST_DOCUMENT {
        return Err(format!("{} bytes are too many; use {LONGEST_DOCUMENT} at most", yaml.len()));
    }
    let options = serde_saphyr::options! {
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
    };
    serde_saphyr::from_str_with_options(yaml, options).map_err(|error| explain::explain(&error))
}

/// A text from the document, short, on one line, and with what cannot be seen made visible.
pub fn shown(written: &str) -> String {
    explain::line(written, SHOWN)
}

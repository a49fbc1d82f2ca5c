//! Says in one line what is wrong with a YAML text, where, and what was probably meant.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

use crate::text;

/// A shorter resemblance than this is a guess nobody needs.
const RESEMBLES: f64 = 0.75;
/// Texts from the document are shown up to this length.
const SHOWN: usize = 60;

pub(super) fn explain(error: &Error) -> String {
    let place = error.location().map_or_else(String::new, |at| format!("line {}, column {}: ", at.line(), at.column()));
    format!("{place}{}", text::cut(&text::one_line(&reason(error.without_snippet())), 400))
}

fn reason(error: &Error) -> String {
    match error {
        Error::AliasError { error, .. } => reason(error.without_snippet()),
        Error::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{}` is written twice; keep one", text::cut(key, SHOWN))
        }
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

fn unknown(what: &str, written: &str, known: &[&str]) -> String {
    let likeness = |known: &&&str| strsim::jaro_winkler(written, known);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let written = text::cut(written, SHOWN);
    match nearest.filter(|nearest| likeness(nearest) >= RESEMBLES) {
        Some(nearest) => format!("unknown {what} `{written}`; did you mean `{nearest}`?"),
        None => format!("unknown {what} `{written}`; known are {}", known.join(", ")),
    }
}

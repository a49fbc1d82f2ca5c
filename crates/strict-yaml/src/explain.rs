//! Says in one line what is wrong with a YAML text, where, and what was probably meant.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

use crate::shown;

/// A shorter resemblance than this is a guess nobody needs.
const RESEMBLES: f64 = 0.75;
/// Characters of an explanation.
const LONGEST: usize = 400;

pub(crate) fn explain(error: &Error) -> String {
    let place = error.location().map_or_else(String::new, |at| format!("line {}, column {}: ", at.line(), at.column()));
    format!("{place}{}", line(&reason(error.without_snippet()), LONGEST))
}

/// At most `limit` characters on one line. Control characters, direction marks and what has no width are written as
/// escapes, so that a text cannot look like another one.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut visible = words.chars().flat_map(visible);
    let mut kept: String = visible.by_ref().take(limit).collect();
    if visible.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

fn visible(c: char) -> impl Iterator<Item = char> {
    let quote = ['"', '\'', '\\'].contains(&c);
    quote.then_some(c).into_iter().chain((!quote).then(|| c.escape_debug()).into_iter().flatten())
}

fn reason(error: &Error) -> String {
    match error {
        Error::AliasError { error, .. } => reason(error.without_snippet()),
        Error::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{}` is written twice; keep one", shown(key))
        }
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

fn unknown(what: &str, written: &str, known: &[&str]) -> String {
    let likeness = |known: &&&str| strsim::jaro_winkler(written, known);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let shown = shown(written);
    match nearest.filter(|nearest| likeness(nearest) >= RESEMBLES) {
        Some(nearest) => format!("unknown {what} `{shown}`; did you mean `{nearest}`?"),
        None => format!("unknown {what} `{shown}`; known are {}", known.join(", ")),
    }
}

//! Names the known word that was probably meant.

use crate::shown;

/// A shorter resemblance than this is a guess nobody needs.
const RESEMBLES: f64 = 0.75;

/// What to say of a word nobody knows: the nearest known one, or all. `what` is what kind of word it is.
pub fn unknown(what: &str, written: &str, known: &[&str]) -> String {
    let nearest = known.iter().max_by(|a, b| likeness(written, a).total_cmp(&likeness(written, b)));
    let shown = shown(written);
    match nearest.filter(|nearest| resembles(written, nearest)) {
        Some(nearest) => format!("unknown {what} `{shown}`; did you mean `{nearest}`?"),
        None => format!("unknown {what} `{shown}`; known are {}", known.join(", ")),
    }
}

/// Whether one word may be meant where the other is written.
pub(crate) fn resembles(written: &str, meant: &str) -> bool {
    likeness(written, meant) >= RESEMBLES
}

/// From 0 to 1.
fn likeness(written: &str, meant: &str) -> f64 {
    strsim::jaro_winkler(written, meant)
}

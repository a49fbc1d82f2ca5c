//! A text of somebody else's as people can read it.

/// Texts from a document are shown up to this many characters.
const SHOWN: usize = 60;

/// A text from the document, short, on one line, and with what cannot be seen made visible.
pub fn shown(written: &str) -> String {
    line(written, SHOWN)
}

/// At most `limit` characters on one line. Control characters, direction marks and what has no width are written as
/// escapes, so that a text cannot look like another one.
fn line(text: &str, limit: usize) -> String {
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

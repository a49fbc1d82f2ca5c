//! Names and texts of somebody else's making, so that they act on nothing: no terminal, page, table, link or path.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::Root;
use crate::name::is_invisible;

/// What stands for itself in a URI (RFC 3986, "unreserved"), and the slash between names.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The text on one line, and what cannot be seen in it made visible.
pub(crate) fn visible(text: &str) -> String {
    let escaped = |c: char| c.is_control() || is_invisible(c);
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if escaped(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Where a place is of which a root is known: a reference that can be followed from where the scan was begun, or from
/// anywhere if the root is absolute. Names below the root lead nowhere else.
pub(super) fn address(path: &[String], roots: &[Root]) -> String {
    let root =
        path.split_first().and_then(|(first, below)| Some((roots.iter().find(|root| root.name == *first)?, below)));
    let Some((root, below)) = root else { return uri(path) };
    let base = uri_of_root(&root.path);
    match (below, root.is_folder) {
        ([], _) => base,
        (below, true) if base.is_empty() || base.ends_with('/') => format!("{base}{}", uri(below)),
        (below, true) => format!("{base}/{}", uri(below)),
        (below, false) => format!("{base}!/{}", uri(below)),
    }
}

/// Somebody who scans has written it, so it may lead up.
fn uri_of_root(path: &str) -> String {
    let encoded = percent_encode(path.as_bytes(), IN_PATHS).to_string();
    match path {
        "." => String::new(),
        path if path.starts_with('/') => format!("file://{encoded}"),
        _ => encoded,
    }
}

/// The path as a relative reference. No name leads up, to another root, or to a host.
pub(super) fn uri(path: &[String]) -> String {
    path.iter().map(|name| uri_of_name(name)).collect::<Vec<_>>().join("!/")
}

fn uri_of_name(name: &str) -> String {
    let part = |part: &str| match part {
        // Readers take an encoded dot for a dot, so it is encoded twice.
        "." => String::from("%252E"),
        ".." => String::from("%252E%252E"),
        part => percent_encode(part.as_bytes(), IN_PATHS).to_string(),
    };
    let mut parts: Vec<String> = name.split('/').map(part).collect();
    let is_rooted = parts.len() > 1 && parts[0].is_empty();
    if is_rooted {
        parts.remove(0);
        parts[0].insert_str(0, "%2F");
    }
    parts.join("/")
}

/// A code span of Markdown, in a cell of a table. Nothing in it is a link, a mention, a tag or the end of the cell.
pub(super) fn code(text: &str) -> String {
    let text = visible(text).replace('|', "\\u{7c}");
    if text.trim().is_empty() {
        return String::from("` `");
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Plain text of Markdown, in a cell of a table. A word that could mention people is code: they are found in what a page
/// shows, however it is escaped.
pub(super) fn plain(text: &str) -> String {
    let word = |word: &str| if word.contains('@') { code(word) } else { plain_word(word) };
    visible(text).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn plain_word(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' => escaped.push_str("&#124;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '$' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    // No text of ours is a link, and what looks like one is not made into one.
    escaped.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")
}

/// A message of SARIF, in which brackets are links and braces stand for arguments.
pub(super) fn sarif_message(text: &str) -> String {
    let visible = visible(text);
    let mut escaped = String::with_capacity(visible.len());
    for c in visible.chars() {
        match c {
            '[' | ']' | '\\' => escaped.extend(['\\', c]),
            '{' | '}' => escaped.extend([c, c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON in which every character can be seen; it says the same as any other JSON of the value.
pub(super) fn json(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let formatter = Visible(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).expect("texts and numbers can be written");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

struct Visible(PrettyFormatter<'static>);

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if c.is_control() || is_invisible(c) {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            } else {
                writer.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

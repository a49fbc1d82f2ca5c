//! Something in a document that cannot be meant, and where.

use std::fmt;

use granit_parser::Marker;

/// Nobody reads more at once.
pub(crate) const MOST_PROBLEMS: usize = 50;

/// Something in a document that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1; a problem of the whole document has none.
    pub line: Option<u64>,
    /// The column in characters, from 1.
    pub column: Option<u64>,
    /// What is wrong, and what to do.
    pub text: String,
}

/// A place in a document, in characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl Problem {
    /// A problem of the whole document.
    pub fn whole(text: impl Into<String>) -> Self {
        Self { line: None, column: None, text: text.into() }
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self::whole(text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(formatter, "line {line}, column {column}: {}", self.text),
            _ => formatter.write_str(&self.text),
        }
    }
}

impl std::error::Error for Problem {}

impl At {
    /// The parser counts lines from 1 and columns from 0.
    pub(crate) fn of(marker: &Marker) -> Self {
        Self { line: marker.line() as u64, column: marker.col() as u64 + 1 }
    }

    /// A problem that stands there.
    pub fn problem(self, text: impl Into<String>) -> Problem {
        Problem { line: Some(self.line), column: Some(self.column), text: text.into() }
    }
}

/// Problems as they are read: by their lines, each once, and not too many.
pub fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    if problems.len() > MOST_PROBLEMS {
        let more = problems.len() - MOST_PROBLEMS;
        problems.truncate(MOST_PROBLEMS);
        problems.push(Problem::whole(format!("and {more} more")));
    }
    problems
}

//! What a check prints, and the exit code that goes with it.

use std::fmt::{Display, Write as _};
use std::io;

use super::document::Checked;

/// The findings of all files.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// For standard output.
    pub(super) findings: String,
    /// For standard error.
    pub(super) failures: String,
    files: usize,
    problems: usize,
    wrong: usize,
    unread: usize,
}

impl Report {
    pub(super) const FINE: u8 = 0;
    pub(super) const PROBLEMS: u8 = 1;
    pub(super) const COULD_NOT_READ: u8 = 2;

    /// A file that was read.
    pub(super) fn add(&mut self, name: &str, checked: &Checked) {
        let count = checked.problems.len();
        self.files += 1;
        self.problems += count;
        self.wrong += usize::from(count > 0);
        self.line(format_args!("{name}: {}, {}", checked.what, counted(count, "problem")));
        for problem in &checked.problems {
            match (problem.line, problem.column) {
                (Some(line), Some(column)) => self.line(format_args!("{name}:{line}:{column}: {}", problem.text)),
                _ => self.line(format_args!("{name}: {}", problem.text)),
            }
        }
    }

    /// A file that could not be read.
    pub(super) fn fail(&mut self, name: &str, error: &io::Error) {
        self.files += 1;
        self.unread += 1;
        let _ = writeln!(self.failures, "error: cannot read {name}: {error}");
    }

    pub(super) fn summary(&self) -> String {
        let files = counted(self.files, "file");
        let problems = counted(self.problems, "problem");
        let within = if self.wrong > 0 { format!(" in {} of them", self.wrong) } else { String::new() };
        let unread = if self.unread > 0 { format!(", {} could not be read", self.unread) } else { String::new() };
        format!("{files}, {problems}{within}{unread}")
    }

    pub(super) fn code(&self) -> u8 {
        match self {
            _ if self.unread > 0 => Self::COULD_NOT_READ,
            _ if self.problems > 0 => Self::PROBLEMS,
            _ => Self::FINE,
        }
    }

    fn line(&mut self, line: impl Display) {
        let _ = writeln!(self.findings, "{line}");
    }
}

/// `no problems`, `1 problem`, `2 problems`.
fn counted(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

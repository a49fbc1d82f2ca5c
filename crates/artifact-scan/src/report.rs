//! Reports of a scan: SARIF, JSON and Markdown. None of them holds a secret, and what stands in them of the artifact's
//! making acts on nothing.

mod escape;
pub mod json;
mod markdown;
mod sarif;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::policy::Format;
use crate::{Judgement, RuleBook, Scanned};

pub(crate) use escape::visible;

/// The most characters of a redacted secret that are shown.
const LONGEST_SHOWN: usize = 64;

/// All that is reported.
#[derive(Debug, Clone, Copy)]
pub struct Report<'r> {
    /// What was scanned by what.
    pub about: &'r About,
    /// The rules that looked.
    pub book: &'r RuleBook<'r>,
    /// What was found and read.
    pub scanned: &'r Scanned,
    /// What the policy says of it.
    pub judgement: &'r Judgement<'r>,
}

/// What was scanned by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What was scanned, for people: the name of the artifact or a path.
    pub artifact: String,
    /// The policy's name; none for the defaults.
    pub policy: Option<String>,
    /// Which version of the policy: that of its parameter, or a hash.
    pub policy_version: Option<String>,
    /// When the scan ended.
    pub ended: Timestamp,
    /// What was done otherwise than somebody may think, such as rules of which a part has no effect.
    pub notes: Vec<String>,
}

/// Where one of several things that were scanned lies, if that is a file or a folder that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// What stands first in the paths of its places.
    pub name: String,
    /// The path that leads to it.
    pub path: String,
    /// What is in it lies in a folder, not in an archive.
    pub is_folder: bool,
}

impl Report<'_> {
    /// The report in that form.
    pub fn text(&self, format: Format) -> String {
        self.text_from(format, &[])
    }

    /// The report in that form. The addresses in it lead below these roots, where they are known.
    pub fn text_from(&self, format: Format, roots: &[Root]) -> String {
        match format {
            Format::Sarif => sarif::text(self, roots),
            Format::Json => json::text(self),
            Format::Markdown => markdown::text(self),
        }
    }
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Sarif, Self::Json, Self::Markdown];

    /// What its file is called.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Sarif => "scan.sarif",
            Self::Json => "scan.json",
            Self::Markdown => "scan.md",
        }
    }

    /// What it says of itself over HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Sarif => "application/sarif+json",
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

/// The version of this scanner.
const SCANNER_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is shown of a secret, if it is as short as that can be.
fn shown(text: &str) -> String {
    crate::verdict::cut(&visible(text), LONGEST_SHOWN)
}

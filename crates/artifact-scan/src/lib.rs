//! Scans an artifact before it ships: every byte of it is scanned, skipped for a reason, or told to be unreadable.
#![doc = include_str!("../README.md")]

mod baseline;
mod broken;
mod budget;
mod content;
#[cfg(any(test, feature = "testing"))]
pub mod corpus;
mod coverage;
mod entry_path;
mod finding;
mod gzip;
mod input;
mod limits;
mod name;
mod piece;
pub mod policy;
mod recognise;
pub mod report;
mod room;
mod rule_text;
mod scanned;
pub mod secrets;
mod tar;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_reports;
mod unpack;
mod verdict;
mod visitor;
mod walk;
pub mod zip;

pub use baseline::{Baseline, BaselineError};
pub use broken::Broken;
pub use budget::Budget;
pub use coverage::{Amount, Coverage, Gap, MOST_GAPS};
pub use entry_path::EntryPath;
pub use finding::{Finding, Fingerprint, Place, Severity};
pub use limits::Limits;
pub use name::shown as shown_name;
pub use piece::{OVERLAP, Piece};
pub use policy::Policy;
pub use report::{About, Report, Root};
pub use room::{MOST_FINDINGS, MOST_PLACES};
pub use rule_text::{RuleBook, RuleText};
pub use scanned::{Noted, Scanned, ScannedError};
pub use verdict::{Counts, Judged, Judgement, LONGEST_MESSAGE, Outcome, Reason, Standing, Verdict, judge};
pub use visitor::{Nature, Visitor};
pub use walk::Walk;

//! A policy: what fails a scan, what is passed over, and by whose word.
//!
//! ```yaml
//! scan:
//!   fail: high                        # and worse
//!   rules: { off: [aws], on: [aws-secret-access-key], from: s3://scans/orders/rules.toml }
//!   skip: ['docs/**', '**/*.png', 'lib/*.jar!/META-INF/**']
//!   gaps: { otherwise: fail, allow: [{ reasons: [encrypted], paths: ['licences/**'] }] }
//!   limits: { artifact: 4 GiB, depth: 3 }
//!   suppressions:
//!     - { rule: github, path: 'tests/**', reason: of the tests' own server, owner: team-orders, expires: 2026-05-01 }
//!   suppression-days: 90              # how far away `expires` may be
//!   suppressions-in-artifact: false
//!   baseline: s3://scans/orders/baseline.json
//!   reports: { formats: [sarif, json, markdown], to: s3://scans/orders }
//! ```
//!
//! Each key may be left out. What is above is the default of `fail`, `otherwise`, `suppression-days`,
//! `suppressions-in-artifact` and `formats`.

mod paths;
mod reports;
mod size;
mod suppression;
#[cfg(test)]
mod tests;
mod written;

use jiff::Timestamp;

use crate::{Broken, Gap, Limits, RuleBook, Severity};

pub use paths::Paths;
pub(crate) use paths::joined;
pub use reports::{Format, Reports, S3Address};
pub(crate) use size::size;
pub use strict_yaml::Problem;
pub use suppression::{Suppression, Writer};

/// How long a suppression may last where the policy says nothing else, in days.
pub const SUPPRESSION_DAYS: u16 = 90;

/// The name of the entry, in the artifact's outermost folder, with the suppressions that the artifact brings.
pub const SUPPRESSIONS_ENTRY: &str = "pipewarden-suppressions.yaml";

/// A policy that can be judged by.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Findings of this severity and of worse ones fail.
    pub fail: Severity,
    /// How much is read before the scan gives up.
    pub limits: Limits,
    /// Where the known findings are kept.
    pub baseline: Option<S3Address>,
    /// Where reports go.
    pub reports: Reports,
    pub(crate) suppressions: Vec<Suppression>,
    rules: Selection,
    skip: Paths,
    gaps: Gaps,
    suppression_days: u16,
    heeds_artifact: bool,
}

/// Which rules look.
#[derive(Debug, Clone, Default)]
struct Selection {
    off: Vec<String>,
    on: Vec<String>,
    from: Option<S3Address>,
}

/// What it means that something could not be read.
#[derive(Debug, Clone, Default)]
struct Gaps {
    otherwise: GapTerm,
    allow: Vec<AllowedGap>,
}

/// What a gap does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "kebab-case")]
enum GapTerm {
    /// It fails the scan.
    #[default]
    Fail,
    /// It is reported and fails nothing.
    Report,
}

/// Gaps that fail nothing: of one of these reasons, if any is named, at one of these paths, if any is named.
#[derive(Debug, Clone)]
struct AllowedGap {
    reasons: Vec<Broken>,
    paths: Paths,
}

impl Default for Policy {
    /// Every rule looks everywhere; what is high or worse fails, and what cannot be read.
    fn default() -> Self {
        Self {
            fail: Severity::High,
            limits: Limits::default(),
            baseline: None,
            reports: Reports::default(),
            suppressions: Vec::new(),
            rules: Selection::default(),
            skip: Paths::default(),
            gaps: Gaps::default(),
            suppression_days: SUPPRESSION_DAYS,
            heeds_artifact: false,
        }
    }
}

impl Policy {
    /// Reads and checks the `scan` section of a policy's document, YAML or JSON.
    ///
    /// # Errors
    /// Every problem of the document, in the order of its lines. A document that is not YAML ends at its first problem.
    pub fn parse(text: &str, book: &RuleBook<'_>, now: Timestamp) -> Result<Self, Vec<Problem>> {
        written::parse(text, book, now)
    }

    /// Everything that is wrong with the document: what [`Policy::parse`] tells, or suppressions whose last day is over,
    /// each of which fails every scan.
    pub fn problems(text: &str, book: &RuleBook<'_>, now: Timestamp) -> Vec<Problem> {
        written::problems(text, book, now)
    }

    /// Where the document says that more rules are. It is read before the rest of the document, which may name these
    /// rules; what is wrong with it is told by [`Policy::parse`].
    pub fn more_rules(text: &str) -> Option<S3Address> {
        written::more_rules(text)
    }

    /// Adds the suppressions that the artifact itself brings: a list as below `suppressions`. Without the policy's
    /// leave they are nothing, whatever stands there. They count in this artifact only: of several, `within` is the name
    /// that stands first in the paths of its places.
    ///
    /// # Errors
    /// As for [`Policy::parse`].
    pub fn heeding(
        mut self,
        artifact: &str,
        book: &RuleBook<'_>,
        now: Timestamp,
        within: Option<&str>,
    ) -> Result<Self, Vec<Problem>> {
        if self.heeds_artifact {
            let theirs = written::parse_suppressions(artifact, book, now, self.suppression_days)?;
            let within = within.map(str::to_owned);
            self.suppressions.extend(theirs.into_iter().map(|theirs| Suppression { within: within.clone(), ..theirs }));
        }
        Ok(self)
    }

    /// Whether suppressions in the artifact count.
    pub fn heeds_artifact(&self) -> bool {
        self.heeds_artifact
    }

    /// Where rules are kept that look besides the built-in ones.
    pub fn rules_from(&self) -> Option<&S3Address> {
        self.rules.from.as_ref()
    }

    /// Whether the rule looks. What is named most exactly counts.
    pub fn runs(&self, rule: &str) -> bool {
        let exact =
            |names: &[String]| names.iter().filter(|name| crate::rule_text::names(name, rule)).map(String::len).max();
        exact(&self.rules.off) <= exact(&self.rules.on)
    }

    /// Whether the entry is left out. One with a name that two readers could take for different ones is not.
    pub fn skips(&self, path: &[String]) -> bool {
        self.skip.have(path)
    }

    /// The globs of `skip`, as they are written.
    pub fn skip_globs(&self) -> &[String] {
        self.skip.written()
    }

    /// The globs by which the entry is left out, by their places in [`Policy::skip_globs`]. It takes longer than
    /// [`Policy::skips`].
    pub fn skipped_by(&self, path: &[String]) -> Vec<usize> {
        self.skip.which(path)
    }

    /// Whether the gap fails the scan.
    pub fn fails_for(&self, gap: &Gap) -> bool {
        let allows = |allowed: &AllowedGap| {
            (allowed.reasons.is_empty() || allowed.reasons.contains(&gap.reason))
                && (allowed.paths.is_empty() || allowed.paths.have(&gap.path))
        };
        self.fails_for_unknown_gaps() && !self.gaps.allow.iter().any(allows)
    }

    /// Whether gaps fail the scan of which nothing is known.
    pub(crate) fn fails_for_unknown_gaps(&self) -> bool {
        self.gaps.otherwise == GapTerm::Fail
    }

    /// The JSON schema of a policy's document, as far as it is read here.
    #[cfg(feature = "schema")]
    pub fn schema() -> serde_json::Value {
        strict_yaml::schema::<written::Document>()
    }
}

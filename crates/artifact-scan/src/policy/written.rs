//! A policy as it is written, and how it is checked: every problem is told, with its place.

mod limits;
mod suppressions;

use jiff::Timestamp;
use serde::Deserialize;
use strict_yaml::{At, Elsewhere, Node, Problem, Value, in_order, read_node};

use super::paths::PathGlob;
use super::{
    AllowedGap, Format, GapTerm, Gaps, Paths, Policy, Reports, S3Address, SUPPRESSION_DAYS, Selection, Suppression,
    Writer,
};
use crate::{Broken, RuleBook, Severity};
use limits::WrittenLimits;
use suppressions::{Terms, WrittenSuppression};

/// A year.
const MOST_SUPPRESSION_DAYS: u16 = 366;

/// The first level of the document.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// What fails a scan.
    scan: Written,
    /// Read by `gate-checks`.
    #[serde(default, rename = "gate")]
    _gate: Elsewhere,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    /// Findings of this severity and of worse ones fail.
    #[serde(default = "high")]
    fail: Severity,
    /// Which rules look; without it, all.
    #[serde(default)]
    rules: WrittenRules,
    /// Paths that are not scanned, such as `docs/**`. In an archive: `lib/*.jar!/docs/**`.
    #[serde(default)]
    skip: Vec<PathGlob>,
    /// What it means that something cannot be read.
    #[serde(default)]
    gaps: WrittenGaps,
    /// How much is read.
    #[serde(default)]
    limits: WrittenLimits,
    /// Findings that are accepted for a while.
    #[serde(default)]
    suppressions: Vec<WrittenSuppression>,
    /// How many days from now a suppression may end at most.
    #[serde(default = "suppression_days")]
    suppression_days: u16,
    /// Whether suppressions that stand in the artifact count.
    #[serde(default)]
    suppressions_in_artifact: bool,
    /// Known findings, such as `s3://bucket/baseline.json`; only new ones fail.
    baseline: Option<S3Address>,
    /// Where reports go.
    #[serde(default)]
    reports: WrittenReports,
}

/// By ids, or by their beginnings, such as `aws`; what is named most exactly counts.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct WrittenRules {
    /// These do not look.
    off: Vec<String>,
    /// These do all the same.
    on: Vec<String>,
    /// Rules of your own that look, too, in the form of gitleaks or Betterleaks, such as `s3://bucket/rules.toml`.
    from: Option<S3Address>,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct WrittenGaps {
    /// What gaps do that are not allowed.
    otherwise: GapTerm,
    /// Gaps that fail nothing.
    allow: Vec<WrittenAllowed>,
}

/// Both must be so, if both are written.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct WrittenAllowed {
    /// Why it could not be read.
    reasons: Vec<Broken>,
    /// Where.
    paths: Vec<PathGlob>,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct WrittenReports {
    /// Which reports; without it, all.
    formats: Option<Vec<Format>>,
    /// A folder for them, such as `s3://bucket/scans`.
    to: Option<S3Address>,
}

fn high() -> Severity {
    Severity::High
}

fn suppression_days() -> u16 {
    SUPPRESSION_DAYS
}

pub(super) fn parse(text: &str, book: &RuleBook<'_>, now: Timestamp) -> Result<Policy, Vec<Problem>> {
    let mut problems = Vec::new();
    let root = Node::parse(text, &mut problems);
    if root.is_none() && problems.is_empty() {
        problems.push(Problem::whole("the policy is empty; write `scan: {}` for a scan by the defaults"));
    }
    let policy = root.and_then(|root| {
        let document = read_node::<Document>(&root, &[], &mut problems)?;
        let scan = below(&root, "scan")?;
        Checking { book, now, scan, problems: &mut problems }.policy(document.scan)
    });
    match policy {
        Some(policy) if problems.is_empty() => Ok(policy),
        _ => Err(in_order(problems)),
    }
}

/// What is wrong with a document, or fails every scan.
pub(super) fn problems(text: &str, book: &RuleBook<'_>, now: Timestamp) -> Vec<Problem> {
    let policy = match parse(text, book, now) {
        Ok(policy) => policy,
        Err(problems) => return problems,
    };
    let root = Node::parse(text, &mut Vec::new());
    let list = root.as_ref().and_then(|root| below(below(root, "scan")?, "suppressions"));
    let Some(Value::List(items)) = list.map(|list| &list.value) else { return Vec::new() };
    let expired = policy.suppressions.iter().zip(items).filter(|(suppression, _)| suppression.is_expired(now));
    expired.map(|(suppression, item)| at(item, &["expires"]).problem(suppression.expired())).collect()
}

/// The address below `scan.rules.from`.
pub(super) fn more_rules(text: &str) -> Option<S3Address> {
    let root = Node::parse(text, &mut Vec::new())?;
    match &below(below(below(&root, "scan")?, "rules")?, "from")?.value {
        Value::Scalar { text, .. } => S3Address::try_from(text.clone()).ok(),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// A list of suppressions by itself.
pub(super) fn parse_suppressions(
    text: &str,
    book: &RuleBook<'_>,
    now: Timestamp,
    most_days: u16,
) -> Result<Vec<Suppression>, Vec<Problem>> {
    let mut problems = Vec::new();
    let root = Node::parse(text, &mut problems);
    let read = root.as_ref().and_then(|root| read_node::<Vec<WrittenSuppression>>(root, &[], &mut problems));
    let terms = Terms { book, now, most_days, writer: Writer::Artifact };
    let checked = read.zip(root.as_ref()).map(|(read, root)| terms.check(read, root, &mut problems));
    if problems.is_empty() { Ok(checked.unwrap_or_default()) } else { Err(in_order(problems)) }
}

/// A policy while it is checked: what was read, and what only shows when all is.
struct Checking<'c> {
    book: &'c RuleBook<'c>,
    now: Timestamp,
    scan: &'c Node,
    problems: &'c mut Vec<Problem>,
}

impl Checking<'_> {
    fn policy(mut self, written: Written) -> Option<Policy> {
        let days = self.days(written.suppression_days);
        let terms = Terms { book: self.book, now: self.now, most_days: days, writer: Writer::Policy };
        let suppressions = below(self.scan, "suppressions")
            .map(|node| terms.check(written.suppressions, node, self.problems))
            .unwrap_or_default();
        let limits = written.limits.check(below(self.scan, "limits").unwrap_or(self.scan), self.problems);
        let (skip, gaps) = (self.paths("skip", &written.skip), self.gaps(written.gaps));
        let policy = Policy {
            fail: written.fail,
            limits,
            baseline: written.baseline,
            reports: self.reports(written.reports),
            suppressions,
            rules: self.rules(written.rules),
            skip: skip?,
            gaps,
            suppression_days: days,
            heeds_artifact: written.suppressions_in_artifact,
        };
        self.something_looks(&policy);
        Some(policy)
    }

    fn days(&mut self, days: u16) -> u16 {
        if (1..=MOST_SUPPRESSION_DAYS).contains(&days) {
            return days;
        }
        let told = format!("a suppression lasts from 1 to {MOST_SUPPRESSION_DAYS} days");
        self.tell(at(self.scan, &["suppression-days"]), told);
        MOST_SUPPRESSION_DAYS
    }

    fn rules(&mut self, WrittenRules { off, on, from }: WrittenRules) -> Selection {
        for (key, names) in [("off", &off), ("on", &on)] {
            for (number, name) in names.iter().enumerate() {
                if let Some(told) = self.book.unknown(name) {
                    self.tell(item(self.scan, &["rules", key], number), told);
                }
            }
        }
        for (number, name) in on.iter().enumerate().filter(|(_, name)| off.contains(name)) {
            let told = format!("`{}` is off and on; keep one", strict_yaml::shown(name));
            self.tell(item(self.scan, &["rules", "on"], number), told);
        }
        Selection { off, on, from }
    }

    fn something_looks(&mut self, policy: &Policy) {
        let rules = self.book.rules();
        if !rules.is_empty() && !self.book.has_others() && !rules.iter().any(|rule| policy.runs(rule.id)) {
            self.tell(at(self.scan, &["rules", "off"]), "every rule is off, so nothing here could stop a release");
        }
    }

    fn paths(&mut self, key: &str, globs: &[PathGlob]) -> Option<Paths> {
        Paths::new(globs).map_err(|told| self.tell(at(self.scan, &[key]), told)).ok()
    }

    fn gaps(&mut self, written: WrittenGaps) -> Gaps {
        let mut allow = Vec::new();
        for (number, allowed) in written.allow.into_iter().enumerate() {
            let place = item(self.scan, &["gaps", "allow"], number);
            if allowed.reasons.is_empty() && allowed.paths.is_empty() {
                self.tell(place, "this allows every gap; name `reasons` or `paths`");
            }
            match Paths::new(&allowed.paths) {
                Ok(paths) => allow.push(AllowedGap { reasons: allowed.reasons, paths }),
                Err(told) => self.tell(place, told),
            }
        }
        Gaps { otherwise: written.otherwise, allow }
    }

    fn reports(&mut self, written: WrittenReports) -> Reports {
        let mut formats = written.formats.unwrap_or_else(|| Reports::default().formats);
        formats.sort_unstable();
        formats.dedup();
        if formats.is_empty() {
            self.tell(at(self.scan, &["reports", "formats"]), "there is no report; leave the key out for all");
        }
        Reports { formats, to: written.to }
    }

    fn tell(&mut self, at: At, text: impl Into<String>) {
        self.problems.push(at.problem(text));
    }
}

/// What stands below the key.
fn below<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

/// Where the value stands, or the nearest that is there around it.
fn at(node: &Node, keys: &[&str]) -> At {
    match keys.split_first().and_then(|(key, rest)| Some((below(node, key)?, rest))) {
        Some((node, rest)) => at(node, rest),
        None => node.at,
    }
}

/// Where the item of a list stands.
fn item(node: &Node, keys: &[&str], number: usize) -> At {
    let list = keys.iter().try_fold(node, |node, key| below(node, key));
    match list.map(|list| &list.value) {
        Some(Value::List(items)) => items.get(number).map_or(node.at, |item| item.at),
        _ => node.at,
    }
}

//! Suppressions as they are written, and what each must say.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Deserialize;
use strict_yaml::{At, Node, Problem, Value, shown};

use super::at;
use crate::policy::paths::PathGlob;
use crate::policy::suppression::day;
use crate::policy::{Paths, Suppression, Writer};
use crate::{Fingerprint, RuleBook};

/// Characters of a reason or an owner.
const LONGEST_TEXT: usize = 300;

/// All that is named of `rule`, `fingerprint` and `path` must be so; at least one is.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSuppression {
    /// The rule, or the beginning of several, such as `aws`.
    rule: Option<String>,
    /// The secret, as reports name it.
    fingerprint: Option<Fingerprint>,
    /// Where, such as `tests/**`.
    path: Option<PathGlob>,
    /// Why it is accepted.
    reason: String,
    /// Who answers for it.
    owner: String,
    /// The last day on which it counts, such as `2026-12-31`.
    expires: WrittenDate,
}

/// A day.
#[derive(Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
#[serde(try_from = "String")]
struct WrittenDate(Date);

impl TryFrom<String> for WrittenDate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_day = text.len() == "2026-12-31".len();
        let date = text.parse::<Date>().ok().filter(|_| is_day);
        date.map(Self).ok_or_else(|| format!("`{}` is no day; write one such as 2026-12-31", shown(&text)))
    }
}

/// By what suppressions are judged.
pub(super) struct Terms<'t> {
    pub(super) book: &'t RuleBook<'t>,
    pub(super) now: Timestamp,
    pub(super) most_days: u16,
    pub(super) writer: Writer,
}

impl Terms<'_> {
    /// The suppressions of the list `node`.
    pub(super) fn check(
        &self,
        all: Vec<WrittenSuppression>,
        node: &Node,
        problems: &mut Vec<Problem>,
    ) -> Vec<Suppression> {
        let Value::List(items) = &node.value else { return Vec::new() };
        let mut checked = Vec::new();
        for (written, item) in all.into_iter().zip(items) {
            for (key, told) in self.problems(&written) {
                let place: At = key.map_or(item.at, |key| at(item, &[key]));
                problems.push(place.problem(told));
            }
            match Paths::new(written.path.as_slice()) {
                Ok(path) => checked.push(self.suppression(written, path)),
                Err(told) => problems.push(item.at.problem(told)),
            }
        }
        checked
    }

    fn suppression(&self, written: WrittenSuppression, path: Paths) -> Suppression {
        Suppression {
            rule: written.rule,
            fingerprint: written.fingerprint,
            path,
            within: None,
            reason: written.reason.trim().to_owned(),
            owner: written.owner.trim().to_owned(),
            expires: written.expires.0,
            writer: self.writer,
        }
    }

    /// What cannot be meant, with the key it stands at.
    fn problems(&self, written: &WrittenSuppression) -> Vec<(Option<&'static str>, String)> {
        let mut told = Vec::new();
        if written.rule.is_none() && written.fingerprint.is_none() && written.path.is_none() {
            told.push((None, String::from("this suppresses everything; name `rule`, `fingerprint` or `path`")));
        }
        told.extend(written.rule.as_ref().and_then(|rule| self.book.unknown(rule)).map(|text| (Some("rule"), text)));
        for (key, text) in [("reason", &written.reason), ("owner", &written.owner)] {
            told.extend(text_problem(key, text).map(|text| (Some(key), text)));
        }
        told.extend(self.too_late(written.expires.0).map(|text| (Some("expires"), text)));
        told
    }

    fn too_late(&self, expires: Date) -> Option<String> {
        let last = day(self.now).saturating_add(Span::new().days(self.most_days));
        (expires > last).then(|| {
            format!(
                "{expires} is more than {} days from now; use {last} at most, and look at it again then",
                self.most_days
            )
        })
    }
}

fn text_problem(key: &str, text: &str) -> Option<String> {
    let length = text.trim().chars().count();
    match length {
        0 => Some(format!("`{key}` is empty; a finding is accepted by somebody, for a reason")),
        _ if length > LONGEST_TEXT => Some(format!("`{key}` is too long; use {LONGEST_TEXT} characters at most")),
        _ => None,
    }
}

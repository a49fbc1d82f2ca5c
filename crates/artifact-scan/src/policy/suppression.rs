//! A finding that is accepted for a while, by somebody, for a reason.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Paths;
use crate::rule_text::names;
use crate::{Finding, Fingerprint, Place};

/// A finding that is accepted. All that is named must be so.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The rule, or the beginning of several.
    pub rule: Option<String>,
    /// The secret.
    pub fingerprint: Option<Fingerprint>,
    /// Where.
    pub path: Paths,
    /// In which of several artifacts: the name that stands first in the paths of its places.
    pub within: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts, in UTC.
    pub expires: Date,
    /// Who wrote it.
    pub writer: Writer,
}

/// Who wrote a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Whoever keeps the policy.
    Policy,
    /// Whoever made the artifact.
    Artifact,
}

impl Suppression {
    /// Whether its last day is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        day(now) > self.expires
    }

    /// What to say of it once its last day is over.
    pub(super) fn expired(&self) -> String {
        let day = self.expires;
        format!("the last day was {day}, so every scan fails; fix what it hides and take it out, or renew it")
    }

    /// Whether the secret is meant, as far as that does not depend on the place.
    pub(crate) fn means(&self, finding: &Finding) -> bool {
        self.rule.as_ref().is_none_or(|rule| names(rule, &finding.rule))
            && self.fingerprint.is_none_or(|fingerprint| fingerprint == finding.fingerprint)
    }

    /// Whether it is for this place.
    pub(crate) fn is_for(&self, place: &Place) -> bool {
        let below = match (&self.within, &place.path[..]) {
            (None, path) => Some(path),
            (Some(artifact), [first, below @ ..]) if first == artifact => Some(below),
            (Some(_), _) => None,
        };
        below.is_some_and(|below| self.path.is_empty() || self.path.have(below))
    }

    /// Whether it is for every place.
    pub(crate) fn is_everywhere(&self) -> bool {
        self.path.is_empty() && self.within.is_none()
    }

    /// What is suppressed, for people: `aws-access-key-id in tests/**`.
    pub fn what(&self) -> String {
        let rule = self.rule.clone().unwrap_or_else(|| String::from("any rule"));
        let fingerprint = self.fingerprint.map(|fingerprint| format!(" with fingerprint {fingerprint}"));
        let path = self.path.written().first().map(|path| format!(" in {path}"));
        let within = self.within.as_ref().map(|artifact| format!(" of {artifact}"));
        [Some(rule), fingerprint, path, within].into_iter().flatten().collect()
    }
}

/// The day in UTC.
pub(super) fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

//! What one measurement means for a check, by its terms and by what came before.

use jiff::Timestamp;
use pipeline_model::Verdict;

use super::CheckResult;
use crate::check::{Measured, Measurement};
use crate::memory::Count;
use crate::policy::{NoData, Policy, Rule};
use crate::text::{lasting, sentence};
use crate::{Unanswered, UnansweredKind};

/// What came of one check now.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) count: Count,
    /// How much of what must be is: 0 to 1.
    pub(super) progress: f64,
    says: String,
    until: Option<Timestamp>,
}

impl Outcome {
    pub(super) fn result(&self, policy: &Policy, rule: &Rule) -> CheckResult {
        CheckResult {
            name: rule.name.clone(),
            kind: rule.kind,
            verdict: self.verdict.clone(),
            says: format!("{}.", self.says),
            advisory: rule.advisory,
            any: rule.group.map(|group| policy.groups[group].clone()),
            waits_until: self.until.filter(|_| self.verdict == Verdict::Wait),
        }
    }
}

/// What a measurement counts as, once the policy has said what no data means.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Pass,
    Wait,
    Inconclusive,
    Error,
    Fail,
}

/// Takes a measurement into account. One that does not count changes no count, but it can end that a check holds.
pub(super) fn account(
    rule: &Rule,
    count: Count,
    measured: Result<Measurement, Unanswered>,
    counts: bool,
    now: Timestamp,
) -> Outcome {
    let seen = match &measured {
        Ok(measurement) => Seen::of(measurement.measured, rule.no_data),
        Err(_) => Seen::Error,
    };
    let count = tally(count, seen, counts);
    let measurement = measured.unwrap_or_else(|unanswered| Measurement::inconclusive(in_words(&unanswered)));
    if seen == Seen::Pass && count.failures <= rule.failures && count.inconclusive <= rule.inconclusive {
        return holding(rule, count, &measurement, now);
    }
    let verdict = decide(rule, &count, seen);
    let remark = remark(rule, &count, seen, counts);
    let says = format!("{}{remark}", sentence(&measurement.says));
    let until = measurement.until.map(|until| until + rule.hold);
    Outcome { verdict, count: count.broken(), progress: 0.0, says, until }
}

impl Seen {
    fn of(measured: Measured, no_data: NoData) -> Self {
        match (measured, no_data) {
            (Measured::Pass, _) | (Measured::NoData, NoData::Pass) => Self::Pass,
            (Measured::Wait, _) | (Measured::NoData, NoData::Wait) => Self::Wait,
            (Measured::Fail, _) | (Measured::NoData, NoData::Fail) => Self::Fail,
            (Measured::Inconclusive, _) => Self::Inconclusive,
        }
    }
}

fn tally(mut count: Count, seen: Seen, counts: bool) -> Count {
    if !counts {
        return count;
    }
    match seen {
        Seen::Fail => count.failures = count.failures.saturating_add(1),
        Seen::Inconclusive => count.inconclusive = count.inconclusive.saturating_add(1),
        Seen::Error => count.errors = count.errors.saturating_add(1),
        Seen::Pass | Seen::Wait => {}
    }
    if seen != Seen::Error {
        count.errors = 0;
    }
    count
}

fn holding(rule: &Rule, mut count: Count, measurement: &Measurement, now: Timestamp) -> Outcome {
    let (held, says) = (count.holds(now), sentence(&measurement.says));
    if held >= rule.hold {
        let says = if rule.hold.is_zero() { says } else { format!("{says}; has held for {}", lasting(held)) };
        return Outcome { verdict: Verdict::Pass, count, progress: 1.0, says, until: None };
    }
    let says = match held.as_secs() {
        0 => format!("{says}; must hold for {}", lasting(rule.hold)),
        _ => format!("{says}; has held for {} of {}", lasting(held), lasting(rule.hold)),
    };
    let progress = held.div_duration_f64(rule.hold);
    Outcome { verdict: Verdict::Wait, count, progress, says, until: Some(now + (rule.hold - held)) }
}

/// Failures and inconclusive measurements are counted in all, so what they decided stays.
fn decide(rule: &Rule, count: &Count, seen: Seen) -> Verdict {
    if count.failures > rule.failures {
        Verdict::Fail
    } else if seen == Seen::Error && count.errors > rule.errors {
        Verdict::Error
    } else if count.inconclusive > rule.inconclusive {
        Verdict::Inconclusive
    } else {
        Verdict::Wait
    }
}

/// How far a check is from being decided.
fn remark(rule: &Rule, count: &Count, seen: Seen, counts: bool) -> String {
    let failures = (count.failures, rule.failures, "failures");
    let inconclusive = (count.inconclusive, rule.inconclusive, "inconclusive looks");
    let (number, allowed, what) = match seen {
        _ if count.failures > rule.failures => failures,
        Seen::Fail => failures,
        Seen::Error => (count.errors, rule.errors, "errors in a row"),
        Seen::Inconclusive => inconclusive,
        Seen::Pass | Seen::Wait if count.inconclusive > rule.inconclusive => inconclusive,
        Seen::Pass | Seen::Wait => return String::new(),
    };
    match number > allowed {
        true if allowed == 0 => String::new(),
        true => format!("; {number} {what}, {allowed} allowed"),
        false if counts => format!("; {number} of {allowed} allowed {what}"),
        false => String::from("; not counted, because it was measured a moment ago"),
    }
}

fn in_words(unanswered: &Unanswered) -> String {
    match unanswered.kind {
        UnansweredKind::Outage | UnansweredKind::Secret => format!("could not be asked: {}", unanswered.why),
        UnansweredKind::Refused => format!("was refused: {}", unanswered.why),
    }
}

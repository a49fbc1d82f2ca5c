//! From facts to a verdict: each check by its terms, then the worst of them.

mod account;
#[cfg(test)]
mod tests;
mod words;

use jiff::{SignedDuration, Timestamp};
use pipeline_model::Verdict;

use crate::memory::Count;
use crate::policy::Rule;
use crate::{Facts, Memory, Opening, Place, Policy};

use account::Outcome;

/// What is to be done with the release now, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Pass and wait go on; all others end the gate as a failure.
    pub verdict: Verdict,
    /// What the next visit must bring.
    pub memory: Memory,
    /// Since the first visit.
    pub waited: SignedDuration,
    /// Every check, in the order of the policy.
    pub results: Vec<CheckResult>,
    /// Why, in one sentence.
    pub reason: String,
    /// What is done and why, in one sentence of at most 2,048 characters: CodePipeline's limit for a summary.
    pub summary: String,
    /// How much of what must be is.
    pub percent: Option<u8>,
    /// The opening, if it was what let the release through.
    pub opened: Option<Opening>,
    /// A hold begins, or the release waits for other checks than at the visit before.
    pub is_news: bool,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// As the policy names it.
    pub name: String,
    /// The key it stands below in a policy.
    pub kind: &'static str,
    /// By its terms, not only by what was measured now.
    pub verdict: Verdict,
    /// One sentence with its numbers.
    pub says: String,
    /// It is reported and did not count.
    pub advisory: bool,
    /// The group of which one check suffices, if it is in one.
    pub any: Option<String>,
    /// When it can pass at the earliest, where that is known.
    pub waits_until: Option<Timestamp>,
}

/// Judges the release that stands at `place` and waits since `memory` began. An opening for another release is ignored.
pub fn judge(
    policy: &Policy,
    place: &Place,
    facts: &Facts,
    memory: Memory,
    opened: Option<&Opening>,
    now: Timestamp,
) -> Judgement {
    let waited = memory.waited(now);
    let (mut memory, outcomes) = look(policy, place, facts, memory, now);
    let results: Vec<CheckResult> =
        policy.rules.iter().zip(&outcomes).map(|(rule, outcome)| outcome.result(policy, rule)).collect();
    let units = units(policy, &outcomes);
    let opened = opened.filter(|opening| opening.is_for(place, now));
    let end = End::of(&units, waited >= policy.deadline(), opened);
    let verdict = end.verdict();

    let waits_for = units.iter().filter(|unit| verdict == Verdict::Wait && unit.verdict == Verdict::Wait);
    let waits_for = waits_for.flat_map(|unit| unit.waiting(&outcomes)).map(|at| policy.rules[at].name.clone());
    let is_news = memory.waits_for(waits_for.collect()) && verdict == Verdict::Wait;
    let told = words::Told { end: &end, units: &units, results: &results, waited, deadline: policy.deadline() };
    let (reason, summary) = (told.reason(), told.summary());
    let opened = if let End::Opened(opening) = end { Some(opening.clone()) } else { None };
    Judgement {
        percent: Some(percent(&verdict, &units)),
        verdict,
        memory,
        waited,
        results,
        reason,
        summary,
        opened,
        is_news,
    }
}

/// Measures every check, and notes what it must remember.
fn look(policy: &Policy, place: &Place, facts: &Facts, mut memory: Memory, now: Timestamp) -> (Memory, Vec<Outcome>) {
    let counts = memory.visit(now);
    let before = std::mem::take(&mut memory.checks);
    let account = |rule: &Rule| {
        let same = before.get(&rule.name).filter(|count| count.digest == rule.digest);
        let count = same.copied().unwrap_or_else(|| Count::of(rule.digest));
        account::account(rule, count, rule.check.measure(place, facts, now), counts, now)
    };
    let outcomes: Vec<Outcome> = policy.rules.iter().map(account).collect();
    let names = policy.rules.iter().map(|rule| rule.name.clone());
    memory.checks = names.zip(outcomes.iter().map(|outcome| outcome.count)).collect();
    (memory, outcomes)
}

/// What must pass: a check that counts, or one of a group.
struct Unit {
    /// Places in the list of checks.
    members: Vec<usize>,
    /// One of them suffices.
    is_group: bool,
    verdict: Verdict,
    /// How much of what must be is: 0 to 1.
    progress: f64,
}

impl Unit {
    fn new(is_group: bool, members: Vec<usize>, outcomes: &[Outcome]) -> Self {
        let verdicts = || members.iter().map(|at| &outcomes[*at].verdict);
        let best =
            verdicts().min_by_key(|verdict| rank(verdict)).filter(|verdict| rank(verdict) <= rank(&Verdict::Wait));
        let verdict = best.or_else(|| verdicts().max_by_key(|verdict| rank(verdict))).cloned();
        let progress = members.iter().map(|at| outcomes[*at].progress).fold(0.0, f64::max);
        Self { verdict: verdict.unwrap_or(Verdict::Fail), is_group, members, progress }
    }

    /// Those of its checks that can still pass.
    fn waiting(&self, outcomes: &[Outcome]) -> impl Iterator<Item = usize> {
        self.members.iter().copied().filter(|at| outcomes[*at].verdict == Verdict::Wait)
    }
}

fn units(policy: &Policy, outcomes: &[Outcome]) -> Vec<Unit> {
    let rules = || policy.rules.iter().enumerate();
    let single = rules().filter(|(_, rule)| rule.group.is_none() && !rule.advisory);
    let single = single.map(|(at, _)| Unit::new(false, vec![at], outcomes));
    let groups = (0..policy.groups.len()).map(|group| {
        let members = rules().filter(|(_, rule)| rule.group == Some(group)).map(|(at, _)| at);
        Unit::new(true, members.collect(), outcomes)
    });
    single.chain(groups).collect()
}

/// How it ends for now.
enum End<'o> {
    /// By what was measured.
    Measured(Verdict),
    /// The release waited too long.
    Late,
    /// Somebody let it through; this is what the checks said.
    Opened(&'o Opening),
}

impl<'o> End<'o> {
    fn of(units: &[Unit], is_late: bool, opened: Option<&'o Opening>) -> Self {
        let worst = units.iter().map(|unit| &unit.verdict).max_by_key(|verdict| rank(verdict));
        let worst = worst.cloned().unwrap_or(Verdict::Fail);
        match opened {
            Some(opening) if worst != Verdict::Pass => Self::Opened(opening),
            _ if worst == Verdict::Wait && is_late => Self::Late,
            _ => Self::Measured(worst),
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Measured(verdict) => verdict.clone(),
            Self::Late => Verdict::Fail,
            Self::Opened(_) => Verdict::Pass,
        }
    }
}

/// What is worse has a higher rank.
fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Wait => 1,
        Verdict::Inconclusive => 2,
        Verdict::Error => 3,
        Verdict::Fail | Verdict::Unknown(_) => 4,
    }
}

/// 100 only for a release that goes on.
fn percent(verdict: &Verdict, units: &[Unit]) -> u8 {
    let whole: f64 = units.iter().map(|unit| unit.progress).sum();
    let part = (whole * 100.0 / units.len().max(1) as f64) as u8;
    if *verdict == Verdict::Pass { 100 } else { part.min(99) }
}

//! Judges a scan. Whatever is not known to be fine fails.

use jiff::Timestamp;

use super::{Judged, Judgement, Outcome, Reason, Standing, Verdict};
use crate::policy::{Policy, Suppression};
use crate::scanned::{Noted, Scanned};
use crate::{Baseline, Gap};

/// What the policy says of the scan. The baseline is that which the policy names.
pub fn judge<'s>(
    scanned: &'s Scanned,
    policy: &'s Policy,
    baseline: Option<&Baseline>,
    now: Timestamp,
) -> Judgement<'s> {
    let (expired, counting): (Vec<_>, Vec<_>) =
        policy.suppressions.iter().partition(|suppression| suppression.is_expired(now));
    let judging = Judging { policy, baseline, counting: &counting };
    let findings: Vec<_> = scanned.findings().map(|noted| judging.finding(noted)).collect();
    let gaps: Vec<_> = scanned.coverage().gaps.iter().map(|gap| (gap, policy.fails_for(gap))).collect();
    let is_used = |suppression: &Suppression| {
        findings
            .iter()
            .flat_map(|judged| judged.suppressions.iter().flatten())
            .any(|used| std::ptr::eq(*used, suppression))
    };
    let unused = counting.iter().copied().filter(|suppression| !is_used(suppression)).collect();
    let mut judgement = Judgement {
        verdict: Verdict::Pass,
        outcome: if scanned.coverage().is_whole() { Outcome::Whole } else { Outcome::Partial },
        reasons: Vec::new(),
        findings,
        gaps,
        expired,
        unused,
        has_baseline: baseline.is_some(),
    };
    judgement.reasons = reasons(&judgement, scanned, policy);
    if !judgement.reasons.is_empty() {
        judgement.verdict = Verdict::Fail;
    }
    judgement
}

struct Judging<'j, 's> {
    policy: &'s Policy,
    baseline: Option<&'j Baseline>,
    counting: &'j [&'s Suppression],
}

impl<'s> Judging<'_, 's> {
    fn finding(&self, noted: &'s Noted) -> Judged<'s> {
        let finding = &noted.finding;
        let meant: Vec<_> = self.counting.iter().copied().filter(|suppression| suppression.means(finding)).collect();
        let of_place = |place| meant.iter().copied().find(|suppression| suppression.is_for(place));
        let suppressions: Vec<_> = finding.places.iter().map(of_place).collect();
        // Of places that are left out nobody knows the path.
        let others = finding.places_left_out == 0 || meant.iter().any(|suppression| suppression.is_everywhere());
        let standing = match () {
            () if others && !suppressions.is_empty() && suppressions.iter().all(Option::is_some) => {
                Standing::Suppressed
            }
            () if self.baseline.is_some_and(|baseline| baseline.knows(finding)) => Standing::Known,
            () if finding.severity < self.policy.fail => Standing::Minor,
            () => Standing::Fails,
        };
        Judged { noted, standing, suppressions }
    }
}

fn reasons<'s>(judgement: &Judgement<'s>, scanned: &'s Scanned, policy: &'s Policy) -> Vec<Reason<'s>> {
    let coverage = scanned.coverage();
    let mut failing = judgement.of(Standing::Fails);
    let worst = failing.next().map(|worst| Reason::Findings(worst.noted, worst.place(), failing.count()));
    let left_out = scanned.left_out().find(|severity| *severity >= policy.fail).map(Reason::FindingsLeftOut);
    let expired = judgement.expired.split_first().map(|(first, others)| Reason::Expired(first, others.len()));
    let no_baseline = (policy.baseline.is_some() && !judgement.has_baseline).then_some(Reason::NoBaseline);
    let nothing = (coverage.content == 0).then_some(Reason::NothingScanned);
    let gaps = gaps(judgement, coverage.gaps_left_out, policy);
    [worst, left_out, gaps, expired, no_baseline, nothing].into_iter().flatten().collect()
}

fn gaps<'s>(judgement: &Judgement<'s>, left_out: u64, policy: &Policy) -> Option<Reason<'s>> {
    let left_out = if policy.fails_for_unknown_gaps() { left_out } else { 0 };
    let mut failing = judgement.gaps.iter().filter(|(_, fails)| *fails).map(|(gap, _)| *gap);
    match failing.next() {
        Some(first) => Some(Reason::Gaps(first, failing.count() as u64 + left_out)),
        None => (left_out > 0).then_some(Reason::GapsLeftOut(left_out)),
    }
}

/// The name of what could not be read.
pub(crate) fn gap_name(gap: &Gap) -> String {
    if gap.path.is_empty() { String::from("the artifact") } else { crate::policy::joined(&gap.path) }
}

//! A judgement as people read it.

use jiff::SignedDuration;
use pipeline_model::Verdict;

use super::{CheckResult, End, Unit, rank};
use crate::Opening;
use crate::text::{count, cut, lasting, sentence};

/// CodePipeline's limit for a summary, in characters.
const SUMMARY: usize = 2_048;
/// Checks that are named; more are counted.
const NAMED: usize = 3;
/// A shorter wait is none.
const WORTH_TELLING: SignedDuration = SignedDuration::from_mins(1);

/// What is told of a judgement.
pub(super) struct Told<'j> {
    pub(super) end: &'j End<'j>,
    pub(super) units: &'j [Unit],
    pub(super) results: &'j [CheckResult],
    pub(super) waited: SignedDuration,
    pub(super) deadline: SignedDuration,
}

impl Told<'_> {
    /// Why, in one sentence.
    pub(super) fn reason(&self) -> String {
        finished(&match self.end {
            End::Measured(Verdict::Pass) => self.passing(),
            End::Measured(_) => self.cause(),
            End::Late => self.late(),
            End::Opened(opening) => format!("opened by {}", self.opened(opening)),
        })
    }

    /// What is done and why, in one sentence.
    pub(super) fn summary(&self) -> String {
        let waited = lasting(self.waited);
        let (after, at_once) = match self.waited < WORTH_TELLING {
            true => (String::new(), true),
            false => (format!(" after {waited}"), false),
        };
        finished(&match self.end {
            End::Measured(Verdict::Pass) => format!("Passed{after}: {}", self.passing()),
            End::Measured(Verdict::Wait) if at_once => format!("Waiting for: {}", self.cause()),
            End::Measured(Verdict::Wait) => format!("Waited {waited} for: {}", self.cause()),
            End::Measured(Verdict::Inconclusive) => {
                format!("Stopped{after}, because no decision was possible: {}", self.cause())
            }
            End::Measured(Verdict::Error) => {
                format!("Stopped{after}, because a check could not be made: {}", self.cause())
            }
            End::Measured(_) => format!("Stopped{after}: {}", self.cause()),
            End::Late => format!("Stopped{after}, because {}", self.late()),
            End::Opened(opening) => format!("Opened by {}", self.opened(opening)),
        })
    }

    fn late(&self) -> String {
        format!("the {} it may wait here are over, and it still waited for {}", lasting(self.deadline), self.cause())
    }

    fn opened(&self, opening: &Opening) -> String {
        let (by, reason) = (sentence(&opening.by), sentence(&opening.reason));
        format!("{by} ({reason}) although it did not pass: {}", self.cause())
    }

    /// What passes, and what did not and is not counted.
    fn passing(&self) -> String {
        let passing = match self.units.len() {
            1 => String::from("1 check passes"),
            more => format!("{more} checks pass"),
        };
        let mut others = self.results.iter().filter(|result| result.advisory && result.verdict != Verdict::Pass);
        match (others.next(), others.count()) {
            (None, _) => passing,
            (Some(first), 0) => format!("{passing}; not counted: {}", named(first)),
            (Some(first), more) => format!("{passing}; not counted: {} and {more} more", named(first)),
        }
    }

    /// The worst of what did not pass.
    fn cause(&self) -> String {
        let worst = self.units.iter().map(|unit| rank(&unit.verdict)).max().unwrap_or_default();
        let causes: Vec<&Unit> = self.units.iter().filter(|unit| rank(&unit.verdict) == worst).collect();
        let told: Vec<String> = causes.iter().take(NAMED).map(|unit| self.unit(unit)).collect();
        match causes.len() - told.len() {
            0 => told.join("; "),
            more => format!("{}; and {more} more", told.join("; ")),
        }
    }

    fn unit(&self, unit: &Unit) -> String {
        let members: Vec<String> = unit.members.iter().take(NAMED).map(|at| named(&self.results[*at])).collect();
        let more = match unit.members.len() - members.len() {
            0 => String::new(),
            more => format!(" and {}", count(more, "other check")),
        };
        match (unit.is_group, &unit.verdict) {
            (false, _) => members.concat(),
            (true, Verdict::Wait) => format!("one of {}{more}", members.join(", ")),
            (true, _) => format!("none of {}{more} passes", members.join(", ")),
        }
    }
}

/// A sentence within the limits.
fn finished(text: &str) -> String {
    format!("{}.", cut(text, SUMMARY - 1))
}

fn named(result: &CheckResult) -> String {
    format!("{} ({})", result.name, result.says.trim_end_matches('.'))
}

//! How long releases waited for people and at gates.

use super::{Step, seconds};
use crate::fact::What;
use crate::measure::Measure;
use crate::sample::Scope;

/// From an approval's question to its answer.
pub(super) fn of_approvals(step: &mut Step<'_>) {
    let Some(fact) = step.fact else { return };
    let What::ApprovalAnswered { key, waited_since } = fact.what else { return };
    if !step.execution().count(key) {
        return;
    }
    match seconds(waited_since, fact.at) {
        Some(waited) => step.emit_for(Scope::AllPipelines, Measure::ApprovalWait, fact.at, waited),
        None => step.folded.skewed += 1,
    }
}

/// What a gate says of itself.
pub(super) fn of_gates(step: &mut Step<'_>) {
    let Some(fact) = step.fact else { return };
    let What::GateDecided { key, failed, waited } = fact.what else { return };
    if !step.execution().count(key) {
        return;
    }
    if let Some(waited) = waited {
        match waited >= 0.0 {
            true => step.emit(Measure::GateWait, fact.at, waited),
            false => step.folded.skewed += 1,
        }
    }
    if failed {
        step.emit(Measure::GateFailures, fact.at, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shell, measured};

    #[test]
    fn an_approval_is_measured_once_per_question() {
        let lines = "90 a approval x since=30.5\n90 a approval x since=30.5\n200 a approval y since=100\n200 b approval x since=0";
        assert_eq!(measured(lines, Measure::ApprovalWait), ["200 * 100", "200 * 200", "90 * 59.5"]);
    }

    #[test]
    fn a_gate_tells_how_long_it_held_and_whether_it_stopped_the_release() {
        let lines = "90 a gate x passed waited=30\n95 a gate y failed waited=0.5\n95 a gate y failed waited=0.5\n99 a gate z failed";
        assert_eq!(measured(lines, Measure::GateWait), ["90 orders 30", "95 orders 0.5"]);
        assert_eq!(measured(lines, Measure::GateFailures), ["95 orders 1", "99 orders 1"]);
    }

    #[test]
    fn waits_that_cannot_be_are_left_out() {
        let mut shell = Shell::new();
        shell.tell("90 a approval x since=95\n90 a gate y passed waited=-3\n91 a gate z passed waited=1e300");
        assert_eq!(shell.measured(Measure::ApprovalWait), [""; 0]);
        assert_eq!(shell.measured(Measure::GateWait), [""; 0]);
        assert_eq!(shell.total.skewed, 3);
    }
}

//! From the first red of a pipeline to its next green.
//!
//! Red is an execution that failed or was rolled back, green one that succeeded, rollbacks included. Each green is
//! measured once at most: a red that is learnt of afterwards and lies before the one that was measured changes nothing.

use jiff::Timestamp;
use pipeline_model::ExecutionId;

use super::{Step, seconds};
use crate::measure::Measure;
use crate::window::{Mark, Window};

pub(super) fn measure(step: &mut Step<'_>) {
    let execution = step.execution();
    let reds: Vec<_> = execution.reds().collect();
    let touched = execution.succeeded.map(|_| step.id.clone());
    let followed = reds.iter().filter_map(|red| step.window.green_after(*red));
    let greens: Vec<_> = touched.into_iter().chain(followed).collect();
    greens.iter().for_each(|green| restore(step, green));
}

fn restore(step: &mut Step<'_>, green: &ExecutionId) {
    let Some((red, at)) = step.window.red_before(green) else { return };
    let new = step.window.executions.get_mut(green).is_some_and(|execution| execution.marks.add(Mark::Restored));
    if let Some(duration) = seconds(red, at).filter(|_| new) {
        step.emit(Measure::TimeToRestore, at, duration);
    }
}

impl Window {
    fn greens(&self) -> impl Iterator<Item = (Timestamp, &ExecutionId)> {
        self.executions.iter().filter_map(|(id, execution)| Some((execution.succeeded?, id)))
    }

    /// The execution whose success followed a red.
    fn green_after(&self, red: Timestamp) -> Option<ExecutionId> {
        self.greens().filter(|(at, _)| *at > red).min().map(|(_, id)| id.clone())
    }

    /// The first red between an execution's success and the success before it, and when it succeeded. A red in the
    /// second of a success belongs to the next one.
    fn red_before(&self, green: &ExecutionId) -> Option<(Timestamp, Timestamp)> {
        let at = self.executions.get(green)?.succeeded?;
        let others = self.greens().filter(|other| *other < (at, green)).map(|(at, _)| at);
        // If the newest forgotten green is newer than this one, what came before this one is forgotten, too.
        let previous = others.chain(self.past.green).max();
        let reds = self.executions.values().flat_map(|execution| execution.reds()).chain(self.past.red);
        let first = reds.filter(|red| *red < at && previous.is_none_or(|green| *red >= green)).min()?;
        Some((first, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shell, measured};

    fn restored(lines: &str) -> Vec<String> {
        let samples = measured(lines, Measure::TimeToRestore);
        samples.into_iter().filter(|line| line.contains("orders")).collect()
    }

    #[test]
    fn it_runs_from_the_first_of_several_reds_to_the_next_green() {
        let lines = "10 a failed\n20 b failed\n50 c succeeded\n60 d succeeded\n70 e failed\n75 e succeeded";
        assert_eq!(restored(lines), ["50 orders 40", "75 orders 5"]);
        assert_eq!(measured(lines, Measure::TimeToRestore).len(), 4, "and over all pipelines");
    }

    #[test]
    fn a_rollback_turns_red_and_the_execution_that_rolls_back_turns_green() {
        assert_eq!(
            restored("10 a succeeded\n100 a rolled-back i1\n105 b started rollback\n160 b succeeded since=105"),
            ["160 orders 60"]
        );
    }

    #[test]
    fn what_is_dropped_is_neither_red_nor_green() {
        assert_eq!(
            restored("10 a failed\n20 b dropped\n50 c succeeded\n60 d dropped\n70 e succeeded"),
            ["50 orders 40"]
        );
    }

    #[test]
    fn a_retry_that_fails_after_another_green_is_a_red_of_its_own() {
        assert_eq!(
            restored("10 a failed\n20 b succeeded\n30 a failed\n50 c succeeded"),
            ["20 orders 10", "50 orders 20"]
        );
    }

    #[test]
    fn a_red_in_the_second_of_a_green_belongs_to_the_next_one() {
        assert_eq!(restored("10 a succeeded\n10 b failed\n50 c succeeded"), ["50 orders 40"]);
    }

    #[test]
    fn a_red_that_comes_late_is_measured_unless_its_green_already_was() {
        let mut shell = Shell::new();
        shell.tell("50 c succeeded").tell("20 b failed").tell("10 a failed");
        assert_eq!(shell.measured(Measure::TimeToRestore), ["50 * 30", "50 orders 30"]);
    }

    #[test]
    fn a_green_whose_predecessors_are_forgotten_is_not_measured() {
        let mut shell = Shell::new();
        shell.tell("1 a started\n1 a rolled-back i\n2 b started rollback");
        let greens: String = (10..50).map(|n| format!("{n} g{n} started\n{n} g{n} succeeded since={n}\n")).collect();
        shell.tell(&greens);
        let samples = shell.measured(Measure::TimeToRestore).len();
        shell.tell("15 b succeeded since=2");
        assert_eq!(shell.measured(Measure::TimeToRestore).len(), samples, "what turned green before it is not known");
    }

    #[test]
    fn a_red_time_outlives_the_memory_of_its_first_failure() {
        let failures: String = (1..=100).map(|n| format!("{n} f{n} started\n{n} f{n} failed\n")).collect();
        assert_eq!(
            restored(&format!("{failures}200 g started\n200 g succeeded\n300 h started\n300 h succeeded")),
            ["200 orders 199"]
        );
    }
}

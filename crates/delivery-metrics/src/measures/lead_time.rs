//! From the newest commit to the first deployment of its revision.
//!
//! A revision that is deployed again is no new change. Where two deployments of one revision are learnt in the wrong
//! order, the one that is learnt first is measured.

use super::{Step, seconds};
use crate::fact::Fact;
use crate::measure::Measure;
use crate::window::{Commit, Mark, REVISIONS};

pub(super) fn measure(step: &mut Step<'_>) {
    let fact = step.fact;
    let execution = step.execution();
    let is_last_word = fact.is_some_and(|fact| execution.is_settled_by(fact));
    match (execution.commit, execution.deployed) {
        (Some(commit), Some(deployed)) => {
            execution.marks.add(Mark::LeadTimed);
            if !is_new(&mut step.window.past.revisions, commit) {
                // Deployed before.
            } else if let Some(lead_time) = seconds(commit.0, deployed) {
                step.emit(Measure::LeadTime, deployed, lead_time);
            } else {
                step.folded.without_commit += 1;
            }
        }
        (None, Some(_)) if is_last_word => {
            let new = execution.marks.add(Mark::WithoutCommit);
            step.folded.without_commit += usize::from(new);
        }
        _ => {}
    }
    let execution = step.execution();
    if execution.marks.has(Mark::LeadTimed) {
        (execution.commit, execution.deployed) = (None, None);
    }
}

/// Remembers a revision; says whether it is new.
fn is_new(revisions: &mut Vec<u32>, commit: Commit) -> bool {
    let revision = commit.1.unwrap_or_else(|| Fact::key(&[&commit.0.to_string()]));
    let new = !revisions.contains(&revision);
    if new {
        revisions.push(revision);
        let excess = revisions.len().saturating_sub(REVISIONS);
        revisions.drain(..excess);
    }
    new
}

#[cfg(test)]
mod tests {
    use pipeline_model::ExecutionId;

    use super::*;
    use crate::fact::Learnt;
    use crate::testing::{Shell, at, measured};

    fn deployed(id: &str, second: u32) -> String {
        format!(
            "{second} {id} started\n{second} {id} stage Production succeeded since={second}\n{second} {id} succeeded since={second}\n"
        )
    }

    #[test]
    fn it_runs_from_the_commit_to_the_deployment() {
        let lines = format!("100 a commit 40 c0ffee\n{}", deployed("a", 100));
        assert_eq!(measured(&lines, Measure::LeadTime), ["100 * 60", "100 orders 60"]);
    }

    #[test]
    fn codepipeline_is_asked_once_for_a_commit_no_event_told() {
        let mut shell = Shell::new();
        let answer = Learnt { is_rollback: Some(false), committed: Some(at(70.0)), revision: Some(String::from("v1")) };
        shell.answers.insert(ExecutionId::from("a"), answer);
        shell.tell(&deployed("a", 100)).tell(&deployed("a", 100));
        assert_eq!(shell.measured(Measure::LeadTime), ["100 * 30", "100 orders 30"]);
        assert_eq!((shell.questions, shell.total.without_commit), (2, 0), "the structure and the commit");
    }

    #[test]
    fn a_revision_that_is_deployed_again_is_no_new_change() {
        let lines = format!(
            "100 a commit 40 c0ffee\n{}200 b commit 40 c0ffee\n{}300 c commit 250 bada55\n{}",
            deployed("a", 100),
            deployed("b", 200),
            deployed("c", 300)
        );
        let samples = measured(&lines, Measure::LeadTime);
        assert_eq!(samples, ["100 * 60", "100 orders 60", "300 * 50", "300 orders 50"]);
        assert_eq!(measured(&lines, Measure::Deployments).len(), 6);
    }

    #[test]
    fn revisions_without_a_name_are_told_apart_by_their_time() {
        let lines = format!("100 a commit 40\n{}200 b commit 40\n{}", deployed("a", 100), deployed("b", 200));
        assert_eq!(measured(&lines, Measure::LeadTime), ["100 * 60", "100 orders 60"]);
    }

    #[test]
    fn without_a_commit_time_or_with_one_after_the_deployment_it_is_left_out_and_counted() {
        let mut shell = Shell::new();
        shell.tell(&deployed("a", 100)).tell(&deployed("a", 100));
        shell.tell(&format!("200 b commit 900 c0ffee\n{}", deployed("b", 200)));
        assert_eq!(shell.measured(Measure::LeadTime), [""; 0]);
        assert_eq!(shell.total.without_commit, 2);
    }

    #[test]
    fn a_commit_that_is_learnt_after_the_deployment_still_counts() {
        let mut shell = Shell::new();
        shell.tell(&deployed("a", 100)).tell("100 a commit 40 c0ffee");
        assert_eq!(shell.measured(Measure::LeadTime), ["100 * 60", "100 orders 60"]);
    }
}

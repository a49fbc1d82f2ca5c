//! Decisions, with all the evidence there can be, and what tests ask of them.

use pipeline_model::{ActionName, Decided, Decision, ExecutionId, Revision, Rollback, RollbackOutcome, StageName};

use super::{EXECUTION, at, pipeline};
use crate::moment::{self, Moment};
use crate::remembered::{Remember, Remembered};

/// What was decided of the story every test tells, at this second: the alarm was red half a minute before.
pub(crate) fn decided(outcome: RollbackOutcome, second: i64) -> Decision {
    let command = "aws codepipeline rollback-stage --pipeline-name orders --stage-name Production --target-pipeline-execution-id 22222222-2222-4333-8444-555555555555";
    let (reason, refusal) = match &outcome {
        RollbackOutcome::Refused => {
            ("The last rollback was less than 60 minutes ago; the next may be at 11:20 UTC.", Some("cooldown"))
        }
        RollbackOutcome::Failed => ("No earlier execution can stand again: PipelineExecutionOutdated.", None),
        RollbackOutcome::Observed => ("The mode is observe, so nothing was done.", None),
        _ => ("The alarm went red 5 min after the deployment.", None),
    };
    let is_done = outcome == RollbackOutcome::Done;
    let rollback = Rollback {
        target: Some(String::from("orders/Production")),
        rollback_execution: is_done.then(|| ExecutionId::from("33333333-2222-4333-8444-555555555555")),
        target_execution: Some(ExecutionId::from("22222222-2222-4333-8444-555555555555")),
        refusal: refusal.map(str::to_owned),
        alarm: Some(String::from("orders-errors")),
        alarm_reason: Some(String::from("Threshold Crossed: 1 datapoint [7.0] was greater than the threshold (5.0).")),
        alarm_url: Some(String::from(
            "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/orders-errors",
        )),
        red_since: Some(at(second - 30)),
        from: Some(revision("0123456789abcdef0123456789abcdef01234567", "Round totals before tax")),
        to: Some(revision("89abcdef0123456789abcdef0123456789abcdef", "Add a discount field")),
        steps: vec![String::from("roll stage Production of orders back to execution 22222222")],
        commands: if is_done { Vec::new() } else { vec![command.to_owned()] },
        ..Rollback::new(outcome)
    };
    let decision = about_the_story(Decided::Rollback(Box::new(rollback)), second, reason);
    Decision {
        key: Some(format!("orders/Production@{EXECUTION}")),
        stage: Some(StageName::from("Production")),
        ..decision
    }
}

/// What was decided of the story every test tells, at this second.
pub(super) fn about_the_story(what: Decided, second: i64, reason: &str) -> Decision {
    Decision {
        id: format!("6f1f0f8a-0000-4000-8000-{second:012}"),
        time: at(second),
        region: String::from("us-east-1"),
        account: String::from("111122223333"),
        key: None,
        pipeline: Some(pipeline("us-east-1")),
        execution: Some(ExecutionId::from(EXECUTION)),
        stage: None,
        action: None,
        reason: Some(reason.to_owned()),
        what,
    }
}

/// The same with something changed.
pub(crate) fn with(mut decision: Decision, change: impl FnOnce(&mut Rollback)) -> Decision {
    match &mut decision.what {
        Decided::Rollback(rollback) => change(rollback),
        other => panic!("{other:?} is no rollback"),
    }
    decision
}

/// The same of a target that belongs to no pipeline.
pub(crate) fn outside_of_pipelines(decision: Decision, target: &str) -> Decision {
    let decision =
        Decision { key: Some(format!("{target}@7")), pipeline: None, execution: None, stage: None, ..decision };
    with(decision, |rollback| {
        (rollback.rollback_execution, rollback.target_execution) = (None, None);
        rollback.target = Some(target.to_owned());
        rollback.from = Some(Revision { id: String::from("7"), summary: None, url: None });
        rollback.to = Some(Revision { id: String::from("6"), summary: None, url: None });
        rollback.steps = vec![format!("put {target} back")];
    })
}

/// The same of another gate, action or alarm.
pub(crate) fn of_another(decision: Decision, key: &str) -> Decision {
    Decision { key: Some(key.to_owned()), ..decision }
}

/// The same, and everything every decision says is far too long.
pub(crate) fn endless(decision: Decision) -> Decision {
    let (stage, action) = (StageName::new(without_end()), ActionName::new(without_end()));
    let (key, reason) = (Some(without_end()), Some(without_end()));
    Decision { key, reason, stage: Some(stage), action: Some(action), ..decision }
}

/// A text that is far too long, and takes more bytes than it seems to.
pub(crate) fn without_end() -> String {
    "\u{202E}“é🚀”\n".repeat(2_000)
}

impl<D: Remember> Remembered<D> {
    /// What is remembered of these decisions.
    pub(crate) fn of(decisions: &[Decision]) -> Self {
        let mut remembered = Self::default();
        decisions.iter().for_each(|decision| remembered.absorb(decision));
        remembered
    }
}

/// The outcome and the second of each moment, oldest first.
pub(crate) fn in_words(moments: impl Iterator<Item = Moment>) -> Vec<String> {
    let second = |moment: &Moment| moment.at.duration_since(at(0)).as_secs();
    let moments = moment::in_order(moments.collect());
    moments.iter().map(|moment| format!("{} {}", moment.outcome, second(moment))).collect()
}

fn revision(id: &str, summary: &str) -> Revision {
    Revision {
        id: id.to_owned(),
        summary: Some(format!("{summary}\n\nMore about it.")),
        url: Some(format!("https://github.com/example/orders/commit/{id}")),
    }
}

//! What is published about a decision.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use lambda_kit::Home;
use pipeline_model::{AlarmArn, Decided, Decision, ExecutionId, Revision, Rollback, RollbackOutcome};
use rollback_plans::{Alarm, Limits, Past, Plan, Refused, Target};

use crate::call::Call;
use crate::door::Doorway;

/// Writes reports about one target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reporter<'a> {
    pub(crate) home: &'a Home,
    pub(crate) call: &'a Call,
    pub(crate) target: Option<&'a Target>,
    pub(crate) now: Timestamp,
}

impl Reporter<'_> {
    /// A rollback that was begun. `past` says by whom, if it was not this invocation.
    pub(crate) fn done(&self, past: &Past) -> Decision {
        let pledge = &past.pledge;
        let alarm = &pledge.alarm;
        let back = place(pledge.to.as_ref(), pledge.target_execution.as_ref());
        let what = self.target.map_or_else(String::new, Target::in_words);
        let reason = format!("Alarm {alarm} went red after the deployment, so {what} goes back{back}.");
        let rollback = Rollback {
            rollback_execution: past.started.clone().filter(|_| self.is_stage()).map(ExecutionId::new),
            target_execution: pledge.target_execution.clone(),
            from: pledge.from.clone(),
            to: pledge.to.clone(),
            steps: past.steps.clone(),
            cleared_at: past.cleared,
            ..self.about(RollbackOutcome::Done, pledge.red_since)
        };
        // An adopted rollback was perhaps asked for by another alarm.
        let alarm_url = AlarmArn::new(&self.home.region, &self.home.account, alarm).url();
        let alarm_reason = pledge.alarm_reason.clone();
        let rollback = Rollback { alarm: Some(alarm.clone()), alarm_reason, alarm_url, ..rollback };
        self.decision(&pledge.incident, Some(&pledge.release), reason, rollback)
    }

    /// The alarm is OK again after a rollback that was told, whatever became of that. What was closed may stay closed for
    /// another alarm, or because CodePipeline does not open it.
    pub(crate) fn cleared(&self, past: &Past, doorway: &Doorway) -> Decision {
        let (alarm, what) = (&past.pledge.alarm, self.target.map_or_else(String::new, Target::in_words));
        let reason = match &past.broke {
            Some(word) => {
                format!("Alarm {alarm} is OK again, although the rollback of {what} did not succeed ({word}).")
            }
            None => format!("Alarm {alarm} is OK again after the rollback of {what}."),
        };
        let (reason, by_hand) = match doorway {
            Doorway::NeededBy(other) => {
                (format!("{reason} The inbound transition stays closed until alarm {other} is OK as well."), None)
            }
            Doorway::Stuck(step) => {
                let stuck = "The inbound transition could not be opened again, so a person must.";
                (format!("{reason} {stuck}"), Some(step.command()))
            }
            Doorway::Left => (reason, None),
        };
        let mut decision = self.done(past);
        decision.reason = Some(reason);
        if let Decided::Rollback(rollback) = &mut decision.what {
            rollback.commands.extend(by_hand);
            if past.broke.is_some() {
                rollback.outcome = RollbackOutcome::Failed;
            }
        }
        decision
    }

    /// Every way back turned out to be impossible. `denied` is an answer that only a missing permission was the cause of.
    pub(crate) fn failed(&self, alarm: &Alarm, plan: &Plan, answers: Vec<String>, denied: Option<&str>) -> Decision {
        let what = self.target.map_or_else(String::new, Target::in_words);
        let cause =
            denied.map(missing).map_or_else(String::new, |right| format!(": the reverter's role lacks {right}"));
        let reason =
            format!("Alarm {} went red after the deployment, and {what} could not be rolled back{cause}.", alarm.name);
        let rollback = Rollback {
            from: plan.release.revision.clone(),
            steps: answers,
            // What AWS has just refused is no advice, unless it was only refused to us.
            commands: match denied {
                Some(_) => plan.commands.clone(),
                None => self.target.map(Target::look_by_hand).into_iter().collect(),
            },
            ..self.about(RollbackOutcome::Failed, alarm.red_since)
        };
        self.decision(&plan.incident, Some(&plan.release.id), reason, rollback)
    }

    /// A rollback that was begun did not succeed; the word is its service's.
    pub(crate) fn broke(&self, past: &Past, word: &str, by_hand: String) -> Decision {
        let what = self.target.map_or_else(String::new, Target::in_words);
        let reason = format!("The rollback of {what} began and did not succeed ({word}), so a person must look.");
        let mut decision = self.done(past);
        decision.reason = Some(reason);
        if let Decided::Rollback(rollback) = &mut decision.what {
            (rollback.outcome, rollback.cleared_at) = (RollbackOutcome::Failed, None);
            rollback.commands = vec![by_hand];
        }
        decision
    }

    /// What would have been done.
    pub(crate) fn observed(&self, alarm: &Alarm, plan: &Plan) -> Decision {
        let what = self.target.map_or_else(String::new, Target::in_words);
        let reason = format!("Alarm {} went red after the deployment: {what} would be rolled back.", alarm.name);
        let first = plan.ways.first();
        let steps = plan.before.iter().chain(first.map(|way| &way.step)).map(|step| sentence(&step.in_words()));
        let steps = plan.remarks.iter().cloned().chain(steps);
        let rollback = Rollback {
            target_execution: first.and_then(|way| way.target_execution.clone()),
            from: plan.release.revision.clone(),
            to: first.and_then(|way| way.to.clone()),
            steps: steps.collect(),
            commands: plan.commands.clone(),
            ..self.about(RollbackOutcome::Observed, alarm.red_since)
        };
        self.decision(&plan.incident, Some(&plan.release.id), reason, rollback)
    }

    /// Why nothing was done.
    pub(crate) fn refused(&self, red_since: Timestamp, refused: &Refused, limits: &Limits) -> Decision {
        let release = refused.release.as_ref();
        let rollback = Rollback {
            refusal: Some(refused.refusal.code().to_owned()),
            from: release.and_then(|release| release.revision.clone()),
            commands: refused.commands.clone(),
            ..self.about(RollbackOutcome::Refused, red_since)
        };
        let release = release.map(|release| release.id.as_str());
        self.decision(&refused.incident, release, refused.refusal.sentence(limits), rollback)
    }

    fn is_stage(&self) -> bool {
        self.target.is_some_and(|target| target.stage().is_some())
    }

    fn about(&self, outcome: RollbackOutcome, red_since: Timestamp) -> Rollback {
        Rollback {
            target: self.target.map(ToString::to_string),
            alarm: Some(self.call.alarm.name.clone()),
            alarm_reason: self.call.reason.clone(),
            alarm_url: self.call.alarm.url(),
            red_since: Some(red_since),
            ..Rollback::new(outcome)
        }
    }

    fn decision(&self, incident: &str, release: Option<&str>, reason: String, rollback: Rollback) -> Decision {
        let stage = self.target.and_then(Target::stage);
        Decision {
            id: String::new(),
            time: self.now,
            region: self.home.region.clone(),
            account: self.home.account.clone(),
            key: Some(incident.to_owned()),
            pipeline: stage.map(|(pipeline, _)| self.home.pipeline(pipeline.clone())),
            execution: stage.and(release).map(ExecutionId::new),
            stage: stage.map(|(_, stage)| stage.clone()),
            action: None,
            reason: Some(reason),
            what: Decided::Rollback(Box::new(rollback)),
        }
    }
}

/// ` to abc1234`, ` to execution 11111111`, or nothing.
fn place(to: Option<&Revision>, execution: Option<&ExecutionId>) -> String {
    let revision = to.map(|to| to.id.chars().take(7).collect::<String>());
    let execution = execution.map(|execution| format!("execution {}", execution.short()));
    revision.or(execution).map_or_else(String::new, |place| format!(" to {place}"))
}

/// A sentence of what a step does.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What IAM says is missing: `is not authorized to perform: codepipeline:RollbackStage on resource: …`.
fn missing(answer: &str) -> String {
    let action = answer.split_once("to perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
    action.map_or_else(|| String::from("a permission"), |action| format!("the permission {action}"))
}

//! What a decision or a hold says: on the event bus, and to later actions of the pipeline.

use gate_checks::{CheckResult, Judgement};
use jiff::Timestamp;
use lambda_kit::Home;
use lambda_kit::jobs::{Asked, Variables};
use pipeline_model::{Decided, Decision, Gate, GateCheck, Verdict};

use crate::visit::Arrival;

/// What is decided when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    /// When the release has waited too long.
    pub(crate) deadline: Timestamp,
}

/// `Gate Decided`. Its key is the gate's, the same for a hold and for the decision that follows.
pub(crate) fn decision(home: &Home, arrival: &Arrival, judgement: &Judgement, moment: Moment) -> Decision {
    let opened = judgement.opened.as_ref();
    let gate = Gate {
        waited_seconds: Some(judgement.waited.as_secs_f64()),
        checks: judgement.results.iter().map(check).collect(),
        opened_by: opened.map(|opening| opening.by.clone()),
        opened_because: opened.map(|opening| opening.reason.clone()),
        deadline_at: Some(moment.deadline).filter(|_| judgement.verdict == Verdict::Wait),
        ..unseen(arrival, judgement.verdict.clone())
    };
    told(home, arrival, &judgement.reason, gate, moment.now)
}

/// `Gate Decided` where nothing could be judged.
pub(crate) fn unable(home: &Home, arrival: &Arrival, why: &str, now: Timestamp) -> Decision {
    told(home, arrival, why, unseen(arrival, Verdict::Error), now)
}

fn unseen(arrival: &Arrival, verdict: Verdict) -> Gate {
    let policy = match &arrival.asked {
        Asked::Named(name) => Some(name.clone()),
        Asked::Inline(_) => None,
    };
    Gate { policy, target: arrival.target.clone(), ..Gate::new(verdict) }
}

fn told(home: &Home, arrival: &Arrival, reason: &str, gate: Gate, now: Timestamp) -> Decision {
    let place = &arrival.place;
    Decision {
        id: String::new(),
        time: now,
        region: home.region.clone(),
        account: home.account.clone(),
        key: Some(arrival.token.key.clone()),
        pipeline: place.pipeline.clone().map(|name| home.pipeline(name)),
        execution: place.execution.clone(),
        stage: place.stage.clone(),
        action: arrival.action.clone(),
        reason: Some(reason.to_owned()),
        what: Decided::Gate(Box::new(gate)),
    }
}

fn check(result: &CheckResult) -> GateCheck {
    GateCheck {
        name: result.name.clone(),
        kind: Some(result.kind.to_owned()),
        verdict: result.verdict.clone(),
        says: Some(result.says.clone()),
        advisory: result.advisory,
    }
}

/// What later actions of the pipeline can use: `#{Gate.verdict}`, `#{Gate.check_errors-stay-low}`.
pub(crate) fn variables(judgement: &Judgement) -> Variables {
    let variables = Variables::default()
        .with("verdict", judgement.verdict.to_string())
        .with("reason", judgement.reason.clone())
        .with("waited_seconds", judgement.waited.as_secs().to_string());
    let variables = judgement.opened.iter().fold(variables, |variables, opening| {
        variables.with("opened_by", opening.by.clone()).with("opened_because", opening.reason.clone())
    });
    judgement.results.iter().fold(variables, |variables, result| {
        variables.with(&format!("check_{}", result.name), result.verdict.to_string())
    })
}

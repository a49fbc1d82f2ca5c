//! What gates say of a release, with all the evidence there can be.

use pipeline_model::{ActionName, Decided, Decision, Gate, GateCheck, StageName, Verdict};

use super::at;
use super::decisions::about_the_story;

/// When the gate of these tests was first asked.
const FIRST_VISIT: i64 = 400;

/// What the gate `Production/Check` says at this second; it was asked first at second 400.
pub(crate) fn gated(verdict: Verdict, second: i64) -> Decision {
    let (reason, checks) = match &verdict {
        Verdict::Pass => ("2 checks pass.", vec![errors("pass"), hours("pass")]),
        Verdict::Fail => ("errors stay low (The alarm orders-5xx is in ALARM).", vec![errors("fail"), hours("pass")]),
        Verdict::Error => ("errors stay low (CloudWatch did not answer).", vec![errors("error"), hours("pass")]),
        _ => ("errors stay low (No alarm is red, for 4 of 10 min).", vec![errors("wait"), hours("pass")]),
    };
    let gate = Gate {
        waited_seconds: Some(f64::from(i32::try_from(second - FIRST_VISIT).unwrap())),
        checks,
        policy: Some(String::from("orders/production")),
        deadline_at: Some(at(FIRST_VISIT + 4 * 3_600)),
        ..Gate::new(verdict)
    };
    Decision {
        key: Some(String::from("9f2c41d07b6e")),
        stage: Some(StageName::from("Production")),
        action: Some(ActionName::from("Check")),
        ..about_the_story(Decided::Gate(Box::new(gate)), second, reason)
    }
}

/// The same with something changed.
pub(crate) fn with_gate(mut decision: Decision, change: impl FnOnce(&mut Gate)) -> Decision {
    match &mut decision.what {
        Decided::Gate(gate) => change(gate),
        other => panic!("{other:?} is no gate"),
    }
    decision
}

/// Let through by a person at this second.
pub(crate) fn opened(second: i64) -> Decision {
    let decision = with_gate(gated(Verdict::Pass, second), |gate| {
        gate.checks = vec![errors("wait"), hours("pass")];
        gate.opened_by = Some(String::from("alice"));
        gate.opened_because = Some(String::from("The alarm is about the old region."));
    });
    Decision { reason: Some(String::from("Opened by alice.")), ..decision }
}

/// The same of a deployment outside of pipelines.
pub(crate) fn of_a_hook(decision: Decision) -> Decision {
    let decision = Decision { pipeline: None, execution: None, stage: None, action: None, ..decision };
    with_gate(decision, |gate| gate.target = Some(String::from("codedeploy:shop/orders")))
}

/// The check that a test is about.
pub(crate) fn errors(verdict: &str) -> GateCheck {
    let says = match verdict {
        "pass" => "No alarm is red, for 10 min now.",
        "wait" => "No alarm is red, for 4 of 10 min.",
        "fail" => "The alarm orders-5xx is in ALARM.",
        _ => "CloudWatch did not answer.",
    };
    check("errors stay low", "alarms", verdict, says)
}

fn hours(verdict: &str) -> GateCheck {
    check("office hours", "window", verdict, "Open until 17:00.")
}

pub(crate) fn check(name: &str, kind: &str, verdict: &str, says: &str) -> GateCheck {
    GateCheck {
        name: name.to_owned(),
        kind: Some(kind.to_owned()),
        verdict: Verdict::from(verdict.to_owned()),
        says: Some(says.to_owned()),
        advisory: false,
    }
}

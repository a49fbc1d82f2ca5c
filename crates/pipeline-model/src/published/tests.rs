//! What our own events promise to those who read them.

mod scans;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::PipelineName;

fn envelope(detail_type: &str, detail: Value) -> Value {
    json!({
        "version": "0", "id": "e-1", "detail-type": detail_type, "source": "pipewarden", "account": "111122223333",
        "time": "2026-03-02T10:00:05Z", "region": "us-east-1", "resources": [], "detail": detail,
    })
}

fn parse(value: &Value) -> Published {
    Published::parse(value.to_string().as_bytes()).unwrap()
}

fn decision(value: &Value) -> Decision {
    match parse(value) {
        Published::Decision(decision) => *decision,
        Published::Unknown(event) => panic!("expected a decision, got {event:?}"),
    }
}

#[test]
fn a_gate_of_a_pipeline_is_read_and_new_fields_are_tolerated() {
    let read = decision(&envelope(
        "Gate Decided",
        json!({"version": 1, "pipeline": "orders", "execution-id": "e1", "stage": "Production", "verdict": "fail",
               "waited-seconds": 90.5, "mood": "bad", "checks": [{"name": "errors", "code": 7}]}),
    ));
    let check = GateCheck { name: String::from("errors"), ..unsaid() };
    assert_eq!(gate(&read), Gate { waited_seconds: Some(90.5), checks: vec![check], ..Gate::new(Verdict::Fail) });
    assert_eq!(read.pipeline.unwrap().to_string(), "arn:aws:codepipeline:us-east-1:111122223333:orders");
}

/// A check that says nothing.
fn unsaid() -> GateCheck {
    GateCheck { name: String::new(), kind: None, verdict: Verdict::Unknown(String::new()), says: None, advisory: false }
}

fn gate(read: &Decision) -> Gate {
    match &read.what {
        Decided::Gate(gate) => gate.as_ref().clone(),
        other => panic!("{other:?} is no gate"),
    }
}

#[test]
fn a_gate_tells_its_evidence_in_the_words_of_the_contract() {
    let detail = json!({
        "version": 1, "key": "9f2c", "pipeline": "orders", "execution-id": "e2", "stage": "Production", "action": "Gate",
        "reason": "Opened by alice.", "verdict": "pass", "waited-seconds": 720.5, "policy": "payments/production",
        "target": "codedeploy:shop/orders", "opened-by": "alice", "opened-because": "The alarm is known.",
        "deadline-at": "2026-03-02T14:00:05Z",
        "checks": [
            {"name": "errors stay low", "kind": "alarms", "verdict": "fail", "says": "orders-5xx is in ALARM."},
            {"name": "latency", "kind": "metric", "verdict": "pass", "advisory": true},
        ],
    });
    let read = decision(&envelope("Gate Decided", detail.clone()));
    assert_eq!(read.detail(), detail);
    assert_eq!(gate(&read).deadline_at, "2026-03-02T14:00:05Z".parse().ok());
    assert!(gate(&read).checks[1].advisory);
}

#[test]
fn only_the_verdict_of_a_gate_is_always_there() {
    let held = json!({"version": 1, "verdict": "wait"});
    assert_eq!(decision(&envelope("Gate Decided", held.clone())).detail(), held);
    let empty = json!({"version": 1, "verdict": "wait", "checks": null, "deadline-at": "soon", "opened-by": null});
    assert_eq!(gate(&decision(&envelope("Gate Decided", empty))), Gate::new(Verdict::Wait));
}

#[test]
fn verdicts_of_a_later_version_keep_their_words() {
    let detail = json!({"version": 1, "verdict": "postponed", "checks": [{"name": "a", "verdict": "dozing"}]});
    let gate = gate(&decision(&envelope("Gate Decided", detail)));
    assert_eq!(gate.verdict, Verdict::Unknown(String::from("postponed")));
    assert_eq!(gate.checks[0].verdict, Verdict::Unknown(String::from("dozing")));
}

#[test]
fn more_checks_than_anybody_reads_are_not_kept() {
    let checks: Vec<Value> = (0..5_000).map(|n| json!({"name": n.to_string(), "verdict": "pass"})).collect();
    let detail = json!({"version": 1, "verdict": "pass", "checks": checks, "policy": "after"});
    let gate = gate(&decision(&envelope("Gate Decided", detail)));
    assert_eq!((gate.checks.len(), gate.policy.as_deref()), (Gate::MOST_CHECKS, Some("after")));
    assert_eq!(gate.checks[99].name, "99");
}

#[test]
fn a_hook_outside_of_any_pipeline_names_none() {
    let read = decision(&envelope("Gate Decided", json!({"version": 1, "verdict": "pass"})));
    assert_eq!((read.pipeline, read.execution), (None, None));
}

#[test]
fn a_rollback_tells_its_evidence_in_the_words_of_the_contract() {
    let detail = json!({
        "version": 1, "key": "i-1", "pipeline": "orders", "execution-id": "e2", "stage": "Production",
        "reason": "The alarm orders-errors went red 14 minutes after the release.",
        "outcome": "done", "target": "orders/Production", "rollback-execution-id": "e3", "target-execution-id": "e1",
        "alarm": "orders errors", "alarm-reason": "Threshold Crossed", "alarm-url": "https://example.com/alarm",
        "red-since": "2026-03-02T17:04:40.989Z", "cleared-at": "2026-03-02T17:20:40.5Z",
        "from": {"id": "bad", "summary": "Count twice", "url": "https://example.com/bad"}, "to": {"id": "good"},
        "steps": ["Rolled back."], "commands": ["aws codepipeline get-pipeline-state --name orders"],
    });
    let read = decision(&envelope("Rollback Decided", detail.clone()));
    assert_eq!(read.detail(), detail);
    let Decided::Rollback(rollback) = read.what else { panic!("{read:?}") };
    assert_eq!(rollback.red_since, "2026-03-02T17:04:40.989Z".parse().ok());
    assert_eq!(rollback.to, Some(Revision { id: String::from("good"), summary: None, url: None }));
}

#[test]
fn only_the_outcome_of_a_rollback_is_always_there() {
    let refused = json!({"version": 1, "outcome": "refused"});
    assert_eq!(decision(&envelope("Rollback Decided", refused.clone())).detail(), refused);
}

#[test]
fn a_time_that_is_none_costs_a_rollback_that_time_and_no_more() {
    let detail = json!({"version": 1, "outcome": "done", "red-since": "yesterday", "cleared-at": 7, "alarm": "a"});
    let Decided::Rollback(rollback) = decision(&envelope("Rollback Decided", detail)).what else { panic!() };
    let expected = Rollback { alarm: Some(String::from("a")), ..Rollback::new(RollbackOutcome::Done) };
    assert_eq!(*rollback, expected);
}

#[test]
fn new_words_new_versions_and_new_detail_types_keep_their_text() {
    let novel = decision(&envelope("Rollback Decided", json!({"version": 1, "outcome": "postponed"})));
    let postponed = RollbackOutcome::Unknown(String::from("postponed"));
    assert_eq!(novel.what, Decided::Rollback(Box::new(Rollback::new(postponed))));
    for (detail_type, detail) in [
        ("Gate Decided", json!({"version": 2, "verdict": "pass"})),
        ("Gate Decided", json!({"verdict": "pass"})),
        ("Budget Decided", json!({"version": 1})),
        ("Scan Completed", json!("text")),
    ] {
        let value = envelope(detail_type, detail.clone());
        let Published::Unknown(unknown) = parse(&value) else { panic!("{value} was taken for known") };
        assert_eq!((unknown.detail_type.as_str(), unknown.detail), (detail_type, detail));
    }
}

#[test]
fn an_event_of_another_source_is_not_taken_for_ours() {
    let mut forged = envelope("Gate Decided", json!({"version": 1, "verdict": "pass"}));
    forged["source"] = json!("com.example");
    assert!(matches!(parse(&forged), Published::Unknown(_)));
}

#[test]
fn what_is_missing_is_named() {
    for (detail_type, field) in [
        ("Gate Decided", "verdict"),
        ("Scan Completed", "verdict"),
        ("Rollback Decided", "outcome"),
        ("Approval Decided", "outcome"),
    ] {
        let bytes = envelope(detail_type, json!({"version": 1})).to_string();
        let error = Published::parse(bytes.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{field}`")), "{detail_type}: {error}");
    }
}

#[test]
fn every_word_keeps_its_spelling() {
    assert!(Verdict::documented().iter().all(|word| Verdict::from(word.to_string()) == *word));
    assert!(RollbackOutcome::documented().iter().all(|word| RollbackOutcome::from(word.to_string()) == *word));
    assert!(FindingSeverity::documented().iter().all(|word| FindingSeverity::from(word.to_string()) == *word));
    assert!(ScanOutcome::documented().iter().all(|word| ScanOutcome::from(word.to_string()) == *word));
    assert!(ApprovalOutcome::documented().iter().all(|word| ApprovalOutcome::from(word.to_string()) == *word));
}

fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.@_-]{1,12}|\\PC{0,12}"
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text())
}

fn decided() -> impl Strategy<Value = Decided> {
    let seconds = || proptest::option::of((0_u32..1_000_000).prop_map(f64::from));
    prop_oneof![
        gate_decided().prop_map(|gate| Decided::Gate(Box::new(gate))),
        scans::any_scan().prop_map(|scan| Decided::Scan(Box::new(scan))),
        rollback().prop_map(|rollback| Decided::Rollback(Box::new(rollback))),
        (text(), maybe(), seconds()).prop_map(|(outcome, by, waited_seconds)| Decided::Approval {
            outcome: outcome.into(),
            by,
            waited_seconds,
        }),
    ]
}

fn check() -> impl Strategy<Value = GateCheck> {
    let words = (text(), maybe(), text(), maybe(), any::<bool>());
    words.prop_map(|(name, kind, verdict, says, advisory)| GateCheck {
        name,
        kind,
        verdict: verdict.into(),
        says,
        advisory,
    })
}

fn gate_decided() -> impl Strategy<Value = Gate> {
    let seconds = proptest::option::of((0_u32..1_000_000).prop_map(f64::from));
    let words = (text(), maybe(), maybe(), maybe(), maybe());
    (words, seconds, time(), proptest::collection::vec(check(), 0..4)).prop_map(
        |((verdict, policy, target, opened_by, opened_because), waited_seconds, deadline_at, checks)| Gate {
            verdict: verdict.into(),
            waited_seconds,
            checks,
            policy,
            target,
            opened_by,
            opened_because,
            deadline_at,
        },
    )
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::of((0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap()))
}

fn revision() -> impl Strategy<Value = Option<Revision>> {
    proptest::option::of((text(), maybe(), maybe()).prop_map(|(id, summary, url)| Revision { id, summary, url }))
}

fn rollback() -> impl Strategy<Value = Rollback> {
    let id = || proptest::option::of(text().prop_map(ExecutionId::new));
    let texts = || proptest::collection::vec(text(), 0..3);
    let words = (text(), maybe(), maybe(), maybe(), maybe(), maybe());
    (words, (id(), id()), (time(), time()), (revision(), revision()), (texts(), texts())).prop_map(
        |(
            (outcome, target, refusal, alarm, alarm_reason, alarm_url),
            executions,
            times,
            revisions,
            (steps, commands),
        )| {
            let (rollback_execution, target_execution) = executions;
            let ((red_since, cleared_at), (from, to)) = (times, revisions);
            let outcome = outcome.into();
            Rollback {
                outcome,
                target,
                rollback_execution,
                target_execution,
                refusal,
                alarm,
                alarm_reason,
                alarm_url,
                red_since,
                from,
                to,
                steps,
                commands,
                cleared_at,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_published_is_read_back_as_the_same_value(
        (id, key, reason, what) in (text(), maybe(), maybe(), decided()),
        (pipeline, execution, stage, action) in (proptest::option::of("[A-Za-z0-9.@_-]{1,12}"), maybe(), maybe(), maybe()),
        second in 0_i64..4_000_000_000,
    ) {
        let decision = Decision {
            id, key, reason, what,
            time: Timestamp::from_second(second).unwrap(),
            region: String::from("cn-north-1"),
            account: String::from("111122223333"),
            pipeline: pipeline.map(|name| PipelineArn::new("cn-north-1", "111122223333", PipelineName::new(name))),
            execution: execution.map(ExecutionId::new),
            stage: stage.map(StageName::new),
            action: action.map(ActionName::new),
        };
        prop_assert_eq!(parse(&decision.to_json()), Published::Decision(Box::new(decision)));
    }

    #[test]
    fn no_byte_string_panics_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Published::parse(&bytes);
    }
}

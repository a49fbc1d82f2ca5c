//! What is read from events, and what waits.

use jiff::Timestamp;
use pipeline_model::{Decision, Event, FindingCounts, PipelineEvent, Published, StageName, UnknownEvent};
use serde_json::{Value, json};

use super::*;
use crate::testing::{at, rules, told};

fn event(kind: &str, mut detail: Value) -> PipelineEvent {
    detail["pipeline"] = json!("orders");
    detail["execution-id"] = json!("e1");
    detail["version"] = json!(6.0);
    let envelope = json!({
        "detail-type": format!("CodePipeline {kind} Execution State Change"), "source": "aws.codepipeline",
        "time": "2026-03-02T10:01:00Z", "region": "us-east-1", "account": "111122223333", "detail": detail,
    });
    match Event::parse(envelope.to_string().as_bytes()) {
        Ok(Event::Pipeline(event)) => *event,
        other => panic!("{other:?}"),
    }
}

fn facts(kind: &str, detail: Value) -> Vec<(Timestamp, What)> {
    let facts = Fact::of_event(&event(kind, detail));
    assert!(facts.iter().all(|fact| fact.structure == Some(6) && fact.execution.as_str() == "e1" && !fact.late));
    facts.into_iter().map(|fact| (fact.at, fact.what)).collect()
}

#[test]
fn a_start_tells_its_own_time_and_its_kind_where_the_trigger_is_told() {
    for (trigger, is_rollback) in [
        (json!({"trigger-type": "StartPipelineExecution"}), Some(false)),
        (json!({"trigger-type": "ManualRollback"}), Some(true)),
        (json!({"trigger-type": "AutomatedRollback"}), Some(true)),
        (json!({"commit-id": "c0ffee", "branch-name": "main"}), Some(false)),
        (json!(null), None),
    ] {
        let detail =
            json!({"state": "STARTED", "start-time": "2026-03-02T10:00:59.500Z", "execution-trigger": trigger});
        assert_eq!(facts("Pipeline", detail), [(at(59.5), What::Started { is_rollback })]);
    }
    assert_eq!(facts("Pipeline", json!({"state": "STARTED"})), [(at(60.0), What::Started { is_rollback: None })]);
}

#[test]
fn a_git_trigger_tells_its_commit_on_any_event_of_the_execution() {
    let trigger = json!({"commit-id": "c0ffee", "author-date": "2026-03-02T09:58:40Z"});
    let commit = What::Commit { at: at(-80.0), revision: Some(Fact::key(&["c0ffee"])) };
    let detail = json!({"state": "SUCCEEDED", "start-time": "2026-03-02T10:00:00Z", "execution-trigger": trigger});
    assert_eq!(
        facts("Pipeline", detail),
        [
            (at(0.0), What::Started { is_rollback: Some(false) }),
            (at(60.0), commit),
            (at(60.0), What::Ended { outcome: Outcome::Succeeded, started: Some(at(0.0)) }),
        ]
    );
}

#[test]
fn each_end_is_told_by_its_state_and_other_states_tell_nothing() {
    for (state, outcome) in [
        ("SUCCEEDED", Some(Outcome::Succeeded)),
        ("FAILED", Some(Outcome::Failed)),
        ("STOPPED", Some(Outcome::Dropped)),
        ("CANCELED", Some(Outcome::Dropped)),
        ("SUPERSEDED", Some(Outcome::Dropped)),
        ("STOPPING", None),
        ("RESUMED", None),
        ("PAUSED", None),
    ] {
        let expected: Vec<_> =
            outcome.map(|outcome| (at(60.0), What::Ended { outcome, started: None })).into_iter().collect();
        assert_eq!(facts("Pipeline", json!({"state": state})), expected, "{state}");
    }
}

#[test]
fn a_stage_begins_with_its_last_retry_or_else_with_its_start() {
    let stage = |state: &str, extra: Value| {
        let mut detail = json!({"stage": "Build", "state": state, "start-time": "2026-03-02T10:00:10Z"});
        detail.as_object_mut().unwrap().extend(extra.as_object().cloned().unwrap());
        facts("Stage", detail)
    };
    let ended = |result, began| (at(60.0), What::StageEnded { stage: StageName::from("Build"), result, began });
    assert_eq!(stage("SUCCEEDED", json!({})), [ended(StageResult::Succeeded, Some(at(10.0)))]);
    let retried = json!({"stage-last-retry-attempt-time": "2026-03-02T10:00:40.250Z"});
    assert_eq!(stage("FAILED", retried), [ended(StageResult::Failed, Some(at(40.25)))]);
    assert_eq!(stage("SUCCEEDED", json!({"start-time": null})), [ended(StageResult::Succeeded, None)]);
    for nothing in ["STARTED", "RESUMED", "CANCELED", "STOPPING", "STOPPED", "SKIPPED"] {
        assert_eq!(stage(nothing, json!({})), [], "{nothing}");
    }
}

#[test]
fn only_answered_approvals_are_told_of_actions() {
    let action = |category: &str, state: &str, id: Option<&str>| {
        facts(
            "Action",
            json!({
                "stage": "Approve", "action": "Manager", "state": state, "start-time": "2026-03-02T10:00:10Z",
                "action-execution-id": id, "type": {"category": category}, "pipeline-execution-attempt": 2.0,
            }),
        )
    };
    let answered = |key| [(at(60.0), What::ApprovalAnswered { key, waited_since: at(10.0) })];
    assert_eq!(action("Approval", "SUCCEEDED", Some("a1")), answered(Fact::key(&["a1"])));
    assert_eq!(action("Approval", "FAILED", None), answered(Fact::key(&["Approve", "Manager", "2"])));
    assert_eq!(action("Approval", "STARTED", Some("a1")), []);
    assert_eq!(action("Approval", "ABANDONED", Some("a1")), []);
    assert_eq!(action("Build", "SUCCEEDED", Some("a1")), []);
}

#[test]
fn states_that_are_new_are_named() {
    let state = |kind, state| {
        let detail = json!({"stage": "Build", "action": "Compile", "state": state});
        unknown_state(&event(kind, detail)).map(str::to_owned)
    };
    for kind in ["Pipeline", "Stage", "Action"] {
        assert_eq!(state(kind, "PAUSED").as_deref(), Some("PAUSED"));
        assert_eq!(state(kind, "SUCCEEDED"), None);
    }
}

fn decision(detail_type: &str, mut detail: Value) -> Decision {
    detail["version"] = json!(1);
    let envelope = json!({
        "id": "d-1", "detail-type": detail_type, "source": "pipewarden", "time": "2026-03-02T10:01:00Z",
        "region": "us-east-1", "account": "111122223333", "detail": detail,
    });
    match Published::parse(envelope.to_string().as_bytes()) {
        Ok(Published::Decision(decision)) => *decision,
        Ok(Published::Unknown(UnknownEvent { detail_type, .. })) => panic!("{detail_type} is unknown"),
        Err(error) => panic!("{error}"),
    }
}

fn of_pipeline(detail_type: &str, mut detail: Value) -> Option<What> {
    detail["pipeline"] = json!("orders");
    detail["execution-id"] = json!("e1");
    Fact::of_decision(&decision(detail_type, detail)).map(|(pipeline, fact)| {
        assert_eq!((pipeline.pipeline.as_str(), fact.execution.as_str(), fact.at), ("orders", "e1", at(60.0)));
        fact.what
    })
}

#[test]
fn what_our_functions_decide_is_told_by_the_key_of_the_decision() {
    let key = Fact::key(&["job-1"]);
    let gate =
        |verdict: &str| of_pipeline("Gate Decided", json!({"verdict": verdict, "waited-seconds": 2.5, "key": "job-1"}));
    for (verdict, failed) in [("pass", false), ("fail", true), ("error", true), ("inconclusive", true)] {
        assert_eq!(gate(verdict), Some(What::GateDecided { key, failed, waited: Some(2.5) }), "{verdict}");
    }
    for undecided in ["wait", "maybe"] {
        assert_eq!(gate(undecided), None, "{undecided}");
    }
    let rollback = |outcome: &str| of_pipeline("Rollback Decided", json!({"outcome": outcome, "key": "job-1"}));
    assert_eq!(rollback("done"), Some(What::RolledBack { key }));
    for nothing in ["refused", "failed", "observed", "postponed"] {
        assert_eq!(rollback(nothing), None, "{nothing}");
    }
    assert_eq!(of_pipeline("Approval Decided", json!({"outcome": "approved"})), None);
}

#[test]
fn a_scan_tells_its_findings_unless_it_found_none_because_it_could_not_be_made() {
    let scan = |verdict: &str, findings: Value| {
        let what = of_pipeline("Scan Completed", json!({"verdict": verdict, "findings": findings}));
        what.map(|what| match what {
            What::ScanCompleted { key, findings } if key == Fact::key(&["d-1"]) => findings,
            other => panic!("{other:?} is no scan with this key"),
        })
    };
    let none = FindingCounts::default();
    for verdict in ["pass", "fail", "error", "quarantine"] {
        let read = scan(verdict, json!({"critical": 1, "low": 12, "catastrophic": 3}));
        assert_eq!(read, Some(FindingCounts { critical: 1, low: 12, ..none }), "{verdict}");
    }
    assert_eq!((scan("pass", json!({})), scan("fail", json!(null))), (Some(none), Some(none)));
    assert_eq!((scan("error", json!({"critical": 0})), scan("error", json!(null))), (None, None));
}

#[test]
fn what_was_decided_outside_of_any_pipeline_is_not_measured() {
    assert_eq!(Fact::of_decision(&decision("Gate Decided", json!({"verdict": "pass"}))), None);
}

#[test]
fn ends_rollbacks_and_named_deploy_stages_are_urgent_and_all_else_waits() {
    let named = crate::rules::Rules {
        deploy_stages: crate::rules::DeployStages::Named(vec![wildmatch::WildMatch::new("Prod*")]),
        ..rules()
    };
    let urgent = |line: &str, rules: &Rules| told(line)[0].is_urgent(rules);
    for line in ["9 a succeeded", "9 a failed", "9 a rolled-back x"] {
        assert!(urgent(line, &rules()), "{line}");
    }
    for line in [
        "9 a started",
        "9 a dropped",
        "9 a stage Production succeeded",
        "9 a approval x since=1",
        "9 a commit 1",
        "9 a gate x failed",
        "9 a scan x",
        "9 a looked-at",
    ] {
        assert!(!urgent(line, &rules()), "{line}");
    }
    assert!(urgent("9 a stage Production failed", &named) && !urgent("9 a stage Build failed", &named));
}

#[test]
fn a_key_never_changes() {
    assert_eq!(Fact::key(&["c0ffee"]), 2_937_197_520);
    assert_ne!(Fact::key(&["ab", "c"]), Fact::key(&["a", "bc"]));
}

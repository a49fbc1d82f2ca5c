//! Every kind of report, as it is published.

use pipeline_model::AlarmState;
use rollback_plans::{AlarmNow, Pledge, Refusal, Release, Step, Way};
use serde_json::json;

use super::*;
use crate::ports::AlarmSeen;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn commit(id: &str) -> Revision {
    Revision { id: id.to_owned(), summary: Some(format!("Change {id}")), url: None }
}

struct Desk {
    home: Home,
    call: Call,
    target: Target,
}

impl Desk {
    fn new(target: &str) -> Self {
        let home = Home::of_arn("arn:aws:cloudformation:us-east-1:111122223333:stack/pipewarden/1").unwrap();
        let call = Call {
            alarm: AlarmArn::new("us-east-1", "111122223333", "orders errors"),
            state: AlarmState::Alarm,
            at: time("2026-03-02T17:04:40.989Z"),
            before: Some(AlarmState::Ok),
            before_since: None,
            reason: Some(String::from("Threshold Crossed: 1 datapoint [9.0]")),
            suppressed_by: None,
        };
        Self { home, call, target: target.parse().unwrap() }
    }

    fn reporter(&self) -> Reporter<'_> {
        Reporter { home: &self.home, call: &self.call, target: Some(&self.target), now: time("2026-03-02T17:04:43Z") }
    }

    fn alarm(&self) -> Alarm {
        let now = AlarmNow::Is(AlarmState::Alarm);
        self.call.alarm(AlarmSeen { now, since: None, suppressed_by: None })
    }

    fn past(&self) -> Past {
        let pledge = Pledge {
            incident: format!("{}@e2", self.target),
            release: String::from("e2"),
            alarm: String::from("orders errors"),
            alarm_reason: self.call.reason.clone(),
            red_since: self.call.at,
            at: time("2026-03-02T17:04:42Z"),
            from: Some(commit("bbbbbbbbbbbb")),
            to: Some(commit("aaaaaaaaaaaa")),
            target_execution: self.target.stage().map(|_| ExecutionId::from("e1")),
            candidates: Vec::new(),
            closes: false,
            redeployment: None,
            version: None,
        };
        Past::of(pledge, Some(String::from("e3")), vec![String::from("Roll back.")])
    }

    fn plan(&self) -> Plan {
        let step = Step::RollBackStage { pipeline: "orders".into(), stage: "Production".into(), to: "e1".into() };
        let commands = vec![step.command()];
        let way = Way { step, to: Some(commit("aaaaaaaaaaaa")), target_execution: Some("e1".into()) };
        let release = Release { id: String::from("e2"), revision: Some(commit("bbbbbbbbbbbb")), ..Release::default() };
        Plan {
            incident: String::from("orders/Production@e2"),
            release,
            before: None,
            remarks: Vec::new(),
            ways: vec![way],
            commands,
        }
    }
}

#[test]
fn a_rollback_names_both_releases_and_the_alarm() {
    let desk = Desk::new("orders/Production");
    insta::assert_json_snapshot!(desk.reporter().done(&desk.past()).to_json());
}

#[test]
fn that_the_alarm_is_ok_again_is_told_under_the_same_key() {
    let desk = Desk::new("orders/Production");
    let cleared = Past { cleared: Some(time("2026-03-02T17:20:00Z")), ..desk.past() };
    let (done, cleared) = (desk.reporter().done(&desk.past()), desk.reporter().cleared(&cleared, &Doorway::Left));
    assert_eq!(done.key, cleared.key);
    assert_eq!(cleared.to_json()["detail"]["cleared-at"], "2026-03-02T17:20:00Z");
    assert_eq!(
        cleared.reason.as_deref(),
        Some("Alarm orders errors is OK again after the rollback of stage Production of orders.")
    );
}

#[test]
fn a_rollback_outside_of_any_pipeline_names_no_execution() {
    let desk = Desk::new("codedeploy:orders/blue");
    let detail = desk.reporter().done(&desk.past()).detail();
    for absent in ["pipeline", "execution-id", "stage", "rollback-execution-id", "target-execution-id"] {
        assert_eq!(detail[absent], json!(null), "{absent}");
    }
    assert_eq!(detail["target"], "codedeploy:orders/blue");
}

#[test]
fn a_failure_tells_what_was_tried_and_what_to_run() {
    let desk = Desk::new("orders/Production");
    let answers = vec![String::from("Could not roll back: UnableToRollbackStageException: no")];
    insta::assert_json_snapshot!(desk.reporter().failed(&desk.alarm(), &desk.plan(), answers, None).to_json());
}

#[test]
fn a_failure_for_want_of_a_permission_names_it_and_tells_a_person_to_do_what_we_may_not() {
    let desk = Desk::new("orders/Production");
    let told = |answer: &str| desk.reporter().failed(&desk.alarm(), &desk.plan(), Vec::new(), Some(answer));
    let named = told(
        "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/reverter is not authorized to perform: \
         codepipeline:RollbackStage on resource: arn:aws:codepipeline:us-east-1:111122223333:orders",
    );
    assert_eq!(
        named.reason.as_deref(),
        Some(
            "Alarm orders errors went red after the deployment, and stage Production of orders could not be rolled back: \
             the reverter's role lacks the permission codepipeline:RollbackStage."
        )
    );
    let by_hand = named.detail()["commands"][0].as_str().unwrap().to_owned();
    assert!(by_hand.starts_with("aws codepipeline rollback-stage"), "{by_hand}");
    let silent = told("AccessDenied: no message").reason.unwrap();
    assert!(silent.ends_with(": the reverter's role lacks a permission."), "{silent}");
}

#[test]
fn an_alarm_that_clears_after_a_rollback_that_failed_is_no_success_of_it() {
    let desk = Desk::new("orders/Production");
    let (broke, cleared) = (Some(String::from("Failed")), Some(time("2026-03-02T17:20:00Z")));
    let told = desk
        .reporter()
        .cleared(&Past { broke, cleared, ..desk.past() }, &Doorway::NeededBy(String::from("orders latency")));
    assert_eq!(
        (&told.detail()["outcome"], &told.detail()["cleared-at"]),
        (&json!("failed"), &json!("2026-03-02T17:20:00Z"))
    );
    assert_eq!(
        told.reason.as_deref(),
        Some(
            "Alarm orders errors is OK again, although the rollback of stage Production of orders did not succeed (Failed). \
             The inbound transition stays closed until alarm orders latency is OK as well."
        )
    );
}

#[test]
fn a_rollback_that_began_and_failed_names_its_execution_and_calls_a_person() {
    let desk = Desk::new("orders/Production");
    let by_hand = String::from("aws codepipeline list-action-executions --pipeline-name orders");
    let cleared = Past { cleared: Some(time("2026-03-02T17:20:00Z")), ..desk.past() };
    let told = desk.reporter().broke(&cleared, "Failed", by_hand);
    assert_eq!(told.key, desk.reporter().done(&desk.past()).key);
    insta::assert_json_snapshot!(told.to_json());
}

#[test]
fn an_observation_says_what_would_be_done() {
    let desk = Desk::new("orders/Production");
    insta::assert_json_snapshot!(desk.reporter().observed(&desk.alarm(), &desk.plan()).to_json());
}

#[test]
fn a_refusal_has_its_code_its_sentence_and_the_command() {
    let desk = Desk::new("orders/Production");
    let refused = Refused {
        refusal: Refusal::DailyCap,
        incident: String::from("orders/Production@e2"),
        release: Some(desk.plan().release),
        commands: desk.plan().commands,
    };
    insta::assert_json_snapshot!(desk.reporter().refused(desk.call.at, &refused, &Limits::default()).to_json());
}

#[test]
fn what_is_published_is_read_back_as_it_was_meant() {
    let desk = Desk::new("orders/Production");
    let decision = desk.reporter().done(&desk.past());
    let bytes = decision.to_json().to_string();
    let Ok(pipeline_model::Published::Decision(read)) = pipeline_model::Published::parse(bytes.as_bytes()) else {
        panic!("a decision")
    };
    assert_eq!(*read, decision);
}

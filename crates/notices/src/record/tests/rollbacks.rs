//! Rollbacks: who hears of them, how loudly, and how often.

use pipeline_model::RollbackOutcome::{Done, Failed, Observed, Refused};

use super::*;
use crate::testing::{decided, outside_of_pipelines, with};

const RELEASED: &str = "0 execution STARTED\n60 stage Production SUCCEEDED\n60 execution SUCCEEDED";

fn cleared(second: i64) -> Decision {
    with(decided(Done, second), |rollback| rollback.cleared_at = Some(at(second)))
}

/// What is sent for each decision about a release that was told already.
fn told_once_released(decisions: &[Decision], desk: &Desk) -> Vec<String> {
    told_of(RELEASED, decisions.iter().cloned().map(of).collect(), desk)
}

#[test]
fn a_rollback_is_an_edit_a_loud_reply_and_a_message_and_its_quiet_alarm_a_quiet_one() {
    let sent = told_once_released(&[decided(Done, 400), decided(Done, 401), cleared(1_120)], &desk());
    let quiet = "12 min after the rollback";
    assert_eq!(
        sent,
        [
            "slack:C0123456 edit: orders is being rolled back in Production",
            "slack:C0123456 reply to all: orders is being rolled back in Production",
            "sns announce: orders is being rolled back in Production",
            "slack:C0123456 edit: orders was rolled back in Production",
            &format!("slack:C0123456 reply: Alarm orders-errors is OK again, {quiet}"),
            &format!("sns announce: orders: alarm orders-errors is OK again, {quiet} in Production"),
        ]
    );
}

#[test]
fn an_alarm_that_flaps_all_night_is_refused_once() {
    let refusals: Vec<_> = (0..200).map(|minute| decided(Refused, 400 + 60 * minute)).collect();
    let sent = told_once_released(&refusals, &desk());
    assert_eq!(
        sent,
        [
            "slack:C0123456 edit: orders succeeded in 1 min",
            "slack:C0123456 reply to all: orders was not rolled back in Production for alarm orders-errors",
            "sns announce: orders was not rolled back in Production for alarm orders-errors",
        ]
    );
}

#[test]
fn every_outcome_of_a_rollback_is_heard_by_channels_that_are_quiet() {
    for (outcome, words) in [
        (Done, "is being rolled back in Production"),
        (Failed, "could not be rolled back in Production"),
        (Refused, "was not rolled back in Production for alarm orders-errors"),
        (Observed, "would have been rolled back in Production"),
    ] {
        for channel in ["webhook", "sns"] {
            let desk = desk_with(&format!("routes: [{{channels: [{channel}]}}]"));
            assert_eq!(
                told_once_released(&[decided(outcome.clone(), 400)], &desk),
                [format!("{channel} announce: orders {words}")]
            );
        }
    }
}

#[test]
fn routes_choose_among_the_outcomes_of_rollbacks() {
    let decisions =
        [decided(Observed, 400), decided(Refused, 500), decided(Done, 600), cleared(900), decided(Failed, 950)];
    let heard = |route: &str| {
        told_once_released(&decisions, &desk_with(&format!("routes: [{{{route}, channels: [webhook]}}]"))).len()
    };
    assert_eq!(heard("outcomes: [rolled-back]"), 1);
    assert_eq!(heard("outcomes: [rollback-failed, rollback-refused, rollback-observed, alarm-cleared]"), 4);
    assert_eq!((heard("severity: error"), heard("severity: warning"), heard("severity: notice")), (2, 3, 5));
    assert_eq!((heard("stages: [Production]"), heard("stages: [Build]")), (5, 0));
}

#[test]
fn a_message_that_begins_with_a_rollback_is_not_followed_by_a_reply_that_says_the_same() {
    let desk = desk_with("routes: [{outcomes: [rolled-back], channels: [\"slack:C0123456\"]}]");
    assert_eq!(
        told_once_released(&[decided(Done, 400)], &desk),
        ["slack:C0123456 post: orders is being rolled back in Production"]
    );
    let desk = desk_with("routes: [{outcomes: [rollback-refused], channels: [\"slack:C0123456\"]}]");
    assert_eq!(
        told_once_released(&[decided(Refused, 400)], &desk),
        [
            "slack:C0123456 post: orders succeeded in 1 min",
            "slack:C0123456 reply to all: orders was not rolled back in Production for alarm orders-errors",
        ],
        "the message of the execution does not say it first"
    );
}

#[test]
fn a_rollback_that_is_heard_of_hours_later_says_so_and_calls_nobody_to_look_up() {
    let (mut record, mut channels) = (record(RELEASED), Channels::default());
    channels.deliver(&mut record, &desk(), at(61));
    record.subject.absorb_decision(&decided(Done, 400));
    channels.sent.clear();
    let sent = channels.deliver(&mut record, &desk(), at(400 + 3 * 3_600));
    assert_eq!(sent[1], "slack:C0123456 reply: orders is being rolled back in Production");
    assert!(channels.sent[1..].iter().all(|delivery| format!("{:?}", delivery.outgoing).contains("Reported late")));
}

#[test]
fn a_fresh_rollback_of_an_old_release_is_not_late() {
    let (mut record, mut channels) = (record(RELEASED), Channels::default());
    let days = 30 * 24 * 3_600;
    record.subject.absorb_decision(&decided(Done, days));
    channels.deliver(&mut record, &desk(), at(days + 1));
    assert!(!format!("{:?}", channels.sent[0].outgoing).contains("Reported late"), "{:?}", channels.sent[0]);
}

#[test]
fn owners_are_called_when_a_person_must_act() {
    let desk = desk_with("owners: [{pipelines: [\"ord*\", \"ecs:*\"], mention: [S012345]}]");
    let calls = |decision: &Decision| {
        let mut record = Record::new(Subject::of(decision).unwrap());
        record.subject.absorb_decision(decision);
        let next = record.next(&desk, decision.time, &BTreeSet::new()).unwrap();
        let Ok(Outgoing::Http { body, .. }) = next.outgoing else { panic!("{next:?}") };
        body.to_string().contains("<!subteam^S012345>")
    };
    let nothing_to_run = with(decided(Refused, 9), |rollback| rollback.commands.clear());
    for (decision, expected) in [
        (decided(Done, 9), false),
        (decided(Failed, 9), true),
        (decided(Refused, 9), true),
        (nothing_to_run, false),
        (decided(Observed, 9), false),
    ] {
        assert_eq!(calls(&decision), expected, "{decision:?}");
        assert_eq!(calls(&outside_of_pipelines(decision.clone(), "ecs:shop/orders")), expected, "{decision:?}");
        assert!(!calls(&outside_of_pipelines(decision, "cloudformation:shop")));
    }
}

fn heard_of_incident(yaml: &str) -> Vec<String> {
    let decision = outside_of_pipelines(decided(Done, 400), "ecs:shop/orders");
    Channels::default().deliver(&mut Record::new(Subject::of(&decision).unwrap()), &desk_with(yaml), at(401))
}

#[test]
fn what_belongs_to_no_pipeline_goes_to_the_routes_that_name_it_or_else_where_everything_goes_without_routes() {
    let words = "ecs:shop/orders is being rolled back";
    let everywhere = [format!("slack:C0123456 post: {words}"), format!("sns announce: {words}")];
    for yaml in [
        "",
        "routes: [{pipelines: [payments], channels: [webhook]}]",
        "routes: [{stages: [Production], channels: [webhook]}]",
    ] {
        assert_eq!(heard_of_incident(yaml), everywhere, "{yaml}");
    }
    for yaml in ["routes: [{channels: [webhook]}]", "routes: [{pipelines: [\"ecs:shop/*\"], channels: [webhook]}]"] {
        assert_eq!(heard_of_incident(yaml), [format!("webhook announce: {words}")], "{yaml}");
    }
    assert_eq!(heard_of_incident("routes: [{outcomes: [failed], channels: [webhook]}]"), [""; 0], "named, and let be");
}

#[test]
fn a_stage_that_was_never_deployed_to_is_named_by_its_pipeline() {
    let decision = Decision { execution: None, ..with(decided(Refused, 400), |rollback| rollback.commands.clear()) };
    let mut record = Record::new(Subject::of(&decision).unwrap());
    let desk = desk_with("routes: [{pipelines: [orders], stages: [Production], channels: [sns]}]");
    let sent = Channels::default().deliver(&mut record, &desk, at(401));
    assert_eq!(sent, ["sns announce: orders was not rolled back in Production for alarm orders-errors"]);
}

#[test]
fn with_the_table_down_a_rollback_is_told_all_the_same() {
    let decision = outside_of_pipelines(decided(Failed, 400), "ecs:shop/orders");
    let urgent = Record::new(Subject::of(&decision).unwrap()).urgent(&desk(), at(401));
    assert_eq!(urgent.iter().map(|delivery| delivery.address.to_string()).collect::<Vec<_>>(), [SLACK, "sns"]);
}

/// A release that succeeds where the one before had failed, and what is sent once this was decided about it.
fn a_recovery_and(decision: &Decision, ended_first: bool) -> Vec<String> {
    let mut history = crate::History::default();
    history.remember(&pipeline_model::ExecutionId::from("0"), 1, false, at(-60));
    let (mut record, mut channels, mut sent) = (record("0 execution STARTED"), Channels::default(), Vec::new());
    channels.deliver(&mut record, &desk(), at(0));
    for end in [ended_first, !ended_first] {
        if end {
            told(RELEASED).iter().for_each(|event| record.story().absorb(event));
            let (attempt, succeeded, ended) = record.story().endings()[0];
            history.remember(&record.story().execution.clone(), attempt, succeeded, ended);
            record.story().learn_history(&history);
        } else {
            record.subject.absorb_decision(decision);
        }
        sent.extend(channels.deliver(&mut record, &desk(), decision.time));
    }
    sent
}

#[test]
fn a_recovery_that_was_rolled_back_is_told_as_one_only_if_it_was_told_before() {
    let fixed = |sent: Vec<String>| sent.iter().filter(|line| line.contains("is fixed after 2 min")).count();
    let rolled_back =
        |sent: Vec<String>| sent.iter().filter(|line| line.contains(": orders is being rolled back")).count();
    assert_eq!(fixed(a_recovery_and(&decided(Done, 400), true)), 3, "an edit, a reply, an e-mail");
    assert_eq!(fixed(a_recovery_and(&decided(Done, 400), false)), 0);
    assert_eq!(rolled_back(a_recovery_and(&decided(Done, 400), false)), 4, "two edits, a reply, an e-mail");
    assert_eq!(fixed(a_recovery_and(&decided(Failed, 400), false)), 2, "a reply and an e-mail: it stands");
}

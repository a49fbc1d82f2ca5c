//! Decisions about rollbacks that come first, last, twice, alone or in bad times: cases 1 to 8, 38 and 39.

use std::time::Duration;

use jiff::SignedDuration;
use notices::{ActionFacts, ExecutionFacts};
use notifier::memory::{Moment, RecordingOutbox, Sent};
use pipeline_model::{ActionState, ActionType, ExecutionState};
use serde_json::Value;

use crate::stage::{Letters, Stage, TIMEOUT, notifier, start, words};

const DAY: i64 = 24 * 3_600;
const SERVICE: &str = "incident#ecs:shop/orders@42";

type Memorised = Stage<RecordingOutbox>;

fn shown(sent: &[Sent]) -> String {
    sent.iter().map(|sent| words(&sent.outgoing)).collect::<Vec<_>>().join("\n")
}

fn released(orders: &Letters) -> Vec<Value> {
    vec![orders.run("STARTED", 0), orders.stage("Production", "SUCCEEDED", 60), orders.run("SUCCEEDED", 61)]
}

async fn hear_all(stage: &Memorised, events: &[Value]) {
    for event in events {
        stage.hear(event).await;
    }
}

/// CodePipeline remembers a deployment that succeeded at this second.
fn api_says_succeeded(stage: &Memorised, orders: &Letters, second: i64) {
    let facts = ExecutionFacts { state: Some(ExecutionState::Succeeded), ..ExecutionFacts::default() };
    stage.world.releases.set_execution(&orders.id(), facts);
    let at = |second| Some(start() + SignedDuration::from_secs(second));
    let action = ActionFacts {
        stage: "Production".into(),
        action: "Deploy".into(),
        action_execution: None,
        kind: ActionType::default(),
        state: ActionState::Succeeded,
        started: at(second - 60),
        updated: at(second),
        result: None,
        commit_author: None,
    };
    stage.world.releases.set_actions(&orders.id(), vec![action]);
}

/// Cases 1 and 2.
#[tokio::test]
async fn a_decision_that_is_published_again_changes_nothing() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    hear_all(&stage, &released(&orders)).await;
    stage.hear(&orders.rollback("done", 400, None)).await;
    let sent = stage.slack();
    assert!(sent.iter().any(|sent| sent.body()["reply_broadcast"] == true
        && shown(std::slice::from_ref(sent)).contains("is being rolled back")));
    let table = stage.world.table.items();
    for second in [400, 401, 500] {
        let mut again = orders.rollback("done", second, None);
        again["id"] = format!("published-at-{second}").into();
        stage.hear(&again).await;
    }
    assert_eq!((stage.slack(), stage.world.table.items()), (vec![], table));
}

/// Case 4: the decision overtakes every event of its execution, and CodePipeline does not answer.
#[tokio::test]
async fn a_rollback_that_is_heard_of_first_is_told_at_once_and_the_rest_is_added() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.releases.fail_next(10);
    stage.hear(&orders.rollback("done", 400, None)).await;
    stage.world.releases.fail_next(0);
    let sent = stage.slack();
    assert_eq!(sent.len(), 1);
    assert!(shown(&sent).contains("is being rolled back in *Production*"), "{}", shown(&sent));
    assert_eq!(stage.world.backlog.reminders(), [], "it does not seem to run");
    for event in released(&orders).iter().rev() {
        stage.hear(event).await;
    }
    let sent = stage.slack();
    assert!(
        sent.iter()
            .all(|sent| sent.method() == "chat.update" || !shown(std::slice::from_ref(sent)).contains("rolled back"))
    );
    assert!(shown(&sent).contains("✓ Production"), "{}", shown(&sent));
    assert_eq!(stage.world.backlog.reminders(), [], "it is over");
}

/// Case 5: the execution's record has expired, or its events never came.
#[tokio::test]
async fn a_rollback_of_a_forgotten_execution_is_told_once_with_what_codepipeline_remembers() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    hear_all(&stage, &released(&orders)).await;
    stage.let_pass(SignedDuration::from_mins(15)).await;
    stage.world.clock.advance(Duration::from_secs(100 * DAY.unsigned_abs()));
    stage.world.table.sweep(stage.world.clock.now());
    stage.world.outbox.take_sent();
    api_says_succeeded(&stage, &orders, 61);
    stage.hear(&orders.rollback("refused", 100 * DAY, None)).await;
    let sent = stage.world.outbox.take_sent();
    let methods: Vec<_> = sent.iter().map(Sent::method).collect();
    assert_eq!(methods, ["chat.postMessage", "chat.postMessage", ""], "a message, its reply and an e-mail");
    assert!(!shown(&sent).contains("late") && !shown(&sent).contains("lost"), "{}", shown(&sent));
    assert!(shown(&sent[1..]).matches("was not rolled back").count() >= 2, "{}", shown(&sent));
    assert_eq!(stage.world.backlog.reminders(), [], "nobody looks after what is over");
}

/// Case 5: nobody remembers the execution.
#[tokio::test]
async fn an_execution_nobody_knows_is_looked_after_by_nobody_and_does_not_seem_to_run() {
    for outcome in ["done", "refused", "failed", "observed"] {
        let (stage, orders) = (Stage::new(), Letters::of("1"));
        stage.hear(&orders.rollback(outcome, 400, None)).await;
        let sent = stage.slack();
        assert_eq!(sent.len(), 1, "{outcome}");
        assert!(words(&sent[0].outgoing).lines().next().unwrap().contains("rolled back"), "{}", shown(&sent));
        stage.let_pass(SignedDuration::from_hours(24)).await;
        assert_eq!((stage.slack(), stage.world.backlog.reminders()), (vec![], vec![]), "{outcome}");
    }
}

/// Case 5: it is running all the same, and its end is lost.
#[tokio::test]
async fn an_execution_that_runs_when_it_is_first_heard_of_is_looked_after_to_its_end() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    api_says_succeeded(&stage, &orders, 60);
    let running = ExecutionFacts { state: Some(ExecutionState::Started), ..ExecutionFacts::default() };
    stage.world.releases.set_execution(&orders.id(), running);
    stage.hear(&orders.rollback("refused", 400, None)).await;
    assert!(shown(&stage.slack()).contains("is in *Production*"));
    assert_eq!(stage.world.backlog.reminders().len(), 1);
    api_says_succeeded(&stage, &orders, 900);
    stage.let_pass(SignedDuration::from_mins(15)).await;
    assert!(shown(&stage.slack()).contains("succeeded"));
    assert_eq!(stage.world.backlog.reminders(), []);
}

/// Case 6.
#[tokio::test]
async fn a_decision_hours_late_is_told_as_late_and_shown_to_nobody_else() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    hear_all(&stage, &released(&orders)).await;
    stage.slack();
    stage.world.clock.advance(Duration::from_secs(3 * 3_600));
    stage.hear(&orders.rollback("done", 400, None)).await;
    let sent = stage.slack();
    let replies: Vec<_> = sent.iter().filter(|sent| sent.method() == "chat.postMessage").collect();
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].body()["reply_broadcast"], false);
    assert!(words(&replies[0].outgoing).contains("Reported late"), "{}", shown(&sent));
}

/// Case 39: the alarm flaps all night.
#[tokio::test]
async fn a_flapping_alarm_is_told_twice_and_its_record_does_not_grow() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    hear_all(&stage, &released(&orders)).await;
    stage.hear(&orders.rollback("done", 400, None)).await;
    stage.hear(&orders.rollback("done", 600, Some(590))).await;
    stage.hear(&orders.rollback("refused", 700, None)).await;
    stage.world.outbox.take_sent();
    let size = stage.world.table.item(&orders.key()).unwrap().document.len();
    for minute in 0..500 {
        stage.hear(&orders.rollback("refused", 800 + 60 * minute, None)).await;
        stage.hear(&orders.rollback("done", 830 + 60 * minute, Some(820 + 60 * minute))).await;
    }
    assert_eq!(stage.world.outbox.take_sent(), []);
    assert_eq!(stage.world.table.item(&orders.key()).unwrap().document.len(), size);
}

/// Case 3, for the pipeline as a whole: what comes after a rollback.
#[tokio::test]
async fn the_release_after_a_rollback_is_told_as_the_recovery_and_the_rollback_itself_is_not() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    hear_all(&stage, &released(&orders)).await;
    stage.hear(&orders.rollback("done", 400, None)).await;
    let later = |id: &str, minutes: i64| {
        let mut letters = Letters::of(id);
        letters.began = start() + SignedDuration::from_mins(minutes);
        letters
    };
    let rollback = later("3", 7);
    let mut began = rollback.run("STARTED", 0);
    began["detail"]["execution-trigger"]["trigger-type"] = "ManualRollback".into();
    stage.slack();
    hear_all(&stage, &[began, rollback.run("SUCCEEDED", 60)]).await;
    let sent = stage.slack();
    assert!(!shown(&sent).contains("fixed") && shown(&sent).contains("was rolled back in 1 min"), "{}", shown(&sent));
    hear_all(&stage, &released(&later("4", 60))).await;
    let sent = stage.slack();
    assert!(shown(&sent).contains("is fixed after *54 min"), "{}", shown(&sent));
    assert!(shown(&sent).contains("Rolled back <!date"), "{}", shown(&sent));
}

/// Cases 7 and 8, for what no execution stands for.
#[tokio::test]
async fn a_crash_at_any_call_loses_no_decision_and_repeats_it_once_at_most() {
    let event = [Letters::of("1").rollback_of_a_service("failed", 0).to_string()];
    for moment in [Moment::Before, Moment::After] {
        let mut call = 0;
        loop {
            call += 1;
            let mut stage: Memorised = Stage::new();
            stage.world.crash_at(call, moment);
            if stage.invoke(1, &event, TIMEOUT).await.is_some() {
                break;
            }
            stage.world.clock.advance(Duration::from_secs(360));
            stage.notifier = notifier(&stage.world, stage.world.outbox.clone(), "https://slack.example.com/api");
            assert_eq!(stage.receive_again(2, &event).await, [0; 0], "call {call}, {moment:?}");
            let sent = stage.world.outbox.take_sent();
            let of = |slack: bool| sent.iter().filter(|sent| sent.method().is_empty() != slack).count();
            assert!(
                (1..=2).contains(&of(true)) && (1..=2).contains(&of(false)) && sent.len() <= 3,
                "call {call}, {moment:?}"
            );
            let item = stage.world.table.item(SERVICE).expect("it is remembered");
            assert!(item.leased_until.is_none_or(|until| until < stage.world.clock.now()), "a lease is left");
        }
        assert!(call > 6, "the incident takes more calls than {call}");
    }
}

/// Case 38, for what no execution stands for.
#[tokio::test]
async fn two_batches_at_once_about_one_incident_lead_to_one_message() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let other = notifier(&stage.world, stage.world.outbox.clone(), "https://slack.example.com/api");
    let other = Stage { notifier: other, world: stage.world.clone(), numbers: 50.into() };
    let event = [orders.rollback_of_a_service("done", 0).to_string()];
    let (first, second) = tokio::join!(stage.receive(&event), other.receive(&event));
    assert!(first.is_empty() || second.is_empty());
    for receives in 2..4 {
        stage.world.clock.advance(Duration::from_secs(360));
        assert_eq!(stage.receive_again(receives, &event).await, [0; 0]);
    }
    assert_eq!(stage.slack().len(), 1);
}

/// Case 38: the table is gone.
#[tokio::test]
async fn with_the_table_gone_a_rollback_is_told_without_it() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let event = [orders.rollback_of_a_service("failed", 0).to_string()];
    for receives in 1..4 {
        stage.world.table.fail_next(50);
        assert_eq!(stage.receive_again(receives, &event).await, [0]);
    }
    let sent = stage.slack();
    assert_eq!(sent.len(), 1);
    assert!(
        shown(&sent).contains("may be a repeat") && shown(&sent).contains("could not be rolled back"),
        "{}",
        shown(&sent)
    );
}

/// An incident is kept as long as an execution, and nothing is asked of CodePipeline about it.
#[tokio::test]
async fn an_incident_is_one_item_that_expires() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.rollback_of_a_service("done", 0)).await;
    assert_eq!(stage.world.releases.asked(), [""; 0]);
    assert_eq!(stage.world.backlog.reminders(), []);
    let kept = stage.world.table.expires(SERVICE).unwrap().duration_since(start());
    assert_eq!(kept, SignedDuration::from_hours(90 * 24));
}

//! Events that come twice, late, in any order or never: cases 1 to 6.

use jiff::SignedDuration;
use notices::{ActionFacts, ExecutionFacts};
use notifier::memory::Sent;
use pipeline_model::{ActionState, ActionType, ExecutionResult, ExecutionState};
use serde_json::Value;

use crate::stage::{Letters, Stage, start, words};

fn methods(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(Sent::method).collect()
}

fn shown(sent: &[Sent]) -> String {
    sent.iter().map(|sent| words(&sent.outgoing)).collect::<Vec<_>>().join("\n")
}

fn bodies(events: &[Value]) -> Vec<String> {
    events.iter().map(Value::to_string).collect()
}

/// Case 1.
#[tokio::test]
async fn a_duplicate_event_changes_nothing_and_is_acknowledged() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    assert_eq!(methods(&stage.slack()), ["chat.postMessage"]);
    let table = stage.world.table.items();
    stage.hear(&orders.run("STARTED", 0)).await;
    assert_eq!(stage.slack(), []);
    assert_eq!(stage.world.table.items(), table);
    assert_eq!(stage.world.backlog.reminders().len(), 1);
}

/// Case 2.
#[tokio::test]
async fn the_same_change_under_another_event_id_changes_nothing() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    for event in orders.failure() {
        stage.hear(&event).await;
    }
    assert!(!stage.slack().is_empty());
    for mut event in orders.failure() {
        event["id"] = "emitted-again".into();
        stage.hear(&event).await;
    }
    assert_eq!(stage.slack(), []);
}

/// Case 3.
#[tokio::test]
async fn a_retry_of_the_same_execution_is_told_as_something_new() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    stage.slack();
    let again = orders.attempt(2);
    let retry = [
        again.run("RESUMED", 600),
        again.stage("Build", "RESUMED", 600),
        again.failed_action("Build", "Compile", "2 tests failed", 660),
        again.stage("Build", "FAILED", 661),
        again.run("FAILED", 662),
    ];
    assert_eq!(stage.receive(&bodies(&retry)).await, [0; 0]);
    let sent = stage.slack();
    let posts = sent.iter().filter(|sent| sent.method() == "chat.postMessage");
    assert!(posts.clone().all(|sent| sent.body()["thread_ts"].is_string()), "a retry has no message of its own");
    assert!(posts.clone().any(|sent| words(&sent.outgoing).contains("2 tests failed")), "{}", shown(&sent));
    assert!(sent.iter().any(|sent| sent.method() == "chat.update"), "the message shows the new attempt");
}

/// Case 4.
#[tokio::test]
async fn a_start_that_comes_after_the_end_only_adds_when_it_began() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let mut end = orders.run("SUCCEEDED", 300);
    end["detail"].as_object_mut().unwrap().remove("start-time");
    stage.hear(&end).await;
    assert!(shown(&stage.slack()).contains("succeeded"));
    stage.hear(&orders.run("STARTED", 0)).await;
    let sent = stage.slack();
    assert_eq!(methods(&sent), ["chat.update"]);
    assert!(shown(&sent).contains("succeeded in 5 min"), "{}", shown(&sent));
}

fn api_says_succeeded(stage: &Stage<notifier::memory::RecordingOutbox>, orders: &Letters) {
    let facts = ExecutionFacts { state: Some(ExecutionState::Succeeded), ..ExecutionFacts::default() };
    stage.world.releases.set_execution(&orders.id(), facts);
    let at = |second| Some(start() + SignedDuration::from_secs(second));
    let action = ActionFacts {
        stage: "Build".into(),
        action: "Compile".into(),
        action_execution: None,
        kind: ActionType { category: "Build".to_owned(), ..ActionType::default() },
        state: ActionState::Succeeded,
        started: at(10),
        updated: at(60),
        result: Some(ExecutionResult::default()),
        commit_author: None,
    };
    stage.world.releases.set_actions(&orders.id(), vec![action]);
}

/// Case 5.
#[tokio::test]
async fn a_lost_end_is_noticed_within_a_quarter_of_an_hour_and_told_once() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.slack();
    api_says_succeeded(&stage, &orders);
    stage.let_pass(SignedDuration::from_mins(14)).await;
    assert_eq!(stage.slack(), [], "not yet");
    stage.let_pass(SignedDuration::from_mins(1)).await;
    let sent = stage.slack();
    assert_eq!(methods(&sent)[0], "chat.update");
    assert!(shown(&sent).contains("succeeded"), "{}", shown(&sent));
    assert!(shown(&sent).contains("read from CodePipeline"), "{}", shown(&sent));
    assert_eq!(stage.world.backlog.reminders(), [], "an execution that is over is left alone");
    stage.hear(&orders.run("SUCCEEDED", 60)).await;
    assert_eq!(stage.slack(), [], "the late event has nothing new to say");
}

/// Case 5.
#[tokio::test]
async fn looking_after_goes_on_when_codepipeline_does_not_answer() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.world.releases.fail_next(10);
    stage.let_pass(SignedDuration::from_mins(15)).await;
    stage.world.releases.fail_next(0);
    stage.slack();
    api_says_succeeded(&stage, &orders);
    stage.let_pass(SignedDuration::from_mins(15)).await;
    assert!(shown(&stage.slack()).contains("succeeded"));
}

/// Case 5, with case 1: reminders are messages like others, and come twice as they do.
#[tokio::test]
async fn an_execution_has_one_chain_of_reminders_whatever_comes_twice() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let other = crate::stage::notifier(&stage.world, stage.world.outbox.clone(), "https://slack.example.com/api");
    let other = Stage { notifier: other, world: stage.world.clone(), numbers: 50.into() };
    let start = [orders.run("STARTED", 0).to_string()];
    let (first, second) = tokio::join!(stage.receive(&start), other.receive(&start));
    assert!(first.is_empty() || second.is_empty());
    for _ in 0..8 {
        stage.world.clock.advance(std::time::Duration::from_secs(900));
        let due = stage.world.backlog.take_due();
        assert_eq!(stage.receive(&due).await, [0; 0]);
        for reminder in due {
            assert_eq!(stage.receive(&[reminder]).await, [0; 0]);
        }
    }
    assert_eq!(stage.world.backlog.reminders().len(), 1);
}

/// Case 5: the reminder itself may be lost.
#[tokio::test]
async fn a_lost_reminder_is_replaced_with_the_next_event() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.world.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(stage.world.backlog.take_due().len(), 1);
    stage.hear(&orders.stage("Build", "STARTED", 3_500)).await;
    assert_eq!(stage.world.backlog.reminders().len(), 1);
}

/// Case 6.
#[tokio::test]
async fn an_event_hours_late_is_told_as_late_and_calls_nobody() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.set("settings", "owners: [{ mention: [here] }]");
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.slack();
    stage.world.clock.advance(std::time::Duration::from_secs(3 * 3_600));
    let late = [orders.failed_action("Build", "Compile", "3 tests failed", 60), orders.run("FAILED", 61)];
    assert_eq!(stage.receive(&bodies(&late)).await, [0; 0]);
    let sent = stage.slack();
    let replies: Vec<_> = sent.iter().filter(|sent| sent.method() == "chat.postMessage").collect();
    assert!(!replies.is_empty());
    for reply in replies {
        assert_eq!(reply.body()["reply_broadcast"], false);
        let text = words(&reply.outgoing);
        assert!(text.contains("late") && text.contains("failed in"), "{text}");
    }
}

/// Case 6: what happened is told with its own time, not with the time it was heard.
#[tokio::test]
async fn a_first_message_about_something_long_ago_says_when_it_was() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.clock.advance(std::time::Duration::from_secs(3 * 3_600));
    assert_eq!(stage.receive(&bodies(&orders.failure())).await, [0; 0]);
    let sent = stage.slack();
    assert!(words(&sent[0].outgoing).contains("Reported late"), "{}", shown(&sent));
}

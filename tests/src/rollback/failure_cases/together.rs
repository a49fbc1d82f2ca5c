//! Several at once: two alarms, two reverters, a person, CodePipeline's own rollback. Case 44.

use pipeline_model::AlarmState;
use reverter::{Answer, Occasion};
use rollback_plans::{CONSENT_TAG, Carried};

use crate::rollback::guard::{ALARM, Guard, PIPELINE, STAGE, invoke};

const OTHER: &str = "orders-latency";

fn with_two_alarms() -> Guard {
    let guard = Guard::after("good@10");
    guard.protect(OTHER, &[(CONSENT_TAG, "orders/Production")]);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(45);
    guard
}

/// Case 44.
#[tokio::test]
async fn two_alarms_one_after_the_other_are_one_rollback_and_a_refusal() {
    let mut guard = with_two_alarms();
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
    guard.let_pass(2).await;
    assert_eq!(guard.hear(&guard.turn(OTHER, AlarmState::Alarm).event()).await, "refused: current-is-rollback");
    assert_eq!(guard.rollbacks(), ["good"]);
    guard.assert_settled("at the end");
}

/// Case 44: at the same moment, in two processes. After each call the other one goes on.
#[tokio::test]
async fn two_reverters_at_the_same_moment_roll_back_once() {
    let mut guard = with_two_alarms();
    let alarms = [ALARM, OTHER].map(|alarm| Occasion::from(guard.turn(alarm, AlarmState::Alarm).event()));
    let [first, second] = alarms;
    let another = guard.another();
    let (one, two) = tokio::join!(invoke(&guard.world, &guard.reverter, first), invoke(&guard.world, &another, second));
    let told = [one, two].map(|answer| match answer.unwrap().unwrap() {
        Answer::Alarm(told) => told.join("; "),
        Answer::Errands(_) => panic!("an alarm is answered as an alarm"),
    });
    assert!(told.contains(&String::from("rolled back: orders/Production@bad")), "{told:?}");
    guard.let_pass(60).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    let published = guard.told();
    let done = published.iter().filter(|words| words.contains(": done")).count();
    assert_eq!(done, 1, "{published:?}");
    guard.assert_settled("at the end");
}

/// Case 44: the same event in five processes.
#[tokio::test]
async fn five_reverters_with_the_same_event_roll_back_once() {
    let mut guard = with_two_alarms();
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    let processes: [_; 5] = std::array::from_fn(|_| guard.another());
    let [a, b, c, d, e] = processes.each_ref();
    let run = |process| invoke(&guard.world, process, Occasion::from(event.clone()));
    let answers = tokio::join!(run(a), run(b), run(c), run(d), run(e));
    for answer in [answers.0, answers.1, answers.2, answers.3, answers.4] {
        answer.unwrap().unwrap();
    }
    guard.let_pass(60).await;
    assert_eq!(guard.rollbacks(), ["good"]);
    guard.assert_settled("at the end");
}

/// Case 44: a person is faster, between our look and our step.
#[tokio::test]
async fn a_person_who_is_faster_is_seen_before_anything_is_tried_again() {
    let mut guard = with_two_alarms();
    guard.world.services.answer_next(Carried::Later(String::from("ConflictException: the stage is being changed")));
    assert_eq!(guard.red().await, "looked at again after 60 s");
    guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
    guard.told();
    guard.let_pass(10).await;
    assert_eq!(guard.rollbacks(), [""; 0]);
    let told = guard.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("refused (current-is-rollback)"), "{told:?}");
    guard.assert_settled("at the end");
}

/// Case 44: CodePipeline's own rollback is under way when the alarm comes.
#[tokio::test]
async fn a_native_rollback_under_way_is_left_alone() {
    let guard = with_two_alarms();
    guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
    assert_eq!(guard.red().await, "refused: current-is-rollback");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 44: the same target named by two alarms of two teams is one book; two stages are two.
#[tokio::test]
async fn stages_of_one_pipeline_have_books_of_their_own() {
    let guard = with_two_alarms();
    guard.protect("build", &[(CONSENT_TAG, "orders/Build")]);
    guard.red().await;
    assert_eq!(guard.hear(&guard.turn("build", AlarmState::Alarm).event()).await, "rolled back: orders/Build@bad");
    assert_eq!(guard.rollbacks(), ["good", "good"]);
}

//! What alarms protect that have no tags: the settings say it, and only where they can be read and meant.

use pipeline_model::AlarmState;
use rollback_plans::CONSENT_TAG;

use crate::rollback::guard::Guard;

const ALARM: &str = "untagged-errors";

fn with_settings(yaml: &str) -> Guard {
    let guard = Guard::after("good@10 bad@40");
    guard.protect(ALARM, &[("team", "shop")]);
    guard.world.settings.set("settings", yaml);
    guard.go_to(45);
    guard
}

fn mapping(alarm: &str, rest: &str) -> String {
    format!("rollbacks:\n  alarms:\n    - alarm: '{alarm}'\n      targets: [orders/Production]\n{rest}")
}

async fn ring(guard: &Guard) -> String {
    guard.hear(&guard.turn(ALARM, AlarmState::Alarm).event()).await
}

#[tokio::test]
async fn an_alarm_without_tags_protects_what_the_settings_say() {
    let mut guard = with_settings(&mapping("untagged-*", ""));
    assert_eq!(ring(&guard).await, "rolled back: orders/Production@bad");
    guard.let_pass(3).await;
    assert_eq!(guard.hear(&guard.turn(ALARM, AlarmState::Ok).event()).await, "cleared: orders/Production");
    assert_eq!(guard.rollbacks(), ["good"]);
}

#[tokio::test]
async fn the_settings_can_ask_for_observation() {
    let guard = with_settings(&mapping("*", "      mode: observe\n"));
    assert_eq!(ring(&guard).await, "observed");
    assert_eq!(guard.acts(), [""; 0]);
}

#[tokio::test]
async fn an_alarm_that_neither_tags_nor_settings_know_is_ignored_with_two_reads() {
    for yaml in ["", "routes: []\n", &mapping("payments-*", "")] {
        let guard = with_settings(yaml);
        let calls = guard.world.calls();
        assert_eq!(ring(&guard).await, "ignored: nothing says what this alarm protects");
        assert_eq!(guard.world.calls() - calls, 2, "tags and settings");
        assert_eq!(guard.told(), [""; 0]);
    }
}

#[tokio::test]
async fn a_tag_wins_over_the_settings_which_are_not_even_read() {
    let guard = with_settings("rollbacks:\n  alarms:\n    - alarm: '*'\n      targets: [other/Production]\n");
    guard.world.settings.fail_next(usize::MAX);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
}

/// A tag that cannot be meant does not fall back: whoever wrote it meant something else.
#[tokio::test]
async fn a_tag_that_cannot_be_meant_wins_over_the_settings_too() {
    let guard = with_settings(&mapping("*", ""));
    guard.protect("wrong", &[(CONSENT_TAG, "orders")]);
    guard.hear(&guard.turn("wrong", AlarmState::Alarm).event()).await;
    assert_eq!(guard.told(), ["alarm wrong: refused (tag-unreadable)"]);
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 35: fail closed, and the event comes again.
#[tokio::test]
async fn settings_that_cannot_be_read_roll_nothing_back_and_the_event_comes_again() {
    let mut guard = with_settings(&mapping("*", ""));
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    guard.world.settings.fail_next(1);
    assert!(!guard.invoke(&event).await.unwrap().unwrap_err().is_permanent());
    assert_eq!((guard.acts(), guard.told()), (Vec::new(), Vec::new()));
    guard.let_pass(1).await;
    assert_eq!(guard.hear(&event).await, "rolled back: orders/Production@bad");
}

/// Case 35: what held an hour ago may have been withdrawn since.
#[tokio::test]
async fn settings_of_an_hour_ago_roll_nothing_back() {
    let mut guard = with_settings(&mapping("*", ""));
    assert_eq!(
        guard.hear(&guard.turn(ALARM, AlarmState::Ok).event()).await,
        "ignored: no rollback waits for this alarm"
    );
    guard.let_pass(50).await;
    guard.world.settings.fail_next(usize::MAX);
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    let failure = guard.invoke(&event).await.unwrap().unwrap_err();
    assert!(!failure.is_permanent(), "{failure}");
    assert_eq!(guard.deliver(&event).await, None);
    assert_eq!(guard.acts(), [""; 0]);
}

#[tokio::test]
async fn settings_that_cannot_be_meant_roll_nothing_back_and_say_what_is_wrong() {
    for (yaml, words) in [
        ("rollbacks:\n  alarm: []\n", "alarms"),
        ("rollbacks: {", "settings"),
        ("rollbacks:\n  alarms:\n    - alarm: '*'\n      targets: [orders]\n", "<pipeline>/<stage>"),
        ("rollbacks:\n  alarms:\n    - alarm: '*'\n      targets: []\n", "is empty"),
        ("rollbacks:\n  alarms:\n    - alarm: '*'\n      targets: [a/b]\n      mode: on\n", "observe"),
    ] {
        let mut guard = with_settings(yaml);
        let event = guard.turn(ALARM, AlarmState::Alarm).event();
        let failure = guard.invoke(&event).await.unwrap().unwrap_err().to_string();
        assert!(failure.contains(words), "{yaml}: {failure}");
        assert_eq!(guard.deliver(&event).await, None, "a dead letter rings an alarm");
        assert_eq!(guard.acts(), [""; 0]);
        // Corrected in time, the next alarm is answered.
        guard.world.settings.set("settings", &mapping("*", ""));
        guard.let_pass(6).await;
        guard.turn(ALARM, AlarmState::Ok);
        guard.let_pass(1).await;
        assert_eq!(ring(&guard).await, "rolled back: orders/Production@bad", "{yaml}");
    }
}

/// Case 35: what the last good settings said may be what the new ones were to take back.
#[tokio::test]
async fn new_settings_that_are_wrong_take_the_old_ones_out_of_force_even_in_a_process_that_has_read_them() {
    let mut guard = with_settings(&mapping("*", ""));
    let green = guard.turn(ALARM, AlarmState::Ok).event();
    assert_eq!(guard.hear(&green).await, "ignored: no rollback waits for this alarm");
    let wrong = "rollbacks:\n  alarms:\n    - { alarm: a, targets: [orders] }\n    - { alarm: b, targets: [] }\n";
    guard.world.settings.set("settings", wrong);
    guard.let_pass(6).await;
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    let failure = guard.invoke(&event).await.unwrap().unwrap_err();
    assert!(!failure.is_permanent(), "{failure}");
    for problem in ["rollbacks.alarms[0].targets", "rollbacks.alarms[1].targets"] {
        assert!(failure.to_string().contains(problem), "{failure}");
    }
    assert!(guard.world.metrics.sum("SettingsRefused") >= 1.0);
    assert_eq!(guard.deliver(&event).await, None);
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 35: corrected before Lambda has given the event up.
#[tokio::test]
async fn settings_that_are_put_right_in_time_answer_the_event_when_it_comes_again() {
    let mut guard = with_settings("rollbacks: {");
    let event = guard.turn(ALARM, AlarmState::Alarm).event();
    assert!(guard.invoke(&event).await.unwrap().is_err());
    guard.world.settings.set("settings", &mapping("*", ""));
    guard.let_pass(2).await;
    assert_eq!(guard.hear(&event).await, "rolled back: orders/Production@bad");
}

/// Wrong settings are no reason to let a tagged alarm wait.
#[tokio::test]
async fn wrong_settings_do_not_concern_an_alarm_with_tags() {
    let guard = with_settings("rollbacks: {");
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
}

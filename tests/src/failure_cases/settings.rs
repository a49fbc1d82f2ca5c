//! Settings that are missing, wrong or out of reach: case 35.

use std::time::Duration;

use crate::stage::{Letters, Stage, words};

/// Case 35.
#[tokio::test]
async fn wrong_settings_hold_the_records_until_somebody_puts_them_right() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.set("settings", "routes: [{ channles: [sns] }]");
    let event = orders.run("STARTED", 0).to_string();
    assert_eq!(stage.receive(std::slice::from_ref(&event)).await, [0]);
    assert_eq!(stage.delays(), [60]);
    assert_eq!(stage.slack(), []);
    stage.world.settings.remove("settings");
    stage.world.clock.advance(Duration::from_secs(60));
    assert_eq!(stage.receive_again(2, &[event]).await, [0; 0]);
    assert_eq!(stage.slack().len(), 1);
}

/// Case 35: sixty receives must outlast the night.
#[tokio::test]
async fn records_held_by_wrong_settings_come_back_ever_more_rarely() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.set("settings", "late_after_minutes: 0");
    for receives in 1..20 {
        stage.world.clock.advance(Duration::from_secs(900));
        assert_eq!(stage.receive_again(receives, &[orders.run("STARTED", 0).to_string()]).await, [0]);
    }
    assert_eq!(stage.delays().last(), Some(&900));
    assert_eq!(stage.world.backlog.buried(), []);
}

/// Case 35.
#[tokio::test]
async fn settings_that_turn_wrong_leave_the_last_good_ones_in_force() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.set("settings", "routes: [{ channels: ['slack:C0000000002'] }]");
    stage.hear(&orders.run("STARTED", 0)).await;
    stage.world.settings.set("settings", "routes: nowhere");
    stage.world.clock.advance(Duration::from_secs(120));
    stage.hear(&Letters::of("2").run("STARTED", 0)).await;
    let sent = stage.slack();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|sent| sent.body()["channel"] == "C0000000002"));
}

/// Case 35.
#[tokio::test]
async fn a_throttled_parameter_store_delays_the_first_event_and_no_later_one() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let event = orders.run("STARTED", 0).to_string();
    stage.world.settings.fail_next(1);
    assert_eq!(stage.receive(std::slice::from_ref(&event)).await, [0]);
    stage.world.clock.advance(Duration::from_secs(5));
    assert_eq!(stage.receive_again(2, &[event]).await, [0; 0]);
    stage.world.clock.advance(Duration::from_secs(120));
    stage.world.settings.fail_next(100);
    stage.hear(&orders.run("SUCCEEDED", 60)).await;
    assert!(stage.slack().iter().any(|sent| words(&sent.outgoing).contains("succeeded")));
}

/// Case 35: without a token and without a webhook there is still the topic, and a person hears what is missing.
#[tokio::test]
async fn without_any_credential_what_matters_goes_to_the_topic() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.remove("slack/bot-token");
    for event in orders.failure() {
        stage.hear(&event).await;
    }
    let sent = stage.world.outbox.take_sent();
    assert_eq!(sent.iter().map(|sent| sent.method()).collect::<Vec<_>>(), [""]);
    let [buried] = stage.world.backlog.buried().try_into().expect("one dead letter");
    assert!(buried.reason.contains("the parameter `slack/bot-token` is not set"), "{}", buried.reason);
}

/// Case 35: a route that names Slack without a token is a mistake a person must hear of.
#[tokio::test]
async fn a_route_without_its_credential_is_named_in_the_dead_letter_queue() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.remove("slack/bot-token");
    stage.world.settings.set("settings", "routes: [{ channels: ['slack:C0000000002'] }]");
    stage.hear(&orders.run("STARTED", 0)).await;
    let [buried] = stage.world.backlog.buried().try_into().expect("one dead letter");
    assert_eq!(buried.reason, "slack:C0000000002: the parameter `slack/bot-token` is not set");
}

//! Settings that are missing, wrong or out of reach: case 35.

use std::time::Duration;

use delivery_metrics::Measure;
use recorder::SETTINGS_AGE;
use serde_json::Value;

use super::{bodies, office_of, recorded};
use crate::delivery::office::{Office, recorder};
use crate::delivery::story::Story;

const PIPELINE: &str = "orders-release";
const STAGING_DEPLOYS: &str = "delivery: [{ deploy_stages: [Staging] }]";
const WRONG: &str = "delivery: [{ deploy_stags: [Staging] }]";

fn refused(office: &Office<recorder::memory::ScriptedReleases>) -> f64 {
    office.world.metrics.sum("SettingsRefused")
}

/// Case 35.
#[tokio::test]
async fn without_any_settings_the_last_stage_deploys() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.hear(&story.release()).await;
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [400.0]);
}

/// Case 35.
#[tokio::test]
async fn wrong_settings_at_the_start_hand_every_record_back_until_they_are_put_right() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.settings.set("settings", WRONG);
    let events = bodies(&story.release());
    assert_eq!(office.receive(&events).await, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(office.world.backlog.delayed().len(), 7, "and each says when it comes again");
    assert!((refused(&office) - 1.0).abs() < 0.1);
    assert!(office.world.ledger.items().is_empty() && recorded(&office).is_empty());
    office.world.settings.set("settings", STAGING_DEPLOYS);
    office.world.clock.advance(SETTINGS_AGE);
    assert_eq!(office.receive(&events).await, [0; 0]);
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [290.0], "to the end of Staging");
}

/// Case 35.
#[tokio::test]
async fn settings_that_turn_wrong_leave_the_last_good_ones_in_force() {
    let (first, second) = (Story::of("1"), Story::of("2").after(600));
    let office = office_of(&first, "Succeeded");
    second.is_known(&office.world, "Succeeded");
    office.world.settings.set("settings", STAGING_DEPLOYS);
    office.hear(&first.release()).await;
    office.world.settings.set("settings", WRONG);
    office.world.clock.advance(SETTINGS_AGE);
    office.hear(&second.release()).await;
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [290.0, 290.0]);
    assert!(refused(&office) >= 1.0);
}

/// Case 35: a process that begins while they are wrong has nothing to fall back on.
#[tokio::test]
async fn a_new_process_with_wrong_settings_hands_back_what_an_older_one_would_take() {
    let story = Story::of("1");
    let mut office = office_of(&story, "Succeeded");
    office.hear(&story.release()[..3]).await;
    office.world.settings.set("settings", WRONG);
    office.recorder = recorder(&office.world, office.world.releases.clone());
    assert_eq!(office.receive(&bodies(&story.release()[3..])).await, [0, 1, 2, 3]);
    assert_eq!(recorded(&office), [""; 0]);
}

/// Case 35.
#[tokio::test]
async fn a_throttled_parameter_store_delays_the_first_batch_and_no_later_one() {
    let (first, second) = (Story::of("1"), Story::of("2").after(600));
    let office = office_of(&first, "Succeeded");
    second.is_known(&office.world, "Succeeded");
    let events = bodies(&first.release());
    office.world.settings.fail_next(1);
    assert_eq!(office.receive(&events).await.len(), 7);
    office.world.clock.advance(Duration::from_secs(5));
    assert_eq!(office.invoke(2, &events).await.unwrap(), [0; 0]);
    office.world.clock.advance(2 * SETTINGS_AGE);
    office.world.settings.fail_next(100);
    office.hear(&second.release()).await;
    assert_eq!(office.values(Measure::Deployments, PIPELINE), [1.0, 1.0]);
}

/// Case 35: records that wait for somebody to wake up must not be tried every second, nor given up.
#[tokio::test]
async fn records_held_by_wrong_settings_come_back_ever_more_rarely() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.settings.set("settings", WRONG);
    let event = [story.run("SUCCEEDED", 400)].map(|event: Value| event.to_string());
    for receives in 1..12 {
        office.world.clock.advance(Duration::from_secs(900));
        assert_eq!(office.invoke(receives, &event).await.unwrap(), [0]);
    }
    let delays: Vec<_> = office.world.backlog.delayed().iter().map(|delayed| delayed.delay.as_secs()).collect();
    assert_eq!((delays[0], delays[1], delays[10]), (5, 10, 900));
    assert_eq!(office.world.backlog.buried(), []);
}

/// Case 35: what the settings say nothing about does not wait for them.
#[tokio::test]
async fn a_batch_the_settings_say_nothing_about_is_kept_without_reading_them() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.settings.set("settings", WRONG);
    office.hear(&[story.run("STARTED", 0), story.approval("a-1", "SUCCEEDED", (100, 160))]).await;
    assert!(refused(&office) < 0.1);
    assert_eq!(office.receive(&bodies(&[story.run("SUCCEEDED", 400)])).await, [0]);
    assert!((refused(&office) - 1.0).abs() < 0.1);
}

/// A change is heard of within ten minutes, and not with every batch.
#[tokio::test]
async fn changed_settings_are_in_force_when_the_ones_known_are_too_old() {
    let stories = [Story::of("1"), Story::of("2").after(600), Story::of("3").after(1_200)];
    let office = office_of(&stories[0], "Succeeded");
    stories[1..].iter().for_each(|story| story.is_known(&office.world, "Succeeded"));
    office.hear(&stories[0].release()).await;
    office.world.settings.set("settings", STAGING_DEPLOYS);
    office.world.clock.advance(SETTINGS_AGE - Duration::from_secs(1));
    office.hear(&stories[1].release()).await;
    office.world.clock.advance(Duration::from_secs(1));
    office.hear(&stories[2].release()).await;
    assert_eq!(office.values(Measure::LeadTime, PIPELINE), [400.0, 400.0, 290.0]);
}

/// Case 35.
#[tokio::test]
async fn a_sweep_without_settings_to_go_by_changes_nothing_and_the_next_one_works() {
    let story = Story::of("1");
    let office = office_of(&story, "Succeeded");
    office.world.releases.set_executions(PIPELINE, vec![story.summary("Succeeded", 300)]);
    office.world.settings.set("settings", WRONG);
    assert!(office.try_sweep().await.is_err());
    assert_eq!(recorded(&office), [""; 0]);
    office.world.settings.set("settings", "");
    office.world.clock.advance(SETTINGS_AGE);
    assert_eq!(office.sweep().await.unwrap().repaired, 1);
}

//! Pipelines that never deployed, are unknown or gone, other regions, accounts and partitions: cases 41, 49 and 50.

use lambda_kit::Home;
use pipeline_model::AlarmState;
use rollback_plans::CONSENT_TAG;

use crate::rollback::alarms::Change;
use crate::rollback::guard::{ALARM, Guard, PIPELINE};

/// What an alarm with this tag leads to.
async fn protecting(target: &str) -> (String, Vec<String>) {
    let guard = Guard::after("good@10 bad@40");
    guard.world.services.create_pipeline("new", &["Source", "Production"]);
    guard.protect("other", &[(CONSENT_TAG, target)]);
    guard.go_to(45);
    let told = guard.hear(&guard.turn("other", AlarmState::Alarm).event()).await;
    assert_eq!(guard.acts(), [""; 0]);
    assert_eq!(guard.world.books.all(guard.now()).len(), 0, "nothing is written for {target}");
    (told, guard.told())
}

/// Case 41.
#[tokio::test]
async fn what_never_was_or_never_deployed_is_told_once_and_not_acted_on() {
    for (target, code) in [
        ("new/Production", "never-deployed"),
        ("unknown/Production", "target-unknown"),
        ("orders/Elsewhere", "target-unknown"),
        ("codedeploy:orders/blue", "target-unknown"),
        ("ecs:shop/orders", "target-unknown"),
        ("cloudformation:orders", "target-unknown"),
        ("lambda:orders:live", "target-unknown"),
    ] {
        let (told, published) = protecting(target).await;
        assert_eq!(told, format!("refused: {code}"), "{target}");
        assert_eq!(published, [format!("{target}@2026-03-02: refused ({code})")]);
    }
}

/// Case 41.
#[tokio::test]
async fn a_pipeline_that_was_deleted_after_its_release_is_unknown() {
    let guard = Guard::after("good@10 bad@40");
    guard.world.services.delete_pipeline(PIPELINE);
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: target-unknown");
}

/// Case 41: the first stage holds sources, and CodePipeline never rolls it back.
#[tokio::test]
async fn the_first_stage_of_a_pipeline_fails_with_the_answer_of_codepipeline() {
    let guard = Guard::after("good@10 bad@40");
    guard.protect("other", &[(CONSENT_TAG, "orders/Source")]);
    guard.go_to(45);
    let told = guard.hear(&guard.turn("other", AlarmState::Alarm).event()).await;
    assert_eq!(told, "failed: orders/Source@bad");
    assert_eq!(guard.told(), ["orders/Source@bad: failed"]);
    assert_eq!(guard.rollbacks(), [""; 0]);
}

/// Case 41: nothing can be rolled back in PARALLEL mode.
#[tokio::test]
async fn a_pipeline_in_parallel_mode_is_left_alone() {
    let guard = Guard::after("good@10 bad@40");
    guard.world.services.make_parallel(PIPELINE);
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: parallel-mode");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Cases 41 and 50: whoever can put events on our bus from another account can name an alarm of ours by mistake, or theirs.
#[tokio::test]
async fn an_alarm_of_another_account_or_region_is_counted_and_nobody_is_asked() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let change = guard.turn(ALARM, AlarmState::Alarm);
    let calls = guard.world.calls();
    for (region, account) in
        [("us-east-1", "444455556666"), ("eu-west-1", "111122223333"), ("cn-north-1", "444455556666")]
    {
        let stranger = Change { region: region.to_owned(), account: account.to_owned(), ..change.clone() };
        for delivery in [stranger.event(), stranger.action(), stranger.letter()] {
            assert_eq!(guard.hear(&delivery).await, "ignored: the alarm is in another account or region");
        }
    }
    assert_eq!((guard.world.calls(), guard.told()), (calls, Vec::new()));
    assert!((guard.world.metrics.sum("AlarmsElsewhere") - 9.0).abs() < f64::EPSILON);
}

/// Case 50: the account of the envelope is ours, and that of the alarm is not.
#[tokio::test]
async fn an_event_of_our_account_about_an_alarm_of_another_is_ignored() {
    let guard = Guard::after("good@10 bad@40");
    guard.go_to(45);
    let mut event = guard.turn(ALARM, AlarmState::Alarm).event();
    event["resources"][0] = "arn:aws:cloudwatch:us-east-1:444455556666:alarm:orders-errors".into();
    assert_eq!(guard.hear(&event).await, "ignored: the alarm is in another account or region");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 49.
#[tokio::test]
async fn in_every_partition_a_stage_goes_back_and_links_lead_to_its_own_console() {
    for (partition, region, console) in [
        ("aws", "eu-central-1", "console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ] {
        let mut guard = Guard::after("good@10 bad@40");
        guard.reverter.home = Home { region: region.to_owned(), account: String::from("111122223333") };
        guard.go_to(45);
        let change = Change { partition, region: region.to_owned(), ..guard.turn(ALARM, AlarmState::Alarm) };
        assert_eq!(guard.hear(&change.event()).await, "rolled back: orders/Production@bad", "{partition}");
        let decision = guard.world.bus.take_published().remove(0);
        let arn = decision.pipeline.as_ref().unwrap().to_string();
        assert_eq!(arn, format!("arn:{partition}:codepipeline:{region}:111122223333:orders"));
        let url = decision.detail()["alarm-url"].as_str().unwrap().to_owned();
        assert!(url.contains(console), "{url}");
        guard.world.books.all(guard.now()).keys().for_each(|key| assert!(key.contains(region), "{key}"));
    }
}

/// Case 49: a partition without a public console has no links, and its stages go back all the same.
#[tokio::test]
async fn where_there_is_no_public_console_there_is_no_link() {
    let mut guard = Guard::after("good@10 bad@40");
    guard.reverter.home = Home { region: String::from("us-isof-south-1"), account: String::from("111122223333") };
    guard.go_to(45);
    let change = Change {
        partition: "aws-iso-f",
        region: String::from("us-isof-south-1"),
        ..guard.turn(ALARM, AlarmState::Alarm)
    };
    assert_eq!(guard.hear(&change.event()).await, "rolled back: orders/Production@bad");
    assert!(guard.world.bus.take_published().remove(0).detail().get("alarm-url").is_none_or(|url| url.is_null()));
}

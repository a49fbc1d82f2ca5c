//! The same over HTTP, against the Slack double: what a client library makes of hangs, resets and pages instead of JSON.

use std::process::Command;
use std::time::Duration;

use local::slack::Fault;
use serde_json::Value;

use crate::stage::{CHANNEL, Letters, OverHttp, TIMEOUT};

fn failure() -> Vec<String> {
    Letters::of("1").failure().iter().map(Value::to_string).collect()
}

fn now(letters: Letters) -> Letters {
    Letters { began: lambda_kit::Clock::system().now(), ..letters }
}

/// Case 29.
#[tokio::test]
async fn a_429_with_retry_after_one_is_sat_out() {
    let over = OverHttp::new().await;
    over.slack.fail_next(Fault::RateLimited(1));
    over.stage.hear(&now(Letters::of("1")).run("STARTED", 0)).await;
    let statuses: Vec<_> = over.slack.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(429), Some(200)]);
    assert_eq!(over.slack.channel(CHANNEL).len(), 1);
}

/// Case 29.
#[tokio::test]
async fn a_429_with_a_long_retry_after_is_handed_back() {
    let over = OverHttp::new().await;
    over.slack.fail_next(Fault::RateLimited(120));
    assert_eq!(over.stage.receive(&failure()).await, [0, 1, 2, 3]);
    assert_eq!(over.stage.delays(), [120; 4]);
    assert_eq!(over.slack.calls().len(), 1);
}

/// Case 30: whatever an outage looks like, the records come back and the topic hears of the failure.
#[tokio::test]
async fn an_outage_of_any_shape_hands_the_records_back_and_is_over_when_it_is_over() {
    for fault in
        [Fault::Status(500), Fault::Status(503), Fault::Html, Fault::Reset, Fault::Error("internal_error".to_owned())]
    {
        let over = OverHttp::new().await;
        over.slack.fail_next(fault.clone());
        assert_eq!(over.stage.receive(&failure()).await.len(), 4, "{fault:?}");
        assert_eq!(over.stage.delays(), [5; 4], "{fault:?}");
        assert_eq!(over.stage.world.outbox.take_sent().len(), 1, "{fault:?}: the topic is told");
        assert_eq!(over.slack.channel(CHANNEL), [], "{fault:?}");
        // The next invocation waits until the channel opens again, five seconds later: only one pays for that.
        if fault == Fault::Status(503) {
            assert_eq!(over.stage.receive_again(2, &failure()).await, [0; 0]);
            assert!(over.slack.channel(CHANNEL)[0].visible_text().contains("failed in"));
            assert_eq!(over.stage.world.outbox.take_sent(), [], "the topic was told before");
        }
    }
}

/// Case 30.
#[tokio::test]
async fn a_hang_ends_before_the_invocation_does() {
    let over = OverHttp::new().await;
    over.slack.fail_next(Fault::Hang);
    let clock = lambda_kit::Clock::system();
    let failed = over.stage.invoke(1, &failure(), Duration::from_secs(6)).await;
    let took = clock.monotonic();
    assert_eq!(failed, Some(vec![0, 1, 2, 3]));
    assert!(took < Duration::from_secs(6), "{took:?}");
}

/// Case 30: nobody listens, or somebody who speaks no TLS.
#[tokio::test]
async fn a_broken_connection_or_handshake_is_an_outage() {
    let over = OverHttp::new().await;
    let tls = over.slack.api_url().replace("http://", "https://");
    for api in ["http://127.0.0.1:1/api", &tls] {
        let stage = crate::stage::OverHttp::new().await.stage;
        let notifier = crate::stage::notifier(&stage.world, stage.notifier.outbox.clone(), api);
        let stage = crate::stage::Stage { notifier, ..stage };
        assert_eq!(stage.receive(&failure()).await.len(), 4, "{api}");
        assert_eq!(stage.world.outbox.take_sent().len(), 1, "{api}: the topic is told");
        assert_eq!(stage.world.backlog.buried(), [], "{api}");
    }
}

/// Case 31.
#[tokio::test]
async fn an_archived_channel_costs_one_dead_letter_and_the_topic_tells() {
    let over = OverHttp::new().await;
    over.slack.archive(CHANNEL);
    assert_eq!(over.stage.receive(&failure()).await, [0; 0]);
    let errors: Vec<_> = over.slack.calls().into_iter().map(|call| call.error).collect();
    assert_eq!(errors, [Some("is_archived".to_owned())]);
    assert_eq!(over.stage.world.backlog.buried().len(), 1);
    assert_eq!(over.stage.world.outbox.take_sent().len(), 1);
}

/// Case 31: the metric is a line on standard output, so a process of its own is asked for it.
#[test]
fn a_refusal_is_counted() {
    let name = "failure_cases::over_http::an_archived_channel_costs_one_dead_letter_and_the_topic_tells";
    let tests = std::env::current_exe().unwrap();
    let output = Command::new(tests).args(["--exact", name, "--nocapture", "--test-threads=1"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(&line[line.find('{')?..]).ok()).collect();
    let counted = |metric: &str| lines.iter().filter(|line| line[metric] == 1.0 && line["_aws"].is_object()).count();
    assert_eq!((counted("NoticesRefused"), counted("RecordsBuried")), (1, 1), "{text}");
}

/// Case 34.
#[tokio::test]
async fn a_token_rotated_in_the_store_is_used_within_the_same_invocation() {
    let over = OverHttp::new().await;
    let (settings, clock) = (&over.stage.world.settings, over.stage.world.clock.clone());
    settings.set("slack/bot-token", "revoked");
    over.stage.notifier.desks.current().await.expect("settings");
    settings.set("slack/bot-token", &over.slack.token());
    // The store is asked every five seconds at most.
    clock.advance(Duration::from_secs(5));
    assert_eq!(over.stage.invoke(1, &failure(), TIMEOUT).await, Some(vec![]));
    assert_eq!(over.slack.calls()[0].error.as_deref(), Some("invalid_auth"));
    assert!(over.slack.channel(CHANNEL)[0].visible_text().contains("failed in"));
}

/// Case 30: a message that arrived, and whose answer did not, is repeated once and no more.
#[tokio::test]
async fn an_answer_lost_on_the_way_costs_one_repeat() {
    for fault in [Fault::LostReply, Fault::FatalAfterPosting] {
        let over = OverHttp::new().await;
        over.slack.fail_next(fault);
        let event = [now(Letters::of("1")).run("STARTED", 0).to_string()];
        assert_eq!(over.stage.receive(&event).await, [0]);
        assert_eq!(over.stage.receive_again(2, &event).await, [0; 0]);
        assert_eq!(over.slack.channel(CHANNEL).len(), 2);
    }
}

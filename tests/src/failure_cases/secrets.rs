//! Whatever goes wrong, the bot's token and the webhook's address are in the requests and nowhere else: no log line, no
//! metric, no body, no reason, nothing that is stored or set aside.

use std::process::Command;
use std::time::Duration;

use lambda_kit::doubles::Logged;
use local::slack::Fault;
use notices::Outgoing;
use notifier::memory::{RecordingOutbox, Sent};
use notifier::ports::Outbox;
use serde_json::Value;

use crate::stage::{CHANNEL, Letters, OverHttp, Stage};

const PATH: &str = "/services/T0000000001/B0000000001/not-a-real-webhook";
const EVERYBODY: &str = "routes: [{ channels: ['slack:C0000000001', webhook, sns] }]";

/// Put together here, so that no scanner takes it for a token.
fn token() -> String {
    ["xoxb", "1111", "not-a-real-token"].join("-")
}

fn hook() -> String {
    format!("https://hooks.slack.example.com{PATH}")
}

/// What must be found nowhere: whole secrets, and the part that makes one.
fn assert_discreet(place: &str, text: &str) {
    for secret in ["a-real", &token(), PATH] {
        assert!(!text.contains(secret), "a secret is in {place}: {text}");
    }
}

/// Everything the notifier leaves behind apart from its requests.
async fn check<O: Outbox>(what: &str, stage: &Stage<O>) {
    for (key, item) in stage.world.table.items() {
        assert_discreet(&format!("{what}: the table"), &format!("{key} {item:?}"));
    }
    let backlog = &stage.world.backlog;
    assert_discreet(&format!("{what}: the dead letters"), &format!("{:?}", backlog.buried()));
    assert_discreet(&format!("{what}: the queue"), &format!("{:?} {:?}", backlog.reminders(), backlog.delayed()));
    for sent in stage.world.outbox.sent() {
        assert_discreet(&format!("{what}: a message"), &format!("{} {:?}", sent.body(), sent.outgoing));
    }
    let desk = stage.notifier.desks.current().await.map_err(|error| format!("{error:?} {error:#}"));
    assert_discreet(&format!("{what}: the desk"), &format!("{desk:?}"));
}

fn failure(letters: &Letters) -> Vec<String> {
    letters.failure().iter().map(Value::to_string).collect()
}

fn with_secrets() -> Stage<RecordingOutbox> {
    let stage = Stage::new();
    stage.world.settings.set("slack/bot-token", &token());
    stage.world.settings.set("slack/webhook-url", &hook());
    stage.world.settings.set("settings", EVERYBODY);
    stage
}

/// A release that fails, told to everybody while each of them answers with this.
async fn answered(status: u16, body: &str) {
    let (stage, orders) = (with_secrets(), Letters::of("1"));
    for receives in 1..4 {
        (0..4).for_each(|_| stage.world.outbox.reply_http(status, body));
        stage.receive_again(receives, &failure(&orders)).await;
        stage.world.clock.advance(Duration::from_secs(900));
    }
    check(&format!("{status} {body}"), &stage).await;
}

/// Refusals of every kind, in Slack's words and in those of somebody in between who repeats what was asked.
async fn refusals() {
    for error in ["is_archived", "invalid_auth", "token_revoked", "ratelimited", "edit_window_closed", "fatal_error"] {
        answered(200, &format!(r#"{{"ok":false,"error":"{error}"}}"#)).await;
    }
    for (status, body) in [(403, "invalid_token"), (410, "channel_is_archived"), (429, ""), (503, "")] {
        answered(status, body).await;
    }
    answered(404, &format!("Cannot POST {PATH}")).await;
    answered(200, &format!("<html>Authorization: Bearer {}</html>", token())).await;
}

/// The table, the parameter store, CodePipeline and the dead-letter queue fail; a record is no event.
async fn outages() {
    let (stage, orders) = (with_secrets(), Letters::of("1"));
    stage.world.table.fail_next(1_000);
    for receives in 1..5 {
        stage.receive_again(receives, &failure(&orders)).await;
    }
    check("the table is gone", &stage).await;

    let stage = with_secrets();
    stage.world.settings.fail_next(2);
    stage.receive(&failure(&orders)).await;
    stage.world.clock.advance(Duration::from_secs(900));
    stage.world.releases.fail_next(1_000);
    stage.world.backlog.fail_next(1);
    stage.world.outbox.reply_http(200, r#"{"ok":false,"error":"is_archived"}"#);
    let mut records = failure(&orders);
    records.push("garbage".to_owned());
    stage.receive_again(2, &records).await;
    stage.receive_again(3, &records).await;
    check("everything else is gone", &stage).await;

    let stage = with_secrets();
    stage.world.settings.set("settings", "routes: [{ channel: webhook }]");
    stage.receive(&failure(&orders)).await;
    check("the settings are wrong", &stage).await;
}

/// The same secrets over real connections: what a client library makes of them when there is no answer.
async fn broken_connections() {
    let over = OverHttp::new().await;
    let (slack, settings) = (&over.slack, &over.stage.world.settings);
    settings.set("slack/webhook-url", &slack.webhook_url("C0000000002"));
    settings.set("settings", EVERYBODY);
    let orders = Letters { began: lambda_kit::Clock::system().now(), ..Letters::of("1") };
    for fault in [Fault::Reset, Fault::Html, Fault::Status(404), Fault::LostReply, Fault::RateLimited(120), Fault::Hang]
    {
        (0..2).for_each(|_| slack.fail_next(fault.clone()));
        over.stage.invoke(1, &failure(&orders), Duration::from_secs(7)).await;
        over.stage.world.clock.advance(Duration::from_secs(900));
    }
    assert!(slack.calls().iter().any(|call| call.method == "webhook"), "{:?}", slack.calls());
    check("faults", &over.stage).await;

    let nowhere = format!("http://127.0.0.1:1{PATH}");
    for (webhook, token) in [
        (nowhere.clone(), token()),
        (nowhere.replace("http", "https"), token().replace("not", "not\n")),
        (nowhere.replace("127.0.0.1", "example.com"), token()),
        (PATH.to_owned(), token()),
    ] {
        let over = OverHttp::new().await;
        over.stage.world.settings.set("slack/webhook-url", &webhook);
        over.stage.world.settings.set("slack/bot-token", &token);
        over.stage.world.settings.set("settings", EVERYBODY);
        over.stage.receive(&failure(&orders)).await;
        check(&format!("{} and {}", webhook.len(), token.len()), &over.stage).await;
    }
}

#[tokio::test]
async fn no_secret_is_logged_sent_stored_or_set_aside_whatever_goes_wrong() {
    let log = Logged::start();
    refusals().await;
    outages().await;
    broken_connections().await;
    let text = log.text();
    for said in
        ["not told", "goes to the dead-letter queue", "channel-refused", "unreadable", "the table cannot be used"]
    {
        assert!(text.contains(said), "nothing went wrong in the way of `{said}`: {text}");
    }
    text.lines().for_each(|line| assert_discreet("the log", line));
}

#[tokio::test]
async fn the_requests_carry_the_secrets_where_slack_wants_them() {
    let (stage, orders) = (with_secrets(), Letters::of("1"));
    assert_eq!(stage.receive(&failure(&orders)).await, [0; 0]);
    let sent = stage.world.outbox.sent();
    let carries = |secret: &dyn Fn(&Outgoing) -> bool| sent.iter().any(|sent: &Sent| secret(&sent.outgoing));
    assert!(carries(&|it| matches!(it, Outgoing::Http { bearer: Some(bearer), .. } if *bearer.reveal() == token())));
    assert!(carries(&|it| matches!(it, Outgoing::Http { url, bearer: None, .. } if *url.reveal() == hook())));
    assert!(sent.iter().any(|sent| sent.body()["channel"] == CHANNEL));
}

/// Metrics are lines on standard output, so a process of its own is asked for them.
#[test]
fn no_secret_is_in_what_is_printed() {
    let name = "failure_cases::secrets::no_secret_is_logged_sent_stored_or_set_aside_whatever_goes_wrong";
    let tests = std::env::current_exe().unwrap();
    let output = Command::new(tests).args(["--exact", name, "--nocapture", "--test-threads=1"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    for metric in ["NoticesRefused", "NoticesDelayed", "RecordsBuried", "ExecutionsNotTold"] {
        assert!(text.contains(metric), "{metric} was not counted: {text}");
    }
    assert_discreet("what is printed", &text);
}

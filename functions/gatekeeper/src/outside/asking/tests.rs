//! A whole visit's questions against servers on loopback: how many calls they cost, and what an outage leaves.

use std::time::Duration;

use gate_checks::{Memory, Place, Policy, Settings, judge};
use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::doubles::cloudwatch::{at, said};
use lambda_kit::doubles::rehearsal::{Answer as Reply, Server};
use pipeline_model::Secret;
use serde_json::{Value, json};

use super::*;
use crate::outside::http::testing::web_to;

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

/// 20 alarms, 20 metrics and 5 HTTP requests.
fn policy(site: &str) -> Policy {
    let alarms: String =
        (0..20).map(|at| format!("    - {{ name: a{at}, alarms: {{ names: [alarm-{at}] }} }}\n")).collect();
    let metrics: String = (0..20)
        .map(|at| format!("    - {{ name: m{at}, metric: {{ metric: {{ namespace: Shop, name: m{at} }}, stat: Sum, period: 1m, over: 10m, above: 5 }} }}\n"))
        .collect();
    let http: String =
        (0..5).map(|at| format!("    - {{ name: h{at}, http: {{ url: '{site}/{at}', plain: true }} }}\n")).collect();
    Policy::parse(&format!("gate:\n  checks:\n{alarms}{metrics}{http}")).unwrap()
}

/// An answer that fits both `DescribeAlarms` and `GetMetricData`, whichever comes first.
fn everything() -> Reply {
    let alarms: Value = (0..20).map(|at| json!({ "AlarmName": format!("alarm-{at}"), "StateValue": "OK" })).collect();
    let results: Value = (0..20)
        .map(|number| {
            json!({
                "Id": format!("q{number}"), "Label": "m", "Timestamps": [at("2026-03-02T09:50:00Z")], "Values": [1.5],
                "StatusCode": "Complete",
            })
        })
        .collect();
    said(200, &json!({ "MetricAlarms": alarms, "MetricDataResults": results }))
}

fn deadline(seconds: u64) -> Deadline {
    Deadline::after(&Clock::system(), Duration::from_secs(seconds))
}

#[tokio::test]
async fn twenty_alarms_twenty_metrics_and_five_requests_are_two_calls_to_aws() {
    let site = Server::giving((0..5).map(|_| Reply::new(200, "", "ok"))).await;
    let aws = Server::giving((0..9).map(|_| everything())).await;
    let policy = policy(&site.url.replace("127.0.0.1", "site.test"));
    let world = World::new(&aws.aws(), web_to("127.0.0.1"));
    let questions = policy.questions(&Place::default(), now());
    let facts = world.ask(questions, &Secrets::default(), &deadline(30)).await;
    let judgement = judge(&policy, &Place::default(), &facts, Memory::begin(now()), None, now());
    assert_eq!(judgement.verdict.to_string(), "pass", "{}", judgement.reason);
    assert_eq!((aws.requests().len(), site.requests().len()), (2, 5));
}

#[tokio::test]
async fn requests_are_sent_at_the_same_time() {
    let site = Server::giving((0..5).map(|_| Reply::Silence)).await;
    let policy = policy(&site.url.replace("127.0.0.1", "site.test"));
    let aws = Server::giving((0..9).map(|_| everything())).await;
    let world = World::new(&aws.aws(), web_to("127.0.0.1"));
    let questions = policy.questions(&Place::default(), now());
    let facts = world.ask(questions, &Secrets::default(), &deadline(1)).await;
    assert_eq!(site.requests().len(), 5, "all have left before any was answered");
    let judgement = judge(&policy, &Place::default(), &facts, Memory::begin(now()), None, now());
    assert_eq!(judgement.verdict.to_string(), "wait", "what was given up is an error, and the first of ten");
    let errors = judgement.results.iter().filter(|result| result.says.contains("could not be asked")).count();
    assert_eq!(errors, 5, "{:?}", judgement.results);
}

/// What a check says that sends the secret `http/token` to the site, if the settings list this origin and this value is
/// kept, and what the site was sent.
async fn sending(origin: impl Fn(&str) -> String, value: Option<&str>) -> (String, Vec<Vec<String>>) {
    let site = Server::giving([Reply::new(200, "", "ok")]).await;
    let url = site.url.replace("127.0.0.1", "site.test");
    let text = format!("gate: {{ checks: [ {{ http: {{ url: '{url}', plain: true, token: http/token }} }} ] }}");
    let policy = Policy::parse(&text).unwrap();
    let settings = Settings::parse(&format!("gates: {{ secrets: {{ http/token: '{}' }} }}", origin(&url))).unwrap();
    let values = value.map(|value| (String::from("http/token"), Secret::new(value.to_owned())));
    let secrets = Secrets::new(values.into_iter().collect(), Ok(settings), false);
    let world = World::new(&Server::giving([]).await.aws(), web_to("127.0.0.1"));
    let facts = world.ask(policy.questions(&Place::default(), now()), &secrets, &deadline(30)).await;
    let judgement = judge(&policy, &Place::default(), &facts, Memory::begin(now()), None, now());
    (judgement.reason, site.requests().into_iter().map(|request| request.head).collect())
}

#[tokio::test]
async fn a_secret_goes_to_the_origin_the_settings_name() {
    let (_, heads) = sending(str::to_owned, Some("EXAMPLE")).await;
    let [head] = heads.try_into().unwrap();
    assert!(head.iter().any(|line| line.eq_ignore_ascii_case("authorization: bearer example")), "{head:?}");
}

#[tokio::test]
async fn a_secret_for_another_origin_or_one_that_is_missing_is_named_and_nothing_is_sent() {
    let elsewhere = |_: &str| String::from("https://shop.example.com");
    for (told, sent) in [
        (
            "the settings send `http/token` to https://shop.example.com:443 only",
            sending(elsewhere, Some("EXAMPLE")).await,
        ),
        ("no parameter `http/token`", sending(str::to_owned, None).await),
    ] {
        assert!(sent.0.contains(told), "{}", sent.0);
        assert!(sent.1.is_empty());
    }
}

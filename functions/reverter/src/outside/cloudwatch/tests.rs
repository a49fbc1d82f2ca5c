//! What CloudWatch answers, and what becomes of it.

use aws_sdk_cloudwatch::types::AlarmHistoryItem;
use lambda_kit::doubles::cloudwatch::{asked, at, refusal, said};
use lambda_kit::doubles::rehearsal::{Answer, Server};
use serde_json::{Value, json};

use super::*;

const NAME: &str = "orders-errors";

async fn cloudwatch(answers: impl IntoIterator<Item = Answer>) -> (CloudWatch, Server) {
    let server = Server::giving(answers).await;
    (CloudWatch::new(Client::new(&server.aws())), server)
}

fn alarm() -> AlarmArn {
    AlarmArn::new("us-east-1", "111122223333", NAME)
}

#[tokio::test]
async fn the_tags_of_an_alarm_are_read_by_its_arn() {
    let tag = json!({ "Key": "pipewarden:rollback", "Value": "orders/Production" });
    let (cloudwatch, server) = cloudwatch([said(200, &json!({ "Tags": [tag] }))]).await;
    let tags = cloudwatch.tags(&alarm()).await.unwrap();
    assert_eq!(tags, [(String::from("pipewarden:rollback"), String::from("orders/Production"))]);
    let request = &server.requests()[0];
    assert_eq!(asked(request).0, "ListTagsForResource");
    assert_eq!(asked(request).1, json!({ "ResourceARN": alarm().to_string() }));
}

#[tokio::test]
async fn an_alarm_that_is_gone_has_no_tags_and_everything_else_is_an_error() {
    assert_eq!(cloudwatch([refusal("ResourceNotFoundException")]).await.0.tags(&alarm()).await.unwrap(), []);
    for code in ["AccessDenied", "InvalidParameterValue"] {
        let (cloudwatch, _server) = cloudwatch([refusal(code)]).await;
        let error = format!("{:#}", cloudwatch.tags(&alarm()).await.unwrap_err());
        assert!(error.starts_with("ListTagsForResource of arn:aws:cloudwatch:"), "{error}");
    }
}

#[tokio::test]
async fn the_state_of_an_alarm_is_asked_for_by_name_and_of_composite_alarms_too() {
    let metric = json!({
        "AlarmName": NAME, "StateValue": "ALARM", "StateTransitionedTimestamp": at("2026-03-02T10:20:00.125Z"),
        "StateUpdatedTimestamp": at("2026-03-02T10:25:00Z"),
    });
    let (cloudwatch, server) = cloudwatch([said(200, &json!({ "MetricAlarms": [metric] }))]).await;
    let seen = cloudwatch.now(NAME).await.unwrap();
    assert_eq!(seen.now, AlarmNow::Is(AlarmState::Alarm));
    assert_eq!(seen.since, Some("2026-03-02T10:20:00.125Z".parse().unwrap()), "not when it was last evaluated");
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(asked(&request).0, "DescribeAlarms");
    let expected = json!({ "AlarmNames": [NAME], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
    assert_eq!(asked(&request).1, expected);
}

#[tokio::test]
async fn a_composite_alarm_says_what_suppresses_it() {
    let composite = json!({
        "AlarmName": NAME, "StateValue": "ALARM", "StateUpdatedTimestamp": at("2026-03-02T10:20:00Z"),
        "ActionsSuppressedBy": "WaitPeriod",
    });
    let (cloudwatch, _server) = cloudwatch([said(200, &json!({ "CompositeAlarms": [composite] }))]).await;
    let seen = cloudwatch.now(NAME).await.unwrap();
    assert_eq!(seen.suppressed_by.as_deref(), Some("WaitPeriod"));
    assert_eq!(seen.since, Some("2026-03-02T10:20:00Z".parse().unwrap()));
}

#[tokio::test]
async fn an_alarm_on_logs_is_found_by_a_second_question() {
    let on_logs = json!({ "AlarmName": NAME, "StateValue": "OK" });
    let answers = [said(200, &json!({ "MetricAlarms": [] })), said(200, &json!({ "LogAlarms": [on_logs] }))];
    let (cloudwatch, server) = cloudwatch(answers).await;
    assert_eq!(cloudwatch.now(NAME).await.unwrap().now, AlarmNow::Is(AlarmState::Ok));
    assert_eq!(asked(&server.requests()[1]).1["AlarmTypes"], json!(["LogAlarm"]));
}

#[tokio::test]
async fn an_alarm_that_nobody_knows_is_gone_even_where_no_alarms_on_logs_are_known() {
    for second in [said(200, &json!({})), refusal("ValidationError")] {
        let (cloudwatch, _server) = cloudwatch([said(200, &json!({})), second]).await;
        assert_eq!(cloudwatch.now(NAME).await.unwrap().now, AlarmNow::Gone);
    }
    let (cloudwatch, _server) = cloudwatch([refusal("AccessDenied")]).await;
    assert!(cloudwatch.now(NAME).await.is_err(), "who may not ask does not know that it is gone");
}

#[tokio::test]
async fn an_alarm_on_logs_that_could_not_be_asked_for_is_not_gone() {
    for code in ["AccessDenied", "ThrottlingException"] {
        let tries = std::iter::repeat_with(|| refusal(code)).take(3);
        let (cloudwatch, _server) = cloudwatch([said(200, &json!({}))].into_iter().chain(tries)).await;
        let error = format!("{:#}", cloudwatch.now(NAME).await.unwrap_err());
        assert!(error.starts_with("DescribeAlarms of orders-errors") && error.contains(code), "{error}");
    }
}

fn entry(time: &str, from: &str, to: &str) -> Value {
    let data = json!({ "version": "1.0", "oldState": { "stateValue": from }, "newState": { "stateValue": to } });
    json!({ "Timestamp": at(time), "HistoryItemType": "StateUpdate", "HistoryData": data.to_string() })
}

#[tokio::test]
async fn the_turns_of_an_alarm_come_from_its_history_oldest_first() {
    let first = json!({
        "AlarmHistoryItems": [entry("2026-03-02T10:20:00.125Z", "OK", "ALARM"), entry("2026-03-02T09:58:00Z", "INSUFFICIENT_DATA", "OK")],
        "NextToken": "2",
    });
    let second = json!({ "AlarmHistoryItems": [entry("2026-03-02T10:21:00Z", "ALARM", "OK")] });
    let (cloudwatch, server) = cloudwatch([said(200, &first), said(200, &second)]).await;
    let turns = cloudwatch.turns(NAME, "2026-03-02T10:00:00Z".parse().unwrap()).await.unwrap();
    let turn = |at: &str, from, to| Turn { at: at.parse().unwrap(), from, to };
    assert_eq!(
        turns,
        [
            turn("2026-03-02T09:58:00Z", AlarmState::InsufficientData, AlarmState::Ok),
            turn("2026-03-02T10:20:00.125Z", AlarmState::Ok, AlarmState::Alarm),
            turn("2026-03-02T10:21:00Z", AlarmState::Alarm, AlarmState::Ok),
        ]
    );
    let requests = server.requests();
    assert_eq!(
        asked(&requests[0]).1,
        json!({
            "AlarmName": NAME, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "HistoryItemType": "StateUpdate",
            "StartDate": at("2026-03-02T09:55:00Z"), "MaxRecords": 100, "ScanBy": "TimestampAscending",
        })
    );
    assert_eq!(asked(&requests[1]).1["NextToken"], "2");
}

#[tokio::test]
async fn a_history_without_end_is_read_for_three_pages_and_then_not_believed() {
    let change = || entry("2026-03-02T10:20:00Z", "OK", "ALARM");
    let page = || said(200, &json!({ "AlarmHistoryItems": [change()], "NextToken": "more" }));
    let (cloudwatch, server) = cloudwatch((0..9).map(|_| page())).await;
    assert_eq!(cloudwatch.turns(NAME, Timestamp::UNIX_EPOCH).await.unwrap(), []);
    assert_eq!(server.requests().len(), 3);
    let (cloudwatch, _server) = super::tests::cloudwatch([refusal("AccessDenied")]).await;
    assert!(cloudwatch.turns(NAME, Timestamp::UNIX_EPOCH).await.is_err());
}

#[test]
fn an_entry_whose_data_was_cut_off_is_read_from_its_summary() {
    let item = |data: Option<&str>, summary: Option<&str>| {
        let item = AlarmHistoryItem::builder().timestamp(DateTime::from_secs(1_772_445_600));
        item.set_history_data(data.map(str::to_owned)).set_history_summary(summary.map(str::to_owned)).build()
    };
    let states = |data, summary| history::turn(item(data, summary)).map(|turn| (turn.from, turn.to));
    let cut = Some(r#"{"version":"1.0","oldState":{"stateValue":"OK","stateReas"#);
    let red = Some((AlarmState::Ok, AlarmState::Alarm));
    assert_eq!(states(cut, Some("Alarm updated from OK to ALARM")), red);
    assert_eq!(states(None, Some("Alarm updated from OK to ALARM arn:aws:sns:us-east-1:111122223333:t")), red);
    for summary in ["Alarm updated", "Alarm updated from OK", "Alarm updated from OK into ALARM", ""] {
        assert_eq!(states(cut, Some(summary)), None, "{summary}");
    }
    assert_eq!(states(Some("{}"), None), None);
    assert_eq!(
        history::turn(AlarmHistoryItem::builder().history_summary("Alarm updated from OK to ALARM").build()),
        None
    );
}

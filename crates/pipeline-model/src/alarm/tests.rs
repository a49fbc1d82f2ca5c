//! What can be relied on in an alarm, whatever it arrives in.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:orders-errors";

fn metric() -> Value {
    json!({"metrics": [{"id": "m1", "returnData": true, "metricStat": {"period": 60, "stat": "Sum", "metric":
        {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": {"FunctionName": "orders"}}}}]})
}

fn data() -> Value {
    json!({
        "alarmName": "orders-errors",
        "configuration": metric(),
        "previousState": {"value": "OK", "timestamp": "2026-03-02T16:56:40.987+0000"},
        "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": "2026-03-02T17:04:40.989+0000"},
    })
}

fn event_bridge() -> Value {
    json!({"version": "0", "id": "e-1", "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
        "account": "111122223333", "time": "2026-03-02T17:04:40Z", "region": "us-east-1", "resources": [ARN],
        "detail": data()})
}

fn action() -> Value {
    json!({"source": "aws.cloudwatch", "alarmArn": ARN, "accountId": "111122223333", "region": "us-east-1",
        "time": "2026-03-02T17:04:40.989+0000", "alarmData": data()})
}

fn message() -> Value {
    json!({"AlarmName": "orders-errors", "AlarmDescription": null, "AWSAccountId": "111122223333",
        "NewStateValue": "ALARM", "NewStateReason": "Threshold Crossed", "OldStateValue": "OK", "AlarmArn": ARN,
        "StateChangeTime": "2026-03-02T17:04:40.989+0000", "Region": "US East (N. Virginia)",
        "Trigger": {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Threshold": 5.0,
                    "Dimensions": [{"name": "FunctionName", "value": "orders"}]}})
}

fn sns(messages: &[String]) -> Value {
    let record = |message| {
        json!({"EventSource": "aws:sns", "EventVersion": "1.0",
               "Sns": {"Type": "Notification", "Timestamp": "2026-03-02T17:04:41.100Z", "Message": message}})
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

fn in_sns(message: &Value) -> Value {
    sns(&[message.to_string()])
}

fn change(value: &Value) -> AlarmChange {
    match AlarmEvent::parse(value).unwrap().as_slice() {
        [AlarmEvent::Change(change)] => (**change).clone(),
        other => panic!("expected one change, got {other:?}"),
    }
}

fn other(value: &Value) -> String {
    match AlarmEvent::parse(value).unwrap().as_slice() {
        [AlarmEvent::Other { what }] => what.clone(),
        other => panic!("expected something to ignore, got {other:?}"),
    }
}

fn error(value: &Value) -> String {
    AlarmEvent::parse(value).unwrap_err().to_string()
}

/// The value without one of its fields, which must be there.
fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    value
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    *value.pointer_mut(pointer).unwrap() = new;
    value
}

#[test]
fn all_three_shapes_tell_the_same() {
    let expected = AlarmChange {
        alarm: AlarmArn::new("us-east-1", "111122223333", "orders-errors"),
        state: AlarmState::Alarm,
        at: "2026-03-02T17:04:40.989Z".parse().unwrap(),
        previous: Some(PreviousState { state: AlarmState::Ok, since: "2026-03-02T16:56:40.987Z".parse().ok() }),
        reason: Some(String::from("Threshold Crossed")),
        kind: AlarmKind::Metric,
        suppressed_by: None,
    };
    assert_eq!(change(&event_bridge()), expected);
    assert_eq!(change(&action()), expected);
    let previous = Some(PreviousState { state: AlarmState::Ok, since: None });
    assert_eq!(change(&in_sns(&message())), AlarmChange { previous, ..expected });
}

#[test]
fn an_event_of_eventbridge_is_read_out_of_an_sns_message() {
    assert_eq!(change(&in_sns(&event_bridge())), change(&event_bridge()));
}

#[test]
fn each_kind_is_told_by_its_configuration() {
    let expression = |text: &str| json!({"metrics": [{"id": "e1", "expression": text, "label": "l"}]});
    let band =
        json!({"metrics": [metric()["metrics"][0], {"id": "ad1", "expression": "ANOMALY_DETECTION_BAND(m1, 2)"}]});
    for (configuration, kind) in [
        (metric(), AlarmKind::Metric),
        (expression("SUM(METRICS())"), AlarmKind::MetricMath),
        (band, AlarmKind::Anomaly),
        (expression("\nSELECT MAX(Errors) FROM \"AWS/Lambda\""), AlarmKind::Insights),
        (expression("SELECTED + 1"), AlarmKind::MetricMath),
        (json!({"alarmRule": "ALARM(a) OR ALARM(b)"}), AlarmKind::Composite),
        (json!({"queryString": "fields @message"}), AlarmKind::Log),
        (json!({"scheduledQueryConfiguration": {}}), AlarmKind::Log),
        (json!({"evaluationCriteria": {}}), AlarmKind::Unknown),
        (json!([1]), AlarmKind::Unknown),
        (json!({"metrics": {"not": "a list"}}), AlarmKind::Unknown),
    ] {
        for value in [
            with(event_bridge(), "/detail/configuration", configuration.clone()),
            with(action(), "/alarmData/configuration", configuration.clone()),
        ] {
            assert_eq!(change(&value).kind, kind, "{configuration}");
        }
    }
    let mut log = without(event_bridge(), "/detail/configuration");
    log["detail"]["state"]["queryExecutionId"] = json!("q-1");
    assert_eq!(change(&log).kind, AlarmKind::Log);
}

#[test]
fn sns_tells_each_kind_in_names_of_its_own() {
    let metrics = |text: &str| json!({"Metrics": [{"Id": "e1", "Expression": text, "ReturnData": true}]});
    for (trigger, kind) in [
        (metrics("m1 / m2"), AlarmKind::MetricMath),
        (metrics("ANOMALY_DETECTION_BAND(m1, 2)"), AlarmKind::Anomaly),
        (metrics("SELECT MAX(Errors) FROM \"AWS/Lambda\""), AlarmKind::Insights),
        (json!({"Metrics": [{"Id": "m1", "MetricStat": {"Period": 60}}]}), AlarmKind::Metric),
        (json!({"QueryString": "fields @message"}), AlarmKind::Log),
    ] {
        assert_eq!(change(&in_sns(&with(message(), "/Trigger", trigger.clone()))).kind, kind, "{trigger}");
    }
    let mut composite = without(message(), "/Trigger");
    assert_eq!(change(&in_sns(&composite)).kind, AlarmKind::Unknown);
    composite["AlarmRule"] = json!("ALARM(a)");
    assert_eq!(change(&in_sns(&composite)).kind, AlarmKind::Composite);
}

#[test]
fn what_keeps_an_alarm_from_acting_is_told() {
    let mut waiting = event_bridge();
    waiting["detail"]["state"]["actionsSuppressedBy"] = json!("WaitPeriod");
    assert_eq!(change(&waiting).suppressed_by.as_deref(), Some("WaitPeriod"));
    let mute = "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:night";
    for (detail, by) in [(json!({"mutedByArn": mute}), mute), (json!({}), "a mute rule")] {
        let mut muted = action();
        muted["alarmData"]["muteDetail"] = detail;
        assert_eq!(change(&muted).suppressed_by.as_deref(), Some(by));
        muted["alarmData"]["state"]["actionsSuppressedBy"] = json!("WaitPeriod");
        assert_eq!(change(&muted).suppressed_by.as_deref(), Some(by), "the wait ends, and the rule holds");
    }
}

#[test]
fn everything_else_is_ignored_with_what_it_is() {
    let event = |source: &str, detail_type: &str| {
        let event = with(event_bridge(), "/source", json!(source));
        with(event, "/detail-type", json!(detail_type))
    };
    let contributor = json!({"id": "c", "attributes": {"TableName": "orders"}});
    let mut in_action = action();
    in_action["alarmData"]["alarmContributor"] = contributor;
    let mut in_message = message();
    in_message["AlarmContributorId"] = json!("c");
    for (value, words) in [
        (event("aws.codepipeline", "CodePipeline Stage Execution State Change"), "an event of aws.codepipeline"),
        (event("com.example", "CloudWatch Alarm State Change"), "an event of com.example"),
        (event("aws.cloudwatch", "CloudWatch Alarm Configuration Change"), "configuration"),
        (event("aws.cloudwatch", "CloudWatch Alarm Contributor State Change"), "contributor"),
        (event("aws.cloudwatch", "Budget"), "an event `Budget` of aws.cloudwatch"),
        (without(event_bridge(), "/source"), "without a source"),
        (in_action, "contributor"),
        (in_sns(&in_message), "contributor"),
        (sns(&[String::from("The build is broken.")]), "an SNS message that is no JSON"),
        (in_sns(&json!({"approval": {"token": "t"}})), "nothing that tells of an alarm"),
        (in_sns(&json!(5)), "nothing that tells of an alarm"),
        (json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}), "a record of aws:sqs"),
        (json!({"Records": [null]}), "a record of an unknown source"),
        (json!({"Records": "many"}), "nothing that tells of an alarm"),
        (json!(null), "nothing that tells of an alarm"),
        (json!([event_bridge()]), "nothing that tells of an alarm"),
    ] {
        assert!(other(&value).contains(words), "{value}: {}", other(&value));
    }
}

#[test]
fn several_records_are_read_each_for_itself() {
    let quiet = with(message(), "/NewStateValue", json!("OK")).to_string();
    let events = AlarmEvent::parse(&sns(&[message().to_string(), String::from("hello"), quiet])).unwrap();
    let states: Vec<_> = events
        .iter()
        .map(|event| match event {
            AlarmEvent::Change(change) => change.state.as_str(),
            AlarmEvent::Other { .. } => "other",
        })
        .collect();
    assert_eq!(states, ["ALARM", "other", "OK"]);
    assert_eq!(AlarmEvent::parse(&sns(&[])), Ok(Vec::new()));
}

#[test]
fn what_is_missing_is_named_by_its_path() {
    for (value, path) in [
        (without(event_bridge(), "/detail/state"), "detail.state.value"),
        (without(event_bridge(), "/detail"), "detail.state.value"),
        (with(event_bridge(), "/detail/state/value", json!(" ")), "detail.state.value"),
        (without(action(), "/alarmArn"), "alarmArn"),
        (without(action(), "/alarmData"), "alarmData.state.value"),
        (in_sns(&without(message(), "/NewStateValue")), "Records[0].Sns.Message.NewStateValue"),
        (in_sns(&without(message(), "/AlarmArn")), "Records[0].Sns.Message.AlarmArn"),
        (without(without(action(), "/time"), "/alarmData/state/timestamp"), "alarmData.state.timestamp"),
    ] {
        assert_eq!(error(&value), format!("not a readable alarm: `{path}` is missing"), "{value}");
    }
}

#[test]
fn what_cannot_be_read_is_shown_with_what_was_expected() {
    assert_eq!(
        error(&with(event_bridge(), "/detail/state/value", json!(1))),
        "not a readable alarm: `detail.state.value` is `1`, expected a text"
    );
    let timeless = with(without(action(), "/time"), "/alarmData/state/timestamp", json!("yesterday"));
    assert_eq!(
        error(&timeless),
        "not a readable alarm: `alarmData.state.timestamp` is `yesterday`, expected a time such as \
         2026-03-02T17:04:40.989+0000"
    );
    let stranger = "arn:aws:sns:us-east-1:111122223333:topic";
    assert_eq!(
        error(&with(action(), "/alarmArn", json!(stranger))),
        format!(
            "not a readable alarm: `alarmArn`: `{stranger}` is not an alarm's ARN; expected \
             arn:<partition>:cloudwatch:<region>:<account>:alarm:<name>"
        )
    );
}

/// Whoever prints an error with its causes would print the same text twice.
#[test]
fn a_problem_that_is_told_is_not_a_cause_as_well() {
    let wrong = AlarmEvent::parse(&with(action(), "/alarmArn", json!("arn"))).unwrap_err();
    assert!(wrong.to_string().contains("`arn` is not an alarm's ARN"), "{wrong}");
    assert!(std::error::Error::source(&wrong).is_none());
}

#[test]
fn without_a_time_of_the_state_the_time_of_sending_is_taken() {
    let second = "2026-03-02T17:04:40Z".parse().unwrap();
    assert_eq!(change(&without(event_bridge(), "/detail/state/timestamp")).at, second);
    assert_eq!(change(&with(event_bridge(), "/detail/state/timestamp", json!("soon"))).at, second);
    let received = "2026-03-02T17:04:41.100Z".parse().unwrap();
    assert_eq!(change(&in_sns(&without(message(), "/StateChangeTime"))).at, received);
}

#[test]
fn the_arn_is_found_among_others_or_built_from_the_envelope() {
    let child = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:child";
    let several = with(event_bridge(), "/resources", json!([7, "arn:aws:s3:::bucket", child, ARN]));
    assert_eq!(change(&several).alarm.to_string(), ARN);
    for event in [without(event_bridge(), "/resources"), with(event_bridge(), "/resources", json!([child]))] {
        assert_eq!(change(&event).alarm.to_string(), ARN);
    }
    assert_eq!(change(&without(event_bridge(), "/detail/alarmName")).alarm.to_string(), ARN);
    let bare = without(without(event_bridge(), "/resources"), "/detail/alarmName");
    assert_eq!(error(&bare), "not a readable alarm: `detail.alarmName` is missing");
}

#[test]
fn other_partitions_keep_their_arn() {
    for (partition, region) in [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
        let arn = ARN.replace("arn:aws:", &format!("arn:{partition}:")).replace("us-east-1", region);
        let listed = with(event_bridge(), "/resources", json!([arn]));
        let built = with(without(event_bridge(), "/resources"), "/region", json!(region));
        for event in [listed, built, with(action(), "/alarmArn", json!(arn))] {
            let alarm = change(&event).alarm;
            assert_eq!((alarm.to_string(), alarm.partition.as_str()), (arn.clone(), partition));
        }
    }
}

#[test]
fn a_new_alarm_has_no_previous_state_and_may_have_no_reason() {
    let mut new = without(event_bridge(), "/detail/previousState");
    new["detail"]["state"] = json!({"value": "INSUFFICIENT_DATA", "reason": "", "timestamp": "2026-03-02T17:04Z"});
    let read = change(&new);
    assert_eq!((read.state, read.previous, read.reason), (AlarmState::InsufficientData, None, None));
}

#[test]
fn every_documented_state_keeps_its_spelling() {
    let texts: Vec<_> = AlarmState::documented().iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["OK", "ALARM", "INSUFFICIENT_DATA"]);
    assert!(AlarmState::documented().iter().all(|state| AlarmState::from(state.to_string()) == *state));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(message().to_string()).prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let object = proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4);
        prop_oneof![list, object.prop_map(|fields| Value::Object(fields.into_iter().collect()))]
    })
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| places(value, &format!("{here}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{here}/{index}"), found));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_json_panics_the_parser(value in any_json()) {
        let _ = AlarmEvent::parse(&value);
        let _ = AlarmEvent::parse(&in_sns(&value));
        let _ = AlarmEvent::parse(&sns(&[value.to_string()]));
    }

    #[test]
    fn no_value_in_any_place_of_an_alarm_panics_the_parser(
        place in any::<prop::sample::Index>(), value in any_json(), shape in 0..3_usize,
    ) {
        let mut alarm = [event_bridge(), action(), message()][shape].clone();
        let mut all = Vec::new();
        places(&alarm, "", &mut all);
        *alarm.pointer_mut(&all[place.index(all.len())]).unwrap() = value;
        let direct = AlarmEvent::parse(&alarm);
        prop_assert_eq!(direct.is_ok_and(|events| events.is_empty()), false, "an alarm vanished");
        let _ = AlarmEvent::parse(&in_sns(&alarm));
    }

    #[test]
    fn a_name_and_a_state_of_any_characters_survive(name in "\\PC{0,30}[a-z]", state in "\\PC{0,12}[a-z]") {
        let arn = AlarmArn::new("us-east-1", "111122223333", &name);
        let (named, texts) = (json!(arn.to_string()), (json!(name), json!(state)));
        let event = with(event_bridge(), "/detail/alarmName", texts.0.clone());
        let event = with(event, "/detail/state/value", texts.1.clone());
        let called = with(with(action(), "/alarmArn", named.clone()), "/alarmData/state/value", texts.1.clone());
        let sent = with(with(message(), "/AlarmArn", named.clone()), "/NewStateValue", texts.1);
        for value in [with(event.clone(), "/resources", json!([named])), event, called, in_sns(&sent)] {
            let read = change(&value);
            prop_assert_eq!((&read.alarm, read.state), (&arn, AlarmState::Unknown(state.clone())));
        }
    }
}

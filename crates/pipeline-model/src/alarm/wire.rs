//! The JSON of alarms from EventBridge, from a Lambda action and from SNS. Nothing outside this file sees it.

use serde_json::Value;

use super::place::Place;
use super::{AlarmArn, AlarmChange, AlarmError, AlarmEvent, AlarmKind, AlarmState, PreviousState};

const SOURCE: &str = "aws.cloudwatch";
/// Any of these tells a log alarm.
const LOGS: [(&str, &str); 3] = [
    ("queryString", "QueryString"),
    ("scheduledQueryConfiguration", "ScheduledQueryConfiguration"),
    ("queryExecutionId", "QueryExecutionId"),
];
const TIME: &str = "a time such as 2026-03-02T17:04:40.989+0000";

pub(super) fn parse(value: &Value) -> Result<Vec<AlarmEvent>, AlarmError> {
    let records = Place::whole(value).at("Records");
    match records.value.as_array() {
        Some(all) => (0..all.len()).map(|index| record(&records.item(index))).collect(),
        None => event(&Place::whole(value), None).map(|event| vec![event]),
    }
}

fn record(record: &Place<'_>) -> Result<AlarmEvent, AlarmError> {
    let notification = record.at("Sns");
    let message = notification.at("Message");
    let Some(text) = message.text() else {
        let source = record.at("EventSource").text().or(record.at("eventSource").text());
        return Ok(other(format!("a record of {} without an SNS message", source.unwrap_or("an unknown source"))));
    };
    match serde_json::from_str(text) {
        Ok(value) => event(&Place { value: &value, path: message.path }, Some(&notification.at("Timestamp"))),
        Err(_) => Ok(other("an SNS message that is no JSON")),
    }
}

/// One event; `sent` is when SNS sent it, if SNS did.
fn event(whole: &Place<'_>, sent: Option<&Place<'_>>) -> Result<AlarmEvent, AlarmError> {
    let (source, detail_type) = (whole.at("source").text(), whole.at("detail-type").text());
    let has = |field| whole.at(field).exists();
    match (source, detail_type) {
        (Some(source), _) if source != SOURCE => Ok(other(format!("an event of {source}"))),
        (None, Some(detail_type)) => Ok(other(format!("an event `{detail_type}` without a source"))),
        (Some(_), Some("CloudWatch Alarm State Change")) => of_event_bridge(whole),
        (Some(_), Some("CloudWatch Alarm Configuration Change")) => Ok(other("a change of an alarm's configuration")),
        (Some(_), Some("CloudWatch Alarm Contributor State Change")) => Ok(contributor()),
        (Some(source), Some(detail_type)) => Ok(other(format!("an event `{detail_type}` of {source}"))),
        _ if has("alarmArn") || has("alarmData") => of_action(whole),
        _ if has("NewStateValue") || (has("AlarmName") && has("AlarmArn")) => of_sns(whole, sent),
        _ => Ok(other("nothing that tells of an alarm")),
    }
}

fn of_event_bridge(whole: &Place<'_>) -> Result<AlarmEvent, AlarmError> {
    let detail = whole.at("detail");
    let name = detail.at("alarmName");
    let resources = whole.value["resources"].as_array().into_iter().flatten();
    let mut arns = resources.filter_map(|text| AlarmArn::try_from(text.as_str()?.to_owned()).ok());
    let alarm = match arns.find(|arn| name.text().is_none_or(|name| name == arn.name)) {
        Some(arn) => arn,
        None => AlarmArn::new(
            whole.at("region").required_text()?,
            whole.at("account").required_text()?,
            name.required_text()?,
        ),
    };
    told(alarm, &detail, &whole.at("time"))
}

fn of_action(whole: &Place<'_>) -> Result<AlarmEvent, AlarmError> {
    told(arn(&whole.at("alarmArn"))?, &whole.at("alarmData"), &whole.at("time"))
}

/// What EventBridge and a Lambda action tell in the same words.
fn told(alarm: AlarmArn, data: &Place<'_>, sent: &Place<'_>) -> Result<AlarmEvent, AlarmError> {
    if data.at("alarmContributor").exists() {
        return Ok(contributor());
    }
    let (state, previous) = (data.at("state"), data.at("previousState"));
    let since = state.at("timestamp");
    change(AlarmChange {
        alarm,
        state: alarm_state(state.at("value").required_text()?),
        at: since.time().or(sent.time()).ok_or_else(|| since.unreadable(TIME))?,
        previous: previous
            .at("value")
            .text()
            .map(|value| PreviousState { state: alarm_state(value), since: previous.at("timestamp").time() }),
        reason: state.at("reason").text().map(str::to_owned),
        kind: kind([data.at("configuration").value, state.value]),
        suppressed_by: suppressor(data),
    })
}

/// SNS has names of its own, a region for people (`US East (N. Virginia)`), and dimensions as a list.
fn of_sns(message: &Place<'_>, sent: Option<&Place<'_>>) -> Result<AlarmEvent, AlarmError> {
    if message.at("AlarmContributorId").exists() || message.at("AlarmContributor").exists() {
        return Ok(contributor());
    }
    let since = message.at("StateChangeTime");
    let previous = message.at("OldStateValue").text();
    change(AlarmChange {
        alarm: arn(&message.at("AlarmArn"))?,
        state: alarm_state(message.at("NewStateValue").required_text()?),
        at: since.time().or_else(|| sent?.time()).ok_or_else(|| since.unreadable(TIME))?,
        previous: previous.map(|value| PreviousState { state: alarm_state(value), since: None }),
        reason: message.at("NewStateReason").text().map(str::to_owned),
        kind: kind([message.value, message.at("Trigger").value]),
        suppressed_by: None,
    })
}

fn arn(place: &Place<'_>) -> Result<AlarmArn, AlarmError> {
    let text = place.required_text()?.to_owned();
    AlarmArn::try_from(text).map_err(|problem| AlarmError::Arn { path: place.path.clone(), problem })
}

fn alarm_state(text: &str) -> AlarmState {
    AlarmState::from(text.to_owned())
}

fn suppressor(data: &Place<'_>) -> Option<String> {
    let (suppressor, mute) = (data.at("state").at("actionsSuppressedBy"), data.at("muteDetail"));
    let muted = mute.exists().then(|| mute.at("mutedByArn").text().unwrap_or("a mute rule"));
    // Of both the rule: it holds the alarm back whatever becomes of the suppressor.
    muted.or(suppressor.text()).map(str::to_owned)
}

/// Told by what configures it, whichever of these values says it, in `camelCase` or in SNS's `PascalCase`.
fn kind(told: [&Value; 2]) -> AlarmKind {
    let has = |camel, pascal| told.iter().any(|value| !field(value, camel, pascal).is_null());
    let metrics = || told.iter().filter_map(|value| field(value, "metrics", "Metrics").as_array()).flatten();
    let expressions = || metrics().filter_map(|metric| field(metric, "expression", "Expression").as_str());
    if has("alarmRule", "AlarmRule") {
        AlarmKind::Composite
    } else if LOGS.iter().any(|(camel, pascal)| has(camel, pascal)) {
        AlarmKind::Log
    } else if expressions().any(|expression| expression.contains("ANOMALY_DETECTION_BAND")) {
        AlarmKind::Anomaly
    } else if expressions().any(|expression| expression.split_whitespace().next() == Some("SELECT")) {
        AlarmKind::Insights
    } else if expressions().next().is_some() {
        AlarmKind::MetricMath
    } else if has("metricName", "MetricName") || metrics().next().is_some() {
        AlarmKind::Metric
    } else {
        AlarmKind::Unknown
    }
}

fn field<'a>(value: &'a Value, camel: &str, pascal: &str) -> &'a Value {
    value.get(camel).unwrap_or(&value[pascal])
}

fn change(change: AlarmChange) -> Result<AlarmEvent, AlarmError> {
    Ok(AlarmEvent::Change(Box::new(change)))
}

fn contributor() -> AlarmEvent {
    other("a change of one contributor's state; the alarm's own change comes by itself")
}

fn other(what: impl Into<String>) -> AlarmEvent {
    AlarmEvent::Other { what: what.into() }
}

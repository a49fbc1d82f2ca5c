//! CloudWatch's alarms through the SDK.

mod history;
#[cfg(test)]
mod tests;

use anyhow::Result;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::SdkError;
use aws_sdk_cloudwatch::operation::describe_alarms::{DescribeAlarmsError, DescribeAlarmsOutput};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{ActionsSuppressedBy, AlarmType, HistoryItemType, ScanBy, StateValue};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::aws::{failed, timestamp};
use pipeline_model::{AlarmArn, AlarmState};
use rollback_plans::{AlarmNow, Turn};

use crate::ports::{AlarmSeen, Alarms};

/// `MaxRecords` of `DescribeAlarmHistory` at its highest (botocore's CloudWatch model).
const MOST_ON_PAGE: i32 = 100;

/// Most pages read of one alarm's history.
const MOST_PAGES: usize = 3;

/// How much earlier the history is read: the entry for a change may be older than the change says of itself.
const EARLIER: SignedDuration = SignedDuration::from_mins(5);

/// The alarms of one region and account.
///
/// Composite alarms are shown only to a role that may describe all alarms (`Resource: "*"`); to any other they seem to
/// be gone. Source: botocore's CloudWatch model, `DescribeAlarms` and `DescribeAlarmHistory`.
#[derive(Debug, Clone)]
pub struct CloudWatch(Client);

impl CloudWatch {
    /// The alarms this client reaches.
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    async fn describe(
        &self,
        name: &str,
        kinds: &[AlarmType],
    ) -> Result<Option<AlarmSeen>, SdkError<DescribeAlarmsError>> {
        let request = self.0.describe_alarms().alarm_names(name).set_alarm_types(Some(kinds.to_vec()));
        Ok(seen(request.send().await?))
    }
}

impl Alarms for CloudWatch {
    async fn tags(&self, alarm: &AlarmArn) -> Result<Vec<(String, String)>> {
        match self.0.list_tags_for_resource().resource_arn(alarm.to_string()).send().await {
            Ok(answer) => {
                let tags = answer.tags.unwrap_or_default().into_iter();
                Ok(tags.filter_map(|tag| Some((tag.key?, tag.value?))).collect())
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(Vec::new())
            }
            Err(error) => Err(failed(format!("ListTagsForResource of {alarm}"), error)),
        }
    }

    /// Not to name a kind leaves composite alarms out. Alarms on logs are asked for only where no other is found,
    /// because not every region knows them.
    async fn now(&self, name: &str) -> Result<AlarmSeen> {
        let described = |error| failed(format!("DescribeAlarms of {name}"), error);
        let others = self.describe(name, &[AlarmType::MetricAlarm, AlarmType::CompositeAlarm]).await;
        if let Some(seen) = others.map_err(described)? {
            return Ok(seen);
        }
        let on_logs = match self.describe(name, &[AlarmType::LogAlarm]).await {
            Err(error) if is_unknown(&error) => None,
            answer => answer.map_err(described)?,
        };
        Ok(on_logs.unwrap_or(AlarmSeen { now: AlarmNow::Gone, since: None, suppressed_by: None }))
    }

    async fn turns(&self, name: &str, since: Timestamp) -> Result<Vec<Turn>> {
        let from = since.saturating_sub(EARLIER).unwrap_or(Timestamp::MIN);
        let request = self
            .0
            .describe_alarm_history()
            .alarm_name(name)
            .set_alarm_types(Some(vec![AlarmType::MetricAlarm, AlarmType::CompositeAlarm]))
            .history_item_type(HistoryItemType::StateUpdate)
            .start_date(DateTime::from_millis(from.as_millisecond()))
            .scan_by(ScanBy::TimestampAscending)
            .max_records(MOST_ON_PAGE);
        let (mut turns, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = request.clone().set_next_token(next.take()).send().await;
            let page = page.map_err(|error| failed(format!("DescribeAlarmHistory of {name}"), error))?;
            turns.extend(page.alarm_history_items.unwrap_or_default().into_iter().filter_map(history::turn));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                turns.sort_by_key(|turn| turn.at);
                return Ok(turns);
            }
        }
        tracing::warn!(alarm.name = name, "the alarm has changed too often for its history to be read");
        Ok(Vec::new())
    }
}

/// A region that knows no alarms on logs says that the kind is no valid one; so there are none.
fn is_unknown(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| code.starts_with("Validation") || code.starts_with("InvalidParameter"))
}

fn seen(answer: DescribeAlarmsOutput) -> Option<AlarmSeen> {
    if let Some(alarm) = answer.metric_alarms.unwrap_or_default().into_iter().next() {
        return Some(at(alarm.state_value, alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp)));
    }
    if let Some(alarm) = answer.composite_alarms.unwrap_or_default().into_iter().next() {
        let suppressed_by = alarm.actions_suppressed_by.as_ref().map(ActionsSuppressedBy::as_str).map(str::to_owned);
        let seen = at(alarm.state_value, alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp));
        return Some(AlarmSeen { suppressed_by: suppressed_by.filter(|by| !by.is_empty()), ..seen });
    }
    let alarm = answer.log_alarms.unwrap_or_default().into_iter().next()?;
    Some(at(alarm.state_value, alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp)))
}

fn at(state: Option<StateValue>, since: Option<DateTime>) -> AlarmSeen {
    let state = AlarmState::from(state.as_ref().map_or("", StateValue::as_str).to_owned());
    AlarmSeen { now: AlarmNow::Is(state), since: since.and_then(timestamp), suppressed_by: None }
}

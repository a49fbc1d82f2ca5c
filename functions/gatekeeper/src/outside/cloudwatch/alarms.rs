//! The states of alarms, by name, by prefix and by tag.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use gate_checks::{AlarmQuery, AlarmSeen, Answer, Question, Unanswered};
use lambda_kit::aws::timestamp;
use pipeline_model::AlarmState;

use super::tagged;
use crate::outside::{Fact, together, unanswered};

/// `AlarmNames` and `MaxRecords` of `DescribeAlarms` at their highest (botocore's CloudWatch model).
const MOST_AT_ONCE: usize = 100;

/// Most pages read of the alarms below one prefix.
const MOST_PAGES: usize = 5;

type Seen = BTreeMap<String, Result<AlarmSeen, Unanswered>>;
type Found = Result<Vec<AlarmSeen>, Unanswered>;

/// Tags are looked up first, so that the alarms they lead to are among the names of the one call for all.
pub(super) async fn ask(
    client: &Client,
    tagging: &aws_sdk_resourcegroupstagging::Client,
    queries: Vec<AlarmQuery>,
) -> Vec<Fact> {
    let tags = queries.iter().filter_map(|query| match query {
        AlarmQuery::Tag { key, value } => {
            let (query, names) = (query.clone(), tagged::names(tagging.clone(), key.clone(), value.clone()));
            Some(async move { (query, names.await) })
        }
        _ => None,
    });
    let tagged: BTreeMap<_, _> = together(tags).await.into_iter().collect();
    let prefixes = queries.iter().filter_map(|query| match query {
        AlarmQuery::Prefix(prefix) => {
            let (query, alarms) = (query.clone(), below(client.clone(), prefix.clone()));
            Some(async move { (query, alarms.await) })
        }
        _ => None,
    });
    let named = queries.iter().filter_map(|query| match query {
        AlarmQuery::Names(names) => Some(names),
        _ => None,
    });
    let names: BTreeSet<&String> = named.flatten().chain(tagged.values().flatten().flatten()).collect();
    let (seen, below) = tokio::join!(by_name(client, names.into_iter().cloned().collect()), together(prefixes));
    let below: BTreeMap<_, _> = below.into_iter().collect();
    let answer = |query: &AlarmQuery| match query {
        AlarmQuery::Names(names) => named_ones(names, &seen),
        AlarmQuery::Tag { .. } => tagged.get(query).map_or_else(|| Err(not_asked()), |names| tagged_ones(names, &seen)),
        AlarmQuery::Prefix(_) => below.get(query).cloned().unwrap_or_else(|| Err(not_asked())),
    };
    queries.iter().map(|query| (Question::Alarms(query.clone()), answer(query).map(Answer::Alarms))).collect()
}

fn not_asked() -> Unanswered {
    Unanswered::outage("DescribeAlarms: the call was given up")
}

/// Those that exist; a name nobody has is left out.
fn named_ones(names: &BTreeSet<String>, seen: &Seen) -> Found {
    names.iter().filter_map(|name| seen.get(name).cloned()).collect()
}

/// All of them: one that is tagged and not shown is no alarm less to look at.
fn tagged_ones(names: &Result<BTreeSet<String>, Unanswered>, seen: &Seen) -> Found {
    let shown = |name: &String| {
        let hidden = || format!("alarm {name} has the tag, and DescribeAlarms does not show it");
        seen.get(name).cloned().unwrap_or_else(|| Err(Unanswered::outage(hidden())))
    };
    names.clone()?.iter().map(shown).collect()
}

async fn by_name(client: &Client, names: Vec<String>) -> Seen {
    let mut seen = all_of(client, &names, &[AlarmType::MetricAlarm, AlarmType::CompositeAlarm]).await;
    let missing: Vec<String> = names.into_iter().filter(|name| !seen.contains_key(name)).collect();
    // Alarms on logs are asked for only where no other is found, because not every region knows them.
    seen.extend(all_of(client, &missing, &[AlarmType::LogAlarm]).await);
    seen
}

async fn all_of(client: &Client, names: &[String], kinds: &[AlarmType]) -> Seen {
    let calls: Vec<_> = names.chunks(MOST_AT_ONCE).map(|chunk| describe(client.clone(), chunk, kinds)).collect();
    together(calls).await.into_iter().flatten().collect()
}

/// What is seen of up to a hundred names; if the call fails, that is seen of each.
fn describe(client: Client, names: &[String], kinds: &[AlarmType]) -> impl Future<Output = Seen> + Send + use<> {
    let request = client.describe_alarms().set_alarm_names(Some(names.to_vec())).set_alarm_types(Some(kinds.to_vec()));
    let request = request.max_records(100);
    let (names, are_on_logs) = (names.to_vec(), *kinds == [AlarmType::LogAlarm]);
    async move {
        match request.send().await {
            Ok(answer) => seen(answer).map(|alarm| (alarm.name.clone(), Ok(alarm))).collect(),
            Err(error) if are_on_logs && is_unknown(&error) => Seen::new(),
            Err(error) => {
                let why = unanswered(format!("DescribeAlarms of {}", shortened(&names)), error);
                names.into_iter().map(|name| (name, Err(why.clone()))).collect()
            }
        }
    }
}

/// A region that knows no alarms on logs says that the kind is no valid one; so there are none.
fn is_unknown(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| code.starts_with("Validation") || code.starts_with("InvalidParameter"))
}

fn shortened(names: &[String]) -> String {
    match names {
        [name] => name.clone(),
        names => format!("{} alarms", names.len()),
    }
}

async fn below(client: Client, prefix: String) -> Found {
    let kinds = vec![AlarmType::MetricAlarm, AlarmType::CompositeAlarm];
    let request = client.describe_alarms().alarm_name_prefix(&prefix).set_alarm_types(Some(kinds)).max_records(100);
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = request.clone().set_next_token(next.take()).send().await;
        let mut page = page.map_err(|error| unanswered(format!("DescribeAlarms below {prefix}"), error))?;
        next = page.next_token.take().filter(|token| !token.is_empty());
        found.extend(seen(page));
        if next.is_none() {
            return Ok(found);
        }
    }
    Err(Unanswered::refused(format!("more than {} alarms have a name that begins with {prefix}", found.len())))
}

fn seen(answer: DescribeAlarmsOutput) -> impl Iterator<Item = AlarmSeen> {
    let metric = answer.metric_alarms.unwrap_or_default().into_iter().map(|alarm| {
        (alarm.alarm_name, alarm.state_value, alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp))
    });
    let composite = answer.composite_alarms.unwrap_or_default().into_iter().map(|alarm| {
        (alarm.alarm_name, alarm.state_value, alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp))
    });
    let on_logs = answer.log_alarms.unwrap_or_default().into_iter().map(|alarm| {
        (alarm.alarm_name, alarm.state_value, alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp))
    });
    metric.chain(composite).chain(on_logs).filter_map(|(name, state, since)| Some(alarm(name?, state, since)))
}

/// An alarm without a state is none anybody knows, and so not OK.
fn alarm(name: String, state: Option<StateValue>, since: Option<DateTime>) -> AlarmSeen {
    let state = AlarmState::from(state.as_ref().map_or("", StateValue::as_str).to_owned());
    AlarmSeen { name, state, since: since.and_then(timestamp) }
}

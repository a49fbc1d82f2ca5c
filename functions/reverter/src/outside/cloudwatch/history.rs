//! Entries of an alarm's history as changes of its state.

use aws_sdk_cloudwatch::types::AlarmHistoryItem;
use lambda_kit::aws::timestamp;
use pipeline_model::AlarmState;
use rollback_plans::Turn;
use serde::Deserialize;

/// `None` for an entry that does not say when, or from what to what.
pub(super) fn turn(item: AlarmHistoryItem) -> Option<Turn> {
    let states =
        item.history_data.as_deref().and_then(of_data).or_else(|| of_summary(item.history_summary.as_deref()?));
    let (from, to) = states?;
    Some(Turn { at: item.timestamp.and_then(timestamp)?, from, to })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    old_state: State,
    new_state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    state_value: String,
}

/// The text is cut at 4,095 characters, which leaves no JSON of a change with a long reason.
fn of_data(text: &str) -> Option<(AlarmState, AlarmState)> {
    let data: Data = serde_json::from_str(text).ok()?;
    let state = |state: State| AlarmState::from(state.state_value);
    Some((state(data.old_state), state(data.new_state)))
}

/// `Alarm updated from OK to ALARM`, with more behind it or without.
fn of_summary(text: &str) -> Option<(AlarmState, AlarmState)> {
    let (_, change) = text.split_once(" from ")?;
    let mut words = change.split_whitespace();
    let from = words.next()?;
    words.next().filter(|word| *word == "to")?;
    let state = |word: &str| AlarmState::from(word.to_owned());
    Some((state(from), state(words.next()?)))
}

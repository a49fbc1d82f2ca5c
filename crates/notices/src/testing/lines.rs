//! Events written as lines: `300 #2 action Test/Unit FAILED by=CodeBuild why="3 tests failed"`.
//!
//! Seconds after the beginning, the attempt (1 unless written; `#-` leaves it out), what changed, its new state, and
//! what comes with it. The start time of a stage or an action is that of its `STARTED` line, as in AWS's events.

use std::collections::BTreeMap;

use pipeline_model::{
    ActionChange, ActionName, ActionState, ActionType, Change, ExecutionId, ExecutionResult, ExecutionState,
    PipelineEvent, StageName, StageState, Trigger,
};

use super::{EXECUTION, at, pipeline};

/// The events these lines tell, in their order.
pub(crate) fn told(lines: &str) -> Vec<PipelineEvent> {
    let mut starts = BTreeMap::new();
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.enumerate().map(|(number, line)| event(number, &words(line), &mut starts)).collect()
}

type Starts = BTreeMap<(String, Option<u32>), i64>;

fn event(number: usize, words: &[String], starts: &mut Starts) -> PipelineEvent {
    let seconds: i64 = words[0].parse().unwrap_or_else(|_| panic!("{words:?} begins with seconds"));
    let (attempt, rest) = match words[1].strip_prefix('#') {
        Some(attempt) => (attempt.parse().ok(), &words[2..]),
        None => (Some(1), &words[1..]),
    };
    let name = if rest[0] == "execution" { String::new() } else { rest[1].clone() };
    let (state, extras) = if name.is_empty() { (&rest[1], &rest[2..]) } else { (&rest[2], &rest[3..]) };
    let extras: BTreeMap<&str, &str> = extras.iter().filter_map(|word| word.split_once('=')).collect();
    if state == "STARTED" {
        starts.entry((name.clone(), attempt)).or_insert(seconds);
    }
    let first = if name.is_empty() { Some(1) } else { attempt };
    PipelineEvent {
        id: format!("6f1f0f8a-0000-4000-8000-{number:012}"),
        time: at(seconds),
        pipeline: pipeline("us-east-1"),
        execution: ExecutionId::from(EXECUTION),
        attempt,
        structure_version: Some(6),
        started: starts.get(&(name.clone(), first)).map(|seconds| at(*seconds)),
        change: change(&rest[0], &name, state.clone(), &extras),
    }
}

fn change(kind: &str, name: &str, state: String, extras: &BTreeMap<&str, &str>) -> Change {
    let extra = |key: &str| extras.get(key).map(|value| (*value).to_owned());
    match kind {
        "execution" => Change::Execution {
            state: ExecutionState::from(state),
            trigger: trigger(&extra),
            stop_comment: extra("comment"),
        },
        "stage" => Change::Stage { stage: StageName::from(name), state: StageState::from(state), retried: None },
        "action" => {
            let (stage, action) = name.split_once('/').expect("an action is written stage/action");
            let result = ["id", "url", "why", "code"].iter().any(|key| extras.contains_key(key));
            Change::Action(Box::new(ActionChange {
                stage: StageName::from(stage),
                action: ActionName::from(action),
                state: ActionState::from(state),
                action_execution: None,
                kind: ActionType {
                    category: extra("as").unwrap_or_default(),
                    provider: extra("by").unwrap_or_default(),
                    ..ActionType::default()
                },
                region: None,
                result: result.then(|| ExecutionResult {
                    external_id: extra("id"),
                    url: extra("url"),
                    summary: extra("why"),
                    error_code: extra("code"),
                }),
                inputs: Vec::new(),
                outputs: Vec::new(),
            }))
        }
        other => panic!("`{other}` is not execution, stage or action"),
    }
}

fn trigger(extra: &impl Fn(&str) -> Option<String>) -> Option<Trigger> {
    let typed = extra("trigger").map(|kind| Trigger::Typed { kind, detail: extra("detail") });
    typed.or_else(|| {
        extra("commit").map(|commit| Trigger::Git {
            commit: Some(commit),
            message: extra("message"),
            author: extra("author"),
            authored: None,
            repository: extra("repository"),
            provider: Some(String::from("GitHub")),
            branch: extra("branch"),
            tag: extra("tag"),
        })
    })
}

/// Splits at blanks outside double quotes; `\n` in quotes is a new line.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match (c, words.last_mut()) {
            ('"', _) => quoted = !quoted,
            (' ', Some(word)) if !quoted => {
                if !word.is_empty() {
                    words.push(String::new());
                }
            }
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().map(|word| word.replace("\\n", "\n")).collect()
}

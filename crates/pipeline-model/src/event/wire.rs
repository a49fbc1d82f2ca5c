//! The JSON that AWS sends, read leniently where AWS is loose. Nothing outside this file sees these types.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::{
    ActionChange, ActionType, Artifact, Change, Event, EventError, ExecutionResult, PipelineEvent, Trigger,
    UnknownEvent,
};
use crate::{
    ActionName, ActionState, ExecutionId, ExecutionState, PipelineArn, PipelineName, StageName, StageState, time,
};

pub(super) const EXECUTION: &str = "CodePipeline Pipeline Execution State Change";
pub(super) const STAGE: &str = "CodePipeline Stage Execution State Change";
pub(super) const ACTION: &str = "CodePipeline Action Execution State Change";

pub(super) fn parse(bytes: &[u8]) -> Result<Event, EventError> {
    let envelope: Envelope = serde_json::from_slice(bytes)?;
    let time = time::parse(&envelope.time).ok_or_else(|| EventError::Time(envelope.time.clone()))?;
    let known = [EXECUTION, STAGE, ACTION].contains(&envelope.detail_type.as_str());
    if known && envelope.source == "aws.codepipeline" {
        return Ok(Event::Pipeline(Box::new(pipeline_event(envelope, time)?)));
    }
    Ok(Event::Unknown(UnknownEvent {
        id: envelope.id,
        source: envelope.source,
        detail_type: envelope.detail_type,
        time,
        region: envelope.region,
        account: envelope.account,
        detail: envelope.detail,
    }))
}

fn pipeline_event(envelope: Envelope, time: Timestamp) -> Result<PipelineEvent, serde_json::Error> {
    let detail: Detail = serde_json::from_value(envelope.detail)?;
    let pipeline = envelope
        .resources
        .into_iter()
        .filter_map(|text| PipelineArn::try_from(text).ok())
        .find(|arn| arn.pipeline == detail.pipeline)
        .unwrap_or_else(|| PipelineArn::new(envelope.region, envelope.account, detail.pipeline.clone()));
    Ok(PipelineEvent {
        id: envelope.id,
        time,
        pipeline,
        execution: detail.execution_id.clone(),
        attempt: detail.attempt,
        structure_version: detail.version,
        started: detail.start_time,
        change: change(&envelope.detail_type, detail)?,
    })
}

fn change(detail_type: &str, detail: Detail) -> Result<Change, serde_json::Error> {
    Ok(match detail_type {
        EXECUTION => Change::Execution {
            state: ExecutionState::from(detail.state),
            trigger: detail.trigger.and_then(trigger),
            stop_comment: detail.stop_comment,
        },
        STAGE => Change::Stage {
            stage: required(detail.stage, "stage")?,
            state: StageState::from(detail.state),
            retried: detail.retried,
        },
        _ => Change::Action(Box::new(ActionChange {
            stage: required(detail.stage, "stage")?,
            action: required(detail.action, "action")?,
            state: ActionState::from(detail.state),
            action_execution: detail.action_execution_id,
            kind: detail.kind.into(),
            region: detail.region,
            result: detail.result.map(Into::into),
            inputs: artifacts(detail.inputs),
            outputs: artifacts(detail.outputs),
        })),
    })
}

fn required<T>(field: Option<T>, name: &'static str) -> Result<T, serde_json::Error> {
    field.ok_or_else(|| serde_json::Error::missing_field(name))
}

fn trigger(wire: WireTrigger) -> Option<Trigger> {
    if let Some(kind) = wire.kind {
        return Some(Trigger::Typed { kind, detail: wire.detail });
    }
    let git = [&wire.commit, &wire.message, &wire.author, &wire.repository, &wire.provider, &wire.branch, &wire.tag];
    let any = git.iter().any(|field| field.is_some()) || wire.authored.is_some();
    any.then_some(Trigger::Git {
        commit: wire.commit,
        message: wire.message,
        author: wire.author,
        authored: wire.authored,
        repository: wire.repository,
        provider: wire.provider,
        branch: wire.branch,
        tag: wire.tag,
    })
}

/// Documented as a list; the schema registry models an object, which is then left out.
fn artifacts(value: Value) -> Vec<Artifact> {
    let list: Vec<WireArtifact> = serde_json::from_value(value).unwrap_or_default();
    list.into_iter()
        .map(|wire| Artifact { name: wire.name, bucket: wire.location.bucket, key: wire.location.key })
        .collect()
}

/// `6.0` in real events, `6` and `"6"` in older documents. Anything else counts as absent.
fn loose_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let whole = number.filter(|number| number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range, checked above")]
    Ok(whole.map(|number| number as u32))
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(default)]
    source: String,
    #[serde(default, deserialize_with = "text_or_number")]
    account: String,
    time: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    detail: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    pipeline: PipelineName,
    execution_id: ExecutionId,
    state: String,
    #[serde(default, deserialize_with = "loose_number")]
    version: Option<u32>,
    #[serde(default, rename = "pipeline-execution-attempt", deserialize_with = "loose_number")]
    attempt: Option<u32>,
    #[serde(default, deserialize_with = "time::lenient")]
    start_time: Option<Timestamp>,
    #[serde(default, rename = "execution-trigger")]
    trigger: Option<WireTrigger>,
    #[serde(default, rename = "stop-execution-comments")]
    stop_comment: Option<String>,
    #[serde(default)]
    stage: Option<StageName>,
    #[serde(default, rename = "stage-last-retry-attempt-time", deserialize_with = "time::lenient")]
    retried: Option<Timestamp>,
    #[serde(default)]
    action: Option<ActionName>,
    #[serde(default)]
    action_execution_id: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default, rename = "type")]
    kind: WireActionType,
    #[serde(default, rename = "execution-result")]
    result: Option<WireResult>,
    #[serde(default, rename = "input-artifacts")]
    inputs: Value,
    #[serde(default, rename = "output-artifacts")]
    outputs: Value,
}

#[derive(Deserialize, Default)]
struct WireTrigger {
    #[serde(default, rename = "trigger-type")]
    kind: Option<String>,
    #[serde(default, rename = "trigger-detail")]
    detail: Option<String>,
    #[serde(default, rename = "commit-id")]
    commit: Option<String>,
    #[serde(default, rename = "commit-message")]
    message: Option<String>,
    #[serde(default, rename = "author-display-name")]
    author: Option<String>,
    #[serde(default, rename = "author-date", deserialize_with = "time::lenient")]
    authored: Option<Timestamp>,
    #[serde(default, rename = "full-repository-name")]
    repository: Option<String>,
    #[serde(default, rename = "provider-type")]
    provider: Option<String>,
    #[serde(default, rename = "branch-name")]
    branch: Option<String>,
    #[serde(default, rename = "tag-name")]
    tag: Option<String>,
}

#[derive(Deserialize, Default)]
struct WireActionType {
    #[serde(default)]
    category: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    provider: String,
    #[serde(default, deserialize_with = "text_or_number")]
    version: String,
}

impl From<WireActionType> for ActionType {
    fn from(wire: WireActionType) -> Self {
        Self { category: wire.category, owner: wire.owner, provider: wire.provider, version: wire.version }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireResult {
    #[serde(default)]
    external_execution_id: Option<String>,
    #[serde(default)]
    external_execution_url: Option<String>,
    #[serde(default)]
    external_execution_summary: Option<String>,
    #[serde(default)]
    error_code: Option<String>,
}

impl From<WireResult> for ExecutionResult {
    fn from(wire: WireResult) -> Self {
        Self {
            external_id: wire.external_execution_id,
            url: wire.external_execution_url,
            summary: wire.external_execution_summary,
            error_code: wire.error_code,
        }
    }
}

#[derive(Deserialize)]
struct WireArtifact {
    name: String,
    #[serde(rename = "s3location")]
    location: WireLocation,
}

#[derive(Deserialize)]
struct WireLocation {
    bucket: String,
    key: String,
}

//! Events written in the shape EventBridge delivers, floats included.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::wire::{ACTION, EXECUTION, STAGE};
use super::{ActionChange, Artifact, Change, Event, ExecutionResult, PipelineEvent, Trigger};

pub(super) fn render(event: &Event) -> Value {
    match event {
        Event::Pipeline(event) => pipeline_event(event),
        Event::Unknown(event) => json!({
            "version": "0", "id": event.id, "detail-type": event.detail_type, "source": event.source,
            "account": event.account, "time": event.time.to_string(), "region": event.region, "resources": [],
            "detail": event.detail,
        }),
    }
}

fn pipeline_event(event: &PipelineEvent) -> Value {
    let mut detail = Object::default();
    detail.text("pipeline", Some(event.pipeline.pipeline.as_str()));
    detail.text("execution-id", Some(event.execution.as_str()));
    detail.time("start-time", event.started);
    let detail_type = match &event.change {
        Change::Execution { state, trigger, stop_comment } => {
            detail.text("state", Some(state.as_str()));
            detail.value("execution-trigger", trigger.as_ref().map(trigger_json));
            detail.text("stop-execution-comments", stop_comment.as_deref());
            EXECUTION
        }
        Change::Stage { stage, state, retried } => {
            detail.text("stage", Some(stage.as_str()));
            detail.text("state", Some(state.as_str()));
            detail.time("stage-last-retry-attempt-time", *retried);
            STAGE
        }
        Change::Action(change) => {
            action(&mut detail, change);
            ACTION
        }
    };
    detail.value("version", event.structure_version.map(|number| json!(f64::from(number))));
    detail.value("pipeline-execution-attempt", event.attempt.map(|number| json!(f64::from(number))));
    json!({
        "version": "0", "id": event.id, "detail-type": detail_type, "source": "aws.codepipeline",
        "account": event.pipeline.account, "time": event.time.to_string(), "region": event.pipeline.region,
        "resources": [event.pipeline.to_string()], "detail": detail.0,
    })
}

fn action(detail: &mut Object, change: &ActionChange) {
    detail.text("stage", Some(change.stage.as_str()));
    detail.text("action", Some(change.action.as_str()));
    detail.text("state", Some(change.state.as_str()));
    detail.text("action-execution-id", change.action_execution.as_deref());
    detail.text("region", change.region.as_deref());
    let kind = &change.kind;
    detail.value(
        "type",
        Some(json!({
            "owner": kind.owner, "provider": kind.provider, "category": kind.category, "version": kind.version,
        })),
    );
    detail.value("execution-result", change.result.as_ref().map(result_json));
    detail.value("input-artifacts", artifacts_json(&change.inputs));
    detail.value("output-artifacts", artifacts_json(&change.outputs));
}

fn trigger_json(trigger: &Trigger) -> Value {
    let mut object = Object::default();
    match trigger {
        Trigger::Typed { kind, detail } => {
            object.text("trigger-type", Some(kind));
            object.text("trigger-detail", detail.as_deref());
        }
        Trigger::Git { commit, message, author, authored, repository, provider, branch, tag } => {
            object.text("commit-id", commit.as_deref());
            object.text("commit-message", message.as_deref());
            object.text("author-display-name", author.as_deref());
            object.time("author-date", *authored);
            object.text("full-repository-name", repository.as_deref());
            object.text("provider-type", provider.as_deref());
            object.text("branch-name", branch.as_deref());
            object.text("tag-name", tag.as_deref());
        }
    }
    Value::Object(object.0)
}

fn result_json(result: &ExecutionResult) -> Value {
    let mut object = Object::default();
    object.text("external-execution-url", result.url.as_deref());
    object.text("external-execution-summary", result.summary.as_deref());
    object.text("external-execution-id", result.external_id.as_deref());
    object.text("error-code", result.error_code.as_deref());
    Value::Object(object.0)
}

fn artifacts_json(artifacts: &[Artifact]) -> Option<Value> {
    let one = |artifact: &Artifact| json!({"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}});
    (!artifacts.is_empty()).then(|| artifacts.iter().map(one).collect())
}

/// A JSON object that leaves absent fields out, as AWS does.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn value(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value);
        }
    }

    fn text(&mut self, key: &str, text: Option<&str>) {
        self.value(key, text.map(Value::from));
    }

    fn time(&mut self, key: &str, time: Option<Timestamp>) {
        self.value(key, time.map(|time| Value::from(time.to_string())));
    }
}

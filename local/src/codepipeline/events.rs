//! The three EventBridge event types, in the shapes CodePipeline documents: floats for version and
//! attempt, text for the action type's version, `s3location`, seconds in the envelope, milliseconds inside.

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Map, Value, json};

use super::effects::Effect;
use super::engine::Engine;
use super::records::{Execution, ExecutionIndex, PlacedArtifact, Run, RunIndex};

impl Engine {
    /// Emits a pipeline event in `state`.
    pub(crate) fn emit_pipeline(&mut self, execution: ExecutionIndex, state: &str) {
        let it = &self[execution];
        let mut detail = Self::common(it, state);
        detail.insert("start-time".to_owned(), json!(milliseconds(it.started)));
        if state == "STARTED" {
            detail.insert("execution-trigger".to_owned(), trigger(it));
        }
        if let ("STOPPING", Some(reason)) = (state, it.stop.as_ref().and_then(|stop| stop.reason.as_ref())) {
            detail.insert("stop-execution-comments".to_owned(), json!(reason));
        }
        self.emit(execution, "CodePipeline Pipeline Execution State Change", detail);
    }

    /// Emits a stage event in `state`.
    pub(crate) fn emit_stage(&mut self, execution: ExecutionIndex, stage: usize, state: &str) {
        let it = &self[execution];
        let mut detail = Self::common(it, state);
        detail.insert("stage".to_owned(), json!(it.declaration.stages[stage].name));
        let run = &it.stages[stage];
        if let Some(retried) = run.retries.at {
            detail.insert("stage-last-retry-attempt-time".to_owned(), json!(milliseconds(retried)));
        }
        // The documented example of a resumed stage has no start time.
        if let (Some(started), true) = (run.started, state != "RESUMED") {
            detail.insert("start-time".to_owned(), json!(milliseconds(started)));
        }
        self.emit(execution, "CodePipeline Stage Execution State Change", detail);
    }

    /// Emits an action event in `state`.
    pub(crate) fn emit_action(&mut self, run: RunIndex, state: &str) {
        if self.declared(run).is_rule() {
            return; // No event of a rule is documented.
        }
        let it = &self[run];
        let execution = &self[it.execution];
        let declared = it.declared(&execution.declaration);
        let mut detail = Self::common(execution, state);
        detail.insert("stage".to_owned(), json!(execution.declaration.stages[it.stage].name));
        detail.insert("action".to_owned(), json!(declared.name));
        detail.insert("action-execution-id".to_owned(), json!(it.id));
        detail.insert("type".to_owned(), json!(declared.action_type_id));
        // The documented examples of a started and an abandoned action lack these.
        if state != "STARTED" {
            let region = declared.region.as_ref().unwrap_or(&self.settings.region);
            detail.insert("region".to_owned(), json!(region));
        }
        if state != "ABANDONED" {
            detail.insert("start-time".to_owned(), json!(milliseconds(it.started)));
        }
        if !it.inputs.is_empty() {
            let inputs: Vec<Value> = it.inputs.iter().map(PlacedArtifact::detail).collect();
            detail.insert("input-artifacts".to_owned(), json!(inputs));
        }
        if state == "SUCCEEDED" && !it.outputs.is_empty() {
            let outputs: Vec<Value> = it.outputs.iter().map(PlacedArtifact::detail).collect();
            detail.insert("output-artifacts".to_owned(), json!(outputs));
        }
        if let Some(result) = execution_result(it, state) {
            detail.insert("execution-result".to_owned(), result);
        }
        self.emit(it.execution, "CodePipeline Action Execution State Change", detail);
    }

    fn common(execution: &Execution, state: &str) -> Map<String, Value> {
        let members = [
            ("pipeline", json!(execution.declaration.name)),
            ("execution-id", json!(execution.id)),
            ("state", json!(state)),
            ("version", json!(f64::from(execution.version))),
            ("pipeline-execution-attempt", json!(f64::from(execution.attempt))),
        ];
        members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }

    fn emit(&mut self, execution: ExecutionIndex, detail_type: &str, detail: Map<String, Value>) {
        let envelope = json!({
            "version": "0",
            "id": self.ids.uuid(),
            "detail-type": detail_type,
            "source": "aws.codepipeline",
            "account": self.settings.account,
            "time": seconds(self.now),
            "region": self.settings.region,
            "resources": [self.settings.pipeline_arn(&self[execution].declaration.name)],
            "detail": detail,
        });
        self.effects.push(Effect::Publish(envelope));
    }
}

fn trigger(execution: &Execution) -> Value {
    let trigger = &execution.trigger;
    trigger.git.clone().unwrap_or_else(|| json!({ "trigger-type": trigger.kind, "trigger-detail": trigger.detail }))
}

fn execution_result(run: &Run, state: &str) -> Option<Value> {
    if !matches!(state, "SUCCEEDED" | "FAILED") {
        return None;
    }
    let outcome = &run.outcome;
    let error = outcome.error.as_ref().filter(|_| state == "FAILED");
    // The summary is what a provider says; without one, the error's message takes its place.
    let summary = error.map(|error| &error.message).or(outcome.summary.as_ref());
    let members = [
        ("external-execution-url", outcome.url.as_ref()),
        ("external-execution-summary", summary),
        ("external-execution-id", outcome.external_id.as_ref()),
        ("error-code", error.and_then(|error| error.code.as_ref())),
    ];
    let present: Map<String, Value> =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
    (!present.is_empty()).then_some(Value::Object(present))
}

/// `2026-03-02T10:00:05Z`.
fn seconds(time: Timestamp) -> String {
    let whole = time.as_second();
    Timestamp::from_second(whole).map_or_else(|_| time.to_string(), |time| time.to_string())
}

/// `2026-03-02T10:00:04.101Z`, always with three digits.
pub(crate) fn milliseconds(time: Timestamp) -> String {
    format!("{:.3}", time.round(Unit::Millisecond).unwrap_or(time))
}

/// Seconds since the epoch as a JSON number with milliseconds, as the API writes times.
pub(crate) fn epoch(time: Timestamp) -> Value {
    let milliseconds = time.duration_since(Timestamp::UNIX_EPOCH).as_millis();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium fit a double exactly")]
    let seconds = milliseconds as f64 / 1000.0;
    json!(seconds)
}

/// `time` plus a duration, or as late as time goes.
pub(crate) fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, action, pipeline, plain, stage};
    use super::*;

    fn find<'a>(events: &'a [Value], kind: &str, state: &str) -> &'a Value {
        let matches =
            |event: &&Value| event["detail-type"].as_str().unwrap().contains(kind) && event["detail"]["state"] == state;
        events.iter().rfind(matches).unwrap()
    }

    #[test]
    fn a_pipeline_event_has_the_documented_shape() {
        let mut bench = Bench::with(&plain());
        bench.start();
        assert_eq!(
            find(&bench.events, "Pipeline Execution", "STARTED").to_string(),
            json!({
                "version": "0",
                "id": "00000000-0000-4000-8000-000000000002",
                "detail-type": "CodePipeline Pipeline Execution State Change",
                "source": "aws.codepipeline",
                "account": "111122223333",
                "time": "2026-03-02T10:00:00Z",
                "region": "us-east-1",
                "resources": ["arn:aws:codepipeline:us-east-1:111122223333:p"],
                "detail": {
                    "pipeline": "p",
                    "execution-id": "00000000-0000-4000-8000-000000000001",
                    "start-time": "2026-03-02T10:00:00.000Z",
                    "execution-trigger": {
                        "trigger-type": "StartPipelineExecution",
                        "trigger-detail": "arn:aws:sts::111122223333:assumed-role/Developer/local",
                    },
                    "state": "STARTED",
                    "version": 1.0,
                    "pipeline-execution-attempt": 1.0,
                },
            })
            .to_string()
        );
    }

    #[test]
    fn version_and_attempt_are_written_as_floats_and_the_action_type_version_as_text() {
        let mut bench = Bench::with(&plain());
        bench.start();
        let text = find(&bench.events, "Action", "STARTED").to_string();
        assert!(text.contains(r#""version":1.0"#) && text.contains(r#""pipeline-execution-attempt":1.0"#), "{text}");
        assert!(text.contains(r#""version":"1""#), "{text}");
    }

    #[test]
    fn a_failed_action_has_the_documented_shape() {
        let script = "pipelines: {p: {Prod: {Ship: [{outcome: failed, external_execution_id: d-EXAMPLE11,
            url: 'https://example.com/d-EXAMPLE11', error: {message: Deployment d-EXAMPLE11 failed}}]}}}";
        let prod = stage("Prod", vec![action("Deploy", "CodeDeploy", "Ship")]);
        let mut bench = Bench::scripted(&pipeline("p", vec![prod]), script);
        bench.start();
        bench.wait(5);
        let detail = &find(&bench.events, "Action", "FAILED")["detail"];
        insta::assert_json_snapshot!(detail, @r#"
        {
          "action": "Ship",
          "action-execution-id": "00000000-0000-4000-8000-00000000000b",
          "execution-id": "00000000-0000-4000-8000-000000000001",
          "execution-result": {
            "error-code": "JobFailed",
            "external-execution-id": "d-EXAMPLE11",
            "external-execution-summary": "Deployment d-EXAMPLE11 failed",
            "external-execution-url": "https://example.com/d-EXAMPLE11"
          },
          "input-artifacts": [
            {
              "name": "SourceArtifact",
              "s3location": {
                "bucket": "artifacts-111122223333",
                "key": "p/SourceArti/Obj0001"
              }
            }
          ],
          "pipeline": "p",
          "pipeline-execution-attempt": 1.0,
          "region": "us-east-1",
          "stage": "Prod",
          "start-time": "2026-03-02T10:00:01.000Z",
          "state": "FAILED",
          "type": {
            "category": "Deploy",
            "owner": "AWS",
            "provider": "CodeDeploy",
            "version": "1"
          },
          "version": 1.0
        }
        "#);
    }

    #[test]
    fn a_finished_source_action_tells_its_output_and_its_revision() {
        let script = "pipelines: {p: {Source: {Checkout: [{revision: {id: v7, message: Fix the discount}}]}}}";
        let mut bench = Bench::scripted(&plain(), script);
        bench.start();
        bench.wait(1);
        let detail = &find(&bench.events, "Action", "SUCCEEDED")["detail"];
        assert_eq!(detail["output-artifacts"][0]["s3location"]["key"], "p/SourceArti/Obj0001");
        let result = json!({"external-execution-id": "v7", "external-execution-summary": "Fix the discount"});
        assert_eq!(detail["execution-result"], result);
    }

    #[test]
    fn only_a_started_pipeline_names_its_trigger() {
        let mut bench = Bench::with(&plain());
        bench.start();
        bench.wait(5);
        let detail = &find(&bench.events, "Pipeline Execution", "SUCCEEDED")["detail"];
        assert!(detail.get("execution-trigger").is_none());
        assert_eq!(detail["start-time"], "2026-03-02T10:00:00.000Z");
    }

    #[test]
    fn a_resumed_stage_tells_when_it_was_retried_and_not_when_it_started() {
        let mut bench = Bench::scripted(&plain(), "pipelines: {p: {Build: {Compile: [{outcome: failed}, {}]}}}");
        let id = bench.start();
        bench.wait(5);
        let retry = json!({"pipelineName": "p", "stageName": "Build", "pipelineExecutionId": id,
                           "retryMode": "FAILED_ACTIONS"});
        bench.call("RetryStageExecution", retry).unwrap();
        bench.wait(5);
        let resumed = &find(&bench.events, "Stage", "RESUMED")["detail"];
        assert_eq!(resumed["stage-last-retry-attempt-time"], "2026-03-02T10:00:05.000Z");
        assert!(resumed.get("start-time").is_none());
        let succeeded = &find(&bench.events, "Stage", "SUCCEEDED")["detail"];
        assert_eq!(succeeded["stage-last-retry-attempt-time"], "2026-03-02T10:00:05.000Z");
        assert_eq!(succeeded["pipeline-execution-attempt"].to_string(), "2.0");
    }

    #[test]
    fn times_inside_have_three_digits_and_the_envelope_has_none() {
        let time: Timestamp = "2026-03-02T10:00:04.1015Z".parse().unwrap();
        assert_eq!(
            (milliseconds(time).as_str(), seconds(time).as_str()),
            ("2026-03-02T10:00:04.102Z", "2026-03-02T10:00:04Z")
        );
        assert_eq!(epoch(time).to_string(), "1772445604.101");
    }
}

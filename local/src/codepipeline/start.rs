//! `StartPipelineExecution`, and everything else that begins an execution.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::declaration::{Action, Declaration, ExecutionMode};
use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::records::{Execution, ExecutionIndex, Kind, PipelineIndex, Place, StageRun, Status, Trigger};

/// Quota of QUEUED and PARALLEL pipelines.
const CONCURRENT_EXECUTIONS: usize = 50;

/// What a new execution is given.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) variables: BTreeMap<String, String>,
    /// Source action name to the revision asked for.
    pub(crate) revisions: BTreeMap<String, String>,
}

impl Engine {
    /// `StartPipelineExecution`.
    pub(crate) fn start_pipeline_execution(&mut self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["name"].as_str().unwrap_or_default())?;
        let token = input["clientRequestToken"].as_str();
        if let Some(started) = token.and_then(|token| self[pipeline].start_tokens.get(token)) {
            return Ok(json!({ "pipelineExecutionId": self[*started].id }));
        }
        let declaration = self[pipeline].declaration.clone();
        let inputs = Inputs {
            variables: variables(&declaration, &input["variables"])?,
            revisions: wanted_revisions(&declaration, &input["sourceRevisions"])?,
        };
        self.check_concurrency(pipeline)?;
        let trigger = Trigger::new("StartPipelineExecution", self.settings.caller.clone());
        let execution = self.start(pipeline, trigger, inputs);
        if let Some(token) = token {
            self[pipeline].start_tokens.insert(token.to_owned(), execution);
        }
        Ok(json!({ "pipelineExecutionId": self[execution].id }))
    }

    /// Starts a standard execution at the first stage.
    pub(crate) fn start(&mut self, pipeline: PipelineIndex, trigger: Trigger, inputs: Inputs) -> ExecutionIndex {
        let execution = self.record_execution(pipeline, trigger, Kind::Standard, inputs);
        self.emit_pipeline(execution, "STARTED");
        self.arrive(execution, 0);
        execution
    }

    /// Adds an execution to the records, nothing more.
    pub(crate) fn record_execution(
        &mut self,
        pipeline: PipelineIndex,
        trigger: Trigger,
        kind: Kind,
        inputs: Inputs,
    ) -> ExecutionIndex {
        let id = self.ids.uuid();
        let declaration = self[pipeline].declaration.clone();
        self.executions.push(Execution {
            pipeline,
            id,
            version: self[pipeline].version(),
            stages: declaration.stages.iter().map(|_| StageRun::default()).collect(),
            declaration,
            status: Status::InProgress,
            place: Place::Gone,
            kind,
            trigger,
            started: self.now,
            updated: self.now,
            attempt: 1,
            variables: inputs.variables,
            outputs: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            revisions: Vec::new(),
            wanted_revisions: inputs.revisions,
            stop: None,
            runs: Vec::new(),
        });
        let execution = ExecutionIndex(self.executions.len() - 1);
        self[pipeline].executions.push(execution);
        execution
    }

    /// Refuses one execution too many.
    pub(crate) fn check_concurrency(&self, pipeline: PipelineIndex) -> Result<(), ApiError> {
        let limited = self[pipeline].declaration.execution_mode != ExecutionMode::Superseded;
        let running = self.executions_of(pipeline).filter(|it| self[*it].status.is_running()).count();
        if limited && running >= CONCURRENT_EXECUTIONS {
            return Err(ApiError::new(
                "ConcurrentPipelineExecutionsLimitExceededException",
                format!("The pipeline already has {running} executions in progress."),
            ));
        }
        Ok(())
    }
}

/// Values of the declared variables: given, or by default.
pub(crate) fn variables(declaration: &Declaration, given: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let mut values = BTreeMap::new();
    for variable in given.as_array().into_iter().flatten() {
        let name = variable["name"].as_str().unwrap_or_default();
        if !declaration.variables.iter().any(|declared| declared.name == name) {
            return Err(ApiError::validation(format!("The pipeline declares no variable '{name}'.")));
        }
        let value = variable["value"].as_str().unwrap_or_default();
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(ApiError::validation(format!("Variable '{name}' is given more than once.")));
        }
    }
    for declared in &declaration.variables {
        match (&declared.default_value, values.contains_key(&declared.name)) {
            (_, true) => {}
            (Some(default), false) => {
                values.insert(declared.name.clone(), default.clone());
            }
            (None, false) => {
                let message = format!("Variable '{}' has no default and no value was given.", declared.name);
                return Err(ApiError::validation(message));
            }
        }
    }
    Ok(values)
}

fn wanted_revisions(declaration: &Declaration, given: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let mut wanted = BTreeMap::<String, String>::new();
    let mut types = BTreeSet::new();
    for revision in given.as_array().into_iter().flatten() {
        let name = revision["actionName"].as_str().unwrap_or_default();
        let kind = revision["revisionType"].as_str().unwrap_or_default();
        let value = revision["revisionValue"].as_str().unwrap_or_default();
        let sources = &declaration.stages[0].actions;
        let Some(source) = sources.iter().find(|action| action.name == name) else {
            return Err(ApiError::validation(format!("'{name}' is not a source action of the pipeline.")));
        };
        check_revision_type(source, kind)?;
        if !types.insert((name, kind)) || types.iter().any(|(action, other)| *action == name && !combine(kind, other)) {
            return Err(ApiError::validation(format!("The revisions for '{name}' cannot be combined.")));
        }
        // Of a key and a version together, the version is the revision.
        if kind != "S3_OBJECT_KEY" || !wanted.contains_key(name) {
            wanted.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(wanted)
}

fn check_revision_type(source: &Action, kind: &str) -> Result<(), ApiError> {
    let fits = match source.action_type_id.provider.as_str() {
        "S3" => matches!(kind, "S3_OBJECT_VERSION_ID" | "S3_OBJECT_KEY"),
        "ECR" => kind == "IMAGE_DIGEST",
        _ => kind == "COMMIT_ID",
    };
    if !fits {
        return Err(ApiError::validation(format!(
            "Revision type {kind} does not fit source action '{}'.",
            source.name
        )));
    }
    let allowed = source.configuration.get("AllowOverrideForS3ObjectKey").is_some_and(|value| value == "true");
    if kind == "S3_OBJECT_KEY" && !allowed {
        let message = format!("Source action '{}' does not set AllowOverrideForS3ObjectKey to true.", source.name);
        return Err(ApiError::validation(message));
    }
    Ok(())
}

fn combine(one: &str, other: &str) -> bool {
    one == other || (one.starts_with("S3_") && other.starts_with("S3_"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, plain};

    fn with_variables() -> Value {
        let mut declaration = plain();
        declaration["variables"] = json!([{"name": "target"}, {"name": "color", "defaultValue": "blue"}]);
        declaration
    }

    fn start(variables: &Value) -> Value {
        json!({"name": "p", "variables": variables})
    }

    #[test]
    fn variables_are_given_or_have_a_default() {
        let mut bench = Bench::with(&with_variables());
        let answer =
            bench.call("StartPipelineExecution", start(&json!([{"name": "target", "value": "prod"}]))).unwrap();
        let get = json!({"pipelineName": "p", "pipelineExecutionId": answer["pipelineExecutionId"]});
        let execution = bench.call("GetPipelineExecution", get).unwrap();
        let resolved = json!([{"name": "color", "resolvedValue": "blue"}, {"name": "target", "resolvedValue": "prod"}]);
        assert_eq!(execution["pipelineExecution"]["variables"], resolved);
    }

    #[test]
    fn unknown_and_missing_variables_are_refused() {
        let mut bench = Bench::with(&with_variables());
        let unknown = start(&json!([{"name": "target", "value": "x"}, {"name": "colour", "value": "x"}]));
        assert_eq!(bench.refusal("StartPipelineExecution", unknown), "ValidationException");
        assert_eq!(bench.refusal("StartPipelineExecution", json!({"name": "p"})), "ValidationException");
    }

    #[test]
    fn the_same_request_token_starts_one_execution() {
        let mut bench = Bench::with(&plain());
        let mut start =
            || bench.call("StartPipelineExecution", json!({"name": "p", "clientRequestToken": "t-1"})).unwrap();
        assert_eq!(start(), start());
    }

    #[test]
    fn an_asked_for_revision_is_what_the_source_finds() {
        let script = "pipelines: {p: {Source: {Checkout: [
            {revision: {id: v1, message: One}}, {revision: {id: v2, message: Two}}]}}}";
        let mut bench = Bench::scripted(&plain(), script);
        let wanted = json!([{"actionName": "Checkout", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v2"}]);
        bench.call("StartPipelineExecution", json!({"name": "p", "sourceRevisions": wanted})).unwrap();
        bench.wait(5);
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        let revision = &list["pipelineExecutionSummaries"][0]["sourceRevisions"][0];
        assert_eq!((&revision["revisionId"], &revision["revisionSummary"]), (&json!("v2"), &json!("Two")));
    }

    #[test]
    fn revisions_must_fit_their_source() {
        let cases = [
            ("Nobody", "S3_OBJECT_VERSION_ID"),
            ("Checkout", "COMMIT_ID"),
            // The source does not allow its key to be overridden.
            ("Checkout", "S3_OBJECT_KEY"),
        ];
        let mut bench = Bench::with(&plain());
        for (action, kind) in cases {
            let wanted = json!([{"actionName": action, "revisionType": kind, "revisionValue": "x"}]);
            let input = json!({"name": "p", "sourceRevisions": wanted});
            assert_eq!(bench.refusal("StartPipelineExecution", input), "ValidationException", "{action} {kind}");
        }
    }
}

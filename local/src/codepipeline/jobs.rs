//! What functions answer: `PutJobSuccessResult`, `PutJobFailureResult`, `GetJobDetails`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::records::{FoundRevision, RunIndex};

/// Quota for all output variables of an action together, names and values.
const VARIABLES_BYTES: usize = 122_880;

impl Engine {
    /// `PutJobSuccessResult`.
    pub(crate) fn put_job_success_result(&mut self, input: &Value) -> Answer {
        let token = input["continuationToken"].as_str();
        let variables = output_variables(&input["outputVariables"]);
        if token.is_some() && !variables.is_empty() {
            return Err(ApiError::validation("outputVariables cannot be given together with a continuationToken."));
        }
        let run = self.open_job(input)?;
        if variables.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > VARIABLES_BYTES {
            return Err(ApiError::new(
                "OutputVariablesSizeExceededException",
                "The output variables exceed 122880 bytes in total.",
            ));
        }
        self.take_details(run, input);
        match token {
            Some(token) => self.continue_later(run, token.to_owned()),
            None => {
                self[run].variables = variables;
                self.job_succeeded(run);
            }
        }
        Ok(Value::Null)
    }

    /// `PutJobFailureResult`.
    pub(crate) fn put_job_failure_result(&mut self, input: &Value) -> Answer {
        let run = self.open_job(input)?;
        let failure = &input["failureDetails"];
        if let Some(id) = failure["externalExecutionId"].as_str() {
            self[run].outcome.external_id = Some(id.to_owned());
        }
        self.fail_run(run, failure["type"].as_str(), failure["message"].as_str().unwrap_or_default());
        Ok(Value::Null)
    }

    /// `GetJobDetails`. For jobs of AWS's own action types the context names neither pipeline ARN nor execution:
    /// the model documents those two for custom jobs only.
    pub(crate) fn get_job_details(&self, input: &Value) -> Answer {
        let id = input["jobId"].as_str().unwrap_or_default();
        let job = self.jobs.get(id).ok_or_else(no_such_job)?;
        let run = &self[job.run];
        let declaration = &self[run.execution].declaration;
        let declared = run.declared(declaration);
        let mut data = job.event.clone();
        data["actionTypeId"] = json!(declared.action_type_id);
        data["pipelineContext"] = json!({
            "pipelineName": declaration.name,
            "stage": { "name": declaration.stages[run.stage].name },
            "action": { "name": declared.name, "actionExecutionId": run.id },
        });
        Ok(json!({ "jobDetails": { "id": id, "accountId": self.settings.account, "data": data } }))
    }

    fn open_job(&self, input: &Value) -> Result<RunIndex, ApiError> {
        let job = self.jobs.get(input["jobId"].as_str().unwrap_or_default()).ok_or_else(no_such_job)?;
        if !job.open {
            return Err(ApiError::new(
                "InvalidJobStateException",
                "The job already has a result, or nobody waits for it.",
            ));
        }
        Ok(job.run)
    }

    fn take_details(&mut self, run: RunIndex, input: &Value) {
        let action = self.declared(run).name.clone();
        let now = self.now;
        let outcome = &mut self[run].outcome;
        let details = &input["executionDetails"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        outcome.summary = text(&details["summary"]).or(outcome.summary.take());
        outcome.external_id = text(&details["externalExecutionId"]).or(outcome.external_id.take());
        outcome.percent = details["percentComplete"].as_i64().or(outcome.percent);
        let current = &input["currentRevision"];
        if let Some(id) = text(&current["revision"]) {
            outcome.revision = Some(FoundRevision {
                action,
                artifact: None,
                id,
                change_id: text(&current["changeIdentifier"]),
                summary: text(&current["revisionSummary"]),
                url: None,
                created: now,
            });
        }
    }
}

fn output_variables(given: &Value) -> BTreeMap<String, String> {
    let entries = given.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn no_such_job() -> ApiError {
    ApiError::new("JobNotFoundException", "There is no job with this id.")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, action, pipeline, stage};

    fn gate_then_build() -> Value {
        let mut gate = action("Invoke", "Lambda", "Gate");
        gate["namespace"] = json!("Gate");
        let mut build = action("Build", "CodeBuild", "Compile");
        build["runOrder"] = json!(2);
        build["configuration"]["ProjectName"] = json!("build-#{Gate.color}");
        pipeline("p", vec![stage("Gate", vec![gate, build])])
    }

    fn invoked() -> (Bench, String, String) {
        let mut bench = Bench::with(&gate_then_build());
        let id = bench.start();
        bench.wait(2);
        let job = bench.last_job();
        (bench, id, job)
    }

    #[test]
    fn output_variables_reach_later_actions() {
        let (mut bench, _, job) = invoked();
        bench.call("PutJobSuccessResult", json!({"jobId": job, "outputVariables": {"color": "blue"}})).unwrap();
        let list = bench.call("ListActionExecutions", json!({"pipelineName": "p"})).unwrap();
        let details = &list["actionExecutionDetails"];
        assert_eq!(details[0]["input"]["resolvedConfiguration"], json!({"ProjectName": "build-blue"}));
        assert_eq!(details[1]["output"]["outputVariables"], json!({"color": "blue"}));
    }

    #[test]
    fn a_variable_nobody_put_out_fails_the_action_that_needs_it() {
        let (mut bench, id, job) = invoked();
        bench.call("PutJobSuccessResult", json!({"jobId": job})).unwrap();
        assert_eq!(bench.status(&id), "Failed");
        let error = bench.state(1)["actionStates"][1]["latestExecution"]["errorDetails"].take();
        assert_eq!(error["code"], "ConfigurationError");
    }

    #[test]
    fn output_variables_and_a_continuation_token_exclude_each_other() {
        let (mut bench, _, job) = invoked();
        let both = json!({"jobId": job, "continuationToken": "t", "outputVariables": {"a": "b"}});
        assert_eq!(bench.refusal("PutJobSuccessResult", both), "ValidationException");
    }

    #[test]
    fn output_variables_are_limited_in_total() {
        let (mut bench, _, job) = invoked();
        let sized = |size: usize| json!({"jobId": job, "outputVariables": {"color": "x".repeat(size - 5)}});
        assert_eq!(bench.refusal("PutJobSuccessResult", sized(122_881)), "OutputVariablesSizeExceededException");
        bench.call("PutJobSuccessResult", sized(122_880)).unwrap();
    }

    #[test]
    fn a_failure_ends_up_in_event_state_and_history() {
        let (mut bench, id, job) = invoked();
        bench.told();
        let details = json!({"type": "JobFailed", "message": "Error rate 7 %", "externalExecutionId": "gate-1"});
        bench.call("PutJobFailureResult", json!({"jobId": job, "failureDetails": details})).unwrap();
        let result = json!({"error-code": "JobFailed", "external-execution-id": "gate-1",
                            "external-execution-summary": "Error rate 7 %"});
        assert_eq!(bench.events[0]["detail"]["execution-result"], result);
        let state = bench.state(1)["actionStates"][0]["latestExecution"].take();
        assert_eq!(state["errorDetails"], json!({"code": "JobFailed", "message": "Error rate 7 %"}));
        assert_eq!(bench.status(&id), "Failed");
    }

    #[test]
    fn a_job_is_answered_once() {
        let (mut bench, _, job) = invoked();
        bench.call("PutJobSuccessResult", json!({"jobId": job})).unwrap();
        assert_eq!(bench.refusal("PutJobSuccessResult", json!({"jobId": job})), "InvalidJobStateException");
        let failure = json!({"jobId": job, "failureDetails": {"type": "JobFailed", "message": "x"}});
        assert_eq!(bench.refusal("PutJobFailureResult", failure), "InvalidJobStateException");
    }

    #[test]
    fn an_unknown_job_is_not_found() {
        let (mut bench, _, _) = invoked();
        let job = "99999999-0000-4000-8000-000000000000";
        assert_eq!(bench.refusal("PutJobSuccessResult", json!({"jobId": job})), "JobNotFoundException");
        assert_eq!(bench.refusal("GetJobDetails", json!({"jobId": job})), "JobNotFoundException");
    }

    #[test]
    fn details_of_a_lambda_job_name_its_place_but_not_its_execution() {
        let (mut bench, _, job) = invoked();
        let details = bench.call("GetJobDetails", json!({"jobId": job})).unwrap()["jobDetails"].take();
        let context = &details["data"]["pipelineContext"];
        assert_eq!((&context["pipelineName"], &context["action"]["name"]), (&json!("p"), &json!("Gate")));
        assert!(context.get("pipelineExecutionId").is_none());
        assert_eq!(details["data"]["inputArtifacts"][0]["name"], "SourceArtifact");
    }

    #[test]
    fn progress_shows_in_the_state() {
        let (mut bench, _, job) = invoked();
        let details = json!({"summary": "2 of 3 checks", "percentComplete": 66});
        let input = json!({"jobId": job, "continuationToken": "t", "executionDetails": details});
        bench.call("PutJobSuccessResult", input).unwrap();
        let state = bench.state(1)["actionStates"][0]["latestExecution"].take();
        assert_eq!((&state["summary"], &state["percentComplete"]), (&json!("2 of 3 checks"), &json!(66)));
        assert_eq!(state["status"], "InProgress");
    }
}

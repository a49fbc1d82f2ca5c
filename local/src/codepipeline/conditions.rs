//! Entry conditions of stages: rules that must succeed before the stage is entered, and `ListRuleExecutions`.
//!
//! AWS documents neither what a `LambdaInvoke` rule sends nor which events a condition causes. Here it sends a job, as an
//! Invoke action does, and causes no event of its own: a stage that is kept out has failed without having started.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::declaration::FailureResult;
use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::events::epoch;
use super::paging::page;
use super::records::{ExecutionIndex, RunIndex, RunStatus, Status};

/// Rule executions per page, as for actions.
const PAGE: usize = 100;

impl Engine {
    /// Starts what stands before the actions of a stage. Whether all of it has succeeded, so that they may start.
    pub(crate) fn entry_is_granted(&mut self, execution: ExecutionIndex, stage: usize) -> bool {
        let declared = &self[execution].declaration.stages[stage];
        let rules = declared.actions.len()..declared.actions.len() + declared.entry_rules().len();
        let attempt = self[execution].attempt;
        for rule in rules.clone() {
            if !self[execution].stages[stage].runs.contains_key(&rule) {
                self.start_action(execution, stage, rule);
            }
            // A rule that cannot even start may have ended the stage.
            let it = &self[execution];
            if it.stages[stage].status != Some(Status::InProgress) || it.attempt != attempt {
                return false;
            }
        }
        let run = &self[execution].stages[stage];
        let granted = rules.into_iter().all(|rule| self[run.runs[&rule]].status == RunStatus::Succeeded);
        if granted && !run.told {
            self[execution].stages[stage].told = true;
            self.emit_stage(execution, stage, "STARTED");
        }
        granted
    }

    /// Whether a rule has failed whose condition passes over the stage.
    pub(crate) fn skips(&self, execution: ExecutionIndex, stage: usize) -> bool {
        let condition = self[execution].declaration.stages[stage].entry_condition();
        let skips = condition.is_some_and(|condition| condition.result == Some(FailureResult::Skip));
        skips && self.entry_runs(execution, stage).any(|run| self[run].status == RunStatus::Failed)
    }

    /// Goes on behind a stage that is not entered.
    pub(crate) fn skip(&mut self, execution: ExecutionIndex, stage: usize) {
        for run in self.runs_in_progress(execution, stage) {
            self.close_run(run, RunStatus::Abandoned);
        }
        self[execution].stages[stage].status = Some(Status::Skipped);
        self[execution].updated = self.now;
        self.go_on(execution, stage);
    }

    /// `beforeEntryConditionState` of `GetPipelineState`.
    pub(crate) fn entry_condition_state(&self, execution: ExecutionIndex, stage: usize) -> Option<Value> {
        let runs: Vec<RunIndex> = self.entry_runs(execution, stage).collect();
        let changed = runs.iter().map(|run| self[*run].updated).max()?;
        let any = |status: RunStatus| runs.iter().any(|run| self[*run].status == status);
        let status = match () {
            () if any(RunStatus::Failed) => "Failed",
            () if any(RunStatus::Abandoned) => "Abandoned",
            () if any(RunStatus::InProgress) => "InProgress",
            () => "Succeeded",
        };
        let rules: Vec<Value> = runs.iter().map(|run| self.rule_state(*run)).collect();
        let condition = json!({
            "latestExecution": { "status": status, "lastStatusChange": epoch(changed) },
            "ruleStates": rules,
        });
        Some(json!({ "latestExecution": { "status": status }, "conditionStates": [condition] }))
    }

    fn rule_state(&self, run: RunIndex) -> Value {
        let mut latest = self.latest_run(run);
        let members = latest.as_object_mut().expect("an object");
        // A rule shows no progress in percent, and its id has another name.
        members.remove("percentComplete");
        let id = members.remove("actionExecutionId");
        members.insert("ruleExecutionId".to_owned(), json!(id));
        json!({ "ruleName": self.declared(run).name, "latestExecution": latest })
    }

    /// `ListRuleExecutions`.
    pub(crate) fn list_rule_executions(&self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let filter = &input["filter"];
        if filter["latestInPipelineExecution"].is_object() {
            return Err(ApiError::validation("This local CodePipeline filters rules by pipelineExecutionId only."));
        }
        let executions: Vec<_> = match filter["pipelineExecutionId"].as_str() {
            Some(id) => vec![self.execution(pipeline, id)?],
            None => self.executions_of(pipeline).collect(),
        };
        let mut runs: Vec<_> = executions.into_iter().flat_map(|it| self[it].runs.iter().copied()).collect();
        runs.retain(|run| self.declared(*run).is_rule());
        runs.sort_unstable_by_key(|run| Reverse(*run));
        page("ruleExecutionDetails", input, PAGE, &runs, |run| self[*run].id.clone(), |run| self.rule_detail(*run))
    }

    fn rule_detail(&self, run: RunIndex) -> Value {
        let (it, declared) = (&self[run], self.declared(run));
        let execution = &self[it.execution];
        let mut result = json!({});
        for (name, text) in
            [("externalExecutionId", &it.outcome.external_id), ("externalExecutionSummary", &it.outcome.summary)]
        {
            if let Some(text) = text {
                result[name] = json!(text);
            }
        }
        if let Some(error) = &it.outcome.error {
            result["errorDetails"] = error.detail();
        }
        json!({
            "pipelineExecutionId": execution.id,
            "ruleExecutionId": it.id,
            "pipelineVersion": execution.version,
            "stageName": execution.declaration.stages[it.stage].name,
            "ruleName": declared.name,
            "startTime": epoch(it.started),
            "lastUpdateTime": epoch(it.updated),
            "status": it.status,
            "input": {
                "ruleTypeId": declared.action_type_id,
                "configuration": declared.configuration,
                "resolvedConfiguration": it.configuration,
            },
            "output": { "executionResult": result },
        })
    }

    /// The runs of rules that count.
    fn entry_runs(&self, execution: ExecutionIndex, stage: usize) -> impl Iterator<Item = RunIndex> {
        let actions = self[execution].declaration.stages[stage].actions.len();
        self[execution].stages[stage].runs.range(actions..).map(|(_, run)| *run)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{Bench, action, pipeline, stage};

    fn guarded(result: &str, rules: &[&str]) -> Value {
        let rule = |name: &&str| {
            json!({
                "name": name, "ruleTypeId": { "category": "Rule", "provider": "LambdaInvoke" },
                "configuration": {
                    "FunctionName": "gate", "UserParameters": "#{codepipeline.PipelineExecutionId}",
                },
            })
        };
        let rules: Vec<Value> = rules.iter().map(rule).collect();
        let mut build = stage("Build", vec![action("Build", "CodeBuild", "Compile")]);
        build["beforeEntry"] = json!({ "conditions": [{ "result": result, "rules": rules }] });
        pipeline("p", vec![build, stage("Prod", vec![action("Deploy", "CodeDeploy", "Ship")])])
    }

    /// At the entry of the second stage, with the jobs of its rules.
    fn at_the_entry(result: &str, rules: &[&str]) -> (Bench, String, Vec<String>) {
        let mut bench = Bench::with(&guarded(result, rules));
        let id = bench.start();
        bench.wait(2);
        bench.told();
        let jobs = bench.invocations.iter().map(|(_, event)| event["CodePipeline.job"]["id"].as_str().unwrap().into());
        let jobs: Vec<String> = jobs.collect();
        assert_eq!(jobs.len(), rules.len());
        (bench, id, jobs)
    }

    fn fail(bench: &mut Bench, job: &str) {
        let details = json!({ "type": "JobFailed", "message": "too many errors" });
        bench.call("PutJobFailureResult", json!({ "jobId": job, "failureDetails": details })).unwrap();
    }

    #[test]
    fn a_stage_starts_once_all_rules_of_its_entry_succeeded() {
        let (mut bench, id, jobs) = at_the_entry("FAIL", &["Gate", "Other"]);
        let data = &bench.invocations[0].1["CodePipeline.job"]["data"];
        assert_eq!(data["actionConfiguration"]["configuration"]["UserParameters"], json!(id));
        let condition = bench.state(1)["beforeEntryConditionState"].take();
        assert_eq!(condition["latestExecution"]["status"], "InProgress");
        bench.call("PutJobSuccessResult", json!({ "jobId": jobs[0], "continuationToken": "t" })).unwrap();
        bench.call("PutJobSuccessResult", json!({ "jobId": jobs[1] })).unwrap();
        assert_eq!(bench.told(), [""; 0]);
        bench.wait(30);
        let again = bench.last_job();
        bench.call("PutJobSuccessResult", json!({ "jobId": again })).unwrap();
        assert_eq!(bench.told(), ["Build STARTED", "Build/Compile STARTED"]);
        bench.wait(10);
        assert_eq!(bench.status(&id), "Succeeded");
        assert_eq!(bench.state(1)["beforeEntryConditionState"]["latestExecution"]["status"], "Succeeded");
    }

    #[test]
    fn a_rule_that_fails_keeps_the_release_out_until_the_stage_is_retried() {
        let (mut bench, id, jobs) = at_the_entry("FAIL", &["Gate"]);
        fail(&mut bench, &jobs[0]);
        assert_eq!(bench.told(), ["Build FAILED", "pipeline FAILED"]);
        assert_eq!(bench.status(&id), "Failed");
        let rule = bench.state(1)["beforeEntryConditionState"]["conditionStates"][0]["ruleStates"][0].take();
        assert_eq!((&rule["ruleName"], &rule["latestExecution"]["status"]), (&json!("Gate"), &json!("Failed")));
        assert_eq!(rule["latestExecution"]["errorDetails"]["message"], "too many errors");
        let retry = json!({
            "pipelineName": "p", "stageName": "Build", "pipelineExecutionId": id, "retryMode": "FAILED_ACTIONS",
        });
        bench.call("RetryStageExecution", retry).unwrap();
        let job = bench.last_job();
        assert_ne!(job, jobs[0]);
        bench.call("PutJobSuccessResult", json!({ "jobId": job })).unwrap();
        assert_eq!(bench.told(), ["pipeline RESUMED", "Build RESUMED", "Build/Compile STARTED"]);
        bench.wait(10);
        assert_eq!(bench.status(&id), "Succeeded");
    }

    #[test]
    fn a_condition_that_skips_leads_past_the_stage() {
        let (mut bench, id, jobs) = at_the_entry("SKIP", &["Gate", "Other"]);
        fail(&mut bench, &jobs[0]);
        assert_eq!(bench.told(), ["Prod STARTED", "Prod/Ship STARTED"]);
        assert_eq!(bench.refusal("PutJobSuccessResult", json!({ "jobId": jobs[1] })), "InvalidJobStateException");
        assert_eq!(bench.state(1)["latestExecution"]["status"], "Skipped");
        bench.wait(10);
        assert_eq!(bench.status(&id), "Succeeded");
    }

    #[test]
    fn rules_are_listed_apart_from_actions() {
        let (mut bench, id, jobs) = at_the_entry("FAIL", &["Gate"]);
        fail(&mut bench, &jobs[0]);
        let of = json!({ "pipelineName": "p", "filter": { "pipelineExecutionId": id } });
        let rules = bench.call("ListRuleExecutions", of.clone()).unwrap()["ruleExecutionDetails"].take();
        assert_eq!(rules.as_array().unwrap().len(), 1);
        assert_eq!((&rules[0]["ruleName"], &rules[0]["status"]), (&json!("Gate"), &json!("Failed")));
        assert_eq!(rules[0]["input"]["resolvedConfiguration"]["UserParameters"], json!(id));
        let actions = bench.call("ListActionExecutions", of).unwrap()["actionExecutionDetails"].take();
        let names: Vec<&Value> = actions.as_array().unwrap().iter().map(|action| &action["actionName"]).collect();
        assert_eq!(names, ["Checkout"]);
    }

    #[test]
    fn a_release_that_waits_at_an_entry_can_be_stopped() {
        let (mut bench, id, jobs) = at_the_entry("FAIL", &["Gate"]);
        bench
            .call("StopPipelineExecution", json!({ "pipelineName": "p", "pipelineExecutionId": id, "abandon": true }))
            .unwrap();
        assert_eq!(bench.status(&id), "Stopped");
        assert_eq!(bench.refusal("PutJobSuccessResult", json!({ "jobId": jobs[0] })), "InvalidJobStateException");
        assert_eq!(bench.state(1)["beforeEntryConditionState"]["latestExecution"]["status"], "Abandoned");
    }

    #[test]
    fn a_rule_of_another_kind_is_refused_and_so_is_another_result() {
        let mut bench = Bench::empty(super::super::config::Config::default());
        let mut refused = |change: &dyn Fn(&mut Value)| {
            let mut declaration = guarded("FAIL", &["Gate"]);
            change(&mut declaration["stages"][1]["beforeEntry"]["conditions"][0]);
            bench.refusal("CreatePipeline", json!({ "pipeline": declaration }))
        };
        let wrong = "InvalidStageDeclarationException";
        assert_eq!(refused(&|it| it["result"] = json!("ROLLBACK")), wrong);
        assert_eq!(refused(&|it| it["rules"][0]["ruleTypeId"]["provider"] = json!("CloudWatchAlarm")), wrong);
        assert_eq!(refused(&|it| it["rules"] = json!([it["rules"][0], it["rules"][0]])), wrong);
        assert_eq!(refused(&|it| it["rules"][0]["configuration"] = json!({})), wrong);
    }
}

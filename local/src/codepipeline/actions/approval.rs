//! Approval actions: the request, its message, the answer, and what happens if none comes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::codepipeline::declaration::ExecutionMode;
use crate::codepipeline::effects::Effect;
use crate::codepipeline::engine::Engine;
use crate::codepipeline::error::{Answer, ApiError};
use crate::codepipeline::events::{after, epoch};
use crate::codepipeline::ports::Problem;
use crate::codepipeline::records::{PipelineIndex, RunIndex, Work};

impl Engine {
    pub(super) fn ask_for_approval(&mut self, run: RunIndex) {
        let token = self.ids.uuid();
        let wait = match self.declared(run).timeout_in_minutes {
            Some(minutes) => SignedDuration::from_mins(minutes.into()),
            None => SignedDuration::try_from(self.settings.timing.approval).unwrap_or(SignedDuration::MAX),
        };
        let expires = after(self.now, wait);
        // In PARALLEL mode GetPipelineState shows no token; this is where it is found then.
        if self[self[run].execution].mode() == ExecutionMode::Parallel {
            self[run].outcome.external_id = Some(token.clone());
        }
        self[run].approval_token = Some(token);
        self[run].work = Work::Approval { expires };
        if let Some(topic) = self[run].configuration.get("NotificationArn").cloned() {
            let (subject, message) = self.approval_message(run, expires);
            self.effects.push(Effect::Notify { run, topic, subject, message });
        }
    }

    /// Subject and JSON text of the SNS message.
    fn approval_message(&self, run: RunIndex, expires: Timestamp) -> (String, String) {
        let it = &self[run];
        let token = it.approval_token.as_deref().unwrap_or_default();
        let declaration = &self[it.execution].declaration;
        let (pipeline, stage) = (&declaration.name, &declaration.stages[it.stage].name);
        let action = &self.declared(run).name;
        let region = &self.settings.region;
        let console = format!("https://console.aws.amazon.com/codepipeline/home?region={region}#/view/{pipeline}");
        let mut approval = Map::new();
        for (name, value) in [
            ("pipelineName", pipeline.clone()),
            ("stageName", stage.clone()),
            ("actionName", action.clone()),
            ("token", token.to_owned()),
            ("expires", expires.strftime("%Y-%m-%dT%H:%MZ").to_string()),
            ("approvalReviewLink", format!("{console}/{stage}/{action}/approve/{token}")),
        ] {
            approval.insert(name.to_owned(), json!(value));
        }
        for (key, name) in [("ExternalEntityLink", "externalEntityLink"), ("CustomData", "customData")] {
            if let Some(value) = it.configuration.get(key) {
                approval.insert(name.to_owned(), json!(value));
            }
        }
        let message = json!({ "region": region, "consoleLink": console, "approval": approval });
        let subject = format!("APPROVAL NEEDED: AWS CodePipeline {pipeline} for action {action}");
        (subject.chars().take(100).collect(), message.to_string())
    }

    /// An approval that cannot be announced counts as misconfigured.
    pub(crate) fn approval_not_announced(&mut self, run: RunIndex, problem: Problem) {
        if self[run].in_progress() {
            self.fail_run(run, Some(&problem.code), &problem.message);
        }
    }

    pub(super) fn approval_expired(&mut self, run: RunIndex) {
        self.fail_run(run, None, "Nobody answered the approval request before it expired.");
    }

    /// `PutApprovalResult`.
    pub(crate) fn put_approval_result(&mut self, input: &Value) -> Answer {
        let pipeline = self.pipeline(input["pipelineName"].as_str().unwrap_or_default())?;
        let run = self.approval_run(pipeline, input)?;
        if !self[run].in_progress() {
            return Err(self.answered_already(run));
        }
        let summary = input["result"]["summary"].as_str().unwrap_or_default().to_owned();
        let caller = self.settings.caller.clone();
        let it = &mut self[run];
        it.updated_by = Some(caller);
        it.outcome.summary = (!summary.is_empty()).then(|| summary.clone());
        if input["result"]["status"] == "Approved" {
            self.succeed_run(run);
        } else {
            let said = if summary.is_empty() { "The approval was rejected." } else { &summary };
            self.fail_run(run, None, said);
        }
        Ok(json!({ "approvedAt": epoch(self.now) }))
    }

    fn approval_run(&self, pipeline: PipelineIndex, input: &Value) -> Result<RunIndex, ApiError> {
        let stage = self.stage(pipeline, input["stageName"].as_str().unwrap_or_default())?;
        let name = input["actionName"].as_str().unwrap_or_default();
        let declared = &self[pipeline].declaration.stages[stage];
        if !declared.actions.iter().any(|action| action.name == name) {
            let message = format!("Stage '{}' has no action '{name}'.", declared.name);
            return Err(ApiError::new("ActionNotFoundException", message));
        }
        let given = input["token"].as_str();
        let of_this_action = |run: &RunIndex| {
            let execution = &self[self[*run].execution];
            execution.pipeline == pipeline
                && execution.declaration.stages[self[*run].stage].name == declared.name
                && self.declared(*run).name == name
        };
        let mut runs = (0..self.runs.len()).rev().map(RunIndex).filter(of_this_action);
        runs.find(|run| self[*run].approval_token.as_deref() == given).ok_or_else(invalid_token)
    }

    fn answered_already(&self, run: RunIndex) -> ApiError {
        // Expired requests were never answered by anybody.
        if self[run].updated_by.is_none() {
            return invalid_token();
        }
        ApiError::new("ApprovalAlreadyCompletedException", "The approval action has already been approved or rejected.")
    }
}

fn invalid_token() -> ApiError {
    ApiError::new(
        "InvalidApprovalTokenException",
        "The approval request with this token already received a response, has expired, or never existed.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::codepipeline::bench::{Bench, action, pipeline, stage};
    use crate::codepipeline::effects::Signal;
    use crate::codepipeline::ports::Problem;
    use crate::codepipeline::records::RunIndex;

    const DAY: u64 = 24 * 60 * 60;

    fn approved_by(change: impl FnOnce(&mut Value)) -> Value {
        let mut ask = action("Approval", "Manual", "Ask");
        change(&mut ask);
        pipeline("p", vec![stage("Approve", vec![ask])])
    }

    fn asked(declaration: &Value) -> (Bench, String) {
        let mut bench = Bench::with(declaration);
        let id = bench.start();
        bench.wait(2);
        bench.told();
        (bench, id)
    }

    fn token(bench: &mut Bench) -> String {
        let state = bench.state(1)["actionStates"][0]["latestExecution"].take();
        state["token"].as_str().unwrap().to_owned()
    }

    fn reply(token: &str, status: &str) -> Value {
        json!({"pipelineName": "p", "stageName": "Approve", "actionName": "Ask", "token": token,
               "result": {"summary": "alice: looks good", "status": status}})
    }

    #[test]
    fn an_approval_lets_the_execution_go_on() {
        let (mut bench, id) = asked(&approved_by(|_| ()));
        let token = token(&mut bench);
        let answer = bench.call("PutApprovalResult", reply(&token, "Approved")).unwrap();
        assert_eq!(answer["approvedAt"], json!(1_772_445_602.0));
        assert_eq!(bench.status(&id), "Succeeded");
        let state = bench.state(1)["actionStates"][0]["latestExecution"].take();
        assert_eq!(state["summary"], "alice: looks good");
        assert!(state.get("token").is_none());
    }

    #[test]
    fn a_rejection_fails_the_action_with_the_summary_and_no_error_code() {
        let (mut bench, id) = asked(&approved_by(|_| ()));
        let token = token(&mut bench);
        bench.call("PutApprovalResult", reply(&token, "Rejected")).unwrap();
        let result = json!({"external-execution-summary": "alice: looks good"});
        assert_eq!(bench.events[0]["detail"]["execution-result"], result);
        assert_eq!(bench.status(&id), "Failed");
    }

    #[test]
    fn a_second_answer_is_refused() {
        let (mut bench, _) = asked(&approved_by(|_| ()));
        let token = token(&mut bench);
        bench.call("PutApprovalResult", reply(&token, "Approved")).unwrap();
        let code = bench.refusal("PutApprovalResult", reply(&token, "Rejected"));
        assert_eq!(code, "ApprovalAlreadyCompletedException");
    }

    #[test]
    fn the_action_execution_id_is_not_the_token() {
        let (mut bench, _) = asked(&approved_by(|_| ()));
        let state = bench.state(1)["actionStates"][0]["latestExecution"].take();
        let id = state["actionExecutionId"].as_str().unwrap();
        assert_eq!(bench.refusal("PutApprovalResult", reply(id, "Approved")), "InvalidApprovalTokenException");
    }

    #[test]
    fn unknown_places_have_their_own_errors() {
        let (mut bench, _) = asked(&approved_by(|_| ()));
        let token = token(&mut bench);
        for (member, code) in [
            ("pipelineName", "PipelineNotFoundException"),
            ("stageName", "StageNotFoundException"),
            ("actionName", "ActionNotFoundException"),
        ] {
            let mut input = reply(&token, "Approved");
            input[member] = json!("Nowhere");
            assert_eq!(bench.refusal("PutApprovalResult", input), code);
        }
    }

    #[test]
    fn nobody_answering_for_seven_days_fails_the_action() {
        let (mut bench, id) = asked(&approved_by(|_| ()));
        let token = token(&mut bench);
        bench.wait(7 * DAY - 2);
        assert_eq!(bench.status(&id), "InProgress");
        bench.wait(2);
        assert_eq!(bench.told(), ["Approve/Ask FAILED", "Approve FAILED", "pipeline FAILED"]);
        assert_eq!(bench.refusal("PutApprovalResult", reply(&token, "Approved")), "InvalidApprovalTokenException");
    }

    #[test]
    fn an_approval_may_have_its_own_timeout() {
        let (mut bench, id) = asked(&approved_by(|ask| ask["timeoutInMinutes"] = json!(5)));
        bench.wait(300);
        assert_eq!(bench.status(&id), "Failed");
    }

    #[test]
    fn in_parallel_mode_the_token_is_the_external_execution_id_of_the_history() {
        let mut declaration = approved_by(|_| ());
        declaration["executionMode"] = json!("PARALLEL");
        let (mut bench, id) = asked(&declaration);
        let list = bench.call("ListActionExecutions", json!({"pipelineName": "p"})).unwrap();
        let token = list["actionExecutionDetails"][0]["output"]["executionResult"]["externalExecutionId"].clone();
        bench.call("PutApprovalResult", reply(token.as_str().unwrap(), "Approved")).unwrap();
        assert_eq!(bench.status(&id), "Succeeded");
    }

    fn announced() -> Value {
        approved_by(|ask| {
            ask["configuration"] = json!({
                "NotificationArn": "arn:aws:sns:us-east-1:111122223333:approvals",
                "ExternalEntityLink": "https://example.com/changes",
                "CustomData": "Two migrations.",
            });
        })
    }

    #[test]
    fn the_message_has_the_documented_shape_with_a_time_without_seconds() {
        let (bench, _) = asked(&announced());
        assert_eq!(bench.notices[0].0, "arn:aws:sns:us-east-1:111122223333:approvals");
        insta::assert_json_snapshot!(bench.notices[0].1, @r#"
        {
          "approval": {
            "actionName": "Ask",
            "approvalReviewLink": "https://console.aws.amazon.com/codepipeline/home?region=us-east-1#/view/p/Approve/Ask/approve/00000000-0000-4000-8000-00000000000d",
            "customData": "Two migrations.",
            "expires": "2026-03-09T10:00Z",
            "externalEntityLink": "https://example.com/changes",
            "pipelineName": "p",
            "stageName": "Approve",
            "token": "00000000-0000-4000-8000-00000000000d"
          },
          "consoleLink": "https://console.aws.amazon.com/codepipeline/home?region=us-east-1#/view/p",
          "region": "us-east-1"
        }
        "#);
    }

    #[test]
    fn an_approval_that_cannot_be_announced_is_misconfigured_and_fails() {
        let (mut bench, id) = asked(&announced());
        let problem = Problem::new("PermissionError", "Not allowed to publish.");
        bench.engine.signal(bench.now, Signal::NotNotified { run: RunIndex(1), problem });
        assert_eq!(bench.status(&id), "Failed");
    }
}

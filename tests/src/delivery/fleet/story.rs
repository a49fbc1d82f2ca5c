//! A few releases on the local CodePipeline, one lost end, and every sample checked against CodePipeline's own history.

use delivery_metrics::{Measure, Sample, Scope};
use jiff::Timestamp;
use pipeline_model::{PipelineName, StageName};
use serde_json::{Value, json};

use super::estate::{Estate, action, declaration, stage, state};
use crate::stage::start;

const PIPELINE: &str = "orders";
const STAGES: [&str; 4] = ["Source", "Build", "Staging", "Production"];

/// The second release fails in Staging, the third in Production, where it is retried.
const SCRIPT: &str = "
pipelines:
  orders:
    Source:
      Checkout:
        - { duration: 2.4s, revision: { id: 7f3c2a90d1e4b5c6a7980f1e2d3c4b5a69788796, committed: 2026-03-02T09:12:00Z } }
        - { duration: 2.4s, revision: { id: 0123456789abcdef0123456789abcdef01234567, committed: 2026-03-02T09:58:00Z } }
        - { duration: 2.4s, revision: { id: 89abcdef0123456789abcdef0123456789abcdef, committed: 2026-03-02T10:01:07Z } }
    Build:
      Compile: [{ duration: 7.25s }]
      UnitTests: [{ duration: 5s }]
    Staging:
      Deploy: [{ duration: 3.1s }]
      Smoke: [{ duration: 2s }, { duration: 4.9s, outcome: failed }, { duration: 2s }]
    Production:
      Deploy: [{ duration: 6s }, { duration: 3.7s, outcome: failed }, { duration: 6.6s }]
      Verify: [{ duration: 1.5s }]
";

fn orders() -> Value {
    let build = |name: &str| action("Build", "CodeBuild", name, json!({ "ProjectName": "orders" }));
    let deploy = action("Deploy", "S3", "Deploy", json!({ "BucketName": "site-111122223333", "Extract": "true" }));
    let approve = action("Approval", "Manual", "Manager", json!({}));
    declaration(
        PIPELINE,
        vec![
            stage("Build", &[build("Compile"), build("UnitTests")]),
            stage("Staging", &[deploy.clone(), build("Smoke")]),
            stage("Production", &[approve, deploy, build("Verify")]),
        ],
    )
}

/// A sample that has to be there: measure, stage, when, how much.
type Expected = (Measure, Option<String>, f64, f64);

/// Seconds after the story's begin, from the API's seconds since the epoch.
fn seconds(time: &Value) -> f64 {
    time.as_f64().expect("a time") - epoch(start())
}

fn epoch(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

struct Story {
    estate: Estate,
    heard: Vec<Value>,
}

impl Story {
    async fn play() -> Self {
        let estate = Estate::new(SCRIPT).await;
        estate.call("CreatePipeline", json!({ "pipeline": orders() })).await;
        let mut story = Self { estate, heard: Vec::new() };
        story.release().await;
        story.approve_after(31).await;
        story.release().await;
        let third = story.release().await;
        story.approve_after(12).await;
        let retry = json!({
            "pipelineName": PIPELINE, "stageName": "Production", "pipelineExecutionId": third,
            "retryMode": "FAILED_ACTIONS",
        });
        story.estate.call("RetryStageExecution", retry).await;
        story.listen(20).await;
        story
    }

    async fn listen(&mut self, seconds: u32) {
        let heard = self.estate.let_pass(seconds).await;
        self.heard.extend(heard);
    }

    async fn release(&mut self) -> String {
        let id = self.estate.start(PIPELINE).await;
        self.listen(30).await;
        id
    }

    async fn approve_after(&mut self, seconds: u32) {
        self.listen(seconds).await;
        let state = self.estate.call("GetPipelineState", json!({ "name": PIPELINE })).await;
        let token = &state["stageStates"][3]["actionStates"][0]["latestExecution"]["token"];
        let answer = json!({
            "pipelineName": PIPELINE, "stageName": "Production", "actionName": "Manager", "token": token,
            "result": { "summary": "", "status": "Approved" },
        });
        self.estate.call("PutApprovalResult", answer).await;
        self.listen(15).await;
    }

    /// The executions, oldest first, and the actions of each, oldest first.
    async fn history(&self) -> Vec<(Value, Vec<Value>)> {
        let input = json!({ "pipelineName": PIPELINE });
        let mut executions = self.estate.call("ListPipelineExecutions", input.clone()).await;
        let mut actions = self.estate.call("ListActionExecutions", input).await;
        let list = |answer: &mut Value, member: &str| -> Vec<Value> {
            serde_json::from_value(answer[member].take()).expect("a list")
        };
        let actions = list(&mut actions, "actionExecutionDetails");
        let of = |execution: &Value| -> Vec<Value> {
            let id = &execution["pipelineExecutionId"];
            actions.iter().rev().filter(|action| action["pipelineExecutionId"] == *id).cloned().collect()
        };
        let executions = list(&mut executions, "pipelineExecutionSummaries");
        executions.into_iter().rev().map(|execution| (of(&execution), execution)).map(|(of, it)| (it, of)).collect()
    }
}

/// What the recorder must have said, by CodePipeline's history alone.
fn expected(history: &[(Value, Vec<Value>)]) -> Vec<Expected> {
    let mut expected = Vec::new();
    for (execution, actions) in history {
        let (began, ended) = (seconds(&execution["startTime"]), seconds(&execution["lastUpdateTime"]));
        if execution["status"] == "Succeeded" {
            expected.push((Measure::ExecutionDuration, None, ended, ended - began));
        }
        for name in STAGES {
            let runs: Vec<_> = actions.iter().filter(|action| action["stageName"] == name).collect();
            let failed = runs.iter().position(|run| run["status"] == "Failed");
            if let Some(failed) = failed.filter(|_| name == "Production") {
                let at = seconds(&runs[failed]["lastUpdateTime"]);
                expected.push((Measure::DeploymentFailures, None, at, 1.0));
            }
            let Some(last) = runs.last().filter(|last| last["status"] == "Succeeded") else { continue };
            let since = runs[failed.map_or(0, |failed| failed + 1)];
            let (since, until) = (seconds(&since["startTime"]), seconds(&last["lastUpdateTime"]));
            expected.push((Measure::StageDuration, Some(name.to_owned()), until, until - since));
            if name == "Production" {
                let committed: Timestamp =
                    actions[0]["output"]["outputVariables"]["CommitterDate"].as_str().unwrap().parse().unwrap();
                let lead_time = until - (epoch(committed) - epoch(start()));
                expected.push((Measure::Deployments, None, until, 1.0));
                expected.push((Measure::LeadTime, None, until, lead_time));
            }
        }
        for approval in actions.iter().filter(|action| action["actionName"] == "Manager") {
            let (asked, answered) = (seconds(&approval["startTime"]), seconds(&approval["lastUpdateTime"]));
            expected.push((Measure::ApprovalWait, None, answered, answered - asked));
        }
    }
    let red = seconds(&history[1].0["lastUpdateTime"]);
    let green = seconds(&history[2].0["lastUpdateTime"]);
    expected.push((Measure::TimeToRestore, None, green, green - red));
    expected
}

fn scope(measure: Measure, stage: Option<&String>) -> Scope {
    if measure.dimensions().is_empty() {
        return Scope::AllPipelines;
    }
    let pipeline = PipelineName::from(PIPELINE);
    stage.map_or(Scope::Pipeline(pipeline.clone()), |stage| Scope::Stage(pipeline, StageName::new(stage)))
}

#[tokio::test]
async fn every_sample_agrees_with_codepipelines_history_whichever_end_is_lost() {
    let story = Story::play().await;
    let history = story.history().await;
    let statuses: Vec<_> = history.iter().map(|(execution, _)| execution["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["Succeeded", "Failed", "Succeeded"]);
    assert_eq!(history.iter().map(|(_, actions)| actions.len()).collect::<Vec<_>>(), [8, 5, 9]);

    for (lost, (execution, _)) in history.iter().enumerate() {
        let id = &execution["pipelineExecutionId"];
        let is_the_end = |event: &&Value| {
            let detail = &event["detail"];
            let ended = if lost == 1 { "FAILED" } else { "SUCCEEDED" };
            detail["execution-id"] == *id && detail.get("stage").is_none() && state(event) == Some(ended)
        };
        assert_eq!(story.heard.iter().filter(is_the_end).count(), 1);
        let heard: Vec<Value> = story.heard.iter().filter(|event| !is_the_end(event)).cloned().collect();

        let office = story.estate.office(None);
        for batch in heard.chunks(10) {
            office.hear(batch).await;
        }
        let report = office.sweep().await.expect("no crash was asked for");
        assert_eq!((report.repaired, report.is_round_complete), (1, true), "end {lost} was lost");

        let samples = office.world.measurements.samples();
        let mut expected = expected(&history);
        if lost == 1 {
            // Its red is learnt when the green is measured already, from the red of its own first attempt.
            let red = story.heard.iter().find(|event| {
                event["detail"]["execution-id"] == history[2].0["pipelineExecutionId"]
                    && event["detail"].get("stage").is_none()
                    && state(event) == Some("FAILED")
            });
            let red: Timestamp = red.expect("its first attempt failed")["time"].as_str().unwrap().parse().unwrap();
            let restore = expected.last_mut().unwrap();
            restore.3 = restore.2 - (epoch(red) - epoch(start()));
        }
        for (measure, stage, at, value) in &expected {
            let of_it =
                samples.iter().filter(|it| it.measure == *measure && it.scope == scope(*measure, stage.as_ref()));
            let near = |a: f64, b: f64| (a - b).abs() < 1.0;
            let agrees = of_it.filter(|it| near(epoch(it.at) - epoch(start()), *at) && near(it.value.get(), *value));
            assert_eq!(agrees.count(), 1, "end {lost} was lost: {measure:?} of {stage:?} at {at}: {value}");
        }
        let once = |measure: Measure| expected.iter().any(|it| it.0 == measure);
        let is_told = |it: &&Sample| (it.scope == Scope::AllPipelines) == it.measure.dimensions().is_empty();
        let told = samples.iter().filter(|it| once(it.measure)).filter(is_told);
        assert_eq!(told.count(), expected.len(), "end {lost} was lost, and something was told besides");

        let rate = office.values(Measure::ExecutionSuccessRate, PIPELINE);
        assert_eq!(rate.last().map(|rate| (rate * 10.0).round()), Some(667.0), "two of three: {rate:?}");
    }
}

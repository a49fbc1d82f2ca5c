//! What must hold whatever people do and in whatever order: tests with random calls.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::bench::{Bench, action, pipeline, stage};
use super::records::{ExecutionIndex, Place, RunIndex};

const SCRIPT: &str = "pipelines: {p: {Build: {
    Compile: [{duration: 3s}, {outcome: failed, duration: 2s}, {}], Check: [{duration: 9s}, {outcome: failed}]}}}";

fn declaration(mode: &str, reaction: &str) -> Value {
    let both = vec![action("Build", "CodeBuild", "Compile"), action("Test", "CodeBuild", "Check")];
    let mut build = stage("Build", both);
    build["onFailure"] = json!({ "result": reaction });
    let mut ask = action("Approval", "Manual", "Ask");
    ask["runOrder"] = json!(2);
    let gate = stage("Gate", vec![action("Invoke", "Lambda", "Gate"), ask]);
    let mut declaration = pipeline("p", vec![build, gate]);
    declaration["executionMode"] = json!(mode);
    declaration
}

/// One random thing somebody does. Refusals are part of life.
fn act(bench: &mut Bench, random: &mut fastrand::Rng, declaration: &Value) {
    let execution = random.choice(0..bench.engine.executions.len()).map(|n| bench.engine.executions[n].id.clone());
    let execution = execution.unwrap_or_default();
    let stage = *random.choice(&["Source", "Build", "Gate"]).unwrap();
    let target = json!({"pipelineName": "p", "stageName": stage, "pipelineExecutionId": execution,
        "targetPipelineExecutionId": execution, "retryMode": random.choice(["FAILED_ACTIONS", "ALL_ACTIONS"]),
        "abandon": random.bool(), "transitionType": random.choice(["Inbound", "Outbound"]), "reason": "freeze"});
    let _ = match random.u8(..20) {
        0..5 => bench.call("StartPipelineExecution", json!({"name": "p"})),
        5 => bench.call("StopPipelineExecution", target),
        6..8 => bench.call("RetryStageExecution", target),
        8 => bench.call("RollbackStage", target),
        9 => bench.call("DisableStageTransition", target),
        10..12 => bench.call("EnableStageTransition", target),
        12 if random.u8(..4) == 0 => bench.call("UpdatePipeline", json!({"pipeline": declaration})),
        13..16 => answer_a_job(bench, random),
        16..18 => answer_an_approval(bench, random),
        _ => {
            bench.wait(random.u64(..8));
            Ok(Value::Null)
        }
    };
}

fn answer_a_job(bench: &mut Bench, random: &mut fastrand::Rng) -> Result<Value, super::ApiError> {
    let job = random.choice(&bench.invocations).map(|(_, event)| event["CodePipeline.job"]["id"].clone());
    let mut result = json!({ "jobId": job });
    match random.u8(..4) {
        0 => result["failureDetails"] = json!({"type": "JobFailed", "message": "no"}),
        1 => result["continuationToken"] = json!("t"),
        _ => {}
    }
    let failed = result.get("failureDetails").is_some();
    bench.call(if failed { "PutJobFailureResult" } else { "PutJobSuccessResult" }, result)
}

fn answer_an_approval(bench: &mut Bench, random: &mut fastrand::Rng) -> Result<Value, super::ApiError> {
    let token = bench.engine.runs.iter().rev().find_map(|run| run.approval_token.clone());
    let status = random.choice(["Approved", "Approved", "Rejected"]);
    bench.call(
        "PutApprovalResult",
        json!({"pipelineName": "p", "stageName": "Gate", "actionName": "Ask", "token": token,
               "result": {"summary": "", "status": status}}),
    )
}

fn check_places(bench: &Bench, mode: &str) {
    let mut inside = BTreeMap::<usize, usize>::new();
    let mut waiting = BTreeMap::<usize, usize>::new();
    for execution in &bench.engine.executions {
        match execution.place {
            Place::Inside(stage) => *inside.entry(stage).or_default() += 1,
            Place::Waiting(stage) => *waiting.entry(stage).or_default() += 1,
            Place::Gone => assert!(!execution.status.is_running(), "{} runs nowhere", execution.id),
        }
    }
    if mode != "PARALLEL" {
        assert!(inside.values().all(|count| *count == 1), "a stage holds one execution: {inside:?}");
    }
    if mode == "SUPERSEDED" {
        assert!(waiting.values().all(|count| *count == 1), "one execution waits per stage: {waiting:?}");
    }
}

fn check_runs(bench: &Bench) {
    for (number, run) in bench.engine.runs.iter().enumerate() {
        let index = RunIndex(number);
        assert_eq!(run.in_progress(), bench.engine.running.contains(&index), "run {number}");
        let inside = matches!(bench.engine[run.execution].place, Place::Inside(stage) if stage == run.stage);
        assert!(!run.in_progress() || inside, "run {number} is in progress outside its stage");
    }
}

/// Every started action ends at most once, and an attempt of an execution ends at most once.
fn check_events(events: &[Value]) {
    let mut ended = BTreeSet::new();
    for event in events {
        let detail = &event["detail"];
        let state = detail["state"].as_str().unwrap();
        if matches!(state, "STARTED" | "RESUMED" | "STOPPING") {
            continue;
        }
        let of = [&detail["execution-id"], &detail["stage"], &detail["action-execution-id"]].map(Value::to_string);
        // Cancelling and retrying close over a stage more than once; an attempt tells the occasions apart.
        let attempt =
            if detail["action"].is_null() { detail["pipeline-execution-attempt"].to_string() } else { String::new() };
        assert!(ended.insert((of, attempt)), "ended twice: {detail}");
    }
}

/// All states that CodePipeline documents for its events.
const STATES: [&str; 9] =
    ["STARTED", "SUCCEEDED", "FAILED", "RESUMED", "CANCELED", "STOPPING", "STOPPED", "SUPERSEDED", "ABANDONED"];

#[test]
fn random_calls_never_break_a_rule_and_reach_every_state() {
    let mut reached = BTreeSet::new();
    for seed in 0..120 {
        let mode = ["SUPERSEDED", "QUEUED", "PARALLEL"][seed % 3];
        let reaction = if seed % 2 == 0 || mode == "PARALLEL" { "RETRY" } else { "ROLLBACK" };
        let declaration = declaration(mode, reaction);
        let mut bench = Bench::scripted(&declaration, SCRIPT);
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for _ in 0..150 {
            act(&mut bench, &mut random, &declaration);
            check_places(&bench, mode);
            check_runs(&bench);
        }
        check_events(&bench.events);
        reached.extend(bench.events.iter().map(|event| event["detail"]["state"].as_str().unwrap().to_owned()));
    }
    assert_eq!(reached, STATES.map(str::to_owned).into());
}

#[test]
fn the_same_calls_give_the_same_events() {
    let events = || {
        let declaration = declaration("SUPERSEDED", "RETRY");
        let mut bench = Bench::scripted(&declaration, SCRIPT);
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..150 {
            act(&mut bench, &mut random, &declaration);
        }
        bench.events
    };
    assert_eq!(events(), events());
}

#[test]
fn left_alone_every_execution_ends() {
    for mode in ["SUPERSEDED", "QUEUED", "PARALLEL"] {
        let declaration = declaration(mode, "RETRY");
        let mut bench = Bench::scripted(&declaration, SCRIPT);
        for _ in 0..4 {
            bench.start();
            bench.wait(4);
        }
        bench.wait(40 * 24 * 60 * 60);
        let all = (0..bench.engine.executions.len()).map(ExecutionIndex);
        for execution in all {
            assert!(!bench.engine[execution].status.is_running(), "{mode}");
        }
    }
}

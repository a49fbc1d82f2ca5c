//! The gatekeeper's and the scanner's real processes die at every call and at random times, with the watchdog's behind them:
//! each job and each hook gets one answer.
//!
//! All programs are the functions' own, built as examples of this package. Around them stand a CodePipeline, a Lambda and
//! the rest of AWS on loopback. `SIMULATION_SEED=17 cargo test -p tests deaths` chooses the random deaths anew, after
//! `cargo build -p tests --examples`: where tests are chosen by name, Cargo does not build the programs.

mod cloud;
mod lambda;
mod process;
mod scans;

use std::sync::Arc;
use std::time::Duration;

use lambda_kit::Clock;
use lambda_kit::doubles::Moment;
use local::codepipeline::{Config, Credentials, LambdaInvoker, MemoryArtifacts, Pending, Server, Timing};
use local::script::Script;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::seeds::seed_or;
use cloud::{Call, Cloud};
use lambda::{Became, Death, Lambda, When};

/// Of a visit whose process knows the policies: the claim, the alarm, the event or the save, and the answer.
const CALLS: usize = 4;
/// Deaths at random times.
const DEATHS: usize = 60;
/// From a death to its answer. CodePipeline by itself would wait for 20 minutes.
const SECONDS: Duration = Duration::from_secs(5);
const BEFORE: &str = "nothing to do: the job was answered before";
/// Pipelines in which nothing may pass.
const NEVER_PASS: [&str; 2] = ["strict", "leaking"];

/// Put together here, so that no scanner takes it for a key.
fn secret() -> String {
    ["Not", "A", "Real", "Key", "wJalrXUtnFEMI7bPxRfiCY9", "EXAMPLE"].concat()
}

/// CodePipeline's calls of the function, on their way.
struct Calls(UnboundedSender<Value>);

impl LambdaInvoker for Calls {
    fn invoke<'a>(&'a self, _: &'a str, event: &'a Value) -> Pending<'a, ()> {
        self.0.send(event.clone()).expect("the test listens");
        Box::pin(async { Ok(()) })
    }
}

/// Pipelines with a function of ours in each, and everything around it.
struct World {
    cloud: Cloud,
    lambda: Lambda,
    jobs: UnboundedReceiver<Value>,
    /// Answers by the watchdog, and how often it came too late to give one.
    rescued: usize,
    left_alone: usize,
    /// The last invocation, with the watchdog's after it.
    lasted: Duration,
}

impl World {
    async fn gates() -> Self {
        let pipelines = [
            pipeline("strict", as_an_action("strict")),
            pipeline("patient", as_an_action("patient")),
            pipeline("baking", as_an_action("baking")),
            pipeline("entry", at_the_entry("patient")),
        ];
        Self::with("gatekeeper", "pipewarden-gatekeeper", &pipelines, Script::default()).await
    }

    async fn with(program: &'static str, name: &'static str, pipelines: &[Value], script: Script) -> Self {
        let (calls, jobs) = unbounded_channel();
        let credentials = Credentials {
            access_key_id: "not-a-real-key-id".to_owned(),
            secret_access_key: secret(),
            session_token: Some(secret()),
        };
        let artifacts = Arc::new(MemoryArtifacts::default());
        let config = Config {
            script,
            artifacts: artifacts.clone(),
            speed: 1000.0,
            timing: Timing { reinvoke_after: Duration::from_secs(1), ..Timing::default() },
            start_on_create: false,
            artifact_credentials: credentials,
            lambda: Arc::new(Calls(calls)),
            ..Config::default()
        };
        let codepipeline = Server::start(config).await.unwrap();
        for pipeline in pipelines {
            codepipeline.call("CreatePipeline", json!({ "pipeline": pipeline })).await.unwrap();
        }
        let cloud = Cloud::start(codepipeline, artifacts).await;
        let lambda = Lambda::start(&cloud, program, name).await;
        Self { cloud, lambda, jobs, rescued: 0, left_alone: 0, lasted: Duration::ZERO }
    }

    /// Plays a release of the pipeline to its end, with at most one death. How it ended, and what its jobs were told.
    async fn release(&mut self, pipeline: &str, death: Option<&Death>) -> (String, Vec<&'static str>) {
        let started = self.cloud.codepipeline().call("StartPipelineExecution", json!({ "name": pipeline })).await;
        let execution = started.unwrap()["pipelineExecutionId"].as_str().unwrap().to_owned();
        let mut told = Vec::new();
        loop {
            let status = self.status(pipeline, &execution).await;
            if status != "InProgress" {
                return (status, told);
            }
            let Ok(event) = tokio::time::timeout(Duration::from_millis(20), self.jobs.recv()).await else { continue };
            let dies = death.filter(|death| death.visit == told.len());
            told.push(self.visit(&event.unwrap(), told.is_empty(), dies).await);
        }
    }

    /// From a job of that pipeline to the end of its invocation, if nobody dies.
    async fn lasts(&mut self, pipeline: &str, cold: bool) -> Duration {
        let never = Death { visit: 0, cold, when: When::After(Duration::from_secs(60)), signal: Signal::SIGKILL };
        self.release(pipeline, cold.then_some(&never)).await;
        self.lasted
    }

    /// One job, and the one answer it got.
    async fn visit(&mut self, event: &Value, is_first: bool, death: Option<&Death>) -> &'static str {
        // So the strict gate stops, the patient one waits once, and the other one saves at its second visit what holds.
        self.cloud.alarm_is_red(is_first);
        let began = Clock::system();
        match self.lambda.invoke(event, death).await {
            Became::Rescued(said) if said == BEFORE => self.left_alone += 1,
            Became::Rescued(_) => self.rescued += 1,
            became => assert_eq!(became, Became::Done),
        }
        self.lasted = began.monotonic();
        assert!(self.lasted < SECONDS, "its answer took {:?}", self.lasted);
        let job = event["CodePipeline.job"]["id"].as_str().unwrap();
        one_answer(&self.cloud, job)
    }

    async fn status(&self, pipeline: &str, execution: &str) -> String {
        let named = json!({ "pipelineName": pipeline, "pipelineExecutionId": execution });
        let answer = self.cloud.codepipeline().call("GetPipelineExecution", named).await.unwrap();
        answer["pipelineExecution"]["status"].as_str().unwrap().to_owned()
    }

    /// Kills a release's function, and checks what became of the release.
    async fn survives(&mut self, pipeline: &str, death: &Death) {
        let (status, told) = self.release(pipeline, Some(death)).await;
        assert!(told.len() > death.visit, "nobody was there to die: {pipeline}, {death:?}");
        let last = *told.last().unwrap();
        let ended = if last == "success" { "Succeeded" } else { "Failed" };
        assert_eq!((status.as_str(), last == "continue"), (ended, false), "{pipeline}, {death:?}: {told:?}");
        assert!(!NEVER_PASS.contains(&pipeline) || last == "failure", "{pipeline} let a release pass: {death:?}");
    }

    /// The credentials of a job are in what Lambda hands to both functions, and come out of neither.
    fn kept_the_secret(&self) {
        let part = &secret()[13..];
        let printed = self.lambda.printed();
        assert!(printed.contains("a function died") && printed.contains("a release was "), "{printed}");
        assert!(!printed.contains(part) && !self.cloud.heard().contains(part), "a credential came out");
    }
}

/// What was taken of all that this job or hook was told.
fn one_answer(cloud: &Cloud, to: &str) -> &'static str {
    let given = cloud.given(to);
    let taken: Vec<_> = given.iter().filter(|given| given.taken).collect();
    let [answer] = taken.as_slice() else { panic!("{to} needs one answer that is taken: {given:?}") };
    answer.what
}

/// A pipeline with that stage after its source.
fn pipeline(name: &str, stage: Value) -> Value {
    let mut source = action("Source", "Source", "S3", json!({ "S3Bucket": "source", "S3ObjectKey": "app.zip" }));
    source["outputArtifacts"] = json!([{ "name": "App" }]);
    json!({
        "name": name, "roleArn": "arn:aws:iam::111122223333:role/pipeline",
        "artifactStore": { "type": "S3", "location": "artifacts-111122223333" },
        "stages": [{ "name": "Source", "actions": [source] }, stage],
    })
}

fn action(name: &str, category: &str, provider: &str, configuration: Value) -> Value {
    json!({
        "name": name, "configuration": configuration,
        "actionTypeId": { "category": category, "owner": "AWS", "provider": provider, "version": "1" },
    })
}

/// The configuration of a function that is asked by a policy.
fn by(policy: &str) -> Value {
    json!({ "FunctionName": "function", "UserParameters": json!({ "policy": policy }).to_string() })
}

fn as_an_action(policy: &str) -> Value {
    let mut action = action("Ours", "Invoke", "Lambda", by(policy));
    action["inputArtifacts"] = json!([{ "name": "App" }]);
    json!({ "name": "Ours", "actions": [action] })
}

fn at_the_entry(policy: &str) -> Value {
    let kind = json!({ "category": "Rule", "owner": "AWS", "provider": "LambdaInvoke", "version": "1" });
    let rule = json!({ "name": "Gate", "ruleTypeId": kind, "configuration": by(policy) });
    let mut deploy = action("Deploy", "Deploy", "S3", json!({ "BucketName": "site", "Extract": "true" }));
    deploy["inputArtifacts"] = json!([{ "name": "App" }]);
    let conditions = json!([{ "result": "FAIL", "rules": [rule] }]);
    json!({ "name": "Production", "beforeEntry": { "conditions": conditions }, "actions": [deploy] })
}

/// Killed and hanging in turn, before and after each of so many calls.
fn deaths_at_each_call(visit: usize, calls: usize) -> impl Iterator<Item = Death> {
    (0..2 * calls).map(move |number| {
        let moment = if number % 2 == 0 { Moment::Before } else { Moment::After };
        let signal = if number % 4 < 2 { Signal::SIGKILL } else { Signal::SIGSTOP };
        Death { visit, cold: false, when: When::AtCall(Call::Number(number / 2 + 1), moment), signal }
    })
}

#[tokio::test]
async fn a_gate_that_dies_or_hangs_at_any_call_leaves_no_job_without_an_answer_and_none_with_two() {
    let mut world = World::gates().await;
    assert_eq!(world.release("strict", None).await, ("Failed".to_owned(), vec!["failure"]));
    assert_eq!(world.release("patient", None).await, ("Succeeded".to_owned(), vec!["continue", "success"]));
    for (pipeline, visit) in [("strict", 0), ("patient", 0), ("patient", 1)] {
        for death in deaths_at_each_call(visit, CALLS) {
            world.survives(pipeline, &death).await;
        }
    }
    // The watchdog comes too late only where the last call, the answer, had taken effect.
    assert_eq!((world.rescued, world.left_alone), (3 * (2 * CALLS - 1), 3));
    world.kept_the_secret();
}

#[tokio::test]
async fn a_gate_that_dies_or_hangs_where_a_visit_saves_without_deciding_leaves_no_job_without_an_answer() {
    let mut world = World::gates().await;
    let (status, told) = world.release("baking", None).await;
    assert_eq!((status.as_str(), &told[..2]), ("Succeeded", &["continue", "continue"][..]), "{told:?}");
    for death in deaths_at_each_call(1, CALLS) {
        world.survives("baking", &death).await;
    }
    assert_eq!((world.rescued, world.left_alone), (2 * CALLS - 1, 1));
    assert_eq!(world.cloud.saved(), 1 + (2 * CALLS - 5), "undisturbed, and wherever the save was reached");
}

#[tokio::test]
async fn a_new_process_that_dies_or_hangs_while_it_reads_the_policies_leaves_no_job_without_an_answer() {
    let mut world = World::gates().await;
    let reads = Call::Of("GetParametersByPath");
    for signal in [Signal::SIGKILL, Signal::SIGSTOP] {
        for moment in [Moment::Before, Moment::After] {
            for (pipeline, visit) in [("strict", 0), ("patient", 1)] {
                let death = Death { visit, cold: true, when: When::AtCall(reads, moment), signal };
                world.survives(pipeline, &death).await;
            }
        }
    }
    assert_eq!((world.rescued, world.left_alone), (8, 0), "nothing is answered before the policies are known");
}

/// AWS does not document what such a rule sends; here, and in the local CodePipeline, it is a job.
#[tokio::test]
async fn a_rule_at_the_entry_of_a_stage_is_asked_and_answered_as_an_action_is() {
    let mut world = World::gates().await;
    assert_eq!(world.release("entry", None).await, ("Succeeded".to_owned(), vec!["continue", "success"]));
    for death in deaths_at_each_call(1, CALLS) {
        world.survives("entry", &death).await;
    }
}

#[tokio::test]
async fn a_gate_that_dies_or_hangs_at_random_times_leaves_no_job_without_an_answer_and_none_with_two() {
    let seed = seed_or(|| fastrand::u64(..));
    println!("play these deaths again with SIMULATION_SEED={seed} cargo test -p tests deaths");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut world = World::gates().await;
    let cold = world.lasts("strict", true).await;
    // The first of these starts a process for the second.
    let warm = world.lasts("strict", false).await.min(world.lasts("strict", false).await);
    for _ in 0..DEATHS {
        let is_cold = random.bool();
        let longest = if is_cold { cold } else { warm };
        let death = Death {
            visit: random.usize(..2),
            cold: is_cold,
            when: When::After(longest.mul_f64(random.f64())),
            signal: if random.bool() { Signal::SIGKILL } else { Signal::SIGSTOP },
        };
        let pipeline = if death.visit == 0 && random.bool() { "strict" } else { "patient" };
        world.survives(pipeline, &death).await;
    }
    assert!(world.rescued > DEATHS / 6, "{} of {DEATHS}: the moments are badly chosen", world.rescued);
    world.kept_the_secret();
}

/// A deployment's hook, and what became of it when the function died once.
async fn hook(lambda: &mut Lambda, id: &str, death: Option<&Death>) -> &'static str {
    let event = json!({ "DeploymentId": "d-EXAMPLE11", "LifecycleEventHookExecutionId": id });
    lambda.cloud.alarm_is_red(true);
    lambda.invoke(&event, death.filter(|death| death.visit == 0)).await;
    lambda.cloud.alarm_is_red(false);
    let mut death = death.filter(|death| death.visit == 1);
    while let Some(body) = lambda.cloud.take_message() {
        if lambda.deliver(&body, death.take()).await == Became::Lost {
            lambda.cloud.let_leases_end().await;
            assert_eq!(lambda.deliver(&body, None).await, Became::Done);
        }
    }
    one_answer(&lambda.cloud, id)
}

#[tokio::test]
async fn a_hook_that_dies_or_hangs_at_any_call_is_answered_once_too() {
    let (calls, _jobs) = unbounded_channel();
    let codepipeline = Server::start(Config { lambda: Arc::new(Calls(calls)), ..Config::default() }).await.unwrap();
    let cloud = Cloud::start(codepipeline, Arc::default()).await;
    let mut lambda = Lambda::start(&cloud, "gatekeeper", "CodeDeployHook_pipewarden-gatekeeper").await;
    assert_eq!(hook(&mut lambda, "undisturbed", None).await, "success");
    // Whoever was called by CodeDeploy has the watchdog behind it; a message of the gate's own comes again.
    for (visit, calls, expected) in [(0, CALLS + 1, "failure"), (1, CALLS, "success")] {
        for (number, death) in deaths_at_each_call(visit, calls).enumerate() {
            let told = hook(&mut lambda, &format!("{visit}-{number}"), Some(&death)).await;
            assert_eq!(told, expected, "{death:?}");
        }
    }
}

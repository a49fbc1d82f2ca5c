//! The scanner dies at every call and at random times: an artifact with a leak never passes, and each job gets one answer.

use scanner::memory::{leak, secret as leaked};

use super::*;

/// Deaths at random times.
const DEATHS: usize = 20;

async fn world() -> World {
    let pipelines = ["leaking", "clean"].map(|name| {
        let mut stage = as_an_action("scan");
        stage["actions"][0]["outputArtifacts"] = json!([{ "name": "Report" }]);
        pipeline(name, stage)
    });
    let source = |text: String| json!({ "Source": { "Source": [{ "files": { "App": { "app.ini": text } } }] } });
    let plays = json!({ "leaking": source(leak(1)), "clean": source("greeting = hello\n".to_owned()) });
    let script = serde_json::from_value(json!({ "pipelines": plays })).unwrap();
    World::with("scanner", "pipewarden-scanner", &pipelines, script).await
}

fn showed_no_leak(world: &World) {
    assert!(!world.lambda.printed().contains(&leaked(1)), "the leak is in the log");
    assert!(!world.cloud.heard().contains(&leaked(1)), "the leak is in a call");
}

#[tokio::test]
async fn a_scan_that_dies_or_hangs_at_any_call_leaves_no_job_without_an_answer_and_lets_no_leak_pass() {
    let mut world = world().await;
    assert_eq!(world.release("leaking", None).await, ("Failed".to_owned(), vec!["failure"]));
    let before = world.cloud.calls();
    assert_eq!(world.release("clean", None).await, ("Succeeded".to_owned(), vec!["success"]));
    let calls = world.cloud.calls() - before;
    assert!(calls >= 4, "the artifact, the report, the event, the answer: {calls}");
    for pipeline in ["leaking", "clean"] {
        for death in deaths_at_each_call(0, calls) {
            world.survives(pipeline, &death).await;
        }
    }
    // The watchdog comes too late only where the last call, the answer, had taken effect.
    assert_eq!((world.rescued, world.left_alone), (2 * (2 * calls - 1), 2));
    world.kept_the_secret();
    showed_no_leak(&world);
}

#[tokio::test]
async fn a_scan_that_dies_or_hangs_at_random_times_lets_no_leak_pass() {
    let seed = seed_or(|| fastrand::u64(..));
    println!("play these deaths again with SIMULATION_SEED={seed} cargo test -p tests deaths");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut world = world().await;
    let cold = world.lasts("leaking", true).await;
    world.lasts("leaking", false).await;
    let warm = world.lasts("leaking", false).await;
    for _ in 0..DEATHS {
        let is_cold = random.bool();
        let longest = if is_cold { cold } else { warm };
        let death = Death {
            visit: 0,
            cold: is_cold,
            when: When::After(longest.mul_f64(random.f64())),
            signal: if random.bool() { Signal::SIGKILL } else { Signal::SIGSTOP },
        };
        world.survives(if random.bool() { "leaking" } else { "clean" }, &death).await;
    }
    assert!(world.rescued > DEATHS / 6, "{} of {DEATHS}: the moments are badly chosen", world.rescued);
    showed_no_leak(&world);
}

//! Releases that are scanned, pass and fail, whatever happens on the way.

mod crashes;
mod going_on;
mod samples;
mod secrecy;
mod terms;
mod trouble;
mod verdicts;

use std::time::Duration;

use lambda_kit::jobs::{Answer, FailureKind};
use pipeline_model::{Decided, Scan};

use crate::memory::{Memory, Pipeline, leak, zipped};

pub(super) const PARAMETERS: &str = r#"{"policy":"orders/scan","pipeline":"orders","stage":"Test","action":"SecurityScan","execution":"11111111-2222-4333-8444-555555555555"}"#;

/// A world with a policy and no artifact yet.
pub(super) fn world(policy: &str) -> Memory {
    let mut memory = Memory::at("2026-03-02T10:00:00Z".parse().unwrap());
    memory.room.batch = 2_000;
    memory.settings.set("policies/orders/scan", policy);
    memory
}

/// A world with one artifact, and the action that scans it.
pub(super) fn with_artifact(policy: &str, entries: &[(&str, &[u8])]) -> (Memory, Pipeline) {
    let memory = world(policy);
    memory.store.set("artifacts/Build", zipped(entries));
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build"]);
    (memory, pipeline)
}

/// Some clean files.
pub(super) const CLEAN: &[(&str, &[u8])] =
    &[("src/main.py", b"print('hello')\n"), ("README.md", b"# Orders\n\nTakes orders.\n")];

/// An artifact of many files, of which every seventh leaks a secret; none compresses well.
pub(super) fn large(files: u32) -> Vec<(String, Vec<u8>)> {
    let noise = |number: u32| {
        let mut state = number.wrapping_mul(2_654_435_761) | 1;
        let word = move |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("word{:x} ", state >> 20)
        };
        (0..150).map(word).collect::<String>()
    };
    let content = |number: u32| {
        let leak = if number % 7 == 3 { leak(number) } else { String::new() };
        format!("{}\n{leak}{}\n", noise(number), noise(number + 10_000)).into_bytes()
    };
    (0..files).map(|number| (format!("app/part{number:03}.txt"), content(number))).collect()
}

pub(super) fn borrowed(entries: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    entries.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect()
}

pub(super) fn failure(answer: Answer) -> (FailureKind, String) {
    match answer {
        Answer::Failure { kind, message } => (kind, message.as_str().to_owned()),
        other => panic!("expected a failure, got {other:?}"),
    }
}

pub(super) fn scans(memory: &Memory) -> Vec<Scan> {
    let scan = |what| if let Decided::Scan(scan) = what { *scan } else { panic!("expected a scan") };
    memory.bus.published().into_iter().map(|decision| scan(decision.what)).collect()
}

/// So long that an invocation begins little, and ends before everything is done.
pub(super) const SLOW: Duration = Duration::from_secs(400);

//! Releases of one pipeline, as a seed invents them: what happens to each, and which events tell it.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use notices::{ActionFacts, ExecutionFacts};
use pipeline_model::{ActionState, ActionType, ExecutionState};
use serde_json::Value;

use super::queue::Waiting;
use crate::stage::{Letters, start};

const MINUTE: i64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeded,
    Failed,
    Superseded,
    /// Succeeded, and was rolled back once its alarm went red.
    RolledBack,
}

/// One execution and everything that is going to happen to it.
pub(super) struct Release {
    pub(super) letters: Letters,
    pub(super) ending: Ending,
    pub(super) failed_attempts: usize,
    pub(super) approvals: usize,
    /// It succeeds where the attempt before, its own or another one's, had failed.
    pub(super) fixes: bool,
    events: Vec<Happening>,
}

struct Happening {
    at: Timestamp,
    event: Value,
    is_lost: bool,
}

/// Three or four releases, each beginning after the one before has ended.
pub(super) fn invent(rng: &mut Rng, loses_events: bool) -> Vec<Release> {
    let mut begins = start();
    let mut red = false;
    let mut releases = Vec::new();
    for number in 0..rng.usize(3..=4) {
        let mut letters = Letters::of(&format!("{number}{number}{number}"));
        letters.began = begins;
        let mut release = Plot::new(letters).play(rng);
        let succeeds = matches!(release.ending, Ending::Succeeded | Ending::RolledBack);
        release.fixes = succeeds && (red || release.failed_attempts > 0);
        red = match release.ending {
            Ending::Succeeded => false,
            Ending::Failed | Ending::RolledBack => true,
            Ending::Superseded => red,
        };
        if loses_events {
            release.lose_some(rng);
        }
        begins = release.ends() + SignedDuration::from_mins(rng.i64(30..60));
        releases.push(release);
    }
    releases
}

impl Release {
    fn ends(&self) -> Timestamp {
        self.events.last().expect("something happens").at
    }

    /// Events that arrive: each one to five times, up to three minutes late, in any order.
    pub(super) fn records(&self, rng: &mut Rng) -> Vec<Waiting> {
        let mut records = Vec::new();
        for happening in self.events.iter().filter(|happening| !happening.is_lost) {
            let copies = if rng.bool() { 1 } else { rng.usize(1..=5) };
            for _ in 0..copies {
                let arrives = happening.at + SignedDuration::from_millis(rng.i64(300..180_000));
                records.push(Waiting::new(happening.event.to_string(), arrives));
            }
        }
        records
    }

    pub(super) fn is_heard_of(&self) -> bool {
        self.events.iter().any(|happening| !happening.is_lost)
    }

    /// Quarters of an hour it is open, each worth one reminder.
    pub(super) fn quarters(&self) -> i64 {
        self.ends().duration_since(self.letters.began).as_mins() / 15 + 1
    }

    /// One in ten is lost. That a finished execution was retried is not, nor what was decided about it: nobody looks
    /// after what is over.
    fn lose_some(&mut self, rng: &mut Rng) {
        for happening in &mut self.events {
            let resumes = happening.event["detail"]["state"] == "RESUMED";
            let decided = happening.event["source"] == "pipewarden";
            happening.is_lost = !resumes && !decided && rng.u8(0..10) == 0;
        }
    }

    fn until(&self, now: Timestamp, kind: &str) -> impl Iterator<Item = &Happening> {
        self.events.iter().filter(move |happening| {
            happening.at <= now && happening.event["detail-type"].as_str().is_some_and(|it| it.contains(kind))
        })
    }

    /// What `GetPipelineExecution` says at this moment.
    pub(super) fn facts(&self, now: Timestamp) -> ExecutionFacts {
        let last = self.until(now, "Pipeline Execution").last();
        let state = |it: &Happening| ExecutionState::from(it.event["detail"]["state"].as_str().unwrap().to_owned());
        ExecutionFacts { state: last.map(state), ..ExecutionFacts::default() }
    }

    /// What `ListActionExecutions` says at this moment.
    pub(super) fn actions(&self, now: Timestamp) -> Vec<ActionFacts> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let fact = |happening: &Happening| {
            let detail = &happening.event["detail"];
            ActionFacts {
                stage: text(&detail["stage"]).as_str().into(),
                action: text(&detail["action"]).as_str().into(),
                action_execution: None,
                kind: ActionType { category: text(&detail["type"]["category"]), ..ActionType::default() },
                state: ActionState::from(text(&detail["state"])),
                started: Some(happening.at),
                updated: Some(happening.at),
                result: None,
                commit_author: None,
            }
        };
        self.until(now, "Action Execution").map(fact).collect()
    }
}

/// A release while it is being invented.
struct Plot {
    letters: Letters,
    second: i64,
    events: Vec<Happening>,
    failed_attempts: usize,
    approvals: usize,
}

impl Plot {
    fn new(letters: Letters) -> Self {
        Self { letters, second: 0, events: Vec::new(), failed_attempts: 0, approvals: 0 }
    }

    fn play(mut self, rng: &mut Rng) -> Release {
        self.tell(|letters, second| letters.run("STARTED", second));
        self.stage("Source", rng);
        let ending = match rng.u8(0..10) {
            0 => {
                self.tell(|letters, second| letters.run("SUPERSEDED", second));
                Ending::Superseded
            }
            1..5 => self.fails(rng),
            _ => self.succeeds(rng),
        };
        let Self { letters, events, failed_attempts, approvals, .. } = self;
        Release { letters, ending, failed_attempts, approvals, fixes: false, events }
    }

    /// Fails once, or more often with retries, and stays so or not.
    fn fails(&mut self, rng: &mut Rng) -> Ending {
        loop {
            self.tell(|letters, second| letters.stage("Build", "STARTED", second));
            self.second += rng.i64(30..400);
            self.tell(|letters, second| letters.failed_action("Build", "Compile", "3 tests failed", second));
            self.tell(|letters, second| letters.stage("Build", "FAILED", second));
            self.tell(|letters, second| letters.run("FAILED", second));
            self.failed_attempts += 1;
            if rng.bool() {
                return Ending::Failed;
            }
            self.second += rng.i64(15 * MINUTE..40 * MINUTE);
            self.letters = self.letters.attempt(self.letters.attempt + 1);
            self.tell(|letters, second| letters.run("RESUMED", second));
            self.tell(|letters, second| letters.stage("Build", "RESUMED", second));
            if rng.bool() {
                return self.succeeds(rng);
            }
        }
    }

    fn succeeds(&mut self, rng: &mut Rng) -> Ending {
        self.stage("Build", rng);
        if rng.bool() {
            self.tell(|letters, second| letters.stage("Approve", "STARTED", second));
            self.tell(|letters, second| letters.approval("Approve", "STARTED", second));
            self.approvals += 1;
            // Long enough to be told even after a few crashes: what was answered meanwhile is not asked any more.
            self.second += rng.i64(5 * 60 * MINUTE..6 * 60 * MINUTE);
            self.tell(|letters, second| letters.approval("Approve", "SUCCEEDED", second));
            self.tell(|letters, second| letters.stage("Approve", "SUCCEEDED", second));
        }
        self.stage("Deploy", rng);
        self.tell(|letters, second| letters.run("SUCCEEDED", second));
        if rng.u8(0..3) > 0 { Ending::Succeeded } else { self.is_rolled_back(rng) }
    }

    /// A second alarm is refused now and then, and the first one is quiet in the end.
    fn is_rolled_back(&mut self, rng: &mut Rng) -> Ending {
        self.second += rng.i64(5 * MINUTE..30 * MINUTE);
        self.tell(|letters, second| letters.rollback("done", second, None));
        for _ in 0..rng.u8(0..3) {
            self.second += MINUTE;
            self.tell(|letters, second| letters.rollback("refused", second, None));
        }
        self.second += rng.i64(MINUTE..20 * MINUTE);
        self.tell(|letters, second| letters.rollback("done", second, Some(second - 5)));
        Ending::RolledBack
    }

    fn stage(&mut self, name: &str, rng: &mut Rng) {
        self.tell(|letters, second| letters.stage(name, "STARTED", second));
        self.tell(|letters, second| letters.action(name, "Work", "STARTED", second));
        self.second += rng.i64(5..300);
        self.tell(|letters, second| letters.action(name, "Work", "SUCCEEDED", second));
        self.tell(|letters, second| letters.stage(name, "SUCCEEDED", second));
    }

    fn tell(&mut self, event: impl Fn(&Letters, i64) -> Value) {
        let at = self.letters.began + SignedDuration::from_secs(self.second);
        self.events.push(Happening { at, event: event(&self.letters, self.second), is_lost: false });
        self.second += 1;
    }
}

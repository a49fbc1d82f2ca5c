//! What really happened: executions of one pipeline, as a seed invents them. All moments are seconds after the beginning
//! of the stories, and no two of them are the same within a pipeline, so that everything has one order.

use std::collections::BTreeSet;
use std::ops::Range;

use fastrand::Rng;

/// A pipeline and everything that is going to happen to it.
pub(super) struct Pipeline {
    pub(super) name: String,
    /// The stages that deploy; the settings name them where it is not the last one.
    pub(super) deploys: &'static [&'static str],
    pub(super) executions: Vec<Execution>,
}

pub(super) const STAGES: [&str; 5] = ["Source", "Build", "Approve", "Staging", "Production"];

/// One execution.
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) is_rollback: bool,
    pub(super) began: i64,
    /// Every run of every stage, as they happened.
    pub(super) stages: Vec<StageRun>,
    /// Every end: all but the last one were followed by a retry.
    pub(super) ends: Vec<End>,
    pub(super) source: Source,
    pub(super) revision: String,
    /// When the revision was made.
    pub(super) committed: i64,
    pub(super) rolled_back: Option<i64>,
    pub(super) gate: Option<Gate>,
    pub(super) scan: Option<Scan>,
}

pub(super) struct StageRun {
    pub(super) stage: &'static str,
    pub(super) attempt: u32,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) succeeded: bool,
}

pub(super) struct End {
    pub(super) at: i64,
    pub(super) how: How,
    /// When it was retried.
    pub(super) resumed: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Succeeded,
    Failed,
    Superseded,
}

/// Who knows when the revision was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The event that tells of the push, and the source action.
    Push,
    /// The source action.
    Action,
    /// The execution's artifact revisions.
    Bucket,
    /// Nobody.
    Unknown,
}

pub(super) struct Gate {
    pub(super) at: i64,
    pub(super) passed: bool,
    pub(super) waited: i64,
}

pub(super) struct Scan {
    pub(super) at: i64,
    pub(super) critical: u32,
    pub(super) low: u32,
}

impl Execution {
    pub(super) fn end(&self) -> &End {
        self.ends.last().expect("every execution ends")
    }

    /// When it succeeded, if it did.
    pub(super) fn succeeded(&self) -> Option<i64> {
        Some(self.end()).filter(|end| end.how == How::Succeeded).map(|end| end.at)
    }
}

/// Invents a pipeline with so many releases; some have one more execution, which rolls them back.
pub(super) fn invent(rng: &mut Rng, name: String, releases: usize, overlap: bool) -> Pipeline {
    let deploys: &[&str] = if rng.u8(0..3) == 0 { &["Staging", "Production"] } else { &["Production"] };
    let mut plot = Plot { rng, name, now: 0, used: BTreeSet::new(), executions: Vec::new() };
    plot.now = plot.rng.i64(0..600);
    for _ in 0..releases {
        let began = plot.now;
        plot.release();
        if overlap && plot.rng.u8(0..3) == 0 {
            plot.now = plot.rng.i64(began..plot.now);
        }
        plot.later(120..2_400);
    }
    Pipeline { name: plot.name, deploys, executions: plot.executions }
}

struct Plot<'r> {
    rng: &'r mut Rng,
    name: String,
    now: i64,
    used: BTreeSet<i64>,
    executions: Vec<Execution>,
}

impl Plot<'_> {
    /// A moment nothing else happens at.
    fn later(&mut self, seconds: Range<i64>) -> i64 {
        self.now += self.rng.i64(seconds);
        while !self.used.insert(self.now) {
            self.now += 1;
        }
        self.now
    }

    fn one_in(&mut self, number: u8) -> bool {
        self.rng.u8(0..number) == 0
    }

    fn release(&mut self) {
        let mut execution = self.beginning(false);
        let how = if self.one_in(10) {
            self.stage(&mut execution, "Source", 1, 255);
            How::Superseded
        } else {
            self.run(&mut execution, &STAGES)
        };
        if how != How::Failed {
            let at = self.later(1..3);
            execution.ends.push(End { at, how, resumed: None });
        }
        let is_rolled_back = how == How::Succeeded && self.one_in(6);
        if is_rolled_back {
            execution.rolled_back = Some(self.later(60..600));
        }
        self.executions.push(execution);
        if is_rolled_back {
            self.rollback();
        }
    }

    fn rollback(&mut self) {
        let mut execution = self.beginning(true);
        let how = if self.run_once(&mut execution, "Production", 1, 5) { How::Succeeded } else { How::Failed };
        let at = self.later(1..3);
        execution.ends.push(End { at, how, resumed: None });
        self.executions.push(execution);
    }

    fn beginning(&mut self, is_rollback: bool) -> Execution {
        let began = self.later(1..60);
        let source = [Source::Push, Source::Action, Source::Bucket, Source::Unknown][self.rng.usize(0..4)];
        let number = self.executions.len();
        let id = format!("{}-{number:02}", self.name);
        let again = self.executions.last().filter(|_| self.rng.u8(0..6) == 0);
        let revision = again.map_or_else(|| format!("revision-{number}"), |last| last.revision.clone());
        let committed = again.map_or_else(|| began - self.rng.i64(10..20_000), |last| last.committed);
        Execution {
            id,
            is_rollback,
            began,
            stages: Vec::new(),
            ends: Vec::new(),
            source: if is_rollback { Source::Unknown } else { again.map_or(source, |last| last.source) },
            revision,
            committed,
            rolled_back: None,
            gate: None,
            scan: None,
        }
    }

    /// Runs stages until the end, or until nobody retries one that failed.
    fn run(&mut self, execution: &mut Execution, stages: &[&'static str]) -> How {
        let mut attempt = 1;
        for stage in stages {
            while !self.run_once(execution, stage, attempt, if *stage == "Source" { 255 } else { 6 }) {
                let at = self.later(1..3);
                let is_retried = self.rng.bool();
                let resumed = is_retried.then(|| self.later(120..1_800));
                execution.ends.push(End { at, how: How::Failed, resumed });
                if !is_retried {
                    return How::Failed;
                }
                attempt += 1;
            }
        }
        How::Succeeded
    }

    fn run_once(&mut self, execution: &mut Execution, stage: &'static str, attempt: u32, one_in: u8) -> bool {
        self.stage(execution, stage, attempt, one_in);
        if stage == "Build" && self.one_in(4) {
            let (passed, waited) = (self.rng.bool(), self.rng.i64(0..900));
            execution.gate = Some(Gate { at: self.later(1..3), passed, waited });
        }
        if stage == "Build" && self.one_in(4) {
            let (critical, low) = (self.rng.u32(0..3), self.rng.u32(0..40));
            execution.scan = Some(Scan { at: self.later(1..3), critical, low });
        }
        execution.stages.last().is_some_and(|run| run.succeeded)
    }

    /// One run of a stage, one in so many of which fails.
    fn stage(&mut self, execution: &mut Execution, stage: &'static str, attempt: u32, one_in: u8) {
        let from = self.later(1..3);
        let to = if stage == "Approve" { self.later(60..4_000) } else { self.later(5..400) };
        let succeeded = !self.one_in(one_in);
        execution.stages.push(StageRun { stage, attempt, from, to, succeeded });
    }
}

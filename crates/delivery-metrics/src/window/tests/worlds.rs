//! Worlds for property tests: releases that could have happened, and facts nobody would believe.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use crate::fact::{Learnt, Outcome, StageResult, What};
use crate::testing::{at, structure};

/// What happened, in the order it happened, and what CodePipeline would answer.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) facts: Vec<Fact>,
    pub(super) answers: BTreeMap<ExecutionId, Learnt>,
}

/// One execution, drawn.
#[derive(Debug, Clone)]
struct Drawn {
    begins: u32,
    is_rollback: bool,
    tells_its_start: bool,
    tells_its_commit: bool,
    has_commit: bool,
    /// The stage each attempt fails in; after them the execution ends.
    failures: Vec<usize>,
    outcome: Outcome,
    waits: (bool, bool, bool, bool),
    step: u32,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let outcome = prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), Just(Outcome::Dropped)];
    let flags = (proptest::bool::weighted(0.15), proptest::bool::weighted(0.9), any::<bool>(), any::<bool>());
    let rest = (proptest::collection::vec(0_usize..4, 0..3), outcome, any::<(bool, bool, bool, bool)>(), 1_u32..90);
    (0_u32..3_600, flags, rest).prop_map(
        |(begins, (is_rollback, tells_its_start, tells_its_commit, has_commit), (failures, outcome, waits, step))| {
            Drawn { begins, is_rollback, tells_its_start, tells_its_commit, has_commit, failures, outcome, waits, step }
        },
    )
}

/// Up to eight executions, which overlap.
pub(super) fn world() -> impl Strategy<Value = World> {
    executions(1..8, 0)
}

/// More executions than a window remembers, though no more at a time than CodePipeline allows.
pub(super) fn crowd() -> impl Strategy<Value = World> {
    executions(60..160, 90)
}

/// Executions that begin within an hour, or one by one so many seconds apart.
fn executions(count: std::ops::Range<usize>, apart: u32) -> impl Strategy<Value = World> {
    proptest::collection::vec(drawn(), count).prop_map(move |drawn| {
        let mut world = World { facts: Vec::new(), answers: BTreeMap::new() };
        for (number, mut drawn) in drawn.into_iter().enumerate() {
            drawn.begins += apart * u32::try_from(number).unwrap();
            let drawn = &drawn;
            let mut life = Life::new(number, drawn);
            life.live(drawn);
            world.answers.insert(life.id.clone(), life.answer(drawn));
            world.facts.extend(life.facts);
        }
        world.facts.sort_by(|a, b| (a.at, a.order()).cmp(&(b.at, b.order())));
        world
    })
}

/// The facts of each execution up to each of its ends, in the order of the ends.
pub(super) fn as_they_end(world: &World) -> Vec<Vec<Fact>> {
    let mut batches: Vec<Vec<Fact>> = Vec::new();
    for id in world.answers.keys() {
        let of_it = world.facts.iter().filter(|fact| fact.execution == *id).cloned().collect::<Vec<_>>();
        batches.extend(of_it.split_inclusive(|fact| matches!(fact.what, What::Ended { .. })).map(<[Fact]>::to_vec));
    }
    batches.sort_by_key(|batch| batch.iter().map(|fact| fact.at).max());
    batches
}

/// Facts of any execution at any time, believable or not.
pub(super) fn noise() -> impl Strategy<Value = Vec<Fact>> {
    let moment = || (-1_000_i64..100_000).prop_map(|second| Timestamp::from_second(1_772_445_600 + second).unwrap());
    let maybe = move || proptest::option::of(moment());
    let outcome = prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), Just(Outcome::Dropped)];
    let result = prop_oneof![Just(StageResult::Succeeded), Just(StageResult::Failed)];
    let number = prop_oneof![any::<f64>(), -5.0..5.0_f64];
    let what = prop_oneof![
        any::<Option<bool>>().prop_map(|is_rollback| What::Started { is_rollback }),
        (outcome, maybe()).prop_map(|(outcome, started)| What::Ended { outcome, started }),
        ("[A-Z]{1,2}|Production|Build", result, maybe()).prop_map(|(stage, result, began)| What::StageEnded {
            stage: StageName::new(stage),
            result,
            began
        }),
        (any::<u32>(), moment()).prop_map(|(key, waited_since)| What::ApprovalAnswered { key, waited_since }),
        (moment(), any::<Option<u32>>()).prop_map(|(at, revision)| What::Commit { at, revision }),
        any::<Option<bool>>().prop_map(|is_rollback| What::Kind { is_rollback }),
        Just(What::LookedAt),
        Just(What::LookedAtInPart),
        (any::<u32>(), any::<bool>(), proptest::option::of(number))
            .prop_map(|(key, failed, waited)| What::GateDecided { key, failed, waited }),
        any::<u32>().prop_map(|key| What::RolledBack { key }),
    ];
    let fact = (0_u32..200, moment(), any::<bool>(), any::<Option<u32>>(), what).prop_map(
        |(id, at, late, structure, what)| Fact {
            execution: ExecutionId::new(format!("11111111-2222-4333-8444-{id:012}")),
            at,
            late,
            structure,
            what,
        },
    );
    proptest::collection::vec(fact, 0..400)
}

/// The facts of one execution, while it lives.
struct Life {
    id: ExecutionId,
    number: usize,
    began: Timestamp,
    second: f64,
    facts: Vec<Fact>,
}

impl Life {
    fn new(number: usize, drawn: &Drawn) -> Self {
        let second = f64::from(drawn.begins);
        Self { id: ExecutionId::new(format!("e{number}")), number, began: at(second), second, facts: Vec::new() }
    }

    fn tell(&mut self, what: What) {
        let fact = Fact { execution: self.id.clone(), at: at(self.second), late: false, structure: Some(6), what };
        self.facts.push(fact);
    }

    fn live(&mut self, drawn: &Drawn) {
        if drawn.tells_its_start {
            self.tell(What::Started { is_rollback: Some(drawn.is_rollback) });
        }
        if let Some((at, revision)) = self.commit(drawn).filter(|_| drawn.tells_its_commit && !drawn.is_rollback) {
            self.tell(What::Commit { at, revision: Some(Fact::key(&[&revision])) });
        }
        let mut first = 0;
        for failure in &drawn.failures {
            let failure = first.max(*failure);
            self.run(first..failure, failure, drawn);
            self.end(Outcome::Failed);
            first = failure;
        }
        match drawn.outcome {
            Outcome::Failed => self.run(first..3, 3, drawn),
            Outcome::Succeeded => self.run(first..4, 4, drawn),
            Outcome::Dropped => {}
        }
        self.end(drawn.outcome);
        self.wait(drawn);
    }

    /// Stages that succeed, and then one that fails.
    fn run(&mut self, passed: std::ops::Range<usize>, failed: usize, drawn: &Drawn) {
        let results = passed.map(|stage| (stage, StageResult::Succeeded)).chain([(failed, StageResult::Failed)]);
        for (stage, result) in results.filter(|(stage, _)| *stage < 4) {
            let began = Some(at(self.second));
            self.second += f64::from(drawn.step);
            self.tell(What::StageEnded { stage: structure()[stage].clone(), result, began });
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.second += 1.0;
        let started = Some(self.began);
        self.tell(What::Ended { outcome, started });
    }

    fn wait(&mut self, drawn: &Drawn) {
        let (approval, gate, scan, rolled_back) = drawn.waits;
        let key = u32::try_from(self.number).unwrap();
        if approval {
            self.tell(What::ApprovalAnswered { key, waited_since: self.began });
        }
        if gate {
            self.tell(What::GateDecided { key: key + 100, failed: scan, waited: Some(2.5) });
        }
        if scan {
            let findings = pipeline_model::FindingCounts { high: 2, ..Default::default() };
            self.tell(What::ScanCompleted { key: key + 200, findings });
        }
        if rolled_back && drawn.outcome == Outcome::Succeeded {
            self.second += 5.0;
            self.tell(What::RolledBack { key: key + 300 });
        }
    }

    fn commit(&self, drawn: &Drawn) -> Option<(Timestamp, String)> {
        drawn.has_commit.then(|| (at(f64::from(drawn.begins) - 30.0), format!("revision {}", self.number)))
    }

    fn answer(&self, drawn: &Drawn) -> Learnt {
        let (committed, revision) = self.commit(drawn).unzip();
        Learnt { is_rollback: Some(drawn.is_rollback), committed, revision }
    }
}

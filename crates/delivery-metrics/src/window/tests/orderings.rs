//! Any order, any repetition, any batches: the same numbers.

use proptest::prelude::*;

use super::super::*;
use super::worlds::{World, world};
use crate::measure::Measure;
use crate::sample::{Sample, Scope};
use crate::testing::{Shell, at};

/// What each execution adds once; the others are rates, and times between executions.
pub(super) const OF_ONE_EXECUTION: [Measure; 9] = [
    Measure::ExecutionDuration,
    Measure::StageDuration,
    Measure::Deployments,
    Measure::LeadTime,
    Measure::Rollbacks,
    Measure::ApprovalWait,
    Measure::GateWait,
    Measure::GateFailures,
    Measure::ScanFindings,
];

fn folded(world: &World, batches: &[Vec<Fact>]) -> Shell {
    let mut shell = Shell { answers: world.answers.clone(), ..Shell::new() };
    batches.iter().for_each(|batch| shell.fold(batch));
    shell
}

fn straight(world: &World) -> Shell {
    folded(world, std::slice::from_ref(&world.facts))
}

/// Cuts facts into batches of these lengths, in turn.
fn cut(facts: &[Fact], lengths: &[usize]) -> Vec<Vec<Fact>> {
    let mut rest = facts;
    let mut batches = Vec::new();
    for length in lengths.iter().cycle() {
        let (batch, after) = rest.split_at((*length).min(rest.len()));
        batches.push(batch.to_vec());
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    batches
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1_usize..9, 1..5)
}

/// A world, and its facts one to three times each in any order.
fn shuffled() -> impl Strategy<Value = (World, Vec<Fact>)> {
    world().prop_flat_map(|world| {
        let count = world.facts.len();
        (Just(world), proptest::collection::vec(1_usize..=3, count)).prop_flat_map(|(world, times)| {
            let repeated = world.facts.iter().zip(times).flat_map(|(fact, times)| vec![fact.clone(); times]);
            let repeated: Vec<Fact> = repeated.collect();
            (Just(world), Just(repeated).prop_shuffle())
        })
    })
}

/// What is known of the executions, without what was measured.
fn known(window: &Window) -> Vec<impl PartialEq + std::fmt::Debug> {
    let joined = |(id, of): (&ExecutionId, &Execution)| {
        let moments = [of.started, of.failed, of.failed_again, of.succeeded, of.dropped, of.rolled_back, of.touched];
        (id.clone(), moments, of.keys.clone(), of.marks.has(Mark::Rollback), of.marks.has(Mark::StageFailed))
    };
    window.executions.iter().map(joined).collect()
}

fn scopes(shell: &Shell, measure: Measure) -> Vec<Scope> {
    let of_measure = shell.total.samples.iter().filter(|sample| sample.measure == measure);
    let mut scopes: Vec<_> = of_measure.map(|sample| sample.scope.clone()).collect();
    scopes.sort();
    scopes
}

/// The value a graph shows last: the newest by time, and among those the one that was written last.
fn newest(shell: &Shell, measure: Measure) -> Option<f64> {
    let of_pipelines = |sample: &&Sample| sample.measure == measure && sample.scope != Scope::AllPipelines;
    let newest = shell.total.samples.iter().filter(of_pipelines).max_by_key(|sample| sample.at);
    newest.map(|sample| sample.value.get())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_comes_in_order_gives_the_same_samples_and_window_in_any_batches(world in world(), lengths in lengths()) {
        let (one, many) = (straight(&world), folded(&world, &cut(&world.facts, &lengths)));
        for measure in Measure::ALL {
            prop_assert_eq!(one.measured(*measure), many.measured(*measure), "{}", measure.name());
        }
        prop_assert_eq!(one.total.without_commit, many.total.without_commit);
        prop_assert_eq!(&one.window, &many.window);
    }

    #[test]
    fn any_order_and_any_duplicates_measure_each_execution_once(
        (world, facts) in shuffled(), lengths in lengths(),
    ) {
        let (straight, mixed) = (straight(&world), folded(&world, &cut(&facts, &lengths)));
        for measure in OF_ONE_EXECUTION {
            prop_assert_eq!(straight.measured(measure), mixed.measured(measure), "{}", measure.name());
        }
        // A failure that is learnt before an earlier one stands at its own time.
        let failures = |shell| scopes(shell, Measure::DeploymentFailures);
        prop_assert_eq!(failures(&straight), failures(&mixed));
        prop_assert_eq!(known(&straight.window), known(&mixed.window));
    }

    #[test]
    fn whatever_the_order_the_newest_rate_is_right((world, facts) in shuffled(), lengths in lengths()) {
        for shell in [straight(&world), folded(&world, &cut(&facts, &lengths))] {
            let rates = shell.window.rates(at(1e9));
            let success = rates.map(|rates| rates.success);
            prop_assert_eq!(newest(&shell, Measure::ExecutionSuccessRate), success);
            prop_assert_eq!(newest(&shell, Measure::FailureRate), success.map(|success| 100.0 - success));
            prop_assert_eq!(newest(&shell, Measure::AverageExecutionDuration), rates.and_then(|rates| rates.duration));
        }
    }

    #[test]
    fn whatever_the_order_each_execution_counts_once_over_all_pipelines_and_each_green_restores_once(
        (world, facts) in shuffled(), lengths in lengths(),
    ) {
        let (straight, mixed) = (straight(&world), folded(&world, &cut(&facts, &lengths)));
        let all = |shell: &Shell, measure| {
            scopes(shell, measure).iter().filter(|scope| **scope == Scope::AllPipelines).count()
        };
        let rated = mixed.window.executions.values().filter(|execution| Standing::of(execution).rated).count();
        prop_assert_eq!(all(&mixed, Measure::ExecutionSuccessRate), rated);
        prop_assert_eq!(all(&straight, Measure::ExecutionSuccessRate), rated);
        let greens = mixed.window.executions.values().filter(|execution| execution.succeeded.is_some()).count();
        prop_assert!(all(&mixed, Measure::TimeToRestore) <= greens);
    }

    #[test]
    fn everything_again_adds_nothing(world in world()) {
        let mut shell = straight(&world);
        let before = (shell.window.clone(), shell.total.clone(), shell.questions);
        shell.fold(&world.facts);
        prop_assert_eq!((&shell.window, &shell.total, shell.questions), (&before.0, &before.1, before.2));
    }
}

//! Two recorders and a sweep against a world that repeats, reorders, delays, loses and throttles, decided by a seed.
//!
//! `SIMULATION_SEED=17 cargo test -p tests delivery::simulation` plays one seed again and prints what happened;
//! `SIMULATION_SEEDS=10000` plays that many.
//!
//! Three things never happen here, because nothing could repair them: the table always stores a window whose samples
//! CloudWatch took (see `failure_cases`), our own events arrive, and so does the end of an execution that is retried
//! afterwards, of which CodePipeline's lists keep only the last.

mod check;
mod history;
mod oracle;
mod outside;
mod queue;
mod telling;
mod world;

use std::rc::Rc;

use proptest::prelude::*;

use check::check;
use history::{How, Source};
use queue::{consume, sweep};
use world::World;

use crate::seeds::every_seed;

const SEEDS: u64 = 240;

/// Plays one seed to its end.
fn play(seed: u64) -> Rc<World> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let world = World::new(seed);
        let consumers = [1, 2].map(|number| tokio::task::spawn_local(consume(world.clone(), number)));
        let sweeper = tokio::task::spawn_local(sweep(world.clone()));
        for consumer in consumers {
            consumer.await.unwrap();
        }
        sweeper.await.unwrap();
        world
    })
}

#[test]
fn whatever_the_weather_the_numbers_are_those_of_what_happened() {
    every_seed(SEEDS, "delivery::simulation", play, |world| world.story(), |world| check(world));
}

#[test]
fn the_same_seed_plays_the_same_story() {
    for seed in 0..4 {
        assert_eq!(play(seed).story(), play(seed).story(), "seed {seed}");
    }
}

#[test]
fn everything_that_may_happen_to_a_release_happens() {
    let worlds: Vec<_> = (0..40).map(World::new_outside_of_time).collect();
    let executions = || worlds.iter().flat_map(|world| &world.pipelines).flat_map(|pipeline| &pipeline.executions);
    for how in [How::Succeeded, How::Failed, How::Superseded] {
        assert!(executions().any(|execution| execution.end().how == how), "{how:?}");
    }
    for source in [Source::Push, Source::Action, Source::Bucket, Source::Unknown] {
        assert!(executions().any(|execution| execution.source == source), "{source:?}");
    }
    assert!(executions().any(|execution| execution.ends.len() > 2), "retried more than once");
    assert!(executions().any(|execution| execution.is_rollback) && executions().any(|it| it.rolled_back.is_some()));
    assert!(executions().any(|execution| execution.stages.iter().any(|run| run.stage == "Approve" && !run.succeeded)));
    assert!(executions().any(|one| executions().any(|two| one.id != two.id && one.revision == two.revision)));
    let longest = worlds.iter().flat_map(|world| &world.pipelines).map(|pipeline| pipeline.executions.len()).max();
    assert!(longest > Some(40), "more than a window remembers");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Seeds nobody has seen before; proptest writes a failing one down.
    #[test]
    fn seeds_never_played_before_hold_as_well(seed in SEEDS..) {
        check(&play(seed));
    }
}

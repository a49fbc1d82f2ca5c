//! What all simulations share: a seed to replay, or many of them on all processors.

use std::sync::atomic::{AtomicU64, Ordering};

/// Plays and checks `usual` seeds, or as many as `SIMULATION_SEEDS` says. `SIMULATION_SEED` asks for one, whose story is
/// printed. `filter` is what `cargo test` is given to play a seed that failed once more.
pub(crate) fn every_seed<W>(
    usual: u64,
    filter: &str,
    play: impl Fn(u64) -> W + Sync + std::panic::RefUnwindSafe,
    story: impl Fn(&W) -> String,
    check: impl Fn(&W) + Sync + std::panic::RefUnwindSafe,
) {
    if let Some(seed) = asked_for("SIMULATION_SEED") {
        let world = play(seed);
        println!("{}", story(&world));
        return check(&world);
    }
    let seeds = asked_for("SIMULATION_SEEDS").unwrap_or(usual);
    let hands = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < seeds
                {
                    let checked = std::panic::catch_unwind(|| check(&play(seed)));
                    let again = format!("SIMULATION_SEED={seed} cargo test -p tests {filter}");
                    assert!(checked.is_ok(), "seed {seed} fails; play it again: {again}");
                }
            });
        }
    });
}

/// `SIMULATION_SEED`, or another one.
pub(crate) fn seed_or(other: impl FnOnce() -> u64) -> u64 {
    asked_for("SIMULATION_SEED").unwrap_or_else(other)
}

#[expect(clippy::disallowed_methods, reason = "a person plays one seed again, or many")]
fn asked_for(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

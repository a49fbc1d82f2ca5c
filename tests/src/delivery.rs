//! The recorder's promises: the same numbers whatever happens on the way.

mod events;
mod failure_cases;
mod fleet;
mod office;
mod simulation;
mod story;

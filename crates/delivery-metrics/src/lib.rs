//! From the events of a pipeline to the measures of delivery: rates, durations, DORA.
#![doc = include_str!("../README.md")]

mod fact;
mod health;
mod measure;
mod measures;
mod rules;
mod sample;
mod settings;
mod sweep;
#[cfg(test)]
mod testing;
mod window;

pub use fact::{Fact, Learnt, Outcome, StageResult, What, unknown_state};
pub use health::{Health, SuccessRate, Thresholds};
pub use measure::{Measure, Statistic, Unit};
pub use rules::{DeployStages, Rules};
pub use sample::{Finite, Sample, Scope, Severity};
pub use settings::{Problem, Settings};
pub use sweep::{ActionRun, ExecutionSummary, facts_of_actions, is_complete, late_facts};
pub use window::{Folded, Needs, Window};

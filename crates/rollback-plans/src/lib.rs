//! May an alarm roll a release back, to what, and by which steps.
#![doc = include_str!("../README.md")]

mod alarm;
mod book;
mod case;
mod consent;
mod decide;
mod door;
mod fate;
mod limits;
mod permits;
mod refusal;
mod settings;
mod standing;
mod step;
mod target;
pub mod targets;
#[cfg(test)]
mod testing;
mod untold;
mod windows;

pub use alarm::{Alarm, AlarmNow, Before, Calls, Suppression, Turn};
pub use book::{Book, Hold, Past, Pledge, Redeployment};
pub use case::{Case, Mode, Sibling};
pub use consent::{CONSENT_TAG, Consent, MODE_TAG, TagProblem};
pub use decide::{Decision, Question, Refused, decide};
pub use fate::{Fate, fate, look_into};
pub use limits::{Limits, TooMany};
pub use refusal::Refusal;
pub use settings::{Problem, Settings};
pub use standing::{Plan, Release, Standing, Way};
pub use step::{Carried, Step, command};
pub use target::{BadTarget, Target};
pub use targets::Seen;
pub use untold::untold;

//! What a gate can ask, and how the answers become pass, wait or fail.
#![doc = include_str!("../README.md")]

mod address;
mod check;
mod checks;
mod judge;
mod memory;
mod opening;
mod place;
mod policy;
mod question;
#[cfg(feature = "schema")]
mod schema;
mod settings;
#[cfg(test)]
mod testing;
mod text;
mod url;
mod value;

pub use address::address_is_allowed;
pub use judge::{CheckResult, Judgement, judge};
pub use memory::{Memory, MemoryError};
pub use opening::Opening;
pub use place::Place;
pub use policy::Policy;
pub use question::*;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use settings::{Settings, SettingsProblem};
pub use strict_yaml::Problem;

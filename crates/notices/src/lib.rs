//! Composing, routing and rendering the messages that tell the story of a release.
#![doc = include_str!("../README.md")]

mod block_kit;
mod channel;
mod channels;
mod compose;
mod facts;
mod gate;
mod history;
mod incident;
mod lattice;
mod moment;
mod outgoing;
mod record;
mod remembered;
mod rollback;
mod route;
mod scan;
mod settings;
mod stopper;
mod story;
mod subject;
#[cfg(test)]
mod testing;
mod text;
mod urgent;

pub use channel::{Answer, Credentials, MessageHandle, MissingCredential};
pub use channels::Address;
pub use facts::{ActionFacts, ApprovalSettings, Commit, CommitAuthor, ExecutionFacts, Structure};
pub use history::{Broken, History};
pub use incident::Incident;
pub use moment::{Moment, Outcome, Severity};
pub use outgoing::{Outgoing, Reply};
pub use record::{Delivery, Kind, Record};
pub use route::Desk;
pub use settings::{Problem, Settings};
pub use story::{Story, Wants};
pub use subject::Subject;

//! Reads a YAML text into a type and says in one line each what cannot be meant.
#![doc = include_str!("../README.md")]

mod elsewhere;
mod nearest;
mod node;
mod problem;
mod reader;
#[cfg(feature = "schema")]
mod schema;
#[cfg(test)]
mod tests;
mod text;

use serde::de::DeserializeOwned;

pub use elsewhere::Elsewhere;
pub use nearest::unknown;
pub use node::{Entry, Node, Value};
pub use problem::{At, Problem, in_order};
pub use reader::read_node;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use text::shown;

/// Far above the 8 KB an SSM parameter can hold.
pub const LONGEST_DOCUMENT: usize = 64 * 1024;

/// Reads the text, YAML or JSON; an empty one is nothing.
///
/// # Errors
/// Every problem of the text, in the order of its lines. A text that is not YAML ends at its first problem.
pub fn read<T: DeserializeOwned>(yaml: &str) -> Result<Option<T>, Vec<Problem>> {
    let mut problems = Vec::new();
    let root = Node::parse(yaml, &mut problems);
    let read = root.and_then(|root| read_node(&root, &[], &mut problems));
    if problems.is_empty() { Ok(read) } else { Err(in_order(problems)) }
}

//! A check told in a few lines: what stands below its key, what came back, what it measures.

use serde::de::DeserializeOwned;
use strict_yaml::{Node, read_node};

use crate::check::{Check, Measured};
use crate::testing::at;
use crate::{Answer, Facts, Place, Question, Unanswered};

/// Reads what stands below the key, or all its problems with their places.
pub(super) fn read<T: DeserializeOwned>(yaml: &str) -> Result<T, Vec<String>> {
    let mut problems = Vec::new();
    let node = Node::parse(yaml, &mut problems).expect("a document");
    let check = read_node(&node, &[], &mut problems);
    check.ok_or_else(|| problems.iter().map(ToString::to_string).collect())
}

/// As [`read`], where nothing is wrong.
pub(super) fn valid<T: DeserializeOwned>(yaml: &str) -> T {
    read(yaml).unwrap_or_else(|problems| panic!("{yaml}\n{problems:?}"))
}

/// The one problem of what stands below the key.
pub(super) fn problem<T: DeserializeOwned + std::fmt::Debug>(yaml: &str) -> String {
    let mut problems = read::<T>(yaml).expect_err(yaml);
    assert_eq!(problems.len(), 1, "{yaml}: {problems:?}");
    problems.remove(0)
}

/// A place whose execution has these variables.
pub(super) fn place(variables: &[(&str, &str)]) -> Place {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Place { variables, ..crate::testing::place() }
}

/// What a check measures at noon, if `answer` is what came back to each of its questions; `Err` is an error.
pub(super) fn measured(
    check: &impl Check,
    place: &Place,
    answer: impl Fn(&Question) -> Result<Answer, Unanswered>,
) -> Result<(Measured, String), String> {
    let questions = check.questions(place, at(0)).into_iter();
    let facts: Facts = questions.map(|question| (question.clone(), answer(&question))).collect();
    let measurement = check.measure(place, &facts, at(0)).map_err(|unanswered| unanswered.why)?;
    Ok((measurement.measured, measurement.says))
}

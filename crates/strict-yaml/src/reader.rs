//! Reads a node into a type, and finds every problem in it: what cannot be read is noted and left out, and the rest is
//! read again.

mod error;
mod from_node;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use crate::problem::MOST_PROBLEMS;
use crate::{Node, Problem};

use from_node::Reader;

/// What is passed over while reading.
struct Reading<'r> {
    /// The node that is read.
    root: usize,
    /// Keys of the root that somebody else reads.
    others: &'r [&'static str],
    /// Nodes that were found wrong.
    left_out: BTreeSet<usize>,
}

/// Reads the node. Keys in `others` are known in its first level and are not read.
pub fn read_node<T: DeserializeOwned>(node: &Node, others: &[&'static str], problems: &mut Vec<Problem>) -> Option<T> {
    let before = problems.len();
    let mut reading = Reading { root: node.id, others, left_out: BTreeSet::new() };
    loop {
        let reader = Reader { node, reading: &reading };
        let error = match T::deserialize(reader) {
            Ok(value) => return (problems.len() == before).then_some(value),
            Err(error) => reader.place(error),
        };
        let (id, problem) = error.into_problem();
        problems.extend(problem);
        if id == node.id || problems.len() >= MOST_PROBLEMS || !reading.left_out.insert(id) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, try_from = "Written")]
    struct Range {
        from: u16,
        to: f64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        from: Option<u16>,
        to: Option<f64>,
    }

    impl TryFrom<Written> for Range {
        type Error = &'static str;

        fn try_from(written: Written) -> Result<Self, &'static str> {
            match (written.from, written.to) {
                (Some(from), Some(to)) => Ok(Self { from, to }),
                _ => Err("a range has both ends"),
            }
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Sheet {
        name: String,
        #[serde(default)]
        is_open: bool,
        #[serde(default)]
        ranges: Vec<Range>,
        mood: Option<Mood>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Mood {
        Good,
        Bad,
    }

    fn sheet(text: &str) -> Result<Sheet, Vec<String>> {
        let mut problems = Vec::new();
        let node = Node::parse(text, &mut problems).unwrap();
        let read = read_node(&node, &["extra"], &mut problems);
        read.ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_type_is_read() {
        let read = sheet("{name: 12, is-open: true, ranges: [{from: 1, to: 2}], mood: good, extra: [1]}").unwrap();
        assert_eq!(read.name, "12");
        assert_eq!(read.ranges, [Range { from: 1, to: 2.0 }]);
        assert_eq!((read.is_open, read.mood), (true, Some(Mood::Good)));
        assert_eq!(sheet("{name: a, mood: }").unwrap().mood, None);
    }

    #[test]
    fn every_problem_is_found_at_once_and_none_follows_from_another() {
        let text = "
name: [a]
is_open: true
ranges:
  - { from: 70000, to: x }
  - { from: 1 }
  - { from: -1, too: 2 }
  - 5
mood: goood
";
        assert_eq!(
            sheet(text).unwrap_err(),
            [
                "line 3, column 1: unknown key `is_open`; did you mean `is-open`?",
                "line 2, column 7: expected text, found a list",
                "line 5, column 13: expected a number from 0 to 65535, found 70000",
                "line 5, column 24: expected a number, found `x`",
                "line 6, column 5: a range has both ends",
                "line 7, column 17: unknown key `too`; did you mean `to`?",
                "line 7, column 13: expected a number from 0 to 65535, found -1",
                "line 8, column 5: expected a mapping, found 5",
                "line 9, column 7: unknown word `goood`; did you mean `good`?",
            ]
        );
    }

    #[test]
    fn a_missing_key_and_a_missing_value_are_told_apart() {
        assert_eq!(sheet("is-open: true").unwrap_err(), ["line 1, column 1: the key `name` is missing"]);
        assert_eq!(sheet("name:\nis-open: yes").unwrap_err().len(), 2);
        assert_eq!(sheet("[1]").unwrap_err(), ["line 1, column 1: expected a mapping, found a list"]);
    }

    #[test]
    fn problems_without_number_are_cut() {
        let many: String = (0..2_000).map(|at| format!("k{at}: 1\n")).collect();
        assert_eq!(sheet(&many).unwrap_err().len(), MOST_PROBLEMS);
    }
}

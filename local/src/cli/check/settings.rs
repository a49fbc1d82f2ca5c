//! What is wrong with settings: each section is read by the crate whose function uses it.

use gate_checks::Problem;
use strict_yaml::{At, Node, Value, in_order};

use super::schema::Schema;

/// The sections that settings may have.
pub(super) fn sections() -> Vec<String> {
    let schema = Schema::Settings.value();
    schema["properties"].as_object().into_iter().flat_map(|sections| sections.keys().cloned()).collect()
}

/// Every problem of the text, with its place.
pub(super) fn problems(text: &str) -> Vec<Problem> {
    let mut all: Vec<Problem> = Vec::new();
    for told in told(text) {
        // An unknown section is unknown to each of them, and so is a text that is not YAML.
        let known =
            all.iter().filter(|problem| problem.line.is_some()).map(|it| (it.line, it.column)).collect::<Vec<_>>();
        all.extend(told.into_iter().filter(|problem| !known.contains(&(problem.line, problem.column))));
    }
    let root = Node::parse(text, &mut Vec::new());
    in_order(all.into_iter().map(|problem| placed(problem, root.as_ref())).collect())
}

/// What each reader of settings tells.
fn told(text: &str) -> [Vec<Problem>; 4] {
    let notices = notices::Settings::parse(text).err().unwrap_or_default();
    let delivery = delivery_metrics::Settings::parse(text).err().unwrap_or_default();
    let rollbacks = rollback_plans::Settings::parse(text).err().unwrap_or_default();
    let gates = gate_checks::Settings::parse(text).err().unwrap_or_default();
    [
        notices.into_iter().map(|problem| problem.0).collect(),
        delivery.into_iter().map(|problem| problem.0).collect(),
        rollbacks.into_iter().map(|problem| problem.0).collect(),
        gates.into_iter().map(|problem| problem.0).collect(),
    ]
}

/// What can be read and cannot be meant begins with its path, such as `routes[0].channels`.
fn placed(problem: Problem, root: Option<&Node>) -> Problem {
    let path = problem.text.split([' ', ':']).next().unwrap_or_default();
    match (problem.line, root.and_then(|root| find(root, path))) {
        (None, Some(at)) => at.problem(problem.text),
        _ => problem,
    }
}

/// Where the path leads, as far as it does.
fn find(root: &Node, path: &str) -> Option<At> {
    let (mut node, mut found) = (root, None);
    for step in path.split(['.', '[']) {
        let next = match &node.value {
            Value::List(items) => step.trim_end_matches(']').parse().ok().and_then(|at: usize| items.get(at)),
            Value::Map(entries) => entries.iter().find(|entry| entry.key == step).map(|entry| {
                found = Some(entry.at);
                &entry.node
            }),
            Value::Scalar { .. } => None,
        };
        let Some(next) = next else { break };
        if let Value::List(_) = node.value {
            found = Some(next.at);
        }
        node = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        problems(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_cannot_be_read_is_told_once_for_all_sections() {
        let text = "
budgie: 1
routes:
  - chanels: [sns]
  - channels: [sns]
    severity: high
delivery: [{ deploy_stage: [Live] }]
rollbacks: { alarms: [{ alarm: a, targets: a/b, mode: obsrve }] }
gates: { opening: [] }
";
        assert_eq!(
            told(text),
            [
                "line 2, column 1: unknown key `budgie`; known are routes, owners, late_after_minutes, delivery, rollbacks, gates",
                "line 4, column 5: unknown key `chanels`; did you mean `channels`?",
                "line 6, column 15: unknown word `high`; known are info, notice, warning, error",
                "line 7, column 14: unknown key `deploy_stage`; did you mean `deploy_stages`?",
                "line 8, column 44: expected a list, found `a/b`",
                "line 8, column 55: unknown word `obsrve`; did you mean `observe`?",
                "line 9, column 10: unknown key `opening`; did you mean `openings`?",
            ]
        );
    }

    #[test]
    fn what_cannot_be_meant_has_the_place_of_its_key() {
        let text = "
late_after_minutes: 0
routes:
  - channels: [\"teams:general\", slack]
owners:
  - mention: []
delivery:
  - deploy_stages: []
rollbacks:
  alarms:
    - alarm: a
      targets: [orders]
gates:
  openings:
    - { pipeline: orders, execution: e, by: ' ', reason: hotfix, until: tonight }
";
        let told = told(text);
        let places: Vec<_> = told.iter().map(|told| told.split(": ").next().unwrap()).collect();
        assert_eq!(
            places,
            [
                "line 2, column 1",
                "line 4, column 5",
                "line 4, column 5",
                "line 6, column 5",
                "line 8, column 5",
                "line 12, column 7",
                "line 15, column 41",
                "line 15, column 66",
            ],
            "{told:#?}"
        );
    }

    #[test]
    fn a_text_that_is_not_yaml_has_one_problem() {
        assert_eq!(told("routes: [\n").len(), 1);
    }
}

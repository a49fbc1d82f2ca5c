//! The policies and settings in the parameters a CloudFormation template declares.

use std::collections::BTreeMap;
use std::path::Path;

use gate_checks::Problem;
use local::template::{self, Inputs, TemplateError};
use serde_json::Value as Json;
use strict_yaml::{At, Entry, Node, Value, in_order};

use super::document::{Checked, policy};
use super::settings;
use crate::cli::shown;

/// Checks what the template holds, resolved with its defaults and the parameters given.
pub(super) fn check(text: &str, root: &Node, source: Option<&Path>, parameters: &BTreeMap<String, String>) -> Checked {
    let Some(path) = source else {
        let told = "a template is read from its file; give the file's name instead of `-`";
        return Checked { what: String::from("a template"), problems: vec![Problem::whole(told)] };
    };
    let template = Template { text, path, inputs: inputs(parameters) };
    let resources = child(root, "Resources").and_then(Node::entries).unwrap_or_default();
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for resource in resources {
        if let Some(told) = template.resource(resource) {
            found.push(resource.key.as_str());
            problems.extend(told);
        }
    }
    if found.is_empty() {
        let told = "no AWS::SSM::Parameter in it is named …/policies/… or …/settings, so there is nothing to check";
        return Checked { what: String::from("a template"), problems: vec![Problem::whole(told)] };
    }
    Checked { what: format!("a template with {}", found.join(", ")), problems: in_order(problems) }
}

/// What cannot be known before the template is deployed.
fn inputs(parameters: &BTreeMap<String, String>) -> Inputs {
    Inputs {
        stack: String::from("stack"),
        account: String::from("111122223333"),
        region: String::from("us-east-1"),
        parameters: parameters.clone(),
        physical: BTreeMap::new(),
    }
}

struct Template<'t> {
    text: &'t str,
    path: &'t Path,
    inputs: Inputs,
}

impl Template<'_> {
    /// What is wrong with the resource's value, if it is a policy or settings.
    fn resource(&self, resource: &Entry) -> Option<Vec<Problem>> {
        if child(&resource.node, "Type").and_then(text_of).is_none_or(|kind| kind != "AWS::SSM::Parameter") {
            return None;
        }
        let properties = child(&resource.node, "Properties")?;
        let check = reader(&self.name(&resource.key, child(properties, "Name")?))?;
        let value = child(properties, "Value")?;
        Some(match template::property(self.path, &self.inputs, &resource.key, "Value") {
            Ok(Json::String(text)) => check(&text).into_iter().map(|problem| self.placed(problem, value)).collect(),
            Ok(_) => vec![value.at.problem("the value of a parameter is text")],
            Err(error) => vec![value.at.problem(self.unresolved(error))],
        })
    }

    fn unresolved(&self, error: TemplateError) -> String {
        let told = match error {
            TemplateError::Unresolvable { problems, .. } => {
                problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            other => other.to_string().replace(&self.path.display().to_string(), &shown(self.path)),
        };
        format!("this cannot be known before it is deployed: {told}")
    }

    /// The parameter's name, or as much of it as can be known.
    fn name(&self, logical_id: &str, written: &Node) -> String {
        match template::property(self.path, &self.inputs, logical_id, "Name") {
            Ok(Json::String(name)) => name,
            _ => text_of(written).unwrap_or_default().to_owned(),
        }
    }

    /// A line of a text in a block (`|`) is a line of the template; any other text has one place.
    fn placed(&self, problem: Problem, value: &Node) -> Problem {
        let written = scalar(value).unwrap_or(value);
        match (problem.line, problem.column, self.block(written.at)) {
            (Some(line), Some(column), Some((first, indent))) => {
                At { line: first + line - 1, column: indent + column }.problem(problem.text)
            }
            _ => written.at.problem(format!("in its value, {problem}")),
        }
    }

    /// The first line of the block whose text begins there, and by how much it is indented.
    fn block(&self, at: At) -> Option<(u64, u64)> {
        let before = self.text.lines().zip(1..).take_while(|(_, line)| *line < at.line);
        let (header, line) = before.filter(|(text, _)| !text.trim().is_empty()).last()?;
        let is_block = ["|", "|-", "|+"].iter().any(|sign| header.trim_end().ends_with(sign));
        is_block.then_some((line + 1, at.column - 1))
    }
}

/// Who reads a parameter of this name.
fn reader(name: &str) -> Option<fn(&str) -> Vec<Problem>> {
    match name {
        _ if name.contains("/policies/") => Some(policy),
        _ if name.ends_with("/settings") => Some(settings::problems),
        _ => None,
    }
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

fn text_of(node: &Node) -> Option<&str> {
    match &scalar(node)?.value {
        Value::Scalar { text, .. } => Some(text),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// The text itself, or the first one in a function such as `Fn::Sub`.
fn scalar(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Scalar { .. } => Some(node),
        Value::List(items) => scalar(items.first()?),
        Value::Map(entries) => scalar(&entries.first()?.node),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    const HEAD: &str = "
Parameters:
  Bake: { Type: String, Default: 10m }
  Team: { Type: String }
Resources:
  Image:
    Type: AWS::SSM::Parameter
    Properties: { Name: /images/newest, Type: String, Value: ami-1 }
";

    fn told(resources: &str, parameters: &[(&str, &str)]) -> (String, Vec<String>) {
        let text = format!("{HEAD}{resources}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let checked = document::check(&text, Some(file.path()), &parameters);
        (checked.what, checked.problems.iter().map(ToString::to_string).collect())
    }

    fn policy_of(value: &str) -> String {
        format!(
            "  Policy:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Name: !Sub /p/policies/${{AWS::StackName}}\n      Value: {value}\n"
        )
    }

    #[test]
    fn a_policy_is_read_with_the_parameters_of_the_template() {
        let value = "!Sub |\n        gate:\n          checks:\n            - alarms: { prefix: \"${Team}-\" }\n              for: ${Bake}";
        assert_eq!(told(&policy_of(value), &[("Team", "shop")]), (String::from("a template with Policy"), Vec::new()));
        let (_, problems) = told(&policy_of(value), &[("Team", "shop"), ("Bake", "soon")]);
        assert_eq!(problems, ["line 17, column 20: `soon` is no duration; write one such as 90s, 10m, 4h or 1h30m"]);
        let (_, problems) = told(&policy_of(value), &[]);
        assert!(
            problems[0].contains("cannot be known before it is deployed") && problems[0].contains("Team"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_problem_stands_in_the_line_of_the_template() {
        for value in [
            "|\n        gate:\n          deadline: 4\n          checks: []",
            "|-\n\n        gate:\n          deadline: 4\n          checks: []",
            "\n        Fn::Sub: |\n          gate:\n            deadline: 4\n            checks: []",
            "\n        Fn::Sub:\n        - |\n          gate:\n            deadline: 4\n            checks: []\n        - {}",
        ] {
            let (_, problems) = told(&policy_of(value), &[]);
            let line =
                format!("{HEAD}{}", policy_of(value)).lines().position(|line| line.contains("deadline")).unwrap() + 1;
            assert!(problems[0].starts_with(&format!("line {line}, column ")), "{value}: {problems:?}");
            assert_eq!(problems.len(), 2, "{problems:?}");
        }
    }

    #[test]
    fn a_text_on_one_line_has_the_place_of_its_value() {
        let (_, problems) = told(&policy_of("'{\"gate\":{\"checks\":[]}}'"), &[]);
        assert_eq!(
            problems,
            [
                "line 13, column 14: in its value, line 1, column 19: there are no checks, so nothing here could stop a release"
            ]
        );
    }

    #[test]
    fn settings_are_known_by_their_name() {
        let value = policy_of("'rouets: []'").replace("!Sub /p/policies/${AWS::StackName}", "/p/settings");
        let (what, problems) = told(&value, &[]);
        assert!(what == "a template with Policy" && problems[0].contains("did you mean `routes`?"), "{problems:?}");
    }

    #[test]
    fn a_template_that_holds_neither_is_a_problem() {
        let (what, problems) = told("", &[]);
        assert_eq!((what.as_str(), problems.len()), ("a template", 1));
        let checked = document::check(HEAD, None, &BTreeMap::new());
        assert!(checked.problems[0].text.contains("instead of `-`"), "{:?}", checked.problems);
    }

    #[test]
    fn the_policies_of_the_release_pipeline_can_be_used() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/release.yaml"));
        let checked = document::check(&std::fs::read_to_string(path).unwrap(), Some(path), &BTreeMap::new());
        assert_eq!((checked.what.as_str(), checked.problems), ("a template with ScanPolicy, GatePolicy", Vec::new()));
    }
}

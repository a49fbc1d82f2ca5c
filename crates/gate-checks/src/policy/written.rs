//! A policy as it is written, and how it is checked: every problem is told, with its place.

use std::collections::BTreeSet;

use serde::Deserialize;
use strict_yaml::{At, Elsewhere, Entry, Node, Value, in_order, read_node};

use super::digest::digest;
use super::limits::{Allowed, LONGEST_DEADLINE, MOST_CHECKS, Name};
use super::{NoData, Policy, Rule};
use crate::Problem;
use crate::checks::KINDS;
use crate::value::Duration;

/// The first level of the document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Read by `artifact-scan`.
    #[serde(default, rename = "scan")]
    _scan: Elsewhere,
}

/// The gate, without its checks.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// How long a release may wait here in all; at most 23h.
    #[serde(default = "one_hour")]
    deadline: Duration,
}

/// What every check has besides its kind.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Terms {
    /// What people see; unique. By default the check's kind.
    name: Option<Name>,
    /// How long it must hold without a break.
    #[serde(default, rename = "for")]
    hold: Duration,
    /// How many measurements in all may fail.
    #[serde(default = "none")]
    failures: Allowed,
    /// How many measurements in all may allow no decision.
    #[serde(default = "five")]
    inconclusive: Allowed,
    /// How many measurements in a row may be impossible.
    #[serde(default = "ten")]
    errors: Allowed,
    /// What it means that there is nothing to look at.
    #[serde(default)]
    no_data: NoData,
    /// It is reported and does not count.
    #[serde(default)]
    advisory: bool,
}

/// A group of checks of which one suffices, without its checks.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    /// What people see; by default the names of its checks.
    name: Option<Name>,
}

const fn one_hour() -> Duration {
    Duration::minutes(60)
}

const fn none() -> Allowed {
    Allowed(0)
}

const fn five() -> Allowed {
    Allowed(5)
}

const fn ten() -> Allowed {
    Allowed(10)
}

pub(super) fn parse(text: &str) -> Result<Policy, Vec<Problem>> {
    let mut problems = Vec::new();
    let root = Node::parse(text, &mut problems);
    if root.is_none() && problems.is_empty() {
        problems.push(Problem::whole("the policy is empty; write `gate:` and its checks"));
    }
    let policy =
        root.and_then(|root| Writing { problems: &mut problems, rules: Vec::new(), groups: Vec::new() }.policy(&root));
    match policy {
        Some(policy) if problems.is_empty() => Ok(policy),
        _ => Err(in_order(problems)),
    }
}

/// A policy while it is read.
struct Writing<'p> {
    problems: &'p mut Vec<Problem>,
    rules: Vec<(Option<Name>, At, Rule)>,
    groups: Vec<Option<Name>>,
}

impl Writing<'_> {
    fn policy(mut self, root: &Node) -> Option<Policy> {
        read_node::<Document>(root, &["gate"], self.problems);
        let gate = self.section(root, "gate")?;
        let header = read_node::<Header>(gate, &["checks"], self.problems);
        if let Some(Header { deadline }) = header.as_ref().filter(|header| header.deadline.0 > LONGEST_DEADLINE) {
            let told =
                format!("a release cannot wait {deadline}; CodePipeline ends an action after 24 h, so use 23h at most");
            self.tell(at_key(gate, "deadline"), told);
        }
        let checks = self.section(gate, "checks")?;
        self.checks(checks);
        let header = header?;
        self.bounds(header.deadline, checks);
        Some(self.named(header))
    }

    /// What stands below a key that must be there.
    fn section<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Node> {
        let entries = node.entries()?;
        let found = entries.iter().find(|entry| entry.key == key);
        if found.is_none() {
            self.tell(node.at, format!("the key `{key}` is missing"));
        }
        found.map(|entry| &entry.node)
    }

    fn checks(&mut self, node: &Node) {
        let Value::List(items) = &node.value else {
            self.tell(node.at, "the checks are a list; begin each with `-`");
            return;
        };
        if items.is_empty() {
            self.tell(node.at, "there are no checks, so nothing here could stop a release");
        }
        for item in items {
            match item.entries().unwrap_or_default().iter().find(|entry| entry.key == "any") {
                Some(any) => self.group(item, any),
                None => self.check(item, None),
            }
        }
    }

    fn group(&mut self, item: &Node, any: &Entry) {
        let group = read_node::<Group>(item, &["any"], self.problems);
        self.groups.push(group.and_then(|group| group.name));
        match &any.node.value {
            Value::List(members) if !members.is_empty() => {
                for member in members {
                    self.check(member, Some(self.groups.len() - 1));
                }
            }
            _ => self.tell(any.node.at, "`any` is a list of checks of which one suffices"),
        }
    }

    fn check(&mut self, item: &Node, group: Option<usize>) {
        let Some(entries) = item.entries() else {
            return self.tell(item.at, "a check is a mapping, such as `alarms: { names: [orders-5xx] }`");
        };
        if let Some(nested) = entries.iter().find(|entry| entry.key == "any") {
            return self.tell(nested.at, "`any` cannot stand in another `any`");
        }
        let keys: Vec<&str> = KINDS.iter().map(|kind| kind.key).collect();
        let before = self.problems.len();
        let terms = read_node::<Terms>(item, &keys, self.problems);
        let mut kinds =
            entries.iter().filter_map(|entry| Some((KINDS.iter().find(|kind| kind.key == entry.key)?, entry)));
        let Some((kind, entry)) = kinds.next() else {
            if self.problems.len() == before {
                self.tell(item.at, format!("a check needs one of the keys {}", keys.join(", ")));
            }
            return;
        };
        if let Some((second, entry)) = kinds.next() {
            self.tell(entry.at, format!("`{}` is a second check; begin it with `-` on a line of its own", second.key));
        }
        let check = (kind.read)(&entry.node, self.problems);
        let (Some(terms), Some(check)) = (terms, check) else { return };
        if terms.advisory && group.is_some() {
            self.tell(at_key(item, "advisory"), "a check of an `any` cannot be advisory; write it outside");
        }
        let rule = Rule {
            name: String::new(),
            kind: kind.key,
            check,
            digest: digest(kind.key, &entry.node, terms.no_data),
            hold: terms.hold.0,
            failures: terms.failures.0,
            inconclusive: terms.inconclusive.0,
            errors: terms.errors.0,
            no_data: terms.no_data,
            advisory: terms.advisory,
            group,
        };
        self.rules.push((terms.name, item.at, rule));
    }

    /// What only shows when all is read.
    fn bounds(&mut self, deadline: Duration, checks: &Node) {
        let mut names = BTreeSet::new();
        for (name, at, rule) in &self.rules {
            if let Some(Name(name)) = name.as_ref().filter(|name| !names.insert(name.0.clone())) {
                self.problems.push(at.problem(format!("another check is called `{name}`; a name is unique")));
            }
            if rule.hold > deadline.0 {
                let told = format!(
                    "this check must hold for {} and the gate waits {deadline} at most, so it could never pass",
                    Duration(rule.hold)
                );
                self.problems.push(at.problem(told));
            }
        }
        let counted = self.rules.iter().any(|(_, _, rule)| !rule.advisory);
        if !counted && self.problems.is_empty() {
            self.tell(checks.at, "every check is advisory, so nothing here could stop a release");
        }
        if self.rules.len() > MOST_CHECKS {
            self.tell(checks.at, format!("{} checks are too many; use {MOST_CHECKS} at most", self.rules.len()));
        }
    }

    /// Gives a name to what has none: its kind, with a number from the second one on.
    fn named(self, header: Header) -> Policy {
        let mut taken: BTreeSet<String> =
            self.rules.iter().filter_map(|(name, ..)| name.as_ref().map(|name| name.0.clone())).collect();
        let mut rules = Vec::new();
        for (name, _, rule) in self.rules {
            let name = name.map_or_else(|| free(rule.kind, &mut taken), |name| name.0);
            rules.push(Rule { name, ..rule });
        }
        let groups = self.groups.into_iter().enumerate().map(|(at, name)| {
            let members = || rules.iter().filter(|rule| rule.group == Some(at)).map(|rule| rule.name.as_str());
            name.map_or_else(|| members().collect::<Vec<_>>().join(" or "), |name| name.0)
        });
        Policy { deadline: header.deadline.0, groups: groups.collect(), rules }
    }

    fn tell(&mut self, at: At, text: impl Into<String>) {
        self.problems.push(at.problem(text));
    }
}

fn free(kind: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{kind} {number}"));
    let mut names = std::iter::once(kind.to_owned()).chain(numbered);
    names.find(|name| taken.insert(name.clone())).expect("numbers do not end")
}

/// Where the value of the key stands, or the node itself.
fn at_key(node: &Node, key: &str) -> At {
    let entry = node.entries().unwrap_or_default().iter().find(|entry| entry.key == key);
    entry.map_or(node.at, |entry| entry.node.at)
}

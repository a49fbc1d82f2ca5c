//! Resolves the intrinsic functions of a template, collecting problems as it goes.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::{Inputs, Problem};

/// Resolves values of one template for one deployment.
///
/// A value that cannot be resolved becomes null and leaves a [`Problem`] behind, so that one pass finds them all.
pub(crate) struct Resolver<'a> {
    pub(super) template: &'a Value,
    pub(super) inputs: &'a Inputs,
    problems: RefCell<Vec<Problem>>,
    in_progress: RefCell<Vec<String>>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(template: &'a Value, inputs: &'a Inputs) -> Self {
        let resolver = Self { template, inputs, problems: RefCell::default(), in_progress: RefCell::default() };
        resolver.check_overrides();
        resolver
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.dedup();
        problems
    }

    /// Logical ids of the resources of one type that this deployment has.
    pub(crate) fn resources_of_type(&self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let resources = self.template["Resources"].as_object().into_iter().flatten();
        resources.filter(move |(id, it)| it["Type"] == kind && self.exists(id)).map(|(id, _)| id.as_str())
    }

    /// False only for a resource whose condition is.
    pub(super) fn exists(&self, logical_id: &str) -> bool {
        match self.template["Resources"][logical_id]["Condition"].as_str() {
            Some(condition) => self.condition(condition, &format!("Resources.{logical_id}.Condition")),
            None => true,
        }
    }

    /// The value with every function in it replaced; none where it comes down to `AWS::NoValue`.
    pub(crate) fn resolve(&self, value: &Value, path: &str) -> Option<Value> {
        match value {
            Value::Object(map) => match function(map) {
                Some((name, argument)) => self.call(name, argument, path),
                None => Some(self.entries(map, path)),
            },
            Value::Array(items) => Some(Value::Array(self.items(items, path))),
            Value::String(text) if text.contains("{{resolve:") => {
                self.refuse(path, "a dynamic reference needs AWS; use a parameter instead")
            }
            scalar => Some(scalar.clone()),
        }
    }

    /// A value that must come down to text; numbers and booleans are written out.
    pub(super) fn text(&self, value: &Value, path: &str) -> Option<String> {
        match self.resolve(value, path) {
            Some(Value::String(text)) => Some(text),
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => Some(scalar.to_string()),
            Some(Value::Null) => None,
            _ => {
                self.problem(path, "must be a text here");
                None
            }
        }
    }

    /// Notes the problem and stands in for the value that is missing.
    pub(super) fn refuse(&self, path: &str, message: impl Into<String>) -> Option<Value> {
        self.problem(path, message);
        Some(Value::Null)
    }

    pub(super) fn problem(&self, path: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::new(path, message));
    }

    /// Runs `body` unless `what` is already being resolved further up, which would never end.
    pub(super) fn once_at_a_time<T>(&self, what: &str, path: &str, body: impl FnOnce() -> T) -> Option<T> {
        if self.in_progress.borrow().iter().any(|it| it == what) {
            self.problem(path, format!("{what} refers to itself"));
            return None;
        }
        self.in_progress.borrow_mut().push(what.to_owned());
        let result = body();
        self.in_progress.borrow_mut().pop();
        Some(result)
    }

    fn call(&self, name: &str, argument: &Value, path: &str) -> Option<Value> {
        match (name, argument) {
            ("Ref", Value::String(target)) => self.reference(target, path),
            ("Fn::GetAtt", Value::String(dotted)) => match dotted.split_once('.') {
                Some((logical_id, attribute)) => self.attribute(logical_id, attribute, path),
                None => self.refuse(path, "Fn::GetAtt needs a resource and an attribute"),
            },
            ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(logical_id), Value::String(attribute)] => self.attribute(logical_id, attribute, path),
                _ => self.refuse(path, "Fn::GetAtt needs a resource and an attribute"),
            },
            ("Fn::Sub", argument) => self.substitute(argument, path),
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), yes, no] => {
                    let (branch, index) = if self.condition(condition, path) { (yes, 1) } else { (no, 2) };
                    self.resolve(branch, &format!("{path}.Fn::If[{index}]"))
                }
                _ => self.refuse(path, "Fn::If needs the name of a condition and two values"),
            },
            ("Fn::Join", Value::Array(parts)) => self.join(parts, path),
            ("Fn::Split", Value::Array(parts)) => self.split(parts, path),
            ("Fn::Select", Value::Array(parts)) => self.select(parts, path),
            ("Fn::FindInMap", Value::Array(parts)) => self.find_in_map(parts, path),
            _ => self.refuse(path, format!("{name} cannot be resolved without AWS; use a parameter instead")),
        }
    }

    fn reference(&self, target: &str, path: &str) -> Option<Value> {
        if target == "AWS::NoValue" {
            return None;
        }
        if let Some(value) = self.pseudo_parameter(target) {
            return Some(value);
        }
        if self.template["Parameters"].get(target).is_some() {
            return self.parameter(target, path);
        }
        self.physical_id(target, path)
    }

    fn join(&self, parts: &[Value], path: &str) -> Option<Value> {
        let [Value::String(separator), list] = parts else {
            return self.refuse(path, "Fn::Join needs a separator and a list");
        };
        let texts: Vec<String> = self.list(list, path)?.iter().filter_map(|item| self.text(item, path)).collect();
        Some(texts.join(separator).into())
    }

    fn split(&self, parts: &[Value], path: &str) -> Option<Value> {
        let [Value::String(separator), text] = parts else {
            return self.refuse(path, "Fn::Split needs a separator and a text");
        };
        let text = self.text(text, path)?;
        Some(text.split(separator.as_str()).map(Value::from).collect())
    }

    fn select(&self, parts: &[Value], path: &str) -> Option<Value> {
        let [index, list] = parts else {
            return self.refuse(path, "Fn::Select needs an index and a list");
        };
        let index = self.text(index, path)?;
        let items = self.list(list, path)?;
        match index.parse::<usize>().ok().and_then(|index| items.get(index)) {
            Some(item) => Some(item.clone()),
            None => self.refuse(path, format!("Fn::Select asks for item {index} of {}", items.len())),
        }
    }

    fn find_in_map(&self, parts: &[Value], path: &str) -> Option<Value> {
        let keys: Vec<String> = parts.iter().filter_map(|part| self.text(part, path)).collect();
        let found = keys.iter().try_fold(&self.template["Mappings"], |map, key| map.get(key));
        match found {
            Some(value) if keys.len() == 3 => Some(value.clone()),
            _ => self.refuse(path, format!("Mappings has no {}", keys.join("."))),
        }
    }

    fn list(&self, value: &Value, path: &str) -> Option<Vec<Value>> {
        match self.resolve(value, path) {
            Some(Value::Array(items)) => Some(items),
            Some(Value::Null) => None,
            _ => {
                self.problem(path, "must be a list here");
                None
            }
        }
    }

    fn entries(&self, map: &Map<String, Value>, path: &str) -> Value {
        let resolved =
            map.iter().filter_map(|(key, value)| Some((key.clone(), self.resolve(value, &format!("{path}.{key}"))?)));
        Value::Object(resolved.collect())
    }

    fn items(&self, items: &[Value], path: &str) -> Vec<Value> {
        let resolve = |(index, item)| self.resolve(item, &format!("{path}[{index}]"));
        items.iter().enumerate().filter_map(resolve).collect()
    }
}

fn function(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = map.iter().next().filter(|_| map.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

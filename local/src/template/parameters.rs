//! What a template is given from outside: its parameters, and the pseudo parameters every template has.

use serde_json::{Value, json};

use super::intrinsics::Resolver;

impl Resolver<'_> {
    /// CloudFormation refuses a parameter the template does not declare, so a misspelt one is found here too.
    pub(super) fn check_overrides(&self) {
        for name in self.inputs.parameters.keys() {
            if self.template["Parameters"].get(name).is_none() {
                self.problem(&format!("Parameters.{name}"), "is given a value but not declared");
            }
        }
    }

    pub(super) fn parameter(&self, name: &str, path: &str) -> Option<Value> {
        let declared = &self.template["Parameters"][name];
        let value = match (self.inputs.parameters.get(name), &declared["Default"]) {
            (Some(given), _) => given.clone(),
            (None, Value::String(default)) => default.clone(),
            (None, default @ (Value::Number(_) | Value::Bool(_))) => default.to_string(),
            _ => return self.refuse(path, format!("the parameter {name} has no default and was given no value")),
        };
        if let Some(allowed) = declared["AllowedValues"].as_array()
            && !allowed.iter().any(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned) == value)
        {
            return self.refuse(&format!("Parameters.{name}"), format!("{value:?} is not one of its AllowedValues"));
        }
        Some(match declared["Type"].as_str() {
            Some(kind) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
                value.split(',').map(|item| Value::from(item.trim())).collect()
            }
            _ => value.into(),
        })
    }

    /// `AWS::NoValue` is not among them: it is no value.
    pub(super) fn pseudo_parameter(&self, name: &str) -> Option<Value> {
        let inputs = self.inputs;
        Some(match name {
            "AWS::AccountId" => json!(inputs.account),
            "AWS::NotificationARNs" => json!([]),
            "AWS::Partition" => json!(self.partition()),
            "AWS::Region" => json!(inputs.region),
            "AWS::StackId" => {
                let (partition, region, account) = (self.partition(), &inputs.region, &inputs.account);
                json!(format!("arn:{partition}:cloudformation:{region}:{account}:stack/{}/local", inputs.stack))
            }
            "AWS::StackName" => json!(inputs.stack),
            "AWS::URLSuffix" if self.partition() == "aws-cn" => json!("amazonaws.com.cn"),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            _ => return None,
        })
    }

    pub(super) fn partition(&self) -> &'static str {
        match self.inputs.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

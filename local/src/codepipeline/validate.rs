//! Checks an input against its shape: the limits of the service model, in one place.

use serde_json::Value;

use super::error::ApiError;

/// A shape of the service model.
pub(crate) enum Shape {
    /// A text with its length in characters and its pattern.
    Text { min: usize, max: usize, pattern: Pattern },
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A whole number in this range.
    Integer { min: i64, max: i64 },
    /// true or false.
    Bool,
    /// Seconds since the epoch.
    Time,
    /// A list with its length.
    List { min: usize, max: usize, of: &'static Self },
    /// A map with its size.
    Map { max: usize, key: &'static Self, value: &'static Self },
    /// A structure.
    Record(&'static [Field]),
}

/// A member of a structure.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: &'static Shape,
}

/// The patterns of the model. `Any` also stands for `.*`.
#[derive(Clone, Copy)]
pub(crate) enum Pattern {
    Any,
    /// Every character is a letter, a digit or one of these.
    Only(&'static str),
    Uuid,
    RoleArn,
    PipelineArn,
}

impl Pattern {
    fn matches(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(others) => text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c)),
            Self::Uuid => is_uuid(text),
            Self::RoleArn => is_arn(text, "iam", |rest| {
                rest.strip_prefix(':').is_some_and(|rest| account_then(rest, |name| name.starts_with("role/")))
            }),
            Self::PipelineArn => is_arn(text, "codepipeline", |rest| {
                let region_and_rest = rest.split_once(':');
                region_and_rest
                    .is_some_and(|(region, rest)| !region.is_empty() && account_then(rest, |name| !name.is_empty()))
            }),
        }
    }

    /// The pattern as the service would print it.
    fn text(self) -> String {
        match self {
            Self::Any => ".*".to_owned(),
            Self::Only(others) => format!("[A-Za-z0-9{others}]+"),
            Self::Uuid => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".to_owned(),
            Self::RoleArn => r"arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*".to_owned(),
            Self::PipelineArn => r"arn:aws(-[\w]+)*:codepipeline:.+:[0-9]{12}:.+".to_owned(),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(|group| group.chars().all(hex))
}

fn is_arn(text: &str, service: &str, rest_fits: impl Fn(&str) -> bool) -> bool {
    let Some((partition, rest)) = text.strip_prefix("arn:aws").and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let partition_fits = partition.is_empty() || (partition.starts_with('-') && partition.len() > 1);
    let after_service = rest.strip_prefix(service).and_then(|rest| rest.strip_prefix(':'));
    partition_fits && after_service.is_some_and(rest_fits)
}

fn account_then(text: &str, name_fits: impl Fn(&str) -> bool) -> bool {
    text.split_once(':').is_some_and(|(account, name)| {
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && name_fits(name)
    })
}

/// Checks `input` and reports every violation in one `ValidationException`, or the first wrong type
/// as a `SerializationException`.
pub(crate) fn check(shape: &Shape, input: &Value) -> Result<(), ApiError> {
    let mut found = Findings::default();
    found.visit(shape, input, "");
    if let Some(place) = found.wrong_type {
        return Err(ApiError::new("SerializationException", format!("The value at '{place}' has the wrong type.")));
    }
    match found.violations.len() {
        0 => Ok(()),
        n => {
            let plural = if n == 1 { "error" } else { "errors" };
            Err(ApiError::validation(format!("{n} validation {plural} detected: {}", found.violations.join("; "))))
        }
    }
}

#[derive(Default)]
struct Findings {
    violations: Vec<String>,
    wrong_type: Option<String>,
}

impl Findings {
    fn visit(&mut self, shape: &Shape, value: &Value, place: &str) {
        match (shape, value) {
            (Shape::Text { min, max, pattern }, Value::String(text)) => self.text(text, *min, *max, *pattern, place),
            (Shape::OneOf(allowed), Value::String(text)) => {
                if !allowed.contains(&text.as_str()) {
                    self.violated(place, &format!("Member must satisfy enum value set: [{}]", allowed.join(", ")));
                }
            }
            (Shape::Integer { min, max }, Value::Number(number)) => self.integer(number.as_i64(), *min, *max, place),
            (Shape::Bool, Value::Bool(_)) | (Shape::Time, Value::Number(_)) => {}
            (Shape::List { min, max, of }, Value::Array(items)) => {
                self.length(items.len(), *min, *max, place);
                for (index, item) in items.iter().enumerate() {
                    self.visit(of, item, &format!("{place}.{}.member", index + 1));
                }
            }
            (Shape::Map { max, key, value }, Value::Object(entries)) => {
                self.length(entries.len(), 0, *max, place);
                for (name, item) in entries {
                    self.visit(key, &Value::String(name.clone()), &format!("{place}.key"));
                    self.visit(value, item, &format!("{place}.{name}"));
                }
            }
            (Shape::Record(fields), Value::Object(members)) => {
                for field in *fields {
                    let place =
                        if place.is_empty() { field.name.to_owned() } else { format!("{place}.{}", field.name) };
                    // The protocol treats null as absent.
                    match members.get(field.name).filter(|member| !member.is_null()) {
                        Some(member) => self.visit(field.shape, member, &place),
                        None if field.required => self.violated(&place, "Member must not be null"),
                        None => {}
                    }
                }
            }
            _ => self.wrong_type = self.wrong_type.take().or_else(|| Some(place.to_owned())),
        }
    }

    fn text(&mut self, text: &str, min: usize, max: usize, pattern: Pattern, place: &str) {
        self.length(text.chars().count(), min, max, place);
        if !pattern.matches(text) {
            self.violated(place, &format!("Member must satisfy regular expression pattern: {}", pattern.text()));
        }
    }

    fn integer(&mut self, number: Option<i64>, min: i64, max: i64, place: &str) {
        match number {
            None => self.wrong_type = self.wrong_type.take().or_else(|| Some(place.to_owned())),
            Some(n) if n < min => {
                self.violated(place, &format!("Member must have value greater than or equal to {min}"))
            }
            Some(n) if n > max => self.violated(place, &format!("Member must have value less than or equal to {max}")),
            Some(_) => {}
        }
    }

    fn length(&mut self, length: usize, min: usize, max: usize, place: &str) {
        if length < min {
            self.violated(place, &format!("Member must have length greater than or equal to {min}"));
        }
        if length > max {
            self.violated(place, &format!("Member must have length less than or equal to {max}"));
        }
    }

    // The value itself is not repeated: it may be a secret.
    fn violated(&mut self, place: &str, constraint: &str) {
        self.violations.push(format!("Value at '{place}' failed to satisfy constraint: {constraint}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shapes;
    use super::*;

    fn refusal(shape: &Shape, input: Value) -> String {
        check(shape, &input).unwrap_err().to_string()
    }

    const JOB: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn limits_of_the_service_model_hold_at_their_edges() {
        let long = |n| "x".repeat(n);
        let accepted = [
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB, "continuationToken": long(2048)})),
            (
                &shapes::PUT_JOB_FAILURE,
                json!({"jobId": JOB, "failureDetails": {"type": "JobFailed", "message": long(5000)}}),
            ),
            (&shapes::DISABLE_TRANSITION, transition("alarm (2) is red - see page! *?")),
            (&shapes::STOP_EXECUTION, json!({"pipelineName": "p", "pipelineExecutionId": JOB, "reason": long(200)})),
            (&shapes::PUT_APPROVAL_RESULT, approval(&long(512))),
            (&shapes::PUT_APPROVAL_RESULT, approval("")),
        ];
        for (shape, input) in accepted {
            assert_eq!(check(shape, &input), Ok(()), "{input}");
        }
        let refused = [
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB, "continuationToken": long(2049)})),
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB, "continuationToken": ""})),
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB.to_uppercase().replace('1', "A")})),
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB, "executionDetails": {"summary": ""}})),
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB, "executionDetails": {"percentComplete": 101}})),
            (&shapes::PUT_JOB_SUCCESS, json!({"jobId": JOB, "outputVariables": {"a.b": "x"}})),
            (&shapes::PUT_JOB_FAILURE, json!({"jobId": JOB, "failureDetails": {"type": "JobFailed", "message": ""}})),
            (&shapes::PUT_JOB_FAILURE, json!({"jobId": JOB, "failureDetails": {"type": "Oops", "message": "x"}})),
            (&shapes::PUT_JOB_FAILURE, json!({"jobId": JOB})),
            (&shapes::DISABLE_TRANSITION, transition("alarm: red")),
            (&shapes::DISABLE_TRANSITION, transition("a,b")),
            (&shapes::DISABLE_TRANSITION, transition(&long(301))),
            (&shapes::STOP_EXECUTION, json!({"pipelineName": "p", "pipelineExecutionId": JOB, "reason": long(201)})),
            (&shapes::PUT_APPROVAL_RESULT, approval(&long(513))),
            (&shapes::START_EXECUTION, json!({"name": "p", "clientRequestToken": "a_b"})),
            (&shapes::START_EXECUTION, json!({"name": "p", "variables": []})),
            (&shapes::LIST_EXECUTIONS, json!({"pipelineName": "p", "maxResults": 101})),
        ];
        for (shape, input) in refused {
            assert_eq!(check(shape, &input).unwrap_err().code, "ValidationException", "{input}");
        }
    }

    fn transition(reason: &str) -> Value {
        json!({"pipelineName": "p", "stageName": "s", "transitionType": "Inbound", "reason": reason})
    }

    fn approval(summary: &str) -> Value {
        json!({"pipelineName": "p", "stageName": "s", "actionName": "a", "token": JOB,
               "result": {"summary": summary, "status": "Approved"}})
    }

    #[test]
    fn lengths_count_characters_and_not_bytes() {
        assert_eq!(check(&shapes::PUT_APPROVAL_RESULT, &approval(&"é".repeat(512))), Ok(()));
    }

    #[test]
    fn every_violation_is_named_at_once_without_its_value() {
        let text = refusal(&shapes::PUT_JOB_FAILURE, json!({"jobId": "secret", "failureDetails": {"message": ""}}));
        assert!(text.contains("3 validation errors"), "{text}");
        assert!(text.contains("'failureDetails.type'") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn a_wrong_type_is_a_serialization_exception() {
        let text = refusal(&shapes::LIST_EXECUTIONS, json!({"pipelineName": 7}));
        assert!(text.starts_with("SerializationException"), "{text}");
    }

    #[test]
    fn arns_are_checked_by_partition_service_and_account() {
        let role = |text| Pattern::RoleArn.matches(text);
        assert!(role("arn:aws:iam::111122223333:role/pipeline") && role("arn:aws-cn:iam::111122223333:role/x/y"));
        assert!(!role("arn:aws:iam::1111:role/x") && !role("arn:aws:sts::111122223333:role/x") && !role("role"));
        let pipeline = |text| Pattern::PipelineArn.matches(text);
        assert!(pipeline("arn:aws:codepipeline:us-east-1:111122223333:orders"));
        assert!(!pipeline("arn:aws:codepipeline:us-east-1:111122223333:") && !pipeline("orders"));
    }
}

//! Environment variables, read once, with all problems reported together.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The variables of the process, as they were at start-up.
///
/// `Debug` prints the names only: Lambda hands over credentials this way.
#[derive(Clone, Default)]
pub struct Variables(Arc<BTreeMap<String, String>>);

/// Everything that is wrong with the configuration, in one sentence per problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function is not configured: {}", .0.join("; "))]
pub struct EnvironmentError(Vec<String>);

impl Variables {
    /// The variables of this process; one whose name or value is not UTF-8 is left out.
    pub fn from_process() -> Self {
        let text =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(Arc::new(text.collect()))
    }

    /// Given variables, for tests.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// The value of `name`; an empty one counts as absent, because a template cannot leave a variable out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Starts reading; problems are collected until [`Reading::finish`].
    pub fn reading(&self) -> Reading<'_> {
        Reading { variables: self, problems: Vec::new() }
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// One pass over the variables a function wants.
#[derive(Debug)]
pub struct Reading<'a> {
    variables: &'a Variables,
    problems: Vec<String>,
}

impl Reading<'_> {
    /// A variable that must be there. If it is not, that is recorded and the text is empty.
    pub fn required(&mut self, name: &str) -> String {
        match self.variables.get(name) {
            Some(value) => value.to_owned(),
            None => {
                self.problems.push(format!("{name} is missing or empty"));
                String::new()
            }
        }
    }

    /// A variable that may be absent or empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(str::to_owned)
    }

    /// A variable with a meaning beyond text, and what to use when it is absent.
    ///
    /// A value that cannot be read is recorded, and the fallback returned.
    ///
    /// # Panics
    /// When `fallback`, which is part of the program, cannot be read.
    pub fn parsed<T>(&mut self, name: &str, fallback: &str) -> T
    where
        T: FromStr<Err: fmt::Display>,
    {
        let fallback = || fallback.parse().unwrap_or_else(|_| panic!("the fallback of {name} must be readable"));
        match self.variables.get(name).map(str::parse) {
            None => fallback(),
            Some(Ok(value)) => value,
            Some(Err(problem)) => {
                self.problems.push(format!("{name} cannot be read: {problem}"));
                fallback()
            }
        }
    }

    /// Records a problem the caller found in a value.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Ends the pass.
    ///
    /// # Errors
    /// All problems recorded on the way.
    pub fn finish(self) -> Result<(), EnvironmentError> {
        if self.problems.is_empty() { Ok(()) } else { Err(EnvironmentError(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported_at_once() {
        let variables = Variables::from_pairs([("TOPIC_ARN", ""), ("LIMIT", "many")]);
        let mut reading = variables.reading();
        reading.required("TABLE_NAME");
        reading.required("TOPIC_ARN");
        let limit: u32 = reading.parsed("LIMIT", "3");
        assert_eq!(limit, 3);
        assert_eq!(
            reading.finish().expect_err("three problems").to_string(),
            "the function is not configured: TABLE_NAME is missing or empty; TOPIC_ARN is missing or empty; \
             LIMIT cannot be read: invalid digit found in string"
        );
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let variables = Variables::from_pairs([("SLACK_CHANNEL", " "), ("TABLE_NAME", " notices\n")]);
        let mut reading = variables.reading();
        assert_eq!(reading.optional("SLACK_CHANNEL"), None);
        assert_eq!(reading.required("TABLE_NAME"), "notices");
        assert_eq!(reading.finish(), Ok(()));
    }

    #[test]
    fn debug_output_shows_no_value() {
        let variables = Variables::from_pairs([("AWS_SECRET_ACCESS_KEY", "not-a-real-key")]);
        assert_eq!(format!("{variables:?}"), r#"{"AWS_SECRET_ACCESS_KEY"}"#);
    }
}

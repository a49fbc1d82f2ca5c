//! Output variables, which later actions of the pipeline can use.

use std::collections::BTreeMap;

/// Bytes of all variables of an action (CodePipeline user guide, limits); names and values are counted here.
const MOST_BYTES: usize = 122_880;

const CUT: &str = "…";

/// Output variables of an action, by name, within CodePipeline's limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// With one more variable; one of the same name is replaced.
    ///
    /// What may not stand in a name (`[A-Za-z0-9@\-_]+`) becomes `-`. A value for which too little room is left is cut, and
    /// a variable for which there is none is left out: a later action that uses it then fails.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = allowed(name);
        self.0.remove(&name);
        let Some(room) = MOST_BYTES.checked_sub(self.bytes() + name.len()) else { return self };
        let mut value = value.into();
        if value.len() > room {
            let Some(end) = room.checked_sub(CUT.len()) else { return self };
            value.truncate(value.floor_char_boundary(end));
            value.push_str(CUT);
        }
        self.0.insert(name, value);
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

fn allowed(name: &str) -> String {
    let letter = |letter: char| match letter {
        '@' | '-' | '_' => letter,
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '-',
    };
    if name.is_empty() { "-".to_owned() } else { name.chars().map(letter).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_codepipeline_would_refuse_is_mended() {
        let variables = Variables::default().with("errors stay low, für 10 m", "pass").with("", "empty");
        assert_eq!(variables.get("errors-stay-low--f-r-10-m"), Some("pass"));
        assert_eq!(variables.get("-"), Some("empty"));
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        let variables = Variables::default().with("verdict", "x".repeat(MOST_BYTES)).with("verdict", "pass");
        assert_eq!(variables.iter().collect::<Vec<_>>(), [("verdict", "pass")]);
    }

    #[test]
    fn what_does_not_fit_is_cut_or_left_out() {
        let variables =
            Variables::default().with("verdict", "fail").with("report", "é".repeat(MOST_BYTES)).with("more", "");
        let report = variables.get("report").unwrap();
        assert!(report.ends_with("é…"));
        assert!((MOST_BYTES - 1..=MOST_BYTES).contains(&variables.bytes()), "{}", variables.bytes());
        assert_eq!((variables.get("verdict"), variables.get("more")), (Some("fail"), None));
    }

    proptest! {
        #[test]
        fn any_variables_are_taken(given in proptest::collection::vec((".{0,8}", 0..90_000_usize), 0..6)) {
            let with = |all: Variables, (name, length): &(String, usize)| all.with(name, "ß".repeat(*length));
            let variables = given.iter().fold(Variables::default(), with);
            prop_assert!(variables.bytes() <= MOST_BYTES);
            for (name, _) in variables.iter() {
                let valid = |letter: char| letter.is_ascii_alphanumeric() || "@-_".contains(letter);
                prop_assert!(!name.is_empty() && name.chars().all(valid), "{name}");
            }
        }
    }
}

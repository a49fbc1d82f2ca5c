//! What reports and policies need to know of a rule.

use crate::Severity;

/// A rule as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleText<'r> {
    /// Its stable name, such as `github-personal-access-token`.
    pub id: &'r str,
    /// The same for people.
    pub title: &'r str,
    /// How bad a leak is, as far as the rule alone can tell.
    pub severity: Severity,
    /// Where the format is published.
    pub source: &'r str,
    /// What to do about a leak, in one sentence.
    pub advice: &'r str,
}

/// All rules of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleBook<'r> {
    version: String,
    rules: Vec<RuleText<'r>>,
    has_others: bool,
}

impl<'r> RuleBook<'r> {
    /// The rules and the version of the whole set.
    pub fn new(version: impl Into<String>, rules: impl IntoIterator<Item = RuleText<'r>>) -> Self {
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_key(|rule| rule.id);
        Self { version: version.into(), rules, has_others: false }
    }

    /// The same where there are other rules besides, of which nothing is known: any name may be one of theirs.
    #[must_use]
    pub fn with_others(self) -> Self {
        Self { has_others: true, ..self }
    }

    pub(crate) fn has_others(&self) -> bool {
        self.has_others
    }

    /// The version of the whole set.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rules, by id.
    pub fn rules(&self) -> &[RuleText<'r>] {
        &self.rules
    }

    /// The rule of that id.
    pub fn get(&self, id: &str) -> Option<&RuleText<'r>> {
        self.position(id).map(|at| &self.rules[at])
    }

    /// Where the rule stands among the others.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.rules.binary_search_by_key(&id, |rule| rule.id).ok()
    }

    /// Nothing, or what to say of a name that is neither a rule's nor the beginning of one.
    pub(crate) fn unknown(&self, name: &str) -> Option<String> {
        if self.has_others || self.rules.iter().any(|rule| names(name, rule.id)) {
            return None;
        }
        let vendors = self.rules.iter().filter_map(|rule| rule.id.split_once('-')).map(|(vendor, _)| vendor);
        let mut known: Vec<&str> = self.rules.iter().map(|rule| rule.id).chain(vendors).collect();
        known.dedup();
        let told = strict_yaml::unknown("rule", name, &known);
        // All rules there are would be a long sentence.
        let short = told.split_once("; known are ").map(|(unknown, _)| format!("{unknown}; a report lists all rules"));
        Some(short.unwrap_or(told))
    }
}

/// Whether the name is the rule's, or its beginning up to a hyphen: `aws` names `aws-access-key-id`.
pub(crate) fn names(name: &str, id: &str) -> bool {
    id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || (!name.is_empty() && rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use crate::testing_reports::book;

    #[test]
    fn a_name_is_a_rule_s_or_a_vendor_s() {
        for (name, told) in [
            ("aws", None),
            ("aws-access-key-id", None),
            ("github-personal-access", None),
            ("aw", Some("unknown rule `aw`; did you mean `aws`?")),
            (
                "github-personal-acess-token",
                Some("unknown rule `github-personal-acess-token`; did you mean `github-personal-access-token`?"),
            ),
            ("zzz", Some("unknown rule `zzz`; a report lists all rules")),
            ("", Some("unknown rule ``; a report lists all rules")),
        ] {
            assert_eq!(book().unknown(name).as_deref(), told, "{name}");
        }
    }

    #[test]
    fn rules_are_found_by_their_ids() {
        let book = book();
        assert!(book.rules().iter().all(|rule| book.get(rule.id) == Some(rule)));
        assert_eq!(book.get("aws"), None);
    }
}

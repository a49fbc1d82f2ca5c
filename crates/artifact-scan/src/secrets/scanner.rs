//! The rules, and all of their keywords together.

use std::collections::BTreeMap;

use super::keywords::Keywords;
use super::pattern::Pattern;
use super::rule::Rule;
use super::scan::masked;
use super::table;
use crate::RuleBook;

/// Rules, ready to be looked for. It is shared between threads; each has its own [`Scan`](super::Scan).
#[derive(Debug)]
pub struct Scanner {
    pub(crate) rules: Vec<Rule>,
    pub(crate) patterns: Vec<Patterns>,
    pub(crate) keywords: Keywords,
    /// The rules of each keyword.
    pub(crate) of: Vec<Vec<usize>>,
    /// Rules without a keyword.
    pub(crate) always: Vec<usize>,
}

/// A rule's regexes.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    pub(crate) secret: Pattern,
    pub(crate) name: Pattern,
    pub(crate) not_name: Pattern,
    pub(crate) never: Vec<Pattern>,
}

impl Scanner {
    /// With these rules, of which no two have the same id.
    ///
    /// # Errors
    /// When their keywords are too many for the automaton that short ones need.
    pub fn new(rules: Vec<Rule>) -> Result<Self, String> {
        let mut of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            rule.keywords.iter().for_each(|keyword| of.entry(keyword).or_default().push(at));
        }
        let always = (0..rules.len()).filter(|at| rules[*at].keywords.is_empty()).collect();
        let keywords = Keywords::new(&of.keys().copied().collect::<Vec<_>>())?;
        let of = of.into_values().collect();
        let patterns = rules.iter().map(Patterns::of).collect();
        Ok(Self { rules, patterns, keywords, of, always })
    }

    /// With all rules of the crate.
    ///
    /// # Errors
    /// Never, as a test says.
    pub fn built_in() -> Result<Self, String> {
        Self::new(table::built_in().to_vec())
    }

    /// Its rules as reports and policies know them.
    pub fn book(&self) -> RuleBook<'_> {
        RuleBook::new(table::version(), self.rules.iter().map(Rule::text))
    }

    /// The path of something that was not read, with no secret in it; a [`Scan`](super::Scan) does so by itself.
    pub fn masked(&self, path: Vec<String>) -> Vec<String> {
        masked(self, &path).unwrap_or(path)
    }

    /// Its rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Patterns {
    fn of(rule: &Rule) -> Self {
        Self { never: rule.never.iter().map(|_| Pattern::default()).collect(), ..Self::default() }
    }
}

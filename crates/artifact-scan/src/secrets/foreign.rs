//! Reads rules that somebody wrote for gitleaks or Betterleaks.
//!
//! What such a file asks for and cannot be had is told, never left out in silence.

mod sentence;
mod terms;
#[cfg(test)]
mod tests;
mod written;

use std::borrow::Cow;

use super::analysis::{Analysis, analyse};
use super::pattern::compile;
use super::rule::{Rule, Shape};
use super::table;
use crate::Severity;

use terms::Shared;
pub(crate) use terms::Terms;
use written::{Config, WrittenRule};

/// Bytes on either side of a keyword in which a rule without a longest match is looked for: a private key is longer than
/// one thinks.
const LONGEST: usize = 12 << 10;
/// Below the crate's own rules, above judged values.
const RANK: i16 = 5;

/// Rules of another scanner.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The rules.
    pub rules: Vec<Rule>,
    /// What the file says and is not done, one sentence each.
    pub told: Vec<String>,
}

impl Foreign {
    /// These rules and those of the crate; where both have an id, this one's.
    pub fn with_built_in(self) -> Vec<Rule> {
        let is_other = |rule: &&Rule| !self.rules.iter().any(|own| own.id == rule.id);
        let built_in: Vec<Rule> = table::built_in().iter().filter(is_other).cloned().collect();
        built_in.into_iter().chain(self.rules).collect()
    }
}

/// Reads the TOML of a configuration.
///
/// # Errors
/// With all that is wrong: no TOML, no rule, a rule without id or regex, a regex that is none, two rules with one id.
pub fn read(text: &str) -> Result<Foreign, Vec<String>> {
    let config: Config = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    if config.rules.is_empty() {
        return Err(vec!["there is no rule in it; write `[[rules]]`".to_owned()]);
    }
    let (mut rules, mut told, mut problems): (Vec<Rule>, _, _) = (Vec::new(), config.told(), Vec::new());
    let shared = Shared::of(&config);
    for written in &config.rules {
        told.extend(written.told());
        match rule(written, &config, &shared) {
            Ok(Some(rule)) if rules.iter().any(|other| other.id == rule.id) => {
                problems.push(format!("two rules are called {}", rule.id))
            }
            Ok(rule) => rules.extend(rule),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(Foreign { rules, told }) } else { Err(problems) }
}

fn rule(written: &WrittenRule, config: &Config, shared: &Shared) -> Result<Option<Rule>, String> {
    let id = written.id.clone().filter(|id| !id.is_empty()).ok_or("a rule has no id")?;
    let Some(regex) = written.regex.clone() else {
        return if written.path.is_some() { Ok(None) } else { Err(format!("rule {id} has no regex")) };
    };
    let keywords = written.keywords.iter().filter(|keyword| !keyword.is_empty());
    let keywords: Vec<String> = keywords.map(|keyword| keyword.to_ascii_lowercase()).collect();
    let compiled = compile(&regex).map_err(|error| format!("rule {id}: {}", sentence::of(&regex, error)))?;
    let groups = compiled.captures_len();
    if written.secret_group.is_some_and(|group| group >= groups) {
        return Err(format!("rule {id}: its regex has no group {}", written.secret_group.unwrap_or_default()));
    }
    let unknown = Analysis { longest: None, bytes: [u64::MAX; 4], begins_with_keyword: false, looks_around: true };
    let facts = analyse(&regex, &keywords).unwrap_or(unknown);
    let terms = Terms::of(written, config, shared).map_err(|error| format!("rule {id}: {error}"))?;
    Ok(Some(Rule {
        title: Cow::Owned(written.description.clone().unwrap_or_else(|| id.clone())),
        id: Cow::Owned(id),
        vendor: Cow::Borrowed("Own rules"),
        source: Cow::Borrowed(""),
        severity: Severity::High,
        advice: Cow::Borrowed("Revoke it, and read a new one from a secret store at run time."),
        keywords: keywords.into_iter().map(Cow::Owned).collect(),
        secret: Some(Cow::Owned(regex)),
        name: None,
        not_name: None,
        entropy: written.entropy.filter(|least| *least > 0.0),
        checksum: None,
        never: Cow::Borrowed(&[]),
        shape: Shape::Foreign,
        rank: RANK,
        longest: facts.longest.unwrap_or(LONGEST),
        bytes: facts.bytes,
        terms: Some(Box::new(terms)),
    }))
}

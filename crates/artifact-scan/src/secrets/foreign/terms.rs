//! What only other scanners' rules have: a group that is the secret, a path, lists of what is allowed.

use std::ops::Range;
use std::sync::Arc;

use super::super::pattern::{Pattern, compile};
use super::sentence;
use super::written::{Config, WrittenAllowlist, WrittenRule};

/// The terms of a rule.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The group that is the secret; otherwise the first that matches, or all of the match.
    pub(crate) group: Option<usize>,
    path: Option<Compiled>,
    allowlists: Vec<Arc<Allowlist>>,
}

/// The allowlists of a file, in its order. All rules share them: compiled for each, they would take the most time of all.
pub(super) struct Shared(Vec<Result<Arc<Allowlist>, String>>);

impl Shared {
    pub(super) fn of(config: &Config) -> Self {
        Self(config.global().map(|list| Allowlist::of(list).map(Arc::new)).collect())
    }
}

#[derive(Debug, Clone)]
struct Compiled {
    text: String,
    pattern: Pattern,
}

#[derive(Debug, Clone)]
struct Allowlist {
    needs_all: bool,
    target: Target,
    paths: Vec<Compiled>,
    regexes: Vec<Compiled>,
    stopwords: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Secret,
    Match,
    Line,
}

impl Terms {
    /// The rule's own terms and those of its file.
    pub(super) fn of(written: &WrittenRule, config: &Config, shared: &Shared) -> Result<Self, String> {
        let id = written.id.as_deref().unwrap_or_default();
        let is_meant =
            |list: &&WrittenAllowlist| list.target_rules.is_empty() || list.target_rules.iter().any(|rule| rule == id);
        let own = written.own().map(|list| Allowlist::of(list).map(Arc::new));
        let global = config.global().zip(&shared.0).filter(|(list, _)| is_meant(list)).map(|(_, list)| list.clone());
        let allowlists = own.chain(global).collect::<Result<_, _>>()?;
        let path = written.path.as_deref().map(Compiled::of).transpose()?;
        Ok(Self { group: written.secret_group.filter(|group| *group > 0), path, allowlists })
    }

    /// Whether the match does not count.
    pub(crate) fn allow(&self, bytes: &[u8], whole: &Range<usize>, secret: &Range<usize>, path: &str) -> bool {
        self.path.as_ref().is_some_and(|own| !own.is_in(path.as_bytes()))
            || self.allowlists.iter().any(|list| list.allows(bytes, whole, secret, path))
    }
}

impl Compiled {
    fn of(text: &str) -> Result<Self, String> {
        let compiled = compile(text).map_err(|error| sentence::of(text, error));
        compiled.map(|_| Self { text: text.to_owned(), pattern: Pattern::default() })
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.pattern.is_in(&self.text, bytes)
    }
}

impl Allowlist {
    fn of(written: &WrittenAllowlist) -> Result<Self, String> {
        let compiled = |texts: &[String]| texts.iter().map(|text| Compiled::of(text)).collect::<Result<Vec<_>, _>>();
        let needs_all = match written.condition.as_deref().map(str::to_ascii_uppercase).as_deref() {
            Some("AND" | "&&") => true,
            None | Some("OR" | "||") => false,
            Some(other) => return Err(format!("condition {other} is neither AND nor OR")),
        };
        let target = match written.regex_target.as_deref() {
            None | Some("secret" | "") => Target::Secret,
            Some("match") => Target::Match,
            Some("line") => Target::Line,
            Some(other) => return Err(format!("regexTarget {other} is none of secret, match, line")),
        };
        let stopwords = written.stopwords.iter().map(|word| word.to_ascii_lowercase()).collect();
        Ok(Self {
            needs_all,
            target,
            paths: compiled(&written.paths)?,
            regexes: compiled(&written.regexes)?,
            stopwords,
        })
    }

    fn allows(&self, bytes: &[u8], whole: &Range<usize>, secret: &Range<usize>, path: &str) -> bool {
        let target = match self.target {
            Target::Secret => &bytes[secret.clone()],
            Target::Match => &bytes[whole.clone()],
            Target::Line => line(bytes, whole),
        };
        let word = bytes[secret.clone()].to_ascii_lowercase();
        let says = [
            (self.paths.len(), self.paths.iter().any(|own| own.is_in(path.as_bytes()))),
            (self.regexes.len(), self.regexes.iter().any(|own| own.is_in(target))),
            (
                self.stopwords.len(),
                self.stopwords.iter().any(|stop| memchr::memmem::find(&word, stop.as_bytes()).is_some()),
            ),
        ];
        let mut asked = says.into_iter().filter(|(count, _)| *count > 0).map(|(_, says)| says).peekable();
        asked.peek().is_some() && if self.needs_all { asked.all(|says| says) } else { asked.any(|says| says) }
    }
}

/// Bytes of a line before and behind a match; a bundle is one line, and asking for all of it at each match takes for ever.
const FAR: usize = 4 << 10;

fn line<'b>(bytes: &'b [u8], whole: &Range<usize>) -> &'b [u8] {
    let (first, last) = (whole.start.saturating_sub(FAR), bytes.len().min(whole.end + FAR));
    let from = memchr::memrchr(b'\n', &bytes[first..whole.start]).map_or(first, |at| first + at + 1);
    let until = memchr::memchr(b'\n', &bytes[whole.end..last]).map_or(last, |at| whole.end + at);
    &bytes[from..until]
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn the_allowlists_of_a_file_are_compiled_once_for_all_its_rules() {
        let rule = |id: &str| format!("[[rules]]\nid = '{id}'\nregex = 'x[0-9]{{9}}'\nkeywords = ['x']\n");
        let config = rule("a") + &rule("b") + "[[allowlists]]\nregexes = ['1+']\n[[allowlists]]\ntargetRules = ['b']\n";
        let rules = read(&config).expect("config").rules;
        let lists = |at: usize| &rules[at].terms.as_ref().expect("terms").allowlists;
        assert_eq!((lists(0).len(), lists(1).len()), (1, 2));
        assert!(Arc::ptr_eq(&lists(0)[0], &lists(1)[0]));
    }
}

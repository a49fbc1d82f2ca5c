//! A regex that is compiled when it is first needed.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::{Config, Regex};
use regex_automata::util::{captures::Captures, syntax};
use regex_automata::{Anchored, Input};

/// Bytes of one regex's lazy automaton; there are hundreds of regexes.
const CACHE: usize = 512 << 10;

/// Compiled on first use. A regex that does not compile never matches: those of `rules/` are compiled in a test, those of
/// a user when they are loaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pattern {
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// What it matches exactly at `range.start`.
    pub(crate) fn at(&self, text: &str, bytes: &[u8], range: Range<usize>) -> Option<Range<usize>> {
        self.regex(text)?.find(Input::new(bytes).range(range).anchored(Anchored::Yes)).map(|found| found.range())
    }

    /// The first match in `range`.
    pub(crate) fn within(&self, text: &str, bytes: &[u8], range: Range<usize>) -> Option<Range<usize>> {
        self.regex(text)?.find(Input::new(bytes).range(range)).map(|found| found.range())
    }

    /// The first match in `range` and what its groups matched.
    pub(crate) fn groups(&self, text: &str, bytes: &[u8], range: Range<usize>) -> Option<Captures> {
        let regex = self.regex(text)?;
        let mut captures = regex.create_captures();
        regex.captures(Input::new(bytes).range(range), &mut captures);
        captures.is_match().then_some(captures)
    }

    /// Whether it matches anywhere.
    pub(crate) fn is_in(&self, text: &str, bytes: &[u8]) -> bool {
        self.regex(text).is_some_and(|regex| regex.is_match(bytes))
    }

    fn regex(&self, text: &str) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(text).ok()).as_ref()
    }
}

/// Compiles for bytes of any encoding.
///
/// # Errors
/// When it is no regex, or too large a one.
pub(crate) fn compile(text: &str) -> Result<Regex, String> {
    let config = Config::new().hybrid_cache_capacity(CACHE).onepass(false).nfa_size_limit(Some(8 << 20));
    let syntax = syntax::Config::new().utf8(false);
    let build = |unicode| {
        let mut builder = Regex::builder();
        builder.configure(config.clone()).syntax(syntax.unicode(unicode)).build(text).map_err(Box::new)
    };
    build(false).or_else(|_| build(true)).map_err(|error| error.to_string())
}

//! A sentence in which somebody else's names stand apart, so that a page can show them as what they are.

use super::cut;
use crate::report::visible;

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<Word>);

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Our own text.
    Ours(String),
    /// A name or a text of somebody else's making, such as a path. Everything in it is visible.
    Name(String),
    /// What is written in a policy.
    Code(&'static str),
}

impl Words {
    /// A sentence that begins so.
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self(vec![Word::Ours(text.into())])
    }

    pub(super) fn say(mut self, text: impl Into<String>) -> Self {
        self.0.push(Word::Ours(text.into()));
        self
    }

    /// A name, of which at most `limit` characters are shown.
    pub(super) fn name(mut self, name: &str, limit: usize) -> Self {
        self.0.push(Word::Name(cut(&visible(name), limit)));
        self
    }

    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.0.push(Word::Code(code));
        self
    }

    /// The sentence as a plain text.
    pub(super) fn text(&self) -> String {
        self.written(|word| match word {
            Word::Ours(text) | Word::Name(text) => text.clone(),
            Word::Code(code) => format!("`{code}`"),
        })
    }

    /// The sentence with each part as it is to be written.
    pub(crate) fn written(&self, written: impl Fn(&Word) -> String) -> String {
        self.0.iter().map(written).collect()
    }
}

//! Judges values that have no format: whether what is assigned to a name such as `password` is a secret or only looks it.

mod context;
mod password;
mod reference;
mod token;

use super::assignment::{Assignment, Operator, Quoting, words};
use super::rule::{Kind, Rule, Shape};
use super::scanner::Patterns;

/// An assignment to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'c> {
    /// All bytes it stands in.
    pub(crate) bytes: &'c [u8],
    /// The name of the entry.
    pub(crate) path: &'c str,
    /// The rule whose name it could have.
    pub(crate) rule: &'c Rule,
    /// Its regexes.
    pub(crate) patterns: &'c Patterns,
    /// The assignment.
    pub(crate) assignment: &'c Assignment,
}

impl Case<'_> {
    /// Whether it assigns a secret. The cheap questions come first.
    pub(crate) fn is_secret(&self) -> bool {
        let Shape::Judged(kind) = self.rule.shape else { return false };
        let value = &self.bytes[self.assignment.value.clone()];
        self.has_form(kind)
            && !reference::is_reference(value)
            && self.has_content(kind, value)
            && self.has_name()
            && context::speaks_for(self)
    }

    fn has_form(&self, kind: Kind) -> bool {
        let is_quoted = matches!(self.assignment.quoting, Quoting::Quoted | Quoting::Alone);
        match self.assignment.operator {
            _ if self.assignment.quoting == Quoting::Open || self.is_heading() => false,
            _ if kind == Kind::Authorization => self.assignment.scheme.is_some(),
            Operator::Comma | Operator::Call => is_quoted,
            Operator::Blank if kind != Kind::Password => false,
            Operator::Blank => (is_quoted && self.is_after_sql_word()) || self.path.ends_with("netrc"),
            Operator::Equals | Operator::Colon | Operator::Tag | Operator::Pair | Operator::Flag => true,
        }
    }

    /// `PASS: name of a test`, and types such as `AWS::IAM::AccessKey` in a list of them.
    fn is_heading(&self) -> bool {
        let (start, end) = (self.assignment.name.start, self.assignment.name.end);
        self.assignment.operator == Operator::Colon
            && (&self.bytes[start..end] == b"PASS" || self.bytes[..start].ends_with(b"::"))
    }

    /// `PASSWORD '…'` as SQL has it: the word is in capitals.
    fn is_after_sql_word(&self) -> bool {
        let name = &self.bytes[self.assignment.name.clone()];
        name.iter().all(u8::is_ascii_uppercase) && self.bytes[..self.assignment.value.start].ends_with(b"'")
    }

    /// Where the name begins with what stands before a slash, as in `checksum/secret`.
    fn folder(&self) -> usize {
        let start = self.assignment.name.start;
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
        let before = self.bytes[..start].iter().rev().take(24).take_while(is_name).count();
        if self.bytes[..start].ends_with(b"/") { start - before } else { start }
    }

    fn has_content(&self, kind: Kind, value: &[u8]) -> bool {
        let is_bare = self.assignment.quoting == Quoting::Bare;
        match kind {
            Kind::Password if is_bare => password::is_bare_password(value, context::is_code(self.path)),
            Kind::Password => password::is_password(value),
            Kind::Token => token::is_token(value),
            Kind::Authorization if self.assignment.scheme == Some("Basic") => password::is_basic_authorization(value),
            Kind::Authorization => token::is_token(value),
        }
    }

    fn has_name(&self) -> bool {
        let words = words(&self.bytes[self.folder()..self.assignment.name.end]);
        let is = |pattern: &Option<_>, compiled: &super::pattern::Pattern| {
            pattern.as_ref().is_some_and(|pattern: &std::borrow::Cow<'_, str>| compiled.is_in(pattern, &words))
        };
        is(&self.rule.name, &self.patterns.name) && !is(&self.rule.not_name, &self.patterns.not_name)
    }
}

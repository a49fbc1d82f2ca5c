//! Judges values that have no format: whether what is assigned to a name such as `password` is a secret or only looks it.

mod context;
mod literal;
mod machine;
mod password;
mod phrase;
mod reference;
mod sample;
#[cfg(test)]
mod tests;
mod token;
mod words;

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
            Operator::Beside => false,
            Operator::Blank if kind != Kind::Password => false,
            Operator::Blank => {
                (is_quoted && self.is_after_sql_word()) || self.path.ends_with("netrc") || self.is_directive()
            }
            Operator::Equals | Operator::Colon | Operator::Tag | Operator::Pair | Operator::Flag => true,
        }
    }

    /// `PASS: name of a test`, `Next page token: …`, types such as `AWS::IAM::AccessKey` in a list of them, and parts of
    /// ARNs.
    fn is_heading(&self) -> bool {
        let named = &self.assignment.named;
        let before = &self.bytes[..named.start];
        self.assignment.operator == Operator::Colon
            && (&self.bytes[named.clone()] == b"PASS"
                || before.ends_with(b"::")
                || ends_with_any(before, &["page ", "pagination ", "continuation "])
                || self.is_part_of_arn(before))
    }

    /// `…:secret:name-AbCdEf`: a name right behind a colon and before one, or the name that Secrets Manager makes.
    fn is_part_of_arn(&self, before: &[u8]) -> bool {
        let (end, value) = (self.assignment.named.end, self.assignment.value.clone());
        let name = &self.bytes[self.assignment.named.clone()];
        let is_tight = self.bytes.get(end) == Some(&b':') && value.start == end + 1;
        is_tight && (before.ends_with(b":") || (name == b"secret" && is_made_name(&self.bytes[value])))
    }

    /// Lines of redis.conf and the like: a word and its value.
    fn is_directive(&self) -> bool {
        let name = &self.bytes[self.assignment.named.clone()];
        ["requirepass", "masterauth", "sshpass -p"].iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// `PASSWORD '…'` as SQL has it: the word is in capitals.
    fn is_after_sql_word(&self) -> bool {
        let name = &self.bytes[self.assignment.named.clone()];
        name.iter().all(u8::is_ascii_uppercase) && self.bytes[..self.assignment.value.start].ends_with(b"'")
    }

    /// Where the name begins with what stands before a slash, as in `checksum/secret`.
    fn folder(&self) -> usize {
        let start = self.assignment.named.start;
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
        let before = self.bytes[..start].iter().rev().take(24).take_while(is_name).count();
        if self.bytes[..start].ends_with(b"/") { start - before } else { start }
    }

    fn has_content(&self, kind: Kind, value: &[u8]) -> bool {
        let quoting = self.assignment.quoting;
        let in_text = || quoting == Quoting::Bare && literal::is_in_text(self.bytes, self.assignment);
        match kind {
            Kind::Password if quoting == Quoting::Quoted => password::is_quoted_password(value),
            Kind::Password if context::is_code(self.path) && in_text() => password::is_password_in_text(value),
            Kind::Password if quoting == Quoting::Bare => {
                password::is_bare_password(value, context::is_code(self.path))
            }
            Kind::Password => password::is_password(value),
            Kind::Token => token::is_token(value),
            Kind::Authorization if self.assignment.scheme == Some("Basic") => password::is_basic_authorization(value),
            Kind::Authorization => token::is_token(value),
        }
    }

    fn has_name(&self) -> bool {
        let words = words(&self.bytes[self.folder()..self.assignment.named.end]);
        let is = |pattern: &Option<_>, compiled: &super::pattern::Pattern| {
            pattern.as_ref().is_some_and(|pattern: &std::borrow::Cow<'_, str>| compiled.is_in(pattern, &words))
        };
        is(&self.rule.name, &self.patterns.name) && !is(&self.rule.not_name, &self.patterns.not_name)
    }
}

fn ends_with_any(bytes: &[u8], ends: &[&str]) -> bool {
    let is_end =
        |end: &&str| bytes.len() >= end.len() && bytes[bytes.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes());
    ends.iter().any(is_end)
}

/// What Secrets Manager makes of a name: six letters and digits after a dash.
fn is_made_name(value: &[u8]) -> bool {
    let value = value.strip_suffix(b"*").unwrap_or(value);
    let end = value.len().checked_sub(7).map(|at| &value[at..]);
    end.is_some_and(|end| end[0] == b'-' && end[1..].iter().all(u8::is_ascii_alphanumeric))
}

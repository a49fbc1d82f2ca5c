//! A rule: what one kind of secret looks like.

use std::borrow::Cow;

use super::analysis::ByteSet;
use super::foreign::Terms;
use crate::{RuleText, Severity};

type Text = Cow<'static, str>;
type Texts = Cow<'static, [Text]>;

/// What one kind of secret looks like, and what to do about one.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its stable name, such as `github-personal-access-token`.
    pub id: Text,
    /// The same for people.
    pub title: Text,
    /// Whose secrets they are.
    pub vendor: Text,
    /// Where the format is published.
    pub source: Text,
    /// How bad a leak is.
    pub severity: Severity,
    /// What to do about a leak, in one sentence.
    pub advice: Text,
    /// Lower case; each match holds one of them, or is assigned to a name that does.
    pub(crate) keywords: Texts,
    /// The regex of the secret; none when the value is judged instead.
    pub(crate) secret: Option<Text>,
    /// The regex of the name the secret is assigned to.
    pub(crate) name: Option<Text>,
    /// The regex of names that are none, for judged values.
    pub(crate) not_name: Option<Text>,
    /// The least bits per character.
    pub(crate) entropy: Option<f64>,
    /// What its last characters are computed from.
    pub(crate) checksum: Option<Checksum>,
    /// Regexes of secrets that are none.
    pub(crate) never: Texts,
    /// How matches are looked for.
    pub(crate) shape: Shape,
    /// Where rules match the same bytes the greater one has them.
    pub(crate) rank: i16,
    /// The most bytes a match has.
    pub(crate) longest: usize,
    /// Every byte a match can hold.
    pub(crate) bytes: ByteSet,
    /// What only rules of other scanners have.
    pub(crate) terms: Option<Box<Terms>>,
}

impl Rule {
    /// What reports and policies need to know of it.
    pub fn text(&self) -> RuleText<'_> {
        let Self { id, title, source, advice, severity, .. } = self;
        RuleText { id, title, severity: *severity, source, advice }
    }
}

/// How a rule's matches are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// They begin with the keyword.
    Anchored,
    /// They hold the keyword.
    Window,
    /// They are assigned to a name that holds the keyword.
    Assigned,
    /// As assigned, but any value will do that is judged to be one of these.
    Judged(Kind),
    /// A rule of another scanner: anywhere near the keyword, its own regex says where.
    Foreign,
}

/// What a value without a format can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Chosen by a person.
    Password,
    /// Made by a machine.
    Token,
    /// What stands in an Authorization header.
    Authorization,
}

/// How a token's own checksum is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// The last 6 characters are the CRC-32, in base 62, of what stands between the prefix and them.
    Crc32Base62,
}

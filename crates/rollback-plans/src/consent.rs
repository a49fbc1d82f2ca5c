//! The tags on an alarm that ask for a rollback.

use thiserror::Error;

use crate::{BadTarget, Mode, Target};

/// The tag that names what the alarm protects.
pub const CONSENT_TAG: &str = "pipewarden:rollback";
/// The tag that says whether to act.
pub const MODE_TAG: &str = "pipewarden:mode";
/// What begins like this is ours.
const PREFIX: &str = "pipewarden:";

/// What the owner of an alarm asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// What to roll back, in this order.
    pub targets: Vec<Target>,
    /// Whether to act.
    pub mode: Mode,
}

/// A tag that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TagProblem {
    /// It names no target.
    #[error("tag `{CONSENT_TAG}`: {0}")]
    Target(#[from] BadTarget),
    /// It names no mode.
    #[error("tag `{MODE_TAG}` is `{0}`; it can be `act` or `observe`")]
    Mode(String),
    /// It is none that is known.
    #[error("tag `{0}` is not known; known are `{CONSENT_TAG}` and `{MODE_TAG}`")]
    Unknown(String),
    /// A mode without anything to roll back.
    #[error("tag `{MODE_TAG}` stands alone; `{CONSENT_TAG}` must name what to roll back")]
    Alone,
}

impl Consent {
    /// Reads an alarm's tags; `None` when none of them is about rollback.
    ///
    /// # Errors
    /// A tag of ours that cannot be meant: somebody believes that the alarm protects something, and it would not.
    pub fn of_tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Option<Self>, TagProblem> {
        let (mut targets, mut mode) = (None, None);
        for (key, value) in tags {
            match key {
                CONSENT_TAG => targets = Some(Target::parse_list(value)?),
                MODE_TAG => mode = Some(Mode::of_tag(value)?),
                other if other.to_ascii_lowercase().starts_with(PREFIX) => {
                    return Err(TagProblem::Unknown(other.to_owned()));
                }
                _ => {}
            }
        }
        match (targets, mode) {
            (Some(targets), mode) => Ok(Some(Self { targets, mode: mode.unwrap_or_default() })),
            (None, Some(_)) => Err(TagProblem::Alone),
            (None, None) => Ok(None),
        }
    }
}

impl Mode {
    fn of_tag(value: &str) -> Result<Self, TagProblem> {
        match value {
            "act" => Ok(Self::Act),
            "observe" => Ok(Self::Observe),
            other => Err(TagProblem::Mode(other.to_owned())),
        }
    }

    /// The milder of the two: one observer is enough to hold back.
    pub fn and(self, other: Self) -> Self {
        if self == Self::Act { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tags: &[(&str, &str)]) -> Result<Option<Consent>, String> {
        Consent::of_tags(tags.iter().copied()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn the_tag_is_the_consent() {
        let consent = read(&[("team", "shop"), (CONSENT_TAG, "orders/Production")]).unwrap().unwrap();
        assert_eq!(consent.mode, Mode::Act);
        assert_eq!(consent.targets.len(), 1);
    }

    #[test]
    fn an_alarm_without_our_tags_asks_for_nothing() {
        assert_eq!(read(&[("team", "shop"), ("aws:cloudformation:stack-name", "x")]), Ok(None));
    }

    #[test]
    fn a_tag_that_cannot_be_meant_is_told_in_words() {
        let told = |tags: &[(&str, &str)]| read(tags).unwrap_err();
        assert!(told(&[(CONSENT_TAG, "orders")]).contains("<pipeline>/<stage>"));
        assert!(told(&[(CONSENT_TAG, "a/b"), (MODE_TAG, "Act")]).contains("`act` or `observe`"));
        assert!(told(&[("Pipewarden:Rollback", "a/b")]).contains("is not known"));
        assert!(told(&[(MODE_TAG, "observe")]).contains("stands alone"));
    }

    #[test]
    fn one_observer_is_enough_to_hold_back() {
        assert_eq!(Mode::Act.and(Mode::Act), Mode::Act);
        assert_eq!(Mode::Act.and(Mode::Observe), Mode::Observe);
        assert_eq!(Mode::Observe.and(Mode::Act), Mode::Observe);
    }
}

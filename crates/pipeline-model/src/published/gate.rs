//! What is said of a gate: that it holds a release, or how it decided, with every check's result.

use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Verdict;
use crate::time;

/// `Gate Decided`: all that is known of it, in the names of its JSON. Only the verdict is always there.
///
/// The verdict `wait` says that the gate holds the release: when a hold begins, and when what it waits for changes. It
/// has the key of the decision that follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Gate {
    /// How it stands, or how it ended.
    pub verdict: Verdict,
    /// How long the release has waited at the gate; zero when the gate decided at its first visit.
    pub waited_seconds: Option<f64>,
    /// Every check, in the order of the policy; of more than [`Gate::MOST_CHECKS`] the first ones are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded")]
    pub checks: Vec<GateCheck>,
    /// The name of the policy, where it has one.
    pub policy: Option<String>,
    /// What waits at the gate where no execution does: `codedeploy:shop/orders`, `ecs:c1/orders`.
    pub target: Option<String>,
    /// The person who opened the gate.
    pub opened_by: Option<String>,
    /// Why it was opened, in that person's words.
    pub opened_because: Option<String>,
    /// When the gate fails at the latest, if it still waits then.
    #[serde(default, deserialize_with = "time::lenient")]
    pub deadline_at: Option<Timestamp>,
}

/// One check of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GateCheck {
    /// Its name, unique within its policy.
    #[serde(default)]
    pub name: String,
    /// What it asks: `alarms`, `metric`, `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How it stands.
    #[serde(default = "unsaid")]
    pub verdict: Verdict,
    /// One sentence, with numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// It is reported, and not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub advisory: bool,
}

impl Gate {
    /// Checks read of one decision. A policy has a handful; what an event may hold is more than a reader should keep.
    pub const MOST_CHECKS: usize = 100;

    /// A gate of which nothing is known but its verdict.
    pub fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            waited_seconds: None,
            checks: Vec::new(),
            policy: None,
            target: None,
            opened_by: None,
            opened_because: None,
            deadline_at: None,
        }
    }
}

fn unsaid() -> Verdict {
    Verdict::Unknown(String::new())
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<GateCheck>, D::Error> {
    struct First;

    impl<'de> Visitor<'de> for First {
        type Value = Vec<GateCheck>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of checks")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut checks = Vec::new();
            while checks.len() < Gate::MOST_CHECKS
                && let Some(check) = list.next_element()?
            {
                checks.push(check);
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(checks)
        }
    }

    deserializer.deserialize_any(First)
}

//! What is remembered of the rollbacks of one target, and of those that were begun and perhaps not ended.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pipeline_model::ExecutionId;
use serde::{Deserialize, Serialize};

use crate::{Alarm, Plan, Seen, Step, Way};

/// The most rollbacks remembered of one target. More than a day's cap, because a release that was rolled back must not
/// become a target again.
pub(crate) const MOST_REMEMBERED: usize = 50;

/// What the table holds of one target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    /// Rollbacks that were done, or tried in vain, oldest first.
    pub past: Vec<Past>,
    /// What was about to be done by somebody who did not come back, oldest first.
    pub pledges: Vec<Pledge>,
    /// Who may act on the target now.
    pub hold: Hold,
}

/// Who may act on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hold {
    /// Nobody has asked to.
    #[default]
    Free,
    /// Whoever holds this book, and nobody else.
    Mine,
    /// Somebody else, until then.
    Others(Timestamp),
}

/// A rollback that was done, or tried in vain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// What was promised before it was done.
    #[serde(flatten)]
    pub pledge: Pledge,
    /// The execution, deployment or version that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// What was done, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// Every way back turned out to be impossible.
    #[serde(default, skip_serializing_if = "is_false")]
    pub failed: bool,
    /// Nothing was found to be impossible: the permission was missing, which somebody may grant.
    #[serde(default, skip_serializing_if = "is_false")]
    pub denied: bool,
    /// It was begun and did not succeed: its service's word for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke: Option<String>,
    /// The inbound transition was closed, and nobody of us has opened it since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub closed_transition: bool,
    /// Other alarms that called while the transition was closed, and since when each was red.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub needed_by: BTreeMap<String, Timestamp>,
    /// When the alarm became OK again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared: Option<Timestamp>,
}

/// What somebody is about to do; written down before it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pledge {
    /// Names the incident.
    pub incident: String,
    /// The release that is to go.
    pub release: String,
    /// The alarm that asks.
    pub alarm: String,
    /// CloudWatch's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_reason: Option<String>,
    /// Since when it is red.
    pub red_since: Timestamp,
    /// When this was written down.
    pub at: Timestamp,
    /// What stands: the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<pipeline_model::Revision>,
    /// What is to stand again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<pipeline_model::Revision>,
    /// The execution whose release is to stand again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_execution: Option<ExecutionId>,
    /// All it may go back to, until it is known which of these were thrown out or are outdated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<ExecutionId>,
    /// The inbound transition is closed for it: if nothing comes of it, whoever finds this opens the transition again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub closes: bool,
    /// What is started anew if the stage itself cannot go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeployment: Option<Redeployment>,
    /// The version that is to stand again, where the target has versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An execution that is started anew looks like any release; what it is made of tells it from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeployment {
    /// The execution whose revisions these are.
    pub of: ExecutionId,
    /// Source actions and their revisions.
    pub revisions: Vec<(String, String)>,
}

impl Redeployment {
    /// The one among these ways, if one of them starts the pipeline anew.
    pub fn of(ways: &[Way]) -> Option<Self> {
        ways.iter().find_map(|way| match &way.step {
            Step::Redeploy { of, revisions, .. } => Some(Self { of: of.clone(), revisions: revisions.clone() }),
            _ => None,
        })
    }
}

impl Past {
    /// What was pledged was done, in these steps.
    pub fn of(pledge: Pledge, started: Option<String>, steps: Vec<String>) -> Self {
        Self {
            pledge,
            started,
            steps,
            failed: false,
            denied: false,
            broke: None,
            closed_transition: false,
            needed_by: BTreeMap::new(),
            cleared: None,
        }
    }
}

impl Pledge {
    /// That a plan is about to be carried out for this alarm, best by this way.
    pub fn of(plan: &Plan, way: Option<&Way>, alarm: &Alarm, seen: &Seen, at: Timestamp) -> Self {
        Self {
            incident: plan.incident.clone(),
            release: plan.release.id.clone(),
            alarm: alarm.name.clone(),
            alarm_reason: alarm.reason.clone(),
            red_since: alarm.red_since,
            at,
            from: plan.release.revision.clone(),
            to: way.and_then(|way| way.to.clone()),
            target_execution: way.and_then(|way| way.target_execution.clone()),
            candidates: Vec::new(),
            closes: plan.before.is_some() || seen.is_closed_by_us(),
            redeployment: Redeployment::of(&plan.ways),
            version: way.and_then(|way| way.step.version().map(str::to_owned)),
        }
    }

    /// How long whoever wrote it down is alone, longer than an invocation can live (template.yaml: a minute): after that
    /// its writer does nothing more.
    pub const HOLDS: SignedDuration = SignedDuration::from_secs(150);
    /// How far clocks differ.
    const SKEW: SignedDuration = SignedDuration::from_secs(10);

    /// Whether what began at `moment` may have come of it.
    pub(crate) fn can_have_begun(&self, moment: Timestamp) -> bool {
        self.is_followed_by(moment, Self::HOLDS)
    }

    /// Whether `moment` is later, and by no more than `reach`.
    pub(crate) fn is_followed_by(&self, moment: Timestamp, reach: SignedDuration) -> bool {
        (-Self::SKEW..=reach).contains(&moment.duration_since(self.at))
    }
}

impl Book {
    /// Whether `release` came of a rollback of ours: a redeployment looks like any other release.
    pub(crate) fn made(&self, release: &str) -> bool {
        self.past.iter().any(|past| past.started.as_deref() == Some(release))
    }

    /// Whether `release` was rolled back, so that it is not to stand again. Where only a permission was missing it was not,
    /// and the next alarm may find it granted.
    pub(crate) fn threw_out(&self, release: &str) -> bool {
        self.past.iter().any(|past| past.pledge.release == release && !past.denied)
    }

    /// Whether this change of the alarm has led to a rollback, or to a try: the event comes twice.
    pub fn has_answered(&self, alarm: &Alarm) -> bool {
        self.past.iter().any(|past| past.pledge.alarm == alarm.name && past.pledge.red_since == alarm.red_since)
    }

    /// The rollback that `alarm` asked for and that nobody has called cleared yet: marks it as cleared at `at`.
    pub fn clear(&mut self, alarm: &str, at: Timestamp) -> Option<&Past> {
        let asked = |past: &&mut Past| {
            past.pledge.alarm == alarm && past.cleared.is_none() && !past.failed && past.pledge.red_since < at
        };
        let past = self.past.iter_mut().rev().find(asked)?;
        past.cleared = Some(at);
        Some(past)
    }

    /// Writes a rollback down, and drops the oldest one that no longer fits. Of tries for which a permission is missing,
    /// which an alarm that flaps repeats, the last one is enough.
    pub fn remember(&mut self, past: Past) {
        let is_same = |it: &Past| it.pledge.incident == past.pledge.incident && it.pledge.alarm == past.pledge.alarm;
        self.past.retain(|it| !(it.denied && is_same(it)));
        self.past.push(past);
        let surplus = self.past.len().saturating_sub(MOST_REMEMBERED);
        self.past.drain(..surplus);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

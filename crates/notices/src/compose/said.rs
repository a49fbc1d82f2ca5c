//! What a gate or a scan said, told on the same occasions.

use std::collections::BTreeMap;

use super::failure::Reasons;
use super::{Tone, gate, scan};
use crate::gate::Gates;
use crate::moment::Moment;
use crate::scan::Scans;
use crate::stopper::{Place, Stopper};
use crate::story::{ActionPath, FailedAction, Standing, Story};
use crate::text::Text;

/// The words of a gate or a scan.
pub(super) trait Said: Stopper {
    /// What it is called as long as nobody has named what is released.
    fn nameless(&self) -> &'static str;

    /// How it stands, in one sentence.
    fn headline(&self, name: Text) -> Text;

    /// What it said, for a place where the release stands above.
    fn remark(&self) -> Text;

    /// All there is to say about it, for a message of its own.
    fn sections(&self) -> Vec<Text>;

    /// That it stopped the release: it says itself why, and what its function reported to CodePipeline says no more.
    fn stopped(&self, name: Text, reported: Option<&str>, reasons: Reasons) -> Text;

    fn tone(&self) -> Tone;

    /// What a program wants to know of it.
    fn facts(&self) -> BTreeMap<&'static str, String>;
}

/// The one a moment is about.
pub(super) fn of<'a>(gates: &'a Gates, scans: &'a Scans, moment: &Moment) -> Option<&'a dyn Said> {
    match (&moment.gate, &moment.scan) {
        (Some(identity), _) => Some(gates.get(identity)?),
        (None, Some(identity)) => Some(scans.get(identity)?),
        (None, None) => None,
    }
}

/// The one that says best where an execution stands.
pub(super) fn at<'a>(story: &'a Story, standing: &Standing) -> Option<&'a dyn Said> {
    match standing {
        Standing::Gate(identity) => Some(story.gates.get(identity)?),
        Standing::Scan(identity) => Some(story.scans.get(identity)?),
        _ => None,
    }
}

/// The one that made an action fail.
pub(super) fn behind<'a>(story: &'a Story, path: &ActionPath, failed: &FailedAction) -> Option<&'a dyn Said> {
    match story.gate_behind(path, failed) {
        Some(visit) => Some(visit),
        None => Some(story.scan_behind(path, failed)?),
    }
}

/// What did not pass at the gates an attempt failed by, and what its scans found.
pub(super) fn evidence(story: &Story, attempt: u32) -> impl Iterator<Item = Text> {
    gate::behind(story, attempt).chain(scan::behind(story, attempt))
}

/// In its stage, else by the name of its policy.
pub(super) fn in_place(text: Text, place: &Place, before_the_policy: &'static str) -> Text {
    match (&place.stage, &place.policy) {
        (Some(stage), _) => text.plain(" in ").bold(stage.as_str()),
        (None, Some(policy)) => text.plain(before_the_policy).bold(policy.as_str()),
        (None, None) => text,
    }
}

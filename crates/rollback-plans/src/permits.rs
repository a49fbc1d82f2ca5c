//! Whether the past allows one more rollback: that of the target, and that of all else the alarm protects.

use jiff::{SignedDuration, Timestamp};

use crate::decide::is_later;
use crate::{Book, Case, Limits, Past, Refusal, Release, Seen, Sibling};

/// The window of the daily cap.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Whether `release` may be rolled back, as far as is remembered. Before the target's own book is known, an empty one
/// stands for it.
pub(crate) fn permits(case: &Case<'_>, release: &Release, book: &Book) -> Result<(), Refusal> {
    if book.made(&release.id) || came_of_a_sibling(case, release) {
        return Err(Refusal::CurrentIsRollback);
    }
    if book.threw_out(&release.id) {
        return Err(Refusal::AlreadyHandled);
    }
    let all = case.siblings.iter().map(|sibling| &sibling.book).chain([book]).flat_map(|book| &book.past);
    has_pace(all, case.limits, case.now)
}

/// Whether one more rollback is neither too soon nor one too many.
fn has_pace<'a>(past: impl Iterator<Item = &'a Past>, limits: &Limits, now: Timestamp) -> Result<(), Refusal> {
    let times: Vec<Timestamp> = past.filter(|past| !past.failed).map(|past| past.pledge.at).collect();
    if let Some(last) = times.iter().copied().max()
        && !is_later(last, limits.cooldown, now)
    {
        return Err(Refusal::Cooldown(last.saturating_add(limits.cooldown).unwrap_or(Timestamp::MAX)));
    }
    if times.into_iter().filter(|at| !is_later(*at, DAY, now)).count() >= usize::from(limits.per_day) {
        return Err(Refusal::DailyCap);
    }
    Ok(())
}

/// Whether a stage that the alarm names besides must be seen first. A stage says itself what is a rollback.
pub(crate) fn asks_for_siblings(case: &Case<'_>) -> bool {
    let is_unseen = |sibling: &Sibling| sibling.target.stage().is_some() && sibling.seen.is_none();
    case.target.stage().is_none() && case.siblings.iter().any(is_unseen)
}

/// A stage that goes back deploys to services, stacks and aliases, and an alarm may name those besides. What began there
/// meanwhile or soon after is taken for that, whoever rolled back: to stop it would roll a rollback back, and to tell a person
/// how would be bad advice.
fn came_of_a_sibling(case: &Case<'_>, release: &Release) -> bool {
    if case.siblings.iter().any(|sibling| sibling.book.made(&release.id)) {
        return true;
    }
    let Some(began) = release.began.filter(|_| case.target.stage().is_none()) else { return false };
    let reach = case.limits.watch.max(case.limits.cooldown);
    let follows = |past: &Past| !past.failed && past.pledge.is_followed_by(began, reach);
    case.siblings.iter().any(|sibling| {
        let goes_back = matches!(&sibling.seen, Some(Seen::Stage(stage)) if stage.goes_back_at(began));
        goes_back || sibling.book.past.iter().any(follows)
    })
}

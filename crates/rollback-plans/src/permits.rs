//! Whether the past allows one more rollback: that of the target, and that of all else the alarm protects.

use jiff::{SignedDuration, Timestamp};

use crate::decide::is_later;
use crate::targets::{RunStatus, StageSeen};
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
    has_pace(all, case.limits, case.now)?;
    is_left_alone(case)
}

/// Whether the last rollback of the stage is long ago, whoever made it. Only those of ours count for the day. What one of
/// ours left unfinished comes first, so the book must be known.
fn is_left_alone(case: &Case<'_>) -> Result<(), Refusal> {
    let (Seen::Stage(stage), Some(_)) = (case.seen, case.book) else { return Ok(()) };
    let rollbacks = stage.succeeded.iter().filter(|execution| execution.is_rollback);
    match rollbacks.filter_map(|execution| execution.started).max() {
        Some(last) if !is_later(last, case.limits.cooldown, case.now) => Err(cooldown(last, case.limits)),
        _ => Ok(()),
    }
}

fn cooldown(last: Timestamp, limits: &Limits) -> Refusal {
    Refusal::Cooldown(last.saturating_add(limits.cooldown).unwrap_or(Timestamp::MAX))
}

/// Whether one more rollback is neither too soon nor one too many.
fn has_pace<'a>(past: impl Iterator<Item = &'a Past>, limits: &Limits, now: Timestamp) -> Result<(), Refusal> {
    let times: Vec<Timestamp> = past.filter(|past| !past.failed).map(|past| past.pledge.at).collect();
    if let Some(last) = times.iter().copied().max()
        && !is_later(last, limits.cooldown, now)
    {
        return Err(cooldown(last, limits));
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

/// Whether a stage that the alarm names besides must end first, because it may be what deploys here.
///
/// That is asked of an alias only: it does not say since when it points where, and what a stage publishes early it may point
/// to last. Everything else tells itself when its deployment was.
///
/// # Errors
/// When the stage ended after the alarm had turned red: then the alias may have been moved after that, too.
pub(crate) fn waits_for_sibling(case: &Case<'_>) -> Result<bool, Refusal> {
    if !matches!(case.seen, Seen::Alias(_)) {
        return Ok(false);
    }
    let runs = || stages(case.siblings).filter_map(|(_, stage)| stage.current.as_ref());
    if runs().any(|run| run.status == RunStatus::Running) {
        return Ok(true);
    }
    match runs().any(|run| run.changed.is_none_or(|changed| changed > case.alarm.red_since)) {
        true => Err(Refusal::AlarmRedDuringDeployment),
        false => Ok(false),
    }
}

/// The siblings that are stages, as they were seen.
fn stages(siblings: &[Sibling]) -> impl Iterator<Item = (&Sibling, &StageSeen)> {
    siblings.iter().filter_map(|sibling| match &sibling.seen {
        Some(Seen::Stage(stage)) => Some((sibling, stage)),
        _ => None,
    })
}

/// A stage that goes back deploys to services, stacks and aliases, and an alarm may name those besides. What began there
/// meanwhile or soon after is taken for that, whoever rolled back: to stop it would roll a rollback back, and to tell a person
/// how would be bad advice. So the pace is not asked before this. What began with or after a newer release of the stage came of
/// that one.
fn came_of_a_sibling(case: &Case<'_>, release: &Release) -> bool {
    if case.siblings.iter().any(|sibling| sibling.book.made(&release.id)) {
        return true;
    }
    let Some(began) = release.began.filter(|_| case.target.stage().is_none()) else { return false };
    let reach = case.limits.watch.max(case.limits.cooldown);
    let follows = |sibling: &Sibling, past: &Past| {
        !past.failed
            && past.pledge.is_followed_by(began, reach)
            && !is_of_newer_release(case.siblings, (sibling, past), began)
    };
    stages(case.siblings).any(|(_, stage)| stage.goes_back_at(began))
        || case.siblings.iter().any(|sibling| sibling.book.past.iter().any(|past| follows(sibling, past)))
}

/// Whether the stage that was rolled back, or any if that was none, shows a release that began after the rollback and not
/// after `began`, and is no rollback itself.
fn is_of_newer_release(siblings: &[Sibling], (rolled_back, past): (&Sibling, &Past), began: Timestamp) -> bool {
    let drives = |it: &Sibling| rolled_back.target.stage().is_none() || it.target == rolled_back.target;
    stages(siblings).filter(|(sibling, _)| drives(sibling)).any(|(sibling, stage)| {
        let release = stage.release().filter(|it| !sibling.book.made(&it.id));
        release.and_then(|it| it.began).is_some_and(|start| past.pledge.at < start && start <= began)
    })
}

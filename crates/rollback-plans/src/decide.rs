//! The decision: from facts to one answer, without a clock and without an effect.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::alarm::{Calls, WasRed};
use crate::permits::{asks_for_siblings, permits, waits_for_sibling};
use crate::targets::Look;
use crate::untold::{asks_for_all, untold};
use crate::windows::{Outlook, is_suspect, judged};
use crate::{Book, Case, Hold, Mode, Plan, Pledge, Refusal, Release, Seen, Standing, Step};

/// How long to wait before what is not as it must be yet is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How long after a change CloudWatch's history may lack it.
const HISTORY_LAGS: SignedDuration = SignedDuration::from_mins(10);

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Find something out, then decide again.
    Ask(Question),
    /// Write down what is about to be done and become the only one who may, then decide again with the book.
    Claim(Box<Pledge>),
    /// Look again after that time.
    Wait(Duration),
    /// A stage runs: look again after that time, unless something can be done at another target of the alarm.
    WaitForStage(Duration),
    /// Do nothing.
    Refuse(Box<Refused>),
    /// Say what would be done.
    Observe(Box<Plan>),
    /// Do it.
    RollBack(Box<Plan>),
    /// Somebody did it and could not tell: tell it for them.
    Adopt(Box<Pledge>, Release),
    /// This change of the alarm was answered before; there is nothing to add.
    Answered,
}

/// What must be known to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What is remembered of the target.
    Book,
    /// The alarm's changes from then on: [`crate::Alarm::turns`].
    Turns(Timestamp),
    /// All executions of the pipeline: [`crate::targets::StageSeen::all`].
    AllExecutions,
    /// What stands in the stages that the alarm protects besides: [`crate::Sibling::seen`].
    Siblings,
}

/// A refusal, and what is known all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Names what it is about, so that it is told once.
    pub incident: String,
    /// What stands there.
    pub release: Option<Release>,
    /// What a person can run.
    pub commands: Vec<String>,
}

/// Decides. The same facts give the same answer; only the first two lead to another call with more facts.
///
/// Facts that cost a call are asked for only when the answer depends on them: an alarm that protects nothing that was
/// deployed lately is refused before anything is written.
pub fn decide(case: &Case<'_>) -> Decision {
    match examine(case) {
        Ok(decision) => decision,
        Err(refusal) => refuse(case, refusal),
    }
}

fn examine(case: &Case<'_>) -> Result<Decision, Refusal> {
    if let Calls::Perhaps(pause) = case.alarm.still_calls(case.limits, case.now)? {
        return Ok(Decision::Wait(pause));
    }
    let look = match case.seen {
        Seen::Unknown(answer) => return Err(Refusal::TargetUnknown(answer.clone())),
        seen => seen.look().ok_or(Refusal::NoWayBack)?,
    };
    let (release, is_over) = match look.standing() {
        Standing::Never if case.is_parallel() => return Err(Refusal::ParallelMode),
        Standing::Never => return Err(Refusal::NeverDeployed),
        Standing::Broken(_, word) => return Err(Refusal::DeploymentNotSucceeded(word)),
        Standing::RolledBack(_) => return rolled_back(case),
        Standing::Running(_) => return wait_for_stage(case),
        Standing::Stoppable(release) => (release, false),
        Standing::Deployed(release) => (release, true),
    };
    is_suspect(&release, is_over, case.alarm.red_since, case.limits)?;
    if let Some(decision) = was_green(case, &release)? {
        return Ok(decision);
    }
    let incident = case.incident(&release);
    let outlook =
        Outlook { target: case.target, limits: case.limits, book: case.book, release: &release, incident: &incident };
    if let Seen::Stage(stage) = case.seen
        && stage.wants_all(&outlook)
    {
        return Ok(Decision::Ask(Question::AllExecutions));
    }
    let ways = look.ways(&outlook)?;
    let plan = plan(case, &outlook, ways);
    by_the_book(case, &outlook, plan)
}

/// What is to be judged comes when the stage has ended. That is waited for, but not for ever.
fn wait_for_stage(case: &Case<'_>) -> Result<Decision, Refusal> {
    match is_later(case.alarm.red_since, case.limits.patience, case.now) {
        true => Err(Refusal::DeploymentStillRunning),
        false => Ok(Decision::WaitForStage(LOOK_AGAIN)),
    }
}

/// What stands is a rollback. Perhaps it is one of ours that nobody could tell of.
fn rolled_back(case: &Case<'_>) -> Result<Decision, Refusal> {
    let Some(book) = case.book else { return Ok(Decision::Ask(Question::Book)) };
    if book.has_answered(case.alarm) {
        return Ok(Decision::Answered);
    }
    finish(case, book).unwrap_or(Err(Refusal::CurrentIsRollback))
}

/// What somebody promised and did not tell comes first, if anything came of it. Only one may tell it: whoever holds the
/// book.
fn finish(case: &Case<'_>, book: &Book) -> Option<Result<Decision, Refusal>> {
    if asks_for_all(book, case.seen) {
        return Some(Ok(Decision::Ask(Question::AllExecutions)));
    }
    let (pledge, release) = untold(book, case.seen)?;
    Some(Ok(match book.hold {
        Hold::Others(until) => Decision::Wait(until_then(until, case.now)),
        Hold::Free => Decision::Claim(Box::new(pledge)),
        Hold::Mine => Decision::Adopt(Box::new(pledge), release),
    }))
}

/// The alarm was red neither when the deployment began nor when it stood; perhaps its history must be asked, or asked
/// again. An alarm without data may have been red before that, so the history is asked for one more watch.
fn was_green(case: &Case<'_>, release: &Release) -> Result<Option<Decision>, Refusal> {
    let [began, stood] = judged(release, case.limits).ok_or(Refusal::DeploymentTimeUnknown)?;
    match case.alarm.was_red_at(began).max(case.alarm.was_red_at(stood)) {
        WasRed::No => Ok(None),
        WasRed::Yes => Err(Refusal::AlarmRedBeforeDeployment),
        WasRed::HistoryLags if !is_later(case.alarm.red_since, HISTORY_LAGS, case.now) => {
            Ok(Some(Decision::Wait(LOOK_AGAIN)))
        }
        WasRed::Unknown | WasRed::HistoryLags => Err(Refusal::AlarmPastUnknown),
        WasRed::AskHistory => {
            let since = began.saturating_sub(case.limits.watch).unwrap_or(Timestamp::MIN);
            Ok(Some(Decision::Ask(Question::Turns(since))))
        }
    }
}

/// What happened before at this target, and whether this invocation may act on it.
fn by_the_book(case: &Case<'_>, outlook: &Outlook<'_>, plan: Plan) -> Result<Decision, Refusal> {
    if case.siblings.iter().any(|sibling| sibling.book.has_answered(case.alarm)) {
        return Ok(Decision::Answered);
    }
    if asks_for_siblings(case) {
        return Ok(Decision::Ask(Question::Siblings));
    }
    let Some(book) = case.book else {
        permits(case, &plan.release, &Book::default())?;
        if waits_for_sibling(case)? {
            return wait_for_stage(case);
        }
        return Ok(match case.mode {
            Mode::Act => Decision::Claim(Box::new(pledge(case, outlook, &plan))),
            Mode::Observe => Decision::Ask(Question::Book),
        });
    };
    if book.has_answered(case.alarm) {
        return Ok(Decision::Answered);
    }
    if let Some(decision) = finish(case, book) {
        return decision;
    }
    permits(case, &plan.release, book)?;
    if waits_for_sibling(case)? {
        return wait_for_stage(case);
    }
    Ok(match (case.mode, book.hold) {
        (Mode::Observe, _) => Decision::Observe(Box::new(plan)),
        (Mode::Act, Hold::Mine) => Decision::RollBack(Box::new(plan)),
        (Mode::Act, Hold::Free) => Decision::Claim(Box::new(pledge(case, outlook, &plan))),
        (Mode::Act, Hold::Others(until)) => Decision::Wait(until_then(until, case.now)),
    })
}

fn plan(case: &Case<'_>, outlook: &Outlook<'_>, ways: Vec<crate::Way>) -> Plan {
    // An execution that is started anew must come through the door.
    let starts_anew = ways.iter().any(|way| matches!(way.step, Step::Redeploy { .. }));
    let stage = case.target.stage().filter(|_| case.limits.closes_transition && !starts_anew);
    let is_closed = case.seen.closed_because().is_some();
    let before = stage.filter(|_| !is_closed).map(|(pipeline, stage)| Step::CloseTransition {
        pipeline: pipeline.clone(),
        stage: stage.clone(),
        reason: crate::step::closing_reason(&case.alarm.name),
    });
    Plan {
        incident: outlook.incident.to_owned(),
        release: outlook.release.clone(),
        before,
        remarks: stage.and_then(|_| case.seen.remark_on_closing(case.target)).into_iter().collect(),
        commands: ways.iter().take(1).map(|way| way.step.command()).collect(),
        ways,
    }
}

fn pledge(case: &Case<'_>, outlook: &Outlook<'_>, plan: &Plan) -> Pledge {
    let candidates = match case.seen {
        Seen::Stage(stage) => stage.all_ways_back(outlook),
        _ => Vec::new(),
    };
    Pledge { candidates, ..Pledge::of(plan, plan.ways.first(), case.alarm, case.seen, case.now) }
}

/// A refusal with what a person can do about it: the way that policy forbids us is open to them.
fn refuse(case: &Case<'_>, refusal: Refusal) -> Decision {
    let look = case.seen.look();
    let release = look.and_then(|look| look.standing().release().cloned());
    let incident = match &release {
        Some(release) => case.incident(release),
        None => case.alarm.incident(case.target),
    };
    let commands = match (look, &release) {
        (Some(look), Some(release)) if refusal.leaves_it_to_people() => {
            vec![by_hand(case, look, release, &incident, &refusal)]
        }
        _ => Vec::new(),
    };
    Decision::Refuse(Box::new(Refused { refusal, incident, release, commands }))
}

/// The first way back, if it is only policy that forbids it. From a rollback there is none: before it stood what it threw
/// out.
fn by_hand(case: &Case<'_>, look: &dyn Look, release: &Release, incident: &str, refusal: &Refusal) -> String {
    let outlook = Outlook { target: case.target, limits: case.limits, book: case.book, release, incident };
    let ways =
        if *refusal == Refusal::CurrentIsRollback { Vec::new() } else { look.ways(&outlook).unwrap_or_default() };
    ways.first().map_or_else(|| look.by_hand(case.target), |way| way.step.command())
}

impl Case<'_> {
    fn incident(&self, release: &Release) -> String {
        format!("{}@{}", self.target, release.id)
    }

    fn is_parallel(&self) -> bool {
        let Seen::Stage(stage) = self.seen else { return false };
        stage.succeeded.first().is_some_and(|execution| execution.is_parallel)
    }
}

/// Whether `now` is later than `than` by more than `by`.
pub(crate) fn is_later(than: Timestamp, by: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(than) > by
}

/// A moment longer than until then, so that the lease has surely ended.
fn until_then(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default() + Duration::from_secs(1)
}

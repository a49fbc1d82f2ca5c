//! Who releases when: an isolated release, a fleet, a long history, a month.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::batches::Tale;
use crate::story::{Stories, Story};

/// Releases of a pipeline in a month.
pub(crate) const MONTH: usize = 100;

/// CloudWatch takes samples of the last two weeks, so everything is told as of these days.
const FIRST_DAY: SignedDuration = SignedDuration::from_hours(13 * 24);

/// The pipelines of the fleet, and how often each releases on a working day of eight hours.
pub(crate) const PIPELINES: usize = 100;
pub(crate) const RELEASES: usize = 8;
const WORKING_DAY: i64 = 8 * 60 * 60;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn first_day() -> Timestamp {
    Timestamp::now() - FIRST_DAY
}

/// One release of a pipeline that had none before.
pub(crate) fn isolated(story: &Story) -> Result<Tale> {
    Tale::of([story.tell("isolated", 1, first_day())])
}

/// Two releases of a pipeline, hours apart.
pub(crate) fn twice(story: &Story) -> Result<(Tale, Tale)> {
    let later = first_day() + SignedDuration::from_hours(5);
    Ok((isolated(story)?, Tale::of([story.tell("isolated", 2, later)])?))
}

/// A release, one that fails, one that restores, and the rollback of that one.
pub(crate) fn eventful(stories: &Stories) -> Result<Tale> {
    let at = |hours: i64| first_day() + SignedDuration::from_hours(hours);
    let releases = [(&stories.succeeded, 1), (&stories.failed, 2), (&stories.succeeded, 3), (&stories.rollback, 3)];
    Tale::of(releases.into_iter().zip(1..).map(|((story, number), hours)| story.tell("eventful", number, at(hours))))
}

/// A day of the fleet: all pipelines release at random times. One of ten releases fails.
pub(crate) fn day(stories: &Stories, day: usize) -> Result<Tale> {
    let mut random = fastrand::Rng::with_seed(day as u64);
    let morning = first_day() + SignedDuration::from_hours(i64::try_from(day)? * 24);
    let telling = |release: usize| {
        let pipeline = format!("pipeline-{:03}", release % PIPELINES);
        let at = morning + SignedDuration::from_secs(random.i64(0..WORKING_DAY));
        let story = if random.u8(0..10) == 0 { &stories.failed } else { &stories.succeeded };
        story.tell(&pipeline, day * PIPELINES * RELEASES + release, at)
    };
    Tale::of((0..PIPELINES * RELEASES).map(telling))
}

/// So many executions of one pipeline, evenly over twelve days.
pub(crate) fn history(story: &Story, executions: i32) -> Result<Tale> {
    let (first, between) = (first_day(), SignedDuration::from_hours(12 * 24) / executions);
    Tale::of(
        (0..executions).map(|number| story.tell("history", number.unsigned_abs() as usize, first + between * number)),
    )
}

/// A month's 100 releases of one pipeline, one of ten failing, told within twelve days: the hours in which they end are
/// as many.
pub(crate) fn month(stories: &Stories) -> Result<Tale> {
    let (first, between) = (first_day(), SignedDuration::from_secs(10_000));
    Tale::of((0..).take(MONTH).map(|number: i32| {
        let story = if number % 10 == 5 { &stories.failed } else { &stories.succeeded };
        story.tell("month", number.unsigned_abs() as usize, first + between * number)
    }))
}

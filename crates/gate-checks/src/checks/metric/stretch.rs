//! The stretch of time that is looked at: how long, how long ago, in which steps.

use jiff::{SignedDuration, Timestamp};

use super::source::Source;
use crate::text::{count, lasting};
use crate::value::Duration;
use crate::{MetricQuery, MetricSource};

/// CloudWatch drops data points of a minute after 15 days, of seconds after three hours (botocore, `GetMetricData`).
const FURTHEST: SignedDuration = SignedDuration::from_hours(14 * 24);
const FURTHEST_IN_SECONDS: SignedDuration = SignedDuration::from_hours(3);
/// Data points of one series: all checks share the 100,800 of a call.
const MOST_POINTS: i64 = 1_440;
/// Metrics arrive late; most are complete after two minutes.
const LATE: Duration = Duration::minutes(2);
const MINUTE: Duration = Duration::minutes(1);

/// What a policy says of the time.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) struct Stretch {
    /// Seconds of one data point.
    period: u32,
    /// How much of the past; a multiple of the period.
    over: SignedDuration,
    /// How long before now it ends.
    ago: SignedDuration,
}

impl Stretch {
    /// Checks what was written: `before` is added to the offset.
    pub(in crate::checks) fn check(
        period: Option<Duration>,
        over: Duration,
        offset: Option<Duration>,
        before: Option<Duration>,
    ) -> Result<Self, String> {
        let period = check_period(period.unwrap_or(MINUTE))?;
        let ago = offset.unwrap_or(LATE).0 + before.unwrap_or_default().0;
        let (over, step) = (over.0, i64::from(period));
        if over.as_secs() < step || over.as_secs() % step != 0 || over.subsec_nanos() != 0 {
            return Err(format!("`over` is {}, which is no multiple of the period of {step} s", lasting(over)));
        }
        if over.as_secs() / step > MOST_POINTS {
            let points = over.as_secs() / step;
            return Err(format!("`over` asks for {points} data points; {MOST_POINTS} at most, with a longer `period`"));
        }
        let furthest = if period < 60 { FURTHEST_IN_SECONDS } else { FURTHEST };
        if over + ago > furthest {
            let (back, furthest) = (lasting(over + ago), lasting(furthest));
            return Err(format!(
                "it looks {back} back; with a period of {period} s there is data for {furthest} at most"
            ));
        }
        Ok(Self { period, over, ago })
    }

    /// Refuses what CloudWatch could never answer, or not with that many data points.
    pub(in crate::checks) fn suits(&self, source: &Source, points: u32) -> Result<(), String> {
        let most = self.over.as_secs() / i64::from(self.period);
        if source.is_one_series() && i64::from(points) > most {
            let most = count(usize::try_from(most).unwrap_or(usize::MAX), "data point");
            return Err(format!(
                "`points` is {points}, and {} of {} s make {most} at most",
                lasting(self.over),
                self.period
            ));
        }
        if source.is_insights() && self.over + self.ago > FURTHEST_IN_SECONDS {
            return Err("a Metrics Insights query sees three hours at most; make `over` shorter".into());
        }
        Ok(())
    }

    /// The question, as of now. It ends at a whole period, so that no data point is half.
    pub(in crate::checks) fn query(&self, source: MetricSource, now: Timestamp) -> MetricQuery {
        let step = i64::from(self.period);
        let end = (now.as_second() - self.ago.as_secs()).div_euclid(step) * step;
        let at = |second| Timestamp::from_second(second).expect("a policy looks back two weeks at most");
        MetricQuery { source, period: self.period, from: at(end - self.over.as_secs()), to: at(end) }
    }

    pub(in crate::checks) fn over(&self) -> SignedDuration {
        self.over
    }

    /// Whether two stretches have a moment in common, whenever they are looked at.
    pub(in crate::checks) fn overlaps(&self, other: &Self) -> bool {
        self.ago < other.ago + other.over && other.ago < self.ago + self.over
    }
}

fn check_period(period: Duration) -> Result<u32, String> {
    let told =
        || format!("`period` is {period}; CloudWatch knows 1, 5, 10, 20 and 30 s, and whole minutes up to a day");
    let seconds = u32::try_from(period.0.as_secs()).map_err(|_| told())?;
    let is_whole = period.0.subsec_nanos() == 0;
    let is_known = matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds % 60 == 0 && (60..=86_400).contains(&seconds));
    if is_whole && is_known { Ok(seconds) } else { Err(told()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn duration(seconds: i64) -> Duration {
        Duration(SignedDuration::from_secs(seconds))
    }

    #[test]
    fn what_cloudwatch_could_not_answer_is_refused() {
        let cases = [
            (60, 600, 120, 0, Ok(())),
            (1, 60, 0, 0, Ok(())),
            (300, 300, 0, 0, Ok(())),
            (86_400, 86_400, 0, 0, Ok(())),
            (0, 600, 0, 0, Err("`period` is 0 s")),
            (2, 600, 0, 0, Err("`period` is 2 s")),
            (90, 900, 0, 0, Err("`period` is 1 min")),
            (60, 0, 0, 0, Err("no multiple")),
            (60, 90, 0, 0, Err("no multiple")),
            (300, 600 + 60, 0, 0, Err("no multiple")),
            (60, 1_441 * 60, 0, 0, Err("1441 data points")),
            (60, 600, 0, 15 * 86_400, Err("it looks 15 d")),
            (30, 3_600, 0, 3 * 3_600, Err("it looks 4 h")),
        ];
        for (period, over, offset, before, expected) in cases {
            let offset = Some(duration(offset));
            let checked = Stretch::check(Some(duration(period)), duration(over), offset, Some(duration(before)));
            match (checked, expected) {
                (Ok(_), Ok(())) => {}
                (Err(problem), Err(told)) => assert!(problem.contains(told), "{problem}"),
                (checked, expected) => panic!("{period} {over}: {checked:?}, not {expected:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn a_question_ends_at_a_whole_period_in_the_past(
            now in 1_700_000_000..1_900_000_000_i64, steps in 1..100_i64, minutes in 1..60_i64, ago in 0..7_200_i64,
        ) {
            let stretch = Stretch::check(
                Some(duration(minutes * 60)), duration(steps * minutes * 60), Some(duration(ago)), None,
            ).unwrap();
            let source = MetricSource::Expression { text: "1".into(), inputs: Default::default() };
            let query = stretch.query(source, Timestamp::from_second(now).unwrap());
            prop_assert_eq!(query.to.as_second() % (minutes * 60), 0);
            prop_assert_eq!(query.from.as_second() % (minutes * 60), 0);
            prop_assert_eq!(query.length().as_secs(), steps * minutes * 60);
            prop_assert!((0..minutes * 60).contains(&(now - ago - query.to.as_second())));
        }
    }
}

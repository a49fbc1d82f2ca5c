//! Whether a pipeline is where somebody wants it to be.

use jiff::{SignedDuration, Timestamp};

use crate::window::Window;

/// What somebody wants of every pipeline; what is absent is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// The success rate below which a pipeline counts, in percent.
    pub success_rate_below: Option<f64>,
    /// How many finished executions a rate needs before it is judged.
    pub minimum_executions: usize,
    /// The average duration above which a pipeline counts.
    pub duration_above: Option<SignedDuration>,
    /// The days without a deployment after which a pipeline counts.
    pub days_without_deployment: Option<u32>,
}

/// How many of a pipeline's last finished executions succeeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuccessRate {
    /// The succeeded ones, in percent.
    pub percent: f64,
    /// How many finished executions that is of; a rate of few is not judged.
    pub executions: usize,
}

/// Where a pipeline is, and where that is not what somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Health {
    /// Absent until an execution has finished.
    pub success_rate: Option<SuccessRate>,
    /// How long its succeeded executions took on average; absent until one has succeeded whose start is known.
    pub average_seconds: Option<f64>,
    /// Whole days since its last deployment; absent if it has never deployed.
    pub days_without_deployment: Option<u32>,
    /// Fewer of its last finished executions succeeded than wanted.
    pub below_success_rate: bool,
    /// Its executions take longer than wanted.
    pub above_duration: bool,
    /// It has deployed once, and not for too long since then.
    pub without_deployment: bool,
}

const HOURS_OF_A_DAY: i64 = 24;

impl Window {
    /// Judges the pipeline as of now.
    pub fn health(&self, now: Timestamp, thresholds: &Thresholds) -> Health {
        let rates = self.rates(now);
        let judged = rates.filter(|rates| rates.finished >= thresholds.minimum_executions);
        let is_below = |least: f64| judged.is_some_and(|rates| rates.success < least);
        let average = rates.and_then(|rates| rates.duration);
        let is_above = |most: SignedDuration| average.is_some_and(|average| average > most.as_secs_f64());
        let idle = self.past.deployed.map(|last| now.duration_since(last));
        let is_idle =
            |days: u32| idle.is_some_and(|idle| idle > SignedDuration::from_hours(HOURS_OF_A_DAY * i64::from(days)));
        Health {
            success_rate: rates.map(|rates| SuccessRate { percent: rates.success, executions: rates.finished }),
            average_seconds: average,
            days_without_deployment: idle.map(|idle| u32::try_from(idle.as_hours() / HOURS_OF_A_DAY).unwrap_or(0)),
            below_success_rate: thresholds.success_rate_below.is_some_and(is_below),
            above_duration: thresholds.duration_above.is_some_and(is_above),
            without_deployment: thresholds.days_without_deployment.is_some_and(is_idle),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shell, at};

    const DAY: f64 = 86_400.0;

    fn thresholds() -> Thresholds {
        Thresholds {
            success_rate_below: Some(60.0),
            minimum_executions: 3,
            duration_above: Some(SignedDuration::from_secs(20)),
            days_without_deployment: Some(7),
        }
    }

    fn health(lines: &str, now: f64) -> Health {
        Shell::new().tell(lines).window.health(at(now), &thresholds())
    }

    #[test]
    fn a_rate_is_judged_once_there_are_enough_executions() {
        let two = "0 a started\n5 a failed since=0\n10 b started\n15 b failed since=10";
        assert!(!health(two, 99.0).below_success_rate);
        let three = format!("{two}\n20 c started\n25 c succeeded since=20");
        assert!(health(&three, 99.0).below_success_rate, "33 is below 60");
        let five = format!("{three}\n30 d started\n35 d succeeded since=30\n40 e started\n45 e succeeded since=40");
        assert!(!health(&five, 99.0).below_success_rate, "60 is not below 60");
    }

    #[test]
    fn a_duration_is_the_average_of_what_succeeded() {
        let lines = "0 a started\n10 a succeeded since=0\n20 b started\n51 b succeeded since=20";
        assert!(health(lines, 99.0).above_duration, "20.5 is above 20");
        assert!(
            !health("0 a started\n20 a succeeded since=0\n30 b started\n99 b failed since=30", 99.0).above_duration
        );
    }

    #[test]
    fn days_without_a_deployment_count_from_the_last_one_and_only_after_one() {
        let deployed = "0 a started\n10 a stage Production succeeded since=1\n10 a succeeded since=0";
        assert!(!health(deployed, 7.0 * DAY + 10.0).without_deployment);
        assert!(health(deployed, 7.0 * DAY + 11.0).without_deployment);
        let never = "0 a started\n10 a stage Build failed since=1\n10 a failed since=0";
        assert!(!health(never, 99.0 * DAY).without_deployment, "it may never be meant to");
    }

    #[test]
    fn health_tells_the_numbers_it_was_judged_by() {
        let lines = "0 a started\n10 a stage Production succeeded since=1\n10 a succeeded since=0\n20 b started
            25 b failed since=20";
        let shell = Shell::new().tell(lines).clone();
        let told = |now: f64| {
            let health = shell.window.health(at(now), &Thresholds::default());
            (health.success_rate, health.average_seconds, health.days_without_deployment)
        };
        let rate = Some(SuccessRate { percent: 50.0, executions: 2 });
        assert_eq!(told(3.0 * DAY), (rate, Some(10.0), Some(2)));
        assert_eq!(told(3.0 * DAY + 10.0), (rate, Some(10.0), Some(3)));
        assert_eq!(told(5.0), (None, None, Some(0)), "as of a moment before anything had ended");
        assert_eq!(health("", 99.0 * DAY), Health::default());
    }

    #[test]
    fn what_nobody_asks_for_is_not_judged() {
        let mut shell = Shell::new();
        shell.tell("0 a started\n9 a stage Production succeeded since=1\n999 a failed since=0");
        let health = shell.window.health(at(999.0 * DAY), &Thresholds::default());
        assert_eq!(
            (health.below_success_rate, health.above_duration, health.without_deployment),
            (false, false, false)
        );
        assert_eq!(health.days_without_deployment, Some(998));
    }
}

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

/// Where a pipeline is not where somebody wants it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Fewer of its last finished executions succeeded than wanted.
    pub below_success_rate: bool,
    /// Its executions take longer than wanted.
    pub above_duration: bool,
    /// It has not deployed for too long.
    pub without_deployment: bool,
}

impl Window {
    /// Judges the pipeline as of now.
    pub fn health(&self, now: Timestamp, thresholds: &Thresholds) -> Health {
        let rates = self.rates(now);
        let judged = rates.filter(|rates| rates.finished >= thresholds.minimum_executions);
        let is_below = |least: f64| judged.is_some_and(|rates| rates.success < least);
        let is_above = |most: SignedDuration| {
            rates.and_then(|rates| rates.duration).is_some_and(|duration| duration > most.as_secs_f64())
        };
        // What has never deployed counts from the first thing that is known of it.
        let last = self.past.deployed.or(self.past.since);
        let is_idle = |days: u32| {
            last.is_some_and(|last| now.duration_since(last) > SignedDuration::from_hours(24 * i64::from(days)))
        };
        Health {
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
    fn days_without_a_deployment_count_from_the_last_one_or_from_the_first_thing_known() {
        let deployed = "0 a started\n10 a stage Production succeeded since=1\n10 a succeeded since=0";
        assert!(!health(deployed, 7.0 * DAY + 10.0).without_deployment);
        assert!(health(deployed, 7.0 * DAY + 11.0).without_deployment);
        let never = "0 a started\n10 a stage Build failed since=1\n10 a failed since=0";
        assert!(!health(never, 7.0 * DAY).without_deployment);
        assert!(health(never, 7.0 * DAY + 1.0).without_deployment);
        assert!(!health("", 99.0 * DAY).without_deployment, "nothing at all is known");
    }

    #[test]
    fn what_nobody_asks_for_is_not_judged() {
        let mut shell = Shell::new();
        shell.tell("0 a started\n999 a failed since=0");
        assert_eq!(shell.window.health(at(999.0 * DAY), &Thresholds::default()), Health::default());
    }
}

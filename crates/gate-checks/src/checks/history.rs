//! The check `history`: what became of the executions before this one.

use jiff::Timestamp;
use pipeline_model::{PipelineName, StageName};
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::text::{clock, count, number, shown};
use crate::value::Duration;
use crate::{Execution, ExecutionsQuery, ExecutionsSeen, Facts, Place, Question, StageSeen, Unanswered};

/// `ListPipelineExecutions` gives so many at once.
const MOST_EXECUTIONS: u16 = 100;

/// The executions before this one went well.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
#[serde(try_from = "Written")]
pub(crate) struct History {
    pipeline: Option<PipelineName>,
    must: Must,
}

#[derive(Debug)]
enum Must {
    Rate(Rate),
    Succeeded(u16),
    Stage(Stage),
}

/// What became of executions of a pipeline: give one of `rate`, `succeeded` and `stage`.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// Another pipeline than the gate's own.
    pipeline: Option<String>,
    /// How many of the last finished executions succeeded. Stopped and superseded ones are not counted.
    rate: Option<Rate>,
    /// So many finished executions in a row succeeded.
    succeeded: Option<u16>,
    /// A stage has been green for a time.
    stage: Option<Stage>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rate {
    /// Percent.
    at_least: f64,
    /// Over so many of the last finished executions, or as many as there are.
    #[serde(default = "ten")]
    of: u16,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Stage {
    /// The stage.
    name: String,
    /// Since its latest execution succeeded.
    green_for: Duration,
}

const fn ten() -> u16 {
    10
}

impl TryFrom<Written> for History {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { pipeline, rate, succeeded, stage } = written;
        let musts = [rate.map(Must::Rate), succeeded.map(Must::Succeeded), stage.map(Must::Stage)];
        let mut musts = musts.into_iter().flatten();
        let (Some(must), None) = (musts.next(), musts.next()) else {
            return Err(String::from("give exactly one of rate, succeeded, stage"));
        };
        must.check()?;
        Ok(Self { pipeline: pipeline.map(PipelineName::new), must })
    }
}

impl Must {
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Rate(rate) if !(rate.at_least > 0.0 && rate.at_least <= 100.0) => {
                Err(format!("`at-least: {}` is no rate; write a percentage above 0, up to 100", number(rate.at_least)))
            }
            Self::Rate(Rate { of: last, .. }) | Self::Succeeded(last) if !(1..=MOST_EXECUTIONS).contains(last) => {
                Err(format!("{last} executions cannot be asked for; use 1 to {MOST_EXECUTIONS}"))
            }
            _ => Ok(()),
        }
    }

    fn query(&self, pipeline: PipelineName) -> ExecutionsQuery {
        match self {
            Self::Rate(Rate { of: last, .. }) | Self::Succeeded(last) => {
                ExecutionsQuery::Finished { pipeline, last: *last }
            }
            Self::Stage(stage) => ExecutionsQuery::Stage { pipeline, stage: StageName::new(stage.name.as_str()) },
        }
    }

    fn measure(&self, seen: &ExecutionsSeen, now: Timestamp) -> Result<Measurement, Unanswered> {
        match (self, seen) {
            (Self::Rate(rate), ExecutionsSeen::Finished(seen)) => Ok(rate.measure(seen)),
            (Self::Succeeded(wanted), ExecutionsSeen::Finished(seen)) => Ok(succeeded(usize::from(*wanted), seen)),
            (Self::Stage(stage), ExecutionsSeen::Stage(seen)) => Ok(stage.measure(seen.as_ref(), now)),
            _ => Err(Unanswered::outage("the answer belongs to another question")),
        }
    }
}

impl Check for History {
    fn questions(&self, place: &Place, _: Timestamp) -> Vec<Question> {
        let query = self.pipeline(place).map(|pipeline| self.must.query(pipeline));
        query.map(Question::Executions).into_iter().collect()
    }

    fn measure(&self, place: &Place, facts: &Facts, now: Timestamp) -> Result<Measurement, Unanswered> {
        let Some(pipeline) = self.pipeline(place) else {
            return Ok(Measurement::fail("the pipeline is not known here; name it in `pipeline` of this check"));
        };
        self.must.measure(facts.executions(&self.must.query(pipeline))?, now)
    }
}

impl History {
    fn pipeline(&self, place: &Place) -> Option<PipelineName> {
        self.pipeline.clone().or_else(|| place.pipeline.clone())
    }
}

impl Rate {
    fn measure(&self, seen: &[Execution]) -> Measurement {
        let last: Vec<_> = seen.iter().take(self.of.into()).collect();
        if last.is_empty() {
            return Measurement::no_data("no execution has finished yet");
        }
        let good = last.iter().filter(|execution| execution.succeeded).count();
        let rate = good as f64 * 100.0 / last.len() as f64;
        let told = format!("{good} of the last {} succeeded", count(last.len(), "execution"));
        let holds = rate >= self.at_least;
        Measurement::of(holds, if holds { told } else { format!("{told}, less than {} %", number(self.at_least)) })
    }
}

fn succeeded(wanted: usize, seen: &[Execution]) -> Measurement {
    let last = &seen[..wanted.min(seen.len())];
    let good = last.iter().take_while(|execution| execution.succeeded).count();
    match last.get(good) {
        Some(failed) => Measurement::fail(format!(
            "{} failed; {good} of {} in a row succeeded since",
            failed.id.short(),
            count(wanted, "execution")
        )),
        None if good < wanted => {
            Measurement::no_data(format!("only {good} of {} finished", count(wanted, "execution")))
        }
        None => Measurement::pass(format!("the last {} succeeded", count(wanted, "execution"))),
    }
}

impl Stage {
    fn measure(&self, seen: Option<&StageSeen>, now: Timestamp) -> Measurement {
        let name = shown(&self.name);
        let Some(StageSeen { execution, status, changed }) = seen else {
            return Measurement::no_data(format!("{name} has not run yet"));
        };
        let id = shown(execution.short());
        match (status.as_str(), changed) {
            ("Succeeded", Some(changed)) => self.green(&name, *changed, now),
            ("Succeeded", None) => Measurement::inconclusive(format!("nobody says since when {name} is green")),
            ("InProgress" | "Stopping", _) => Measurement::wait(format!("{name} is being deployed to by {id}"), None),
            ("Failed", _) => Measurement::fail(format!("{id} failed in {name}")),
            (other, _) => Measurement::fail(format!("{id} is {} in {name}", shown(other))),
        }
    }

    fn green(&self, name: &str, since: Timestamp, now: Timestamp) -> Measurement {
        let until = since + self.green_for.0;
        let told = format!("{name} is green since {}", clock(since, now));
        if until <= now {
            return Measurement::pass(told);
        }
        Measurement::wait(format!("{told}, {} are asked for", self.green_for), Some(until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answer;
    use crate::check::Measured::{self, Fail, Inconclusive, NoData, Pass, Wait};
    use crate::testing::{at, place, policy};

    fn says(check: &str, seen: ExecutionsSeen) -> (Measured, String) {
        let policy = policy("1h", &[&format!("history: {{ {check} }}")]);
        let questions = policy.questions(&place(), at(0));
        assert_eq!(questions.len(), 1);
        let facts = questions.into_iter().map(|question| (question, Ok(Answer::Executions(seen.clone())))).collect();
        let measurement = policy.rules[0].check.measure(&place(), &facts, at(0)).unwrap();
        (measurement.measured, measurement.says)
    }

    /// Executions, newest first: `+` succeeded, `-` failed.
    fn finished(line: &str) -> ExecutionsSeen {
        let execution = |(at, c)| Execution { id: format!("{at}1111111-2").as_str().into(), succeeded: c == '+' };
        ExecutionsSeen::Finished(line.chars().enumerate().map(execution).collect())
    }

    fn stage(status: &str, minutes_ago: Option<i64>) -> ExecutionsSeen {
        let changed = minutes_ago.map(|minutes| at(-minutes));
        ExecutionsSeen::Stage(Some(StageSeen { execution: "11111111-2".into(), status: status.into(), changed }))
    }

    #[test]
    fn a_rate_is_over_what_finished() {
        for (check, line, measured, told) in [
            ("rate: { at-least: 80, of: 5 }", "++-++--", Pass, "4 of the last 5 executions succeeded"),
            ("rate: { at-least: 80, of: 5 }", "-+-++++", Fail, "3 of the last 5 executions succeeded, less than 80 %"),
            ("rate: { at-least: 80 }", "++", Pass, "2 of the last 2 executions succeeded"),
            ("rate: { at-least: 80 }", "", NoData, "no execution has finished yet"),
            ("succeeded: 2", "++-", Pass, "the last 2 executions succeeded"),
            ("succeeded: 3", "+-+", Fail, "11111111 failed; 1 of 3 executions in a row succeeded since"),
            ("succeeded: 3", "++", NoData, "only 2 of 3 executions finished"),
            ("succeeded: 1", "", NoData, "only 0 of 1 execution finished"),
        ] {
            assert_eq!(says(check, finished(line)), (measured, told.to_owned()), "{check} {line}");
        }
    }

    #[test]
    fn a_stage_is_green_since_its_latest_execution_succeeded() {
        let check = "stage: { name: Staging, green-for: 30m }";
        for (seen, measured, told) in [
            (stage("Succeeded", Some(30)), Pass, "Staging is green since 11:30 UTC"),
            (stage("Succeeded", Some(29)), Wait, "Staging is green since 11:31 UTC, 30 min are asked for"),
            (stage("Succeeded", None), Inconclusive, "nobody says since when Staging is green"),
            (stage("InProgress", Some(0)), Wait, "Staging is being deployed to by 11111111"),
            (stage("Failed", Some(50)), Fail, "11111111 failed in Staging"),
            (stage("Cancelled", Some(50)), Fail, "11111111 is Cancelled in Staging"),
            (ExecutionsSeen::Stage(None), NoData, "Staging has not run yet"),
        ] {
            assert_eq!(says(check, seen), (measured, told.to_owned()));
        }
    }

    #[test]
    fn a_pipeline_nobody_named_is_a_failure_and_another_one_can_be_named() {
        let own = policy("1h", &["history: { succeeded: 1 }"]);
        assert!(own.questions(&Place::default(), at(0)).is_empty());
        let measured = own.rules[0].check.measure(&Place::default(), &Facts::default(), at(0)).unwrap();
        assert_eq!(measured.measured, Fail);
        let other = policy("1h", &["history: { pipeline: shop, succeeded: 1 }"]);
        let asked = Question::Executions(ExecutionsQuery::Finished { pipeline: "shop".into(), last: 1 });
        assert_eq!(other.questions(&place(), at(0)), [asked]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for check in [
            "{}",
            "{ succeeded: 0 }",
            "{ succeeded: 101 }",
            "{ rate: { at-least: 0 } }",
            "{ rate: { at-least: 101 } }",
            "{ succeeded: 1, rate: { at-least: 80 } }",
        ] {
            let text = format!("gate: {{ checks: [{{ history: {check} }}] }}");
            assert_eq!(crate::Policy::parse(&text).unwrap_err().len(), 1, "{check}");
        }
    }
}

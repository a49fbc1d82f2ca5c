//! What CloudWatch has of the releases that were played, and what it must have: computed from the pipeline's own history.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::checks::Check;
use super::story::{GATE, PIPELINE, Played, Release, Rollback, Theatre};
use super::world::World;
use crate::dashboard::{self, Answers, Metric, Window};

/// The namespace the stack is deployed with.
const NAMESPACE: &str = "Pipewarden";
/// Of what is measured without a dimension.
const EVERYTHING: &str = "all pipelines";
/// Events are gathered for a second, and a slow machine has other work.
const PATIENCE: Duration = Duration::from_secs(60);
/// An event carries whole seconds, CodePipeline's history milliseconds; a rollback's time is told a moment after it.
const WITHIN: f64 = 1.5;

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) measure: String,
    /// The pipeline, the stage or severity behind it, or [`EVERYTHING`].
    pub(crate) of: String,
    /// What CloudWatch has, in the order of time.
    pub(crate) values: Vec<f64>,
    /// What it must have.
    pub(crate) expected: Vec<f64>,
}

impl Measured {
    pub(crate) fn is_right(&self) -> bool {
        self.values.len() == self.expected.len()
            && self.values.iter().zip(&self.expected).all(|(value, expected)| (value - expected).abs() <= WITHIN)
    }

    /// Of a rate, a count or a duration people read other forms.
    pub(crate) fn unit(&self) -> &'static str {
        match self.measure.as_str() {
            name if name.ends_with("Rate") => "%",
            "Deployments" | "DeploymentFailures" | "GateFailures" | "Rollbacks" | "ScanFindings" => "",
            _ => "s",
        }
    }
}

/// One action of a release, as CodePipeline tells it.
struct Run {
    stage: String,
    succeeded: bool,
    approval: bool,
    began: f64,
    ended: f64,
}

/// Waits until everything is there, or is not to be expected any more, and says what is there.
pub(crate) async fn measured(
    world: &World,
    theatre: &Theatre<'_>,
    played: &Played,
    rollbacks: &[Rollback],
) -> Result<Vec<Measured>> {
    let expected = expected(theatre, played, rollbacks).await?;
    let began = Instant::now();
    loop {
        let answers = dashboard::recorded(&world.aws.endpoint(), NAMESPACE, &whole_story(world)).await?;
        let measured: Vec<Measured> = expected.iter().map(|line| with_values(line, &answers)).collect();
        if measured.iter().all(Measured::is_right) || began.elapsed() > PATIENCE {
            return Ok(measured);
        }
        sleep(Duration::from_millis(250)).await;
    }
}

/// The picture of the dashboard, from what CloudWatch has.
pub(crate) async fn picture(world: &World) -> Result<String> {
    let (endpoint, name) = (world.aws.endpoint(), world.output("DeliveryDashboardName")?);
    let body = dashboard::read(&endpoint, name).await?;
    // The story takes most of an hour of the clock, and nothing comes after it.
    let now = crate::codepipeline::Clock::now(world.clock.as_ref());
    let window = Window {
        start: now - SignedDuration::from_mins(60),
        end: now + SignedDuration::from_mins(1),
        period: Some(60),
    };
    dashboard::render(&endpoint, name, &body, &window).await
}

/// The checks of the table.
pub(crate) fn checks(measured: &[Measured]) -> Vec<Check> {
    let wrong = |line: &&Measured| !line.is_right();
    let told = |line: &Measured| {
        format!("{} of {} is {:?} instead of {:?}", line.measure, line.of, line.values, line.expected)
    };
    let problems: Vec<String> = measured.iter().filter(wrong).map(told).collect();
    let what =
        format!("CloudWatch has all {} measures of the releases and the rollback, right to the second", measured.len());
    vec![Check { what, problem: (!problems.is_empty()).then(|| problems.join("; ")) }]
}

fn whole_story(world: &World) -> Window {
    let hour = SignedDuration::from_hours(1);
    let now = crate::codepipeline::Clock::now(world.clock.as_ref());
    Window { start: now - hour * 2, end: now + hour, period: None }
}

fn with_values(line: &Measured, answers: &Answers) -> Measured {
    let dimensions = match line.of.split_once(" / ") {
        Some((pipeline, severity)) if line.measure == "ScanFindings" => {
            vec![("PipelineName", pipeline), ("Severity", severity)]
        }
        Some((pipeline, stage)) => vec![("PipelineName", pipeline), ("StageName", stage)],
        None if line.of == EVERYTHING => Vec::new(),
        None => vec![("PipelineName", line.of.as_str())],
    };
    let dimensions: BTreeMap<String, String> =
        dimensions.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let metric = Metric { namespace: NAMESPACE.to_owned(), name: line.measure.clone(), dimensions };
    let found = answers.iter().find(|(query, _)| query.metric == metric);
    Measured { values: found.map(|(_, points)| points.values().copied().collect()).unwrap_or_default(), ..line.clone() }
}

/// The straightforward way to the same numbers, with the whole history at hand.
async fn expected(theatre: &Theatre<'_>, played: &Played, rollbacks: &[Rollback]) -> Result<Vec<Measured>> {
    let Played { fixed, bad, .. } = played;
    let all = played.releases().map(|release| &release.execution);
    let all = all.into_iter().chain(rollbacks.iter().map(|rollback| &rollback.execution));
    let (mut times, mut runs_of) = (Vec::new(), Vec::new());
    for execution in all {
        times.push(summary(theatre, execution).await?);
        runs_of.push(runs(theatre, execution).await?);
    }
    let took = |at: usize| times[at].1 - times[at].0;
    let average = f64::midpoint(took(1), took(2));
    let deployed = |at: usize| runs_of[at].iter().map(|run| run.ended).fold(0.0, f64::max);
    // It is red from the moment its first action has failed, whatever still runs beside.
    let red = runs_of[0].iter().filter(|run| !run.succeeded).map(|run| run.ended).reduce(f64::min);
    let restored = red.map(|red| times[1].1 - red);
    let back = times.get(4).map(|(began, ended)| ended - began);
    let waits = runs_of.iter().flatten().filter(|run| run.approval).map(|run| run.ended - run.began);
    let line = |measure: &str, of: &str, expected: Vec<f64>| Measured {
        measure: measure.to_owned(),
        of: of.to_owned(),
        values: Vec::new(),
        expected,
    };
    let mut lines = vec![
        line("ExecutionSuccessRate", PIPELINE, vec![0.0, 50.0, 200.0 / 3.0, 50.0]),
        line("FailureRate", PIPELINE, vec![100.0, 50.0, 100.0 / 3.0, 50.0]),
        line("ExecutionDuration", PIPELINE, vec![took(1), took(2)]),
        line("AverageExecutionDuration", PIPELINE, vec![took(1), average, average]),
        line("Deployments", PIPELINE, vec![1.0, 1.0]),
        line(
            "LeadTime",
            PIPELINE,
            vec![deployed(1) - committed(theatre, fixed).await?, deployed(2) - committed(theatre, bad).await?],
        ),
        line("DeploymentFailures", PIPELINE, vec![1.0]),
        line("Rollbacks", PIPELINE, vec![1.0]),
        line("TimeToRestore", PIPELINE, [restored, back].into_iter().flatten().collect()),
        // Opened by hand, held, and stopped at once; the gate that was killed decided nothing.
        line("GateWait", PIPELINE, vec![waited(theatre, fixed).await?, waited(theatre, bad).await?, 0.0]),
        line("GateFailures", PIPELINE, vec![1.0]),
        line("ScanFindings", &format!("{PIPELINE} / critical"), vec![1.0]),
        line("ApprovalWait", EVERYTHING, waits.collect()),
    ];
    let mut stages: Vec<&str> = runs_of[1].iter().map(|run| run.stage.as_str()).collect();
    stages.dedup();
    for stage in stages {
        let durations = runs_of.iter().filter_map(|runs| stage_duration(runs, stage)).collect();
        lines.push(line("StageDuration", &format!("{PIPELINE} / {stage}"), durations));
    }
    Ok(lines)
}

fn stage_duration(runs: &[Run], stage: &str) -> Option<f64> {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.stage == stage).collect();
    let began = runs.iter().map(|run| run.began).reduce(f64::min)?;
    let ended = runs.iter().map(|run| run.ended).reduce(f64::max)?;
    runs.iter().all(|run| run.succeeded).then_some(ended - began)
}

/// When an execution began and when it ended, in seconds since 1970.
async fn summary(theatre: &Theatre<'_>, execution: &str) -> Result<(f64, f64)> {
    let found = theatre.call("ListPipelineExecutions", json!({"pipelineName": PIPELINE})).await?;
    let summaries = found["pipelineExecutionSummaries"].as_array().into_iter().flatten();
    let mut own = summaries.filter(|summary| summary["pipelineExecutionId"] == execution);
    let summary = own.next().context("the pipeline has forgotten a release")?;
    Ok((seconds(&summary["startTime"])?, seconds(&summary["lastUpdateTime"])?))
}

async fn runs(theatre: &Theatre<'_>, execution: &str) -> Result<Vec<Run>> {
    let filter = json!({"pipelineExecutionId": execution});
    let found = theatre.call("ListActionExecutions", json!({"pipelineName": PIPELINE, "filter": filter})).await?;
    let details = found["actionExecutionDetails"].as_array().into_iter().flatten();
    // The API lists the newest first.
    details.rev().map(run).collect()
}

fn run(detail: &Value) -> Result<Run> {
    Ok(Run {
        stage: detail["stageName"].as_str().unwrap_or_default().to_owned(),
        succeeded: detail["status"] == "Succeeded",
        approval: detail.pointer("/input/actionTypeId/category").is_some_and(|category| category == "Approval"),
        began: seconds(&detail["startTime"])?,
        ended: seconds(&detail["lastUpdateTime"])?,
    })
}

/// How long a release was held, by the gate's own variable.
async fn waited(theatre: &Theatre<'_>, release: &Release) -> Result<f64> {
    let found = output(theatre, release, GATE, "waited_seconds").await?;
    found.parse().context("the gate does not say how long the release waited")
}

/// When the commit was made, by the source action's own variable.
async fn committed(theatre: &Theatre<'_>, release: &Release) -> Result<f64> {
    let date: Timestamp = output(theatre, release, "Source", "AuthorDate").await?.parse()?;
    Ok(date.as_duration().as_secs_f64())
}

/// An output variable of an action.
async fn output(theatre: &Theatre<'_>, release: &Release, action: &str, name: &str) -> Result<String> {
    let filter = json!({"pipelineExecutionId": release.execution});
    let found = theatre.call("ListActionExecutions", json!({"pipelineName": PIPELINE, "filter": filter})).await?;
    let details = found["actionExecutionDetails"].as_array().into_iter().flatten();
    let mut own = details.filter(|detail| detail["actionName"] == action);
    let value = own.find_map(|detail| detail["output"]["outputVariables"][name].as_str().map(str::to_owned));
    value.with_context(|| format!("the action {action} puts out no {name}"))
}

fn seconds(value: &Value) -> Result<f64> {
    value.as_f64().context("CodePipeline told a time that is no number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64], expected: &[f64]) -> Measured {
        let (measure, of) = ("LeadTime".to_owned(), "shop".to_owned());
        Measured { measure, of, values: values.to_vec(), expected: expected.to_vec() }
    }

    #[test]
    fn a_number_is_right_to_the_second_and_none_may_be_missing_or_too_many() {
        assert!(line(&[61.0, 30.2], &[61.9, 30.0]).is_right());
        for wrong in [line(&[], &[60.0]), line(&[60.0, 60.0], &[60.0]), line(&[62.0], &[60.0])] {
            assert!(!wrong.is_right());
            let [check] = checks(&[wrong]).try_into().unwrap();
            assert!(check.problem.is_some_and(|problem| problem.contains("LeadTime of shop is ")));
        }
    }
}

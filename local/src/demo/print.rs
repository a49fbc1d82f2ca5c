//! Prints what happened, as a person would like to read it: Slack, the pipeline, the checks.

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::checks::Check;
use super::delivery::Measured;
use super::environment::local_aws;
use super::scans::Report;
use super::shop;
use super::story::{PIPELINE, Release, Rollback, Theatre};
use super::world::World;

const TITLE: Style = Style::new().bold().underline();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// A heading with an empty line above it.
pub(crate) fn title(text: &str) {
    anstream::println!("\n{TITLE}{text}{TITLE:#}\n");
}

/// The summary of a scan for people.
pub(crate) fn report(report: Option<&Report>) {
    let summary = report.and_then(|report| report.get("scan.md")).map_or("there is no report", String::as_str);
    anstream::println!("{}", summary.trim_end());
}

/// What each release and each rollback did, stage by stage.
pub(crate) async fn pipeline(theatre: &Theatre<'_>, releases: &[&Release], rollbacks: &[Rollback]) -> Result<()> {
    for release in releases {
        let status = theatre.status(release).await?;
        execution(theatre, release.short_commit(), &release.subject, &status, &release.execution).await?;
    }
    for rollback in rollbacks {
        let target = releases.iter().find(|release| release.execution == rollback.target);
        let what = target.map_or("unknown", |release| release.short_commit());
        let why = format!("{}: production back to this release", rollback.trigger);
        execution(theatre, what, &why, &rollback.status, &rollback.execution).await?;
    }
    Ok(())
}

async fn execution(theatre: &Theatre<'_>, name: &str, subject: &str, status: &str, id: &str) -> Result<()> {
    let style = if status == "Succeeded" { GOOD } else { BAD };
    anstream::println!("{BOLD}{name}{BOLD:#}  {subject}  {style}{status}{style:#}");
    let filter = json!({"pipelineExecutionId": id});
    let found = theatre.call("ListActionExecutions", json!({"pipelineName": PIPELINE, "filter": filter})).await?;
    // The API lists the newest first.
    for action in found["actionExecutionDetails"].as_array().into_iter().flatten().rev() {
        anstream::println!("{}", action_line(action));
    }
    anstream::println!();
    Ok(())
}

fn action_line(action: &Value) -> String {
    let text = |pointer: &str| action.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (style, mark) = match text("/status") {
        "Succeeded" => (GOOD, "✓"),
        "Failed" => (BAD, "✗"),
        _ => (DIM, "·"),
    };
    let name = format!("{} / {}", text("/stageName"), text("/actionName"));
    // Source actions summarise in JSON, for programs.
    let summary = Some(text("/output/executionResult/externalExecutionSummary")).filter(|it| !it.starts_with('{'));
    let summary = summary.unwrap_or_default();
    format!("  {style}{mark}{style:#} {name:<30} {:>13}  {DIM}{summary}{DIM:#}", took(action)).trim_end().to_owned()
}

fn took(action: &Value) -> String {
    let time = |key: &str| action[key].as_f64().and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    match (time("startTime"), time("lastUpdateTime")) {
        (Some(start), Some(end)) => duration(end.duration_since(start)),
        _ => String::new(),
    }
}

fn duration(time: SignedDuration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    if minutes == 0 { format!("{seconds} s") } else { format!("{minutes} min {seconds:02} s") }
}

/// What CloudWatch has, measure by measure.
pub(crate) fn delivery(measured: &[Measured]) {
    for line in measured {
        let (style, mark) = if line.is_right() { (GOOD, "✓") } else { (BAD, "✗") };
        let number = |value: &f64| format!("{} {}", (value * 10.0).round() / 10.0, line.unit()).trim_end().to_owned();
        let values: Vec<String> = line.values.iter().map(number).collect();
        let values = if values.is_empty() { "no data".to_owned() } else { values.join("  ") };
        anstream::println!("{style}{mark}{style:#} {:<26}{:<28}{values}", line.measure, line.of);
    }
}

/// Every check with its mark; true if all hold.
pub(crate) fn checks(checks: &[Check]) -> bool {
    for Check { what, problem } in checks {
        match problem {
            None => anstream::println!("{GOOD}✓{GOOD:#} {what}"),
            Some(problem) => anstream::println!("{BAD}✗ {what}{BAD:#}: {problem}"),
        }
    }
    checks.iter().all(|check| check.problem.is_none())
}

/// How to look around while everything keeps running.
pub(crate) fn invitation(world: &World) -> Result<()> {
    title("Still running: look around in another terminal");
    for (name, value) in local_aws(&world.aws.endpoint()) {
        anstream::println!("export {name}={value}");
    }
    anstream::println!("export AWS_ENDPOINT_URL_CODEPIPELINE={}", world.pipeline.url());
    let examples = [
        format!("aws codepipeline get-pipeline-state --name {PIPELINE}"),
        format!("aws codepipeline list-action-executions --pipeline-name {PIPELINE}"),
        format!("aws codepipeline start-pipeline-execution --name {PIPELINE}"),
        "aws logs tail /aws/lambda/pipewarden-notifier".to_owned(),
        "aws logs tail /aws/lambda/pipewarden-reverter".to_owned(),
        "aws logs tail /aws/lambda/pipewarden-gatekeeper".to_owned(),
        "aws logs tail /aws/lambda/pipewarden-watchdog".to_owned(),
        format!("aws ssm get-parameter --name /pipewarden/policies/{PIPELINE}/production"),
        format!("aws cloudwatch describe-alarms --alarm-names {} {}", shop::ERRORS, shop::LATENCY),
        "aws dynamodb scan --table-name \"$(aws dynamodb list-tables --query 'TableNames[0]' --output text)\""
            .to_owned(),
        format!(
            "aws sqs get-queue-attributes --attribute-names All --queue-url {}",
            world.output("NotifierDeadLetterQueueUrl")?
        ),
        format!("curl {}", world.slack.transcript_url()),
    ];
    anstream::println!();
    for example in examples {
        anstream::println!("{example}");
    }
    anstream::println!("\n{DIM}Ctrl-C ends all of it.{DIM:#}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_one_line_with_mark_name_duration_and_summary() {
        let action = json!({
            "stageName": "Test", "actionName": "IntegrationTests", "status": "Failed",
            "startTime": 1_772_445_600.25, "lastUpdateTime": 1_772_445_680.75,
            "output": {"executionResult": {"externalExecutionSummary": "3 of 214 tests failed"}},
        });
        let line = anstream::adapter::strip_str(&action_line(&action)).to_string();
        assert_eq!(line, "  ✗ Test / IntegrationTests           1 min 20 s  3 of 214 tests failed");
    }
}

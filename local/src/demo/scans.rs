//! What the scans left behind: their reports, and every text in which a secret could have been kept.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::layout::Layout;
use super::story::{CHANNEL, PIPELINE, Theatre};
use super::world::World;

/// The output artifact of the scan in `pipelines/release.yaml`. CodePipeline makes it the folder's name.
const ARTIFACT: &str = "ScanReport";
/// Functions through which the finding goes, by the ends of their names.
const FUNCTIONS: [&str; 4] = ["scanner", "notifier", "recorder", "watchdog"];

/// The files of one report artifact, by name.
pub(crate) type Report = BTreeMap<String, String>;

/// The report of each scan, in the order in which they were made.
pub(crate) async fn reports(world: &World, theatre: &Theatre<'_>) -> Result<Vec<Report>> {
    let found = theatre.call("GetPipeline", json!({ "name": PIPELINE })).await?;
    let bucket = found["pipeline"]["artifactStore"]["location"].as_str().context("the pipeline has no bucket")?;
    let mut reports = Vec::new();
    for key in world.cloud.objects(bucket, &format!("{PIPELINE}/{ARTIFACT}/")).await? {
        reports.push(unzipped(world.cloud.object(bucket, &key).await?)?);
    }
    Ok(reports)
}

fn unzipped(bytes: Vec<u8>) -> Result<Report> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).context("a report artifact is no zip")?;
    let mut files = Report::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).context("a report artifact is damaged")?;
        let name = file.name().context("a file of a report has no name")?.into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("{name} of a report is no text"))?;
        files.insert(name, text);
    }
    Ok(files)
}

/// Everything that was said or kept of the releases, each with its place.
pub(crate) async fn texts(
    layout: &Layout,
    world: &World,
    theatre: &Theatre<'_>,
    reports: &[Report],
) -> Result<Vec<(String, String)>> {
    let mut texts = vec![(String::from("Slack"), format!("{:?}", world.slack.channel(CHANNEL)))];
    for (number, report) in (1..).zip(reports) {
        texts.extend(report.iter().map(|(name, text)| (format!("{name} of scan {number}"), text.clone())));
    }
    let log = layout.log("ministack");
    let text = std::fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
    texts.push((layout.shown(&log).to_string(), text));
    for function in FUNCTIONS {
        let group = format!("/aws/lambda/{}-{function}", super::deploy::STACK);
        let logged = world.cloud.logged(&group).await?;
        anyhow::ensure!(!logged.is_empty(), "the log group {group} is empty, so nothing is known of it");
        texts.push((format!("the log group {group}"), logged));
    }
    texts.push((String::from("the state table"), world.cloud.items(world.output("StateTableName")?).await?));
    for operation in ["ListActionExecutions", "GetPipelineState"] {
        let name = if operation == "GetPipelineState" { "name" } else { "pipelineName" };
        let mut input = Value::Null;
        input[name] = json!(PIPELINE);
        texts.push((operation.to_owned(), theatre.call(operation, input).await?.to_string()));
    }
    Ok(texts)
}

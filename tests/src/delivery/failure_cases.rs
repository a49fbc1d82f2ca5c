//! What goes wrong around the recorder, and what must happen then: one test per thing, named after it. The numbers in
//! comments count the cases of the list of failures this product was designed against.

mod cloudwatch;
mod codepipeline;
mod content;
mod crashes;
mod elsewhere;
mod floods;
mod lateness;
mod loss;
mod queue;
mod repeats;
mod settings;
mod table;

use delivery_metrics::Sample;
use recorder::memory::ScriptedReleases;
use serde_json::Value;

use super::office::{Office, line};
use super::story::Story;

/// CodePipeline knows this release as one that ended so.
fn office_of(story: &Story, status: &str) -> Office<ScriptedReleases> {
    let office = Office::new();
    story.is_known(&office.world, status);
    office
}

fn bodies(events: &[Value]) -> Vec<String> {
    events.iter().map(Value::to_string).collect()
}

fn lines<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> Vec<String> {
    let mut lines: Vec<String> = samples.into_iter().map(line).collect();
    lines.sort();
    lines
}

/// Everything CloudWatch took but the sweep's gauges, sorted.
fn recorded(office: &Office<ScriptedReleases>) -> Vec<String> {
    let samples = office.world.measurements.samples();
    lines(samples.iter().filter(|sample| !sample.measure.name().starts_with("Pipelines")))
}

/// What is recorded of a release if nothing goes wrong.
async fn calm(story: &Story, events: &[Value]) -> Vec<String> {
    let office = office_of(story, "Succeeded");
    office.hear(events).await;
    recorded(&office)
}

/// Facts that wait in inboxes.
fn waiting(office: &Office<ScriptedReleases>) -> usize {
    office.world.ledger.items().into_values().map(|entry| entry.inbox.len()).sum()
}

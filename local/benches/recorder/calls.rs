//! How many calls to AWS an execution costs, and what a long history changes.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use crate::batches::{Tale, events, reads};
use crate::fleet;
use crate::program::Program;
use crate::story::Stories;
use crate::world::World;

/// How old the recorder lets its settings become (`recorder::SETTINGS_AGE`).
const SETTINGS_AGE: Duration = Duration::from_mins(10);
/// Executions of the long history.
pub(crate) const HISTORY: i32 = 10_000;
/// Batches at its end that are looked at.
const LAST_BATCHES: usize = 50;

/// Calls made for some executions.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) executions: usize,
    pub(crate) batches: usize,
    pub(crate) calls: BTreeMap<String, usize>,
}

/// All figures.
pub(crate) struct Calls {
    pub(crate) rows: Vec<Row>,
    /// Calls that list, for executions with [`HISTORY`] before them, per execution.
    pub(crate) lists: BTreeMap<String, f64>,
    /// The table item after that.
    pub(crate) item_bytes: usize,
}

pub(crate) fn measure(recorder: &Program, stories: &Stories) -> Result<Calls> {
    let rows = vec![isolated(recorder, stories)?, day(recorder, stories)?];
    anstream::eprintln!("telling {HISTORY} executions of one pipeline");
    let tale = fleet::history(&stories.succeeded, HISTORY)?;
    let (past, last) = tale.batches.split_at(tale.batches.len() - LAST_BATCHES);
    let world = World::start(stories)?;
    world.prepare(&tale);
    let mut process = recorder.start(&world, &[])?;
    world.invoke(&mut process, past)?;
    let before = world.calls();
    world.invoke(&mut process, last)?;
    let executions = events(last) as f64 / stories.succeeded.events() as f64;
    let lists = since(&before, &world.calls()).into_iter().filter(|(name, _)| name.starts_with("List"));
    let lists = lists.map(|(name, count)| (name, count as f64 / executions)).collect();
    Ok(Calls { rows, lists, item_bytes: world.item_bytes().into_iter().max().unwrap_or_default() })
}

/// A pipeline that is known: another execution ran before.
fn isolated(recorder: &Program, stories: &Stories) -> Result<Row> {
    counted("isolated", recorder, stories, 1, &fleet::twice(&stories.succeeded)?)
}

fn day(recorder: &Program, stories: &Stories) -> Result<Row> {
    let days = (fleet::day(stories, 0)?, fleet::day(stories, 1)?);
    counted("fleet of 100 pipelines", recorder, stories, fleet::PIPELINES * fleet::RELEASES, &days)
}

fn counted(
    name: &'static str,
    recorder: &Program,
    stories: &Stories,
    executions: usize,
    (before, tale): &(Tale, Tale),
) -> Result<Row> {
    let world = World::start(stories)?;
    let mut process = recorder.start(&world, &[])?;
    world.tell(&mut process, before)?;
    let calls = world.calls();
    world.tell(&mut process, tale)?;
    let mut calls = since(&calls, &world.calls());
    // Here the batches come faster than they would, so how often settings become too old is computed.
    calls.insert("GetParametersByPath".to_owned(), reads(&tale.batches, SETTINGS_AGE));
    Ok(Row { name, executions, batches: tale.batches.len(), calls })
}

fn since(before: &BTreeMap<String, usize>, now: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let count =
        |(name, count): (&String, &usize)| (name.clone(), count - before.get(name).copied().unwrap_or_default());
    now.iter().map(count).filter(|(_, count)| *count > 0).collect()
}

//! The figures as tables, and whether each target is met.

use std::time::Duration;

use anstream::println;

use crate::calls::{Calls, HISTORY};
use crate::fleet::MONTH;
use crate::series::Series;
use crate::speed::{Row, Run};
use crate::story::{ACTIONS, STAGES};

/// Least events per second of processor time, in times those of the same in Python.
const TIMES_PYTHON: f64 = 8.0;
/// A dashboard that is told of every event asks CloudWatch 13 times per execution and lists one page; a quarter of it.
const CALLS: f64 = 0.25 * 14.0;
/// What that dashboard has per pipeline, by stages and actions; a third of it.
const DASHBOARD_SERIES: usize = 8 + 2 * STAGES + 2 * ACTIONS;
const SERIES: f64 = DASHBOARD_SERIES as f64 / 3.0;

pub(crate) fn speed(rows: &[Row]) {
    println!();
    let (events, batches) =
        rows.first().and_then(|row| row.runs.first()).map_or((0, 0), |run| (run.events, run.batches));
    println!("a day of the fleet: {events} events in {batches} batches");
    println!(
        "{:<10} {:>14} {:>14} {:>16} {:>20}",
        "program", "events/s core", "median", "events/s wall", "instructions/event"
    );
    for row in rows {
        let instructions = row.instructions.map_or("-".to_owned(), |count| format!("{:.0} k", count / 1e3));
        let core = rates(row, |run| run.cpu);
        println!(
            "{:<10} {:>14.0} {:>14.0} {:>16.0} {:>20}",
            row.name,
            core[0],
            core[core.len() / 2],
            rates(row, |run| run.wall)[0],
            instructions
        );
    }
    let [ours, theirs] = rows else { return };
    let times = times(ours, theirs);
    let middle = times[times.len() / 2];
    println!("the two runs of a day, one after the other, differ by {:.2} to {:.2}", times[0], times[times.len() - 1]);
    target("events per second and core, in times Python's, median of the days", middle, TIMES_PYTHON, true);
    let wall = |row| rates(row, |run| run.wall)[0];
    println!("events per second of one process with its waits, in times Python's: {:.1}", wall(ours) / wall(theirs));
    if let (Some(ours), Some(theirs)) = (ours.instructions, theirs.instructions) {
        println!("instructions per event: 1/{:.0} of Python's", theirs / ours);
    }
}

/// How many times as fast as the other a program was on each day, least first. The two runs of a day are neighbours in
/// time, so a machine whose speed changes disturbs both alike.
fn times(ours: &Row, theirs: &Row) -> Vec<f64> {
    let pairs = ours.runs.iter().zip(&theirs.runs);
    let mut times: Vec<f64> = pairs.map(|(ours, theirs)| theirs.cpu.as_secs_f64() / ours.cpu.as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Events per second, the best run first: the one least disturbed by the machine.
fn rates(row: &Row, time: impl Fn(&Run) -> Duration) -> Vec<f64> {
    let mut rates: Vec<f64> = row.runs.iter().map(|run| run.events as f64 / time(run).as_secs_f64()).collect();
    rates.sort_by(|a, b| b.total_cmp(a));
    rates
}

pub(crate) fn calls(calls: &Calls) {
    for row in &calls.rows {
        println!();
        println!(
            "{}: {} executions of {STAGES} stages and {ACTIONS} actions in {} batches",
            row.name, row.executions, row.batches
        );
        for (name, count) in &row.calls {
            println!("  {:<24} {:>8.2} per execution", name, per(*count, row.executions));
        }
        let all = per(row.calls.values().sum(), row.executions);
        target(&format!("{}: calls per execution", row.name), all, CALLS, false);
    }
    println!();
    println!("with {HISTORY} executions before it, an execution costs");
    for (name, count) in &calls.lists {
        println!("  {name:<24} {count:>8.2} (asks for this one execution)");
    }
    let over_history = calls.lists.get("ListPipelineExecutions").copied().unwrap_or_default();
    target("lists over the history per execution", over_history, 0.0, false);
    println!("the pipeline's item in the table then has {} bytes", calls.item_bytes);
}

pub(crate) fn series(series: &Series) {
    println!();
    println!("series of a pipeline, each a metric on the bill; {} more over all pipelines", series.of_all);
    for name in &series.eventful {
        let when = if series.healthy.contains(name) { "every release" } else { "failures only" };
        println!("  {name:<40} {when}");
    }
    let dashboard = format!("the dashboard has {DASHBOARD_SERIES}");
    target(&format!("series of a healthy pipeline ({dashboard})"), series.healthy.len() as f64, SERIES, false);
    println!(
        "series after a failure, a restoration and a rollback: {}, not all of them at a time",
        series.eventful.len()
    );
    println!("CloudWatch bills a series for the hours in which it has data:");
    let what = format!(
        "series-hours of {MONTH} releases, one of ten failing (the dashboard has {})",
        DASHBOARD_SERIES * MONTH
    );
    target(&what, series.hours as f64, SERIES * MONTH as f64, false);
}

fn per(count: usize, executions: usize) -> f64 {
    count as f64 / executions as f64
}

fn target(what: &str, value: f64, limit: f64, is_least: bool) {
    let (met, word) = if is_least { (value >= limit, "least") } else { (value <= limit, "most") };
    println!("{what}: {value:.2} (at {word} {limit:.2}): {}", if met { "met" } else { "MISSED" });
}

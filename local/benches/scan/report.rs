//! The figures as tables, the ratios beneath, and whether each target is met.

use std::time::Duration;

use anstream::println;

use crate::artifact::{Artifact, ENTRIES};
use crate::bomb::Bomb;
use crate::measure::Instructions;
use crate::memory::Peak;
use crate::rounds::{Row, Speeds};
use crate::start::Starts;

/// Least time of the fastest other scanner, in times ours.
const TIMES_AS_FAST: f64 = 8.0;
/// Least bytes of text per second and core, in MB.
const SPEED: f64 = 250.0;
/// Most memory for a gibibyte, in times that for 10 MiB.
const MEMORY: f64 = 1.15;
/// Most bytes unpacked, in times the cap.
const UNPACKED: f64 = 1.01;
/// Most milliseconds until the first piece is scanned.
const START: f64 = 50.0;

pub(crate) fn artifact(artifact: &Artifact) {
    println!(
        "the artifact: {:.1} MB packed, {ENTRIES} entries, {:.1} MB text, {:.1} MB else, {} secrets",
        artifact.zip_bytes as f64 / 1e6,
        artifact.text_bytes as f64 / 1e6,
        artifact.binary_bytes as f64 / 1e6,
        artifact.leaks
    );
}

fn middle<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}

fn seconds(durations: &[Duration], pick: impl Fn(&[Duration]) -> Option<Duration>) -> f64 {
    pick(durations).unwrap_or_default().as_secs_f64()
}

pub(crate) fn times(rows: &[Row], artifact: &Artifact) {
    println!();
    println!("{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}", "program", "wall min", "median", "cpu", "peak RSS", "findings");
    for row in rows {
        if let Some(after) = row.gave_up {
            println!("{:<34} not done after {} s", row.name, after.as_secs());
            continue;
        }
        let walls = row.walls();
        let mut cpu: Vec<_> = row.runs.iter().map(|run| run.cpu).collect();
        cpu.sort_unstable();
        println!(
            "{:<34} {:>7.2} s {:>7.2} s {:>7.2} s {:>5.0} MiB {:>9}",
            row.name,
            seconds(&walls, |walls| walls.first().copied()),
            seconds(&walls, middle),
            seconds(&cpu, middle),
            row.runs.iter().map(|run| run.peak_kib).max().unwrap_or_default() as f64 / 1024.0,
            row.findings
        );
    }
    println!("(the zip has {} secrets; some programs leave out folders such as node_modules)", artifact.leaks);
    ratios(rows);
}

/// The fastest other scanner in each round, in times ours: of those that read the same zip, or cannot read zips; and for
/// comparison with the files that somebody else has unpacked for them.
fn ratios(rows: &[Row]) {
    for is_favoured in [false, true] {
        ratios_of(rows, is_favoured);
    }
}

fn ratios_of(rows: &[Row], is_favoured: bool) {
    let rounds = rows.first().map_or(0, |row| row.runs.len());
    for ours in rows.iter().filter(|row| row.is_ours) {
        let fastest = |round: usize| {
            let theirs = rows.iter().filter(|row| !row.is_ours && row.is_favoured == is_favoured);
            theirs.filter_map(|row| row.runs.get(round).map(|run| (run.wall, &row.name))).min()
        };
        let times = |round: usize| {
            let (wall, name) = fastest(round)?;
            Some((wall.as_secs_f64() / ours.runs[round].wall.as_secs_f64(), name))
        };
        let mut times: Vec<_> = (0..rounds).filter_map(times).collect();
        times.sort_by(|one, other| one.0.total_cmp(&other.0));
        let Some((ratio, name)) = middle(&times) else { continue };
        let range = format!("{:.1} to {:.1}", times[0].0, times[times.len() - 1].0);
        let what = format!("{}: times as fast as the fastest other, {name}; rounds from {range}", ours.name);
        if is_favoured {
            println!("{what}: {ratio:.1} (the unpacked files)");
        } else {
            target(&what, ratio, TIMES_AS_FAST, true);
        }
    }
}

pub(crate) fn speed(speeds: &Speeds) {
    println!();
    let rate = |list: &[f64]| format!("{:.0} (median {:.0})", list[0] / 1e6, list[list.len() / 2] / 1e6);
    println!("MB of text per second of processor time, best of {}:", speeds.text.len());
    println!("  reading, inflating and checking alone: {}", rate(&speeds.read));
    println!("  from the zip to the reports: {}", rate(&speeds.both));
    println!("  scanning alone, all rules, decodings and filters: {}", rate(&speeds.text));
    target("MB of text scanned per second and core", speeds.text[0] / 1e6, SPEED, true);
    target("MB of text per second and core from the zip to the reports", speeds.both[0] / 1e6, SPEED, true);
}

pub(crate) fn instructions(instructions: Option<&Instructions>) {
    println!();
    let Some(counted) = instructions else {
        println!("valgrind is not installed, so instructions are not counted");
        return;
    };
    println!("instructions per byte of text, from the zip to the reports: {:.2}", counted.per_byte);
    println!("instructions until the first piece is scanned: {:.1} M", counted.first as f64 / 1e6);
}

pub(crate) fn memory(peaks: &[Peak]) {
    println!();
    for peak in peaks {
        println!(
            "peak RSS, {:<26} {:>5} MiB, {:>6} entries: {:>6.1} MiB",
            format!("{}:", peak.name),
            peak.bytes >> 20,
            peak.entries,
            peak.peak_kib as f64 / 1024.0
        );
    }
    let [small, large, ..] = peaks else { return };
    let ratio = large.peak_kib as f64 / small.peak_kib as f64;
    target("peak RSS of a gibibyte, in times that of 10 MiB", ratio, MEMORY, false);
    if let Some(many) = peaks.last() {
        let more = many.peak_kib.saturating_sub(large.peak_kib) as f64 * 1024.0 / (many.entries - large.entries) as f64;
        println!("each further entry of the directory: {more:.0} bytes");
    }
}

pub(crate) fn bombs(bombs: &[Bomb]) {
    println!();
    for bomb in bombs {
        println!(
            "bomb, {:<40} {:>6} MiB in full, cap {:>3} MiB, {:>5.2} s",
            format!("{}:", bomb.name),
            bomb.full >> 20,
            bomb.cap >> 20,
            bomb.took.as_secs_f64()
        );
        target("  bytes unpacked, in times the cap", bomb.unpacked as f64 / bomb.cap as f64, UNPACKED, false);
    }
}

pub(crate) fn start(starts: &Starts) {
    println!();
    let millis = |list: &[Duration], pick: &dyn Fn(&[Duration]) -> Option<Duration>| seconds(list, pick) * 1e3;
    let least = |list: &[Duration]| list.first().copied();
    println!(
        "a program that does nothing gives a sign after {:.1} ms (median {:.1} ms)",
        millis(&starts.nothing, &least),
        millis(&starts.nothing, &|list| middle(list))
    );
    target("ms until the first piece is scanned, least", millis(&starts.first, &least), START, false);
    target("ms until the first piece is scanned, median", millis(&starts.first, &|list| middle(list)), START, false);
}

fn target(what: &str, value: f64, limit: f64, is_least: bool) {
    let (met, word) = if is_least { (value >= limit, "least") } else { (value <= limit, "most") };
    println!("{what}: {value:.3} (at {word} {limit}): {}", if met { "met" } else { "MISSED" });
}

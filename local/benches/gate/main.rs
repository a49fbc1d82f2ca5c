//! A visit at the gate: its processor time, its calls to AWS, and whether what it asks is asked at once.
//!
//! Run it with `cargo bench -p local --bench gate`. The gatekeeper's real process holds one release with 20 alarms,
//! 20 metrics and 5 addresses, behind a Runtime API and doubles of AWS. A gate calls no loopback address, so all of it
//! runs in a network namespace of its own (Linux, `unshare` and `ip`), which has one private address and no way out.

#[path = "../recorder/cpu.rs"]
mod cpu;
mod policy;
mod process;
#[path = "../recorder/requests.rs"]
mod requests;
mod world;

use std::process::Command;
use std::time::{Duration, Instant};

use anstream::println;
use anyhow::{Context, Result, ensure};

use process::Process;
use world::World;

const VISITS: u32 = 200;
/// Each address answers after this time.
const SLOW: Duration = Duration::from_millis(100);
/// A visit counts if it comes so long after the last one that did; then it has something to remember.
const APART: Duration = Duration::from_secs(11);
/// Where the addresses are, inside of the namespace.
const PRIVATE: &str = "10.20.30.40";

/// Most processor time of a visit, in milliseconds.
const CPU: f64 = 5.0;
const CALLS: f64 = 5.0;
/// Five addresses in turn would take five times as long as one.
const ANSWERS: f64 = 1.5;

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--inside") { measure() } else { inside() }
}

/// Starts this program again where it may have a private address.
fn inside() -> Result<()> {
    process::build()?;
    let there = format!("ip link set lo up && ip addr add {PRIVATE}/32 dev lo && exec \"$0\" --inside");
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "sh", "-c", &there]).arg(std::env::current_exe()?);
    let status = unshare.status().context("starting unshare (Linux only)")?;
    ensure!(status.success(), "measuring in a network namespace failed");
    Ok(())
}

fn measure() -> Result<()> {
    let world = World::start()?;
    let mut process = Process::start(&world)?;
    anstream::eprintln!("waiting until visits count");
    world.visits(&mut process, 3)?;
    std::thread::sleep(APART);
    let (calls, cpu) = (world.calls(), cpu::cpu_time(process.id())?);
    let mut walls = Vec::new();
    for _ in 0..VISITS {
        let began = now();
        world.visits(&mut process, 1)?;
        walls.push(began.elapsed());
    }
    let cpu = cpu::cpu_time(process.id())?.saturating_sub(cpu) / VISITS;
    walls.sort_unstable();
    println!("{VISITS} visits with {} alarms, {} metrics, {} addresses", policy::ALARMS, policy::METRICS, policy::URLS);
    let mut all = 0.0;
    for (call, after) in world.calls() {
        let each = f64::from(after - calls.get(&call).copied().unwrap_or_default()) / f64::from(VISITS);
        if each > 0.0 {
            all += each;
            println!("{call:<20} {each:>6.2}");
        }
    }
    let median = walls[walls.len() / 2].as_secs_f64();
    let met = [
        target("processor time in ms", cpu.as_secs_f64() * 1e3, CPU),
        target("calls to AWS", all, CALLS),
        target("wall time, in times the slowest answer", median / SLOW.as_secs_f64(), ANSWERS),
    ];
    ensure!(met == [true; 3], "a target was missed");
    Ok(())
}

fn target(what: &str, value: f64, most: f64) -> bool {
    let verdict = if value <= most { "met" } else { "MISSED" };
    println!("{what}: {value:.3} (at most {most}): {verdict}");
    value <= most
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

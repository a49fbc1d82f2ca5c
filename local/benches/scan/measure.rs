//! One run of one program: wall time, processor time, peak memory, what it says; and instructions, by valgrind.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::child::Told;
use crate::world::{World, child};

/// What one run took.
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// Of the program and all it started; counted in hundredths of a second.
    pub(crate) cpu: Duration,
    /// Of the largest process of the program, looked at every few milliseconds.
    pub(crate) peak_kib: u64,
    pub(crate) output: Vec<u8>,
}

/// Runs it to its end. A scanner that found something may say so by its exit code.
pub(crate) fn run(command: &mut Command) -> Result<Run> {
    run_at_most(command, Duration::MAX)?.context("it took longer than any time")
}

/// Runs it to its end, or ends it after so long.
pub(crate) fn run_at_most(command: &mut Command, most: Duration) -> Result<Option<Run>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let (cpu, began) = (cpu_of_children()?, now());
    let mut process = command.spawn().with_context(|| format!("starting {command:?}"))?;
    let mut stdout = process.stdout.take().context("no output")?;
    let reader = std::thread::spawn(move || {
        let mut output = Vec::new();
        stdout.read_to_end(&mut output).map(|_| output)
    });
    let mut peak_kib = 0;
    let ended = loop {
        if let Some(ended) = process.try_wait()? {
            break ended;
        }
        peak_kib = peak_kib.max(peak_of(process.id()));
        if began.elapsed() > most {
            // What it has started ends with it: `peers.rs` starts it among processes of its own.
            process.kill()?;
            process.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = began.elapsed();
    let output = reader.join().ok().context("reading the output panicked")??;
    ensure!(ended.code().is_some_and(|code| code <= 1 || code >= 200), "{command:?} ended with {ended}");
    Ok(Some(Run { wall, cpu: cpu_of_children()?.saturating_sub(cpu), peak_kib, output }))
}

/// Runs this program again as a child, which tells what it did.
pub(crate) fn told(part: &[&str]) -> Result<(Run, Told)> {
    let run = run(&mut child(part)?)?;
    let told = serde_json::from_slice(&run.output).with_context(|| format!("{part:?} ended without a word"))?;
    Ok((run, told))
}

/// The most memory that it or one of those it started has. What has ended has none.
fn peak_of(process: u32) -> u64 {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let started = read(&format!("task/{process}/children"));
    let others = started.split_whitespace().filter_map(|child| child.parse().ok()).map(peak_of);
    others.chain(peak_in(&read("status"))).max().unwrap_or_default()
}

pub(crate) fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time of all children that have ended; fields 16 and 17 of proc(5)'s `stat`, in ticks of 10 ms.
fn cpu_of_children() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("reading processor time (Linux only)")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(10 * ticks))
}

/// What valgrind counts.
pub(crate) struct Instructions {
    /// For each byte of text, from the zip to the reports, without what starting costs.
    pub(crate) per_byte: f64,
    /// Until the first piece is scanned.
    pub(crate) first: u64,
}

/// `None` without valgrind.
pub(crate) fn instructions(world: &World) -> Result<Option<Instructions>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    anstream::eprintln!("counting instructions (a minute or two)");
    let zip = |zip: &Path| zip.to_string_lossy().into_owned();
    let (whole, small) = (zip(&world.artifact.zip), zip(&world.small.zip));
    let all = counted(world, &["scan", &whole, "1"])?.saturating_sub(counted(world, &["scan", &small, "1"])?);
    let per_byte = all as f64 / world.artifact.text_bytes as f64;
    Ok(Some(Instructions { per_byte, first: counted(world, &["first", &whole])? }))
}

fn counted(world: &World, part: &[&str]) -> Result<u64> {
    let output = world.home.join("callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--vgdb=no"]).arg(format!("--callgrind-out-file={}", output.display()));
    command.arg(std::env::current_exe()?).arg(crate::child::FLAG).args(part);
    run(&mut command)?;
    let counts = std::fs::read_to_string(&output).context("reading callgrind's counts")?;
    let line = |name| counts.lines().find_map(|line| line.strip_prefix(name));
    let total = line("totals: ").or_else(|| line("summary: "));
    Ok(total.context("callgrind wrote no total")?.trim().parse()?)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

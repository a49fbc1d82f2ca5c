//! By what is scanned and judged: policy, rules, baseline and key, as the files say that were named.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use artifact_scan::secrets::{DEFAULT_FINGERPRINT_KEY, Foreign, Rule, Scanner, built_in, read_foreign};
use artifact_scan::{Baseline, Policy, policy::Problem, shown_name};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Options;
use super::folder::GIT;
use crate::cli::shown;

/// Bytes that tell one version of a policy from another.
const VERSION: usize = 6;

/// By what is scanned and judged.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) policy: Policy,
    /// The policy's file and version, if there is one.
    pub(super) named: Option<(String, String)>,
    /// The rules that look.
    pub(super) scanner: Scanner,
    /// All rules there are, by which names are judged.
    pub(super) all: Scanner,
    pub(super) baseline: Option<Baseline>,
    pub(super) key: Vec<u8>,
    /// What is otherwise than in a pipeline, or than a file says.
    pub(super) notes: Vec<String>,
    /// Which of the policy's globs have skipped something.
    skipping: Vec<AtomicBool>,
}

impl Terms {
    /// Reads all that was named.
    pub(super) fn read(options: &Options, now: Timestamp) -> Result<Self> {
        let mut notes = Vec::new();
        let all = scanner(rules(options.rules.as_deref(), &mut notes)?)?;
        let text = options.policy.as_deref().map(read).transpose()?.unwrap_or_else(|| String::from("scan: {}"));
        let more = Policy::more_rules(&text).filter(|_| options.rules.is_none());
        let book = if more.is_some() { all.book().with_others() } else { all.book() };
        let path = options.policy.as_deref();
        let name = path.map_or_else(|| String::from("the policy"), shown);
        let mut policy = Policy::parse(&text, &book, now).map_err(|told| wrong(&name, &told))?;
        notes.extend(more.map(|at| {
            format!("the policy's rules at {at} do not look here; give them with --rules FILE, as the pipeline's scan has them")
        }));
        if let Some(at) = policy.baseline.take_if(|_| options.baseline.is_none()) {
            notes.push(format!(
                "the policy's baseline at {at} is not read here, so that every finding is new; give it with --baseline FILE"
            ));
        }
        if let Some(at) = policy.reports.to.as_ref().filter(|_| options.report.is_none()) {
            notes.push(format!("no report goes to {at} from here; --report DIR writes them"));
        }
        let runs = all.rules().iter().filter(|rule| policy.runs(&rule.id)).cloned().collect();
        Ok(Self {
            scanner: scanner(runs)?,
            baseline: options.baseline.as_deref().map(baseline).transpose()?,
            key: options.fingerprint_key.as_deref().map_or_else(|| Ok(DEFAULT_FINGERPRINT_KEY.to_vec()), key)?,
            named: path.map(|path| (shown(path), version(&text))),
            skipping: policy.skip_globs().iter().map(|_| AtomicBool::default()).collect(),
            policy,
            all,
            notes,
        })
    }

    /// Adds the suppressions that stand in what is scanned, if the policy heeds them.
    pub(super) fn heed(&mut self, artifact: &str, place: &str, now: Timestamp, within: Option<&str>) -> Result<()> {
        let policy = self.policy.clone();
        let heeded = policy.heeding(artifact, &self.all.book(), now, within);
        self.policy = heeded.map_err(|told| wrong(place, &told))?;
        Ok(())
    }

    /// Whether the entry is left out, by globs that are then known to be of use.
    pub(super) fn skips(&self, path: &[String]) -> bool {
        let skips = self.policy.skips(path);
        let globs = if skips { self.policy.skipped_by(path) } else { Vec::new() };
        globs.into_iter().for_each(|glob| self.skipping[glob].store(true, Ordering::Relaxed));
        skips
    }

    /// What to say of globs that have skipped nothing. Of what is in `.git` nobody asked.
    pub(super) fn idle(&self) -> Vec<String> {
        let globs = self.policy.skip_globs().iter().zip(&self.skipping);
        let idle = globs.filter(|(_, used)| !used.load(Ordering::Relaxed)).map(|(glob, _)| glob);
        idle.filter(|glob| !glob.split('/').any(|name| name == GIT)).map(|glob| nothing_skipped(glob)).collect()
    }

    /// A path as people may see it: it acts on no terminal, and no secret is in it.
    pub(super) fn shown(&self, path: &Path) -> String {
        self.masked(&shown(path))
    }

    /// A name with no secret in it, whichever rules look.
    pub(super) fn masked(&self, name: &str) -> String {
        self.all.masked(vec![name.to_owned()]).concat()
    }

    /// What to say of a file that cannot be read.
    pub(super) fn unread(&self, path: &Path, error: &io::Error) -> String {
        format!("cannot read {}: {error}", self.shown(path))
    }
}

fn nothing_skipped(glob: &str) -> String {
    let glob = shown_name(glob.as_bytes());
    let of_folder = if glob.contains(['*', '?', '[', '{']) {
        String::new()
    } else {
        format!("; what is in a folder is skipped by `{glob}/**`")
    };
    format!("the policy's `skip` has `{glob}`, and nothing here is like that{of_folder}")
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", shown(path)))
}

fn scanner(rules: Vec<Rule>) -> Result<Scanner> {
    Scanner::new(rules).map_err(|told| anyhow!("the rules cannot be used: {told}"))
}

fn rules(path: Option<&Path>, notes: &mut Vec<String>) -> Result<Vec<Rule>> {
    let Some(path) = path else { return Ok(built_in().to_vec()) };
    let foreign: Foreign = read_foreign(&read(path)?)
        .map_err(|told| anyhow!("the rules of {} cannot be used:\n  {}", shown(path), told.join("\n  ")))?;
    notes.extend(foreign.told.iter().map(|told| format!("{}: {told}", shown(path))));
    Ok(foreign.with_built_in())
}

fn baseline(path: &Path) -> Result<Baseline> {
    Baseline::parse(&read(path)?).with_context(|| format!("cannot use {}", shown(path)))
}

/// A key is a line of text, as the stack's parameter is.
fn key(path: &Path) -> Result<Vec<u8>> {
    let key = read(path)?.trim().as_bytes().to_vec();
    if key.is_empty() {
        bail!("there is no key in {}: it is empty", shown(path));
    }
    Ok(key)
}

/// All problems of a policy, each with its place as a compiler tells it.
fn wrong(name: &str, problems: &[Problem]) -> anyhow::Error {
    let line = |problem: &Problem| match (problem.line, problem.column) {
        (Some(line), Some(column)) => format!("{name}:{line}:{column}: {}", problem.text),
        _ => format!("{name}: {}", problem.text),
    };
    let lines: Vec<String> = problems.iter().map(line).collect();
    anyhow!("the policy cannot be meant:\n  {}", lines.join("\n  "))
}

fn version(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(VERSION).map(|byte| format!("{byte:02x}")).collect()
}

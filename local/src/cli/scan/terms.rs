//! By what is scanned and judged: policy, rules, baseline and key, as the files say that were named.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use artifact_scan::secrets::{DEFAULT_FINGERPRINT_KEY, Foreign, Rule, Scanner, built_in, read_foreign};
use artifact_scan::{Baseline, Policy, policy::Problem};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Options;

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
        let mut policy = Policy::parse(&text, &book, now).map_err(|told| wrong(path, &told))?;
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
            named: path.map(|path| (path.display().to_string(), version(&text))),
            policy,
            all,
            notes,
        })
    }

    /// Adds the suppressions that stand in what is scanned, if the policy heeds them.
    pub(super) fn heed(&mut self, artifact: &str, place: &Path, now: Timestamp) -> Result<()> {
        let policy = self.policy.clone();
        self.policy = policy.heeding(artifact, &self.all.book(), now).map_err(|told| wrong(Some(place), &told))?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn scanner(rules: Vec<Rule>) -> Result<Scanner> {
    Scanner::new(rules).map_err(|told| anyhow!("the rules cannot be used: {told}"))
}

fn rules(path: Option<&Path>, notes: &mut Vec<String>) -> Result<Vec<Rule>> {
    let Some(path) = path else { return Ok(built_in().to_vec()) };
    let foreign: Foreign = read_foreign(&read(path)?)
        .map_err(|told| anyhow!("the rules of {} cannot be used:\n  {}", path.display(), told.join("\n  ")))?;
    notes.extend(foreign.told.iter().map(|told| format!("{}: {told}", path.display())));
    Ok(foreign.with_built_in())
}

fn baseline(path: &Path) -> Result<Baseline> {
    Baseline::parse(&read(path)?).with_context(|| format!("cannot use {}", path.display()))
}

/// A key is a line of text, as the stack's parameter is.
fn key(path: &Path) -> Result<Vec<u8>> {
    let key = read(path)?.trim().as_bytes().to_vec();
    if key.is_empty() {
        bail!("there is no key in {}: it is empty", path.display());
    }
    Ok(key)
}

/// All problems of a policy, each with its place as a compiler tells it.
fn wrong(path: Option<&Path>, problems: &[Problem]) -> anyhow::Error {
    let name = path.map_or_else(|| String::from("the policy"), |path| path.display().to_string());
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

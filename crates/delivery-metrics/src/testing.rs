//! Test helper: facts told in lines, a shell that answers a window's questions, samples read as lines.
//!
//! `1082 e1 stage Production succeeded since=962`: seconds after 2 March 2026, 10:00 UTC, the execution, what happened,
//! and what comes with it. `late` anywhere marks a fact as learnt by looking.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_model::{ExecutionId, FindingCounts, PipelineName, StageName};

use crate::fact::{Fact, Learnt, Outcome, StageResult, What};
use crate::measure::Measure;
use crate::rules::{DeployStages, Rules};
use crate::sample::{Sample, Scope};
use crate::window::{Folded, Needs, Window};

/// So many seconds after 2 March 2026, 10:00 UTC.
pub(crate) fn at(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "tests tell small numbers")]
    let milliseconds = (seconds * 1000.0).round() as i64;
    Timestamp::from_millisecond(1_772_445_600_000 + milliseconds).unwrap()
}

/// The rules of the pipeline `orders`: its last stage deploys.
pub(crate) fn rules() -> Rules {
    Rules { pipeline: PipelineName::from("orders"), deploy_stages: DeployStages::Last, stage_durations: true }
}

/// The stages of the pipeline `orders`.
pub(crate) fn structure() -> Vec<StageName> {
    ["Source", "Build", "Approve", "Production"].map(StageName::from).to_vec()
}

/// The facts these lines tell, in their order.
pub(crate) fn told(lines: &str) -> Vec<Fact> {
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(fact).collect()
}

fn fact(line: &str) -> Fact {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [seconds, execution, rest @ ..] = words.as_slice() else { panic!("`{line}` is too short") };
    let extras: BTreeMap<&str, f64> =
        rest.iter().filter_map(|word| word.split_once('=')).map(|(key, value)| (key, number(value))).collect();
    Fact {
        execution: ExecutionId::from(*execution),
        at: at(number(seconds)),
        late: rest.contains(&"late"),
        structure: Some(6),
        what: what(rest, &extras),
    }
}

fn what(words: &[&str], extras: &BTreeMap<&str, f64>) -> What {
    let since = extras.get("since").map(|seconds| at(*seconds));
    let count = |name: &str| extras.get(name).map_or(0, |number| format!("{number}").parse().unwrap());
    match words {
        ["started", rest @ ..] => What::Started {
            is_rollback: if rest.contains(&"unknown") { None } else { Some(rest.contains(&"rollback")) },
        },
        ["succeeded", ..] => What::Ended { outcome: Outcome::Succeeded, started: since },
        ["failed", ..] => What::Ended { outcome: Outcome::Failed, started: since },
        ["dropped", ..] => What::Ended { outcome: Outcome::Dropped, started: since },
        ["stage", stage, result, ..] => {
            let result = if *result == "succeeded" { StageResult::Succeeded } else { StageResult::Failed };
            What::StageEnded { stage: StageName::from(*stage), result, began: since }
        }
        ["approval", key, ..] => What::ApprovalAnswered { key: Fact::key(&[key]), waited_since: since.unwrap() },
        ["commit", seconds, rest @ ..] => {
            What::Commit { at: at(number(seconds)), revision: rest.first().map(|text| Fact::key(&[text])) }
        }
        ["looked-at"] => What::LookedAt,
        ["looked-at-in-part"] => What::LookedAtInPart,
        ["gate", key, verdict, ..] => What::GateDecided {
            key: Fact::key(&[key]),
            failed: *verdict == "failed",
            waited: extras.get("waited").copied(),
        },
        ["scan", key, ..] => What::ScanCompleted {
            key: Fact::key(&[key]),
            findings: FindingCounts {
                critical: count("critical"),
                high: count("high"),
                medium: count("medium"),
                low: count("low"),
            },
        },
        ["rolled-back", key] => What::RolledBack { key: Fact::key(&[key]) },
        other => panic!("`{other:?}` is nothing that happens"),
    }
}

fn number(word: &str) -> f64 {
    word.parse().unwrap_or_else(|_| panic!("`{word}` is no number"))
}

/// A pipeline and a CodePipeline that answers.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) window: Window,
    pub(crate) rules: Rules,
    /// What CodePipeline answers about an execution; about others it knows that they are releases, and no commit.
    pub(crate) answers: BTreeMap<ExecutionId, Learnt>,
    /// How often CodePipeline was asked.
    pub(crate) questions: usize,
    pub(crate) total: Folded,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self::with(rules())
    }

    pub(crate) fn with(rules: Rules) -> Self {
        let (window, answers, total) = (Window::default(), BTreeMap::new(), Folded::default());
        Self { window, rules, answers, questions: 0, total }
    }

    /// One urgent batch: questions, answers, fold, and a trip through the table.
    pub(crate) fn fold(&mut self, facts: &[Fact]) {
        let mut facts = facts.to_vec();
        if self.window.needs(&facts, &self.rules).structure {
            self.questions += 1;
            self.window.learn_structure(Some(6), structure());
        }
        for execution in self.window.needs(&facts, &self.rules).executions {
            self.questions += 1;
            let release = Learnt { is_rollback: Some(false), ..Learnt::default() };
            let answer = self.answers.get(&execution).unwrap_or(&release);
            facts.extend(Fact::learnt(&execution, at(1e6), answer));
        }
        self.fold_unasked(&facts);
    }

    /// Batches without facts, until there is nothing left to ask.
    pub(crate) fn settle(&mut self) {
        while self.window.needs(&[], &self.rules) != Needs::default() {
            self.fold(&[]);
        }
    }

    /// A fold without any answers.
    pub(crate) fn fold_unasked(&mut self, facts: &[Fact]) {
        let folded = self.window.fold(facts, &self.rules);
        self.total.samples.extend(folded.samples);
        self.total.too_late += folded.too_late;
        self.total.without_commit += folded.without_commit;
        self.total.skewed += folded.skewed;
        self.total.repaired += folded.repaired;
        let document = serde_json::to_string(&self.window).unwrap();
        self.window = serde_json::from_str(&document).unwrap();
    }

    pub(crate) fn tell(&mut self, lines: &str) -> &mut Self {
        self.fold(&told(lines));
        self
    }

    /// All samples of a measure as lines, in the order of their text.
    pub(crate) fn measured(&self, measure: Measure) -> Vec<String> {
        let of_measure = self.total.samples.iter().filter(|sample| sample.measure == measure);
        let mut lines: Vec<_> = of_measure.map(line).collect();
        lines.sort();
        lines
    }
}

/// A sample as `<seconds> <scope> <value>`; all pipelines are `*`.
fn line(sample: &Sample) -> String {
    let scope = match &sample.scope {
        Scope::AllPipelines => String::from("*"),
        Scope::Pipeline(pipeline) => pipeline.to_string(),
        Scope::Stage(pipeline, stage) => format!("{pipeline}/{stage}"),
        Scope::Severity(pipeline, severity) => format!("{pipeline}!{}", severity.as_str()),
    };
    let seconds = sample.at.duration_since(at(0.0)).as_secs_f64();
    format!("{seconds} {scope} {}", (sample.value.get() * 1000.0).round() / 1000.0)
}

/// The samples of one measure after one batch of these lines.
pub(crate) fn measured(lines: &str, measure: Measure) -> Vec<String> {
    Shell::new().tell(lines).measured(measure)
}

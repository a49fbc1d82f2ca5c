//! What the numbers must be, computed from what happened with the whole history at hand.

use delivery_metrics::{Finite, Measure, Sample, Scope, Severity};
use pipeline_model::{PipelineName, StageName};

use super::history::{Execution, How, Pipeline, Source, StageRun};
use crate::delivery::office::{at, line};

/// Executions in a rolling rate.
const RATED: usize = 30;

/// One sample that must be there, and what it may be instead when things are learnt in another order. The first is what
/// it is when they are learnt as they happen.
pub(super) struct Expected {
    pub(super) any_of: Vec<String>,
    /// It may be missing.
    pub(super) optional: bool,
}

/// A time to restore.
pub(super) struct Restored {
    pub(super) at: i64,
    /// The first red since the success before; absent if there was none.
    pub(super) red: Option<i64>,
}

/// What the rolling measures show at the end.
#[derive(Debug, PartialEq)]
pub(super) struct Rolling {
    pub(super) success: Option<f64>,
    pub(super) duration: Option<f64>,
}

fn text(measure: Measure, scope: &Scope, moment: i64, value: f64) -> String {
    let value = Finite::new(value).expect("an ordinary number");
    line(&Sample { measure, scope: scope.clone(), at: at(moment), value })
}

fn float(seconds: i64) -> f64 {
    f64::from(i32::try_from(seconds).expect("a story of some days"))
}

impl Pipeline {
    fn scope(&self) -> Scope {
        Scope::Pipeline(PipelineName::from(self.name.as_str()))
    }

    /// The samples that belong to one execution each, and those that count it over all pipelines.
    pub(super) fn samples(&self) -> Vec<Expected> {
        let each = self.executions.iter().flat_map(|execution| self.samples_of(execution));
        each.chain(self.lead_times()).collect()
    }

    fn samples_of(&self, execution: &Execution) -> Vec<Expected> {
        let scope = self.scope();
        let one =
            |measure, moment, value| Expected { any_of: vec![text(measure, &scope, moment, value)], optional: false };
        let mut samples: Vec<Expected> = self.stage_samples(execution);
        samples.extend(execution.rolled_back.map(|moment| one(Measure::Rollbacks, moment, 1.0)));
        if let Some(gate) = &execution.gate {
            samples.push(one(Measure::GateWait, gate.at, float(gate.waited)));
            samples.extend((!gate.passed).then(|| one(Measure::GateFailures, gate.at, 1.0)));
        }
        if let Some(scan) = &execution.scan {
            let counts = [(Severity::Critical, scan.critical), (Severity::Low, scan.low)];
            for (severity, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                let scope = Scope::Severity(PipelineName::from(self.name.as_str()), severity);
                let any_of = vec![text(Measure::ScanFindings, &scope, scan.at, f64::from(count))];
                samples.push(Expected { any_of, optional: false });
            }
        }
        if !execution.is_rollback {
            samples.extend(self.release_samples(execution));
        }
        samples
    }

    fn stage_samples(&self, execution: &Execution) -> Vec<Expected> {
        let is_over = execution.end().how != How::Superseded;
        let sample = |run: &StageRun| {
            let scope = Scope::Stage(PipelineName::from(self.name.as_str()), StageName::from(run.stage));
            let duration = text(Measure::StageDuration, &scope, run.to, float(run.to - run.from));
            let wait = text(Measure::ApprovalWait, &Scope::AllPipelines, run.to, float(run.to - run.from));
            let duration = run.succeeded.then_some(duration);
            let wait = (run.stage == "Approve").then_some(wait);
            // Of what neither succeeded nor failed, CodePipeline's lists are not always read.
            let expected = |text| Expected { any_of: vec![text], optional: !is_over };
            [duration, wait].into_iter().flatten().map(expected).collect::<Vec<_>>()
        };
        execution.stages.iter().flat_map(sample).collect()
    }

    fn release_samples(&self, execution: &Execution) -> Vec<Expected> {
        let scope = self.scope();
        let mut samples = Vec::new();
        let mut expect = |any_of: Vec<String>| {
            if !any_of.is_empty() {
                samples.push(Expected { any_of, optional: false });
            }
        };
        let duration = execution
            .succeeded()
            .map(|end| text(Measure::ExecutionDuration, &scope, end, float(end - execution.began)));
        expect(duration.into_iter().collect());
        expect(
            self.deployed(execution)
                .map(|moment| text(Measure::Deployments, &scope, moment, 1.0))
                .into_iter()
                .collect(),
        );
        let failed = |moment: i64| text(Measure::DeploymentFailures, &scope, moment, 1.0);
        expect(self.deployment_failures(execution).into_iter().map(failed).collect());
        let rated = execution.ends.iter().filter(|end| end.how != How::Superseded);
        let rate = |value, moment| text(Measure::ExecutionSuccessRate, &Scope::AllPipelines, moment, value);
        expect(rated.map(|end| rate(if end.how == How::Succeeded { 100.0 } else { 0.0 }, end.at)).collect());
        samples
    }

    /// When the last of the stages that deploy succeeded.
    fn deployed(&self, execution: &Execution) -> Option<i64> {
        let moment =
            |stage: &&str| execution.stages.iter().find(|run| run.stage == *stage && run.succeeded).map(|run| run.to);
        let moments: Option<Vec<i64>> = self.deploys.iter().map(moment).collect();
        moments?.into_iter().max()
    }

    /// Every moment a deployment failed at, the first one first.
    fn deployment_failures(&self, execution: &Execution) -> Vec<i64> {
        let failed = execution.stages.iter().filter(|run| !run.succeeded && self.deploys.contains(&run.stage));
        failed.map(|run| run.to).chain(execution.rolled_back).collect()
    }

    /// One for each revision that was deployed and whose time somebody knows.
    fn lead_times(&self) -> Vec<Expected> {
        let releases = self.executions.iter().filter(|execution| !execution.is_rollback && execution.is_dated());
        let mut deployed: Vec<_> =
            releases.filter_map(|execution| Some((self.deployed(execution)?, execution))).collect();
        deployed.sort_by_key(|(moment, _)| *moment);
        let mut revisions: Vec<&str> = Vec::new();
        for (_, execution) in &deployed {
            if !revisions.contains(&execution.revision.as_str()) {
                revisions.push(&execution.revision);
            }
        }
        let sample = |(moment, execution): &(i64, &Execution)| {
            text(Measure::LeadTime, &self.scope(), *moment, float(moment - execution.committed))
        };
        let of = |revision: &str| deployed.iter().filter(|(_, it)| it.revision == revision).map(sample).collect();
        revisions.into_iter().map(|revision| Expected { any_of: of(revision), optional: false }).collect()
    }

    /// Every success, in its order.
    pub(super) fn restored(&self) -> Vec<Restored> {
        let mut greens: Vec<i64> = self.executions.iter().filter_map(Execution::succeeded).collect();
        greens.sort_unstable();
        let reds = self.reds();
        let before = |place: usize| place.checked_sub(1).map_or(i64::MIN, |previous| greens[previous]);
        let first =
            |place: usize| reds.iter().copied().filter(|red| (before(place)..greens[place]).contains(red)).min();
        (0..greens.len()).map(|place| Restored { at: greens[place], red: first(place) }).collect()
    }

    /// Every failure and every rollback.
    pub(super) fn reds(&self) -> Vec<i64> {
        let failures = |execution: &Execution| {
            let failed = execution.ends.iter().filter(|end| end.how == How::Failed).map(|end| end.at);
            failed.chain(execution.rolled_back).collect::<Vec<_>>()
        };
        self.executions.iter().flat_map(failures).collect()
    }

    /// The rates of the last executions that succeeded or failed.
    pub(super) fn rolling(&self) -> Rolling {
        let releases = self.executions.iter().filter(|it| !it.is_rollback && it.end().how != How::Superseded);
        let mut rated: Vec<&Execution> = releases.collect();
        rated.sort_by_key(|execution| execution.ends[0].at);
        let last = &rated[rated.len().saturating_sub(RATED)..];
        let durations: Vec<f64> =
            last.iter().filter_map(|execution| Some(float(execution.succeeded()? - execution.began))).collect();
        let share = |part: usize| 100.0 * float(part as i64) / float(last.len() as i64);
        Rolling {
            success: (!last.is_empty()).then(|| share(durations.len())),
            duration: (!durations.is_empty()).then(|| durations.iter().sum::<f64>() / float(durations.len() as i64)),
        }
    }
}

impl Execution {
    fn is_dated(&self) -> bool {
        self.source != Source::Unknown
    }
}

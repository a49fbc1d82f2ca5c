//! The list of measures, and what each of them is given.

mod deployments;
mod durations;
mod lead_time;
mod rates;
mod restore;
mod rollbacks;
mod scans;
mod waits;

use jiff::Timestamp;
use pipeline_model::ExecutionId;

use crate::fact::Fact;
use crate::measure::Measure;
use crate::rules::Rules;
use crate::sample::{Finite, Sample, Scope};
use crate::window::{Execution, Folded, Standing, Window};

/// Each looks at one step and emits what it adds. The order matters only to `lead_time`, which follows a deployment.
const MEASURES: &[fn(&mut Step<'_>)] = &[
    rates::measure,
    durations::of_executions,
    durations::of_stages,
    deployments::measure,
    lead_time::measure,
    restore::measure,
    rollbacks::measure,
    waits::of_approvals,
    waits::of_gates,
    scans::measure,
];

/// One fact, just joined, or news of what its execution waited for.
pub(crate) struct Step<'a> {
    /// Everything known, this fact included.
    pub(crate) window: &'a mut Window,
    /// The execution it is about.
    pub(crate) id: &'a ExecutionId,
    /// The fact.
    pub(crate) fact: Option<&'a Fact>,
    /// What its execution counted as before.
    pub(crate) before: Standing,
    /// How the pipeline is measured.
    pub(crate) rules: &'a Rules,
    /// Where samples go.
    pub(crate) folded: &'a mut Folded,
}

pub(crate) fn measure(step: &mut Step<'_>) {
    MEASURES.iter().for_each(|measure| measure(step));
}

impl Step<'_> {
    /// The execution it is about.
    pub(crate) fn execution(&mut self) -> &mut Execution {
        self.window.executions.entry(self.id.clone()).or_default()
    }

    /// Emits for the pipeline, and for all pipelines where the measure has such a series.
    pub(crate) fn emit(&mut self, measure: Measure, at: Timestamp, value: f64) {
        self.emit_for(Scope::Pipeline(self.rules.pipeline.clone()), measure, at, value);
        if measure.has_all_pipelines() {
            self.emit_for(Scope::AllPipelines, measure, at, value);
        }
    }

    /// Emits for one scope.
    pub(crate) fn emit_for(&mut self, scope: Scope, measure: Measure, at: Timestamp, value: f64) {
        match Finite::new(value) {
            Some(value) => self.folded.samples.push(Sample { measure, scope, at, value }),
            None => self.folded.skewed += 1,
        }
    }
}

/// Seconds from one moment to another, none if the second lies before the first.
///
/// Events tell their time to the second and starts to the millisecond, so what took no time at all may seem to end up to
/// a second before it began.
pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> Option<f64> {
    let seconds = to.duration_since(from).as_secs_f64();
    (seconds > -1.0).then_some(seconds.max(0.0))
}

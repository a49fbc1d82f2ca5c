//! The series a pipeline has, which are most of the bill: counted in the requests the recorder sent.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::fleet;
use crate::program::Programs;
use crate::samples::{Sample, recorded};
use crate::story::Stories;

/// All figures.
pub(crate) struct Series {
    /// Names of the series of a pipeline whose release succeeded.
    pub(crate) healthy: BTreeSet<String>,
    /// The same after a failure, a restoration and a rollback.
    pub(crate) eventful: BTreeSet<String>,
    /// Series over all pipelines, however many there are.
    pub(crate) of_all: usize,
    /// Hours in which a series had data, of all series of a pipeline, in a month of 100 releases with ten failures.
    pub(crate) hours: usize,
}

pub(crate) fn measure(programs: &Programs, stories: &Stories) -> Result<Series> {
    let recorded = |tale| recorded(&programs.recorder, &programs.python, stories, &tale);
    let healthy = recorded(fleet::isolated(&stories.succeeded)?)?;
    let eventful = recorded(fleet::eventful(stories)?)?;
    let month = recorded(fleet::month(stories)?)?;
    let hours: BTreeSet<_> =
        month.iter().filter(|sample| is_of_a_pipeline(sample)).map(|sample| (name(sample), sample.2 / 3600)).collect();
    Ok(Series {
        of_all: eventful.iter().filter(|sample| !is_of_a_pipeline(sample)).map(name).collect::<BTreeSet<_>>().len(),
        healthy: of_a_pipeline(&healthy),
        eventful: of_a_pipeline(&eventful),
        hours: hours.len(),
    })
}

fn is_of_a_pipeline(sample: &Sample) -> bool {
    sample.1.contains("PipelineName=")
}

fn of_a_pipeline(samples: &[Sample]) -> BTreeSet<String> {
    samples.iter().filter(|sample| is_of_a_pipeline(sample)).map(name).collect()
}

/// The metric and the dimensions beside the pipeline's name.
fn name(sample: &Sample) -> String {
    let others: Vec<&str> =
        sample.1.split(", ").filter(|it| !it.is_empty() && !it.starts_with("PipelineName=")).collect();
    [sample.0.as_str()].into_iter().chain(others).collect::<Vec<_>>().join(" ")
}

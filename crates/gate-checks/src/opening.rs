//! A named person opened a gate for one execution.

use jiff::Timestamp;
use pipeline_model::{ExecutionId, PipelineName, StageName};

use crate::Place;

/// A named person opened a gate for one execution, whatever its checks say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The stage; none is every gate of the pipeline.
    pub stage: Option<StageName>,
    /// The one execution it is for.
    pub execution: ExecutionId,
    /// Who opened it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// It holds until then; none is as long as it is written.
    pub until: Option<Timestamp>,
}

impl Opening {
    /// Whether it opens the gate for the release that stands there. A release nobody can name is not let through.
    pub fn is_for(&self, place: &Place, now: Timestamp) -> bool {
        place.pipeline.as_ref() == Some(&self.pipeline)
            && place.execution.as_ref() == Some(&self.execution)
            && self.stage.as_ref().is_none_or(|stage| place.stage.as_ref() == Some(stage))
            && self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, opening, place};

    #[test]
    fn an_opening_is_for_one_execution_of_one_pipeline_and_ends() {
        let whole = opening();
        assert!(whole.is_for(&place(), at(0)));
        for other in [
            Opening { pipeline: "other".into(), ..opening() },
            Opening { stage: Some("Staging".into()), ..opening() },
            Opening { execution: "other".into(), ..opening() },
            Opening { until: Some(at(0)), ..opening() },
        ] {
            assert!(!other.is_for(&place(), at(0)), "{other:?}");
        }
        assert!(Opening { stage: None, until: Some(at(1)), ..opening() }.is_for(&place(), at(0)));
    }

    #[test]
    fn a_release_nobody_can_name_is_not_let_through() {
        assert!(!opening().is_for(&Place::default(), at(0)));
        assert!(!opening().is_for(&Place { stage: None, ..place() }, at(0)));
    }
}

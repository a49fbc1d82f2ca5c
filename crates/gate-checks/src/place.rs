//! Where a release stands.

use std::collections::BTreeMap;

use pipeline_model::{ExecutionId, PipelineName, StageName};

/// Where a release stands, as far as its door says. A deployment hook knows none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The pipeline.
    pub pipeline: Option<PipelineName>,
    /// The stage the gate is in.
    pub stage: Option<StageName>,
    /// The execution that waits.
    pub execution: Option<ExecutionId>,
    /// What earlier actions and the pipeline's variables said.
    pub variables: BTreeMap<String, String>,
}

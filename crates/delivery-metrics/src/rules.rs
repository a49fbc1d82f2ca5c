//! What one pipeline's measures depend on besides its events.

use pipeline_model::{PipelineName, StageName};
use wildmatch::WildMatch;

/// How one pipeline is measured.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// What a deployment is.
    pub deploy_stages: DeployStages,
    /// Whether stages have durations of their own, one series each.
    pub stage_durations: bool,
}

/// Which stages deploy.
#[derive(Debug, Clone)]
pub enum DeployStages {
    /// The last one of the pipeline's structure.
    Last,
    /// Those of the structure that match any of these; where none does, the pipeline deploys nothing.
    Named(Vec<WildMatch>),
}

impl DeployStages {
    /// Which stages of a structure deploy.
    pub(crate) fn of<'s>(&self, structure: &'s [StageName]) -> Vec<&'s StageName> {
        match self {
            Self::Last => structure.last().into_iter().collect(),
            Self::Named(globs) => {
                let deploys = |stage: &&StageName| globs.iter().any(|glob| glob.matches(stage.as_str()));
                structure.iter().filter(deploys).collect()
            }
        }
    }
}

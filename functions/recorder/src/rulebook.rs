//! What the settings say about measuring, read anew when they change.

use std::rc::Rc;

use delivery_metrics::{Rules, Settings as Meaning};
use lambda_kit::Failure;
use lambda_kit::settings::{ParameterStore, Parsed, Settings};
use pipeline_model::PipelineName;

/// Reads the `delivery` section of the settings.
pub struct Rulebook<S> {
    settings: Settings<S>,
    parsed: Parsed<Meaning>,
    stage_durations: bool,
}

impl<S: ParameterStore> Rulebook<S> {
    /// `stage_durations`: whether stages get series of their own.
    pub fn new(settings: Settings<S>, parsed: Parsed<Meaning>, stage_durations: bool) -> Self {
        Self { settings, parsed, stage_durations }
    }

    /// What the settings mean now.
    ///
    /// # Errors
    /// When there are no settings to go by, neither now nor from before.
    pub async fn current(&self) -> Result<Rc<Meaning>, Failure> {
        let snapshot = self.settings.current().await?;
        self.parsed.of(&snapshot, |snapshot| {
            let yaml = snapshot.get("settings").map_or("", |yaml| yaml.reveal().as_str());
            Meaning::parse(yaml)
                .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })
    }

    /// How a pipeline is measured.
    pub(crate) fn rules(&self, meaning: &Meaning, pipeline: &PipelineName) -> Rules {
        Rules { stage_durations: self.stage_durations, ..meaning.rules(pipeline) }
    }
}

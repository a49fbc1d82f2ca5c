//! What a record is about: an execution, or a decision that no execution stands for.

use jiff::Timestamp;
use pipeline_model::Decision;

use crate::compose::{self, Notice};
use crate::incident::Incident;
use crate::moment::{self, Moment};
use crate::settings::Settings;
use crate::story::Story;
use crate::text::Text;

/// What a record is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// One execution of a pipeline, with what was decided about it.
    Execution(Box<Story>),
    /// A rollback of a target outside of pipelines, or of a stage in which no execution is known to stand; a gate of a
    /// deployment outside of pipelines; a scan whose action names no execution.
    Incident(Box<Incident>),
}

impl From<Story> for Subject {
    fn from(story: Story) -> Self {
        Self::Execution(Box::new(story))
    }
}

impl From<Incident> for Subject {
    fn from(incident: Incident) -> Self {
        Self::Incident(Box::new(incident))
    }
}

impl Subject {
    /// What a decision is about, with nothing else known; nothing, if it says nothing this version knows.
    pub fn of(decision: &Decision) -> Option<Self> {
        let incident = Incident::of(decision)?;
        Some(match (decision.pipeline.clone(), decision.execution.clone()) {
            (Some(pipeline), Some(execution)) => Story::new(pipeline, execution).into(),
            _ => incident.into(),
        })
    }

    /// Takes in a decision.
    pub fn absorb_decision(&mut self, decision: &Decision) {
        match self {
            Self::Execution(story) => story.absorb_decision(decision),
            Self::Incident(incident) => incident.absorb(decision),
        }
    }

    /// The execution, if this is about one.
    pub fn execution(&self) -> Option<&Story> {
        match self {
            Self::Execution(story) => Some(story),
            Self::Incident(_) => None,
        }
    }

    /// The execution, if this is about one.
    pub fn execution_mut(&mut self) -> Option<&mut Story> {
        match self {
            Self::Execution(story) => Some(story),
            Self::Incident(_) => None,
        }
    }

    /// The incident, if this is about one.
    pub fn incident(&self) -> Option<&Incident> {
        match self {
            Self::Execution(_) => None,
            Self::Incident(incident) => Some(incident),
        }
    }

    /// Nothing of it is worth telling or remembering: a gate that holds a deployment no execution stands for, or lets it
    /// go on; a scan that lets it go on.
    pub fn is_uneventful(&self) -> bool {
        self.incident().is_some_and(|incident| incident.moments().is_empty())
    }

    /// What the patterns of routes and owners are compared with.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Execution(story) => story.pipeline.pipeline.as_str(),
            Self::Incident(incident) => incident.name(),
        }
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.execution().map_or(1, Story::attempt)
    }

    /// The latest thing there is to tell.
    pub(crate) fn last_news(&self) -> Option<Timestamp> {
        match self {
            Self::Execution(story) => story.last_change().max(story.last_decision()),
            Self::Incident(incident) => {
                let gates_and_scans = incident.gates.last_news().max(incident.scans.last_news());
                incident.rollbacks.last_news().max(gates_and_scans)
            }
        }
    }

    /// Everything worth telling so far, oldest first.
    pub(crate) fn moments(&self) -> Vec<Moment> {
        match self {
            Self::Execution(story) => moment::moments(story),
            Self::Incident(incident) => incident.moments(),
        }
    }

    /// The one message, as it stands now.
    pub(crate) fn notice(&self, settings: &Settings) -> Notice {
        match self {
            Self::Execution(story) => compose::notice(story, settings),
            Self::Incident(incident) => compose::incident::notice(incident, settings),
        }
    }

    /// Whether the one message tells a moment so that nothing is left to add.
    pub(crate) fn shows(&self, moment: &Moment) -> bool {
        match self {
            Self::Execution(story) => compose::shows(story, moment),
            Self::Incident(incident) => compose::incident::shows(incident, moment),
        }
    }

    /// A message of its own about one moment.
    pub(crate) fn announcement(&self, moment: &Moment, settings: &Settings, late: bool) -> Notice {
        match self {
            Self::Execution(story) => compose::announcement(story, moment, settings, late),
            Self::Incident(incident) => compose::incident::announcement(incident, moment, settings, late),
        }
    }

    /// The same for a place where nothing else is known.
    pub(crate) fn announcement_with_background(&self, moment: &Moment, settings: &Settings, late: bool) -> Notice {
        let notice = self.announcement(moment, settings, late);
        match self {
            Self::Execution(story) if moment.rollback.is_none() => notice.with_background(story, moment),
            _ => notice,
        }
    }

    /// What a quiet moment adds to the thread.
    pub(crate) fn remark(&self, moment: &Moment) -> Text {
        match self {
            Self::Execution(story) => compose::remark(story, moment),
            Self::Incident(incident) => compose::incident::remark(incident, moment),
        }
    }
}

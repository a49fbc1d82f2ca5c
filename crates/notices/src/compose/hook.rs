//! The message about a gate of a deployment, or a scan, that no execution stands for.

use pipeline_model::PipelineArn;

use super::said::Said;
use super::{Data, Notice, late_line, lines};
use crate::incident::Incident;
use crate::moment::Moment;
use crate::settings::Settings;
use crate::text::Text;

/// What to speak of first.
pub(super) fn leading(incident: &Incident) -> Option<&dyn Said> {
    match incident.gates.leading() {
        Some((_, visit)) => Some(visit),
        None => Some(incident.scans.leading()?.1),
    }
}

/// The one message, as it stands now.
pub(super) fn notice(incident: &Incident, said: &dyn Said, settings: &Settings) -> Notice {
    let mut sections = said.sections();
    let call = lines::call(&settings.mentions(incident.name()));
    sections.extend(Some(call).filter(|call| said.stops() && !call.is_empty()));
    Notice {
        tone: said.tone(),
        headline: said.headline(name(incident, said.nameless())),
        sections,
        footnote: Text::new().plain("Decided ").time(said.at()),
        data: data(incident, said, None),
    }
}

/// What one moment has to say, and whether it is told long after it happened.
pub(super) fn announcement(
    incident: &Incident,
    said: &dyn Said,
    (moment, late): (&Moment, bool),
    settings: &Settings,
) -> Notice {
    let mut notice = notice(incident, said, settings);
    notice.sections.extend(late.then(|| late_line(moment.at)));
    Notice { data: data(incident, said, Some(moment)), ..notice }
}

fn name(incident: &Incident, nameless: &str) -> Text {
    match (&incident.pipeline, incident.target.as_deref()) {
        (Some(arn), _) => Text::new().link(arn.pipeline.as_str(), arn.pipeline_url().as_deref()),
        (None, Some(target)) => Text::new().bold(target),
        (None, None) => Text::new().plain(nameless),
    }
}

fn data(incident: &Incident, said: &dyn Said, moment: Option<&Moment>) -> Data {
    let mut facts = said.facts();
    facts.extend(incident.target.clone().map(|target| ("target", target)));
    facts.extend(incident.pipeline.as_ref().map(|arn| ("pipeline", arn.pipeline.to_string())));
    facts.extend(said.place().stage.as_ref().map(|stage| ("stage", stage.to_string())));
    Data {
        thread: incident.key.clone(),
        resource: incident.pipeline.as_ref().map(ToString::to_string),
        outcome: moment.map(|moment| moment.outcome.as_str()),
        url: incident.pipeline.as_ref().and_then(PipelineArn::pipeline_url),
        facts,
    }
}

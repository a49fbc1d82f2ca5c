//! The message about a gate of a deployment that no execution stands for.

use super::{Data, Notice, gate, late_line, lines};
use crate::gate::Visit;
use crate::incident::Incident;
use crate::moment::Moment;
use crate::settings::Settings;
use crate::text::Text;

/// The visit to speak of first.
pub(super) fn leading(incident: &Incident) -> Option<&Visit> {
    incident.gates.leading().and_then(|identity| incident.gates.get(identity))
}

/// The visit a moment is about.
pub(super) fn of<'a>(incident: &'a Incident, moment: &Moment) -> Option<&'a Visit> {
    incident.gates.get(moment.gate.as_deref()?)
}

/// The one message, as it stands now.
pub(super) fn notice(incident: &Incident, visit: &Visit, settings: &Settings) -> Notice {
    let mut sections = gate::sections(visit);
    let call = lines::call(&settings.mentions(incident.name()));
    sections.extend(Some(call).filter(|call| visit.stand.stops() && !call.is_empty()));
    Notice {
        tone: gate::tone(visit),
        headline: gate::headline(name(incident), visit),
        sections,
        footnote: Text::new().plain("Decided ").time(visit.at),
        data: data(incident, visit, None),
    }
}

/// What one moment has to say, and whether it is told long after it happened.
pub(super) fn announcement(
    incident: &Incident,
    visit: &Visit,
    (moment, late): (&Moment, bool),
    settings: &Settings,
) -> Notice {
    let mut notice = notice(incident, visit, settings);
    notice.sections.extend(late.then(|| late_line(moment.at)));
    Notice { data: data(incident, visit, Some(moment)), ..notice }
}

fn name(incident: &Incident) -> Text {
    match (&incident.pipeline, incident.target.as_deref()) {
        (Some(arn), _) => Text::new().link(arn.pipeline.as_str(), arn.pipeline_url().as_deref()),
        (None, Some(target)) => Text::new().bold(target),
        (None, None) => Text::new().plain("A deployment"),
    }
}

fn data(incident: &Incident, visit: &Visit, moment: Option<&Moment>) -> Data {
    let mut facts = gate::facts(visit);
    facts.extend(incident.target.clone().map(|target| ("target", target)));
    facts.extend(incident.pipeline.as_ref().map(|arn| ("pipeline", arn.pipeline.to_string())));
    facts.extend(visit.stage.as_ref().map(|stage| ("stage", stage.to_string())));
    Data {
        thread: incident.key.clone(),
        resource: incident.pipeline.as_ref().map(ToString::to_string),
        outcome: moment.map(|moment| moment.outcome.as_str()),
        url: incident.pipeline.as_ref().and_then(pipeline_model::PipelineArn::pipeline_url),
        facts,
    }
}

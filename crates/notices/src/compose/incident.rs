//! The message about a decision that no execution stands for: here about a rollback.

use super::rollback::{self, Release};
use super::{Data, Notice, Tone, hook, late_line, lines, said};
use crate::incident::Incident;
use crate::moment::{Moment, Outcome};
use crate::rollback::Ruling;
use crate::settings::Settings;
use crate::text::Text;

/// The one message of an incident, as it stands now.
pub(crate) fn notice(incident: &Incident, settings: &Settings) -> Notice {
    let leading = incident.rollbacks.leading();
    if let (None, Some(said)) = (leading, hook::leading(incident)) {
        return hook::notice(incident, said, settings);
    }
    let ruling = ruling(incident, leading);
    let mut sections = told(incident, ruling, settings);
    sections.extend(rollback::others(&incident.rollbacks, leading));
    Notice {
        tone: rollback::tone(ruling),
        headline: rollback::headline(name(incident), ruling),
        sections,
        footnote: footnote(ruling),
        data: data(incident, ruling, None),
    }
}

/// What one moment has to say. `late` is set when it is told long after it happened.
pub(crate) fn announcement(incident: &Incident, moment: &Moment, settings: &Settings, late: bool) -> Notice {
    if let Some(said) = said::of(&incident.gates, &incident.scans, moment) {
        return hook::announcement(incident, said, (moment, late), settings);
    }
    let ruling = ruling(incident, moment.rollback.as_deref());
    let cleared = moment.outcome == Outcome::AlarmCleared;
    let mut sections = if cleared { Vec::new() } else { told(incident, ruling, settings) };
    sections.extend(late.then(|| late_line(moment.at)));
    Notice {
        tone: if cleared { Tone::Good } else { rollback::tone(ruling) },
        headline: match cleared {
            true => rollback::cleared_headline(name(incident), ruling),
            false => rollback::headline(name(incident), ruling),
        },
        sections,
        footnote: footnote(ruling),
        data: data(incident, ruling, Some(moment)),
    }
}

/// What a quiet moment adds to the thread.
pub(crate) fn remark(incident: &Incident, moment: &Moment) -> Text {
    match said::of(&incident.gates, &incident.scans, moment) {
        Some(said) => said.remark(),
        None => rollback::cleared(ruling(incident, moment.rollback.as_deref())),
    }
}

/// Whether the one message tells a moment so that nothing is left to add.
pub(crate) fn shows(incident: &Incident, moment: &Moment) -> bool {
    match said::of(&incident.gates, &incident.scans, moment) {
        Some(said) => {
            incident.rollbacks.is_empty() && hook::leading(incident).is_some_and(|first| std::ptr::addr_eq(first, said))
        }
        None => moment.rollback.as_deref() == incident.rollbacks.leading(),
    }
}

fn ruling<'a>(incident: &'a Incident, identity: Option<&str>) -> &'a Ruling {
    identity.and_then(|identity| incident.rollbacks.get(identity)).expect("an incident holds what was decided of it")
}

fn told(incident: &Incident, ruling: &Ruling, settings: &Settings) -> Vec<Text> {
    let mut sections = rollback::sections(ruling, Release { pipeline: incident.pipeline.as_ref(), commit: None });
    let call = lines::call(&settings.mentions(incident.name()));
    sections.extend(Some(call).filter(|call| ruling.needs_a_person() && !call.is_empty()));
    sections
}

/// A stage by its pipeline, anything else as its tag writes it.
fn name(incident: &Incident) -> Text {
    match (&incident.pipeline, incident.target.as_deref()) {
        (Some(arn), _) => Text::new().link(arn.pipeline.as_str(), arn.pipeline_url().as_deref()),
        (None, Some(target)) => Text::new().bold(target),
        (None, None) => Text::new().plain("What an alarm protects"),
    }
}

fn footnote(ruling: &Ruling) -> Text {
    Text::new().plain("Decided ").time(ruling.at)
}

fn data(incident: &Incident, ruling: &Ruling, moment: Option<&Moment>) -> Data {
    let mut facts = rollback::facts(ruling);
    facts.extend(incident.target.clone().map(|target| ("target", target)));
    facts.extend(incident.pipeline.as_ref().map(|arn| ("pipeline", arn.pipeline.to_string())));
    facts.extend(ruling.stage.as_ref().map(|stage| ("stage", stage.to_string())));
    let page = incident.pipeline.as_ref().and_then(pipeline_model::PipelineArn::pipeline_url);
    Data {
        thread: incident.key.clone(),
        resource: incident.pipeline.as_ref().map(ToString::to_string),
        outcome: moment.map(|moment| moment.outcome.as_str()),
        url: page.or_else(|| ruling.alarm_url.clone()),
        facts,
    }
}

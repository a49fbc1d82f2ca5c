//! The message about a gate of a deployment, or a scan, that no execution stands for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pipeline_model::{PipelineArn, StageName};

use super::{Data, Notice, Tone, gate, late_line, lines, scan};
use crate::gate::Visit;
use crate::incident::Incident;
use crate::moment::Moment;
use crate::scan::Scanned;
use crate::settings::Settings;
use crate::text::Text;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said<'a> {
    Gate(&'a Visit),
    Scan(&'a Scanned),
}

/// What to speak of first.
pub(super) fn leading(incident: &Incident) -> Option<Said<'_>> {
    let visit = incident.gates.leading().and_then(|identity| incident.gates.get(identity));
    visit.map(Said::Gate).or_else(|| incident.scans.leading().map(|(_, scanned)| Said::Scan(scanned)))
}

/// What a moment is about.
pub(super) fn of<'a>(incident: &'a Incident, moment: &Moment) -> Option<Said<'a>> {
    let visit = moment.gate.as_deref().and_then(|identity| incident.gates.get(identity));
    let scanned = moment.scan.as_deref().and_then(|identity| incident.scans.get(identity));
    visit.map(Said::Gate).or(scanned.map(Said::Scan))
}

/// The one message, as it stands now.
pub(super) fn notice(incident: &Incident, said: Said<'_>, settings: &Settings) -> Notice {
    let mut sections = said.sections();
    let call = lines::call(&settings.mentions(incident.name()));
    sections.extend(Some(call).filter(|call| said.stops() && !call.is_empty()));
    Notice {
        tone: said.tone(),
        headline: said.headline(incident),
        sections,
        footnote: Text::new().plain("Decided ").time(said.at()),
        data: data(incident, said, None),
    }
}

/// What one moment has to say, and whether it is told long after it happened.
pub(super) fn announcement(
    incident: &Incident,
    said: Said<'_>,
    (moment, late): (&Moment, bool),
    settings: &Settings,
) -> Notice {
    let mut notice = notice(incident, said, settings);
    notice.sections.extend(late.then(|| late_line(moment.at)));
    Notice { data: data(incident, said, Some(moment)), ..notice }
}

impl Said<'_> {
    /// What it adds to a thread.
    pub(super) fn remark(self) -> Text {
        match self {
            Self::Gate(visit) => gate::remark(visit),
            Self::Scan(scanned) => scan::remark(scanned),
        }
    }

    fn headline(self, incident: &Incident) -> Text {
        match self {
            Self::Gate(visit) => gate::headline(name(incident, "A deployment"), visit),
            Self::Scan(scanned) => scan::headline(name(incident, "A release"), scanned),
        }
    }

    fn sections(self) -> Vec<Text> {
        match self {
            Self::Gate(visit) => gate::sections(visit),
            Self::Scan(scanned) => scan::sections(scanned),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Gate(visit) => gate::tone(visit),
            Self::Scan(scanned) => scan::tone(scanned),
        }
    }

    fn facts(self) -> BTreeMap<&'static str, String> {
        match self {
            Self::Gate(visit) => gate::facts(visit),
            Self::Scan(scanned) => scan::facts(scanned),
        }
    }

    fn stops(self) -> bool {
        match self {
            Self::Gate(visit) => visit.stand.stops(),
            Self::Scan(scanned) => scanned.ended.stops(),
        }
    }

    fn at(self) -> Timestamp {
        match self {
            Self::Gate(visit) => visit.at,
            Self::Scan(scanned) => scanned.at,
        }
    }

    fn stage(&self) -> Option<&StageName> {
        match self {
            Self::Gate(visit) => visit.stage.as_ref(),
            Self::Scan(scanned) => scanned.stage.as_ref(),
        }
    }
}

fn name(incident: &Incident, nameless: &str) -> Text {
    match (&incident.pipeline, incident.target.as_deref()) {
        (Some(arn), _) => Text::new().link(arn.pipeline.as_str(), arn.pipeline_url().as_deref()),
        (None, Some(target)) => Text::new().bold(target),
        (None, None) => Text::new().plain(nameless),
    }
}

fn data(incident: &Incident, said: Said<'_>, moment: Option<&Moment>) -> Data {
    let mut facts = said.facts();
    facts.extend(incident.target.clone().map(|target| ("target", target)));
    facts.extend(incident.pipeline.as_ref().map(|arn| ("pipeline", arn.pipeline.to_string())));
    facts.extend(said.stage().map(|stage| ("stage", stage.to_string())));
    Data {
        thread: incident.key.clone(),
        resource: incident.pipeline.as_ref().map(ToString::to_string),
        outcome: moment.map(|moment| moment.outcome.as_str()),
        url: incident.pipeline.as_ref().and_then(PipelineArn::pipeline_url),
        facts,
    }
}

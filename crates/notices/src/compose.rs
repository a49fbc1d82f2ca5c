//! The message about an execution, free of any channel: a headline, sections, a footnote.

mod announcement;
mod failure;
mod gate;
mod hook;
pub(crate) mod incident;
mod lines;
mod origin;
mod rollback;
mod said;
mod scan;
#[cfg(test)]
mod tests;

pub(crate) use announcement::{announcement, late_line, remark};

use std::collections::BTreeMap;

use self::failure::Reasons;
use self::said::Said;
use crate::moment::{Moment, Outcome};
use crate::rollback::Ruling;
use crate::settings::Settings;
use crate::story::{Standing, Story};
use crate::text::{Mention, Span, Text};

/// More waiting approvals than this are counted instead of listed.
const APPROVALS_SHOWN: usize = 5;

/// A message, before any channel has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    /// One sentence that stands alone: in a notification, in a subject.
    pub(crate) headline: Text,
    /// Paragraphs.
    pub(crate) sections: Vec<Text>,
    /// A last line in small print.
    pub(crate) footnote: Text,
    /// What a program wants to know.
    pub(crate) data: Data,
}

/// How it feels; channels give it a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Running,
    Waiting,
    Good,
    Bad,
    Neutral,
}

/// What a program wants to know of the same message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Data {
    /// Names what belongs together: an execution, an incident.
    pub(crate) thread: String,
    /// The ARN of the pipeline.
    pub(crate) resource: Option<String>,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) url: Option<String>,
    /// Names, ids and codes.
    pub(crate) facts: BTreeMap<&'static str, String>,
}

/// The one message of an execution, as it stands now. It depends on the story alone, so that an unchanged story is
/// never edited.
pub(crate) fn notice(story: &Story, settings: &Settings) -> Notice {
    let standing = story.standing();
    let leading = match &standing {
        Standing::Rollback(identity) => Some(identity.as_str()),
        _ => None,
    };
    let ruling = leading.and_then(|identity| story.rollbacks.get(identity));
    let said = said::at(story, &standing);
    let mut sections = match ruling {
        Some(ruling) => rollback::sections(ruling, release(story)),
        None => vec![lines::commit(story)],
    };
    sections.push(lines::stages(story));
    sections.extend(lines::fixed(story));
    sections.extend(details(story, &standing));
    sections.extend(gate::standing(story));
    sections.extend(scan::standing(story));
    sections.extend(gate::openings(story));
    sections.extend(rollback::others(&story.rollbacks, leading));
    let ours = ruling.map(rollback::tone).or(said.map(Said::tone));
    let tone = ours.unwrap_or_else(|| tone(&standing));
    // A gate that waits calls nobody, and what it or a scan stops fails and is called for then.
    let calls = said.is_none() && matches!(tone, Tone::Bad | Tone::Waiting);
    if ruling.map_or(calls, Ruling::needs_a_person) {
        sections.push(lines::call(&settings.mentions(story.pipeline.pipeline.as_str())));
    }
    sections.retain(|section| !section.is_empty());
    Notice {
        tone,
        headline: lines::headline(story, &standing),
        sections,
        footnote: lines::footnote(story, story.attempt()),
        data: data(story, None),
    }
}

/// What failed, what is asked, why it was stopped.
fn details(story: &Story, standing: &Standing) -> Vec<Text> {
    match standing {
        Standing::Failed(_) | Standing::Failing(_) => {
            let attempt = story.attempt();
            let failure = failure::failure(story, attempt, Reasons::Below).into_iter();
            failure.chain(said::evidence(story, attempt)).collect()
        }
        Standing::Waiting(pending) => {
            let more = pending.len().saturating_sub(APPROVALS_SHOWN);
            let more = (more > 0).then(|| Text::new().plain(format!("and {more} more approvals")));
            let shown = pending.iter().take(APPROVALS_SHOWN);
            shown.map(|pending| lines::approval(story, pending)).chain(more).collect()
        }
        Standing::Stopping | Standing::Stopped => vec![lines::stop_comment(story)],
        _ => Vec::new(),
    }
}

impl Settings {
    /// Whom to call for a pipeline, or another target of a rollback, of this name.
    pub(crate) fn mentions(&self, name: &str) -> Vec<Mention> {
        let owners = self.owners.iter().filter(|owner| owner.pipelines.iter().any(|glob| glob.matches(name)));
        let mut mentions: Vec<Mention> = Vec::new();
        for mention in owners.flat_map(|owner| &owner.mentions) {
            if !mentions.contains(mention) {
                mentions.push(mention.clone());
            }
        }
        mentions
    }
}

fn tone(standing: &Standing) -> Tone {
    match standing {
        Standing::Started | Standing::Running(_) | Standing::Passed(_) | Standing::Retrying(_) => Tone::Running,
        Standing::Waiting(_) | Standing::Gate(_) => Tone::Waiting,
        Standing::Succeeded => Tone::Good,
        Standing::Failing(_) | Standing::Failed(_) | Standing::Scan(_) | Standing::Rollback(_) => Tone::Bad,
        Standing::Stopping | Standing::Stopped | Standing::Canceled | Standing::Superseded | Standing::Unknown(_) => {
            Tone::Neutral
        }
    }
}

/// What the story knows of the release besides a decision about it.
fn release(story: &Story) -> rollback::Release<'_> {
    rollback::Release { pipeline: Some(&story.pipeline), commit: story.commit.as_ref() }
}

/// Whether the message of an execution, as it stands now, tells a moment so that nothing is left to add.
pub(crate) fn shows(story: &Story, moment: &Moment) -> bool {
    match (moment.outcome, story.standing()) {
        (Outcome::Failed, Standing::Failed(_) | Standing::Failing(_)) => moment.attempt == story.attempt(),
        (Outcome::Approval, Standing::Waiting(_)) | (Outcome::Fixed, Standing::Succeeded) => true,
        (_, Standing::Rollback(identity)) if moment.rollback.is_some() => moment.rollback == Some(identity),
        (Outcome::GateOpened, _) => true,
        (outcome, _) => outcome.is_told_by_the_message(),
    }
}

fn data(story: &Story, moment: Option<&Moment>) -> Data {
    let attempt = moment.map_or_else(|| story.attempt(), |moment| moment.attempt);
    let ruling = moment.and_then(|moment| story.rollbacks.get(moment.rollback.as_deref()?));
    let said = moment.and_then(|moment| said::of(&story.gates, &story.scans, moment));
    let mut facts = ruling.map_or_else(BTreeMap::new, rollback::facts);
    facts.extend(said.map(Said::facts).unwrap_or_default());
    facts.insert("pipeline", story.pipeline.pipeline.to_string());
    facts.insert("executionId", story.execution.to_string());
    facts.insert("attempt", attempt.to_string());
    facts.extend(moment.and_then(|moment| Some(("stage", moment.stage.as_ref()?.to_string()))));
    Data {
        thread: story.execution.to_string(),
        resource: Some(story.pipeline.to_string()),
        outcome: moment.map(|moment| moment.outcome.as_str()),
        url: story.pipeline.execution_url(&story.execution),
        facts,
    }
}

/// The lines about an attempt's failure, as words.
#[cfg(test)]
pub(crate) fn failure_words(story: &Story, attempt: u32) -> String {
    failure::failure(story, attempt, Reasons::Here).iter().map(Text::to_words).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(crate) use lines::stages;

impl Notice {
    /// The whole message as plain text, for e-mail.
    pub(crate) fn to_plain(&self) -> String {
        let headline = self.headline.to_words();
        let url = self.data.url.as_ref().map_or_else(String::new, |url| format!("\n{url}"));
        format!("{headline}{url}\n\n{}", self.details())
    }

    /// What stands below the headline, as plain text.
    pub(crate) fn details(&self) -> String {
        let mut paragraphs: Vec<String> = self.sections.iter().map(Text::to_plain).collect();
        paragraphs.push(self.footnote.to_plain());
        paragraphs.retain(|paragraph| !paragraph.trim().is_empty());
        paragraphs.join("\n\n")
    }
}

impl From<Mention> for Text {
    fn from(mention: Mention) -> Self {
        Self(vec![Span::Mention(mention)])
    }
}

impl Notice {
    /// For a place where the footnote stands above already.
    pub(crate) fn without_footnote(mut self) -> Self {
        self.footnote = Text::new();
        self
    }

    /// For a line in a thread.
    pub(crate) fn only_headline(mut self) -> Self {
        self.sections.clear();
        self.without_footnote()
    }

    /// For a message that stands alone: why a gate or scan stopped it, what is released, and how far it is.
    pub(crate) fn with_background(mut self, story: &Story, moment: &Moment) -> Self {
        if moment.outcome == Outcome::Failed {
            let reasons = failure::failure(story, moment.attempt, Reasons::Below);
            let count = reasons.len();
            self.sections.splice(..count, reasons.into_iter().chain(said::evidence(story, moment.attempt)));
        }
        for section in [lines::commit(story), lines::stages(story)] {
            if !section.is_empty() && !self.sections.contains(&section) {
                self.sections.push(section);
            }
        }
        self
    }
}

//! What is stored of an execution or an incident: its story, and who was told what. Says what to send next.

mod stored;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::channel::{Answer, Handle, Manner, Message, MissingCredential, Placement};
use crate::channels::Address;
use crate::compose::{self, Notice};
use crate::moment::{Moment, Severity};
use crate::outgoing::Outgoing;
use crate::route::{self, Desk};
use crate::subject::Subject;
use crate::text::Text;
use stored::Stored;
use told::Told;

/// What is known of an execution or an incident, and what each address was told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Record {
    /// What is known.
    pub subject: Subject,
    told: BTreeMap<Address, Told>,
}

/// The next thing to send.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// To whom.
    pub address: Address,
    /// The request, or why it cannot be written.
    pub outgoing: Result<Outgoing, MissingCredential>,
    /// The least time since the last message to this address.
    pub interval: Duration,
    /// What it does, for the log: `post`, `edit`, `reply`, `announce`.
    pub kind: Kind,
    moments: Vec<String>,
    shows: Option<u64>,
}

/// What a delivery does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Begins the message of the execution or incident.
    Post,
    /// Changes it.
    Edit,
    /// Adds to its thread.
    Reply,
    /// Sends a message of its own.
    Announce,
}

impl Kind {
    /// The word for log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Edit => "edit",
            Self::Reply => "reply",
            Self::Announce => "announce",
        }
    }
}

impl Delivery {
    /// Reads the channel's answer.
    pub fn read(&self, reply: &crate::outgoing::Reply) -> Answer {
        self.address.channel().read(reply)
    }
}

impl Record {
    /// Nobody was told anything yet.
    pub fn new(subject: impl Into<Subject>) -> Self {
        Self { subject: subject.into(), told: BTreeMap::new() }
    }

    /// What to send next, or nothing if everybody knows everything. Addresses in `waiting` are passed over.
    pub fn next(&self, desk: &Desk, now: Timestamp, waiting: &BTreeSet<Address>) -> Option<Delivery> {
        let moments = self.subject.moments();
        let heard = self.heard(desk, &moments, now);
        heard.iter().filter(|(address, _)| !waiting.contains(address) && !self.refuses(address, now)).find_map(
            |(address, moments)| match address.channel().manner() {
                Manner::Edits => self.tell(desk, now, address, moments),
                Manner::Announces => self.announce(desk, now, address, moments),
            },
        )
    }

    /// Remembers what an answer means for an address.
    pub fn note(&mut self, delivery: &Delivery, answer: &Answer, now: Timestamp) {
        self.told.entry(delivery.address.clone()).or_default().note(delivery, answer, now);
    }

    /// Who hears of which moments. What a refusing channel cannot tell goes to the notice topic, and a message that was
    /// begun is kept up to date even when nothing it was begun for is worth telling any more.
    fn heard<'m>(&self, desk: &Desk, moments: &'m [Moment], now: Timestamp) -> BTreeMap<Address, Vec<&'m Moment>> {
        let begun = self.told.iter().filter(|(_, told)| told.message.is_some());
        let mut heard: BTreeMap<Address, Vec<&Moment>> =
            begun.map(|(address, _)| (address.clone(), Vec::new())).collect();
        for moment in moments.iter().filter(|moment| moment.until.is_none_or(|until| now < until)) {
            let mut addresses = desk.addresses(&self.subject, moment);
            let untold = addresses.iter().any(|address| self.refuses(address, now) && !self.knows(address, moment));
            if untold && moment.outcome.severity() >= Severity::Notice {
                addresses.extend(route::topic());
            }
            for address in addresses {
                heard.entry(address).or_default().push(moment);
            }
        }
        heard
    }

    /// Whether an address refused a message of this execution and has accepted none since.
    pub fn has_refused(&self, address: &Address) -> bool {
        self.told.get(address).is_some_and(Told::has_refused)
    }

    /// Whether the next [`Answer::Lost`] of an address counts as a refusal: posting anew has not helped.
    pub fn has_lost_too_many(&self, address: &Address) -> bool {
        self.told.get(address).is_some_and(Told::has_lost_too_many)
    }

    fn refuses(&self, address: &Address, now: Timestamp) -> bool {
        self.told.get(address).is_some_and(|told| told.refuses(now))
    }

    fn knows(&self, address: &Address, moment: &Moment) -> bool {
        self.told.get(address).is_some_and(|told| told.moments.contains(&moment.key))
    }

    /// The message of the execution and its thread.
    fn tell(&self, desk: &Desk, now: Timestamp, address: &Address, moments: &[&Moment]) -> Option<Delivery> {
        let mut notice = self.subject.notice(&desk.settings);
        let shows = fingerprint(&notice);
        let told = self.told.get(address);
        let Some(message) = told.and_then(|told| told.message.as_ref()) else {
            if let Some(changed) = self.subject.last_news().filter(|changed| is_late(desk, *changed, now)) {
                notice.sections.push(compose::late_line(changed));
            }
            // What the new message shows already needs no reply that calls everybody a second time.
            let shown = moments.iter().filter(|moment| self.subject.shows(moment));
            let keys = shown.map(|moment| moment.key.clone()).collect();
            return Some(delivery(desk, address, Kind::Post, &notice, Placement::New, keys, Some(shows)));
        };
        if told.is_some_and(|told| told.shows != Some(shows) && !told.closed) {
            let told = moments.iter().filter(|moment| moment.outcome.is_told_by_the_message());
            let keys = told.map(|moment| moment.key.clone()).collect();
            return Some(delivery(desk, address, Kind::Edit, &notice, Placement::Edit(message), keys, Some(shows)));
        }
        self.reply(desk, now, address, moments, message)
    }

    /// Loud moments get a reply each; quiet ones share one.
    fn reply(
        &self,
        desk: &Desk,
        now: Timestamp,
        address: &Address,
        moments: &[&Moment],
        to: &Handle,
    ) -> Option<Delivery> {
        let closed = self.told.get(address).is_some_and(|told| told.closed);
        let shown = |moment: &Moment| !closed && moment.outcome.is_told_by_the_message();
        let untold = |moment: &&&Moment| !self.knows(address, moment) && !shown(moment);
        let untold: Vec<&Moment> = moments.iter().filter(untold).copied().collect();
        let first = *untold.first()?;
        let late = is_late(desk, first.at, now);
        if first.outcome.is_loud() {
            let notice = self.subject.announcement(first, &desk.settings, late).without_footnote();
            // Nobody needs to look up for what is long past, or for a failure that is being retried already.
            let loud = !late && first.attempt == self.subject.attempt();
            let placement = Placement::Reply { to, loud };
            return Some(delivery(desk, address, Kind::Reply, &notice, placement, vec![first.key.clone()], None));
        }
        let quiet: Vec<&Moment> = untold.into_iter().take_while(|moment| !moment.outcome.is_loud()).collect();
        let notice = self.quiet(desk, &quiet);
        let keys = quiet.iter().map(|moment| moment.key.clone()).collect();
        Some(delivery(desk, address, Kind::Reply, &notice, Placement::Reply { to, loud: false }, keys, None))
    }

    fn quiet(&self, desk: &Desk, moments: &[&Moment]) -> Notice {
        let mut text = Text::new();
        for (at, moment) in moments.iter().enumerate() {
            text = if at > 0 { text.line() } else { text }.then(self.subject.remark(moment));
        }
        Notice { headline: text, ..self.subject.notice(&desk.settings) }.only_headline()
    }

    fn announce(&self, desk: &Desk, now: Timestamp, address: &Address, moments: &[&Moment]) -> Option<Delivery> {
        let moment = moments.iter().find(|moment| !self.knows(address, moment))?;
        let late = is_late(desk, moment.at, now);
        let notice = self.subject.announcement_with_background(moment, &desk.settings, late);
        Some(delivery(desk, address, Kind::Announce, &notice, Placement::New, vec![moment.key.clone()], None))
    }
}

pub(crate) fn delivery(
    desk: &Desk,
    address: &Address,
    kind: Kind,
    notice: &Notice,
    placement: Placement<'_>,
    moments: Vec<String>,
    shows: Option<u64>,
) -> Delivery {
    let channel = address.channel();
    let message = Message { target: address.target(), notice, placement };
    let outgoing = channel.render(&message, &desk.credentials);
    Delivery { address: address.clone(), outgoing, interval: channel.interval(), kind, moments, shows }
}

fn is_late(desk: &Desk, at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > desk.settings.late_after
}

/// Tells whether a message would look different. Another version of the standard library may hash differently; the
/// price is one needless edit.
fn fingerprint(notice: &Notice) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{notice:?}").hash(&mut hasher);
    hasher.finish()
}

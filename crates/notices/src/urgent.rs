//! What cannot wait when nothing can be remembered: with the state table down, a repeat is better than silence.

use jiff::Timestamp;

use crate::channel::Placement;
use crate::record::{Delivery, Kind, Record, delivery};
use crate::route::Desk;
use crate::text::Text;

impl Record {
    /// Every loud moment of this record as a message of its own that says it may be a repeat.
    pub fn urgent(&self, desk: &Desk, now: Timestamp) -> Vec<Delivery> {
        let moments = self.subject.moments();
        let loud =
            moments.iter().filter(|moment| moment.outcome.is_loud() && moment.until.is_none_or(|until| now < until));
        let pairs = loud.flat_map(|moment| {
            let addresses = desk.addresses(&self.subject, moment);
            addresses.into_iter().map(move |address| (address, moment))
        });
        pairs
            .map(|(address, moment)| {
                let mut notice = self.subject.announcement_with_background(moment, &desk.settings, false);
                let caution = "The notifier's table could not be read, so this may be a repeat.";
                notice.sections.push(Text::new().plain(caution));
                delivery(desk, &address, Kind::Announce, &notice, Placement::New, vec![moment.key.clone()], None)
            })
            .collect()
    }
}

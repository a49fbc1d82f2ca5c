//! Whatever the order and repetition: one message per address, each loud thing told once, the end shown last.

use proptest::prelude::*;

use super::*;
use crate::testing::{in_any_order, story};

const TWO: &str = "routes: [{channels: [\"slack:C0123456\", \"slack:C0000002\", webhook, sns]}]";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn one_message_per_address_each_loud_moment_once_and_the_end_shown_last(
        events in in_any_order(told(RELEASE), 3),
        batch in 1_usize..6,
    ) {
        let (desk, mut record, mut channels) = (desk_with(TWO), Record::new(blank()), Channels::default());
        let mut sent = Vec::new();
        for events in events.chunks(batch) {
            events.iter().for_each(|event| record.story().absorb(event));
            sent.extend(channels.deliver(&mut record, &desk, at(1_100)));
        }
        prop_assert_eq!(channels.deliver(&mut record, &desk, at(1_100)), Vec::<String>::new());
        prop_assert_eq!(channels.deliver(&mut record, &desk, at(9_000)), Vec::<String>::new());

        let end = Channels::default().deliver(&mut Record::new(story(RELEASE)), &desk, at(1_100));
        for address in ["slack:C0123456", "slack:C0000002"] {
            let of = |kind: &str| -> Vec<_> { sent.iter().filter(|line| line.starts_with(&format!("{address} {kind}"))).collect() };
            prop_assert_eq!(of("post").len(), 1, "{:?}", sent);
            let last = *of("post").iter().chain(&of("edit")).last().unwrap();
            prop_assert_eq!(last.split(": ").last(), end[0].split(": ").last());
            let shown = *record.told[&crate::channels::address(address).unwrap()].shows.as_ref().unwrap();
            prop_assert_eq!(shown, fingerprint(&compose::notice(&*record.story(), &desk.settings)));
        }
        for address in ["slack:C0123456", "slack:C0000002", "webhook", "sns"] {
            let keys: Vec<_> = channels.sent.iter().filter(|delivery| delivery.address.to_string() == address)
                .flat_map(|delivery| &delivery.moments).collect();
            let failed = keys.iter().filter(|key| **key == "failed:1").count();
            prop_assert_eq!(failed, 1, "{} {:?}", address, sent);
            let unique: BTreeSet<_> = keys.iter().filter(|key| !matches!(key.split(':').next(), Some("started" | "ended"))).collect();
            let loud = keys.iter().filter(|key| !matches!(key.split(':').next(), Some("started" | "ended"))).count();
            prop_assert_eq!(unique.len(), loud, "{} {:?}", address, keys);
        }
    }
}

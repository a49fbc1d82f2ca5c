//! The fuzz targets on arbitrary bytes, and on valid things of which a few bytes are others: in seconds, on any compiler.

use proptest::prelude::*;
use proptest::sample::Index;

#[expect(unreachable_pub, reason = "the fuzz targets use it as a crate of its own")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

/// A change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Insert(Index, Vec<u8>),
    Again(Index, Index, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let index = any::<Index>;
    let change = prop_oneof![
        4 => (index(), prop_oneof![Just(0), Just(1), Just(0x7F), Just(0xFF), any::<u8>()]).prop_map(|(at, to)| Change::Set(at, to)),
        4 => (index(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => index().prop_map(Change::Cut),
        1 => (index(), 1..40_usize).prop_map(|(at, length)| Change::Drop(at, length)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (index(), index(), 1..100_usize).prop_map(|(from, to, length)| Change::Again(from, to, length)),
    ];
    prop::collection::vec(change, 1..6)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match change {
            Change::Set(at, to) => bytes[at.index(length)] = *to,
            Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Change::Cut(at) => bytes.truncate(at.index(length)),
            Change::Drop(at, most) => drop(bytes.drain(at.index(length)..length.min(at.index(length) + most))),
            Change::Insert(at, new) => drop(bytes.splice(at.index(length)..at.index(length), new.iter().copied())),
            Change::Again(from, to, most) => {
                let again = bytes[from.index(length)..length.min(from.index(length) + most)].to_vec();
                drop(bytes.splice(to.index(length)..to.index(length), again));
            }
        }
    }
    bytes
}

#[test]
fn what_fuzzing_begins_with_is_good() {
    for ((name, seeds), (target, run)) in targets::seeds().into_iter().zip(targets::TARGETS) {
        assert_eq!(name, target);
        seeds.iter().for_each(|seed| run(seed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn arbitrary_bytes_break_nothing(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        targets::TARGETS.iter().for_each(|(_, run)| run(&bytes));
    }

    #[test]
    fn arbitrary_text_breaks_nothing(text in "[ -~\n\t]{0,600}|\\PC{0,200}") {
        targets::TARGETS.iter().for_each(|(_, run)| run(text.as_bytes()));
    }

    #[test]
    fn changes_to_valid_archives_break_nothing(seed in any::<Index>(), changes in changes()) {
        let [(_, seeds), _, _] = targets::seeds();
        let mut archive = changed(seeds[seed.index(seeds.len())].clone(), &changes);
        targets::archives(&archive);
        targets::mend(&mut archive);
        targets::archives(&archive);
    }

    #[test]
    fn changes_to_what_is_encoded_break_nothing(seed in any::<Index>(), changes in changes()) {
        let [_, (_, seeds), _] = targets::seeds();
        targets::decoders(&changed(seeds[seed.index(seeds.len())].clone(), &changes));
    }

    #[test]
    fn changes_to_rules_break_nothing(seed in any::<Index>(), changes in changes()) {
        let [_, _, (_, seeds)] = targets::seeds();
        targets::rules(&changed(seeds[seed.index(seeds.len())].clone(), &changes));
    }
}

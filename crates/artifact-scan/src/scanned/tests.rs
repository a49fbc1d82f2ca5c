//! Parts make the same whole, whatever their order, and the whole is bounded.

use proptest::prelude::*;

use super::*;
use crate::{Amount, Fingerprint, MOST_FINDINGS, MOST_PLACES, Place};

fn found(number: u16, place: u16) -> Finding {
    let severity = Severity::ALL[usize::from(number % 4)];
    // Some names are so long that there is no room for many.
    let name = format!("file {place} ").repeat(if place.is_multiple_of(3) { 40 } else { 1 });
    let places = vec![Place { path: vec![name].into(), line: u64::from(place), column: 1 }];
    let fingerprint = Fingerprint(u128::from(number).to_be_bytes());
    Finding {
        rule: format!("rule-{}", number % 7),
        severity,
        fingerprint,
        shown: format!("{number}…"),
        places,
        places_left_out: 0,
    }
}

fn scanned(found_there: &[(u16, u16)]) -> Scanned {
    let mut scanned = Scanned::default();
    scanned.note(found_there.iter().map(|(number, place)| found(*number, *place)));
    let scanned_amount = Amount { entries: found_there.len() as u64, bytes: 5 };
    let gap = Gap { path: vec![String::from("x")], reason: Broken::Encrypted, bytes: None };
    scanned.cover(Coverage { scanned: scanned_amount, gaps: vec![gap], ..Coverage::default() });
    scanned.trimmed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn parts_may_be_merged_in_any_order_and_kept_in_between(
        all in prop::collection::vec((0..9_000_u16, 0..500_u16), 0..9_000),
        most in prop_oneof![Just(150_u16), Just(9_000)],
        one in 0..9_000_usize,
        two in 0..9_000_usize,
    ) {
        let all: Vec<_> = all.into_iter().map(|(number, place)| (number % most, place)).collect();
        let (left, rest) = all.split_at(one.min(all.len()));
        let (middle, right) = rest.split_at(two.min(rest.len()));
        let mut whole = Scanned::default();
        whole.note(all.iter().map(|(number, place)| found(*number, *place)));
        let whole = whole.trimmed();
        let kept = |part: &[(u16, u16)]| Scanned::from_bytes(&scanned(part).into_bytes()).unwrap();
        let merged = scanned(right).merge(kept(left)).merge(kept(middle));
        prop_assert_eq!(&merged.findings, &whole.findings);
        prop_assert_eq!(&merged.left_out, &whole.left_out);
        prop_assert_eq!(merged.coverage.scanned.entries, all.len() as u64);
        prop_assert_eq!(merged.coverage.gaps.len(), 3);
        prop_assert!(merged.findings.len() <= MOST_FINDINGS);
    }

    #[test]
    fn bytes_that_are_no_scan_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(Scanned::from_bytes(&bytes), Err(ScannedError::Unreadable));
    }
}

/// Places in so many entries, whose names have as many bytes as nobody reads.
fn places(numbers: std::ops::Range<u64>) -> impl Iterator<Item = Place> {
    numbers.map(|number| {
        let path = vec!["n".repeat(3_000), format!("{number:06}").repeat(900)];
        Place { path: path.into(), line: 1, column: 1 }
    })
}

#[test]
fn one_secret_in_very_many_places_is_one_finding_and_all_are_counted() {
    let mut scanned = Scanned::default();
    for line in 0..120_000 {
        scanned.note([Finding { places: vec![Place { line, ..place("src/main.py") }], ..found(1, 1) }]);
    }
    let scanned = scanned.trimmed();
    let noted = scanned.findings().next().unwrap();
    assert_eq!((noted.finding.places.len(), noted.places()), (MOST_PLACES, 120_000));
    let bytes = scanned.clone().into_bytes();
    assert!(bytes.len() < 3_000, "its path is written once: {}", bytes.len());
    assert_eq!(Scanned::from_bytes(&bytes).unwrap(), scanned);
}

fn place(name: &str) -> Place {
    Place { path: vec![name.to_owned()].into(), line: 1, column: 1 }
}

#[test]
fn of_places_with_long_names_fewer_are_told_and_all_are_counted() {
    let mut scanned = Scanned::default();
    for chunk in 0..40 {
        scanned.note([Finding { places: places(chunk * 1_000..(chunk + 1) * 1_000).collect(), ..found(1, 1) }]);
    }
    let scanned = scanned.trimmed();
    let noted = scanned.findings().next().unwrap();
    assert_eq!((noted.finding.places.len(), noted.places()), (16, 40_000));
    assert!(scanned.clone().into_bytes().len() < 20_000);
}

/// Text that packs badly, as names do that were made by chance.
fn noise(random: &mut u64, length: usize) -> String {
    let mut character = || {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + ((*random >> 33) % 94) as u8)
    };
    (0..length).map(|_| character()).collect()
}

#[test]
fn what_is_kept_is_below_8_mib_when_it_is_packed_whatever_the_names() {
    let (mut scanned, mut random) = (Scanned::default(), 1);
    for number in 0..6_000_u16 {
        // All places of a finding but the first fit only because they are short.
        let places = if number % 4 == 0 && number < 500 { 40 } else { 5 };
        for at in 0..places {
            let length = if at == 0 { 253 } else { 5_000 };
            let path = vec![format!("{at:02}{}", noise(&mut random, length))];
            scanned.note([Finding {
                places: vec![Place { path: path.into(), line: random, column: random >> 20 }],
                ..found(number, 0)
            }]);
        }
        let path = vec![noise(&mut random, 1_000); 5];
        scanned
            .cover(Coverage { gaps: vec![Gap { path, reason: Broken::BadData, bytes: None }], ..Coverage::default() });
    }
    let bytes = scanned.clone().into_bytes();
    let packed = crate::testing::deflated(&bytes).len();
    assert!((3 << 20..8 << 20).contains(&packed), "{packed} of {}", bytes.len());
    assert_eq!(Scanned::from_bytes(&bytes).unwrap(), scanned.trimmed());
}

#[test]
fn an_artifact_beside_others_of_which_nothing_was_scanned_is_a_gap() {
    let name = |name: &str| [name.to_owned()];
    let content = |content| Coverage { content, ..Coverage::default() };
    let mut scanned = Scanned::default();
    scanned.cover(content(7));
    scanned.end_of(&name("good"));
    scanned = Scanned::from_bytes(&scanned.into_bytes()).unwrap();
    let mut empty = Scanned::default();
    empty.cover(Coverage { skipped: Amount { entries: 3, bytes: 9 }, ..content(0) });
    scanned = scanned.merge(empty);
    scanned.end_of(&name("empty"));
    scanned.cover(content(1));
    scanned.end_of(&name("good too"));
    scanned.end_of(&name("last"));
    let gaps: Vec<_> = scanned.coverage().gaps.iter().map(|gap| (gap.path.join("!/"), gap.reason)).collect();
    assert_eq!(gaps, [(String::from("empty"), Broken::NothingInIt), (String::from("last"), Broken::NothingInIt)]);
}

#[test]
fn a_single_artifact_is_no_gap_for_being_empty() {
    let mut scanned = Scanned::default();
    scanned.end_of(&[]);
    assert!(scanned.coverage().is_whole());
}

#[test]
fn findings_beyond_the_bound_are_the_least_and_their_severity_is_told() {
    let all: Vec<(u16, u16)> = (0..8_000).map(|number| (number, 1)).collect();
    let scanned = scanned(&all);
    assert_eq!(scanned.findings().len(), MOST_FINDINGS);
    assert_eq!(scanned.left_out().collect::<Vec<_>>(), [Severity::Medium, Severity::Low]);
    assert!(scanned.into_bytes().len() < 2_000_000);
}

#[test]
fn another_version_and_a_cut_text_are_told_apart() {
    let bytes = scanned(&[(1, 1)]).into_bytes();
    let newer = String::from_utf8(bytes.clone()).unwrap().replace("\"version\":2", "\"version\":3");
    assert_eq!(Scanned::from_bytes(newer.as_bytes()), Err(ScannedError::OtherVersion(3)));
    for end in 0..bytes.len() {
        assert_eq!(Scanned::from_bytes(&bytes[..end]), Err(ScannedError::Unreadable), "{end}");
    }
    let more = String::from_utf8(bytes).unwrap().replacen('{', "{\"more\":1,", 1);
    assert_eq!(Scanned::from_bytes(more.as_bytes()), Err(ScannedError::Unreadable));
}

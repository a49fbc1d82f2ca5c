//! Parts make the same whole, whatever their order, and the whole is bounded.

use proptest::prelude::*;

use super::*;
use crate::{Amount, Broken, Gap};

fn found(number: u16, place: u16) -> Finding {
    let severity = Severity::ALL[usize::from(number % 4)];
    let places = vec![Place { path: vec![format!("file {place}")], line: u64::from(place), column: 1 }];
    let fingerprint = Fingerprint(u128::from(number).to_be_bytes());
    Finding { rule: format!("rule-{}", number % 7), severity, fingerprint, shown: format!("{number}…"), places }
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

#[test]
fn one_secret_in_very_many_places_is_one_finding_and_all_are_counted() {
    let mut scanned = Scanned::default();
    for place in 0..120_000_u64 {
        let path = vec!["n".repeat(3_000), format!("{place:06}").repeat(900)];
        let mut found = found(1, 1);
        found.places = vec![Place { path, line: 1, column: 1 }];
        scanned.note([found]);
    }
    let scanned = scanned.trimmed();
    let noted = scanned.findings().next().unwrap();
    assert_eq!((noted.finding.places.len(), noted.places()), (MOST_PLACES, 120_000));
    let bytes = scanned.clone().into_bytes();
    assert!(bytes.len() < 300_000);
    assert_eq!(Scanned::from_bytes(&bytes).unwrap(), scanned);
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
    let newer = String::from_utf8(bytes.clone()).unwrap().replace("\"version\":1", "\"version\":2");
    assert_eq!(Scanned::from_bytes(newer.as_bytes()), Err(ScannedError::OtherVersion(2)));
    for end in 0..bytes.len() {
        assert_eq!(Scanned::from_bytes(&bytes[..end]), Err(ScannedError::Unreadable), "{end}");
    }
    let more = String::from_utf8(bytes).unwrap().replacen('{', "{\"more\":1,", 1);
    assert_eq!(Scanned::from_bytes(more.as_bytes()), Err(ScannedError::Unreadable));
}

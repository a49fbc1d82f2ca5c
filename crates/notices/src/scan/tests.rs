//! What scans say comes twice, late and in any order, and ends the same; and it never grows beyond its bounds.

use pipeline_model::Verdict::{Error, Fail, Inconclusive, Pass, Unknown, Wait};
use proptest::prelude::*;

use super::*;
use crate::testing::{endless, finding, in_any_order, in_words, of_another, scanned, unread, with_scan, without_end};

fn keys(decisions: &[Decision]) -> Vec<String> {
    in_words(Scans::of(decisions).moments(1))
}

/// Scans of a release: one that is told twice, one that fails and passes in a retry, one that cannot be made.
fn an_afternoon() -> Vec<Decision> {
    vec![
        scanned(Pass, 300),
        with_scan(scanned(Pass, 305), |scan| scan.known = None),
        of_another(scanned(Fail, 400), "second"),
        of_another(scanned(Pass, 900), "second again"),
        of_another(scanned(Error, 500), "third"),
    ]
}

#[test]
fn every_scan_is_told_once_with_how_it_ended() {
    assert_eq!(keys(&an_afternoon()), ["scan-passed 300", "scan-failed 400", "scan-failed 500", "scan-passed 900"]);
    assert_eq!(keys(&[scanned(Inconclusive, 300)]), ["scan-failed 300"]);
}

#[test]
fn a_scan_that_is_told_again_is_the_same_scan() {
    let again = Scans::of(&[scanned(Fail, 300), scanned(Fail, 300), scanned(Fail, 302)]);
    assert_eq!(again, Scans::of(&[scanned(Fail, 300)]));
    let by_event = |id: &str| Decision { id: id.to_owned(), key: None, ..scanned(Fail, 300) };
    assert_eq!(
        Scans::of(&[by_event("a"), by_event("b"), by_event("a")]).0.len(),
        2,
        "without a key the event is the key"
    );
}

#[test]
fn verdicts_of_a_later_version_and_scans_under_way_say_nothing() {
    assert!(Scans::of(&[scanned(Unknown(String::from("quarantine")), 1), scanned(Wait, 2)]).is_empty());
}

#[test]
fn what_a_message_has_no_room_for_is_counted() {
    let wide = with_scan(scanned(Fail, 300), |scan| {
        scan.top = (0..10).map(|n| finding(&format!("Rule {n}"), "catastrophic", "a.env")).collect();
        scan.findings.critical = 12;
        (scan.findings.high, scan.findings.low) = (0, 0);
        scan.gaps = (0..5).map(|n| unread(&format!("{n}.zip"), "is encrypted")).collect();
        scan.coverage = None;
    });
    let scans = Scans::of(&[wide]);
    let (_, scanned) = scans.leading().unwrap();
    assert_eq!((scanned.top.len(), scanned.more_findings()), (FINDINGS, 7));
    assert_eq!((scanned.unread.len(), scanned.more_unread()), (UNREAD, 2));
    assert_eq!(scanned.top[0].severity, "catastrophic");
}

#[test]
fn a_finding_without_a_title_has_the_name_of_its_rule() {
    let named = with_scan(scanned(Fail, 300), |scan| {
        let untitled = || ScanFinding { title: None, ..finding("jwt", "high", "a.js") };
        scan.top = vec![untitled(), ScanFinding { rule: String::new(), ..untitled() }];
    });
    let scans = Scans::of(&[named]);
    let titles: Vec<_> = scans.leading().unwrap().1.top.iter().map(|found| found.title.as_str()).collect();
    assert_eq!(titles, ["jwt", "A finding without a name"]);
}

#[test]
fn a_report_is_a_page_or_an_object_in_s3() {
    let kept = |address: &str| {
        let told = with_scan(scanned(Fail, 300), |scan| scan.report_url = Some(address.to_owned()));
        Scans::of(&[told]).leading().unwrap().1.report.clone()
    };
    for address in ["https://example.com/report", "s3://scans/orders/e1/Scan.sarif"] {
        assert_eq!(kept(address).as_deref(), Some(address));
    }
    for address in ["", "javascript:alert(1)", "file:///etc/passwd", &format!("s3://scans/{}", "a".repeat(ADDRESS))] {
        assert_eq!(kept(address), None, "{address}");
    }
}

#[test]
fn what_is_kept_of_a_scan_is_bounded() {
    let long = without_end();
    let decision = with_scan(scanned(Fail, 900), |scan| {
        let endless = || ScanFinding { advice: Some(long.clone()), ..finding(&long, &long, &long) };
        scan.top = vec![endless(); 10];
        scan.gaps = vec![unread(&long, &long); 5];
        (scan.policy, scan.report_url) = (Some(long.clone()), Some(format!("s3://{long}")));
    });
    let stored = serde_json::to_vec(&Scans::of(&[endless(decision)])).unwrap();
    assert!(stored.len() < 8_000, "{} bytes", stored.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_duplicates_end_the_same(decisions in in_any_order(an_afternoon(), 3)) {
        prop_assert_eq!(Scans::of(&decisions), Scans::of(&an_afternoon()));
        prop_assert_eq!(keys(&decisions), keys(&an_afternoon()));
    }

    #[test]
    fn however_many_scans_there_are_the_same_ones_are_kept_and_those_that_stopped_it_are_among_them(
        turns in Just((0..40).collect::<Vec<i64>>()).prop_shuffle(),
    ) {
        let heard = |turn: &i64| {
            let verdict = if turn % 3 == 0 { Error } else { Pass };
            of_another(scanned(verdict, 500 + turn), &format!("scan-{turn:02}"))
        };
        let mut decisions: Vec<_> = turns.iter().map(heard).collect();
        decisions.insert(20, of_another(scanned(Fail, 450), "stopped"));
        let mixed = Scans::of(&decisions);
        prop_assert_eq!(mixed.0.len(), Scanned::KEPT);
        let (_, leading) = mixed.leading().unwrap();
        prop_assert_eq!((leading.ended, leading.top.len()), (Ended::Failed, 2), "with what it found");
        let straight: Vec<_> = (0..40).map(|turn| heard(&turn)).chain(decisions.get(20).cloned()).collect();
        prop_assert_eq!(mixed, Scans::of(&straight));
    }
}

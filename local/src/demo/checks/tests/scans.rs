//! What the checks notice of scans: reports that are missing or say something else, and a key that comes out.

use serde_json::{Value, json};

use super::*;

/// As the scanner writes them, as far as the checks look.
fn report(verdict: &str, results: &Value) -> Report {
    let coverage = json!({ "scanned": { "entries": 5, "bytes": 900 }, "gaps": [] });
    let run = json!({ "results": results, "properties": { "verdict": verdict, "coverage": coverage } });
    let sarif = json!({ "version": "2.1.0", "runs": [run] }).to_string();
    let files = [("scan.json", "{}".to_owned()), ("scan.md", "# Scan".to_owned()), ("scan.sarif", sarif)];
    files.map(|(name, text)| (name.to_owned(), text)).into()
}

fn finding(line: u64) -> Value {
    let place = json!({ "artifactLocation": { "uri": Leak::PATH.join("!/") }, "region": { "startLine": line } });
    json!([{ "ruleId": Leak::RULE, "locations": [{ "physicalLocation": place }] }])
}

/// One that found the key, and three that found nothing.
pub(super) fn good_reports() -> Vec<Report> {
    let passed = || report("pass", &json!([]));
    vec![report("fail", &finding(Leak::LINE)), passed(), passed(), passed()]
}

/// The problems with these reports and texts.
fn problems(reports: &[Report], leak: &Leak, texts: &[(String, String)]) -> Vec<String> {
    let played = &played([killed(), hung()]);
    let (rollbacks, messages, dead_letters) = (&[rollback_to("b83e05d14a")], &good_channel(), &BTreeMap::new());
    let calls = &[];
    let evidence = Evidence { played, rollbacks, reports, leak, texts, messages, calls, dead_letters, denials: &[] };
    check(&evidence).into_iter().filter(|check| check.problem.is_some()).map(|check| check.what).collect()
}

fn words(text: &str) -> [(String, String); 1] {
    [("a log".to_owned(), text.to_owned())]
}

#[test]
fn a_report_that_is_missing_or_tells_something_else_is_noticed() {
    const LEFT: &str = "Each of four scans left its report as an artifact of the pipeline";
    const FOUND: &str = "Its SARIF has the finding with its place, and says that every byte was read";
    const PASSED: &str = "The scans of the other releases read everything, found nothing and let them pass";
    let changed = |at: usize, with: Report| {
        let mut reports = good_reports();
        reports[at] = with;
        reports
    };
    let cases = [
        (Vec::new(), vec![LEFT, FOUND, PASSED]),
        (good_reports()[..3].to_vec(), vec![LEFT]),
        (changed(1, Report::new()), vec![LEFT, PASSED]),
        (changed(0, report("fail", &finding(Leak::LINE + 1))), vec![FOUND]),
        (changed(0, report("pass", &finding(Leak::LINE))), vec![FOUND]),
        (changed(2, report("pass", &finding(Leak::LINE))), vec![PASSED]),
        (changed(3, report("fail", &json!([]))), vec![PASSED]),
    ];
    for (reports, expected) in cases {
        assert_eq!(problems(&reports, &Leak::new(), &words("quiet")), expected);
    }
}

#[test]
fn a_part_of_the_key_anywhere_is_noticed_and_so_is_that_nothing_was_looked_at() {
    const HIDDEN: &str = "No part of the key stands in any message, report, log, table or answer of CodePipeline";
    let leak = Leak::new();
    let told = leak.put_into("the key LEAKED_KEY is refused");
    assert_eq!(problems(&good_reports(), &leak, &words(&told)), [HIDDEN]);
    assert_eq!(problems(&good_reports(), &leak, &words("")), [HIDDEN]);
    assert_eq!(problems(&good_reports(), &leak, &words("quiet")), [""; 0]);
}

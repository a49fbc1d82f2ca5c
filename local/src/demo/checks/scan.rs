//! What must be true of the scans: the leaked key found and told without being shown, a whole report, the fix let through.

use serde_json::Value;

use super::{Check, Evidence, shows};
use crate::demo::leak::Leak;
use crate::demo::scans::Report;
use crate::demo::story::Played;

/// In the order of the story.
pub(super) fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let Evidence { played: Played { leaking, .. }, messages, reports, .. } = *evidence;
    let place = format!("{}, line {}", Leak::PATH.join("!/"), Leak::LINE);
    vec![
        shows(
            "It names what was found, how bad it is, the place inside the archive, and what to do",
            leaking.message(messages),
            &[Leak::TITLE, "critical", &place, "What to do"],
        ),
        of_all(reports),
        reported(reports.first()),
        passed(reports.get(1..).unwrap_or_default()),
        hidden(evidence),
    ]
}

fn check(what: &str, problem: Option<String>) -> Check {
    Check { what: what.to_owned(), problem }
}

fn of_all(reports: &[Report]) -> Check {
    const FILES: [&str; 3] = ["scan.json", "scan.md", "scan.sarif"];
    let problem = match reports.iter().find(|report| !report.keys().eq(FILES)) {
        Some(report) => Some(format!("one has {:?}", report.keys().collect::<Vec<_>>())),
        None => (reports.len() != 4).then(|| format!("there are {}", reports.len())),
    };
    check("Each of four scans left its report as an artifact of the pipeline", problem)
}

/// What the SARIF of a report says of the only finding, of coverage and verdict.
fn reported(report: Option<&Report>) -> Check {
    let sarif = report.map(sarif).unwrap_or_default();
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    let region = &result["locations"][0]["physicalLocation"];
    let uri = region["artifactLocation"]["uri"].as_str().unwrap_or_default();
    let gaps = &run["properties"]["coverage"]["gaps"];
    let wanted = [
        ("the version of SARIF", sarif["version"] == "2.1.0"),
        ("one result", run["results"].as_array().is_some_and(|results| results.len() == 1)),
        ("the rule", result["ruleId"] == Leak::RULE),
        ("the archive and the file in it", Leak::PATH.iter().all(|name| uri.contains(name))),
        ("the line", region["region"]["startLine"] == Leak::LINE),
        ("the verdict", run["properties"]["verdict"] == "fail"),
        ("entries that were scanned", scanned(run) > 0),
        ("no gaps", gaps.as_array().is_some_and(Vec::is_empty)),
    ];
    let missing: Vec<&str> = wanted.iter().filter(|(_, is_there)| !is_there).map(|(what, _)| *what).collect();
    let problem = (!missing.is_empty()).then(|| format!("it lacks {}", missing.join(", ")));
    check("Its SARIF has the finding with its place, and says that every byte was read", problem)
}

fn passed(reports: &[Report]) -> Check {
    let fails = |report: &&Report| {
        let run = sarif(report)["runs"][0].clone();
        let found = run["results"].as_array().is_none_or(|results| !results.is_empty());
        found || run["properties"]["verdict"] != "pass" || scanned(&run) == 0
    };
    let failed = reports.iter().filter(fails).count();
    let problem = (failed > 0 || reports.is_empty()).then(|| format!("{failed} of {} did not", reports.len()));
    check("The scans of the other releases read everything, found nothing and let them pass", problem)
}

fn hidden(evidence: &Evidence<'_>) -> Check {
    let shown = evidence.texts.iter().filter(|(_, text)| evidence.leak.shows_in(text));
    let shown: Vec<&str> = shown.map(|(place, _)| place.as_str()).collect();
    let nothing = evidence.texts.iter().all(|(_, text)| text.is_empty()).then(|| "nothing was looked at".to_owned());
    let problem = if shown.is_empty() { nothing } else { Some(format!("it stands in {}", shown.join(", "))) };
    check("No part of the key stands in any message, report, log, table or answer of CodePipeline", problem)
}

fn sarif(report: &Report) -> Value {
    let text = report.get("scan.sarif").map(String::as_str).unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

fn scanned(run: &Value) -> u64 {
    run["properties"]["coverage"]["scanned"]["entries"].as_u64().unwrap_or_default()
}

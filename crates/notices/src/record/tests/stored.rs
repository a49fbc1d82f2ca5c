//! What lies in the table: readable by every later version, and never too large.

use pipeline_model::Decision;
use pipeline_model::RollbackOutcome::{Done, Failed};
use pipeline_model::Verdict::{Fail, Pass, Wait};
use serde_json::{Value, json};

use super::*;
use crate::testing::{
    check, decided, finding, gated, of_a_hook, of_no_execution, opened, outside_of_pipelines, scanned, unread, with,
    with_gate, with_scan,
};

/// Everything a record can hold, as it is stored today. A field may be added; what is here must stay readable.
#[test]
fn a_stored_record_has_this_shape() {
    let (mut record, mut channels, _) = follow(RELEASE, &desk());
    record.story().absorb_approval(&approval_message(), at(661));
    channels.deliver(&mut record, &desk(), at(2_000));
    for told in record.told.values_mut().filter(|told| told.shows.is_some()) {
        told.shows = Some(42);
    }
    insta::assert_json_snapshot!(record);
}

#[test]
fn a_record_of_an_older_version_without_newer_fields_is_read() {
    let mut stored = serde_json::to_value(record(RELEASE)).unwrap();
    let story = stored["story"].as_object_mut().unwrap();
    story.retain(|key, _| ["pipeline", "execution", "run"].contains(&key.as_str()));
    stored.as_object_mut().unwrap().remove("told");
    let mut read: Record = serde_json::from_value(stored).unwrap();
    assert!(read.story().is_over());
}

#[test]
fn a_record_of_a_newer_version_with_fields_and_channels_we_lack_is_read() {
    let (record, ..) = follow(RELEASE, &desk());
    let mut stored = serde_json::to_value(&record).unwrap();
    stored["story"]["mood"] = json!("good");
    stored["told"]["teams:general"] = json!({"moments": ["started"], "colour": "red"});
    stored["told"]["sns"]["colour"] = json!("red");
    assert_eq!(serde_json::from_value::<Record>(stored).unwrap(), record);
}

#[test]
fn a_record_survives_the_table() {
    let (record, ..) = follow(RELEASE, &desk());
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&stored).unwrap(), record);
}

#[test]
fn the_largest_pipeline_with_the_longest_texts_stays_far_below_the_tables_limit() {
    let (name, long) = ("n".repeat(96), "“é🚀”\\n".repeat(2_000));
    let mut record = Record::new(blank());
    for stage in 0..50 {
        for action in 0..20 {
            let path = format!("{name}s{stage:03}/{name}a{action:03}");
            let result =
                format!("as=Build by=CodeBuild why=\"{long}\" code={long} url=https://example.com/{}", "u".repeat(900));
            let lines = format!(
                "0 action {path} STARTED as=Build by=CodeBuild\n9 action {path} FAILED {result}\n9 #6 action {path} SUCCEEDED {result}"
            );
            told(&lines).iter().for_each(|event| record.story().absorb(event));
        }
        for attempt in 1..=9 {
            let path = format!("{name}s{stage:03}/{name}a{:03}", stage % 20);
            told(&format!(
                "9 #{attempt} action {path} FAILED why=\"{long}\"\n9 #{attempt} stage {name}s{stage:03} FAILED"
            ))
            .iter()
            .for_each(|event| record.story().absorb(event));
        }
    }
    let stages = (0..50).map(|stage| pipeline_model::StageName::new(format!("{name}s{stage:03}")));
    let approvals = (0..1_000).map(|action| crate::ApprovalSettings {
        stage: pipeline_model::StageName::new(format!("{name}s{:03}", action % 50)),
        action: pipeline_model::ActionName::new(format!("{name}b{action:03}")),
        custom_text: Some(long.clone()),
        external_link: Some(String::from("https://example.com/changes/42")),
        timeout_minutes: Some(60),
    });
    record.story().learn_structure(&crate::Structure { stages: stages.collect(), approvals: approvals.collect() });
    for alarm in 0..40 {
        let decision = with(decided(Failed, 9), |rollback| {
            (rollback.alarm, rollback.alarm_reason) = (Some(format!("{alarm}{long}")), Some(long.clone()));
            (rollback.steps, rollback.commands) = (vec![long.clone(); 40], vec![long.clone(); 40]);
        });
        record.story().absorb_decision(&decision);
    }
    for gate in 0..40 {
        let decision = with_gate(gated(Fail, 500 + gate), |gate| {
            gate.checks = vec![check(&long, &long, &long, &long); 100];
            (gate.policy, gate.opened_by, gate.opened_because) =
                (Some(long.clone()), Some(long.clone()), Some(long.clone()));
        });
        let (key, reason) = (Some(format!("{gate}{long}")), Some(long.clone()));
        record.story().absorb_decision(&Decision { key, reason, ..decision });
    }
    for scan in 0..40 {
        let decision = with_scan(scanned(Fail, 500 + scan), |scan| {
            let found = pipeline_model::ScanFinding { advice: Some(long.clone()), ..finding(&long, &long, &long) };
            (scan.top, scan.gaps) = (vec![found; 10], vec![unread(&long, &long); 5]);
            (scan.policy, scan.report_url) = (Some(long.clone()), Some(format!("s3://{}", "a".repeat(900))));
        });
        let (key, reason) = (Some(format!("{scan}{long}")), Some(long.clone()));
        record.story().absorb_decision(&Decision { key, reason, ..decision });
    }
    Channels::default().deliver(&mut record, &desk(), at(10));
    let size = serde_json::to_vec(&record).map(|stored| stored.len()).unwrap();
    assert!(size < 350_000, "{size} bytes");
}

#[test]
fn a_stored_incident_has_this_shape() {
    let decision = outside_of_pipelines(decided(Done, 600), "ecs:shop/orders");
    let decision = with(decision, |rollback| rollback.cleared_at = Some(at(900)));
    let mut record = Record::new(Subject::of(&decision).unwrap());
    Channels::default().deliver(&mut record, &desk(), at(901));
    record.told.values_mut().filter(|told| told.shows.is_some()).for_each(|told| told.shows = Some(42));
    insta::assert_json_snapshot!(record);
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&stored).unwrap(), record);
}

#[test]
fn stored_visits_to_gates_have_this_shape() {
    let another = Decision { key: Some(String::from("another")), ..opened(900) };
    let mut record = record("0 execution STARTED");
    for decision in [gated(Wait, 430), another] {
        record.subject.absorb_decision(&decision);
    }
    let hook = Record::new(Subject::of(&of_a_hook(gated(Fail, 900))).unwrap());
    let stored = [&record, &hook].map(|record| serde_json::to_value(record).unwrap());
    insta::assert_json_snapshot!([&stored[0]["story"]["gates"], &stored[1]["incident"]]);
    for (stored, record) in stored.into_iter().zip([record, hook]) {
        assert_eq!(serde_json::from_value::<Record>(stored).unwrap(), record);
    }
}

#[test]
fn stored_scans_have_this_shape() {
    let another = Decision { key: Some(String::from("another")), ..scanned(Pass, 900) };
    let mut record = record("0 execution STARTED");
    for decision in [scanned(Fail, 300), another] {
        record.subject.absorb_decision(&decision);
    }
    let nameless = Record::new(Subject::of(&of_no_execution(scanned(Fail, 300))).unwrap());
    let stored = [&record, &nameless].map(|record| serde_json::to_value(record).unwrap());
    insta::assert_json_snapshot!([&stored[0]["story"]["scans"], &stored[1]["incident"]]);
    for (stored, record) in stored.into_iter().zip([record, nameless]) {
        assert_eq!(serde_json::from_value::<Record>(stored).unwrap(), record);
    }
}

#[test]
fn what_is_stored_about_nothing_is_no_record() {
    for stored in ["{}", r#"{"told":{}}"#, r#"{"incident":{"key":"k","target":null,"pipeline":null}}"#] {
        assert!(serde_json::from_str::<Record>(stored).is_err(), "{stored}");
    }
}

#[test]
fn no_secret_is_stored() {
    let (record, ..) = follow(RELEASE, &desk());
    let stored: Value = serde_json::to_value(&record).unwrap();
    assert!(!stored.to_string().contains("xoxb") && !stored.to_string().contains("hooks.slack.com"));
}

//! What is written to the table, and read back by the versions before and after.

use super::super::*;
use crate::testing::{Shell, at, told};

const STORED: &str = r#"{"v":1,"s":{"n":["Build","Production"],"o":{"v":6,"o":[0,1],"t":1772445640000}},"x":{"a":{"s":1772445600000,"g":1772445640000,"t":3,"k":[5],"m":737}},"p":{"d":1772445640000,"v":[7]}}"#;

#[test]
fn a_window_that_was_stored_is_read_and_written_as_it_was() {
    let window: Window = serde_json::from_str(STORED).unwrap();
    assert_eq!(serde_json::to_string(&window).unwrap(), STORED);
    let execution = &window.executions[&ExecutionId::from("a")];
    assert_eq!(execution.succeeded, Some(at(40.0)));
    assert!(execution.marks.has(Mark::Deployed) && !execution.marks.has(Mark::Restored));
}

#[test]
fn fields_a_later_program_added_are_passed_over() {
    let mut value: serde_json::Value = serde_json::from_str(STORED).unwrap();
    value["new"] = serde_json::json!([1]);
    value["x"]["a"]["new"] = serde_json::json!({"deep": true});
    let window: Window = serde_json::from_value(value).unwrap();
    assert_eq!(serde_json::to_string(&window).unwrap(), STORED);
}

#[test]
fn a_document_of_another_version_is_refused_with_what_to_do() {
    let error = serde_json::from_str::<Window>(r#"{"v":2,"x":["another","shape"]}"#).unwrap_err().to_string();
    assert!(error.contains("document of version 2 and this program reads version 1"), "{error}");
    assert!(error.contains("deploy the newer program again"), "{error}");
    assert!(serde_json::from_str::<Window>("{}").unwrap_err().to_string().contains("missing field `v`"));
}

#[test]
fn an_empty_window_is_read_from_its_version_alone() {
    assert_eq!(serde_json::from_str::<Window>(r#"{"v":1}"#).unwrap(), Window::default());
}

#[test]
fn a_window_goes_on_where_it_was_stored() {
    let mut shell = Shell::new();
    shell.tell("0 a started\n0 a commit -60 c0ffee\n20 a stage Production succeeded since=1");
    shell.window = serde_json::from_str(&serde_json::to_string(&shell.window).unwrap()).unwrap();
    shell.tell("20 a stage Production succeeded since=1\n20 a succeeded since=0");
    let lead_times = shell.measured(crate::measure::Measure::LeadTime);
    assert_eq!(lead_times, ["20 * 80", "20 orders 80"]);
}

#[test]
fn a_fact_is_small_enough_for_an_inbox_of_many() {
    let id = "11111111-2222-4333-8444-555555555555";
    let lines = format!(
        "0.123 {id} started\n1.5 {id} succeeded since=0.123\n2 {id} stage A-stage-with-a-name-of-forty-characters-yes succeeded since=1.101
         3 {id} approval x since=1\n3 {id} commit 2 c0ffee\n3 {id} looked-at\n3 {id} looked-at-in-part\n3 {id} gate x failed waited=1234.5678
         3 {id} scan x critical=99999 high=99999 medium=99999 low=99999\n3 {id} rolled-back x"
    );
    for fact in told(&lines) {
        let written = serde_json::to_string(&fact).unwrap();
        assert!(written.len() < 160, "{} bytes: {written}", written.len());
        assert_eq!(serde_json::from_str::<Fact>(&written).unwrap(), fact);
    }
}

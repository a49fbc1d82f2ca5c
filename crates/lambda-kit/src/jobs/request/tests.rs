//! What is taken from user parameters, and what is refused in which words.

use super::*;

fn refused(text: &str) -> String {
    Request::parse(Some(text)).expect_err(text).to_string()
}

#[test]
fn a_named_policy_and_all_that_can_be_said_is_read() {
    let text = r#"{"policy":"payments/production","execution":"11111111-2222-4333-8444-555555555555",
        "pipeline":"payments","stage":"Production","action":"Gate","variables":{"coverage":"81.5"}}"#;
    let request = Request::parse(Some(text)).unwrap();
    assert_eq!(request.policy, Asked::Named(String::from("payments/production")));
    assert_eq!(request.stage, Some(StageName::from("Production")));
    assert_eq!(request.variables["coverage"], "81.5");
}

#[test]
fn a_policy_can_stand_in_the_parameters_themselves() {
    let request = Request::parse(Some(r#"{"policy":{"gate":{"checks":[]}}}"#)).unwrap();
    assert_eq!(request.policy, Asked::Inline(String::from(r#"{"gate":{"checks":[]}}"#)));
    assert_eq!(request.execution, None);
}

#[test]
fn parameters_that_are_missing_or_too_long_say_what_is_expected() {
    for absent in [None, Some(""), Some(" \n")] {
        let told = Request::parse(absent).unwrap_err().to_string();
        assert!(told.starts_with("UserParameters: they are missing; expected JSON such as {\"policy\""), "{told}");
    }
    let long = format!(r#"{{"policy":"p","pipeline":"{}"}}"#, "é".repeat(1_000));
    assert!(refused(&long).contains("1028 characters are too many; use 1000 at most"), "{}", refused(&long));
}

#[test]
fn an_unknown_key_is_named_at_any_depth_where_it_could_matter() {
    assert!(refused(r#"{"policy":"p","polcy":"q"}"#).contains("unknown field `polcy`"));
    assert!(refused(r#"{"policy":"p","variables":{"a":1}}"#).contains("invalid type: integer `1`, expected a string"));
    assert!(refused(r"{}").contains("missing field `policy`"));
}

#[test]
fn a_key_that_stands_twice_is_named_inside_a_policy_too() {
    assert!(refused(r#"{"policy":"p","policy":"q"}"#).contains("`policy` stands there twice"));
    assert!(refused(r#"{"policy":{"gate":{"checks":[{"http":1,"http":2}]}}}"#).contains("`http` stands there twice"));
}

#[test]
fn a_policy_is_a_name_below_policies_or_a_document() {
    for (policy, what) in [("null", "null"), ("7", "a number"), ("[]", "a list"), ("true", "true or false")] {
        assert!(refused(&format!(r#"{{"policy":{policy}}}"#)).contains(&format!("policy is {what}")));
    }
    for name in ["", "../settings", "a//b", "/a", "a/", "a b", "#{Build.policy}", "..", "a/../b"] {
        assert!(refused(&format!(r#"{{"policy":"{name}"}}"#)).contains("a name has letters"), "{name}");
    }
}

#[test]
fn a_variable_that_codepipeline_did_not_fill_in_is_no_execution() {
    let told = refused(r##"{"policy":"p","execution":"#{codepipeline.PipelineExecutionId}"}"##);
    assert!(told.contains("execution is `#{codepipeline.PipelineExecutionId}`, which is none"), "{told}");
}

#[test]
fn what_codepipeline_did_not_fill_in_is_no_value_of_a_variable() {
    let told = refused(r##"{"policy":"p","variables":{"risk":"#{Build.risk}"}}"##);
    assert!(told.contains("variables.risk is `#{Build.risk}`, which CodePipeline did not fill in"), "{told}");
}

#[test]
fn brackets_without_end_are_refused_and_not_followed() {
    let deep = format!("{{\"policy\":{}", "[".repeat(900));
    assert!(refused(&deep).contains("recursion limit exceeded"), "{}", refused(&deep));
}

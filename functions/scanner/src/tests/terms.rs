//! What a policy says, and what is wrong with one.

use lambda_kit::jobs::Answer;

use super::*;
use crate::memory::{Fault, secret};
use crate::ports::TroubleKind;

async fn refused(policy: &str) -> String {
    let (memory, pipeline) = with_artifact(policy, CLEAN);
    let (kind, message) = failure(pipeline.run(1).await);
    assert_eq!(kind, FailureKind::ConfigurationError, "{message}");
    assert_eq!(memory.store.ranges(), 0, "nothing is read");
    assert_eq!(scans(&memory).len(), 1, "it is told");
    message
}

#[tokio::test]
async fn an_unknown_rule_or_key_is_named_with_its_line() {
    let told = refused("scan:\n  rules: { off: [strpe-live-secret-key] }\n").await;
    assert!(told.starts_with("Parameter /pipewarden/policies/orders/scan cannot be meant: line 2"), "{told}");
    assert!(told.contains("did you mean `stripe-live-secret-key`?"), "{told}");
    assert!(refused("scan: { fial: low }").await.contains("fial"));
    assert!(refused("gate: { checks: [] }").await.contains("scan"));
    assert!(refused(&format!("scan:\n{}", "  x: 1\n".repeat(40))).await.len() < 4_000);
}

#[tokio::test]
async fn a_policy_that_is_not_there_is_named_by_its_whole_path() {
    let (memory, pipeline) = with_artifact("scan: {}", CLEAN);
    memory.settings.remove("policies/orders/scan");
    let (kind, message) = failure(pipeline.run(1).await);
    assert_eq!(kind, FailureKind::ConfigurationError);
    assert!(message.contains("There is no parameter /pipewarden/policies/orders/scan"), "{message}");
}

#[tokio::test]
async fn a_policy_may_stand_in_the_user_parameters() {
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", zipped(&[("a.ini", leak(1).as_bytes())]));
    let run = async |parameters: &str| Pipeline::with(&memory, parameters).inputs(&["Build"]).run(1).await;
    failure(run(r#"{"policy":{"scan":{}}}"#).await);
    let memory = world("scan: {}");
    memory.store.set("artifacts/Build", zipped(&[("a.ini", leak(1).as_bytes())]));
    let off = r#"{"policy":{"scan":{"rules":{"off":["stripe","generic"]}}}}"#;
    let answer = Pipeline::with(&memory, off).inputs(&["Build"]).run(1).await;
    assert!(matches!(answer, Answer::Success { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_scan_takes_no_variables_and_needs_an_input() {
    let memory = world("scan: {}");
    let run = async |parameters: &str, inputs: &[&str]| {
        let memory = world("scan: {}");
        memory.store.set("artifacts/Build", zipped(CLEAN));
        failure(Pipeline::with(&memory, parameters).inputs(inputs).run(1).await)
    };
    let (kind, message) = run(r#"{"policy":"orders/scan","variables":{"a":"b"}}"#, &["Build"]).await;
    assert_eq!((kind, message.contains("no `variables`")), (FailureKind::ConfigurationError, true));
    let (kind, message) = run(PARAMETERS, &[]).await;
    assert_eq!(kind, FailureKind::ConfigurationError);
    assert!(message.starts_with("The action has no input artifact"), "{message}");
    let (kind, message) = run("", &["Build"]).await;
    assert_eq!((kind, message.contains("they are missing")), (FailureKind::ConfigurationError, true));
    assert_eq!(memory.store.ranges(), 0);
}

#[tokio::test]
async fn what_a_policy_names_must_be_in_the_one_bucket() {
    for key in
        ["baseline: s3://other/b.json", "reports: { to: 's3://other/x' }", "rules: { from: 's3://other/r.toml' }"]
    {
        let told = refused(&format!("scan: {{ {key} }}")).await;
        assert!(told.contains("this scanner reaches no bucket but scans"), "{told}");
    }
}

#[tokio::test]
async fn rules_of_one_s_own_look_besides_the_built_in_ones_and_can_be_named() {
    let rules = "[[rules]]\nid = \"acme-token\"\ndescription = \"Acme token\"\nregex = '''acme_[a-z0-9]{16}'''\nkeywords = [\"acme_\"]\n";
    let token = ["acme", "_k3j5h2g9f8d7s6a1"].concat();
    let content = format!("x = {token}\n{}", leak(1));
    let (memory, pipeline) = with_artifact(
        "scan: { rules: { from: 's3://scans/rules.toml', off: [generic, acme-none] } }",
        &[("a.txt", content.as_bytes())],
    );
    memory.store.set("scans/rules.toml", rules);
    assert!(failure(pipeline.run(1).await).1.contains("acme-none"));
    memory.settings.set("policies/orders/scan", "scan: { rules: { from: 's3://scans/rules.toml', off: [generic] } }");
    memory.clock.advance(Duration::from_secs(61));
    pipeline.visit(1, None).await;
    failure(pipeline.answer(1));
    let scan = scans(&memory).pop().unwrap();
    let mut rules: Vec<_> = scan.top.iter().map(|finding| finding.rule.as_str()).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["acme-token", "stripe-live-secret-key"]);
    assert!(scan.rules_version.unwrap().contains('+'), "they are another set of rules");
}

#[tokio::test]
async fn what_has_no_effect_in_rules_of_one_s_own_stands_in_the_report() {
    let policy = "scan: { rules: { from: 's3://scans/rules.toml' }, reports: { to: 's3://scans/r', formats: [json] } }";
    let (memory, pipeline) = with_artifact(policy, CLEAN);
    memory
        .store
        .set("scans/rules.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = 'acme'\nregex = 'acme_[a-z0-9]{16}'\n");
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }));
    let [written] = &*memory.store.puts() else { panic!("one report") };
    let report: serde_json::Value = serde_json::from_slice(&written.bytes).unwrap();
    let note = report["notes"][0].as_str().unwrap();
    assert!(note.starts_with("s3://scans/rules.toml: ") && note.contains("extend"), "{note}");
}

#[tokio::test]
async fn rules_that_cannot_be_read_or_used_end_the_scan() {
    let policy = "scan: { rules: { from: 's3://scans/rules.toml' } }";
    let run = async |prepare: &dyn Fn(&Memory)| {
        let (memory, pipeline) = with_artifact(policy, CLEAN);
        prepare(&memory);
        failure(pipeline.run(1).await)
    };
    assert_eq!(run(&|_| {}).await.0, FailureKind::RevisionUnavailable);
    let (kind, message) = run(&|memory| memory.store.set("scans/rules.toml", "[[rules]]\nregex = '('\n")).await;
    assert_eq!((kind, message.contains("cannot be used")), (FailureKind::ConfigurationError, true), "{message}");
    let denied = |memory: &Memory| {
        memory.store.break_object("scans/rules.toml", Fault::Trouble(TroubleKind::Denied));
    };
    assert_eq!(run(&denied).await.0, FailureKind::PermissionError);
}

#[tokio::test]
async fn with_a_baseline_only_what_is_new_fails_and_without_it_everything() {
    let policy = "scan: { baseline: 's3://scans/baseline.json', rules: { off: [generic] } }";
    let (memory, pipeline) = with_artifact(policy, &[("a.ini", leak(1).as_bytes())]);
    let (_, message) = failure(pipeline.run(1).await);
    assert!(message.contains("The policy names a baseline, and it could not be read."), "{message}");
    // So S3 says of what is not there to who may not list the bucket.
    memory.store.break_object("scans/baseline.json", Fault::Trouble(TroubleKind::Denied));
    pipeline.visit(4, None).await;
    let (_, denied) = failure(pipeline.answer(4));
    assert!(denied.contains("a.ini") && denied.contains("could not be read"), "{denied}");
    memory.store.mend();
    let (known, _) = (baseline(&leak(1)), ());
    memory.store.set("scans/baseline.json", known);
    pipeline.visit(1, None).await;
    assert!(matches!(pipeline.answer(1), Answer::Success { .. }), "{:?}", pipeline.answer(1));
    assert_eq!(scans(&memory).pop().unwrap().known, Some(1));
    memory.store.set("artifacts/Build", zipped(&[("a.ini", leak(2).as_bytes())]));
    pipeline.visit(2, None).await;
    assert!(failure(pipeline.answer(2)).1.contains("a.ini"));
    memory.store.set("scans/baseline.json", "{}");
    pipeline.visit(3, None).await;
    assert_eq!(failure(pipeline.answer(3)).0, FailureKind::ConfigurationError);
}

/// What the command line writes of such a file.
fn baseline(text: &str) -> String {
    use artifact_scan::secrets::{DEFAULT_FINGERPRINT_KEY, Found, Scan, Scanner};
    let scanner = Scanner::built_in().unwrap();
    let mut scan = Scan::new(&scanner, Found::new(DEFAULT_FINGERPRINT_KEY));
    let (bytes, is_last) = (text.as_bytes(), true);
    let piece = artifact_scan::Piece { bytes, again: 0, offset: 0, lines_before: 0, column_before: 0, is_last };
    scan.piece(&[String::from("a.ini")], &piece);
    let mut scanned = artifact_scan::Scanned::default();
    scanned.note(scan.take());
    artifact_scan::Baseline::of(&scanned, "1", jiff::Timestamp::UNIX_EPOCH).to_json()
}

#[tokio::test]
async fn a_key_of_one_s_own_makes_other_fingerprints() {
    let policy = "scan: { baseline: 's3://scans/baseline.json', rules: { off: [generic] } }";
    let (memory, pipeline) = with_artifact(policy, &[("a.ini", leak(1).as_bytes())]);
    memory.store.set("scans/baseline.json", baseline(&leak(1)));
    memory.settings.set("scan/fingerprint-key", "our own key");
    assert!(failure(pipeline.run(1).await).1.contains("a.ini"), "the baseline was made with another key");
}

#[tokio::test]
async fn suppressions_in_the_artifact_count_only_where_the_policy_heeds_them() {
    let suppressions =
        "- { rule: stripe, path: 'tests/**', reason: made up, owner: team-orders, expires: 2026-04-01 }\n";
    let content = leak(1);
    let entries = [("tests/a.ini", content.as_bytes()), ("pipewarden-suppressions.yaml", suppressions.as_bytes())];
    let (_, pipeline) = with_artifact("scan: { rules: { off: [generic] } }", &entries);
    assert!(failure(pipeline.run(1).await).1.contains("tests/a.ini"));
    let heeds = "scan: { rules: { off: [generic] }, suppressions-in-artifact: true }";
    let (memory, pipeline) = with_artifact(heeds, &entries);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }), "{:?}", pipeline.answer(0));
    assert_eq!(scans(&memory).pop().unwrap().suppressed, Some(1));
}

#[tokio::test]
async fn suppressions_that_cannot_be_meant_are_no_pass_hide_no_finding_and_show_no_secret() {
    const HEEDS: &str = "scan: { suppressions-in-artifact: true }";
    let (name, wrong) = (
        "pipewarden-suppressions.yaml",
        format!("- {{ rule: {}, reason: r, owner: o, expires: 2026-04-01 }}\n", secret(2)),
    );
    let run = async |entries: &[(&str, &[u8])]| {
        let (memory, pipeline) = with_artifact(HEEDS, entries);
        let (kind, message) = failure(pipeline.run(1).await);
        assert!(message.contains("The suppressions in the input artifact Build cannot be meant"), "{message}");
        assert!(!message.contains(&secret(2)), "{message}");
        (kind, message, scans(&memory).remove(0).verdict)
    };
    let unknown: &[u8] = b"- { rule: stripe-of-old, reason: r, owner: o, expires: 2026-04-01 }\n";
    let (kind, _, verdict) = run(&[CLEAN[0], (name, unknown)]).await;
    assert_eq!((kind, verdict), (FailureKind::ConfigurationError, pipeline_model::Verdict::Error));
    let (kind, message, verdict) = run(&[("a.ini", leak(1).as_bytes()), (name, wrong.as_bytes())]).await;
    assert_eq!((kind, verdict), (FailureKind::JobFailed, pipeline_model::Verdict::Fail));
    assert!(message.contains("1 more finding fails too"), "{message}");
}

#[tokio::test]
async fn suppressions_in_one_artifact_are_of_no_other() {
    let suppressions = b"- { rule: stripe, reason: made up, owner: team-orders, expires: 2026-04-01 }\n";
    let memory = world("scan: { rules: { off: [generic] }, suppressions-in-artifact: true }");
    let content = leak(1);
    let own = zipped(&[("a.ini", content.as_bytes()), ("pipewarden-suppressions.yaml", suppressions)]);
    memory.store.set("artifacts/Build", own);
    memory.store.set("artifacts/Source", zipped(CLEAN));
    let pipeline = Pipeline::with(&memory, PARAMETERS).inputs(&["Build", "Source"]);
    assert!(matches!(pipeline.run(1).await, Answer::Success { .. }), "{:?}", pipeline.answer(0));
    memory.store.set("artifacts/Source", zipped(&[("a.ini", leak(2).as_bytes())]));
    pipeline.visit(1, None).await;
    assert!(failure(pipeline.answer(1)).1.contains("Source!/a.ini"), "{:?}", pipeline.answer(1));
}

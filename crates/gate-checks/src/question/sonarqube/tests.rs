//! The conversation with a server, told by its replies.

use proptest::prelude::*;

use super::*;
use crate::Unanswered;
use crate::UnansweredKind::{self, Outage, Refused, Secret};

fn query(subject: SonarSubject) -> SonarQuery {
    SonarQuery {
        url: "https://sonar.example.com/base/".into(),
        project: "shop:orders".into(),
        subject,
        token: Some("sonarqube/token".into()),
        private: false,
        plain: false,
    }
}

fn latest(branch: SonarBranch) -> SonarQuery {
    query(SonarSubject::Latest(branch))
}

fn named(name: &str) -> SonarBranch {
    SonarBranch::Named(name.into())
}

/// The addresses that were asked, and what came of it, if these are the bodies of the replies.
fn talk(query: &SonarQuery, bodies: &[&str]) -> (Vec<String>, Result<SonarReply, Unanswered>) {
    let (mut asked, mut bodies, mut step) = (Vec::new(), bodies.iter(), query.begin());
    loop {
        let request = match step {
            SonarStep::Known(reply) => return (asked, Ok(reply)),
            SonarStep::Ask(request) => request,
        };
        let url = request.url().unwrap();
        asked.push(url.strip_prefix("https://sonar.example.com/base/api/").unwrap().to_owned());
        step = match request.read(200, bodies.next().expect("a reply").as_bytes(), false) {
            Ok(step) => step,
            Err(unanswered) => return (asked, Err(unanswered)),
        };
    }
}

fn said(query: &SonarQuery, bodies: &[&str]) -> SonarReply {
    talk(query, bodies).1.unwrap()
}

const OK: &str = r#"{"projectStatus":{"status":"OK","conditions":[],"periods":[],"ignoredConditions":true}}"#;
const IDLE: &str = r#"{"queue":[]}"#;

fn task(status: &str, of: &str) -> String {
    format!(r#"{{"id":"T1","type":"REPORT","status":"{status}"{of},"submittedAt":"2026-03-02T11:59:00+0000"}}"#)
}

fn queued(status: &str, of: &str) -> String {
    format!(r#"{{"queue":[{}]}}"#, task(status, of))
}

fn ended(status: &str, of: &str) -> String {
    format!(r#"{{"queue":[],"current":{}}}"#, task(status, of))
}

#[test]
fn the_latest_judgement_is_asked_for_once_nothing_waits() {
    let branch = "component=shop%3Aorders";
    for (branch, parameter) in [
        (SonarBranch::Main, ""),
        (named("feature/a b"), "&branch=feature%2Fa%20b"),
        (SonarBranch::PullRequest("7".into()), "&pullRequest=7"),
    ] {
        let (asked, reply) = talk(&latest(branch), &[IDLE, OK]);
        assert!(
            matches!(reply, Ok(SonarReply::Judged(gate)) if gate.status == GateStatus::Ok && gate.ignored_conditions)
        );
        let status = format!("qualitygates/project_status?projectKey=shop%3Aorders{parameter}");
        assert_eq!(asked, ["ce/component?component=shop%3Aorders", &status]);
    }
    assert!(talk(&latest(SonarBranch::Main), &[IDLE, OK]).0[0].ends_with(branch));
}

#[test]
fn an_analysis_that_waits_or_runs_is_waited_for() {
    let waiting = SonarReply::Pending("the analysis is waiting since 2026-03-02T11:59:00+0000".into());
    assert_eq!(said(&latest(SonarBranch::Main), &[&queued("PENDING", "")]), waiting);
    let running = said(&latest(named("a")), &[&queued("IN_PROGRESS", r#","branch":"a""#)]);
    assert!(matches!(running, SonarReply::Pending(says) if says.contains("running")));
}

#[test]
fn a_task_of_another_branch_is_not_waited_for_and_one_in_doubt_is() {
    let pull = || SonarBranch::PullRequest("7".into());
    for (branch, of, waits) in [
        (named("a"), r#","branch":"a""#, true),
        (named("a"), r#","branch":"b""#, false),
        (named("a"), "", true),
        (named("a"), r#","pullRequest":"7""#, false),
        (SonarBranch::Main, r#","branch":"main""#, true),
        (SonarBranch::Main, "", true),
        (SonarBranch::Main, r#","pullRequest":"7""#, false),
        (pull(), r#","pullRequest":"7""#, true),
        (pull(), r#","pullRequest":"8""#, false),
        (pull(), "", false),
    ] {
        let reply = said(&latest(branch.clone()), &[&queued("PENDING", of), OK]);
        assert_eq!(matches!(reply, SonarReply::Pending(_)), waits, "{branch:?} {of}");
    }
    let tidying = queued("PENDING", "").replace("REPORT", "ISSUE_SYNC");
    assert!(matches!(said(&latest(SonarBranch::Main), &[&tidying, OK]), SonarReply::Judged(_)));
}

#[test]
fn the_judgement_before_a_failed_analysis_is_not_that_of_this_release() {
    let failed = ended("FAILED", r#","errorMessage":"out of memory.""#);
    let reply = said(&latest(SonarBranch::Main), &[&failed]);
    assert_eq!(reply, SonarReply::Broken("the analysis failed: out of memory".into()));
    let cancelled = said(&latest(named("a")), &[&ended("CANCELED", r#","branch":"a""#)]);
    assert_eq!(cancelled, SonarReply::Broken("the analysis was cancelled".into()));
    let elsewhere = said(&latest(named("a")), &[&ended("FAILED", r#","branch":"b""#), OK]);
    assert!(matches!(elsewhere, SonarReply::Judged(_)));
    let strange = talk(&latest(SonarBranch::Main), &[&queued("PAUSED", "")]).1.unwrap_err();
    assert_eq!(strange.why, "the task's status is `PAUSED`, which is not known");
}

#[test]
fn the_analysis_of_a_commit_is_looked_for() {
    let commit = "be6c75b85da526349c44e3978374c95e0b80a96d";
    let analyses = format!(
        r#"{{"paging":{{"total":3}},"analyses":[{{"key":"A3"}},{{"key":"A2","revision":"{commit}"}},{{"key":"A1","revision":"{commit}"}}]}}"#
    );
    for revision in [commit, "be6c75b", "BE6C75B85"] {
        let query = query(SonarSubject::Revision(revision.into(), named("a")));
        let (asked, reply) = talk(&query, &[&analyses, OK]);
        assert!(matches!(reply, Ok(SonarReply::Judged(_))));
        assert_eq!(
            asked,
            [
                "project_analyses/search?project=shop%3Aorders&ps=100&branch=a",
                "qualitygates/project_status?analysisId=A2"
            ]
        );
    }
    for revision in ["be6c75", "e6c75b85", "", &format!("{commit}0")] {
        let query = query(SonarSubject::Revision(revision.into(), SonarBranch::Main));
        let (asked, reply) = talk(&query, &[&analyses, IDLE]);
        assert!(matches!(reply, Ok(SonarReply::Pending(says)) if says.contains("none is waiting")), "{revision}");
        assert_eq!(asked[1], "ce/component?component=shop%3Aorders");
    }
    let waiting = query(SonarSubject::Revision("0000000".into(), SonarBranch::Main));
    assert!(matches!(
        said(&waiting, &[&analyses, &queued("IN_PROGRESS", "")]),
        SonarReply::Pending(says) if says.starts_with("the analysis is running")
    ));
    // What failed last may be another commit's.
    assert!(matches!(said(&waiting, &[&analyses, &ended("FAILED", "")]), SonarReply::Pending(_)));
}

fn analysis(id: &str) -> SonarQuery {
    query(SonarSubject::Analysis(id.into(), SonarBranch::Main))
}

const ANALYSES: &str = r#"{"analyses":[{"key":"A2"},{"key":"A&1","revision":"be6c75b"}]}"#;

#[test]
fn an_analysis_is_looked_for_in_its_project_first() {
    let of_branch = query(SonarSubject::Analysis("A&1".into(), named("a")));
    for (query, branch) in [(analysis("A&1"), ""), (of_branch, "&branch=a")] {
        let (asked, reply) = talk(&query, &[ANALYSES, OK]);
        let search = format!("project_analyses/search?project=shop%3Aorders&ps=100{branch}");
        assert_eq!(asked, [search.as_str(), "qualitygates/project_status?analysisId=A%261"]);
        assert!(matches!(reply, Ok(SonarReply::Judged(_))));
    }
}

#[test]
fn an_analysis_or_a_task_of_another_project_is_none_of_this_one() {
    let (asked, reply) = talk(&analysis("A3"), &[ANALYSES]);
    assert_eq!(asked.len(), 1, "its judgement is not even asked for");
    let told = "there is no analysis A3 among the last 100 of project shop:orders on this branch";
    assert_eq!(reply, Err(Unanswered::refused(told)));
    for (status, of, told) in [
        (
            "SUCCESS",
            r#","componentKey":"shop:docs""#,
            "the task is of project shop:docs, and this check is about shop:orders",
        ),
        (
            "PENDING",
            r#","componentKey":"shop:docs""#,
            "the task is of project shop:docs, and this check is about shop:orders",
        ),
        ("SUCCESS", "", "SonarQube does not say of which project the task is"),
    ] {
        let body = format!(r#"{{"task":{}}}"#, task(status, &format!(r#","analysisId":"A9"{of}"#)));
        let reply = talk(&query(SonarSubject::Task("T1".into())), &[&body]).1;
        assert_eq!(reply, Err(Unanswered::refused(told)));
    }
}

#[test]
fn a_task_is_asked_for_by_its_id() {
    let by_task = query(SonarSubject::Task("T1".into()));
    let of = |status: &str, more: &str| {
        format!(r#"{{"task":{}}}"#, task(status, &format!(r#","componentKey":"shop:orders"{more}"#)))
    };
    let (asked, _) = talk(&by_task, &[&of("SUCCESS", r#","analysisId":"A9""#), OK]);
    assert_eq!(asked, ["ce/task?id=T1", "qualitygates/project_status?analysisId=A9"]);
    assert!(matches!(said(&by_task, &[&of("PENDING", "")]), SonarReply::Pending(_)));
    assert!(matches!(said(&by_task, &[&of("FAILED", "")]), SonarReply::Broken(_)));
    assert!(talk(&by_task, &[&of("SUCCESS", "")]).1.is_err());
}

#[test]
fn a_judgement_is_read_with_its_conditions() {
    let body = r#"{"projectStatus":{"status":"ERROR","caycStatus":"non-compliant","conditions":[
        {"status":"ERROR","metricKey":"new_coverage","comparator":"LT","errorThreshold":"85","actualValue":"82.5"},
        {"status":"OK","metricKey":"skipped_tests","comparator":"GT","actualValue":"0"}]}}"#;
    let SonarReply::Judged(gate) = said(&latest(SonarBranch::Main), &[IDLE, body]) else { panic!("a gate") };
    assert_eq!((gate.status, gate.ignored_conditions, gate.conditions.len()), (GateStatus::Error, false, 2));
    assert_eq!(gate.conditions[0].threshold.as_deref(), Some("85"));
    let status = |word: &str| {
        let body = format!(r#"{{"projectStatus":{{"status":"{word}"}}}}"#);
        match said(&latest(SonarBranch::Main), &[IDLE, &body]) {
            SonarReply::Judged(gate) => gate.status,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((status("NONE"), status("WARN")), (GateStatus::None, GateStatus::Warn));
    assert_eq!((status("ok"), status("")), (GateStatus::Other("ok".into()), GateStatus::Other(String::new())));
}

#[test]
fn a_reply_that_is_none_says_what_to_do() {
    let cases: &[(u16, &str, bool, UnansweredKind, &str)] = &[
        (401, "", false, Secret, "the secret `sonarqube/token` is wrong, or was rotated"),
        (403, "", false, Refused, "needs the permission Browse"),
        (404, r#"{"errors":[{"msg":"Project not found"}]}"#, false, Refused, "(Project not found)"),
        (302, "", false, Refused, "write the address it leads to"),
        (400, r#"{"errors":[]}"#, false, Refused, "answers 400"),
        (429, "", false, Outage, "answers 429"),
        (503, "<html>", false, Outage, "answers 503"),
        (204, "", false, Refused, "answers 204"),
        (200, OK, true, Refused, "longer than is read"),
        (200, "<html>log in</html>", false, Refused, "cannot be read"),
        (200, "", false, Refused, "cannot be read"),
        (200, "{}", false, Refused, "cannot be read"),
    ];
    for (status, body, is_cut, kind, told) in cases {
        let SonarStep::Ask(request) = analysis("A").begin() else { panic!("a request") };
        let unanswered = request.read(*status, body.as_bytes(), *is_cut).unwrap_err();
        assert!(unanswered.kind == *kind && unanswered.why.contains(told), "{status} {body}: {unanswered:?}");
    }
}

fn anything() -> impl Strategy<Value = String> {
    let word = prop_oneof![Just("OK"), Just("SUCCESS"), Just("PENDING"), Just("FAILED"), Just("x")];
    prop_oneof![
        word.clone().prop_map(|word| format!(r#"{{"projectStatus":{{"status":"{word}"}},"queue":[],"analyses":[]}}"#)),
        word.prop_map(|word| format!(r#"{{"task":{{"status":"{word}","analysisId":"A","componentKey":"shop:orders"}},"queue":[{{"status":"{word}"}}],"analyses":[{{"key":"A","revision":"abcdefg"}}],"projectStatus":{{"status":"{word}"}}}}"#)),
        "\\PC{0,40}",
    ]
}

proptest! {
    #[test]
    fn whatever_a_server_says_at_most_three_requests_are_made(
        bodies in proptest::collection::vec(anything(), 3), which in 0..4_u8, status in prop_oneof![Just(200_u16), 100..600_u16],
    ) {
        let subject = match which {
            0 => SonarSubject::Latest(SonarBranch::Main),
            1 => SonarSubject::Revision("abcdefg".into(), SonarBranch::Main),
            2 => SonarSubject::Analysis("A".into(), SonarBranch::Main),
            _ => SonarSubject::Task("T".into()),
        };
        let mut step = query(subject).begin();
        for body in bodies {
            let SonarStep::Ask(request) = step else { return Ok(()) };
            match request.read(status, body.as_bytes(), false) {
                Ok(next) => step = next,
                Err(_) => return Ok(()),
            }
        }
        prop_assert!(matches!(step, SonarStep::Known(_)));
    }
}

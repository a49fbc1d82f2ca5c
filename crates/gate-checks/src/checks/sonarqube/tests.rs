//! What the check measures, and what it refuses to be told.

use super::*;
use crate::Answer;
use crate::check::Measured::{self, Fail, Inconclusive, Pass, Wait};
use crate::checks::testing::{measured, place, problem, valid};

const SHOP: &str = "project: shop\ntoken: sonarqube/token\n";

fn told(yaml: &str, reply: &SonarReply) -> Result<(Measured, String), String> {
    measured(&valid::<SonarQube>(yaml), &place(&[]), |_| Ok(Answer::SonarQube(reply.clone())))
}

fn judged(yaml: &str, status: GateStatus, conditions: &[(&str, &str, &str, &str)]) -> (Measured, String) {
    let conditions = conditions.iter().map(|(status, metric, comparator, threshold)| GateCondition {
        status: (*status).into(),
        metric: (*metric).into(),
        comparator: (*comparator).into(),
        threshold: (!threshold.is_empty()).then(|| (*threshold).into()),
        actual: Some("7".into()),
    });
    let gate = QualityGate { status, conditions: conditions.collect(), ignored_conditions: false };
    told(yaml, &SonarReply::Judged(gate)).unwrap()
}

#[test]
fn only_ok_passes_by_itself() {
    let conditions = [
        ("ERROR", "new_coverage", "LT", "85"),
        ("OK", "bugs", "GT", "0"),
        ("ERROR", "open_issues", "GT", ""),
        ("WARN", "debt", "EQ", "1"),
    ];
    let one = "the quality gate is OK (1 condition)";
    assert_eq!(judged(SHOP, GateStatus::Ok, &conditions[1..2]), (Pass, one.into()));
    assert_eq!(
        judged(SHOP, GateStatus::Error, &conditions),
        (Fail, "the quality gate is red: new_coverage is 7, below 85 and open_issues is 7".into())
    );
    let nameless = "the quality gate is red: it names no condition";
    assert_eq!(judged(SHOP, GateStatus::Error, &[]), (Fail, nameless.into()));
    let warns = "the quality gate warns: debt is 7, against 1";
    assert_eq!(judged(SHOP, GateStatus::Warn, &conditions), (Fail, warns.into()));
    let (measured, says) = judged(SHOP, GateStatus::Other("SILVER".into()), &conditions);
    assert!(measured == Inconclusive && says.contains("`SILVER`, which is not known"), "{says}");
    let ignored = QualityGate { status: GateStatus::Ok, conditions: Vec::new(), ignored_conditions: true };
    let says = "the quality gate is OK (0 conditions, some of them ignored because little code is new)";
    assert_eq!(told(SHOP, &SonarReply::Judged(ignored)), Ok((Pass, says.into())));
}

#[test]
fn none_and_warn_mean_what_the_policy_says() {
    for (policy, measured) in [("", Fail), ("none: fail", Fail), ("none: pass", Pass), ("none: wait", Wait)] {
        assert_eq!(judged(&format!("{SHOP}{policy}"), GateStatus::None, &[]).0, measured, "{policy}");
    }
    for (policy, measured) in [("warn: fail", Fail), ("warn: pass", Pass)] {
        assert_eq!(judged(&format!("{SHOP}{policy}"), GateStatus::Warn, &[]).0, measured, "{policy}");
    }
}

#[test]
fn an_analysis_is_waited_for_and_a_broken_one_fails() {
    let says = || String::from("the analysis is running");
    assert_eq!(told(SHOP, &SonarReply::Pending(says())), Ok((Wait, says())));
    assert_eq!(told(SHOP, &SonarReply::Broken(says())), Ok((Fail, says())));
    let outage = measured(&valid::<SonarQube>(SHOP), &place(&[]), |_| Err(Unanswered::outage("SonarQube answers 503")));
    assert_eq!(outage, Err("SonarQube answers 503".into()));
}

#[test]
fn the_question_holds_all_that_is_asked() {
    let query = |yaml: &str, variables| valid::<SonarQube>(yaml).query(&place(variables));
    let simple = query(SHOP, &[]).unwrap();
    assert_eq!((simple.url.as_str(), simple.project.as_str()), ("https://sonarcloud.io/", "shop"));
    assert_eq!(simple.subject, SonarSubject::Latest(SonarBranch::Main));
    let commit = format!("{SHOP}branch: main\nrevision: '{{commit}}'\n");
    assert_eq!(
        query(&commit, &[("commit", "be6c75b")]).unwrap().subject,
        SonarSubject::Revision("be6c75b".into(), SonarBranch::Named("main".into()))
    );
    assert_eq!(
        query(&commit, &[("commit", "be6c")]).unwrap_err().why,
        "the revision `be6c` is too short; 7 characters at least"
    );
    assert!(query(&commit, &[]).unwrap_err().why.contains("`commit` is not set"));
    for (yaml, subject) in [
        ("pull-request: 7", SonarSubject::Latest(SonarBranch::PullRequest("7".into()))),
        ("analysis: A1", SonarSubject::Analysis("A1".into(), SonarBranch::Main)),
        ("analysis: A1\nbranch: a", SonarSubject::Analysis("A1".into(), SonarBranch::Named("a".into()))),
        ("task: T1", SonarSubject::Task("T1".into())),
        ("branch: a", SonarSubject::Latest(SonarBranch::Named("a".into()))),
    ] {
        assert_eq!(query(&format!("{SHOP}{yaml}"), &[]).unwrap().subject, subject);
    }
}

#[test]
fn what_cannot_be_meant_is_told() {
    let cases = [
        ("{}", "the key `project` is missing"),
        ("{project: ''}", "an empty text names nothing"),
        ("{project: a, url: sonar.example.com}", "is no address"),
        ("{project: a, url: 'http://sonar.example.com'}", "write `plain: true`"),
        ("{project: a, url: 'https://10.0.0.9'}", "write `private: true`"),
        ("{project: a, url: 'https://sonar.example.com/?a'}", "without a query"),
        ("{project: a, token: squ_fake}", "not the secret itself"),
        ("{project: a, token: http/shop}", "below `sonarqube/`"),
        ("{project: a, branch: b, pull-request: 1}", "exclude each other"),
        ("{project: a, analysis: b, task: c}", "exclude each other"),
        ("{project: a, analysis: b, revision: c}", "exclude each other"),
        ("{project: a, task: b, branch: c}", "`branch` goes with the first two only"),
        ("{project: a, pull-request: 1, revision: abcdefg}", "cannot look for the commit of a pull request"),
        ("{project: a, none: ignore}", "unknown word `ignore`"),
        ("{project: a, warn: wait}", "unknown word `wait`"),
        ("{project: a, pull_request: 1}", "did you mean `pull-request`?"),
    ];
    for (yaml, told) in cases {
        let problem = problem::<SonarQube>(yaml);
        assert!(problem.starts_with("line 1, column ") && problem.contains(told), "{yaml}: {problem}");
    }
}

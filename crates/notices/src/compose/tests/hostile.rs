//! Nothing from outside can call, link or format, wherever it comes in.

use super::*;
use pipeline_model::{Decision, Revision, RollbackOutcome, ScanFinding, Verdict};

use crate::outgoing::Outgoing;
use crate::testing::{check, decided, desk, everything, finding, gated, opened, unread, with, with_gate, with_scan};

/// Everything text from outside might try.
const HOSTILE: &str = "<!channel> <@U012345> *b* _i_ ~s~ `c` <https://evil.example|Approve> &lt; \u{202E}txt.exe\n> quote\n@here #general";

/// Stories with hostile text in every place that takes text.
fn hostile() -> Vec<Story> {
    let says = format!(
        "why=\"{}\" code=\"{HOSTILE}\" by=\"{HOSTILE}\" url=\"javascript:alert(1)\"",
        HOSTILE.replace('\n', "\\n")
    );
    let begin = format!("0 execution STARTED commit=\"{HOSTILE}\" message=\"{HOSTILE}\" author=\"{HOSTILE}\" branch=\"{HOSTILE}\" repository=\"{HOSTILE}\"").replace('\n', "\\n");
    let mut failed = story(&format!(
        "{begin}\n1 stage Test STARTED\n2 action Test/Unit STARTED\n9 action Test/Unit FAILED {}\n9 execution FAILED",
        says.replace('\n', "\\n")
    ));
    failed.learn_execution(&ExecutionFacts::default());
    let mut waiting = story("0 execution STARTED\n2 action Approve/Manager STARTED as=Approval");
    let mut message = approval_message();
    message.custom_text = Some(HOSTILE.to_owned());
    message.review_link = Some(String::from("https://evil.example/> <!here"));
    message.external_link = Some(String::from("javascript:alert(1)"));
    waiting.absorb_approval(&message, at(3));
    let stopped = story(
        &format!("0 execution STOPPING comment=\"{HOSTILE}\"\n3 execution STOPPED")
            .replace(HOSTILE, &HOSTILE.replace('\n', "\\n")),
    );
    let mut passed = story(&format!(
        "1 stage Build STARTED\n1 action Build/Make STARTED\n5 action Build/Make SUCCEEDED {}\n5 stage Build SUCCEEDED",
        says.replace('\n', "\\n")
    ));
    passed.origin = Some(crate::story::Origin::Typed { kind: HOSTILE.to_owned(), detail: Some(HOSTILE.to_owned()) });
    let named = story(
        "0 execution STARTED\n1 stage <!channel>*x*_y_ STARTED\n2 action <!channel>*x*_y_/<@U1> FAILED why=x\n2 execution <!channel>_x_",
    );
    let mut rolled_back = story("0 execution STARTED\n9 execution SUCCEEDED");
    rolled_back.absorb_decision(&ruled(RollbackOutcome::Failed));
    let mut refused = rolled_back.clone();
    refused.absorb_decision(&ruled(RollbackOutcome::Refused));
    let mut cleared = crate::testing::blank();
    cleared.absorb_decision(&with(ruled(RollbackOutcome::Done), |rollback| rollback.cleared_at = Some(at(9))));
    let mut held = story("0 execution STARTED");
    held.absorb_decision(&asked(gated(Verdict::Wait, 5)));
    let mut gated = story("0 execution STARTED\n9 action Production/Check FAILED by=Lambda\n9 execution FAILED");
    gated.absorb_decision(&asked(crate::testing::gated(Verdict::Fail, 8)));
    gated.absorb_decision(&Decision { key: Some(String::from("another")), ..asked(opened(6)) });
    let mut scanned = story("0 execution STARTED\n9 action Test/Scan FAILED by=Lambda\n9 execution FAILED");
    scanned.absorb_decision(&looked(crate::testing::scanned(Verdict::Fail, 8)));
    let mut blind = story("0 execution STARTED");
    blind.absorb_decision(&looked(crate::testing::scanned(Verdict::Error, 8)));
    vec![failed, waiting, stopped, passed, named, rolled_back, refused, cleared, held, gated, scanned, blind]
}

/// A decision with hostile text in every place.
fn ruled(outcome: RollbackOutcome) -> Decision {
    let hostile = || Some(HOSTILE.to_owned());
    let revision = || Some(Revision { id: HOSTILE.to_owned(), summary: hostile(), url: hostile() });
    let decision = with(decided(outcome, 5), |rollback| {
        (rollback.alarm, rollback.alarm_reason, rollback.alarm_url) = (hostile(), hostile(), hostile());
        (rollback.from, rollback.to, rollback.target) = (revision(), revision(), hostile());
        rollback.target_execution = Some(ExecutionId::from(HOSTILE));
        rollback.rollback_execution = Some(ExecutionId::from(HOSTILE));
        rollback.steps = vec![HOSTILE.to_owned()];
        rollback.commands = vec![format!("aws x\n```\n{HOSTILE}"), String::from("```")];
    });
    Decision { reason: hostile(), stage: Some(StageName::from(HOSTILE)), ..decision }
}

/// What a gate says, with hostile text in every place.
fn asked(decision: Decision) -> Decision {
    let hostile = || Some(HOSTILE.to_owned());
    let decision = with_gate(decision, |gate| {
        gate.checks = vec![check(HOSTILE, HOSTILE, "fail", HOSTILE), check(HOSTILE, HOSTILE, HOSTILE, HOSTILE)];
        (gate.policy, gate.opened_by, gate.opened_because) = (hostile(), hostile(), hostile());
    });
    Decision { reason: hostile(), stage: None, action: None, ..decision }
}

/// What a scan says, with hostile text in every place.
fn looked(decision: Decision) -> Decision {
    let hostile = || Some(HOSTILE.to_owned());
    let decision = with_scan(decision, |scan| {
        let found = || ScanFinding { advice: hostile(), ..finding(HOSTILE, HOSTILE, HOSTILE) };
        (scan.top, scan.gaps) = (vec![found(), found()], vec![unread(HOSTILE, HOSTILE)]);
        (scan.policy, scan.report_url) = (hostile(), Some(format!("s3://{HOSTILE}")));
    });
    Decision { reason: hostile(), stage: None, action: None, ..decision }
}

#[test]
fn text_from_outside_stays_text_in_slack() {
    for story in hostile() {
        for delivery in all_of(&story) {
            let Ok(Outgoing::Http { body, .. }) = &delivery else { continue };
            assert_eq!(body["parse"], "none");
            for text in texts(body) {
                let markup = markup(&text);
                let ours =
                    |tag: &str| tag.starts_with("https://") && !tag.contains("evil") || tag.starts_with("!date^");
                assert!(markup.iter().all(|tag| ours(tag)), "{markup:?} in {text}");
                let text = prose(&text);
                assert!(
                    !text.contains(['~', '`', '\u{202E}']) && !text.contains("_i_") && !text.contains("_x_"),
                    "{text}"
                );
                assert_eq!(text.matches('*').count() % 2, 0, "{text}");
                assert!(!text.lines().any(|line| line.starts_with("&gt;")), "{text}");
            }
        }
    }
}

#[test]
fn text_from_outside_stays_text_on_the_topic() {
    for story in hostile() {
        for delivery in all_of(&story) {
            let Ok(Outgoing::Sns { subject, messages }) = &delivery else { continue };
            assert!(subject.is_ascii() && !subject.contains('\n'));
            assert!(
                !messages.values().any(|text| text.contains(['\u{202E}']) || text.contains("javascript:")),
                "{messages:?}"
            );
            let json: Value = serde_json::from_str(&messages["https"]).unwrap();
            let shown =
                [&json["content"]["title"], &json["content"]["description"]].map(|text| text.as_str().unwrap_or(""));
            assert!(!shown.iter().any(|text| text.contains(['<', '>', '*', '`'])), "{shown:?}");
        }
    }
}

#[test]
fn a_hostile_release_as_people_see_it() {
    insta::assert_json_snapshot!(hostile().into_iter().map(|story| shown(story, at(10))).collect::<Vec<_>>());
}

fn all_of(story: &Story) -> Vec<Result<Outgoing, crate::MissingCredential>> {
    let yaml = format!("routes: [{{channels: [\"slack:C0123456\", webhook, sns], outcomes: {}}}]", everything());
    let (mut record, mut channels) = (Record::new(story.clone()), Channels::default());
    channels.deliver(&mut record, &desk_with(&yaml), at(10));
    assert!(record.next(&desk(), at(10), &BTreeSet::new()).is_none());
    channels.sent.into_iter().map(|delivery| delivery.outgoing).collect()
}

/// What is not between fences, of which there may be two. Between them nothing is markup but a fence.
fn prose(text: &str) -> String {
    match text.split("```").collect::<Vec<_>>().as_slice() {
        [prose] => (*prose).to_owned(),
        [before, code, after] => {
            assert!(!code.contains(['`', '\u{202E}']) && code.starts_with('\n') && code.ends_with('\n'), "{code:?}");
            format!("{before}{after}")
        }
        _ => panic!("a fence too many: {text}"),
    }
}

/// Every text of a Slack body.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == "text" => vec![text.clone()],
                value => texts(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// What stands between angle brackets.
fn markup(text: &str) -> Vec<&str> {
    text.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default()).collect()
}

//! Whatever a story holds, each channel's limits are kept.

use proptest::prelude::*;

use super::*;
use pipeline_model::{Decision, FindingCounts, Revision, RollbackOutcome, ScanFinding, Verdict};

use crate::outgoing::Outgoing;
use crate::subject::Subject;
use crate::testing::{
    check, decided, everything, finding, gated, of_a_hook, of_no_execution, outside_of_pipelines, scanned, unread,
    with, with_gate, with_scan,
};

/// Text of every kind, and a lot of it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,30}",
        "[<>&*_`\\\\ \n\t\u{202e}\u{200b}é🚀]{0,60}",
        (0_usize..4_000).prop_map(|count| "&<🚀é\\ ".repeat(count / 4)),
        "[ \u{200b}\n]{0,3}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9.@_-]{1,100}",
        Just("n".repeat(100)),
        "\\PC{1,25}".prop_filter("not blank", |name| !name.contains(['/', ' ', '"', '\n']))
    ]
}

prop_compose! {
    fn any_story()(
        stages in proptest::collection::vec((name(), proptest::collection::vec(name(), 0..6), 0_usize..7), 0..14),
        texts in proptest::collection::vec(text(), 6),
        end in proptest::sample::select(vec!["STARTED", "SUCCEEDED", "FAILED", "STOPPED", "RESUMED", "CANCELED", "ODD"]),
        pipeline in name(), ordered in any::<bool>(), decisions in proptest::collection::vec(prop_oneof![any_decision(), any_gate(), any_scan()], 0..8),
    ) -> Story {
        let word = |at: usize| texts[at].replace(['"', '\n'], "\\n");
        let mut lines = format!("0 execution STARTED commit=\"{}\" message=\"{}\" author=\"{}\" branch=\"{}\"\n", word(0), word(1), word(2), word(3));
        let states = ["STARTED", "SUCCEEDED", "FAILED", "FAILED", "STARTED", "ABANDONED", "ODD"];
        for (at, (stage, actions, state)) in stages.iter().enumerate() {
            let category = if state % 4 == 0 { "Approval" } else { "Build" };
            for action in actions {
                lines += &format!("{at} action {stage}/{action} {} as={category} by=\"{}\" why=\"{}\" code=\"{}\" url=https://example.com/{}\n",
                    states[*state], word(2), word(4), word(5), "u".repeat(at * 90));
            }
            lines += &format!("{at} stage {stage} {}\n", states[*state]);
        }
        lines += &format!("99 execution {end} comment=\"{}\"", word(5));
        let arn = pipeline_model::PipelineArn::new("us-east-1", "111122223333", pipeline_model::PipelineName::new(pipeline));
        let mut story = Story::new(arn, ExecutionId::from(crate::testing::EXECUTION));
        told(&lines).iter().for_each(|event| story.absorb(event));
        if ordered {
            let stages = stages.iter().map(|(stage, ..)| StageName::new(stage.clone()));
            let asked = stages.clone().map(|stage| crate::ApprovalSettings {
                action: pipeline_model::ActionName::new(stage.to_string()), stage,
                custom_text: Some(texts[4].clone()), external_link: Some(texts[5].clone()), timeout_minutes: Some(5),
            });
            story.learn_structure(&Structure { stages: stages.clone().collect(), approvals: asked.collect() });
        }
        decisions.iter().for_each(|decision| story.absorb_decision(decision));
        story
    }
}

prop_compose! {
    fn any_decision()(
        texts in proptest::collection::vec(text(), 7), count in 0_usize..9, cleared in any::<bool>(),
        outcome in proptest::sample::select(vec!["done", "refused", "failed", "observed", "postponed"]),
    ) -> Decision {
        let text = |at: usize| Some(texts[at].clone());
        let revision = |at: usize| Some(Revision { id: texts[at].clone(), summary: text(at + 1), url: text(at) });
        let decision = with(decided(RollbackOutcome::from(outcome.to_owned()), 50), |rollback| {
            (rollback.alarm, rollback.alarm_reason, rollback.refusal) = (text(0), text(1), text(2));
            (rollback.from, rollback.to, rollback.cleared_at) = (revision(3), revision(4), cleared.then(|| at(70)));
            (rollback.steps, rollback.commands) = (vec![texts[5].clone(); count], vec![texts[6].clone(); count]);
        });
        Decision { reason: text(2), key: text(6), ..decision }
    }
}

prop_compose! {
    fn any_gate()(
        texts in proptest::collection::vec(text(), 7), count in 0_usize..40, key in "[a-d]", second in 400_i64..1_200,
        verdict in proptest::sample::select(vec!["pass", "wait", "inconclusive", "error", "fail", "postponed"]),
        (by, named) in any::<(bool, bool)>(),
    ) -> Decision {
        let text = |at: usize| Some(texts[at].clone());
        let decision = with_gate(gated(Verdict::from(verdict.to_owned()), second), |gate| {
            gate.checks = vec![check(&texts[0], &texts[1], verdict, &texts[2]); count];
            (gate.policy, gate.opened_by, gate.opened_because) = (text(3), text(4).filter(|_| by), text(5));
        });
        let stage = named.then(|| StageName::new(texts[6].clone()));
        Decision { reason: text(2), key: Some(key), stage, action: None, ..decision }
    }
}

prop_compose! {
    fn any_scan()(
        texts in proptest::collection::vec(text(), 7), count in 0_usize..12, key in "[a-d]", second in 100_i64..1_200,
        verdict in proptest::sample::select(vec!["pass", "error", "fail", "quarantine"]),
        counts in any::<[u32; 4]>(), named in any::<bool>(),
    ) -> Decision {
        let text = |at: usize| Some(texts[at].clone());
        let decision = with_scan(scanned(Verdict::from(verdict.to_owned()), second), |scan| {
            let found = ScanFinding { advice: text(3), line: None, places: 9, ..finding(&texts[0], &texts[1], &texts[2]) };
            (scan.top, scan.gaps) = (vec![found; count], vec![unread(&texts[4], &texts[5]); count]);
            let [critical, high, medium, low] = counts;
            scan.findings = FindingCounts { critical, high, medium, low };
            (scan.policy, scan.report_url) = (text(3), Some(format!("s3://{}", texts[6])));
        });
        let stage = named.then(|| StageName::new(texts[6].clone()));
        Decision { reason: text(2), key: Some(key), stage, action: None, ..decision }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_message_of_any_story_is_within_its_channels_limits(story in any_story(), late in any::<bool>()) {
        let yaml = format!("{OWNED}routes: [{{channels: [\"slack:C0123456\", webhook, sns], outcomes: {}}}]", everything());
        let (mut record, mut channels) = (Record::new(begun(&story)), Channels::default());
        let (desk, now) = (desk_with(&yaml), at(if late { 100_000 } else { 100 }));
        channels.deliver(&mut record, &desk, now);
        *record.story() = story;
        channels.deliver(&mut record, &desk, now);
        for delivery in record.urgent(&desk, now).iter().chain(&channels.sent) {
            match &delivery.outgoing {
                Ok(Outgoing::Http { body, .. }) => slack_takes(body)?,
                Ok(Outgoing::Sns { subject, messages }) => sns_takes(subject, messages)?,
                Err(missing) => prop_assert!(false, "{missing}"),
            }
        }
        let size = serde_json::to_vec(&record).unwrap().len();
        prop_assert!(size < 350_000, "{size} bytes stored");
    }

    #[test]
    fn every_message_of_any_incident_is_within_its_channels_limits(
        ruling in any_decision(), gate in any_gate(), scan in any_scan(), which in 0..3, target in text(),
    ) {
        let decision = match which {
            0 => outside_of_pipelines(ruling, &target),
            1 => of_a_hook(gate),
            _ => of_no_execution(scan),
        };
        if let Some(subject) = Subject::of(&decision).filter(|subject| !subject.is_uneventful()) {
            let desk = desk_with(&format!("{OWNED}routes: [{{channels: [\"slack:C0123456\", webhook, sns], outcomes: {}}}]", everything()));
            let (mut record, mut channels) = (Record::new(subject), Channels::default());
            channels.deliver(&mut record, &desk, at(100));
            prop_assert!(channels.sent.len() >= 2);
            for delivery in record.urgent(&desk, at(100)).iter().chain(&channels.sent) {
                match &delivery.outgoing {
                    Ok(Outgoing::Http { body, .. }) => slack_takes(body)?,
                    Ok(Outgoing::Sns { subject, messages }) => sns_takes(subject, messages)?,
                    Err(missing) => prop_assert!(false, "{missing}"),
                }
            }
        }
    }
}

fn slack_takes(body: &Value) -> Result<(), TestCaseError> {
    let length = |text: &Value| text.as_str().map_or(0, |text| text.trim().chars().count());
    prop_assert!((1..=4_000).contains(&length(&body["text"])), "{}", body);
    let attachments = body["attachments"].as_array().expect("always there, so that an edit replaces the old ones");
    prop_assert!(attachments.len() <= 1);
    for attachment in attachments {
        let blocks = attachment["blocks"].as_array().expect("blocks");
        prop_assert!((1..=50).contains(&blocks.len()), "{}", body);
        for block in blocks {
            let elements = block["elements"].as_array().cloned().unwrap_or_default();
            prop_assert!(elements.len() <= 10);
            for text in elements.iter().chain(block.get("text")) {
                prop_assert!((1..=3_000).contains(&length(&text["text"])), "{}", block);
            }
        }
    }
    Ok(())
}

fn sns_takes(subject: &str, messages: &std::collections::BTreeMap<String, String>) -> Result<(), TestCaseError> {
    prop_assert!(
        (1..=100).contains(&subject.len()) && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{subject:?}"
    );
    prop_assert!(subject.starts_with(|c: char| c.is_ascii_graphic()), "{subject:?}");
    let size = serde_json::to_vec(messages).unwrap().len();
    prop_assert!(size < 256 * 1024, "{size} bytes");
    prop_assert!(messages.values().all(|text| !text.trim().is_empty()));
    Ok(())
}

#[test]
fn fifty_stages_of_twenty_actions_with_the_longest_names_are_summed_up() {
    let stages: Vec<String> = (0..50).map(|stage| format!("{}{stage:02}", "s".repeat(98))).collect();
    let mut lines = String::from("0 execution STARTED\n");
    for (at, stage) in stages.iter().enumerate().take(26) {
        for action in 0..20 {
            let state = if at == 25 && action > 3 { "FAILED" } else { "SUCCEEDED" };
            lines += &format!(
                "{at} action {stage}/{}{action:02} {state} by=CodeBuild why=said code=JobFailed\n",
                "a".repeat(98)
            );
        }
        lines += &format!("{at} stage {stage} {}\n", if at == 25 { "FAILED" } else { "SUCCEEDED" });
    }
    lines += "26 execution FAILED";
    let names: Vec<&str> = stages.iter().map(String::as_str).collect();
    let edit = shown(informed(&[&lines], &names), at(30))["slack"]["edit"][0].clone();
    slack_takes(&edit).unwrap();
    insta::assert_json_snapshot!(edit);
}

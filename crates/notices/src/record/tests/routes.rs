//! Who hears of what.

use super::*;

/// The addresses that hear anything of a release with these settings, and how often.
fn heard(yaml: &str) -> BTreeMap<String, usize> {
    let (_, channels, _) = follow(RELEASE, &desk_with(yaml));
    let mut heard = BTreeMap::new();
    for delivery in channels.sent.iter().filter(|delivery| delivery.kind != Kind::Edit) {
        *heard.entry(delivery.address.to_string()).or_default() += 1;
    }
    heard
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(address, count)| (address.to_owned(), count)).into()
}

#[test]
fn routes_choose_by_pipeline_stage_outcome_and_severity() {
    for (route, expected) in [
        ("{pipelines: [\"pay*\"], channels: [sns]}", counts([])),
        ("{pipelines: [\"pay*\", \"ord?rs\"], channels: [sns]}", counts([("sns", 2)])),
        ("{outcomes: [failed], channels: [sns, webhook]}", counts([("sns", 1), ("webhook", 1)])),
        ("{outcomes: [started, succeeded], channels: [webhook]}", counts([("webhook", 2)])),
        ("{severity: error, channels: [sns]}", counts([("sns", 1)])),
        ("{severity: warning, channels: [\"slack:C2\"]}", counts([("slack:C2", 1)])),
        ("{stages: [Production], channels: [webhook]}", counts([])),
        ("{stages: [Production], outcomes: [progress], channels: [webhook]}", counts([("webhook", 1)])),
        ("{stages: [\"Appr*\", Test], channels: [webhook]}", counts([("webhook", 2)])),
        ("{severity: error, outcomes: [approval], channels: [sns]}", counts([])),
    ] {
        assert_eq!(heard(&format!("routes: [{route}]")), expected, "{route}");
    }
}

#[test]
fn a_severity_that_is_written_holds_for_channels_that_are_quiet_by_default() {
    assert_eq!(heard("routes: [{severity: info, stages: [Source], channels: [webhook]}]"), counts([("webhook", 1)]));
}

#[test]
fn an_address_named_by_two_routes_hears_a_thing_once() {
    let yaml = "routes: [{outcomes: [failed], channels: [sns]}, {stages: [Test], channels: [sns]}]";
    assert_eq!(heard(yaml), counts([("sns", 1)]));
}

#[test]
fn two_addresses_each_have_their_own_message() {
    let yaml =
        "routes: [{outcomes: [failed], channels: [\"slack:C1\"]}, {outcomes: [approval], channels: [\"slack:C2\"]}]";
    let (_, _, sent) = follow(RELEASE, &desk_with(yaml));
    assert!(sent.contains(&String::from("slack:C1 post: orders is failing in Test")), "{sent:#?}");
    assert!(sent.contains(&String::from("slack:C2 post: orders waits for approval in Approve")), "{sent:#?}");
}

#[test]
fn a_message_begun_for_an_approval_is_kept_up_to_date_to_the_end() {
    let (_, _, sent) = follow(RELEASE, &desk_with("routes: [{outcomes: [approval], channels: [\"slack:C2\"]}]"));
    assert_eq!(sent.last().map(String::as_str), Some("slack:C2 edit: orders succeeded in 18 min 2 s"));
}

#[test]
fn without_routes_the_channel_the_webhook_and_the_topic_follow_from_what_is_stored() {
    let desk = |token: bool, webhook: bool, channel: Option<&str>| {
        let mut credentials = crate::testing::credentials();
        let keep = |name: &String| if name.contains("token") { token } else { webhook };
        credentials.secrets.retain(|name, _| keep(name));
        let desk = Desk::new(crate::Settings::default(), credentials, channel).unwrap();
        let record = record("0 execution STARTED\n9 stage Test FAILED");
        let failed = record.subject.moments().remove(1);
        desk.addresses(&record.subject, &failed).iter().map(Address::to_string).collect::<Vec<_>>()
    };
    assert_eq!(desk(true, true, Some("C1")), ["slack:C1", "sns"]);
    assert_eq!(desk(false, true, Some("C1")), ["sns", "webhook"]);
    assert_eq!(desk(true, true, Some("")), ["sns", "webhook"]);
    assert_eq!(desk(false, false, Some("C1")), ["slack:C1", "sns"]);
    assert_eq!(desk(true, false, None), ["sns"]);
}

#[test]
fn a_channel_parameter_that_is_no_channel_is_refused_by_name() {
    let refused = Desk::new(crate::Settings::default(), crate::testing::credentials(), Some("two words"));
    assert!(refused.is_err_and(|reason| reason.starts_with("SLACK_CHANNEL is `two words`: ")));
}

#[test]
fn owners_are_called_where_their_pipeline_fails_or_waits_and_nowhere_else() {
    let called = |pipelines: &str, lines: &str| {
        let yaml = format!("owners: [{{pipelines: [\"{pipelines}\"], mention: [U012345, S012345, U012345]}}]");
        let record = record(lines);
        let next = record.next(&desk_with(&yaml), at(9), &BTreeSet::new()).unwrap();
        let Ok(Outgoing::Http { body, .. }) = next.outgoing else { panic!("{next:?}") };
        body.to_string().contains("<@U012345> <!subteam^S012345>\"")
    };
    assert!(called("ord*", "9 stage Test FAILED"));
    assert!(called("*", "9 action Approve/Manager STARTED as=Approval"));
    assert!(!called("pay*", "9 stage Test FAILED"));
    assert!(!called("*", "9 stage Test SUCCEEDED"));
}

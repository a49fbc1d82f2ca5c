//! Times, sizes, hostile words, partitions and words that are new: cases 46 to 49 and 52.

use std::time::Duration;

use notifier::memory::{RecordingOutbox, Sent};
use notifier::outside::LARGEST_DOCUMENT;
use serde_json::{Value, json};

use crate::stage::{Letters, Stage, approval_message, words};

type Memorised = Stage<RecordingOutbox>;

async fn told(stage: &Memorised, events: &[Value]) -> Vec<Sent> {
    for events in events.chunks(10) {
        let bodies: Vec<String> = events.iter().map(Value::to_string).collect();
        assert_eq!(stage.receive(&bodies).await, [0; 0]);
    }
    stage.slack()
}

fn shown(sent: &[Sent]) -> String {
    sent.iter().map(|sent| words(&sent.outgoing)).collect::<Vec<_>>().join("\n")
}

/// Case 46.
#[tokio::test]
async fn every_way_aws_writes_a_time_is_read() {
    for (began, ended) in [
        ("2026-03-02T10:00:00Z", "2026-03-02T10:05:00Z"),
        ("2026-03-02T10:00:00.000Z", "2026-03-02T10:05:00.999Z"),
        ("2026-03-02T10:00:00.000+0000", "2026-03-02T10:05:00.000+0000"),
        ("2026-03-02T11:00:00+01:00", "2026-03-02T06:05:00-04:00"),
        ("2026-03-02T10:00Z", "2026-03-02T10:05Z"),
    ] {
        let (stage, orders) = (Stage::new(), Letters::of("1"));
        let mut event = orders.run("SUCCEEDED", 300);
        event["time"] = json!(ended);
        event["detail"]["start-time"] = json!(began);
        let sent = told(&stage, &[event]).await;
        assert!(shown(&sent).contains("succeeded in 5 min"), "{began}: {}", shown(&sent));
    }
}

/// Case 46: events from a clock that is ahead of ours, or far behind the event before.
#[tokio::test]
async fn clocks_that_disagree_lead_to_no_nonsense() {
    let (stage, mut orders) = (Stage::new(), Letters::of("1"));
    orders.began = crate::stage::start() + jiff::SignedDuration::from_mins(7);
    let sent = told(&stage, &orders.failure()).await;
    assert!(!shown(&sent).contains("late") && !shown(&sent).contains(" -"), "{}", shown(&sent));
    let mut end = orders.attempt(2).run("SUCCEEDED", -600);
    end["detail"]["start-time"] = json!("2026-03-02T12:00:00Z");
    let sent = told(&stage, &[end]).await;
    assert!(shown(&sent).contains("succeeded") || shown(&sent).contains("is fixed"), "{}", shown(&sent));
}

/// Case 46: an approval's expiry has no seconds.
#[tokio::test]
async fn an_approval_says_until_when_it_waits() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.releases.set_waiting("token-1", &orders.arn(), &orders.id());
    assert_eq!(stage.receive(&[approval_message("Approve", "token-1")]).await, [0; 0]);
    let text = shown(&stage.slack());
    assert!(text.contains("<!date^1773050400^"), "2026-03-09T10:00Z is missing: {text}");
}

/// Case 47: CodePipeline's own limit is 50 stages of 50 actions, and 1,000 actions in all.
#[tokio::test]
async fn the_largest_pipeline_fits_into_an_item_and_into_slacks_limits() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let reason = "Exit status 1 in a test with a long name; ".repeat(40);
    let mut events = vec![orders.run("STARTED", 0)];
    for number in 0..1_000 {
        let (group, action) =
            (format!("Stage{}{}", number / 20, "-long".repeat(15)), format!("Action{number}{}", "-long".repeat(15)));
        events.push(orders.failed_action(&group, &action, &reason, 10 + number));
    }
    events.extend((0..50).map(|number| orders.stage(&format!("Stage{number}{}", "-long".repeat(15)), "FAILED", 2_000)));
    events.push(orders.run("FAILED", 2_001));
    let sent = told(&stage, &events).await;
    let document = stage.world.table.item(&orders.key()).unwrap().document;
    assert!(document.len() < LARGEST_DOCUMENT, "{} bytes", document.len());
    for sent in &sent {
        within_limits(sent.body());
    }
    assert!(shown(&sent).contains("failed in"));
}

/// Case 47: an event may have 256 KB, all of them in one sentence.
#[tokio::test]
async fn one_endless_sentence_is_cut_between_characters() {
    for sentence in ["word ".repeat(50_000), "é".repeat(120_000), "👨‍👩‍👧".repeat(14_000), "&<>".repeat(80_000)]
    {
        let (stage, orders) = (Stage::new(), Letters::of("1"));
        let events = [
            orders.failed_action("Build", "Compile", &sentence, 60),
            orders.pushed(&sentence, &sentence),
            orders.run("FAILED", 61),
        ];
        for sent in told(&stage, &events).await {
            within_limits(sent.body());
            assert!(!words(&sent.outgoing).contains('\u{FFFD}'));
        }
        let stored = stage.world.table.item(&orders.key()).unwrap().document.len();
        assert!(stored < 20_000, "{stored} bytes");
    }
}

fn within_limits(body: &Value) {
    let text = body["text"].as_str().unwrap();
    assert!(!text.is_empty() && text.chars().count() <= 4_000);
    let attachments = body["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let blocks: Vec<&Value> = attachments.iter().flat_map(|one| one["blocks"].as_array().unwrap()).collect();
    assert!(blocks.len() <= 50, "{} blocks", blocks.len());
    for block in blocks {
        let texts = [&block["text"], &block["elements"][0]];
        let written = texts.iter().filter_map(|text| text["text"].as_str()).collect::<String>();
        assert!(!written.is_empty() && written.chars().count() <= 3_000, "{} characters", written.chars().count());
    }
}

/// Case 48.
#[tokio::test]
async fn hostile_words_call_nobody_and_format_nothing() {
    let hostile = "<!channel> <!here> <@U0000000001> <!subteam^S0000000001> *bold* `code` ~gone~ & \
                   <https://example.com/phish|click> \u{202E}gnp.exe\u{200B}\u{7} :rotating_light:";
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let events = [
        orders.pushed(hostile, hostile),
        orders.failed_action("Build", "Compile", hostile, 60),
        orders.stage("Build", "FAILED", 61),
        orders.run("FAILED", 62),
    ];
    let sent = told(&stage, &events).await;
    let text = shown(&sent);
    assert!(text.contains("&lt;!channel&gt;"), "{text}");
    for forbidden in
        ["<!channel>", "<!here>", "<@U", "<!subteam", "<https://example.com/phish", "\u{202E}", "\u{200B}", "\u{7}"]
    {
        assert!(!text.contains(forbidden), "{forbidden:?} in {text}");
    }
}

/// Case 48: only the settings call people.
#[tokio::test]
async fn owners_are_called_on_a_failure_and_only_they() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.settings.set(
        "settings",
        "owners: [{ pipelines: ['ord*'], mention: [S0000000001] }, { pipelines: [other], mention: [channel] }]",
    );
    let text = shown(&told(&stage, &orders.failure()).await);
    assert!(text.contains("<!subteam^S0000000001>") && !text.contains("<!channel>"), "{text}");
}

/// Case 49.
#[tokio::test]
async fn every_partition_is_told_and_linked_to_its_own_console() {
    for (partition, region, console) in [
        ("aws", "eu-west-3", Some("console.aws.amazon.com")),
        ("aws-cn", "cn-north-1", Some("console.amazonaws.cn")),
        ("aws-us-gov", "us-gov-west-1", Some("console.amazonaws-us-gov.com")),
        ("aws-eusc", "eusc-de-east-1", None),
        ("aws-iso-f", "us-isof-south-1", None),
        ("aws-new", "xx-new-1", None),
    ] {
        let (stage, orders) = (Stage::new(), Letters::of("1").in_partition(partition, region));
        let text = shown(&told(&stage, &orders.failure()).await);
        assert!(text.contains("failed in"), "{partition}: {text}");
        match console {
            Some(console) => assert!(text.contains(console), "{partition}: {text}"),
            None => assert!(!text.contains("console.aws.amazon.com"), "{partition}: {text}"),
        }
        assert!(stage.world.table.item(&orders.key()).is_some(), "{partition}: the ARN is kept as it came");
    }
}

/// Case 52.
#[tokio::test]
async fn a_state_that_is_new_is_shown_as_it_came() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let sent = told(&stage, &[orders.run("STARTED", 0), orders.run("PAUSED_BY_WEATHER", 60)]).await;
    assert!(shown(&sent).contains("PAUSED_BY_WEATHER"), "{}", shown(&sent));
    let sent = told(&stage, &[orders.run("SUCCEEDED", 90)]).await;
    assert!(shown(&sent).contains("succeeded"), "what is new can still end: {}", shown(&sent));
}

/// Case 52.
#[tokio::test]
async fn fields_triggers_and_kinds_that_are_new_are_tolerated() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    let mut begun = orders.run("STARTED", 0);
    begun["detail"]["execution-trigger"] = json!({ "trigger-type": "MoonPhase", "new": [1] });
    begun["detail"]["mood"] = json!({ "deep": [{}] });
    let mut action = orders.action("Build", "Compile", "SUCCEEDED", 60);
    action["detail"]["type"]["category"] = json!("Divination");
    let sent = told(&stage, &[begun, action]).await;
    assert!(shown(&sent).contains("MoonPhase"), "{}", shown(&sent));
    let mut unknown = orders.run("STARTED", 0);
    unknown["detail-type"] = json!("CodePipeline Artifact Moved");
    assert_eq!(told(&stage, &[unknown]).await, []);
}

/// Case 46: what waits is not waited for past its end.
#[tokio::test]
async fn an_approval_that_ran_out_is_not_announced() {
    let (stage, orders) = (Stage::new(), Letters::of("1"));
    stage.world.clock.advance(Duration::from_secs(8 * 24 * 3_600));
    let sent = told(&stage, &[orders.run("STARTED", 0), orders.approval("Approve", "STARTED", 60)]).await;
    assert!(sent.iter().all(|sent| sent.body()["reply_broadcast"] != true), "{}", shown(&sent));
}

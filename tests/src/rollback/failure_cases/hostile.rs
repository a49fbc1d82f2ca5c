//! Words of strangers: alarm names, reasons and commits are data, in what is published and in what people paste. Case 48.

use pipeline_model::{AlarmState, Published};
use rollback_plans::{CONSENT_TAG, Limits, Mode};

use crate::rollback::alarms::Change;
use crate::rollback::guard::{Guard, PIPELINE};

const HOSTILE: &str = "orders'; rm -rf $(HOME) `id` <!channel> \"quoted\" \u{202E}gnp.exe\u{200B} ünï \n--option";

fn hostile_guard() -> Guard {
    let guard = Guard::after("good@10").limits(Limits { closes_transition: true, ..Limits::default() });
    guard.protect(HOSTILE, &[(CONSENT_TAG, "orders/Production")]);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, HOSTILE);
    guard.go_to(45);
    guard
}

/// Case 48: what is published is JSON that comes back as it was, whoever wrote the words.
#[tokio::test]
async fn hostile_words_are_published_as_data_and_come_back_as_they_were() {
    let guard = hostile_guard();
    let change = Change { reason: HOSTILE.to_owned(), ..guard.turn(HOSTILE, AlarmState::Alarm) };
    guard.hear(&change.event()).await;
    let decision = guard.world.bus.take_published().remove(0);
    let detail = decision.detail();
    assert_eq!((&detail["alarm"], &detail["alarm-reason"]), (&HOSTILE.into(), &HOSTILE.into()));
    assert_eq!(detail["from"]["summary"], format!("Change {HOSTILE}"));
    let bytes = decision.to_json().to_string();
    let Ok(Published::Decision(read)) = Published::parse(bytes.as_bytes()) else { panic!("unreadable: {bytes}") };
    assert_eq!(*read, decision);
    assert!(bytes.len() < 200_000, "an event may have 256 KB");
}

/// Case 48: the reason of a closed transition has an alphabet, and no word of a stranger leaves it.
#[tokio::test]
async fn a_transition_is_closed_with_a_reason_that_codepipeline_accepts() {
    let guard = hostile_guard();
    guard.hear(&guard.turn(HOSTILE, AlarmState::Alarm).event()).await;
    let rollback_plans::Step::CloseTransition { reason, .. } = guard.world.services.done().remove(0) else {
        panic!("the transition is closed first")
    };
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "!@ ().*?-".contains(letter);
    assert!(reason.chars().all(fits) && (1..=300).contains(&reason.len()), "{reason}");
}

/// Case 48: people paste commands. Nothing in them is run but the command.
#[tokio::test]
async fn commands_quote_whatever_is_not_a_plain_word() {
    let guard = Guard::after(&format!("{}@10 bad@40", "x';reboot;'")).mode(Mode::Observe);
    guard.go_to(45);
    guard.red().await;
    let command = guard.world.bus.take_published().remove(0).detail()["commands"][0].as_str().unwrap().to_owned();
    assert!(command.ends_with(r"--target-pipeline-execution-id 'x'\'';reboot;'\'''"), "{command}");
}

/// Case 48: a tag is written by people, too.
#[tokio::test]
async fn a_tag_that_names_nothing_is_told_and_its_command_is_quoted() {
    for tag in ["orders", "orders/Production;reboot", "$(id)/x", "-x/y", "orders/", "ünï/x", "s3:a/b", ""] {
        let guard = Guard::after("good@10 bad@40");
        guard.protect("it's", &[(CONSENT_TAG, tag)]);
        guard.go_to(45);
        let told = guard.hear(&guard.turn("it's", AlarmState::Alarm).event()).await;
        assert_eq!(told, "ignored: nothing says what this alarm protects");
        let decision = guard.world.bus.take_published().remove(0).detail();
        assert_eq!(decision["refusal"], "tag-unreadable", "{tag}");
        let command = decision["commands"][0].as_str().unwrap();
        assert!(command.ends_with(r"'arn:aws:cloudwatch:us-east-1:111122223333:alarm:it'\''s'"), "{command}");
        assert_eq!(guard.acts(), [""; 0]);
    }
}

//! Every file in `events/reverter` goes through the reverter twice: the first time shows what it does, the second time
//! nothing more may be done. Only a refusal may be said again, in the same words and under the same key, because a
//! refusal leaves nothing behind.

use jiff::{SignedDuration, Timestamp};
use lambda_kit::Home;
use pipeline_model::{AlarmChange, AlarmEvent, AlarmState, Decided, Decision};
use reverter::memory::Memory;
use rollback_plans::{CONSENT_TAG, Limits};
use serde_json::Value;

use super::alarms::Change;
use super::guard::{Guard, PIPELINE, STAGE, words};
use crate::{files, read};

#[test]
fn every_file_does_what_its_snapshot_says_and_nothing_more_the_second_time() {
    let files = files("events/reverter", "json");
    assert!(files.len() > 50, "events/reverter is nearly empty");
    insta::with_settings!({ snapshot_path => "../../snapshots/reverter", prepend_module_to_snapshot => false, omit_expression => true }, {
        for file in files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            insta::assert_snapshot!(name.clone(), effects(&name, &read(&file)));
        }
    });
}

#[tokio::main(flavor = "current_thread")]
async fn effects(name: &str, event: &str) -> String {
    let event: Value = serde_json::from_str(event).expect("JSON");
    let guard = world_before(name, &event).await;
    guard.world.bus.take_published();
    let (acts, errands) = (guard.acts().len(), guard.world.laters.waiting().len());

    let mut lines = give(&guard, &event).await;
    let published = guard.world.bus.take_published();
    lines.extend(published.iter().map(shown));
    lines.extend(guard.acts().split_off(acts).iter().map(|act| format!("asked to {act}")));
    lines.extend(guard.world.laters.waiting().split_off(errands).iter().map(|later| {
        let after = later.due.duration_since(guard.now()).as_secs();
        let body: Value = serde_json::from_str(&later.body).expect("JSON");
        let kind = body.as_object().and_then(|errand| errand.keys().next().cloned()).unwrap_or_default();
        format!("to itself after {after} s: {kind}")
    }));

    second_time(&guard, &event, &published).await;
    visible(&lines.join("\n\n"))
}

/// A second time nothing is done, and only refusals are told.
async fn second_time(guard: &Guard, event: &Value, first: &[Decision]) {
    let (acts, waiting) = (guard.acts(), guard.world.laters.waiting());
    let books = guard.world.books.all(guard.now());
    guard.wait_seconds(20);
    give(guard, event).await;
    assert_eq!(guard.acts(), acts, "the second time something was done");
    assert_eq!(guard.world.laters.waiting(), waiting, "the second time something was left to be done");
    assert_eq!(guard.world.books.all(guard.now()), books, "the second time something was written down");
    let identity = |decision: &Decision| (words(decision), decision.reason.clone());
    for again in guard.world.bus.take_published() {
        assert!(words(&again).contains(": refused ("), "the second time it is told: {again:?}");
        assert!(first.iter().any(|first| identity(first) == identity(&again)), "the second time is new: {again:?}");
    }
}

async fn give(guard: &Guard, event: &Value) -> Vec<String> {
    match guard.invoke(event).await.expect("no crash was asked for") {
        Ok(told) if told.is_empty() => vec![String::from("nothing")],
        Ok(told) => told,
        Err(failure) => vec![format!("fails, and comes again: {failure}")],
    }
}

/// What a person needs of a decision.
fn shown(decision: &Decision) -> String {
    let Decided::Rollback(rollback) = &decision.what else { panic!("no rollback: {decision:?}") };
    let mut lines = vec![format!("published {}", words(decision))];
    lines.extend(decision.reason.iter().map(|reason| format!("  {reason}")));
    let revision =
        |revision: &Option<pipeline_model::Revision>| revision.as_ref().map_or("-".into(), |it| it.id.clone());
    lines.push(format!("  from {} to {}", revision(&rollback.from), revision(&rollback.to)));
    lines.push(format!("  red since {}", rollback.red_since.map_or("-".into(), |at| at.to_string())));
    let evidence = [("because", &rollback.alarm_reason), ("see", &rollback.alarm_url)];
    lines.extend(evidence.into_iter().filter_map(|(word, text)| Some(format!("  {word} {}", text.as_ref()?))));
    lines.extend(rollback.steps.iter().map(|step| format!("  did or would: {step}")));
    lines.extend(rollback.commands.iter().map(|command| format!("  run: {command}")));
    lines.join("\n")
}

/// What a reader of a snapshot would not see is spelt out.
fn visible(text: &str) -> String {
    let is_hidden = |letter: char| {
        letter.is_control() && letter != '\n'
            || ('\u{200B}'..='\u{200F}').contains(&letter)
            || ('\u{202A}'..='\u{202E}').contains(&letter)
            || ('\u{2066}'..='\u{2069}').contains(&letter)
    };
    let spelt = |letter: char| if is_hidden(letter) { letter.escape_unicode().to_string() } else { letter.to_string() };
    text.chars().map(spelt).collect()
}

/// What happens before the file: `good` is released at four, `bad` at eight to five, each alarm of the file protects the
/// stage and has the past the file tells, and has asked for a rollback if the file says that it is green again.
async fn world_before(name: &str, event: &Value) -> Guard {
    let changes = changes(event);
    let world = Memory::at(clock("15:30:00"));
    world.services.create_pipeline(PIPELINE, &["Source", "Build", STAGE]);
    let mut guard = Guard::with(world, Limits::default());
    guard.reverter.home = Home { region: region_of(name).to_owned(), account: String::from("111122223333") };
    let mut plot: Vec<(Timestamp, Scene<'_>)> =
        vec![(clock("16:00:00"), Scene::Release("good")), (clock("16:52:00"), Scene::Release("bad"))];
    for change in &changes {
        guard.world.alarms.create(&change.alarm.name, &[(CONSENT_TAG, "orders/Production")]);
        let before = change.previous.as_ref().map(|before| (before.state.clone(), before.since));
        let (state, since) = before.unwrap_or((AlarmState::Ok, None));
        // A topic's message does not say since when.
        let since = since.unwrap_or(clock(if state == AlarmState::Alarm { "17:04:40" } else { "15:56:40" }));
        plot.push((since, Scene::Turn(change, state)));
        plot.push((change.at, Scene::Now(change)));
    }
    plot.sort_by_key(|(at, _)| *at);
    for (at, scene) in plot {
        move_to(&guard, at);
        scene.play(&guard).await;
    }
    guard.wait_seconds(2);
    guard
}

enum Scene<'a> {
    Release(&'static str),
    /// The state before.
    Turn(&'a AlarmChange, AlarmState),
    /// What the file tells.
    Now(&'a AlarmChange),
}

impl Scene<'_> {
    async fn play(self, guard: &Guard) {
        match self {
            Self::Release(release) => guard.world.services.release(PIPELINE, release),
            Self::Turn(change, state) => {
                let told = guard.turn(&change.alarm.name, state);
                if change.state == AlarmState::Ok && told.state == AlarmState::Alarm {
                    guard.hear(&Change { reason: String::from("red before"), ..told }.event()).await;
                }
            }
            Self::Now(change) => drop(guard.turn(&change.alarm.name, change.state.clone())),
        }
    }
}

/// The changes a file tells; none if it cannot be read.
fn changes(event: &Value) -> Vec<AlarmChange> {
    let events = AlarmEvent::parse(event).unwrap_or_default().into_iter();
    events
        .filter_map(|event| match event {
            AlarmEvent::Change(change) => Some(*change),
            AlarmEvent::Other { .. } => None,
        })
        .collect()
}

/// Files from China and the government's cloud are heard there; all others in Virginia.
fn region_of(name: &str) -> &'static str {
    match name {
        _ if name.starts_with("from-china") => "cn-north-1",
        _ if name.starts_with("from-the-government-cloud") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

fn clock(time: &str) -> Timestamp {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

fn move_to(guard: &Guard, at: Timestamp) {
    let ahead = at.duration_since(guard.now()).max(SignedDuration::ZERO);
    guard.world.clock.advance(ahead.unsigned_abs());
}

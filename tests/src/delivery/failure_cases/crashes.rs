//! A process dies at any call it makes: cases 7 and 8.
//!
//! Nothing is lost. Samples are recorded twice in one case only: the process dies after CloudWatch took them and before
//! the window that remembers them was stored.

use std::time::Duration;

use lambda_kit::doubles::Moment;
use recorder::memory::ScriptedReleases;

use super::{bodies, calm, office_of, recorded, waiting};
use crate::delivery::office::{Office, TIMEOUT, recorder};
use crate::delivery::story::Story;

/// What CloudWatch holds at the end.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Recorded {
    Once,
    Twice,
}

/// Samples were taken, and no window remembers them.
fn will_repeat(office: &Office<ScriptedReleases>) -> bool {
    let mut items = office.world.ledger.items().into_iter();
    let is_remembered = items.any(|(key, entry)| key != "reconcile" && entry.window.is_some());
    !recorded(office).is_empty() && !is_remembered
}

fn begin_anew(office: &mut Office<ScriptedReleases>) {
    office.recorder = recorder(&office.world, office.world.releases.clone());
    office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
}

/// Tells a release in two batches; `None` if the process did not make so many calls.
async fn told_with_a_crash(story: &Story, call: usize, moment: Moment) -> Option<Recorded> {
    let mut office = office_of(story, "Succeeded");
    office.world.crash_at(call, moment);
    let mut expected = None;
    let events = bodies(&story.gated_release());
    for batch in [&events[..1], &events[1..]] {
        if office.invoke(1, batch).await.is_none() {
            expected = Some(if will_repeat(&office) { Recorded::Twice } else { Recorded::Once });
            begin_anew(&mut office);
            assert_eq!(office.invoke(2, batch).await.unwrap(), [0; 0], "call {call}, {moment:?}");
        }
    }
    let place = format!("call {call}, {moment:?}");
    check(&office, expected?, &calm(story, &story.gated_release()).await, &place);
    // Whatever was left in the inbox adds nothing.
    office.world.clock.advance(TIMEOUT + Duration::from_secs(3));
    office.hear(&story.gated_release()).await;
    check(&office, expected?, &calm(story, &story.gated_release()).await, &place);
    assert_eq!(waiting(&office), 0, "{place}");
    expected
}

fn check(office: &Office<ScriptedReleases>, expected: Recorded, once: &[String], place: &str) {
    let mut all = once.to_vec();
    if expected == Recorded::Twice {
        all.extend_from_slice(once);
        all.sort();
    }
    assert_eq!(recorded(office), all, "{place}");
}

/// Cases 7 and 8.
#[tokio::test]
async fn a_crash_at_any_call_loses_nothing_and_repeats_only_what_was_taken_and_not_remembered() {
    let story = Story::of("1");
    let (mut repeats, mut calls) = (Vec::new(), 0);
    for moment in [Moment::Before, Moment::After] {
        let mut call = 1;
        while let Some(recorded) = told_with_a_crash(&story, call, moment).await {
            if recorded == Recorded::Twice {
                repeats.push((call, moment));
            }
            call += 1;
        }
        calls = call - 1;
    }
    // The last two calls take the samples and store the window.
    assert_eq!(repeats, [(calls, Moment::Before), (calls - 1, Moment::After)]);
    assert!(calls >= 6, "settings, inbox, inbox, stages, commit, samples, window: {calls} calls");
}

/// Repairs a release nobody told of; `None` if the process did not make so many calls.
async fn swept_with_a_crash(story: &Story, call: usize, moment: Moment) -> Option<Recorded> {
    let mut office = office_of(story, "Succeeded");
    office.world.releases.set_executions("orders-release", vec![story.summary("Succeeded", 300)]);
    office.world.crash_at(call, moment);
    if office.sweep().await.is_some() {
        return None;
    }
    let expected = if will_repeat(&office) { Recorded::Twice } else { Recorded::Once };
    begin_anew(&mut office);
    assert!(!office.sweep().await.unwrap().is_busy, "call {call}, {moment:?}");
    office.sweep().await.unwrap();
    check(&office, expected, &calm(story, &story.release()).await, &format!("call {call}, {moment:?}"));
    Some(expected)
}

/// Cases 7 and 8, while repairing.
#[tokio::test]
async fn a_crash_at_any_call_of_a_sweep_loses_nothing_and_repeats_only_what_was_taken_and_not_remembered() {
    let story = Story::of("1");
    for moment in [Moment::Before, Moment::After] {
        let (mut call, mut repeats) = (1, 0);
        while let Some(recorded) = swept_with_a_crash(&story, call, moment).await {
            repeats += usize::from(recorded == Recorded::Twice);
            call += 1;
        }
        assert_eq!(repeats, 1, "{moment:?}");
        assert!(call > 10, "a sweep takes more calls than {call}");
    }
}

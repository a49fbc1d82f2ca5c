//! Any order, any repetition: the same story.

use pipeline_model::RollbackOutcome;

use super::*;
use crate::testing::decided;

/// The events of a release with its approval message and what was decided among them.
fn reports() -> Vec<Report> {
    let decisions = [RollbackOutcome::Done, RollbackOutcome::Refused].map(|outcome| decided(outcome, 1_200));
    [reports_of(RELEASE, decisions), vec![Report::Message]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_duplicates_end_in_the_same_story_moments_and_notice(reports in in_any_order(reports(), 5)) {
        assert_same(&joined(&reports), &joined(&self::reports()))?;
    }

    #[test]
    fn what_is_over_stays_over_until_a_later_attempt(reports in in_any_order(reports(), 5)) {
        let mut story = blank();
        for report in &reports {
            let (was_over, attempt) = (story.is_over(), story.attempt());
            absorb(&mut story, report);
            prop_assert!(!was_over || story.is_over() || story.attempt() > attempt);
        }
    }

    #[test]
    fn what_was_worth_telling_keeps_its_key(reports in in_any_order(reports(), 5)) {
        let mut story = blank();
        let mut seen = BTreeSet::new();
        for report in &reports {
            absorb(&mut story, report);
            seen.extend(moment::moments(&story).into_iter().filter(|moment| moment.outcome.is_loud()).map(|moment| moment.key));
        }
        // An approval told before anything of the second attempt is known counts for the first.
        let expected = ["approval:Approve/Manager:1", "approval:Approve/Manager:2", "failed:1"].map(String::from);
        let (decided, others): (BTreeSet<_>, BTreeSet<_>) = seen.into_iter().partition(|key| key.starts_with("rollback:"));
        prop_assert!(others.is_subset(&expected.into()), "{others:?}");
        prop_assert_eq!(decided.len(), 2, "{:?}", decided);
    }
}

#[test]
fn an_approval_message_before_between_or_after_its_events_is_one_moment() {
    let events = told("0 execution STARTED\n5 stage Approve STARTED\n5 action Approve/Manager STARTED as=Approval");
    let mut stories = Vec::new();
    for place in 0..=events.len() {
        let mut story = blank();
        events[..place].iter().for_each(|event| story.absorb(event));
        story.absorb_approval(&approval_message(), at(6));
        assert_eq!(of(&story, Outcome::Approval).len(), 1, "right after the message at {place}");
        events[place..].iter().for_each(|event| story.absorb(event));
        let asked: Vec<_> = of(&story, Outcome::Approval).into_iter().map(|moment| moment.key).collect();
        assert_eq!(asked, ["approval:Approve/Manager:1"]);
        stories.push(story);
    }
    assert!(stories.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_message_that_comes_after_the_answer_asks_nobody() {
    let mut story =
        story("0 action Approve/Manager STARTED as=Approval\n5 action Approve/Manager SUCCEEDED as=Approval");
    story.absorb_approval(&approval_message(), at(6));
    assert_eq!(of(&story, Outcome::Approval), []);
}

#[test]
fn the_newest_message_of_a_retried_approval_wins_in_either_order() {
    let newer = ApprovalRequest { expires: Some(at(99_999)), review_link: None, ..approval_message() };
    let mut forth = story("0 #2 action Approve/Manager STARTED as=Approval");
    let mut back = forth.clone();
    forth.absorb_approval(&approval_message(), at(0));
    forth.absorb_approval(&newer, at(60));
    back.absorb_approval(&newer, at(60));
    back.absorb_approval(&approval_message(), at(0));
    assert_eq!(forth, back);
    assert_eq!(forth.pending()[0].expires, at(99_999));
}

#[test]
fn a_message_of_an_earlier_attempt_asks_nobody_during_the_retry() {
    let mut story = story(
        "0 action Approve/Manager STARTED as=Approval\n5 action Approve/Manager FAILED as=Approval\n5 stage Approve FAILED
         5 execution FAILED\n60 #2 stage Approve RESUMED",
    );
    story.absorb_approval(&approval_message(), at(1));
    assert_eq!(of(&story, Outcome::Approval), []);
}

#[test]
fn an_action_of_a_later_attempt_is_enough_to_know_of_that_attempt() {
    let story = story("5 stage Test FAILED\n5 execution FAILED\n60 #2 action Test/Unit STARTED");
    assert_eq!(keys(&story), ["failed:1", "resumed:2"]);
    assert!(!story.is_over());
}

#[test]
fn the_deadline_of_an_earlier_attempt_is_not_that_of_the_retry() {
    let mut story =
        story("0 action Approve/Manager FAILED as=Approval\n80000 #2 action Approve/Manager STARTED as=Approval");
    story.absorb_approval(&approval_message(), at(0));
    assert_eq!(story.pending()[0].expires, at(80_000 + 7 * 24 * 3_600));
}

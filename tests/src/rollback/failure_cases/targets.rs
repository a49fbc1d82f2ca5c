//! What a stage goes back to: outdated, changed or no candidates, and starting the pipeline anew. Case 42.

use pipeline_model::{Decided, Decision};
use rollback_plans::{CONSENT_TAG, Carried, Limits, Step};

use crate::rollback::guard::{Guard, PIPELINE, STAGE};

fn outdated() -> Carried {
    Carried::Impossible(String::from("PipelineExecutionOutdatedException: the execution is outdated"))
}

fn redeploying() -> Limits {
    Limits { redeploys: true, ..Limits::default() }
}

fn detail(decision: &Decision) -> (Vec<String>, Vec<String>) {
    let Decided::Rollback(rollback) = &decision.what else { panic!("a rollback") };
    (rollback.steps.clone(), rollback.commands.clone())
}

/// Case 42.
#[tokio::test]
async fn an_outdated_candidate_is_skipped_for_the_next_newest() {
    let guard = Guard::after("a@1 b@5 c@10 bad@40");
    guard.world.services.answer_next(outdated());
    guard.go_to(45);
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
    assert_eq!(guard.rollbacks(), ["b"]);
    let decision = guard.world.bus.take_published().remove(0);
    let (steps, _) = detail(&decision);
    assert_eq!(
        steps[0],
        "Could not roll stage Production of orders back to execution c: PipelineExecutionOutdatedException: the execution is outdated"
    );
    assert_eq!(steps[1], "Roll stage Production of orders back to execution b.");
    assert_eq!(decision.detail()["to"]["id"], "b");
}

/// Case 42: no endless walk.
#[tokio::test]
async fn three_candidates_that_cannot_stand_again_call_a_person_and_are_not_tried_twice() {
    let mut guard = Guard::after("a@1 b@3 c@5 d@10 bad@40");
    (0..3).for_each(|_| guard.world.services.answer_next(outdated()));
    guard.go_to(45);
    assert_eq!(guard.red().await, "failed: orders/Production@bad");
    assert_eq!(guard.acts().len(), 3);
    let decision = guard.world.bus.take_published().remove(0);
    let (steps, commands) = detail(&decision);
    assert_eq!(steps.len(), 3);
    assert!(
        commands[0].starts_with("aws codepipeline list-pipeline-executions --pipeline-name orders"),
        "{commands:?}"
    );
    guard.let_pass(5).await;
    guard.green().await;
    guard.let_pass(2).await;
    assert_eq!(guard.red().await, "refused: already-handled", "no retry storm");
    assert_eq!(guard.acts().len(), 3);
    guard.assert_settled("at the end");
}

/// Case 42: the structure changed after the last good release, so nothing succeeded in the current one.
#[tokio::test]
async fn after_an_edit_of_the_pipeline_there_is_no_way_back_and_a_person_is_told_how_to_look() {
    let guard = Guard::after("good@10");
    guard.world.services.edit_pipeline(PIPELINE);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: no-way-back");
    let decision = guard.world.bus.take_published().remove(0);
    let (_, commands) = detail(&decision);
    assert!(commands[0].starts_with("aws codepipeline list-pipeline-executions"), "{commands:?}");
    assert_eq!(guard.acts(), [""; 0]);
}

/// Case 42: nothing succeeded in the structure there is now, not even what stands.
#[tokio::test]
async fn an_edit_after_the_release_leaves_no_way_back() {
    let guard = Guard::after("good@10 bad@40");
    guard.world.services.edit_pipeline(PIPELINE);
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: no-way-back");
    assert_eq!(guard.rollbacks(), [""; 0]);
}

#[tokio::test]
async fn the_very_first_release_has_nothing_to_go_back_to() {
    let guard = Guard::after("bad@40");
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: no-way-back");
    assert_eq!(guard.book(), rollback_plans::Book::default(), "nothing is claimed");
}

/// Case 42: where it is wanted, the pipeline is started anew with the last good revisions.
#[tokio::test]
async fn where_no_stage_can_go_back_the_last_good_release_is_deployed_again_once() {
    let mut guard = Guard::after("good@10").limits(redeploying());
    guard.protect("other", &[(CONSENT_TAG, "orders/Production")]);
    guard.world.services.edit_pipeline(PIPELINE);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(45);
    let five_minutes = std::time::Duration::from_secs(300);
    guard.world.services.rollbacks_end(five_minutes, rollback_plans::targets::RunStatus::Succeeded);
    let event = guard.turn(crate::rollback::guard::ALARM, pipeline_model::AlarmState::Alarm).event();
    assert_eq!(guard.hear(&event).await, "rolled back: orders/Production@bad");
    assert_eq!(guard.acts(), ["start orders again with the revisions of execution good: done"]);
    let Step::Redeploy { revisions, token, .. } = guard.world.services.done().remove(0) else {
        panic!("a redeployment")
    };
    assert_eq!(revisions, [(String::from("Source"), String::from("good"))]);
    assert!(
        token.len() <= 128 && token.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'),
        "{token}"
    );
    guard.let_pass(2).await;
    guard.green().await;
    guard.let_pass(5).await;
    guard.told();
    assert_eq!(guard.hear(&event).await, "answered before");
    assert_eq!(guard.told(), [""; 0]);
    // What we started looks like any release, and is not rolled back for that.
    guard.let_pass(2).await;
    let other = guard.turn("other", pipeline_model::AlarmState::Alarm).event();
    assert_eq!(guard.hear(&other).await, "refused: current-is-rollback");
    assert_eq!(guard.red().await, "refused: alarm-red-before-deployment", "it began while this one was red");
    assert_eq!(guard.acts().len(), 1);
}

/// Case 42: it fails in a stage before, so that nothing of it is to be seen in the stage that is protected.
#[tokio::test]
async fn a_redeployment_that_fails_early_is_told_as_failed_with_the_command_and_once() {
    for (status, told) in [("Failed", 1), ("Stopped", 1), ("Superseded", 0)] {
        let mut guard = Guard::after("good@10").limits(redeploying());
        guard.world.services.edit_pipeline(PIPELINE);
        guard.go_to(40);
        guard.world.services.release(PIPELINE, "bad");
        guard.go_to(45);
        let ended = rollback_plans::targets::RunStatus::Ended(status.to_owned());
        guard.world.services.rollbacks_end(std::time::Duration::from_secs(60), ended);
        guard.world.services.redeployments_reach(2);
        assert_eq!(guard.red().await, "rolled back: orders/Production@bad");
        guard.let_pass(5).await;
        guard.green().await;
        guard.told();
        guard.let_pass(10).await;
        let published = guard.world.bus.take_published();
        assert_eq!(published.len(), told, "{status}");
        for decision in published {
            assert_eq!(crate::rollback::guard::words(&decision), "orders/Production@bad: failed to good");
            let (_, commands) = detail(&decision);
            assert!(commands[0].starts_with("aws codepipeline list-action-executions"), "{commands:?}");
            assert!(decision.reason.unwrap().contains(&format!("did not succeed ({status})")));
        }
        guard.let_pass(24 * 60).await;
        assert_eq!((guard.told(), guard.errands()), (Vec::new(), 0), "{status}");
    }
}

/// Nobody could have known it before, and somebody can mend it.
#[tokio::test]
async fn a_missing_permission_is_told_once_with_its_name_and_does_not_use_up_the_release() {
    let mut guard = Guard::after("good@10 bad@40");
    let denial = "AccessDeniedException: not authorized to perform: codepipeline:RollbackStage on resource: orders";
    guard.world.services.answer_next(Carried::Denied(String::from(denial)));
    guard.go_to(45);
    let event = guard.turn(crate::rollback::guard::ALARM, pipeline_model::AlarmState::Alarm).event();
    assert_eq!(guard.hear(&event).await, "failed: orders/Production@bad");
    let decision = guard.world.bus.take_published().remove(0);
    let (steps, commands) = detail(&decision);
    assert!(steps[0].ends_with(denial), "{steps:?}");
    assert!(commands[0].starts_with("aws codepipeline rollback-stage"), "{commands:?}");
    assert!(decision.reason.unwrap().ends_with("lacks the permission codepipeline:RollbackStage."));
    assert_eq!(guard.hear(&event).await, "answered before");
    guard.let_pass(10).await;
    assert_eq!((guard.acts().len(), guard.told(), guard.errands()), (1, Vec::new(), 0), "not in a loop");
    guard.green().await;
    guard.let_pass(2).await;
    assert_eq!(guard.red().await, "rolled back: orders/Production@bad", "somebody has granted it");
    guard.assert_settled("at the end");
}

/// Case 42, and case 7 for a step that has a token: its answer gets lost, and the second one starts nothing.
#[tokio::test]
async fn a_redeployment_whose_answer_got_lost_starts_nothing_twice() {
    let mut guard = Guard::after("good@10").limits(redeploying());
    guard.world.services.edit_pipeline(PIPELINE);
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    let executions = guard.world.services.executions(PIPELINE).len();
    guard.go_to(45);
    guard.world.services.lose_answers(1);
    guard.red().await;
    guard.let_pass(10).await;
    assert_eq!(guard.world.services.executions(PIPELINE).len(), executions + 1);
    let told = guard.told();
    assert!(told.contains(&String::from("orders/Production@bad: done to good")), "{told:?}");
    guard.assert_settled("at the end");
}

/// Without consent to it, nothing is started anew.
#[tokio::test]
async fn nothing_is_deployed_again_unless_that_is_wanted() {
    let guard = Guard::after("a@5 good@10 bad@40");
    (0..2).for_each(|_| guard.world.services.answer_next(outdated()));
    guard.go_to(45);
    assert_eq!(guard.red().await, "failed: orders/Production@bad");
    assert!(guard.acts().iter().all(|act| act.starts_with("roll stage")), "{:?}", guard.acts());
}

/// Case 42: what was thrown out by a person is no candidate.
#[tokio::test]
async fn a_release_that_a_person_rolled_back_is_never_a_target() {
    let guard = Guard::after("good@1 thrown@10");
    guard.go_to(12);
    guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
    guard.go_to(80);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(85);
    guard.red().await;
    assert_eq!(guard.rollbacks(), ["good"]);
}

/// Whoever rolled back is at it: within the hour nothing happens by itself.
#[tokio::test]
async fn after_a_rollback_by_a_person_the_stage_is_left_alone_for_an_hour() {
    let guard = Guard::after("good@1 thrown@10");
    guard.go_to(12);
    guard.world.services.roll_back_by_hand(PIPELINE, STAGE, "good");
    guard.go_to(40);
    guard.world.services.release(PIPELINE, "bad");
    guard.go_to(45);
    assert_eq!(guard.red().await, "refused: cooldown");
    assert!(guard.rollbacks().is_empty());
}

//! The world answers as AWS does.

use lambda_kit::doubles::Moment;
use pipeline_model::ExecutionId;
use rollback_plans::targets::{AliasSeen, CodeDeploySeen, RunStatus, StackSeen};

use super::*;
use crate::memory::Memory;

/// A pipeline that has released `e1` and `e2`, a minute apart.
fn world() -> Memory {
    let world = Memory::at("2026-03-02T10:00:00Z".parse().unwrap());
    world.services.create_pipeline("orders", &["Source", "Production"]);
    for execution in ["e1", "e2"] {
        world.services.release("orders", execution);
        world.clock.advance(std::time::Duration::from_secs(60));
    }
    world
}

fn back_to(execution: &str) -> Step {
    Step::RollBackStage { pipeline: "orders".into(), stage: "Production".into(), to: execution.into() }
}

async fn refused(world: &Memory, step: &Step) -> String {
    match world.services.carry_out(step).await {
        Ok(Carried::Impossible(answer)) => answer.split(':').next().unwrap_or_default().to_owned(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_rollback_is_a_new_execution_that_takes_its_time_and_is_no_target_itself() {
    let world = world();
    let Ok(Carried::Done(Some(id))) = world.services.carry_out(&back_to("e1")).await else { panic!("refused") };
    let run = world.services.in_stage("orders", "Production").unwrap();
    assert_eq!((run.execution.as_str(), run.status, run.is_rollback), (id.as_str(), RunStatus::Running, true));
    assert_eq!(refused(&world, &back_to("e1")).await, "UnableToRollbackStageException", "the stage is running");
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(world.services.release_in("orders", "Production"), Some(ExecutionId::from("e1")));
    assert_eq!(refused(&world, &back_to(&id)).await, "UnableToRollbackStageException", "it is a rollback");
    let Seen::Stage(seen) = world.services.look(&"orders/Production".parse().unwrap()).await.unwrap() else {
        panic!("a stage")
    };
    assert_eq!(seen.succeeded.iter().map(|it| it.execution.as_str()).collect::<Vec<_>>(), [id.as_str(), "e2", "e1"]);
    assert_eq!(seen.succeeded[0].restores, Some(ExecutionId::from("e1")));
}

#[tokio::test]
async fn a_pipeline_refuses_as_codepipeline_does() {
    let world = world();
    assert_eq!(refused(&world, &back_to("e0")).await, "PipelineExecutionNotFoundException");
    let source = Step::RollBackStage { pipeline: "orders".into(), stage: "Source".into(), to: "e1".into() };
    assert_eq!(refused(&world, &source).await, "ValidationException");
    world.services.edit_pipeline("orders");
    assert_eq!(refused(&world, &back_to("e1")).await, "PipelineExecutionOutdatedException");
    world.services.make_parallel("orders");
    assert_eq!(refused(&world, &back_to("e1")).await, "ValidationException");
    world.services.delete_pipeline("orders");
    assert_eq!(refused(&world, &back_to("e1")).await, "PipelineNotFoundException");
    assert_eq!(world.services.done(), []);
    assert_eq!(world.services.acts().len(), 5);
}

#[tokio::test]
async fn a_step_takes_effect_or_not_when_nobody_learns_of_it() {
    let world = world();
    world.services.fail_next(1);
    assert!(world.services.carry_out(&back_to("e1")).await.is_err());
    assert_eq!(world.services.acts(), []);
    world.services.lose_answers(1);
    assert!(world.services.carry_out(&back_to("e1")).await.is_err());
    assert_eq!(world.services.done(), [back_to("e1")]);
    world.clock.advance(std::time::Duration::from_secs(60));
    world.crash_at(1, Moment::After);
    assert!(world.run(world.services.carry_out(&back_to("e1"))).await.is_none());
    assert_eq!(world.services.done().len(), 2);
}

#[tokio::test]
async fn a_closed_transition_lets_nobody_in() {
    let world = world();
    let (pipeline, stage) = ("orders".into(), "Production".into());
    let close = Step::CloseTransition { pipeline, stage, reason: String::from("red") };
    world.services.carry_out(&close).await.unwrap();
    world.services.start("orders", "e3");
    assert!(!world.services.enter("orders", "e3", "Production"));
    let open = Step::OpenTransition { pipeline: "orders".into(), stage: "Production".into() };
    world.services.carry_out(&open).await.unwrap();
    assert!(world.services.enter("orders", "e3", "Production"));
    assert!(!world.services.enter("orders", "e2", "Production"), "one at a time");
}

#[tokio::test]
async fn a_second_start_with_the_same_token_starts_nothing() {
    let world = world();
    let revisions = vec![(String::from("Source"), String::from("e1"))];
    let step =
        Step::Redeploy { pipeline: "orders".into(), of: "e1".into(), revisions, token: String::from("pipewarden-1") };
    let first = world.services.carry_out(&step).await;
    assert_eq!(world.services.carry_out(&step).await, first);
    assert_eq!(world.services.executions("orders").len(), 3);
}

#[tokio::test]
async fn other_targets_change_by_their_steps() {
    let world = world();
    let put = |target: &str, seen| world.services.put(target.parse().unwrap(), seen);
    let standing = |target: &str| world.services.standing(&target.parse().unwrap());
    let running = CodeDeploySeen {
        deployment: Some(String::from("d-2")),
        status: String::from("InProgress"),
        ..CodeDeploySeen::default()
    };
    put("codedeploy:orders/blue", Seen::CodeDeploy(running));
    let stop = Step::StopDeployment { deployment: String::from("d-2") };
    assert_eq!(world.services.carry_out(&stop).await, Ok(Carried::Done(None)));
    assert!(matches!(standing("codedeploy:orders/blue"), Some(Seen::CodeDeploy(seen)) if seen.is_rollback));

    put("cloudformation:orders", Seen::Stack(StackSeen { status: String::from("CREATE_FAILED"), changed: None }));
    let roll_back = Step::RollBackStack { stack: String::from("orders"), token: String::from("t") };
    assert_eq!(world.services.carry_out(&roll_back).await, Ok(Carried::Done(None)));
    assert_eq!(standing("cloudformation:orders"), None, "CloudFormation deletes it");

    let alias = AliasSeen { version: String::from("7"), revision_id: Some(String::from("r-1")), ..Default::default() };
    put("lambda:orders:live", Seen::Alias(alias));
    let point = |revision_id: &str| Step::PointAlias {
        function: String::from("orders"),
        alias: String::from("live"),
        version: String::from("6"),
        revision_id: Some(revision_id.to_owned()),
    };
    assert_eq!(refused(&world, &point("r-0")).await, "PreconditionFailedException");
    assert_eq!(world.services.carry_out(&point("r-1")).await, Ok(Carried::Done(Some(String::from("6")))));
}

//! From an operation's name to its input shape and its rule.

use serde_json::Value;

use super::engine::Engine;
use super::error::{Answer, ApiError};
use super::shapes;
use super::validate::{Shape, check};

type Rule = fn(&mut Engine, &Value) -> Answer;

const OPERATIONS: &[(&str, Shape, Rule)] = &[
    ("CreatePipeline", shapes::CREATE_PIPELINE, Engine::create_pipeline),
    ("GetPipeline", shapes::GET_PIPELINE, |engine, input| engine.get_pipeline(input)),
    ("UpdatePipeline", shapes::UPDATE_PIPELINE, Engine::update_pipeline),
    ("DeletePipeline", shapes::PIPELINE_NAME, Engine::delete_pipeline),
    ("ListPipelines", shapes::LIST_PIPELINES, |engine, input| engine.list_pipelines(input)),
    ("GetPipelineState", shapes::PIPELINE_NAME, |engine, input| engine.get_pipeline_state(input)),
    ("StartPipelineExecution", shapes::START_EXECUTION, Engine::start_pipeline_execution),
    ("StopPipelineExecution", shapes::STOP_EXECUTION, Engine::stop_pipeline_execution),
    ("GetPipelineExecution", shapes::GET_EXECUTION, |engine, input| engine.get_pipeline_execution(input)),
    ("ListPipelineExecutions", shapes::LIST_EXECUTIONS, |engine, input| engine.list_pipeline_executions(input)),
    ("ListActionExecutions", shapes::LIST_ACTIONS, |engine, input| engine.list_action_executions(input)),
    ("ListRuleExecutions", shapes::LIST_ACTIONS, |engine, input| engine.list_rule_executions(input)),
    ("RetryStageExecution", shapes::RETRY_STAGE, Engine::retry_stage_execution),
    ("RollbackStage", shapes::ROLLBACK_STAGE, Engine::rollback_stage),
    ("DisableStageTransition", shapes::DISABLE_TRANSITION, Engine::disable_stage_transition),
    ("EnableStageTransition", shapes::ENABLE_TRANSITION, Engine::enable_stage_transition),
    ("PutApprovalResult", shapes::PUT_APPROVAL_RESULT, Engine::put_approval_result),
    ("GetJobDetails", shapes::GET_JOB, |engine, input| engine.get_job_details(input)),
    ("PutJobSuccessResult", shapes::PUT_JOB_SUCCESS, Engine::put_job_success_result),
    ("PutJobFailureResult", shapes::PUT_JOB_FAILURE, Engine::put_job_failure_result),
    ("TagResource", shapes::TAG_RESOURCE, Engine::tag_resource),
    ("UntagResource", shapes::UNTAG_RESOURCE, Engine::untag_resource),
    ("ListTagsForResource", shapes::LIST_TAGS, |engine, input| engine.list_tags_for_resource(input)),
];

/// Validates the input and lets the operation's rule answer.
pub(crate) fn answer(engine: &mut Engine, operation: &str, input: &Value) -> Answer {
    let Some((_, shape, rule)) = OPERATIONS.iter().find(|(name, _, _)| *name == operation) else {
        let message = format!("{operation} is not an operation that this CodePipeline answers.");
        return Err(ApiError::new("UnknownOperationException", message));
    };
    check(shape, input)?;
    rule(engine, input)
}

//! The rules a declaration must keep beyond its shape: order of stages, artifacts, names, types, modes.
//!
//! Source: the user guide's pipeline structure reference and quotas.

use std::collections::{BTreeMap, BTreeSet};

use super::declaration::{Action, Declaration, ExecutionMode, FailureResult, PipelineType, Stage};
use super::error::ApiError;
use super::providers;
use super::variables;

const STAGES: std::ops::RangeInclusive<usize> = 2..=50;
const ACTIONS_PER_STAGE: usize = 50;
const ACTIONS_PER_PIPELINE: usize = 1000;

/// Refuses a declaration that AWS would refuse, with its exception name. `region` is the pipeline's.
pub(crate) fn check(pipeline: &Declaration, region: &str) -> Result<(), ApiError> {
    check_stages(pipeline)?;
    check_stores(pipeline, region)?;
    check_type(pipeline)?;
    for stage in &pipeline.stages {
        check_stage(stage)?;
        check_reactions(pipeline, stage)?;
    }
    check_sources(pipeline)?;
    check_artifacts(pipeline)?;
    check_variables(pipeline)
}

fn structure(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidStructureException", message)
}

fn stage_error(stage: &Stage, message: &str) -> ApiError {
    ApiError::new("InvalidStageDeclarationException", format!("Stage '{}': {message}", stage.name))
}

fn action_error(action: &Action, message: &str) -> ApiError {
    ApiError::new("InvalidActionDeclarationException", format!("Action '{}': {message}", action.name))
}

fn check_stages(pipeline: &Declaration) -> Result<(), ApiError> {
    let count = pipeline.stages.len();
    if !STAGES.contains(&count) {
        return Err(structure(format!("Pipeline has {count} stage(s). A pipeline has 2 to 50 stages.")));
    }
    if let Some(twice) = first_duplicate(pipeline.stages.iter().map(|stage| &stage.name)) {
        return Err(structure(format!("Stage name '{twice}' is used more than once in the pipeline.")));
    }
    if pipeline.stages.iter().map(|stage| stage.actions.len()).sum::<usize>() > ACTIONS_PER_PIPELINE {
        return Err(ApiError::new("LimitExceededException", "A pipeline has at most 1000 actions."));
    }
    Ok(())
}

fn check_stores(pipeline: &Declaration, region: &str) -> Result<(), ApiError> {
    match (pipeline.artifact_store.is_some(), pipeline.artifact_stores.is_empty()) {
        (true, false) => Err(structure("Use either artifactStore or artifactStores, not both.")),
        (false, true) => Err(structure("Either artifactStore or artifactStores must be given.")),
        _ => {
            let actions = pipeline.stages.iter().flat_map(|stage| &stage.actions);
            let mut regions = actions.filter_map(|action| action.region.as_deref()).chain([region]);
            match regions.find(|needed| *needed != region || pipeline.artifact_store.is_none()) {
                Some(needed) if !pipeline.artifact_stores.contains_key(needed) => {
                    Err(structure(format!("artifactStores lacks a store for region {needed}.")))
                }
                _ => Ok(()),
            }
        }
    }
}

fn check_type(pipeline: &Declaration) -> Result<(), ApiError> {
    if pipeline.pipeline_type == Some(PipelineType::V1) && pipeline.uses_v2_features() {
        return Err(structure(
            "Variables, triggers, the modes QUEUED and PARALLEL, and stage conditions need pipelineType V2.",
        ));
    }
    Ok(())
}

fn check_stage(stage: &Stage) -> Result<(), ApiError> {
    if !stage.blockers.is_empty() {
        return Err(ApiError::new("InvalidBlockerDeclarationException", "Blockers are reserved for future use."));
    }
    if stage.actions.is_empty() || stage.actions.len() > ACTIONS_PER_STAGE {
        return Err(stage_error(stage, "a stage has 1 to 50 actions."));
    }
    if let Some(twice) = first_duplicate(stage.actions.iter().map(|action| &action.name)) {
        return Err(stage_error(stage, &format!("the action name '{twice}' is used more than once.")));
    }
    for action in &stage.actions {
        if let Some(objection) = providers::objection(action) {
            return Err(action_error(action, &format!("{objection}.")));
        }
        if action.timeout_in_minutes.is_some() && !action.is_approval() {
            return Err(action_error(action, "timeoutInMinutes is only for manual approval actions."));
        }
    }
    Ok(())
}

fn check_reactions(pipeline: &Declaration, stage: &Stage) -> Result<(), ApiError> {
    check_entry(stage)?;
    let conditional =
        stage.on_success.is_some() || stage.on_failure.as_ref().is_some_and(|reaction| reaction.conditions.is_some());
    if conditional {
        // Accepting a condition that is never evaluated would let a release through.
        return Err(stage_error(stage, "this local CodePipeline evaluates entry conditions only; remove the others."));
    }
    let Some(reaction) = &stage.on_failure else { return Ok(()) };
    if reaction.retry_configuration.is_some() && reaction.result != Some(FailureResult::Retry) {
        return Err(stage_error(stage, "retryConfiguration needs onFailure.result RETRY."));
    }
    match reaction.result {
        Some(FailureResult::Retry) => Ok(()),
        Some(FailureResult::Rollback) if pipeline.execution_mode == ExecutionMode::Parallel => {
            Err(stage_error(stage, "onFailure ROLLBACK is not available in PARALLEL mode."))
        }
        Some(FailureResult::Rollback) if stage.actions.iter().any(Action::is_source) => {
            Err(stage_error(stage, "a source stage cannot be rolled back."))
        }
        Some(FailureResult::Rollback) => Ok(()),
        _ => Err(stage_error(stage, "without conditions, onFailure.result is ROLLBACK or RETRY.")),
    }
}

fn check_entry(stage: &Stage) -> Result<(), ApiError> {
    let Some(condition) = stage.entry_condition() else { return Ok(()) };
    if !matches!(condition.result, Some(FailureResult::Fail | FailureResult::Skip)) {
        return Err(stage_error(stage, "the result of an entry condition is FAIL or SKIP."));
    }
    if stage.actions.iter().any(Action::is_source) {
        return Err(stage_error(stage, "a source stage takes no entry condition here."));
    }
    if condition.rules.is_empty() {
        return Err(stage_error(stage, "a condition has 1 to 5 rules."));
    }
    if let Some(twice) = first_duplicate(condition.rules.iter().map(|rule| &rule.name)) {
        return Err(stage_error(stage, &format!("the rule name '{twice}' is used more than once.")));
    }
    match condition.rules.iter().find(|rule| !rule.is_lambda() || !rule.configuration.contains_key("FunctionName")) {
        Some(_) => Err(stage_error(stage, "here a rule is a LambdaInvoke with a FunctionName.")),
        None => Ok(()),
    }
}

fn check_sources(pipeline: &Declaration) -> Result<(), ApiError> {
    if !pipeline.stages[0].actions.iter().all(Action::is_source) {
        return Err(structure("The first stage must contain source actions and nothing else."));
    }
    if pipeline.stages[1..].iter().flat_map(|stage| &stage.actions).any(Action::is_source) {
        return Err(structure("Only the first stage may contain source actions."));
    }
    Ok(())
}

fn check_artifacts(pipeline: &Declaration) -> Result<(), ApiError> {
    let mut declared = BTreeSet::new();
    for stage in &pipeline.stages {
        for (_, actions) in with_rules(stage) {
            for action in &actions {
                if let Some(unknown) = action.input_artifacts.iter().find(|input| !declared.contains(&input.name)) {
                    let message =
                        format!("input artifact '{}' is not an output of any preceding action.", unknown.name);
                    return Err(action_error(action, &message));
                }
            }
            for action in actions {
                for output in &action.output_artifacts {
                    if !declared.insert(&output.name) {
                        let message = format!("output artifact '{}' must be unique within the pipeline.", output.name);
                        return Err(action_error(action, &message));
                    }
                }
            }
        }
    }
    Ok(())
}

fn check_variables(pipeline: &Declaration) -> Result<(), ApiError> {
    if let Some(twice) = first_duplicate(pipeline.variables.iter().map(|variable| &variable.name)) {
        return Err(structure(format!("Variable '{twice}' is declared more than once.")));
    }
    let mut namespaces = BTreeSet::from(["codepipeline"]);
    for stage in &pipeline.stages {
        for (_, actions) in with_rules(stage) {
            for action in &actions {
                check_references(pipeline, &namespaces, action)?;
            }
            for action in actions {
                let Some(namespace) = action.namespace.as_deref() else { continue };
                if namespace == "variables" || !namespaces.insert(namespace) {
                    let message = format!("namespace '{namespace}' is reserved or used by another action.");
                    return Err(action_error(action, &message));
                }
            }
        }
    }
    Ok(())
}

fn check_references(pipeline: &Declaration, namespaces: &BTreeSet<&str>, action: &Action) -> Result<(), ApiError> {
    for reference in action.configuration.values().flat_map(|value| variables::references(value)) {
        let known = match reference.namespace {
            "variables" => pipeline.variables.iter().any(|variable| variable.name == reference.name),
            "codepipeline" => reference.name == "PipelineExecutionId",
            namespace => namespaces.contains(namespace),
        };
        if !known {
            let message = format!(
                "#{{{}.{}}} refers to nothing that exists before this action runs.",
                reference.namespace, reference.name
            );
            return Err(action_error(action, &message));
        }
    }
    Ok(())
}

/// Actions by their order, and before them the rules of the entry condition.
fn with_rules(stage: &Stage) -> BTreeMap<u32, Vec<&Action>> {
    let mut groups = BTreeMap::from([(0, stage.entry_rules().iter().collect::<Vec<_>>())]);
    for action in &stage.actions {
        groups.entry(action.run_order).or_default().push(action);
    }
    groups
}

fn first_duplicate<'a>(names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::{action, pipeline, stage};
    use super::*;

    fn refusal(declaration: &Value) -> Option<&'static str> {
        check(&Declaration::parse(declaration).unwrap(), "us-east-1").err().map(|error| error.code)
    }

    fn with(change: impl FnOnce(&mut Value)) -> Value {
        let mut declaration = pipeline("p", vec![stage("Build", vec![action("Build", "CodeBuild", "Compile")])]);
        change(&mut declaration);
        declaration
    }

    #[test]
    fn the_plain_pipeline_is_accepted() {
        assert_eq!(refusal(&with(|_| ())), None);
    }

    type Change = fn(&mut Value);

    #[test]
    fn broken_pipelines_and_stages_are_refused_by_name() {
        let cases: &[(&str, &str, Change)] = &[
            ("one stage", "InvalidStructureException", |p| {
                p["stages"].as_array_mut().unwrap().pop();
            }),
            ("51 stages", "InvalidStructureException", |p| {
                let more = (0..50).map(|n| stage(&format!("S{n}"), vec![action("Approval", "Manual", "Ask")]));
                p["stages"].as_array_mut().unwrap().extend(more);
            }),
            ("same stage twice", "InvalidStructureException", |p| p["stages"][1]["name"] = json!("Source")),
            ("first stage without source", "InvalidStructureException", |p| {
                p["stages"][0] = stage("Source", vec![action("Approval", "Manual", "Ask")]);
                p["stages"][1] = stage("Next", vec![action("Approval", "Manual", "Ask")]);
            }),
            ("source later", "InvalidStructureException", |p| {
                let mut late = action("Source", "S3", "Late");
                late["outputArtifacts"] = json!([{"name": "Late"}]);
                p["stages"][1]["actions"].as_array_mut().unwrap().push(late);
            }),
            ("empty stage", "InvalidStageDeclarationException", |p| p["stages"][1]["actions"] = json!([])),
            ("same action twice", "InvalidStageDeclarationException", |p| {
                let again = p["stages"][1]["actions"][0].clone();
                p["stages"][1]["actions"].as_array_mut().unwrap().push(again);
            }),
            ("no artifact store", "InvalidStructureException", |p| p["artifactStore"] = Value::Null),
            ("both stores", "InvalidStructureException", |p| {
                p["artifactStores"] = json!({"us-east-1": {"type": "S3", "location": "bucket"}});
            }),
            ("store of a region missing", "InvalidStructureException", |p| {
                p["stages"][1]["actions"][0]["region"] = json!("eu-west-1");
            }),
            ("V1 with variables", "InvalidStructureException", |p| {
                p["pipelineType"] = json!("V1");
                p["variables"] = json!([{"name": "x"}]);
            }),
            ("rollback in PARALLEL", "InvalidStageDeclarationException", |p| {
                p["executionMode"] = json!("PARALLEL");
                p["stages"][1]["onFailure"] = json!({"result": "ROLLBACK"});
            }),
            ("rollback of the source stage", "InvalidStageDeclarationException", |p| {
                p["stages"][0]["onFailure"] = json!({"result": "ROLLBACK"});
            }),
            ("conditions", "InvalidStageDeclarationException", |p| {
                p["stages"][1]["beforeEntry"] = json!({"conditions": [{"result": "FAIL", "rules": []}]});
            }),
            ("blockers", "InvalidBlockerDeclarationException", |p| {
                p["stages"][1]["blockers"] = json!([{"name": "b", "type": "Schedule"}]);
            }),
        ];
        for (name, code, change) in cases {
            assert_eq!(refusal(&with(change)), Some(*code), "{name}");
        }
    }

    #[test]
    fn broken_actions_are_refused_by_name() {
        let cases: &[(&str, Change)] = &[
            ("unknown input", |p| {
                p["stages"][1]["actions"][0]["inputArtifacts"] = json!([{"name": "Nothing"}]);
            }),
            ("same output twice", |p| {
                p["stages"][1]["actions"][0]["outputArtifacts"] = json!([{"name": "SourceArtifact"}]);
            }),
            ("timeout outside approvals", |p| {
                p["stages"][1]["actions"][0]["timeoutInMinutes"] = json!(10);
            }),
            ("missing configuration", |p| {
                p["stages"][1]["actions"][0]["configuration"] = json!({});
            }),
            ("unknown provider", |p| {
                p["stages"][1]["actions"][0]["actionTypeId"]["provider"] = json!("Jenkinz");
            }),
            ("unknown configuration of an approval", |p| {
                let mut ask = action("Approval", "Manual", "Ask");
                ask["configuration"] = json!({"NotificationARN": "x"});
                p["stages"][1]["actions"] = json!([ask]);
            }),
            ("unknown namespace", |p| {
                p["stages"][1]["actions"][0]["configuration"]["ProjectName"] = json!("#{Nobody.Id}");
            }),
            ("reserved namespace", |p| {
                p["stages"][1]["actions"][0]["namespace"] = json!("codepipeline");
            }),
        ];
        for (name, change) in cases {
            assert_eq!(refusal(&with(change)), Some("InvalidActionDeclarationException"), "{name}");
        }
    }

    #[test]
    fn an_output_is_an_input_only_of_later_run_orders() {
        let order = |second| {
            with(|p| {
                p["stages"][1]["actions"][0]["outputArtifacts"] = json!([{"name": "Built"}]);
                let mut next = action("Test", "CodeBuild", "Check");
                next["inputArtifacts"] = json!([{"name": "Built"}]);
                next["runOrder"] = json!(second);
                p["stages"][1]["actions"].as_array_mut().unwrap().push(next);
            })
        };
        assert_eq!(refusal(&order(1)), Some("InvalidActionDeclarationException"));
        assert_eq!(refusal(&order(2)), None);
    }

    #[test]
    fn references_to_earlier_namespaces_and_pipeline_variables_are_accepted() {
        let declaration = with(|p| {
            p["variables"] = json!([{"name": "target", "defaultValue": "x"}]);
            p["stages"][0]["actions"][0]["namespace"] = json!("Source");
            p["stages"][1]["actions"][0]["configuration"]["ProjectName"] =
                json!("#{Source.CommitId}-#{variables.target}-#{codepipeline.PipelineExecutionId}");
        });
        assert_eq!(refusal(&declaration), None);
    }
}

//! CodePipeline's history: what finished in a pipeline, and what stands in a stage.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ExecutionType, PipelineExecutionStatus, PipelineExecutionSummary, StageState};
use gate_checks::{Answer, Execution, ExecutionsQuery, ExecutionsSeen, Question, StageSeen, Unanswered};
use lambda_kit::aws::timestamp;
use pipeline_model::{ExecutionId, PipelineName, StageName};

use super::{Fact, together, unanswered};

/// Most pages read of one pipeline's executions, with 100 each: among so many, enough have finished.
const MOST_PAGES: usize = 5;

type Finished = Result<Vec<Execution>, Unanswered>;
type Stages = Result<Vec<StageState>, Unanswered>;

/// Each pipeline is asked once for its executions and once for its stages, all at the same time.
pub(super) async fn ask(client: &Client, queries: Vec<ExecutionsQuery>) -> Vec<Fact> {
    let mut most: BTreeMap<&PipelineName, u16> = BTreeMap::new();
    let mut staged: BTreeMap<&PipelineName, ()> = BTreeMap::new();
    for query in &queries {
        match query {
            ExecutionsQuery::Finished { pipeline, last } => {
                let most = most.entry(pipeline).or_default();
                *most = (*most).max(*last);
            }
            ExecutionsQuery::Stage { pipeline, .. } => drop(staged.insert(pipeline, ())),
        }
    }
    let finished = together(most.into_iter().map(|(pipeline, last)| {
        let (client, pipeline) = (client.clone(), pipeline.clone());
        async move { (pipeline.clone(), finished(client, pipeline, last.into()).await) }
    }));
    let stages = together(staged.into_keys().map(|pipeline| {
        let (client, pipeline) = (client.clone(), pipeline.clone());
        async move { (pipeline.clone(), stages(client, pipeline).await) }
    }));
    let (finished, stages) = tokio::join!(finished, stages);
    let (finished, stages) = (finished.into_iter().collect(), stages.into_iter().collect());
    let answer = |query: &ExecutionsQuery| seen(query, &finished, &stages).map(Answer::Executions);
    queries.iter().map(|query| (Question::Executions(query.clone()), answer(query))).collect()
}

fn seen(
    query: &ExecutionsQuery,
    finished: &BTreeMap<PipelineName, Finished>,
    stages: &BTreeMap<PipelineName, Stages>,
) -> Result<ExecutionsSeen, Unanswered> {
    let given_up = || Unanswered::outage("CodePipeline was not asked: the call was given up");
    match query {
        ExecutionsQuery::Finished { pipeline, last } => {
            let mut found = finished.get(pipeline).cloned().unwrap_or_else(|| Err(given_up()))?;
            found.truncate(usize::from(*last));
            Ok(ExecutionsSeen::Finished(found))
        }
        ExecutionsQuery::Stage { pipeline, stage } => {
            let states = stages.get(pipeline).cloned().unwrap_or_else(|| Err(given_up()))?;
            stage_seen(pipeline, stage, states).map(ExecutionsSeen::Stage)
        }
    }
}

/// `ListPipelineExecutions`, newest first, until enough have finished or there are no more.
async fn finished(client: Client, pipeline: PipelineName, last: usize) -> Finished {
    let request = client.list_pipeline_executions().pipeline_name(pipeline.as_str()).max_results(100);
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = request.clone().set_next_token(next.take()).send().await;
        let page = page.map_err(|error| unanswered(format!("ListPipelineExecutions of {pipeline}"), error))?;
        found.extend(page.pipeline_execution_summaries.unwrap_or_default().into_iter().filter_map(execution));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() || found.len() >= last {
            return Ok(found);
        }
    }
    let (read, found) = (MOST_PAGES * 100, found.len());
    Err(Unanswered::refused(format!("of the last {read} executions of {pipeline} only {found} have finished")))
}

/// A superseded, stopped or cancelled execution says nothing of the releases before it, and a rollback is no release.
fn execution(summary: PipelineExecutionSummary) -> Option<Execution> {
    if summary.execution_type == Some(ExecutionType::Rollback) {
        return None;
    }
    let succeeded = match summary.status? {
        PipelineExecutionStatus::Succeeded => true,
        PipelineExecutionStatus::Failed => false,
        _ => return None,
    };
    Some(Execution { id: ExecutionId::new(summary.pipeline_execution_id?), succeeded })
}

async fn stages(client: Client, pipeline: PipelineName) -> Stages {
    let answer = client.get_pipeline_state().name(pipeline.as_str()).send().await;
    let answer = answer.map_err(|error| unanswered(format!("GetPipelineState of {pipeline}"), error))?;
    Ok(answer.stage_states.unwrap_or_default())
}

/// Of a pipeline in PARALLEL mode no stage is shown, so nothing can be said of them.
fn stage_seen(
    pipeline: &PipelineName,
    stage: &StageName,
    states: Vec<StageState>,
) -> Result<Option<StageSeen>, Unanswered> {
    let names = states.iter().filter_map(|it| it.stage_name.as_deref()).collect::<Vec<_>>().join(", ");
    let Some(state) = states.into_iter().find(|it| it.stage_name.as_deref() == Some(stage.as_str())) else {
        let known = if names.is_empty() { String::from("CodePipeline shows none") } else { format!("it has {names}") };
        return Err(Unanswered::refused(format!("pipeline {pipeline} has no stage {stage}; {known}")));
    };
    let Some(latest) = state.latest_execution else { return Ok(None) };
    let actions = state.action_states.unwrap_or_default().into_iter();
    Ok(Some(StageSeen {
        execution: ExecutionId::new(latest.pipeline_execution_id),
        status: latest.status.as_str().to_owned(),
        changed: actions.filter_map(|action| timestamp(action.latest_execution?.last_status_change?)).max(),
    }))
}

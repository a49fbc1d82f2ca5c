//! What CodePipeline knows, as a test says it.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::Result;
use notices::{ActionFacts, ExecutionFacts, Structure};
use pipeline_model::{ApprovalRequest, ExecutionId, PipelineArn};

use crate::ports::Releases;
use lambda_kit::doubles::Calls;

/// Knows nothing until it is told: an unknown pipeline or execution has empty facts, as one that is gone has.
#[derive(Debug, Clone, Default)]
pub struct ScriptedReleases {
    calls: Calls,
    script: Rc<RefCell<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    structures: BTreeMap<PipelineArn, Structure>,
    executions: BTreeMap<ExecutionId, ExecutionFacts>,
    actions: BTreeMap<ExecutionId, Vec<ActionFacts>>,
    approvals: BTreeMap<String, (PipelineArn, ExecutionId)>,
    asked: Vec<String>,
}

impl ScriptedReleases {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, script: Rc::default() }
    }

    /// What `GetPipeline` answers, for every version.
    pub fn set_structure(&self, pipeline: &PipelineArn, structure: Structure) {
        self.change().structures.insert(pipeline.clone(), structure);
    }

    /// What `GetPipelineExecution` answers from now on.
    pub fn set_execution(&self, execution: &ExecutionId, facts: ExecutionFacts) {
        self.change().executions.insert(execution.clone(), facts);
    }

    /// What `ListActionExecutions` answers from now on.
    pub fn set_actions(&self, execution: &ExecutionId, actions: Vec<ActionFacts>) {
        self.change().actions.insert(execution.clone(), actions);
    }

    /// An execution waits for the approval with this token.
    pub fn set_waiting(&self, token: &str, pipeline: &PipelineArn, execution: &ExecutionId) {
        self.change().approvals.insert(token.to_owned(), (pipeline.clone(), execution.clone()));
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// What was asked, in order: `structure orders`, `execution e1`, `actions e1`, `approval <token>`.
    pub fn asked(&self) -> Vec<String> {
        self.script().asked.clone()
    }

    fn script(&self) -> Ref<'_, Script> {
        self.script.borrow()
    }

    fn change(&self) -> RefMut<'_, Script> {
        self.script.borrow_mut()
    }

    async fn answer<T>(&self, question: String, answer: impl FnOnce(&Script) -> T) -> Result<T> {
        self.change().asked.push(question);
        self.calls.make(|| Ok(answer(&self.script()))).await
    }
}

impl Releases for ScriptedReleases {
    async fn structure(&self, pipeline: &PipelineArn, _version: Option<u32>) -> Result<Structure> {
        let question = format!("structure {}", pipeline.pipeline);
        self.answer(question, |script| script.structures.get(pipeline).cloned().unwrap_or_default()).await
    }

    async fn execution(&self, _pipeline: &PipelineArn, execution: &ExecutionId) -> Result<ExecutionFacts> {
        let question = format!("execution {execution}");
        self.answer(question, |script| script.executions.get(execution).cloned().unwrap_or_default()).await
    }

    async fn actions(&self, _pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Vec<ActionFacts>> {
        let question = format!("actions {execution}");
        self.answer(question, |script| script.actions.get(execution).cloned().unwrap_or_default()).await
    }

    async fn waiting_for(&self, approval: &ApprovalRequest) -> Result<Option<(PipelineArn, ExecutionId)>> {
        let question = format!("approval {}", approval.token);
        self.answer(question, |script| script.approvals.get(&approval.token).cloned()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_model::PipelineName;

    #[tokio::test]
    async fn questions_are_answered_as_scripted_and_remembered() {
        let releases = ScriptedReleases::default();
        let (orders, id) = (PipelineArn::new("us-east-1", "111122223333", PipelineName::from("orders")), "e1".into());
        let facts = ExecutionFacts { trigger_type: Some("Webhook".to_owned()), ..ExecutionFacts::default() };
        releases.set_execution(&id, facts.clone());
        releases.fail_next(1);
        assert!(releases.execution(&orders, &id).await.is_err());
        assert_eq!(releases.execution(&orders, &id).await.unwrap(), facts);
        assert_eq!(releases.structure(&orders, None).await.unwrap(), Structure::default());
        assert_eq!(releases.asked(), ["execution e1", "execution e1", "structure orders"]);
    }
}

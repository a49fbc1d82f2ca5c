//! CodePipeline in tests: it answers what it was given, and nothing about the rest.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::{Result, ensure};
use delivery_metrics::ExecutionSummary;
use lambda_kit::doubles::Calls;
use pipeline_model::{ExecutionId, PipelineArn, PipelineName, StageName};

use crate::ports::{Actions, Origin, Page, Releases, Unlisted};

/// Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct ScriptedReleases {
    calls: Calls,
    content: Rc<RefCell<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    stages: BTreeMap<PipelineName, (u32, Vec<StageName>)>,
    actions: BTreeMap<ExecutionId, Actions>,
    origins: BTreeMap<ExecutionId, Origin>,
    executions: BTreeMap<PipelineName, Vec<ExecutionSummary>>,
    asked: Vec<String>,
    pipelines_per_page: Option<usize>,
    is_forgetful: bool,
    silent: BTreeSet<PipelineName>,
}

impl ScriptedReleases {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, content: Rc::default() }
    }

    /// The next `number` calls fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// A pipeline with these stages in version 1.
    pub fn set_stages(&self, pipeline: &str, stages: &[&str]) {
        let stages = stages.iter().map(|stage| StageName::from(*stage)).collect();
        self.content.borrow_mut().stages.insert(pipeline.into(), (1, stages));
    }

    /// From now on, every call about this pipeline fails.
    pub fn set_silent(&self, pipeline: &str) {
        self.content.borrow_mut().silent.insert(pipeline.into());
    }

    /// The actions of an execution.
    pub fn set_actions(&self, execution: &str, actions: Actions) {
        self.content.borrow_mut().actions.insert(execution.into(), actions);
    }

    /// What an execution works on.
    pub fn set_origin(&self, execution: &str, origin: Origin) {
        self.content.borrow_mut().origins.insert(execution.into(), origin);
    }

    /// The executions of a pipeline, newest first.
    pub fn set_executions(&self, pipeline: &str, executions: Vec<ExecutionSummary>) {
        self.content.borrow_mut().executions.insert(pipeline.into(), executions);
    }

    /// So many pipelines are on a page.
    pub fn set_pipelines_per_page(&self, number: usize) {
        self.content.borrow_mut().pipelines_per_page = Some(number);
    }

    /// The next token of a page is no longer known.
    pub fn forget_the_page(&self) {
        self.content.borrow_mut().is_forgetful = true;
    }

    /// The calls that were made, as `ListActionExecutions orders`.
    pub fn asked(&self) -> Vec<String> {
        self.content.borrow().asked.clone()
    }

    async fn answer<T>(&self, call: &str, about: &PipelineName, answer: impl FnOnce(&Content) -> T) -> Result<T> {
        self.content.borrow_mut().asked.push(format!("{call} {about}"));
        let effect = || {
            let content = self.content.borrow();
            ensure!(!content.silent.contains(about), "the double was told to be silent about {about}");
            Ok(answer(&content))
        };
        self.calls.make(effect).await
    }
}

impl Releases for ScriptedReleases {
    async fn stages(&self, pipeline: &PipelineArn) -> Result<Option<(u32, Vec<StageName>)>> {
        let name = &pipeline.pipeline;
        self.answer("GetPipeline", name, |content| content.stages.get(name).cloned()).await
    }

    async fn actions(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Actions> {
        let actions = |content: &Content| content.actions.get(execution).cloned().unwrap_or_default();
        self.answer("ListActionExecutions", &pipeline.pipeline, actions).await
    }

    async fn origin(&self, pipeline: &PipelineArn, execution: &ExecutionId) -> Result<Origin> {
        let origin = |content: &Content| content.origins.get(execution).cloned().unwrap_or_default();
        self.answer("GetPipelineExecution", &pipeline.pipeline, origin).await
    }

    async fn executions(&self, pipeline: &PipelineArn, most: u8) -> Result<Vec<ExecutionSummary>> {
        let executions = |content: &Content| {
            let all = content.executions.get(&pipeline.pipeline).cloned().unwrap_or_default();
            all.into_iter().take(most.into()).collect()
        };
        self.answer("ListPipelineExecutions", &pipeline.pipeline, executions).await
    }

    /// Tokens are the number of the first pipeline on the page.
    async fn pipelines(&self, page: Option<&str>) -> Result<Page, Unlisted> {
        if page.is_some() && std::mem::take(&mut self.content.borrow_mut().is_forgetful) {
            return Err(Unlisted::UnknownPage);
        }
        let from: usize = page.map_or(Ok(0), str::parse).map_err(|_| Unlisted::UnknownPage)?;
        let listed = |content: &Content| {
            let most = content.pipelines_per_page.unwrap_or(1000);
            let pipelines: Vec<_> = content.executions.keys().skip(from).take(most).cloned().collect();
            let next = (from + most < content.executions.len()).then(|| (from + most).to_string());
            Page { pipelines, next }
        };
        self.answer("ListPipelines", &"".into(), listed).await.map_err(Unlisted::Failed)
    }

    fn arn(&self, pipeline: &PipelineName) -> PipelineArn {
        PipelineArn::new("us-east-1", "111122223333", pipeline.clone())
    }
}

//! The services that deploy, in tests: what stands at each target, and rules that answer steps as AWS does.

mod driving;
mod others;
mod pipelines;
mod stages;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use anyhow::Result;
use jiff::Timestamp;
use lambda_kit::Clock;
use lambda_kit::doubles::Calls;
use pipeline_model::PipelineName;
use rollback_plans::targets::{ExecutionSeen, StageSeen};
use rollback_plans::{Carried, Seen, Step, Target};

use crate::ports::{Executor, Releases, Unclear};

use others::Others;
use pipelines::Pipelines;

/// Clones share everything.
#[derive(Debug, Clone)]
pub struct MemoryServices {
    calls: Calls,
    clock: Clock,
    content: Rc<RefCell<Content>>,
    lost: Rc<Cell<usize>>,
    vanished: Rc<Cell<usize>>,
    told: Rc<RefCell<VecDeque<Carried>>>,
}

#[derive(Debug, Default)]
struct Content {
    pipelines: Pipelines,
    others: Others,
    acts: Vec<Act>,
}

/// A step that reached a service, and what the service made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// What was asked for.
    pub step: Step,
    /// What the service answered; the answer may have been lost on its way.
    pub answer: Carried,
}

impl MemoryServices {
    pub(super) fn with(calls: Calls, clock: Clock) -> Self {
        Self { calls, clock, content: Rc::default(), lost: Rc::default(), vanished: Rc::default(), told: Rc::default() }
    }

    /// The next `number` calls fail and have no effect. Of a step nobody knows that.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The answers of the next `number` steps get lost; the steps take effect.
    pub fn lose_answers(&self, number: usize) {
        self.lost.set(number);
    }

    /// The next `number` steps get lost on their way to the service; nobody knows that they have no effect.
    pub fn lose_steps(&self, number: usize) {
        self.vanished.set(number);
    }

    /// The next step is answered like this and has no effect. Several are answered in their order.
    pub fn answer_next(&self, answer: Carried) {
        self.told.borrow_mut().push_back(answer);
    }

    /// Every step that reached a service, in order.
    pub fn acts(&self) -> Vec<Act> {
        self.content.borrow().acts.clone()
    }

    /// The steps that were carried out, in order.
    pub fn done(&self) -> Vec<Step> {
        let done = |act: Act| matches!(act.answer, Carried::Done(_)).then_some(act.step);
        self.acts().into_iter().filter_map(done).collect()
    }

    /// Puts what stands at a target that is no stage; its steps change it.
    pub fn put(&self, target: Target, seen: Seen) {
        self.content.borrow_mut().others.put(target, seen);
    }

    /// What stands at a target that is no stage.
    pub fn standing(&self, target: &Target) -> Option<Seen> {
        self.content.borrow().others.get(target)
    }

    /// A read, as it is answered now.
    async fn ask<T>(&self, answer: impl FnOnce(&Content, Timestamp) -> T) -> Result<T> {
        self.calls.make(|| Ok(answer(&self.content.borrow(), self.clock.now()))).await
    }

    fn obey(&self, step: &Step) -> Carried {
        let now = self.clock.now();
        let content = &mut *self.content.borrow_mut();
        let told = self.told.borrow_mut().pop_front();
        let obeyed = || content.pipelines.obey(step, now).unwrap_or_else(|| content.others.obey(step, now));
        let answer = told.unwrap_or_else(obeyed);
        content.acts.push(Act { at: now, step: step.clone(), answer: answer.clone() });
        answer
    }
}

impl Releases for MemoryServices {
    /// A stage takes two calls, and between them the world may go on.
    async fn look(&self, target: &Target) -> Result<Seen> {
        let Some((pipeline, stage)) = target.stage() else {
            let unknown = || Seen::Unknown(format!("ResourceNotFoundException: {target}"));
            return self.ask(|content, _| content.others.get(target).unwrap_or_else(unknown)).await;
        };
        let state = match self.ask(|content, now| content.pipelines.state(pipeline, stage, now)).await? {
            Ok(state) => state,
            Err(answer) => return Ok(Seen::Unknown(answer)),
        };
        let succeeded = self.ask(|content, now| content.pipelines.succeeded(pipeline, stage, now)).await?;
        Ok(Seen::Stage(StageSeen { succeeded, ..state }))
    }

    async fn all_executions(&self, pipeline: &PipelineName) -> Result<Vec<ExecutionSeen>> {
        self.ask(|content, now| content.pipelines.all(pipeline, now)).await
    }
}

impl Executor for MemoryServices {
    async fn carry_out(&self, step: &Step) -> Result<Carried, Unclear> {
        if matches!(step, Step::Redeploy { .. } | Step::DeployPrevious { .. })
            && let Err(error) = self.ask(|_, _| ()).await
        {
            return Ok(Carried::Later(error.to_string())); // What is read before the step failed to be read.
        }
        if let Some(left) = self.vanished.get().checked_sub(1) {
            self.vanished.set(left);
            return Err(Unclear(String::from("the double was told to lose the step")));
        }
        let answer = self.calls.make(|| Ok(self.obey(step))).await.map_err(|error| Unclear(error.to_string()))?;
        match self.lost.get().checked_sub(1) {
            None => Ok(answer),
            Some(left) => {
                self.lost.set(left);
                Err(Unclear(String::from("the double was told to lose the answer")))
            }
        }
    }
}

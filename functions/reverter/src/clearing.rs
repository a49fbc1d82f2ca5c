//! What follows a rollback: the alarm is OK again, or it is still red.

use std::time::Duration;

use anyhow::anyhow;
use lambda_kit::publishing::Bus;
use lambda_kit::{Failure, OrFail};
use pipeline_model::{AlarmState, PipelineName, StageName};
use rollback_plans::{AlarmNow, Carried, Refusal, Refused, Step, Target};

use crate::call::{Call, CheckOn, Errand};
use crate::ports::{Alarms, Books, Executor, Laters, Written};
use crate::report::Reporter;
use crate::{Outside, Reverter};

/// How long to wait for somebody who is about to write down the rollback this alarm asked for.
const PATIENCE: Duration = Duration::from_secs(60);

impl<O: Outside> Reverter<O> {
    /// Tells that a rollback has helped, and opens what was closed for it.
    pub(crate) async fn turned_green(&self, call: &Call) -> Result<String, Failure> {
        let Some(consent) = self.consent(call).await? else {
            return Ok(String::from("ignored: nothing says what this alarm protects"));
        };
        let mut cleared = Vec::new();
        for target in &consent.targets {
            if self.clear(call, target).await? {
                cleared.push(target.to_string());
            }
        }
        Ok(if cleared.is_empty() {
            String::from("ignored: no rollback waits for this alarm")
        } else {
            format!("cleared: {}", cleared.join(" "))
        })
    }

    async fn clear(&self, call: &Call, target: &Target) -> Result<bool, Failure> {
        let (key, now) = (self.key(target), self.clock.now());
        let mut read = self.books.read(&key, now).await.or_retry("what is remembered")?;
        if !read.book.pledges.is_empty() {
            if self.finish(call, target).await?.is_some() {
                return Ok(false);
            }
            read = self.books.read(&key, self.clock.now()).await.or_retry("what is remembered")?;
        }
        let mut book = read.book.clone();
        let Some(past) = book.clear(&call.alarm.name, call.at) else { return Ok(false) };
        if let (true, Some((pipeline, stage))) = (past.closed_transition, target.stage()) {
            self.open_transition(pipeline, stage).await?;
        }
        let report = Reporter { home: &self.home, call, target: Some(target), now }.done(past);
        self.bus.publish(&report).await.or_retry("publishing that the alarm is OK")?;
        if self.books.note(&key, &read, &book, now).await.or_retry("writing that the alarm is OK")? == Written::Lost {
            let errand = Errand::Reconsider(call.clone());
            self.laters.again(&errand.to_body(), PATIENCE).await.or_retry("looking again later")?;
        }
        Ok(true)
    }

    /// A quarter of an hour after a rollback: if the alarm is still red, a person must look.
    pub(crate) async fn check_on(&self, check: &CheckOn) -> Result<String, Failure> {
        let CheckOn { call, target, incident } = check;
        let seen = self.alarms.now(&call.alarm.name).await.or_retry("the alarm")?;
        if seen.now != AlarmNow::Is(AlarmState::Alarm) {
            return Ok(String::from("the rollback has helped"));
        }
        let read = self.books.read(&self.key(target), self.clock.now()).await.or_retry("what is remembered")?;
        let waits = |past: &&rollback_plans::Past| past.pledge.incident == *incident && past.cleared.is_none();
        let Some(past) = read.book.past.iter().find(waits) else { return Ok(String::from("the alarm was OK since")) };
        let refused = Refused {
            refusal: Refusal::StillRed,
            incident: incident.clone(),
            release: Some(rollback_plans::Release { id: past.pledge.release.clone(), ..Default::default() }),
            commands: vec![target.look_by_hand()],
        };
        self.refuse(call, &call.alarm(seen), Some(target), &refused).await
    }

    /// Opens the transition that was closed for a rollback. If CodePipeline refuses for good, a person sees it closed, with
    /// the reason.
    pub(crate) async fn open_transition(&self, pipeline: &PipelineName, stage: &StageName) -> Result<(), Failure> {
        let step = Step::OpenTransition { pipeline: pipeline.clone(), stage: stage.clone() };
        match self.executor.carry_out(&step).await {
            Ok(Carried::Done(_)) => Ok(()),
            Ok(Carried::Impossible(answer)) => {
                tracing::error!(pipeline.name = %pipeline, stage.name = %stage, answer, "the transition stays closed");
                Ok(())
            }
            Ok(Carried::Later(answer)) => Err(Failure::retry(anyhow!("opening the transition of {stage}: {answer}"))),
            Err(unclear) => Err(Failure::retry(unclear).context("opening the transition")),
        }
    }
}

//! The transition into a stage that was closed for a rollback: it stays closed for every alarm that needs it, and no longer.

use anyhow::anyhow;
use lambda_kit::{Failure, OrFail};
use pipeline_model::{AlarmState, PipelineName, StageName};
use rollback_plans::{AlarmNow, Book, Carried, Mode, Refusal, Seen, Step, Target};

use crate::clearing::PATIENCE;
use crate::deciding::{Matter, Verdict};
use crate::ports::{Alarms, Books, Executor, Releases, Written};
use crate::{Outside, Reverter};

/// What became of a transition that was perhaps closed for a rollback.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Doorway {
    /// It is open, or somebody else closed it.
    Left,
    /// This alarm needs it closed.
    NeededBy(String),
    /// CodePipeline refuses to open it. A person must, by this step.
    Stuck(Step),
}

impl<O: Outside> Reverter<O> {
    /// An alarm that calls while the transition is closed for another one is refused, and the transition stays closed for
    /// it as well. Some verdict if that must be written down later.
    pub(crate) async fn keep_closed(
        &self,
        matter: &mut Matter<'_>,
        refusal: &Refusal,
    ) -> Result<Option<Verdict>, Failure> {
        if matter.mode != Mode::Act || !matter.seen.is_closed_by_us() || !refusal.leaves_it_to_people() {
            return Ok(None);
        }
        let (key, now) = (self.key(matter.target), self.clock.now());
        let read = self.books.read(&key, now).await.or_retry("what is remembered")?;
        let mut book = read.book.clone();
        if !book.need_door(&matter.alarm.name, matter.alarm.red_since) {
            return Ok(None);
        }
        match self.books.note(&key, &read, &book, now).await.or_retry("writing who needs the transition closed")? {
            Written::Yes => Ok(None),
            Written::Lost => self.wait(matter, PATIENCE).await.map(Some),
        }
    }

    /// Opens what was closed for a rollback, if nobody needs it closed any more.
    pub(crate) async fn open_door(&self, target: &Target, book: &mut Book) -> Result<Doorway, Failure> {
        if !book.has_closed_door() {
            return Ok(Doorway::Left);
        }
        let seen = self.releases.look(target).await.or_retry("whether the transition is still closed")?;
        let doorway = self.reopen(target, &seen, book).await?;
        if doorway == Doorway::Left {
            book.door_opened();
        }
        Ok(doorway)
    }

    /// Opens the transition of a stage again if it was us who closed it: one that a person closed since stays closed. So does
    /// one that an alarm needs.
    pub(crate) async fn reopen(&self, target: &Target, seen: &Seen, book: &Book) -> Result<Doorway, Failure> {
        let Some((pipeline, stage)) = target.stage().filter(|_| seen.is_closed_by_us()) else {
            return Ok(Doorway::Left);
        };
        for alarm in book.door_needed_by() {
            let seen = self.alarms.now(alarm).await.or_retry("an alarm for which the transition is closed")?;
            // Without data it is what it was.
            if !matches!(seen.now, AlarmNow::Is(AlarmState::Ok) | AlarmNow::Gone) {
                return Ok(Doorway::NeededBy(alarm.to_owned()));
            }
        }
        self.open_transition(pipeline, stage).await
    }

    /// Opens the transition that was closed for a rollback. If CodePipeline refuses for good, a person sees it closed, with
    /// the reason.
    async fn open_transition(&self, pipeline: &PipelineName, stage: &StageName) -> Result<Doorway, Failure> {
        let step = Step::OpenTransition { pipeline: pipeline.clone(), stage: stage.clone() };
        match self.executor.carry_out(&step).await {
            Ok(Carried::Done(_)) => Ok(Doorway::Left),
            Ok(Carried::Impossible(answer) | Carried::Denied(answer)) => {
                tracing::error!(pipeline.name = %pipeline, stage.name = %stage, answer, "the transition stays closed");
                Ok(Doorway::Stuck(step))
            }
            Ok(Carried::Later(answer)) => Err(Failure::retry(anyhow!("opening the transition of {stage}: {answer}"))),
            Err(unclear) => Err(Failure::retry(unclear).context("opening the transition")),
        }
    }
}

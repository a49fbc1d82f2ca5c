//! What somebody promised and did not come back to tell: without this, a rollback that helps at once would be forgotten.

use std::time::Duration;

use lambda_kit::laters::Laters;
use lambda_kit::{Failure, OrFail};
use rollback_plans::{Book, Hold, Mode, Past, Seen, Target, untold};

use crate::call::{Call, Errand};
use crate::deciding::{LEASE, Matter, after};
use crate::ports::{Alarms, Books, Claimed, Releases};
use crate::{Outside, Reverter};

impl<O: Outside> Reverter<O> {
    /// Tells of a rollback that nobody told of, and strikes out the promises of which nothing came; what was closed for
    /// those is opened again. `Some` when the call is answered by that, or comes again because somebody is at it.
    pub(crate) async fn finish(&self, call: &Call, target: &Target) -> Result<Option<String>, Failure> {
        let (key, now) = (self.key(target), self.clock.now());
        let book = self.books.read(&key, now).await.or_retry("what is remembered")?.book;
        let answers = |past: &Past| past.pledge.alarm == call.alarm.name && past.pledge.red_since == call.at;
        let is_answered = book.past.iter().any(answers);
        let answer = |is_answered: bool| is_answered.then(|| String::from("answered before"));
        let Some(pledge) = book.pledges.last() else { return Ok(answer(is_answered)) };
        if let Hold::Others(until) = book.hold {
            return self.come_back(call, after(until, now)).await.map(Some);
        }
        let mut seen = self.releases.look(target).await.or_retry("what stands at the target")?;
        self.see_all(target, &mut seen).await?;
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let (book, lease) = match self.books.claim(&key, pledge, now, until).await.or_retry("claiming the target")? {
            Claimed::Mine(book, lease) => (*book, lease),
            Claimed::Held(until) => return self.come_back(call, after(until, now)).await.map(Some),
        };
        let Some((pledge, release)) = untold(&book, &seen) else {
            if book.pledges.iter().any(|pledge| pledge.closes) {
                self.reopen(target, &seen, &book).await?;
            }
            let book = Book { pledges: Vec::new(), ..book };
            self.books.settle(&key, &lease, &book, now).await.or_retry("striking out what was promised")?;
            return Ok(answer(is_answered));
        };
        let is_answer = pledge.alarm == call.alarm.name && pledge.red_since == call.at;
        let alarm = call.alarm(self.alarms.now(&call.alarm.name).await.or_retry("the alarm")?);
        let (book, lease) = (Some(book), Some(lease));
        let mut matter = Matter { call, alarm, target, siblings: Vec::new(), mode: Mode::Act, seen, book, lease };
        self.adopt(&mut matter, pledge, &release).await?;
        Ok(answer(is_answered || is_answer))
    }

    /// Of a stage, all executions besides what was seen.
    pub(crate) async fn see_all(&self, target: &Target, seen: &mut Seen) -> Result<(), Failure> {
        if let (Seen::Stage(stage), Some((pipeline, _))) = (seen, target.stage()) {
            stage.all = Some(self.releases.all_executions(pipeline).await.or_retry("all executions")?);
        }
        Ok(())
    }

    /// Lets the call come again after that time.
    pub(crate) async fn come_back(&self, call: &Call, pause: Duration) -> Result<String, Failure> {
        let errand = Errand::Reconsider(call.clone());
        self.laters.again(&errand.to_body(), pause).await.or_retry("looking again later")?;
        Ok(format!("looked at again after {} s", pause.as_secs()))
    }
}

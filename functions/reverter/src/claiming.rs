//! Becoming the only one who may act: at a target, and at whatever else the same alarm protects.
//!
//! Each target has a book of its own, and so a claim. For an alarm of several targets an invocation writes its claim of one
//! of them, and reads the books of the others after that. Of two invocations that claim two targets at the same time, each
//! has written before it reads, and reads are consistent: at least one of them sees the other, lets go and comes back.
//! Perhaps both do, which costs time and rolls nothing back twice. A claim whose holder died is seen for as long as its pledge
//! is there, and that is struck out only by somebody who has looked at the target after the holder's last moment.
//!
//! What is not seen is another alarm that names only one of these targets: it has asked for nothing else.

use std::time::Duration;

use lambda_kit::{Failure, OrFail};
use rollback_plans::{Alarm, Book, Hold, Pledge, Sibling, Target};

use crate::call::Call;
use crate::deciding::{LEASE, Matter, Verdict, after};
use crate::ports::{Books, Claimed, Releases};
use crate::{Outside, Reverter};

/// How long to wait before what somebody has just left behind is finished.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What is remembered of all targets of an alarm.
pub(crate) enum Remembered {
    /// Nothing that is left to be done; nothing at all of a single target, which is read when it must be known.
    Books(Vec<Sibling>),
    /// The alarm is answered by that, in words.
    Told(String),
}

/// All of them but `target`.
pub(crate) fn others(than: &Target, all: &[Sibling]) -> Vec<Sibling> {
    all.iter().filter(|sibling| sibling.target != *than).cloned().collect()
}

impl<O: Outside> Reverter<O> {
    /// Reads the books of several targets. What somebody has left open in one of them comes first: it may be the answer to
    /// this alarm, and what came of it counts for all.
    pub(crate) async fn remembered(
        &self,
        call: &Call,
        alarm: &Alarm,
        targets: &[Target],
    ) -> Result<Remembered, Failure> {
        let mut known = Vec::new();
        for target in targets.iter().filter(|_| targets.len() > 1) {
            let mut book = self.book(target).await?;
            if !book.pledges.is_empty() {
                if let Some(told) = self.finish(call, target).await? {
                    return Ok(Remembered::Told(told));
                }
                book = self.book(target).await?;
            }
            known.push(Sibling { target: target.clone(), book, seen: None });
        }
        let is_answered = known.iter().any(|sibling| sibling.book.has_answered(alarm));
        Ok(if is_answered { Remembered::Told(String::from("answered before")) } else { Remembered::Books(known) })
    }

    /// Writes a promise down and becomes the only one who may act. Some verdict if somebody else is.
    pub(crate) async fn claim(&self, matter: &mut Matter<'_>, pledge: &Pledge) -> Result<Option<Verdict>, Failure> {
        let (key, now) = (self.key(matter.target), self.clock.now());
        let until = now.saturating_add(LEASE).unwrap_or(now);
        match self.books.claim(&key, pledge, now, until).await.or_retry("claiming the target")? {
            Claimed::Held(until) => return self.wait(matter, after(until, now)).await.map(Some),
            Claimed::Mine(book, lease) => (matter.book, matter.lease) = (Some(*book), Some(lease)),
        }
        for place in 0..matter.siblings.len() {
            let book = self.book(&matter.siblings[place].target).await?;
            if !book.pledges.is_empty() {
                let pause = match book.hold {
                    Hold::Others(until) => after(until, self.clock.now()),
                    Hold::Free | Hold::Mine => AT_ONCE,
                };
                return self.wait(matter, pause).await.map(Some);
            }
            matter.siblings[place].book = book;
        }
        Ok(None)
    }

    /// What stands in the other targets that are stages.
    pub(crate) async fn see_stages(&self, matter: &mut Matter<'_>) -> Result<(), Failure> {
        for sibling in matter.siblings.iter_mut().filter(|sibling| sibling.target.stage().is_some()) {
            let seen = self.releases.look(&sibling.target).await.or_retry("what stands at another target")?;
            sibling.seen = Some(seen);
        }
        Ok(())
    }

    async fn book(&self, target: &Target) -> Result<Book, Failure> {
        let read = self.books.read(&self.key(target), self.clock.now()).await;
        Ok(read.or_retry("what is remembered")?.book)
    }
}

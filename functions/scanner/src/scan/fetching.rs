//! Downloads what the threads want to read, several requests at a time, and puts together what they found, in order.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;

use artifact_scan::Scanned;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::feed::{Inflow, pipe};
use super::threads::Lost;
use super::{Pace, Progress};
use crate::ports::{Body, Source, Trouble, TroubleKind};
use crate::room::Room;
use crate::stop::Stop;

/// So many steps per thread may be done before the one that is awaited: what they found waits in memory.
const AHEAD: u64 = 4;

/// One artifact on its way.
pub(super) struct Fetching<'a, S> {
    pub(super) source: &'a S,
    /// What trouble with it is called.
    pub(super) name: &'a str,
    /// The bytes of step 1 and those that follow.
    pub(super) ranges: &'a [Range<u64>],
    pub(super) room: &'a Room,
    pub(super) pace: &'a Pace,
    /// The next step to begin.
    next: Cell<u64>,
    /// Steps before this one are put together.
    merged: Cell<u64>,
    moved: Notify,
    begun: RefCell<Option<UnboundedSender<(u64, Inflow)>>>,
}

impl<'a, S: Source> Fetching<'a, S> {
    pub(super) fn new(
        (source, name): (&'a S, &'a str),
        ranges: &'a [Range<u64>],
        (room, pace): (&'a Room, &'a Pace),
        from: u64,
        begun: UnboundedSender<(u64, Inflow)>,
    ) -> Self {
        let (next, merged) = (Cell::new(from.max(1)), Cell::new(from));
        let begun = RefCell::new(Some(begun));
        Self { source, name, ranges, room, pace, next, merged, moved: Notify::new(), begun }
    }

    /// Whether all is done; if not, it is because the time is short.
    pub(super) async fn run(
        &self,
        done: &mut UnboundedReceiver<(u64, Result<Scanned, Lost>)>,
        progress: &mut Progress,
    ) -> Result<bool, Stop> {
        if self.next.get() > self.ranges.len() as u64 + 1 {
            return Err(Stop::fault());
        }
        let slots = (0..self.room.downloads).map(|_| self.slot()).collect();
        let feeding = async {
            let fed = all(slots).await;
            // The threads end when they have done what was begun.
            drop(self.begun.take());
            fed
        };
        tokio::try_join!(feeding, self.merge(done, progress))?;
        let (merged, until) = (self.merged.get(), self.next.get());
        if merged != until {
            return Err(Stop::fault());
        }
        Ok(until > self.ranges.len() as u64)
    }

    async fn merge(
        &self,
        done: &mut UnboundedReceiver<(u64, Result<Scanned, Lost>)>,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        let mut waiting = BTreeMap::new();
        while let Some((step, part)) = done.recv().await {
            let part = part.map_err(|lost| match lost {
                Lost::Bytes => Stop::unavailable(format!("A download of {} was given up", self.name)),
                Lost::Fault => Stop::fault(),
            })?;
            waiting.insert(step, part);
            while let Some(part) = waiting.remove(&self.merged.get()) {
                progress.scanned = std::mem::take(&mut progress.scanned).merge(part);
                self.merged.set(self.merged.get() + 1);
                progress.step = self.merged.get();
                progress.share = self.share();
            }
            self.moved.notify_waiters();
        }
        Ok(())
    }

    /// How much of the artifact is put together, from 0 to 1.
    fn share(&self) -> f64 {
        let done = usize::try_from(self.merged.get()).unwrap_or(usize::MAX).checked_sub(2);
        let bytes = done.and_then(|at| self.ranges.get(at)).map_or(0, |range| range.end);
        bytes as f64 / self.source.length().max(1) as f64
    }

    /// Downloads one batch after the other.
    async fn slot(&self) -> Result<(), Stop> {
        while let Some((step, range)) = self.begin().await {
            let (feed, inflow) = pipe(self.room.ahead);
            let is_wanted = self.begun.borrow().as_ref().is_some_and(|begun| begun.send((step, inflow)).is_ok());
            if !is_wanted {
                return Err(Stop::fault());
            }
            let told = |trouble: Trouble| Stop::of(self.name, &trouble);
            let mut left = range.end - range.start;
            let mut body = self.source.range(range).await.map_err(told)?;
            let mut is_read = true;
            while let Some(bytes) = body.next().await.map_err(told)? {
                left = left.checked_sub(bytes.len() as u64).ok_or_else(|| told(other_length()))?;
                if feed.give(bytes).await.is_err() {
                    // Whoever read has seen enough, or says itself what is the matter.
                    is_read = false;
                    break;
                }
            }
            if is_read && left > 0 {
                return Err(told(other_length()));
            }
            feed.end();
        }
        Ok(())
    }

    /// The next batch, as soon as it may begin; `None` if none may any more.
    async fn begin(&self) -> Option<(u64, Range<u64>)> {
        loop {
            let step = self.next.get();
            let range = usize::try_from(step).ok().and_then(|step| self.ranges.get(step.checked_sub(1)?))?;
            if !self.pace.may_begin() {
                return None;
            }
            if step < self.merged.get() + AHEAD * self.room.threads as u64 {
                self.next.set(step + 1);
                return Some((step, range.clone()));
            }
            self.moved.notified().await;
        }
    }
}

fn other_length() -> Trouble {
    Trouble::new(TroubleKind::Passing, "another number of bytes came than was asked for")
}

/// Does everything at once; the first error ends all.
async fn all<E, F: Future<Output = Result<(), E>>>(works: Vec<F>) -> Result<(), E> {
    let mut open: Vec<Pin<Box<F>>> = works.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        let mut at = 0;
        while let Some(work) = open.get_mut(at) {
            match work.as_mut().poll(context) {
                Poll::Pending => at += 1,
                Poll::Ready(Ok(())) => drop(open.remove(at)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        if open.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}

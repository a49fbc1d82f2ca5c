//! The threads that scan. One makes the plan and the others help it; what they read comes from outside, batch by batch.
//!
//! Nothing of a batch counts that was not read to its end. A panic is an error of its batch, and no pass.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use artifact_scan::zip::{Directory, End, Plan, batches};
use artifact_scan::{Broken, Budget, Coverage, Scanned, Walk};
use bytes::Bytes;
use lambda_kit::DISCREET_THREAD;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use super::eyes::Eyes;
use super::feed::Inflow;
use crate::terms::Terms;

/// An artifact to be scanned.
pub(super) struct Task {
    pub(super) terms: Arc<Terms>,
    pub(super) content: Content,
    /// What it is called.
    pub(super) name: String,
    /// What all paths begin with.
    pub(super) prefix: Vec<String>,
    /// Bytes that were unpacked of it before.
    pub(super) unpacked: u64,
    /// Its first step is not done yet.
    pub(super) is_first: bool,
    pub(super) threads: usize,
    /// The most bytes of a batch of several entries.
    pub(super) batch: u64,
}

/// What an artifact turned out to be.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A zip: its directory and what follows that.
    Zip { end: End, directory: Bytes, after: Bytes },
    /// Something else of so many bytes.
    File { length: u64 },
}

/// Threads at work.
pub(super) struct Started {
    /// Which bytes each step wants, from step 1 on. Step 0 wants none: it is what stands in an archive besides its entries.
    pub(super) planned: oneshot::Receiver<Result<Vec<Range<u64>>, Broken>>,
    /// Steps that are begun. The threads end when it is dropped.
    pub(super) begun: UnboundedSender<(u64, Inflow)>,
    /// Steps that are done, in any order.
    pub(super) done: UnboundedReceiver<(u64, Result<Scanned, Lost>)>,
    /// Ends what is under way.
    pub(super) wanted: Wanted,
}

/// Somebody wants what the threads find. When it is dropped they end soon, also in the middle of a step: whatever they
/// did next would take time and memory from the next invocation in the same place.
pub(super) struct Wanted(Arc<Budget>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Why a step has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Its bytes did not come.
    Bytes,
    /// It panicked.
    Fault,
}

/// Does something on a thread of its own; `None` if it panics or cannot begin.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    let run = move || drop(sender.send(work()));
    thread::Builder::new().name(DISCREET_THREAD.to_owned()).spawn(run).ok()?;
    receiver.await.ok()
}

impl Task {
    /// Begins. The threads end by themselves when nobody gives them anything any more.
    pub(super) fn start(self) -> io::Result<Started> {
        let (plan, planned) = oneshot::channel();
        let (begun, work) = mpsc::unbounded_channel();
        let (sender, done) = mpsc::unbounded_channel();
        let budget = Arc::new(Budget::new(&self.terms.limits, self.unpacked));
        let wanted = Wanted(Arc::clone(&budget));
        let run = move || self.run(plan, &Mutex::new(work), &sender, &budget);
        thread::Builder::new().name(DISCREET_THREAD.to_owned()).spawn(run)?;
        Ok(Started { planned, begun, done, wanted })
    }

    fn run(
        &self,
        planned: oneshot::Sender<Result<Vec<Range<u64>>, Broken>>,
        work: &Mutex<UnboundedReceiver<(u64, Inflow)>>,
        done: &UnboundedSender<(u64, Result<Scanned, Lost>)>,
        budget: &Budget,
    ) {
        let directory = match &self.content {
            Content::Zip { end, directory, .. } => match Directory::read(directory, end, &self.terms.limits) {
                Ok(directory) => Some(directory),
                Err(broken) => return drop(planned.send(Err(broken))),
            },
            Content::File { .. } => None,
        };
        let plan = directory.as_ref().map(|directory| self.plan(directory));
        let _ = planned.send(Ok(self.ranges(plan.as_ref())));
        let worker = || Worker {
            task: self,
            plan: plan.as_ref(),
            walk: Walk::new(&self.terms.limits, budget),
            eyes: Eyes::new(&self.terms, &self.prefix),
        };
        thread::scope(|scope| {
            for _ in 1..self.threads {
                // Fewer threads do the same work.
                let _ = thread::Builder::new()
                    .name(DISCREET_THREAD.to_owned())
                    .spawn_scoped(scope, || worker().work(work, done));
            }
            let mut own = worker();
            if self.is_first {
                let part = own.caught(Worker::frame);
                let _ = done.send((0, part));
            }
            own.work(work, done);
        });
    }

    fn plan<'d>(&self, directory: &'d Directory) -> Plan<'d> {
        let is_skipped = |name: String| self.terms.policy.skips(&[&self.prefix[..], &[name]].concat());
        batches(directory, self.batch, |entry| !is_skipped(entry.shown_name()))
    }

    fn ranges(&self, plan: Option<&Plan<'_>>) -> Vec<Range<u64>> {
        match (&self.content, plan) {
            (Content::File { length }, _) => std::iter::once(0..*length).collect(),
            (Content::Zip { .. }, plan) => {
                plan.iter().flat_map(|plan| &plan.batches).map(|batch| batch.bytes.clone()).collect()
            }
        }
    }
}

struct Worker<'t> {
    task: &'t Task,
    plan: Option<&'t Plan<'t>>,
    walk: Walk<'t>,
    eyes: Eyes<'t>,
}

impl Worker<'_> {
    fn work(
        mut self,
        work: &Mutex<UnboundedReceiver<(u64, Inflow)>>,
        done: &UnboundedSender<(u64, Result<Scanned, Lost>)>,
    ) {
        let next = || work.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        while let Some((step, bytes)) = next() {
            let part = self.caught(|worker| worker.step(step, bytes));
            if done.send((step, part)).is_err() {
                return;
            }
        }
    }

    fn caught(&mut self, work: impl FnOnce(&mut Self) -> io::Result<Coverage>) -> Result<Scanned, Lost> {
        self.eyes.forget();
        let read = catch_unwind(AssertUnwindSafe(|| work(self).map(|coverage| self.eyes.take(coverage))));
        match read {
            Ok(Ok(part)) => Ok(part),
            Ok(Err(_)) => Err(Lost::Bytes),
            Err(_) => Err(Lost::Fault),
        }
    }

    /// What stands in an archive besides its entries, and what is left out of it.
    fn frame(&mut self) -> io::Result<Coverage> {
        let (Content::Zip { directory, after, .. }, Some(plan)) = (&self.task.content, self.plan) else {
            return Ok(Coverage::default());
        };
        let coverage = self.walk.directory(directory, after, &mut self.eyes);
        Ok(coverage.merge(Coverage { skipped: plan.skipped, ..Coverage::default() }))
    }

    fn step(&mut self, step: u64, bytes: Inflow) -> io::Result<Coverage> {
        #[cfg(test)]
        super::faults::strike(&self.task.content, step);
        match (&self.task.content, self.plan) {
            (Content::File { .. }, _) => {
                let name = if self.task.prefix.is_empty() { self.task.name.as_str() } else { "<content>" };
                self.walk.file(name, bytes, &mut self.eyes)
            }
            (Content::Zip { .. }, Some(plan)) => {
                let number = usize::try_from(step).unwrap_or(usize::MAX).checked_sub(1);
                let batch = number.and_then(|number| plan.batches.get(number));
                let batch = batch.ok_or_else(|| io::Error::other("there is no such batch"))?;
                self.walk.batch(plan, batch, bytes, &mut self.eyes)
            }
            (Content::Zip { .. }, None) => Err(io::Error::other("there is no plan")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use jiff::Timestamp;

    use super::super::feed::pipe;
    use super::*;
    use crate::memory::Memory;
    use crate::policies::Written;
    use crate::terms::{Reader, RuleCache};

    /// As much text as a scan of half a minute, in a few kilobytes.
    fn bomb() -> Bytes {
        let mut member = GzEncoder::new(Vec::new(), Compression::best());
        (0..16).for_each(|_| member.write_all(&[b'a'; 1 << 20]).unwrap());
        member.finish().unwrap().repeat(512).into()
    }

    #[tokio::test]
    async fn a_thread_ends_in_the_middle_of_a_step_when_nobody_wants_it_any_more() {
        let memory = Memory::at(Timestamp::UNIX_EPOCH);
        let cache = RuleCache::default();
        let reader = Reader { store: &memory.store, bucket: None, room: &memory.room, cache: &cache };
        let text = String::from("scan: { limits: { ratio: 100000, entry: 64 GiB } }");
        let written = Written { name: None, place: String::from("here"), text, key: None };
        let terms = Arc::new(reader.terms(written, Timestamp::UNIX_EPOCH).await.unwrap());
        let bytes = bomb();
        let content = Content::File { length: bytes.len() as u64 };
        let (name, prefix) = (String::from("App"), Vec::new());
        let task = Task { terms, content, name, prefix, unpacked: 0, is_first: false, threads: 1, batch: 1 << 20 };
        let Started { planned, begun, mut done, wanted } = task.start().unwrap();
        planned.await.unwrap().unwrap();
        let (feed, inflow) = pipe(bytes.len());
        begun.send((1, inflow)).ok().unwrap();
        feed.give(bytes).await.ok().unwrap();
        feed.end();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(done.try_recv().is_err(), "it is under way");
        drop(wanted);
        let ended = tokio::time::timeout(Duration::from_secs(3), done.recv()).await.expect("it ends soon");
        assert_eq!(ended.unwrap().1.err(), Some(Lost::Bytes));
    }
}

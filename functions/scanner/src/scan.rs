//! Scans the artifacts of an action, one after the other, from where an earlier invocation ended.

mod eyes;
#[cfg(test)]
pub(crate) mod faults;
mod feed;
mod fetching;
mod opening;
mod suppressions;
mod threads;

use std::sync::Arc;
use std::time::Duration;

use artifact_scan::{Coverage, Scanned};
use lambda_kit::Deadline;
use pipeline_model::{ArtifactCredentials, S3Location, Secret};

use crate::ports::{Pin, Source, Store};
use crate::room::Room;
use crate::stop::Stop;
use crate::terms::Terms;
use fetching::Fetching;
use threads::{Content, Started, Task};

/// No batch is begun later before the invocation's end, or when half of its time is over.
const LAST_BEGINNING: Duration = Duration::from_secs(120);
/// What is not done then is done again by the next invocation: kept for the state, the reports and the answer.
const FOR_THE_REST: Duration = Duration::from_secs(30);

/// An artifact to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// As the pipeline calls it.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) at: S3Location,
}

/// How far a scan is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Progress {
    /// The versions of the artifacts that were opened, in the order of the inputs.
    pub(crate) pins: Vec<Pin>,
    /// The artifact that is scanned now; all those before it are done.
    pub(crate) artifact: usize,
    /// The next of its steps.
    pub(crate) step: u64,
    /// Bytes that were unpacked before it began.
    pub(crate) unpacked_before: u64,
    /// How much of it is done, from 0 to 1.
    pub(crate) share: f64,
    /// What was found and read.
    pub(crate) scanned: Scanned,
}

/// How long an invocation goes on.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    last_beginning: Deadline,
    end: Deadline,
}

impl Pace {
    /// Of an invocation that has begun now.
    pub(crate) fn until(deadline: &Deadline) -> Self {
        let left = deadline.remaining();
        Self {
            last_beginning: deadline.with_margin(LAST_BEGINNING.min(left / 2)),
            end: deadline.with_margin(FOR_THE_REST.min(left / 3)),
        }
    }

    pub(crate) fn may_begin(&self) -> bool {
        !self.last_beginning.remaining().is_zero()
    }
}

/// By what an action's artifacts are scanned.
pub(crate) struct Scan<'s, S> {
    pub(crate) store: &'s S,
    pub(crate) session: &'s Secret<ArtifactCredentials>,
    pub(crate) inputs: &'s [Input],
    pub(crate) terms: &'s Arc<Terms>,
    pub(crate) room: &'s Room,
    pub(crate) pace: Pace,
}

impl<S: Store> Scan<'_, S> {
    /// Goes on as long as the time allows, and says whether all is done. What was done stays in `progress`.
    pub(crate) async fn go_on(&self, progress: &mut Progress) -> Result<bool, Stop> {
        match self.pace.end.limit(self.all(progress)).await {
            Ok(went) => went,
            Err(_) => Ok(false),
        }
    }

    /// The suppressions that the artifacts bring, by the artifacts' names.
    pub(crate) async fn suppressions(&self, progress: &Progress) -> Result<Vec<(String, String)>, Stop> {
        let mut found = Vec::new();
        for (input, pin) in self.inputs.iter().zip(&progress.pins) {
            let named = named(input);
            let source = self.open(input, Some(pin)).await?;
            let text = suppressions::read(&named, &source, self.terms).await?;
            found.extend(text.map(|text| (input.name.clone(), text)));
        }
        Ok(found)
    }

    async fn all(&self, progress: &mut Progress) -> Result<bool, Stop> {
        while let Some(input) = self.inputs.get(progress.artifact) {
            if !self.pace.may_begin() || !self.artifact(input, progress).await? {
                return Ok(false);
            }
            progress.scanned.end_of(&self.prefix(input));
            progress.artifact += 1;
            progress.step = 0;
            progress.share = 0.0;
            progress.unpacked_before = progress.scanned.coverage().unpacked;
        }
        Ok(true)
    }

    async fn artifact(&self, input: &Input, progress: &mut Progress) -> Result<bool, Stop> {
        let name = named(input);
        let source = self.open(input, progress.pins.get(progress.artifact)).await?;
        if progress.pins.len() == progress.artifact {
            progress.pins.push(source.pin().clone());
        }
        let prefix = self.prefix(input);
        let content = match opening::open(&name, &source, self.terms).await? {
            Ok(content) => content,
            Err(broken) => {
                unreadable(progress, prefix, Coverage::unreadable(broken, source.length()));
                return Ok(true);
            }
        };
        let task = self.task(content, (input.name.clone(), prefix.clone()), progress);
        let started = task.start().map_err(|error| Stop::unavailable(format!("No thread can begin: {error}")))?;
        let Started { planned, begun, mut done, wanted: _wanted } = started;
        let ranges = match planned.await.map_err(|_| Stop::fault())? {
            Ok(ranges) => ranges,
            Err(broken) => {
                unreadable(progress, prefix, Coverage::unreadable(broken, source.length()));
                return Ok(true);
            }
        };
        let of = (self.room, &self.pace);
        let fetching = Fetching::new((&source, &name), &ranges, of, progress.step, begun);
        fetching.run(&mut done, progress).await
    }

    /// What the paths of the artifact begin with.
    fn prefix(&self, input: &Input) -> Vec<String> {
        if self.inputs.len() > 1 { vec![input.name.clone()] } else { Vec::new() }
    }

    async fn open(&self, input: &Input, pin: Option<&Pin>) -> Result<S::Source, Stop> {
        let opened = self.store.open(&input.at, self.session, pin).await;
        opened.map_err(|trouble| Stop::of(&named(input), &trouble))
    }

    fn task(&self, content: Content, (name, prefix): (String, Vec<String>), progress: &Progress) -> Task {
        Task {
            terms: Arc::clone(self.terms),
            content,
            name,
            prefix,
            unpacked: progress.scanned.coverage().unpacked.saturating_sub(progress.unpacked_before),
            is_first: progress.step == 0,
            threads: self.room.threads,
            batch: self.room.batch,
        }
    }
}

/// An artifact in a sentence.
fn named(input: &Input) -> String {
    format!("The input artifact {}", strict_yaml::shown(&input.name))
}

/// An artifact that cannot be opened is a gap as a whole.
fn unreadable(progress: &mut Progress, prefix: Vec<String>, mut coverage: Coverage) {
    coverage.gaps.iter_mut().for_each(|gap| gap.path.clone_from(&prefix));
    progress.scanned.cover(coverage);
}

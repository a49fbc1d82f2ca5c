//! From facts to samples: patient facts are put away, urgent ones open the inbox and fold it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use delivery_metrics::{Fact, Outcome, Rules, Sample, Settings, What, Window};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::Deadline;
use lambda_kit::batch::Record;
use lambda_kit::settings::ParameterStore;
use pipeline_model::PipelineArn;

use crate::pace::Pace;
use crate::ports::{Backlog, Ledger, MOST_SAMPLES, Measurements, Opened, Opening, Releases};
use crate::sorting::{MOST_FACTS, Parcel};
use crate::{MARGIN, Recorder};

/// The least time worth beginning something with.
pub(crate) const LEAST: Duration = Duration::from_secs(2);

/// Samples are recorded when one call is as good as full, or so many pipelines wait: what is recorded and not yet settled
/// when an invocation dies is counted twice.
const FULL: usize = MOST_SAMPLES - 100;
const MOST_WAITING: usize = 200;

/// Facts folded at once; what lies behind them in the inbox waits for the next event or the next reconcile. Taking them
/// out is one expression, and DynamoDB takes 4 KB of it.
const MOST_FOLDED: usize = 200;

/// How long one may work, and how fast one may ask, where that is limited.
pub(crate) type Limits<'l> = (&'l Deadline, Option<&'l Pace>);

/// How long a pipeline is remembered after its last event.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A pipeline whose inbox was folded and whose samples are to be recorded.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) key: String,
    pub(crate) opened: Opened,
    /// How many facts of this invocation are in the inbox.
    pub(crate) appended: usize,
    /// How many facts at the beginning of the inbox the fold has taken.
    pub(crate) folded: usize,
    pub(crate) window: Window,
    /// The window, as it will be stored.
    pub(crate) document: String,
    pub(crate) samples: Vec<Sample>,
    /// The records the facts came in; none in a sweep.
    pub(crate) records: Vec<Record>,
}

/// What became of the records of a batch.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Ids of records nothing more needs to happen with.
    pub(crate) done: Vec<String>,
    /// Records to be handed back.
    pub(crate) later: Vec<Record>,
}

impl Kept {
    pub(crate) fn sort(&mut self, records: Vec<Record>, is_done: bool) {
        if is_done {
            self.done.extend(records.into_iter().map(|record| record.id));
        } else {
            self.later.extend(records);
        }
    }
}

pub(crate) fn key(pipeline: &PipelineArn) -> String {
    format!("delivery#{pipeline}")
}

/// Until when nobody else works on what is opened now: a little longer than this process can live, which is longer than
/// it may work.
pub(crate) fn lease(deadline: &Deadline, now: Timestamp) -> Timestamp {
    let beyond = MARGIN + Duration::from_secs(2);
    deadline.expires_at().max(now).saturating_add(beyond).unwrap_or(now)
}

pub(crate) fn expires(now: Timestamp) -> Timestamp {
    now.saturating_add(REMEMBERED).unwrap_or(now)
}

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    /// Keeps the facts of a batch and records what they yield.
    pub(crate) async fn keep(&self, parcels: Vec<Parcel>, settings: &Settings, deadline: &Deadline) -> Kept {
        let mut kept = Kept::default();
        let mut due: Vec<Due> = Vec::new();
        for parcel in parcels {
            let holds = |due: &Due| due.key == key(&parcel.pipeline);
            let samples: usize = due.iter().map(|due| due.samples.len()).sum();
            if samples >= FULL || due.len() >= MOST_WAITING || due.iter().any(holds) {
                self.record(std::mem::take(&mut due), &mut kept).await;
            }
            let rules = self.rulebook.rules(settings, &parcel.pipeline.pipeline);
            match self.keep_one(&parcel, &rules, deadline).await {
                Ok(None) => kept.sort(parcel.records, true),
                Ok(Some(folded)) => due.push(Due { records: parcel.records, ..folded }),
                Err(error) => {
                    tracing::warn!(pipeline.arn = %parcel.pipeline, error = format!("{error:#}"), "the pipeline's facts come again");
                    kept.sort(parcel.records, false);
                }
            }
        }
        self.record(due, &mut kept).await;
        kept
    }

    async fn keep_one(&self, parcel: &Parcel, rules: &Rules, deadline: &Deadline) -> Result<Option<Due>> {
        if deadline.remaining() < LEAST {
            bail!("there is no time left in this invocation");
        }
        if parcel.facts.iter().any(|fact| fact.is_urgent(rules)) {
            return self.fold(&parcel.pipeline, &parcel.facts, rules, (deadline, None)).await.map(Some);
        }
        let is_here = self.releases.arn(&parcel.pipeline.pipeline) == parcel.pipeline;
        let waits = |fact: &&Fact| !(is_here && can_be_looked_up(fact));
        let patient: Vec<Fact> = parcel.facts.iter().filter(waits).cloned().collect();
        if !patient.is_empty() {
            let now = self.clock.now();
            self.ledger.append(&key(&parcel.pipeline), &written(&patient), expires(now)).await?;
        }
        Ok(None)
    }

    /// Opens a pipeline's inbox with `facts` in it and folds it. Whoever gets a [`Due`] must record it, or the lease
    /// keeps others away until it ends.
    pub(crate) async fn fold(
        &self,
        pipeline: &PipelineArn,
        facts: &[Fact],
        rules: &Rules,
        limits: Limits<'_>,
    ) -> Result<Due> {
        let (key, now) = (key(pipeline), self.clock.now());
        let until = lease(limits.0, now);
        let early = facts.len().saturating_sub(MOST_FACTS);
        for facts in facts[..early].chunks(MOST_FACTS) {
            self.ledger.append(&key, &written(facts), expires(now)).await?;
        }
        let facts = &facts[early..];
        let opening = self.ledger.open(&key, &written(facts), now, until, expires(now)).await?;
        let Opening::Open(opened) = opening else { bail!("another invocation works on this pipeline") };
        let folded = opened.inbox.len().min(MOST_FOLDED);
        match self.folded(pipeline, &opened, folded, rules, limits).await {
            Ok((window, document, samples)) => {
                let appended = facts.len();
                Ok(Due { key, opened, appended, folded, window, document, samples, records: Vec::new() })
            }
            Err(error) => {
                self.give_up(&key, &opened, facts.len()).await;
                Err(error)
            }
        }
    }

    async fn folded(
        &self,
        pipeline: &PipelineArn,
        opened: &Opened,
        folded: usize,
        rules: &Rules,
        limits: Limits<'_>,
    ) -> Result<(Window, String, Vec<Sample>)> {
        let mut window = window(opened.window.as_deref())?;
        let mut facts = self.read(&opened.inbox[..folded]);
        self.learn(pipeline, &mut window, &mut facts, rules, limits).await;
        let folded = window.fold(&facts, rules);
        self.report(pipeline, &folded);
        let document = serde_json::to_string(&window)?;
        Ok((window, document, folded.samples))
    }

    /// Takes our facts back, so that they are not there twice when their records come again.
    pub(crate) async fn give_up(&self, key: &str, opened: &Opened, appended: usize) {
        if let Err(error) = self.ledger.release(key, opened, appended).await {
            tracing::warn!(
                item.key = key,
                error = format!("{error:#}"),
                "nobody else works on this pipeline until the lease has ended"
            );
        }
    }

    /// A fact nobody can read must not keep the others from being folded.
    pub(crate) fn read(&self, inbox: &[String]) -> Vec<Fact> {
        let read = |fact: &String| match serde_json::from_str(fact) {
            Ok(fact) => Some(fact),
            Err(error) => {
                tracing::error!(fact, error = %error, "a fact of another version is left out");
                None
            }
        };
        inbox.iter().filter_map(read).collect()
    }

    fn report(&self, pipeline: &PipelineArn, folded: &delivery_metrics::Folded) {
        let now = self.clock.now();
        if folded.repaired > 0 {
            self.metrics.count(now, "ExecutionsRepaired", counted(folded.repaired));
        }
        let counts = [
            ("FactsTooLate", folded.too_late),
            ("DeploymentsWithoutCommitTime", folded.without_commit),
            ("DurationsBelowZero", folded.skewed),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.metrics.count(now, name, counted(count));
            tracing::info!(pipeline.name = %pipeline.pipeline, sample.reason = name, sample.count = count, "samples left out");
        }
    }
}

/// CodePipeline tells the same when the execution has ended and is looked at; keeping it would cost a call. Of a
/// pipeline elsewhere there is nothing but its events.
fn can_be_looked_up(fact: &Fact) -> bool {
    match fact.what {
        What::Started { .. } | What::StageEnded { .. } | What::ApprovalAnswered { .. } => true,
        What::Ended { outcome, .. } => outcome == Outcome::Dropped,
        _ => false,
    }
}

/// An item without a window is a pipeline nothing is known of yet.
pub(crate) fn window(stored: Option<&str>) -> Result<Window> {
    let Some(stored) = stored else { return Ok(Window::default()) };
    serde_json::from_str(stored).context("the pipeline's window cannot be read; a newer version may have written it")
}

fn counted(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn written(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(|fact| serde_json::to_string(fact).expect("the keys of a fact are texts")).collect()
}

#[cfg(test)]
mod tests {
    use lambda_kit::Clock;

    use super::*;

    #[test]
    fn a_lease_outlives_the_process_that_took_it() {
        let clock = Clock::stopped_at(Timestamp::UNIX_EPOCH);
        let timeout = Duration::from_secs(120);
        let work = Deadline::after(&clock, timeout).with_margin(MARGIN);
        assert!(lease(&work, clock.now()) > clock.now() + timeout);
        let over = Deadline::after(&clock, Duration::ZERO).with_margin(MARGIN);
        assert!(lease(&over, clock.now()) > clock.now(), "a lease without an end ahead would be none");
    }
}

//! One visit of a scan: go on where the last one ended, then judge, report, tell, answer; or remember and come again.

mod judging;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use lambda_kit::Deadline;
use lambda_kit::jobs::{Answer, ContinuationToken, FailureKind, Percent};
use lambda_kit::metrics::{Sample, Unit};
use lambda_kit::publishing::Bus;
use pipeline_model::{Decision, Verdict};

use crate::job::{Arrival, LONGEST};
use crate::kept::Kept;
use crate::ports::{MOST_KEPT, Shelf};
use crate::report::{self, Telling};
use crate::scan::{Pace, Progress, Scan};
use crate::stop::Stop;
use crate::terms::{Reader, Terms};
use crate::token::Token;
use crate::{Outside, Scanner};

/// Longest wait for the event bus: the answer must not wait for it.
const BRIEFLY: Duration = Duration::from_secs(3);
/// Kept for the event bus and the answer, which has a few seconds of its own.
const FOR_THE_END: Duration = Duration::from_secs(10);
/// Even where there is less left, a report is tried to be written.
const AT_LEAST: Duration = Duration::from_secs(1);

/// What a visit comes to.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    /// Told once the job has taken the answer: where a job is delivered twice, what failed here may have passed there.
    pub(crate) news: Option<Decision>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self { answer, news: None }
    }
}

/// One visit on its way.
struct Visit<'v> {
    arrival: &'v Arrival,
    deadline: &'v Deadline,
    began: Duration,
    /// How long the visits before took.
    before: f64,
}

impl<O: Outside> Scanner<O> {
    /// Scans as far as the time allows. Whoever delivers a job twice gets the same work done on the same state, so nobody
    /// claims it.
    pub(crate) async fn visit(&self, arrival: &Arrival, deadline: &Deadline) -> Outcome {
        let mut visit = Visit { arrival, deadline, began: self.clock.monotonic(), before: 0.0 };
        match self.try_visit(&mut visit).await {
            Ok(outcome) => outcome,
            Err(stop) => {
                tracing::error!(scan.key = arrival.token.key, error = stop.words, "the scan could not be made");
                let news = Some(report::unable(&self.telling(&visit), &stop.words));
                Outcome { answer: Answer::failure(stop.kind, stop.words), news }
            }
        }
    }

    async fn try_visit(&self, visit: &mut Visit<'_>) -> Result<Outcome, Stop> {
        let (arrival, pace) = (visit.arrival, Pace::until(visit.deadline));
        let written = self.policies.written(&arrival.asked).await?;
        let cache = &self.rules;
        let reader = Reader { store: &self.store, bucket: self.bucket.as_deref(), room: &self.room, cache };
        let terms = Arc::new(reader.terms(written, self.clock.now()).await?);
        let (mut progress, before) = self.resume(&arrival.token, &terms).await?;
        visit.before = before;
        let from = (progress.artifact, progress.step);
        let (inputs, session) = (&arrival.inputs, &arrival.session);
        let scan = Scan { store: &self.store, session, inputs, terms: &terms, room: &self.room, pace };
        if scan.go_on(&mut progress).await? {
            let (policy, trouble) = visit.in_time(self.heeding(&scan, &progress), Stop::late("be judged")).await?;
            return Ok(self.decide(visit, &terms, (&policy, trouble), &progress).await);
        }
        if from == (progress.artifact, progress.step) {
            let name = arrival.inputs.get(progress.artifact).map_or("?", |input| &input.name);
            return Err(Stop::new(
                FailureKind::JobFailed,
                format!(
                    "No further part of the input artifact {} could be scanned within one invocation. An entry is one part, \
                     and so is an artifact that is no zip: make it smaller, or give the function more memory up to \
                     1,769 MB, with which it has a whole processor.",
                    strict_yaml::shown(name)
                ),
            ));
        }
        self.come_again(visit, &terms, progress).await.map(Outcome::from)
    }

    /// What earlier visits left. What cannot be gone on with is begun anew: that takes time, and misses nothing.
    async fn resume(&self, token: &Token, terms: &Terms) -> Result<(Progress, f64), Stop> {
        let waited = self.clock.now().duration_since(token.since);
        if waited >= LONGEST {
            let words = "The scan has taken 23 hours, and CodePipeline ends an action after a day. Give the function \
                         more memory, or scan less.";
            return Err(Stop::new(FailureKind::JobFailed, words));
        }
        if token.visit == 0 {
            return Ok((Progress::default(), 0.0));
        }
        let bytes = self.shelf.look(&token.shelf_key(), token.visit).await;
        let bytes = bytes.map_err(|error| Stop::unavailable(format!("What was scanned cannot be read: {error:#}")))?;
        let kept = match bytes.map(|bytes| Kept::from_bytes(&bytes, token.digest)) {
            Some(Ok(kept)) if kept.by == terms.digest => return Ok((kept.progress, kept.seconds)),
            Some(Ok(_)) => String::from("it was scanned by other rules, or another policy"),
            Some(Err(why)) => why,
            None => String::from("it is gone"),
        };
        tracing::warn!(scan.key = token.key, scan.visit = token.visit, error = kept, "the scan begins anew");
        Ok((Progress::default(), 0.0))
    }

    async fn come_again(&self, visit: &Visit<'_>, terms: &Terms, progress: Progress) -> Result<Answer, Stop> {
        let token = &visit.arrival.token;
        let (done, all) = (progress.artifact as f64 + progress.share, visit.arrival.inputs.len().max(1) as f64);
        let percent = (done / all * 100.0).clamp(0.0, 99.0) as u8;
        let kept = Kept { progress, by: terms.digest.clone(), seconds: self.seconds(visit) };
        let (bytes, digest) = kept.into_bytes();
        if bytes.len() > MOST_KEPT {
            let (length, most) = (bytes.len() >> 20, MOST_KEPT >> 20);
            return Err(Stop::new(
                FailureKind::JobFailed,
                format!(
                    "What was found so far takes {length} MiB, and {most} MiB is the most that is kept until the next \
                     invocation. Give the function more memory, so that one invocation is enough, or scan less."
                ),
            ));
        }
        let next = Token { visit: token.visit.saturating_add(1), digest, ..token.clone() };
        let written = self.shelf.keep(&next.shelf_key(), next.visit, &bytes).await;
        written.map_err(|error| Stop::unavailable(format!("What was scanned cannot be kept: {error:#}")))?;
        tracing::info!(scan.key = token.key, scan.visit = token.visit, scan.percent = percent, "the scan goes on");
        let token = ContinuationToken::new(next.to_string()).expect("a token of ours has less than 200 characters");
        let summary = format!("{percent} % is scanned; the scan goes on.").into();
        Ok(Answer::Continue { token, summary, percent: Some(Percent::new(percent)) })
    }

    /// The release does not wait for its news.
    pub(crate) async fn publish(&self, decision: Decision) {
        let limit = BRIEFLY.as_secs();
        let publish = tokio::time::timeout(BRIEFLY, self.bus.publish(&decision)).await;
        if let Err(error) = publish.with_context(|| format!("no answer within {limit} s")).and_then(|done| done) {
            self.metrics.count(self.clock.now(), "ScanDecisionsNotPublished", 1);
            tracing::error!(scan.key = decision.key, error = format!("{error:#}"), "nobody hears of this");
        }
    }

    fn measure(&self, visit: &Visit<'_>, progress: &Progress, verdict: &Verdict) {
        let (at, seconds, coverage) = (self.clock.now(), self.seconds(visit), progress.scanned.coverage());
        let bytes = coverage.scanned.bytes + coverage.binary.bytes;
        let sample = |name, unit, value| Sample { at, name, unit, value, properties: Vec::new() };
        self.metrics.emit(&sample("ScanSeconds", Unit::Seconds, seconds));
        self.metrics.emit(&sample("ScanBytes", Unit::Bytes, bytes as f64));
        tracing::info!(
            scan.key = visit.arrival.token.key,
            scan.verdict = %verdict,
            scan.duration_seconds = seconds,
            scan.size_bytes = bytes,
            scan.findings = progress.scanned.findings().len(),
            "a release was scanned"
        );
    }

    fn seconds(&self, visit: &Visit<'_>) -> f64 {
        visit.before + self.clock.monotonic().saturating_sub(visit.began).as_secs_f64()
    }

    fn telling<'t>(&'t self, visit: &Visit<'t>) -> Telling<'t> {
        Telling { home: &self.home, arrival: visit.arrival, now: self.clock.now(), seconds: self.seconds(visit) }
    }
}

impl Visit<'_> {
    /// Work that may last as long as it leaves time to publish and to answer.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Stop>>, late: Stop) -> Result<T, Stop> {
        let time = self.deadline.remaining().saturating_sub(FOR_THE_END).max(AT_LEAST);
        tokio::time::timeout(time, work).await.unwrap_or(Err(late))
    }
}

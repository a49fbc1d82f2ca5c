//! One visit of a scan: go on where the last one ended, then judge, report, tell, answer; or remember and come again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use artifact_scan::{Judgement, Policy, RuleBook, judge};
use lambda_kit::Deadline;
use lambda_kit::jobs::{Answer, ContinuationToken, FailureKind, Percent, Variables};
use lambda_kit::metrics::{Sample, Unit};
use lambda_kit::publishing::Bus;
use pipeline_model::{Decision, Verdict};

use crate::job::{Arrival, LONGEST};
use crate::kept::Kept;
use crate::ports::{Shelf, Store};
use crate::report::{self, File, Telling};
use crate::scan::{Pace, Progress, Scan};
use crate::stop::Stop;
use crate::terms::{Reader, Terms, wrong};
use crate::token::Token;
use crate::{Outside, Scanner};

/// Longest wait for the event bus: the answer must not wait for it.
const BRIEFLY: Duration = Duration::from_secs(3);

/// One visit on its way.
struct Visit<'v> {
    arrival: &'v Arrival,
    began: Duration,
    /// How long the visits before took.
    before: f64,
}

impl<O: Outside> Scanner<O> {
    /// Scans as far as the time allows. Whoever delivers a job twice gets the same work done on the same state, so nobody
    /// claims it.
    pub(crate) async fn visit(&self, arrival: &Arrival, deadline: &Deadline) -> Answer {
        let mut visit = Visit { arrival, began: self.clock.monotonic(), before: 0.0 };
        match self.try_visit(&mut visit, deadline).await {
            Ok(answer) => answer,
            Err(stop) => {
                tracing::error!(scan.key = arrival.token.key, error = stop.words, "the scan could not be made");
                self.publish(report::unable(&self.telling(&visit), &stop.words)).await;
                Answer::failure(stop.kind, stop.words)
            }
        }
    }

    async fn try_visit(&self, visit: &mut Visit<'_>, deadline: &Deadline) -> Result<Answer, Stop> {
        let (arrival, pace) = (visit.arrival, Pace::until(deadline));
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
            let policy = self.heeding(&scan, &progress).await?;
            return self.decide(visit, &terms, &policy, &progress).await;
        }
        if from == (progress.artifact, progress.step) {
            let name = arrival.inputs.get(progress.artifact).map_or("?", |input| &input.name);
            return Err(Stop::new(
                FailureKind::JobFailed,
                format!(
                    "No further part of the input artifact {} could be scanned within one invocation. Give the function \
                     more time or memory.",
                    strict_yaml::shown(name)
                ),
            ));
        }
        self.come_again(visit, &terms, progress).await
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
        let next = Token { visit: token.visit.saturating_add(1), digest, ..token.clone() };
        let written = self.shelf.keep(&next.shelf_key(), next.visit, &bytes).await;
        written.map_err(|error| Stop::unavailable(format!("What was scanned cannot be kept: {error:#}")))?;
        tracing::info!(scan.key = token.key, scan.visit = token.visit, scan.percent = percent, "the scan goes on");
        let token = ContinuationToken::new(next.to_string()).expect("a token of ours has less than 200 characters");
        let summary = format!("{percent} % is scanned; the scan goes on.").into();
        Ok(Answer::Continue { token, summary, percent: Some(Percent::new(percent)) })
    }

    /// The policy with what the artifacts bring, if it heeds that.
    async fn heeding(&self, scan: &Scan<'_, O::Store>, progress: &Progress) -> Result<Policy, Stop> {
        let mut policy = scan.terms.policy.clone();
        if policy.heeds_artifact() {
            for (name, text) in scan.suppressions(progress).await? {
                let heeded = policy.heeding(&text, &scan.terms.rules.all(), self.clock.now());
                policy = heeded
                    .map_err(|problems| wrong(&format!("the suppressions in the input artifact {name}"), &problems))?;
            }
        }
        Ok(policy)
    }

    async fn decide(
        &self,
        visit: &Visit<'_>,
        terms: &Terms,
        policy: &Policy,
        progress: &Progress,
    ) -> Result<Answer, Stop> {
        let (scanned, book, now) = (&progress.scanned, terms.rules.book(), self.clock.now());
        let judgement = judge(scanned, policy, terms.baseline.as_ref(), now);
        let names: Vec<&str> = visit.arrival.inputs.iter().map(|input| &*input.name).collect();
        let files = report::files(&names, terms, (scanned, &judgement), &book, now);
        let delivered = self.deliver(visit.arrival, terms, &files).await;
        let (report, undelivered) = match delivered {
            Ok(address) => (address, None),
            Err(stop) => (None, Some(stop)),
        };
        let answer = self.answer(&judgement, (terms, &book), report.as_deref(), undelivered);
        let verdict = match &answer {
            Answer::Success { .. } => Verdict::Pass,
            _ if judgement.verdict == artifact_scan::Verdict::Fail => Verdict::Fail,
            _ => Verdict::Error,
        };
        self.measure(visit, progress, &verdict);
        let reason = words(&answer);
        let of = (&judgement, scanned.coverage());
        self.publish(report::judged(&self.telling(visit), of, &book, (verdict, &reason), report)).await;
        Ok(answer)
    }

    /// Nothing but a judgement that says so, with its report where it belongs, lets a release pass.
    fn answer(
        &self,
        judgement: &Judgement<'_>,
        (terms, book): (&Terms, &RuleBook<'_>),
        report: Option<&str>,
        undelivered: Option<Stop>,
    ) -> Answer {
        let gaps: Vec<_> = judgement.gaps.iter().map(|(gap, _)| (*gap).clone()).collect();
        let advice = self.room.advice(&gaps, &terms.policy.limits);
        let place = report.map(|address| format!("Report: {address}"));
        let sentences = [Some(judgement.message(book)), advice, place];
        let said = sentences.into_iter().flatten().collect::<Vec<_>>().join(" ");
        match (judgement.verdict, undelivered) {
            (artifact_scan::Verdict::Pass, None) => {
                let variables = judgement.variables();
                let with = |all: Variables, (name, value): (String, String)| all.with(&name, value);
                let variables = variables.into_iter().fold(Variables::default(), with);
                let variables = report.into_iter().fold(variables, |all, address| all.with("report", address));
                Answer::Success { summary: said.into(), external_id: None, percent: None, variables }
            }
            (artifact_scan::Verdict::Pass, Some(stop)) => Answer::failure(stop.kind, stop.words),
            (artifact_scan::Verdict::Fail, None) => Answer::failure(FailureKind::JobFailed, said),
            (artifact_scan::Verdict::Fail, Some(stop)) => {
                Answer::failure(FailureKind::JobFailed, format!("{said} {}", stop.words))
            }
        }
    }

    /// Puts the report wherever it is wanted, and says where people find it.
    async fn deliver(&self, arrival: &Arrival, terms: &Terms, files: &[File]) -> Result<Option<String>, Stop> {
        let told = |what: &str, trouble: &crate::ports::Trouble| {
            let words = format!("The scan's report cannot be written to {what}: {trouble}");
            match trouble.kind {
                crate::ports::TroubleKind::Passing => Stop::unavailable(words),
                kind => Stop::new(kind.failure(), format!("{words}.")),
            }
        };
        let mut address = None;
        if let Some(folder) = &terms.policy.reports.to {
            let job = &*arrival.token.key;
            let pipeline = arrival.pipeline.as_ref().map_or(job, |name| name.as_str());
            let execution = arrival.execution.as_ref().map_or(job, |execution| execution.as_str());
            let action = arrival.action.as_ref().map_or("scan", |action| action.as_str());
            for File { format, text } in files {
                let at = report::address(folder, [pipeline, execution, action], *format);
                let written = self.store.write(&at, format.media_type(), text.clone().into()).await;
                written.map_err(|trouble| told(&at.to_string(), &trouble))?;
                // The last one is for people, if there is one for them.
                address = Some(at.to_string());
            }
        }
        if !arrival.outputs.is_empty() {
            let zip = report::packed(files).map_err(|error| {
                Stop::new(FailureKind::JobFailed, format!("The scan's report cannot be packed: {error}."))
            })?;
            for at in &arrival.outputs {
                let shown = format!("s3://{}/{}", at.bucket, at.key);
                let put = self.store.deliver(at, &arrival.session, arrival.key.as_ref(), zip.clone()).await;
                put.map_err(|trouble| told(&format!("the output artifact {shown}"), &trouble))?;
                address = address.or(Some(shown));
            }
        }
        Ok(address)
    }

    /// The release does not wait for its news.
    async fn publish(&self, decision: Decision) {
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

fn words(answer: &Answer) -> String {
    match answer {
        Answer::Success { summary, .. } | Answer::Continue { summary, .. } => summary.as_str().to_owned(),
        Answer::Failure { message, .. } => message.as_str().to_owned(),
    }
}

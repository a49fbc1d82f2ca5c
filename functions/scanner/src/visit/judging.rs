//! The end of a scan: heed what the artifacts bring, judge, deliver the report, say it.

use artifact_scan::{Judgement, Policy, RuleBook, judge};
use lambda_kit::jobs::{Answer, FailureKind, Variables};
use pipeline_model::Verdict;

use super::{Outcome, Visit};
use crate::job::Arrival;
use crate::ports::{Store, Trouble, TroubleKind};
use crate::report::{self, File};
use crate::scan::{Progress, Scan};
use crate::stop::Stop;
use crate::terms::{Terms, wrong};
use crate::{Outside, Scanner};

impl<O: Outside> Scanner<O> {
    /// The policy with what the artifacts bring, if it heeds that. What is wrong with that hides no finding: it is told
    /// beside the judgement, and then nothing passes.
    pub(super) async fn heeding(
        &self,
        scan: &Scan<'_, O::Store>,
        progress: &Progress,
    ) -> Result<(Policy, Option<Stop>), Stop> {
        let (mut policy, rules) = (scan.terms.policy.clone(), &scan.terms.rules);
        if !policy.heeds_artifact() {
            return Ok((policy, None));
        }
        let brought = match scan.suppressions(progress).await {
            Ok(brought) => brought,
            Err(stop) if stop.kind == FailureKind::JobFailed => return Ok((policy, Some(stop))),
            Err(stop) => return Err(stop),
        };
        for (name, text) in brought {
            let within = (scan.inputs.len() > 1).then_some(&*name);
            match policy.clone().heeding(&text, &rules.all(), self.clock.now(), within) {
                Ok(heeding) => policy = heeding,
                Err(problems) => {
                    let place = format!("the suppressions in the input artifact {}", strict_yaml::shown(&name));
                    return Ok((policy, Some(rules.masked(wrong(&place, &problems)))));
                }
            }
        }
        Ok((policy, None))
    }

    pub(super) async fn decide(
        &self,
        visit: &Visit<'_>,
        terms: &Terms,
        (policy, trouble): (&Policy, Option<Stop>),
        progress: &Progress,
    ) -> Outcome {
        let (scanned, book, now) = (&progress.scanned, terms.rules.book(), self.clock.now());
        let judgement = judge(scanned, policy, terms.baseline.as_ref(), now);
        let names: Vec<&str> = visit.arrival.inputs.iter().map(|input| &*input.name).collect();
        let files = report::files(&names, terms, (scanned, &judgement), &book, now);
        let delivering = self.deliver(visit.arrival, terms, &files);
        let delivered = visit.in_time(delivering, Stop::late("be reported")).await;
        let (report, undelivered) = match delivered {
            Ok(address) => (address, None),
            Err(stop) => (None, Some(stop)),
        };
        let trouble = trouble.into_iter().chain(undelivered).reduce(Stop::and);
        if let Some(stop) = &trouble {
            tracing::error!(scan.key = visit.arrival.token.key, error = stop.words, "something beside the scan failed");
        }
        let words = self.words(&judgement, terms, &book, trouble.as_ref());
        let verdict = match (judgement.verdict, &trouble) {
            (artifact_scan::Verdict::Fail, _) => Verdict::Fail,
            (artifact_scan::Verdict::Pass, None) => Verdict::Pass,
            (artifact_scan::Verdict::Pass, Some(_)) => Verdict::Error,
        };
        self.measure(visit, progress, &verdict);
        let of = (&judgement, scanned.coverage());
        let is_error = verdict == Verdict::Error;
        let decision = report::judged(&self.telling(visit), of, &book, (verdict, &words), report.clone());
        let answer = answer(&judgement, words, report, trouble);
        if is_error {
            return Outcome { answer, news: Some(decision) };
        }
        self.publish(decision).await;
        Outcome::from(answer)
    }

    /// The judgement in sentences, with what went wrong besides.
    fn words(&self, judgement: &Judgement<'_>, terms: &Terms, book: &RuleBook<'_>, trouble: Option<&Stop>) -> String {
        let gaps: Vec<_> = judgement.gaps.iter().map(|(gap, _)| (*gap).clone()).collect();
        let passes = judgement.verdict == artifact_scan::Verdict::Pass;
        let message = (!passes || trouble.is_none()).then(|| judgement.message(book));
        let advice = self.room.advice(&gaps, &terms.policy.limits);
        let told = |stop: &Stop| if passes { stop.words.clone() } else { stop.beside_a_verdict() };
        let trouble = trouble.map(told);
        [message, advice, trouble].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Puts the report wherever it is wanted, and says where people find it.
    async fn deliver(&self, arrival: &Arrival, terms: &Terms, files: &[File]) -> Result<Option<String>, Stop> {
        let told = |what: &str, trouble: &Trouble| {
            let words = format!("The scan's report cannot be written to {what}: {trouble}");
            match trouble.kind {
                TroubleKind::Passing => Stop::unavailable(words),
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
                let at = report::address(folder, [pipeline, execution, action, job], *format);
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
}

/// Nothing but a judgement that says so, with its report where it belongs, lets a release pass.
fn answer(judgement: &Judgement<'_>, words: String, report: Option<String>, trouble: Option<Stop>) -> Answer {
    let place = report.as_ref().map(|address| format!("Report: {address}"));
    let said = [Some(words), place].into_iter().flatten().collect::<Vec<_>>().join(" ");
    match (judgement.verdict, trouble) {
        (artifact_scan::Verdict::Pass, None) => {
            let variables =
                judgement.variables().into_iter().chain(report.map(|address| ("report".to_owned(), address)));
            let variables = variables.fold(Variables::default(), |all, (name, value)| all.with(&name, value));
            Answer::Success { summary: said.into(), external_id: None, percent: None, variables }
        }
        (artifact_scan::Verdict::Pass, Some(stop)) => Answer::failure(stop.kind, said),
        (artifact_scan::Verdict::Fail, _) => Answer::failure(FailureKind::JobFailed, said),
    }
}

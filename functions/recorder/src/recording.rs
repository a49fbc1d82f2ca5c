//! Samples of many pipelines, in as few calls as CloudWatch allows, and the books closed behind them.

use std::collections::BTreeMap;

use delivery_metrics::Sample;
use jiff::{SignedDuration, Timestamp};
use lambda_kit::settings::ParameterStore;

use crate::Recorder;
use crate::folding::{Due, Kept, expires};
use crate::ports::{Backlog, Ledger, MOST_SAMPLES, Measurements, NotRecorded, Releases, Settled};

/// CloudWatch takes samples of the last two weeks. An hour less, for clocks that differ and calls that take time.
///
/// Source: `MetricDatum.Timestamp` in botocore's CloudWatch model.
pub(crate) const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24 - 1);
/// And up to two hours ahead; a minute less for the same reason.
const NEWEST: SignedDuration = SignedDuration::from_mins(119);

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    /// Records what was folded. Pipelines whose samples CloudWatch took are settled, the others given back as they were.
    pub(crate) async fn record(&self, due: Vec<Due>, kept: &mut Kept) {
        for group in grouped(due, |due| due.samples.len()) {
            self.record_group(group, kept).await;
        }
    }

    async fn record_group(&self, group: Vec<Due>, kept: &mut Kept) {
        let samples = self.recordable(group.iter().flat_map(|due| due.samples.iter().cloned()).collect());
        let recorded = self.send(&samples).await;
        for due in group {
            match recorded {
                Ok(()) => self.settle(&due).await,
                Err(_) => self.give_up(&due.key, &due.opened, due.appended).await,
            }
            kept.sort(due.records, recorded.is_ok());
        }
    }

    /// One call, unless a single pipeline has more samples than one takes.
    async fn send(&self, samples: &[Sample]) -> Result<(), NotRecorded> {
        for (number, call) in samples.chunks(MOST_SAMPLES).enumerate() {
            let Err(error) = self.measurements.record(call).await else { continue };
            let may_count_twice = number > 0 || matches!(error, NotRecorded::Unanswered(_));
            let (NotRecorded::Refused(cause) | NotRecorded::Unanswered(cause)) = &error;
            tracing::error!(
                samples = samples.len(),
                may_count_twice,
                error = format!("{cause:#}"),
                "the samples were not recorded; they come again"
            );
            return Err(error);
        }
        Ok(())
    }

    /// Once recorded, samples cannot be taken back: what goes wrong here is reported, and the record is done.
    async fn settle(&self, due: &Due) {
        let expires = expires(self.clock.now());
        let settled = self.ledger.settle(&due.key, &due.opened, &due.document, due.folded, expires).await;
        let problem = match settled {
            Ok(Settled::Yes) => return,
            Ok(Settled::Lost) => String::from("the lease was lost"),
            Err(error) => format!("{error:#}"),
        };
        tracing::error!(item.key = due.key, error = problem, "samples were recorded and may be recorded again");
    }

    /// One sample CloudWatch refuses would take all others of its request with it.
    fn recordable(&self, mut samples: Vec<Sample>) -> Vec<Sample> {
        let now = self.clock.now();
        let mut left_out = BTreeMap::<(&str, String), u32>::new();
        samples.retain(|sample| {
            let Some(reason) = refusal(sample, now) else { return true };
            let whose = sample.scope.dimensions().first().map(|(_, value)| (*value).to_owned());
            *left_out.entry((reason, whose.unwrap_or_default())).or_default() += 1;
            false
        });
        for ((reason, pipeline), count) in left_out {
            self.metrics.count(now, reason, count);
            tracing::warn!(pipeline.name = pipeline, sample.reason = reason, sample.count = count, "samples left out");
        }
        samples
    }
}

/// Why CloudWatch would not take a sample, as the name of the metric that counts such samples.
fn refusal(sample: &Sample, now: Timestamp) -> Option<&'static str> {
    let age = now.duration_since(sample.at);
    // `Dimension.Value` in botocore's CloudWatch model: 1 to 1024 ASCII characters, one of them not blank.
    let is_name = |text: &str| {
        text.len() <= 1024 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.trim().is_empty()
    };
    if age > OLDEST {
        Some("SamplesTooOld")
    } else if -age > NEWEST {
        Some("SamplesInTheFuture")
    } else if !sample.scope.dimensions().into_iter().all(|(_, value)| is_name(value)) {
        Some("SamplesWithUnusableName")
    } else {
        None
    }
}

/// Splits into groups of at most [`MOST_SAMPLES`] samples. What belongs to one pipeline stays together, so that it is
/// settled as a whole.
fn grouped<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut groups: Vec<(usize, Vec<T>)> = Vec::new();
    for item in items {
        let more = size(&item);
        match groups.last_mut() {
            Some((total, group)) if *total + more <= MOST_SAMPLES => {
                *total += more;
                group.push(item);
            }
            _ => groups.push((more, vec![item])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use delivery_metrics::{Finite, Measure, Scope};

    use super::*;

    fn refused(name: &str, age: SignedDuration) -> Option<&'static str> {
        let now = Timestamp::from_second(1_772_445_600).unwrap();
        let scope = Scope::Pipeline(name.into());
        refusal(&Sample { measure: Measure::Deployments, scope, at: now - age, value: Finite::new(1.0).unwrap() }, now)
    }

    #[test]
    fn what_cloudwatch_would_refuse_is_left_out_with_its_reason() {
        let minutes = SignedDuration::from_mins;
        assert_eq!(refused("orders", minutes(0)), None);
        assert_eq!(refused("orders", minutes(13 * 24 * 60)), None);
        assert_eq!(refused("orders", minutes(14 * 24 * 60)), Some("SamplesTooOld"));
        assert_eq!(refused("orders", minutes(-119)), None);
        assert_eq!(refused("orders", minutes(-120)), Some("SamplesInTheFuture"));
        for name in ["", "  ", "bestellungen-ü", "a\nb", &"x".repeat(1025)] {
            assert_eq!(refused(name, minutes(0)), Some("SamplesWithUnusableName"), "{name}");
        }
    }

    #[test]
    fn one_pipeline_stays_in_one_request_and_no_request_is_too_large() {
        let groups = grouped(vec![600, 300, 200, 1000, 1], |size| *size);
        assert_eq!(groups, [vec![600, 300], vec![200], vec![1000], vec![1]]);
    }
}

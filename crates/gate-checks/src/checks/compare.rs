//! A candidate against a baseline: the same metric in two sets of dimensions, or in two stretches of time.

mod mann_whitney;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::metric::{
    Dimensions, Source, Stat, Stretch, WrittenMetric, WrittenSource, check_dimensions, is_whole, points,
};
use crate::check::{Check, Measurement};
use crate::text::{count, number};
use crate::value::Duration;
use crate::{Facts, MetricQuery, Place, Question, Unanswered};

use mann_whitney::{shift, smallest_p};

/// Fails when the candidate's data points are shifted to the worse side: so far that chance hardly explains it (`p` below
/// `alpha`), and so far that it matters (`effect` at least as said). One of the two alone is no reason: with many points
/// a difference nobody would notice has a tiny p.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
pub(crate) struct Compare {
    source: Source,
    candidate: Side,
    baseline: Side,
    worse: Worse,
    alpha: f64,
    effect: f64,
    points: u32,
}

/// What stands below `compare` in a policy.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// The metric of both sides; or else `expression`.
    metric: Option<WrittenMetric>,
    /// Metric math over `metrics`, a search or a Metrics Insights query.
    expression: Option<String>,
    /// What the expression names.
    #[serde(default)]
    metrics: BTreeMap<String, WrittenMetric>,
    /// The statistic of metrics that do not say their own.
    stat: Option<Stat>,
    /// What one data point stands for; a minute.
    period: Option<Duration>,
    /// How much of the past is looked at on either side; half an hour.
    over: Option<Duration>,
    /// How long before now that ends, because metrics arrive late; two minutes.
    offset: Option<Duration>,
    /// What is new.
    #[serde(default)]
    candidate: WrittenCandidate,
    /// What it is held against.
    baseline: WrittenBaseline,
    /// Which side is worse.
    worse: Worse,
    /// Fails below this p only; 0.05.
    alpha: Option<f64>,
    /// Fails from this effect (Cliff's delta, 0 to 1) only; 0.3.
    effect: Option<f64>,
    /// So many data points on each side, or nothing is said; 10.
    points: Option<u32>,
}

#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenCandidate {
    /// In addition to those of the metrics.
    #[serde(default)]
    dimensions: Dimensions,
    /// Where it differs from the check's `over`.
    over: Option<Duration>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenBaseline {
    /// In addition to those of the metrics.
    #[serde(default)]
    dimensions: Dimensions,
    /// Where it differs from the check's `over`.
    over: Option<Duration>,
    /// How long before the candidate's end it ends: `1d` is yesterday at this time.
    before: Option<Duration>,
}

#[derive(Debug)]
struct Side {
    dimensions: Dimensions,
    stretch: Stretch,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum Worse {
    /// As for errors and latencies.
    Higher,
    /// As for orders per minute.
    Lower,
}

impl TryFrom<Written> for Compare {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let points = written.points.unwrap_or(10);
        let (alpha, effect, worse) = (written.alpha.unwrap_or(0.05), written.effect.unwrap_or(0.3), written.worse);
        let thresholds = check_thresholds(alpha, effect, points);
        let sides = sides(&written);
        let Written { metric, expression, metrics, stat, .. } = written;
        match (WrittenSource { metric, expression, metrics, stat }.check(), sides, thresholds) {
            (Ok(source), Ok((candidate, baseline)), Ok(())) => {
                let compare = Self { source, candidate, baseline, worse, alpha, effect, points };
                compare.check_sides().map(|()| compare)
            }
            (source, sides, thresholds) => {
                let problems = [source.err(), sides.err(), thresholds.err()];
                Err(problems.into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
        }
    }
}

fn sides(written: &Written) -> Result<(Side, Side), String> {
    let over = written.over.unwrap_or(Duration::minutes(30));
    let Written { period, offset, candidate, baseline, .. } = written;
    check_dimensions(&candidate.dimensions)?;
    check_dimensions(&baseline.dimensions)?;
    Ok((
        Side {
            dimensions: candidate.dimensions.clone(),
            stretch: Stretch::check(*period, candidate.over.unwrap_or(over), *offset, None)?,
        },
        Side {
            dimensions: baseline.dimensions.clone(),
            stretch: Stretch::check(*period, baseline.over.unwrap_or(over), *offset, baseline.before)?,
        },
    ))
}

/// What could never fail would be a gate that is always open.
fn check_thresholds(alpha: f64, effect: f64, points: u32) -> Result<(), String> {
    if !(alpha > 0.0 && alpha <= 0.5) {
        return Err(format!("`alpha` is {}; it is above 0 and at most 0.5, such as 0.05", number(alpha)));
    }
    if !(0.0..=1.0).contains(&effect) {
        return Err(format!("`effect` is {}; it is from 0 to 1, such as 0.3", number(effect)));
    }
    let smallest = smallest_p(points as usize, points as usize);
    if smallest >= alpha {
        let (points, smallest, alpha) = (count(points as usize, "point"), number(smallest), number(alpha));
        return Err(format!(
            "with {points} on each side p is {smallest} at least, so it could never be below the `alpha` of {alpha}; ask for more `points`"
        ));
    }
    Ok(())
}

impl Compare {
    fn check_sides(&self) -> Result<(), String> {
        let (candidate, baseline) = (&self.candidate, &self.baseline);
        candidate.stretch.suits(&self.source, self.points).map_err(|why| format!("candidate: {why}"))?;
        baseline.stretch.suits(&self.source, self.points).map_err(|why| format!("baseline: {why}"))?;
        let has_dimensions = !candidate.dimensions.is_empty() || !baseline.dimensions.is_empty();
        if has_dimensions && !self.source.has_metrics() {
            return Err("the expression names no `metrics` that could have the dimensions of either side".into());
        }
        if candidate.dimensions == baseline.dimensions && candidate.stretch.overlaps(&baseline.stretch) {
            return Err("candidate and baseline share data points: give them other dimensions, or the baseline a `before` as long as the candidate's `over`".into());
        }
        Ok(())
    }

    fn query(&self, side: &Side, place: &Place, now: Timestamp) -> Result<MetricQuery, Unanswered> {
        Ok(side.stretch.query(self.source.fill(&side.dimensions, place)?, now))
    }

    fn judge(&self, candidate: &[f64], baseline: &[f64]) -> Measurement {
        let (Some(median), Some(other)) = (median(candidate), median(baseline)) else {
            let empty = if candidate.is_empty() { "candidate" } else { "baseline" };
            return Measurement::no_data(format!("{} has no data points for the {empty}", self.source.name()));
        };
        let sizes = format!("{} and {} data points", candidate.len(), baseline.len());
        let medians = format!("median {} against {}", number(median), number(other));
        let says = format!("{} of the candidate and the baseline: {medians}, {sizes}", self.source.name());
        if candidate.len().min(baseline.len()) < self.points as usize {
            return Measurement::inconclusive(format!("{says}, of {} needed on each side", self.points));
        }
        let shift = match self.worse {
            Worse::Higher => shift(candidate, baseline),
            Worse::Lower => shift(baseline, candidate),
        };
        let Some(shift) = shift else { return Measurement::inconclusive(format!("{says}: they cannot be compared")) };
        let is_worse = shift.p < self.alpha && shift.effect >= self.effect;
        let verdict = if is_worse { "worse" } else { "not worse" };
        let (p, alpha, effect) = (probability(shift.p), number(self.alpha), number(self.effect));
        let (size, need) = (number(shift.effect), format!("worse is p below {alpha} with an effect from {effect}"));
        Measurement::of(!is_worse, format!("{says}: {verdict}, {p}, effect {size} ({need})"))
    }
}

impl Check for Compare {
    fn questions(&self, place: &Place, now: Timestamp) -> Vec<Question> {
        let sides = [&self.candidate, &self.baseline];
        sides.into_iter().flat_map(|side| self.query(side, place, now)).map(Question::Metric).collect()
    }

    fn measure(&self, place: &Place, facts: &Facts, now: Timestamp) -> Result<Measurement, Unanswered> {
        let values = |side| {
            let query = self.query(side, place, facts.asked(now))?;
            let data = facts.metric(&query)?;
            is_whole(data)?;
            Ok(points(data, &query).into_iter().map(|point| point.value).collect::<Vec<_>>())
        };
        Ok(self.judge(&values(&self.candidate)?, &values(&self.baseline)?))
    }
}

/// Smaller ones are no better known than that.
fn probability(p: f64) -> String {
    if p < 0.0001 { String::from("p below 0.0001") } else { format!("p {}", number(p)) }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (upper, lower) = (sorted.len() / 2, sorted.len().checked_sub(1)? / 2);
    Some(f64::midpoint(sorted[lower], sorted[upper]))
}

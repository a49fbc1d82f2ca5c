//! A metric or an expression that must stay on one side of a number.

mod points;
mod source;
mod stat;
mod stretch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::text::{clock, count, lasting, number, shown};
use crate::value::Duration;
use crate::{Facts, MetricData, MetricQuery, Place, Question, Unanswered};

use points::Point;
pub(super) use points::{is_whole, points};
pub(super) use source::{Dimensions, Source, WrittenMetric, WrittenSource, check_dimensions};
pub(super) use stat::Stat;
pub(super) use stretch::Stretch;

/// Fails when any data point is on the wrong side. A statistic of the whole stretch is one whose period is as long.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
pub(crate) struct Metric {
    source: Source,
    stretch: Stretch,
    limit: Limit,
    points: u32,
}

/// What stands below `metric` in a policy.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// The metric; or else `expression`.
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
    /// How much of the past is looked at; ten minutes.
    over: Option<Duration>,
    /// How long before now that ends, because metrics arrive late; two minutes.
    offset: Option<Duration>,
    /// The release fails above this number.
    above: Option<f64>,
    /// The release fails below this number.
    below: Option<f64>,
    /// So many data points must be there, of each series; one.
    points: Option<u32>,
}

/// The number, and the side that is wrong.
#[derive(Debug, Clone, Copy)]
enum Limit {
    Above(f64),
    Below(f64),
}

impl TryFrom<Written> for Metric {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { metric, expression, metrics, stat, period, over, offset, above, below, points } = written;
        let source = WrittenSource { metric, expression, metrics, stat }.check();
        let stretch = Stretch::check(period, over.unwrap_or(Duration::minutes(10)), offset, None);
        let limit = match (above, below) {
            (Some(number), None) => Ok(Limit::Above(number)),
            (None, Some(number)) => Ok(Limit::Below(number)),
            (Some(_), Some(_)) => Err("`above` and `below` exclude each other; write two checks".to_owned()),
            (None, None) => Err("one of the keys `above` and `below` is missing: when is it wrong?".to_owned()),
        };
        let points = match points {
            Some(0) => Err("`points` is 0; what no data means is said by `no-data`".to_owned()),
            points => Ok(points.unwrap_or(1)),
        };
        match (source, stretch, limit, points) {
            (Ok(source), Ok(stretch), Ok(limit), Ok(points)) => {
                stretch.suits(&source, points)?;
                Ok(Self { source, stretch, limit, points })
            }
            (source, stretch, limit, points) => {
                let problems = [source.err(), stretch.err(), limit.err(), points.err()];
                Err(problems.into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
        }
    }
}

impl Check for Metric {
    fn questions(&self, place: &Place, now: Timestamp) -> Vec<Question> {
        self.query(place, now).map(Question::Metric).into_iter().collect()
    }

    fn measure(&self, place: &Place, facts: &Facts, now: Timestamp) -> Result<Measurement, Unanswered> {
        let query = self.query(place, facts.asked(now))?;
        let data = facts.metric(&query)?;
        let points = points(data, &query);
        let worst = points.iter().copied().reduce(|worst, point| self.limit.worse(worst, point));
        // Seen is seen: a data point on the wrong side counts, whatever else is missing.
        if let Some(worst) = worst.filter(|worst| self.limit.is_wrong(worst.value)) {
            return Ok(Measurement::fail(self.wrong(worst, &points, now)));
        }
        is_whole(data)?;
        let fewest = points::fewest(data, &query);
        Ok(match worst {
            Some(worst) if fewest >= self.points as usize => Measurement::pass(self.right(worst, &points)),
            _ => Measurement::no_data(self.missing(data, fewest, &query, now)),
        })
    }
}

impl Metric {
    fn query(&self, place: &Place, now: Timestamp) -> Result<MetricQuery, Unanswered> {
        Ok(self.stretch.query(self.source.fill(&Dimensions::new(), place)?, now))
    }

    fn wrong(&self, worst: Point<'_>, points: &[Point<'_>], now: Timestamp) -> String {
        let (side, limit) = self.limit.side();
        let wrong = points.iter().filter(|point| self.limit.is_wrong(point.value)).count();
        let (name, at) = (self.name(worst, points), clock(worst.at, now));
        let of = count(points.len(), "data point");
        format!("{name} was {} at {at}, {side} {limit}, as {wrong} of {of} in {}", number(worst.value), self.over())
    }

    fn right(&self, worst: Point<'_>, points: &[Point<'_>]) -> String {
        let (side, limit) = self.limit.side();
        let most = if matches!(self.limit, Limit::Above(_)) { "most" } else { "least" };
        let (name, of) = (self.name(worst, points), count(points.len(), "data point"));
        format!("{name} was {} at {most} in {}, not {side} {limit} ({of})", number(worst.value), self.over())
    }

    fn missing(&self, data: &MetricData, fewest: usize, query: &MetricQuery, now: Timestamp) -> String {
        let (name, from, to) = (self.source.name(), clock(query.from, now), clock(query.to, now));
        let of = if data.series.len() > 1 { "in one of its series " } else { "" };
        match fewest {
            0 => format!("{name} has no data points {of}from {from} to {to}"),
            _ => format!(
                "{name} has {fewest} of {} needed {of}from {from} to {to}",
                count(self.points as usize, "data point")
            ),
        }
    }

    /// Of several series, which one is told.
    fn name(&self, point: Point<'_>, points: &[Point<'_>]) -> String {
        let is_alone = points.iter().all(|other| other.series == point.series);
        if is_alone { self.source.name() } else { format!("{} for {}", self.source.name(), shown(point.series)) }
    }

    fn over(&self) -> String {
        lasting(self.stretch.over())
    }
}

impl Limit {
    fn is_wrong(self, value: f64) -> bool {
        match self {
            Self::Above(limit) => value > limit,
            Self::Below(limit) => value < limit,
        }
    }

    fn worse<'a>(self, one: Point<'a>, other: Point<'a>) -> Point<'a> {
        let is_other = match self {
            Self::Above(_) => other.value > one.value,
            Self::Below(_) => other.value < one.value,
        };
        if is_other { other } else { one }
    }

    fn side(self) -> (&'static str, String) {
        match self {
            Self::Above(limit) => ("above", number(limit)),
            Self::Below(limit) => ("below", number(limit)),
        }
    }
}

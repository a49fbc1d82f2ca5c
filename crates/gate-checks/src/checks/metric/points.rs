//! The data points of an answer that count: in the stretch that was asked for, and numbers.

use jiff::Timestamp;

use crate::{MetricData, MetricQuery, Series, SeriesStatus, Unanswered};

/// A data point, and the series it is of.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) struct Point<'a> {
    pub(in crate::checks) series: &'a str,
    pub(in crate::checks) at: Timestamp,
    pub(in crate::checks) value: f64,
}

/// All data points of all series. Which order CloudWatch sends them in, and whether the shell asked for a longer stretch,
/// does not matter; values that are no numbers are no data points.
pub(in crate::checks) fn points<'a>(data: &'a MetricData, query: &MetricQuery) -> Vec<Point<'a>> {
    data.series.iter().flat_map(|series| points_of(series, query)).collect()
}

/// How many data points the poorest series has; without any series it is none.
pub(in crate::checks) fn fewest(data: &MetricData, query: &MetricQuery) -> usize {
    data.series.iter().map(|series| points_of(series, query).count()).min().unwrap_or(0)
}

/// Refuses an answer that is not all there is: what is missing may be what matters.
pub(in crate::checks) fn is_whole(data: &MetricData) -> Result<(), Unanswered> {
    data.series.iter().try_for_each(|series| match &series.status {
        SeriesStatus::Complete => Ok(()),
        SeriesStatus::Partial => Err(Unanswered::outage("CloudWatch sent a part of the data points only")),
        SeriesStatus::Failed(why) => Err(Unanswered::outage(format!("CloudWatch says {}", strict_yaml::shown(why)))),
    })
}

fn points_of<'a>(series: &'a Series, query: &MetricQuery) -> impl Iterator<Item = Point<'a>> {
    let (from, to) = (query.from, query.to);
    let counts = move |(at, value): &&(Timestamp, f64)| from <= *at && *at < to && value.is_finite();
    series.points.iter().filter(counts).map(|(at, value)| Point { series: &series.label, at: *at, value: *value })
}

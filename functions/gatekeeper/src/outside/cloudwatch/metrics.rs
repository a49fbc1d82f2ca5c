//! The points of metrics and expressions, as few calls of `GetMetricData` as CloudWatch's limits allow.

mod batch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, MessageData, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use gate_checks::{
    Answer, DataQuery, DataSource, MetricData, MetricQuery, Question, Series, SeriesStatus, Statistic, Unanswered,
};
use jiff::Timestamp;
use lambda_kit::aws::timestamp;

use crate::outside::{Fact, together, unanswered};
use batch::Batch;

/// Most pages read of one call's results, with up to 100,800 points each.
const MOST_PAGES: usize = 5;

/// The results of one call, by id.
type Results = Result<BTreeMap<String, MetricData>, Unanswered>;

pub(super) async fn ask(client: &Client, queries: Vec<MetricQuery>) -> Vec<Fact> {
    let calls = batch::batches(queries).into_iter().map(|batch| {
        let client = client.clone();
        async move {
            let results = fetch(client, &batch).await;
            facts(batch, results)
        }
    });
    together(calls).await.into_iter().flatten().collect()
}

fn facts(batch: Batch, results: Results) -> Vec<Fact> {
    let answer = |query: &MetricQuery, id: String| match results.clone()?.remove(&id) {
        Some(data) => Ok(Answer::Metric(data)),
        None if query.may_find_nothing() => Ok(Answer::Metric(MetricData::default())),
        None => Err(Unanswered::outage("GetMetricData left it out of its answer")),
    };
    let answers = batch.queries.into_iter().zip((0..).map(id)).map(|(query, id)| {
        let answer = answer(&query, id);
        (Question::Metric(query), answer)
    });
    answers.collect()
}

/// The id of a batch's query by its place.
fn id(place: usize) -> String {
    format!("q{place}")
}

async fn fetch(client: Client, batch: &Batch) -> Results {
    let queries = batch.queries.iter().zip((0..).map(id)).flat_map(|(query, id)| query.data_queries(&id));
    let request = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries.map(sent).collect()))
        .start_time(date_time(batch.from))
        .end_time(date_time(batch.to))
        .scan_by(ScanBy::TimestampAscending);
    let (mut found, mut next) = (BTreeMap::new(), None);
    for _ in 0..MOST_PAGES {
        let page = request.clone().set_next_token(next.take()).send().await;
        let page = page.map_err(|error| unanswered(format!("GetMetricData of {}", batch.in_words()), error))?;
        is_whole(page.messages(), batch)?;
        page.metric_data_results.unwrap_or_default().into_iter().for_each(|result| add(&mut found, result));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(found);
        }
    }
    let series = found.values_mut().flat_map(|data| &mut data.series);
    series.for_each(|series| series.status = SeriesStatus::Partial);
    Ok(found)
}

/// A message about the call says that a part of it was not done, and not which.
fn is_whole(messages: &[MessageData], batch: &Batch) -> Result<(), Unanswered> {
    let Some(message) = messages.first() else { return Ok(()) };
    let words = [message.code(), message.value()].into_iter().flatten().map(strict_yaml::shown).collect::<Vec<_>>();
    Err(Unanswered::outage(format!("GetMetricData of {} says {}", batch.in_words(), words.join(": "))))
}

fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.as_millisecond())
}

fn sent(query: DataQuery) -> MetricDataQuery {
    let period = i32::try_from(query.period).unwrap_or(i32::MAX);
    let sent = MetricDataQuery::builder().id(query.id).return_data(query.return_data);
    match query.source {
        DataSource::Statistic(statistic) => sent.metric_stat(stat(statistic, period)).build(),
        DataSource::Expression(expression) => sent.expression(expression).period(period).build(),
    }
}

fn stat(statistic: Statistic, period: i32) -> MetricStat {
    let dimensions = statistic.dimensions.into_iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder().namespace(statistic.namespace).metric_name(statistic.name);
    let metric = metric.set_dimensions(Some(dimensions.collect())).build();
    MetricStat::builder().metric(metric).period(period).stat(statistic.stat).build()
}

/// A page brings more points of the same series, and says anew whether that was all. What failed stays so.
fn add(found: &mut BTreeMap<String, MetricData>, result: MetricDataResult) {
    let status = status(&result);
    let label = result.label.unwrap_or_default();
    let times = result.timestamps.unwrap_or_default().into_iter().map(timestamp);
    let points = times.zip(result.values.unwrap_or_default()).filter_map(|(time, value)| Some((time?, value)));
    let data = found.entry(result.id.unwrap_or_default()).or_default();
    match data.series.iter_mut().find(|series| series.label == label) {
        Some(series) => {
            series.points.extend(points);
            if !matches!(series.status, SeriesStatus::Failed(_)) {
                series.status = status;
            }
        }
        None => data.series.push(Series { label, points: points.collect(), status }),
    }
}

fn status(result: &MetricDataResult) -> SeriesStatus {
    let told = result.messages().iter().filter_map(|message| message.value()).collect::<Vec<_>>().join("; ");
    let failed = |code: &str| match told.as_str() {
        "" => SeriesStatus::Failed(code.to_owned()),
        told => SeriesStatus::Failed(format!("{code}: {told}")),
    };
    match &result.status_code {
        Some(StatusCode::Complete) => SeriesStatus::Complete,
        Some(StatusCode::PartialData) => SeriesStatus::Partial,
        Some(other) => failed(other.as_str()),
        None => failed("no status"),
    }
}

//! A CloudWatch dashboard as a picture, drawn from what CloudWatch really holds.
//!
//! Reads the body as CloudWatch does, asks for every value behind it, evaluates its metric math and draws the screen as
//! SVG. A series nobody wrote shows as "no data". What cannot be evaluated or drawn is an error and never a guess.

mod body;
mod cloudwatch;
mod evaluation;
mod expression;
mod graph;
mod limits;
mod metric;
mod numbers;
mod page;
mod problem;
mod search;
mod svg;
mod table;
mod window;

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use body::{Body, Source};
use cloudwatch::CloudWatch;
use evaluation::Evaluation;

pub use metric::{Answers, Metric, NamedMetric, Points, Query};
pub use problem::Problem;
pub use window::Window;

/// The body of a dashboard in the local AWS at `endpoint`.
///
/// # Errors
/// If CloudWatch does not answer or knows no dashboard of that name.
pub async fn read(endpoint: &str, name: &str) -> Result<String> {
    CloudWatch::at(endpoint).dashboard(name).await
}

/// Draws `body` as SVG with the values the local AWS at `endpoint` has for the window.
///
/// # Errors
/// If CloudWatch does not answer, or a part of the body cannot be drawn.
pub async fn render(endpoint: &str, name: &str, body: &str, window: &Window) -> Result<String> {
    let cloudwatch = CloudWatch::at(endpoint);
    let mut catalogue = Vec::new();
    for namespace in searched_namespaces(body)? {
        catalogue.extend(cloudwatch.metrics(&namespace).await?);
    }
    let queries = queries(body, window, &catalogue)?;
    let answers = cloudwatch.answers(&queries, window).await.context("the values of the dashboard cannot be read")?;
    Ok(draw(name, body, window, &catalogue, &answers)?)
}

/// The sum of every metric of a namespace, second by second, as the local AWS at `endpoint` has recorded it.
///
/// # Errors
/// If CloudWatch does not answer.
pub async fn recorded(endpoint: &str, namespace: &str, window: &Window) -> Result<Answers> {
    let cloudwatch = CloudWatch::at(endpoint);
    let metrics = cloudwatch.metrics(namespace).await?;
    let queries = metrics.into_iter().map(|metric| Query { metric, statistic: "Sum".to_owned(), period: 1 });
    cloudwatch.answers(&queries.collect::<Vec<_>>(), window).await
}

/// Every kind of metric the body refers to, whether shown or only calculated with.
///
/// # Errors
/// If the body cannot be read.
pub fn metrics(body: &str) -> Result<BTreeSet<NamedMetric>, Problem> {
    let body = Body::parse(body)?;
    let mut named = BTreeSet::new();
    for row in body.charts().flat_map(|chart| &chart.rows) {
        match &row.source {
            Source::Metric { metric, .. } => {
                named.insert(metric.named());
            }
            Source::Expression(expression) => named.extend(expression.searches().into_iter().flat_map(|search| {
                search.metric_names().into_iter().map(|name| NamedMetric {
                    namespace: search.namespace.clone(),
                    name,
                    dimensions: search.dimensions.clone(),
                })
            })),
        }
    }
    Ok(named)
}

/// Every limit of CloudWatch the body breaks, in words; a search counts as the 500 series it may find.
///
/// # Errors
/// If the body cannot be read.
pub fn broken_limits(body: &str) -> Result<Vec<String>, Problem> {
    Ok(limits::broken(&Body::parse(body)?))
}

/// Everything that must be asked of CloudWatch to draw `body`. The catalogue holds every metric a search may find.
///
/// # Errors
/// If the body cannot be read.
pub fn queries(body: &str, window: &Window, catalogue: &[Metric]) -> Result<Vec<Query>, Problem> {
    let body = Body::parse(body)?;
    let answers = Answers::new();
    let queries: BTreeSet<Query> =
        body.charts().flat_map(|chart| Evaluation { chart, window, catalogue, answers: &answers }.queries()).collect();
    Ok(queries.into_iter().collect())
}

/// Draws `body` as SVG with these answers.
///
/// # Errors
/// If a part of the body cannot be evaluated or drawn.
pub fn draw(
    name: &str,
    body: &str,
    window: &Window,
    catalogue: &[Metric],
    answers: &Answers,
) -> Result<String, Problem> {
    page::draw(name, &Body::parse(body)?, window, catalogue, answers)
}

fn searched_namespaces(body: &str) -> Result<BTreeSet<String>, Problem> {
    let body = Body::parse(body)?;
    let expressions = body.charts().flat_map(|chart| &chart.rows).filter_map(|row| match &row.source {
        Source::Metric { .. } => None,
        Source::Expression(expression) => Some(expression),
    });
    Ok(expressions.flat_map(|expression| expression.searches()).map(|search| search.namespace.clone()).collect())
}

#[cfg(test)]
mod tests;

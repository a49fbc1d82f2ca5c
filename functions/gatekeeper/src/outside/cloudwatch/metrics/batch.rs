//! Which queries fit into one call of `GetMetricData`: all of them in most cases.

use std::cmp::Reverse;

use gate_checks::MetricQuery;
use jiff::{SignedDuration, Timestamp};

/// `MetricDataQueries` of one call at most.
const MOST_QUERIES: usize = 500;

/// `MaxDatapoints` of one page at most. More would come in pages, each of which is a call.
const MOST_POINTS: i64 = 100_800;

/// The queries of one call, and the one stretch of time it is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    pub(super) queries: Vec<MetricQuery>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// As few batches as a first fit finds, shortest stretches first.
pub(super) fn batches(mut queries: Vec<MetricQuery>) -> Vec<Batch> {
    queries.sort_by_key(|query| Reverse(query.from));
    let mut batches: Vec<Batch> = Vec::new();
    for query in queries {
        let joined = batches.iter_mut().find_map(|batch| {
            let joined = batch.with(&query);
            joined.fits().then_some((batch, joined))
        });
        match joined {
            Some((batch, joined)) => *batch = joined,
            None => batches.push(Batch { from: query.from, to: query.to, queries: vec![query] }),
        }
    }
    batches
}

impl Batch {
    fn with(&self, query: &MetricQuery) -> Self {
        let queries = [self.queries.as_slice(), std::slice::from_ref(query)].concat();
        Self { queries, from: self.from.min(query.from), to: self.to.max(query.to) }
    }

    /// A Metrics Insights query has a call to itself: it takes no longer stretch than its own. An expression takes in all of
    /// a stretch, so it shares a call only with what is asked over the same one.
    fn fits(&self) -> bool {
        let length = self.to.duration_since(self.from);
        let points = |query: &MetricQuery| length.as_secs() / i64::from(query.period.max(1)) + 1;
        let size: usize = self.queries.iter().map(|query| query.data_queries("q").len()).sum();
        size <= MOST_QUERIES
            && self.queries.iter().map(points).sum::<i64>() <= MOST_POINTS
            && self.queries.iter().all(|query| query.period.is_multiple_of(finest(length)) && !query.is_insights())
            && self.queries.iter().all(|query| query.may_be_longer() || (query.from, query.to) == (self.from, self.to))
    }

    pub(super) fn in_words(&self) -> String {
        match self.queries.len() {
            1 => String::from("1 metric"),
            number => format!("{number} metrics"),
        }
    }
}

/// The shortest period CloudWatch still has points of, for data so old. Of a period that is no multiple of it there are
/// none. Source: botocore's CloudWatch model, `MetricStat$Period`.
fn finest(age: SignedDuration) -> u32 {
    // The stretch ends a little before now.
    let age = age.saturating_add(SignedDuration::from_mins(15));
    match age.as_hours() {
        ..3 => 1,
        3..360 => 60,
        360..1512 => 300,
        _ => 3600,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use gate_checks::{MetricSource, Statistic};

    use super::*;

    fn statistic(name: &str) -> Statistic {
        let (namespace, stat) = (String::from("Shop"), String::from("Sum"));
        Statistic { namespace, name: name.to_owned(), dimensions: BTreeMap::new(), stat }
    }

    fn over(minutes: i64, period: u32, name: &str) -> MetricQuery {
        let to: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let source = MetricSource::Statistic(statistic(name));
        MetricQuery { source, period, from: to - SignedDuration::from_mins(minutes), to }
    }

    fn insights(minutes: i64) -> MetricQuery {
        let source =
            MetricSource::Expression { text: String::from("SELECT AVG(x) FROM Shop"), inputs: BTreeMap::new() };
        MetricQuery { source, ..over(minutes, 60, "") }
    }

    fn sizes(queries: impl IntoIterator<Item = MetricQuery>) -> Vec<usize> {
        batches(queries.into_iter().collect()).iter().map(|batch| batch.queries.len()).collect()
    }

    #[test]
    fn queries_over_different_stretches_share_a_call_that_spans_them() {
        let [batch] = batches(vec![over(10, 60, "a"), over(24 * 60, 60, "b"), over(60, 300, "c")]).try_into().unwrap();
        assert_eq!(batch.to.duration_since(batch.from), SignedDuration::from_hours(24));
        assert_eq!(batch.queries.len(), 3);
    }

    #[test]
    fn no_call_has_more_queries_than_cloudwatch_takes_with_the_inputs_of_expressions() {
        assert_eq!(sizes((0..501).map(|number| over(10, 60, &number.to_string()))), [500, 1]);
        let inputs = |number: u32| (0..4).map(|input| (format!("i{input}"), statistic(&number.to_string()))).collect();
        let expressions = (0..101).map(|number| {
            let source = MetricSource::Expression { text: String::from("i0+i1+i2+i3"), inputs: inputs(number) };
            MetricQuery { source, ..over(10, 60, "") }
        });
        assert_eq!(sizes(expressions), [100, 1]);
    }

    #[test]
    fn no_call_asks_for_more_points_than_one_page_holds() {
        let day = (0..80).map(|number| over(24 * 60, 60, &number.to_string()));
        assert_eq!(sizes(day), [69, 11]);
    }

    #[test]
    fn short_periods_are_not_asked_for_in_a_stretch_of_which_only_longer_ones_are_kept() {
        assert_eq!(sizes([over(10, 10, "fine"), over(24 * 60, 60, "coarse")]), [1, 1]);
        assert_eq!(sizes([over(10, 10, "fine"), over(60, 60, "coarse")]), [2]);
        assert_eq!(sizes([over(20 * 24 * 60, 300, "old"), over(10, 60, "new")]), [1, 1]);
    }

    fn expression(minutes: i64, text: &str) -> MetricQuery {
        let source = MetricSource::Expression { text: text.to_owned(), inputs: BTreeMap::new() };
        MetricQuery { source, ..over(minutes, 60, "") }
    }

    #[test]
    fn a_call_with_an_expression_spans_the_expressions_own_stretch() {
        assert_eq!(sizes([expression(10, "AVG(a)"), expression(10, "AVG(b)"), over(10, 60, "c")]), [3]);
        assert_eq!(sizes([expression(20, "AVG(a)"), over(10, 60, "c")]), [2], "more of a metric changes nothing");
        assert_eq!(sizes([expression(10, "AVG(a)"), over(20, 60, "c")]), [1, 1]);
        assert_eq!(sizes([expression(10, "AVG(a)"), expression(20, "AVG(a)"), over(20, 60, "c")]), [1, 2]);
    }

    #[test]
    fn a_metrics_insights_query_has_a_call_to_itself() {
        assert_eq!(sizes([insights(10), insights(20), over(10, 60, "a"), over(20, 60, "b")]), [1, 2, 1]);
    }
}

//! Data of CloudWatch: which is asked for, how it becomes queries of `GetMetricData`, and what comes back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// Data points of a metric or an expression in a stretch of time.
///
/// The shell asks for many of them in one call (500 queries and 100,800 points at most, one Metrics Insights query). A call
/// has one stretch; for metrics it may be longer than this one, because points outside of it are not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricQuery {
    /// What is measured.
    pub source: MetricSource,
    /// Seconds one data point stands for: 1, 5, 10, 20, 30 or a multiple of 60.
    pub period: u32,
    /// The start, included; a multiple of the period.
    pub from: Timestamp,
    /// The end, not included.
    pub to: Timestamp,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricSource {
    /// One metric.
    Statistic(Statistic),
    /// Metric math, a search or a Metrics Insights query.
    Expression {
        /// As written, with the inputs' own ids.
        text: String,
        /// The metrics it names, by id.
        inputs: BTreeMap<String, Statistic>,
    },
}

/// A statistic of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statistic {
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// All of its dimensions: CloudWatch knows no part of a metric.
    pub dimensions: BTreeMap<String, String>,
    /// `Average`, `p99`, …
    pub stat: String,
}

/// One query of `GetMetricData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataQuery {
    /// Unique in the call.
    pub id: String,
    /// What it yields.
    pub source: DataSource,
    /// Seconds.
    pub period: u32,
    /// Whether its data is to come back, or only feeds an expression.
    pub return_data: bool,
}

/// What one query of `GetMetricData` yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataSource {
    /// `MetricStat`.
    Statistic(Statistic),
    /// `Expression`.
    Expression(String),
}

impl MetricQuery {
    /// The queries of one `GetMetricData` call that make this up. `id` must begin with a lower-case letter and be unique
    /// in the call; the result with that id is the answer, and inputs of expressions get ids that begin with it.
    pub fn data_queries(&self, id: &str) -> Vec<DataQuery> {
        let query = |id: String, source, return_data| DataQuery { id, source, period: self.period, return_data };
        match &self.source {
            MetricSource::Statistic(statistic) => {
                vec![query(id.to_owned(), DataSource::Statistic(statistic.clone()), true)]
            }
            MetricSource::Expression { text, inputs } => {
                let renamed = rename(text, |word| inputs.contains_key(word).then(|| format!("{id}_{word}")));
                let inputs = inputs.iter().map(|(input, statistic)| {
                    query(format!("{id}_{input}"), DataSource::Statistic(statistic.clone()), false)
                });
                inputs.chain([query(id.to_owned(), DataSource::Expression(renamed), true)]).collect()
            }
        }
    }

    /// Whether it is a Metrics Insights query: `GetMetricData` takes one per call, and of the last three hours only.
    pub fn is_insights(&self) -> bool {
        matches!(&self.source, MetricSource::Expression { text, .. } if is_insights(text))
    }

    /// Whether an answer without any series of it is whole: a search finds what there is, which may be nothing. Any other
    /// metric or expression has one series at least, with data points or without.
    pub fn may_find_nothing(&self) -> bool {
        match &self.source {
            MetricSource::Statistic(_) => false,
            MetricSource::Expression { text, .. } => {
                is_insights(text) || names(text).iter().any(|name| name.eq_ignore_ascii_case("search"))
            }
        }
    }

    /// Whether a longer stretch gives the same data points. An expression such as `AVG(m)` takes in all of the stretch, so
    /// it must be asked for over exactly this one.
    pub fn may_be_longer(&self) -> bool {
        matches!(self.source, MetricSource::Statistic(_))
    }

    /// How long the stretch is.
    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

/// A Metrics Insights query begins with this word, and metric math cannot be mixed with it.
pub(crate) fn is_insights(expression: &str) -> bool {
    expression.trim_start().get(..7).is_some_and(|word| word.eq_ignore_ascii_case("select "))
}

/// The names in a metric math expression: neither strings nor numbers.
pub(crate) fn names(expression: &str) -> Vec<&str> {
    pieces(expression).filter(|piece| piece.is_name).map(|piece| piece.text).collect()
}

fn rename(expression: &str, rename: impl Fn(&str) -> Option<String>) -> String {
    let renamed = |piece: Piece<'_>| piece.is_name.then(|| rename(piece.text)).flatten();
    pieces(expression).map(|piece| renamed(piece).unwrap_or_else(|| piece.text.to_owned())).collect()
}

#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    is_name: bool,
}

/// Strings in either kind of quotes, runs of letters, digits and underscores, and single other characters.
fn pieces(expression: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = expression;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        rest = after;
        Some(Piece { text, is_name: is_word(first) && !first.is_ascii_digit() })
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What came back for one query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetricData {
    /// One series for a metric; a search or a grouped query may yield several, or none.
    pub series: Vec<Series>,
}

/// One `MetricDataResult`, with all its pages.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What CloudWatch calls it.
    pub label: String,
    /// In any order; values may be anything a float can be.
    pub points: Vec<(Timestamp, f64)>,
    /// Whether it is all there is.
    pub status: SeriesStatus,
}

/// `StatusCode` of a `MetricDataResult`, after all pages were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeriesStatus {
    /// `Complete`.
    Complete,
    /// `PartialData`: there is more that did not come.
    Partial,
    /// `InternalError`, `Forbidden`, or a code that is newer than this program, with CloudWatch's messages.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str, inputs: &[&str]) -> MetricQuery {
        let statistic = |name: &str| Statistic {
            namespace: "Shop".into(),
            name: name.into(),
            dimensions: BTreeMap::new(),
            stat: "Sum".into(),
        };
        let inputs = inputs.iter().map(|name| ((*name).to_owned(), statistic(name))).collect();
        let source = MetricSource::Expression { text: text.into(), inputs };
        let from = "2026-03-02T10:00:00Z".parse().unwrap();
        MetricQuery { source, period: 60, from, to: from + SignedDuration::from_mins(10) }
    }

    #[test]
    fn inputs_get_ids_of_their_own_and_the_expression_follows() {
        let queries = query("100 * errors / requests", &["errors", "requests"]).data_queries("q7");
        let ids: Vec<_> = queries.iter().map(|query| (query.id.as_str(), query.return_data)).collect();
        assert_eq!(ids, [("q7_errors", false), ("q7_requests", false), ("q7", true)]);
        assert_eq!(queries[2].source, DataSource::Expression("100 * q7_errors / q7_requests".into()));
    }

    #[test]
    fn only_names_are_renamed() {
        for (written, sent) in [
            ("e1/e", "q_e1/q_e"),
            ("IF(e>1e3,e,0)", "IF(q_e>1e3,q_e,0)"),
            ("FILL(e, 0)+ee", "FILL(q_e, 0)+ee"),
            ("SEARCH('{e} e \"e\"', 'Sum') + e", "SEARCH('{e} e \"e\"', 'Sum') + q_e"),
            ("e + \"e' e", "q_e + \"e' e"),
            ("[e,e1]é e", "[q_e,q_e1]é q_e"),
        ] {
            let queries = query(written, &["e", "e1"]).data_queries("q");
            assert_eq!(queries.last().unwrap().source, DataSource::Expression(sent.into()), "{written}");
        }
    }

    #[test]
    fn an_insights_query_is_known_by_its_first_word() {
        assert!(query(" select AVG(x) FROM \"Shop\"", &[]).is_insights());
        assert!(!query("selected / 2", &[]).is_insights() && !query("é", &[]).is_insights());
    }
}

//! Evaluates the rows of a widget: metric math over what CloudWatch answered, by CloudWatch's rules.
//!
//! In arithmetic a missing value counts as 0 where the other side has one, and a division by zero leaves no point.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

use super::body::{Chart, Row, Source};
use super::expression::{Expression, Operator};
use super::metric::{Answers, Metric, Points, Query};
use super::search::Search;
use super::window::Window;

/// A graph takes 500 series; what a search finds beyond them is left out.
pub(super) const FOUND_AT_MOST: usize = 500;

/// Rows that refer to rows that refer to rows: more than this is a circle.
const DEEPEST: usize = 20;

/// One series as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) label: String,
    pub(super) color: Option<String>,
    pub(super) points: Points,
}

/// A widget and everything its rows are evaluated with.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) chart: &'a Chart,
    pub(super) window: &'a Window,
    /// Every metric a search may find.
    pub(super) catalogue: &'a [Metric],
    pub(super) answers: &'a Answers,
}

/// What an expression comes down to.
#[derive(Debug, Clone)]
enum Outcome {
    Number(f64),
    One(Series),
    Many(Vec<Series>),
}

#[derive(Debug, Clone)]
struct Series {
    /// Where the values come from, for labels; none once two series were mixed.
    origin: Option<Query>,
    period: i64,
    points: Points,
}

impl Evaluation<'_> {
    /// Everything the rows need to be asked for.
    pub(super) fn queries(&self) -> Vec<Query> {
        let of_row = |row: &Row| match &row.source {
            Source::Metric { metric, statistic, period } => vec![self.query(metric, statistic, *period)],
            Source::Expression(expression) => {
                expression.searches().into_iter().flat_map(|search| self.found(search)).collect()
            }
        };
        self.chart.rows.iter().flat_map(of_row).collect()
    }

    /// The visible series in their order.
    pub(super) fn shown(&self) -> Result<Vec<Shown>, String> {
        let mut shown = Vec::new();
        for row in self.chart.rows.iter().filter(|row| row.visible) {
            let series = match self.row(row, 0)? {
                Outcome::Number(_) => return Err("a row must come down to a series, not to a number".to_owned()),
                Outcome::One(series) => vec![series],
                Outcome::Many(list) => list,
            };
            shown.extend(series.into_iter().map(|series| Shown {
                label: label(row, series.origin.as_ref()),
                color: row.color.clone(),
                points: series.points,
            }));
        }
        Ok(shown)
    }

    fn row(&self, row: &Row, depth: usize) -> Result<Outcome, String> {
        match &row.source {
            Source::Metric { metric, statistic, period } => {
                Ok(Outcome::One(self.answer(self.query(metric, statistic, *period))))
            }
            Source::Expression(expression) => self.value(expression, depth + 1),
        }
    }

    fn value(&self, expression: &Expression, depth: usize) -> Result<Outcome, String> {
        match expression {
            Expression::Number(number) => Ok(Outcome::Number(*number)),
            Expression::Name(id) => {
                let row = self.chart.rows.iter().find(|row| row.id.as_ref() == Some(id));
                let row = row.ok_or_else(|| format!("no row has the id {id}"))?;
                if depth > DEEPEST { Err(format!("{id} refers to itself")) } else { self.row(row, depth) }
            }
            Expression::Negated(inner) => {
                Ok(arithmetic(Outcome::Number(0.0), Operator::Minus, self.value(inner, depth)?))
            }
            Expression::Arithmetic(left, operator, right) => {
                Ok(arithmetic(self.value(left, depth)?, *operator, self.value(right, depth)?))
            }
            Expression::Search(search) => {
                Ok(Outcome::Many(self.found(search).into_iter().map(|query| self.answer(query)).collect()))
            }
            Expression::Call(name, arguments) => self.call(name, arguments, depth),
        }
    }

    fn call(&self, name: &str, arguments: &[Expression], depth: usize) -> Result<Outcome, String> {
        match (name, arguments) {
            ("FILL", [series, filler]) => match (self.value(series, depth)?, self.value(filler, depth)?) {
                (Outcome::One(series), Outcome::Number(filler)) => Ok(Outcome::One(self.filled(series, filler))),
                (Outcome::Many(list), Outcome::Number(filler)) => {
                    Ok(Outcome::Many(list.into_iter().map(|series| self.filled(series, filler)).collect()))
                }
                _ => Err("FILL is evaluated for series and a number".to_owned()),
            },
            ("SORT", [list, Expression::Name(function), Expression::Name(order), limit @ ..]) => {
                let list = self.value(list, depth)?.list()?;
                sorted(list, function, order, limit).map(Outcome::Many)
            }
            ("SUM" | "AVG" | "MIN" | "MAX", [list]) => match self.value(list, depth)? {
                Outcome::One(series) => Ok(Outcome::Number(summary(name, &series.points).unwrap_or(0.0))),
                Outcome::Many(list) => Ok(Outcome::One(merged(name, &list))),
                Outcome::Number(_) => Err(format!("{name} needs series, not a number")),
            },
            _ => Err(format!("{name} with {} arguments is not evaluated here", arguments.len())),
        }
    }

    fn found(&self, search: &Search) -> Vec<Query> {
        let metrics = self.catalogue.iter().filter(|metric| search.finds(metric)).take(FOUND_AT_MOST);
        metrics.map(|metric| self.query(metric, &search.statistic, search.period)).collect()
    }

    fn query(&self, metric: &Metric, statistic: &str, period: i64) -> Query {
        let period = self.window.period(period, self.chart.whole_range);
        Query { metric: metric.clone(), statistic: statistic.to_owned(), period }
    }

    fn answer(&self, query: Query) -> Series {
        let points = self.answers.get(&query).cloned().unwrap_or_default();
        Series { period: query.period, origin: Some(query), points }
    }

    /// A series without a single point stays empty: whether CloudWatch fills such a one, its manual does not say.
    fn filled(&self, mut series: Series, filler: f64) -> Series {
        if !series.points.is_empty() {
            for begin in self.window.buckets(series.period) {
                series.points.entry(begin).or_insert(filler);
            }
        }
        series
    }
}

impl Outcome {
    fn list(self) -> Result<Vec<Series>, String> {
        match self {
            Self::Number(_) => Err("SORT needs series, not a number".to_owned()),
            Self::One(series) => Ok(vec![series]),
            Self::Many(list) => Ok(list),
        }
    }

    fn each(self, change: impl Fn(Series) -> Series) -> Self {
        match self {
            Self::Number(_) => self,
            Self::One(series) => Self::One(change(series)),
            Self::Many(list) => Self::Many(list.into_iter().map(change).collect()),
        }
    }
}

/// One number for the points of a series; none if it has none.
pub(super) fn summary(function: &str, points: &Points) -> Option<f64> {
    let values = points.values().copied();
    let count = u32::try_from(points.len()).ok().filter(|count| *count > 0)?;
    Some(match function {
        "SUM" => values.sum(),
        "AVG" => values.sum::<f64>() / f64::from(count),
        "MIN" => values.fold(f64::INFINITY, f64::min),
        "MAX" => values.fold(f64::NEG_INFINITY, f64::max),
        _ => return None,
    })
}

fn arithmetic(left: Outcome, operator: Operator, right: Outcome) -> Outcome {
    match (left, right) {
        (Outcome::Number(left), Outcome::Number(right)) => Outcome::Number(operator.apply(left, right)),
        (Outcome::Number(left), right) => right.each(|series| mapped(series, |it| operator.apply(left, it))),
        (left, Outcome::Number(right)) => left.each(|series| mapped(series, |it| operator.apply(it, right))),
        (left, Outcome::One(right)) => left.each(|series| joined(&series, operator, &right)),
        (Outcome::One(left), right) => right.each(|series| joined(&left, operator, &series)),
        (Outcome::Many(left), Outcome::Many(right)) => {
            Outcome::Many(left.iter().zip(&right).map(|(left, right)| joined(left, operator, right)).collect())
        }
    }
}

fn mapped(series: Series, change: impl Fn(f64) -> f64) -> Series {
    let points = series.points.into_iter().map(|(at, value)| (at, change(value)));
    Series { points: points.filter(|(_, value)| value.is_finite()).collect(), ..series }
}

fn joined(left: &Series, operator: Operator, right: &Series) -> Series {
    let times = left.points.keys().chain(right.points.keys());
    let value = |series: &Series, at: &i64| series.points.get(at).copied().unwrap_or(0.0);
    let points = times.map(|at| (*at, operator.apply(value(left, at), value(right, at))));
    Series { origin: None, period: left.period, points: points.filter(|(_, value)| value.is_finite()).collect() }
}

/// One series out of many, time by time.
fn merged(function: &str, list: &[Series]) -> Series {
    let times: std::collections::BTreeSet<i64> = list.iter().flat_map(|series| series.points.keys().copied()).collect();
    let at = |time: i64| {
        let values = list.iter().zip(0..).map(|(series, index)| (index, series.points.get(&time).copied()));
        // Among what is missing: an average counts it as 0, as the manual says; the others see what is there.
        let values = values
            .filter_map(|(index, value)| Some((index, if function == "AVG" { value.unwrap_or(0.0) } else { value? })));
        Some((time, summary(function, &values.collect())?))
    };
    let points = times.into_iter().filter_map(at).collect();
    Series { origin: None, period: list.first().map_or(60, |series| series.period), points }
}

/// A series without points has no rank and is left out.
fn sorted(list: Vec<Series>, function: &str, order: &str, limit: &[Expression]) -> Result<Vec<Series>, String> {
    if !["AVG", "MIN", "MAX", "SUM"].contains(&function) {
        return Err(format!("SORT knows AVG, MIN, MAX and SUM, not {function}"));
    }
    let mut ranked: Vec<(f64, Series)> =
        list.into_iter().filter_map(|series| Some((summary(function, &series.points)?, series))).collect();
    match order {
        "ASC" => ranked.sort_by(|(left, _), (right, _)| left.total_cmp(right)),
        "DESC" => ranked.sort_by(|(left, _), (right, _)| right.total_cmp(left)),
        other => return Err(format!("SORT knows ASC and DESC, not {other}")),
    }
    let limit = match limit {
        [] => ranked.len(),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a limit is a small whole number")]
        [Expression::Number(limit)] => *limit as usize,
        _ => return Err("the limit of SORT is a number".to_owned()),
    };
    Ok(ranked.into_iter().take(limit).map(|(_, series)| series).collect())
}

/// The row's own label with its dynamic parts, or the metric's name.
fn label(row: &Row, origin: Option<&Query>) -> String {
    match (&row.label, origin) {
        (Some(label), Some(origin)) => dynamic(label, origin),
        (Some(label), None) => label.clone(),
        (None, Some(origin)) => origin.metric.name.clone(),
        (None, None) => row.id.clone().unwrap_or_default(),
    }
}

/// `${PROP('…')}` replaced; a property that is not known stays as it is written.
fn dynamic(label: &str, origin: &Query) -> String {
    let mut text = label.replace("${PROP('MetricName')}", &origin.metric.name);
    text = text.replace("${PROP('Namespace')}", &origin.metric.namespace);
    text = text.replace("${PROP('Stat')}", &origin.statistic);
    for (name, value) in &origin.metric.dimensions {
        text = text.replace(&format!("${{PROP('Dim.{name}')}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::body::Body;
    use super::*;

    /// Name, dimensions, and a value or none per minute.
    type Written<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [Option<f64>]);

    /// Series of the namespace N by name; each from second 0 on in steps of 60, none where there is no value.
    fn evaluate(rows: &Value, data: &[Written<'_>]) -> Result<Vec<Shown>, String> {
        let widget = json!({"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6,
                            "properties": {"period": 60, "stat": "Sum", "metrics": rows}});
        let body = Body::parse(&json!({ "widgets": [widget] }).to_string()).map_err(|problem| problem.to_string())?;
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let window = Window { start: at(0), end: at(240), period: None };
        let metric = |name: &str, dimensions: &[(&str, &str)]| Metric {
            namespace: "N".to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let catalogue: Vec<Metric> = data.iter().map(|(name, dimensions, _)| metric(name, dimensions)).collect();
        let answers = data.iter().map(|(name, dimensions, values)| {
            let query = Query { metric: metric(name, dimensions), statistic: "Sum".to_owned(), period: 60 };
            (query, (0..).step_by(60).zip(*values).filter_map(|(at, value)| Some((at, (*value)?))).collect())
        });
        let chart = body.charts().next().unwrap();
        Evaluation { chart, window: &window, catalogue: &catalogue, answers: &answers.collect() }.shown()
    }

    fn values(shown: &[Shown]) -> Vec<Vec<(i64, f64)>> {
        shown.iter().map(|shown| shown.points.iter().map(|(at, value)| (*at, *value)).collect()).collect()
    }

    #[test]
    fn the_change_failure_rate_needs_neither_failures_nor_rollbacks_to_exist() {
        let rows = json!([
            [{"expression": "100*FILL(f,0)/(FILL(d,0)+FILL(f,0)-FILL(r,0))"}],
            ["N", "D", {"id": "d", "visible": false}], ["N", "F", {"id": "f", "visible": false}],
            ["N", "R", {"id": "r", "visible": false}],
        ]);
        let deployments: &[Option<f64>] = &[Some(3.0), None, Some(2.0)];
        let shown = evaluate(&rows, &[("D", &[], deployments)]).unwrap();
        assert_eq!(values(&shown), [[(0, 0.0), (120, 0.0)]], "0 divided by 0 leaves no point");
        let failures: &[Option<f64>] = &[Some(1.0), Some(1.0)];
        let shown = evaluate(&rows, &[("D", &[], deployments), ("F", &[], failures)]).unwrap();
        assert_eq!(values(&shown), [[(0, 25.0), (60, 100.0), (120, 0.0)]]);
        let shown = evaluate(&rows, &[("D", &[], deployments), ("F", &[], failures), ("R", &[], &[Some(1.0)])]);
        assert_eq!(values(&shown.unwrap())[0][0], (0, 100.0 / 3.0));
        assert_eq!(values(&evaluate(&rows, &[]).unwrap()), [[]], "no data at all is no rate");
    }

    #[test]
    fn a_metric_that_does_not_exist_has_no_points() {
        let shown = evaluate(&json!([["N", "Never", {"label": "never"}]]), &[]).unwrap();
        assert_eq!((shown[0].label.as_str(), shown[0].points.len()), ("never", 0));
    }

    #[test]
    fn a_search_ranks_what_it_finds_and_names_it() {
        let rows = json!([[{"expression": r#"SORT(SEARCH('{N,P} MetricName="a"', 'Sum', 60), AVG, DESC, 2)"#,
                            "label": "${PROP('Dim.P')} ${PROP('MetricName')} ${PROP('Else')}"}]]);
        let data: [Written<'_>; 5] = [
            ("a", &[("P", "low")], &[Some(1.0), Some(2.0)]),
            ("a", &[("P", "high")], &[None, Some(9.0)]),
            ("a", &[("P", "middle")], &[Some(4.0)]),
            ("a", &[("P", "empty")], &[]),
            ("a", &[], &[Some(99.0)]),
        ];
        let shown = evaluate(&rows, &data).unwrap();
        let labels: Vec<&str> = shown.iter().map(|shown| shown.label.as_str()).collect();
        assert_eq!(labels, ["high a ${PROP('Else')}", "middle a ${PROP('Else')}"]);
    }

    #[test]
    fn functions_take_one_series_or_many() {
        let data: [Written<'_>; 2] =
            [("a", &[("P", "1")], &[Some(1.0), Some(2.0)]), ("a", &[("P", "2")], &[None, Some(4.0)])];
        let search = r#"SEARCH('{N,P} MetricName="a"', 'Sum', 60)"#;
        let cases: [(String, Vec<(i64, f64)>); 5] = [
            (format!("SUM({search})"), vec![(0, 1.0), (60, 6.0)]),
            (format!("AVG({search})"), vec![(0, 0.5), (60, 3.0)]),
            (format!("MIN({search})"), vec![(0, 1.0), (60, 2.0)]),
            (format!("-MAX({search})/2"), vec![(0, -0.5), (60, -2.0)]),
            ("m-SUM(m)".to_owned(), vec![(0, -2.0), (60, -1.0)]),
        ];
        for (expression, expected) in cases {
            let rows = json!([[{"expression": expression}], ["N", "a", "P", "1", {"id": "m", "visible": false}]]);
            assert_eq!(values(&evaluate(&rows, &data).unwrap()), [expected], "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_says_why() {
        for expression in ["e1", "nobody", "1+1", "RATE(m)", "FILL(m,REPEAT)", "SORT(m,P99,ASC)", "SORT(m,AVG,UP)"] {
            let rows = json!([[{"expression": expression, "id": "e1"}], ["N", "a", {"id": "m"}]]);
            assert!(evaluate(&rows, &[]).is_err(), "{expression}");
        }
    }
}

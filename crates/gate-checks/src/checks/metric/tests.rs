//! What the check measures, and what it refuses to be told.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::check::Measured::{self, Fail, NoData, Pass};
use crate::checks::testing::{measured, place, problem, read, valid};
use crate::testing::at;
use crate::{Answer, DataSource, MetricSource, Series, SeriesStatus};

const ERRORS: &str = "
metric: { namespace: AWS/ApplicationELB, name: HTTPCode_Target_5XX_Count, dimensions: { LoadBalancer: app/shop/1 } }
stat: Sum
over: 5m
above: 5
";

fn series(values: &[f64], status: SeriesStatus) -> Series {
    // Newest first, as CloudWatch sends them; the window ends two minutes before noon.
    let points = (0..).zip(values).map(|(minute, value)| (at(-3 - minute), *value)).collect();
    Series { label: "errors".into(), points, status }
}

fn told(yaml: &str, data: &MetricData) -> Result<(Measured, String), String> {
    measured(&valid::<Metric>(yaml), &place(&[]), |_| Ok(Answer::Metric(data.clone())))
}

fn complete(values: &[f64]) -> MetricData {
    MetricData { series: vec![series(values, SeriesStatus::Complete)] }
}

#[test]
fn the_worst_data_point_decides() {
    let name = "Sum of HTTPCode_Target_5XX_Count";
    for (values, measured, says) in [
        (&[0.0, 5.0, 2.0][..], Pass, "was 5 at most in 5 min, not above 5 (3 data points)"),
        (&[0.0, 5.5, 7.0, 1.0], Fail, "was 7 at 11:55 UTC, above 5, as 2 of 4 data points in 5 min"),
        (&[-1.0], Pass, "was -1 at most in 5 min, not above 5 (1 data point)"),
        (&[f64::NAN, 1.0, f64::INFINITY], Pass, "was 1 at most in 5 min, not above 5 (1 data point)"),
        (&[f64::NAN], NoData, "has no data points from 11:53 UTC to 11:58 UTC"),
        (&[], NoData, "has no data points from 11:53 UTC to 11:58 UTC"),
    ] {
        assert_eq!(told(ERRORS, &complete(values)), Ok((measured, format!("{name} {says}"))), "{values:?}");
    }
    let below = ERRORS.replace("above: 5", "below: 2");
    let (measured, says) = told(&below, &complete(&[3.0, 1.5])).unwrap();
    assert_eq!((measured, says.contains("was 1.5 at 11:56 UTC, below 2")), (Fail, true), "{says}");
    assert!(told(&below, &complete(&[3.0, 2.0])).unwrap().1.contains("was 2 at least in 5 min, not below 2"));
}

#[test]
fn too_few_data_points_are_no_data_unless_one_of_them_is_wrong() {
    let three = format!("{ERRORS}points: 3\n");
    let (measured, says) = told(&three, &complete(&[1.0, 2.0])).unwrap();
    assert_eq!(measured, NoData);
    assert!(says.ends_with("has 2 of 3 data points needed from 11:53 UTC to 11:58 UTC"), "{says}");
    assert_eq!(told(&three, &complete(&[1.0, 9.0])).unwrap().0, Fail);
    assert_eq!(told(&three, &complete(&[1.0, 2.0, 3.0])).unwrap().0, Pass);
}

#[test]
fn what_is_not_all_there_is_never_passes() {
    for status in [SeriesStatus::Partial, SeriesStatus::Failed("InternalError".into())] {
        let data = |values: &[f64]| MetricData { series: vec![series(values, status.clone())] };
        assert!(told(ERRORS, &data(&[1.0, 2.0])).unwrap_err().starts_with("CloudWatch s"), "{status:?}");
        assert!(told(ERRORS, &data(&[])).is_err());
        assert_eq!(told(ERRORS, &data(&[9.0])).unwrap().0, Fail);
    }
    let check = valid::<Metric>(ERRORS);
    let outage = measured(&check, &place(&[]), |_| Err(Unanswered::outage("throttled")));
    assert_eq!(outage, Err("throttled".into()));
}

#[test]
fn points_outside_of_the_stretch_do_not_count() {
    let points = [(-2, 9.0), (-8, 9.0), (-3, 1.0), (-7, 2.0)].map(|(minute, value)| (at(minute), value));
    let data = MetricData {
        series: vec![Series { label: "x".into(), points: points.to_vec(), status: SeriesStatus::Complete }],
    };
    let (measured, says) = told(ERRORS, &data).unwrap();
    assert_eq!((measured, says.contains("2 data points")), (Pass, true), "{says}");
}

#[test]
fn each_series_of_a_search_must_be_right_and_the_wrong_one_is_named() {
    let yaml = "{expression: \"SEARCH('{AWS/EC2,InstanceId} CPUUtilization', 'Average', 60)\", above: 90, points: 2}";
    let one = |label: &str, values: &[f64]| Series { label: label.into(), ..series(values, SeriesStatus::Complete) };
    let data = MetricData { series: vec![one("i-1", &[10.0, 20.0]), one("i-2", &[95.0, 30.0])] };
    let (measured, says) = told(yaml, &data).unwrap();
    assert!(measured == Fail && says.contains(" for i-2 was 95"), "{says}");
    let poor = MetricData { series: vec![one("i-1", &[10.0, 20.0]), one("i-2", &[30.0])] };
    let (measured, says) = told(yaml, &poor).unwrap();
    assert!(measured == NoData && says.contains("1 of 2 data points needed in one of its series"), "{says}");
    assert_eq!(told(yaml, &MetricData::default()).unwrap().0, NoData);
}

#[test]
fn the_question_holds_all_that_is_asked() {
    let yaml = "
expression: 100 * errors / requests
metrics:
  errors: { namespace: Shop, name: Errors, dimensions: { Version: '{version}' } }
  requests: { namespace: Shop, name: Requests, stat: SampleCount }
stat: Sum
period: 5m
over: 1h
offset: 1m
above: 1
";
    let check = valid::<Metric>(yaml);
    let Ok(query) = check.query(&place(&[("version", "1.10")]), at(3)) else { panic!("a query") };
    assert_eq!((query.period, query.to, query.length()), (300, at(0), SignedDuration::from_hours(1)));
    let queries = query.data_queries("m0");
    assert_eq!(queries[2].source, DataSource::Expression("100 * m0_errors / m0_requests".into()));
    let MetricSource::Expression { inputs, .. } = &query.source else { panic!("an expression") };
    assert_eq!((inputs["errors"].stat.as_str(), inputs["requests"].stat.as_str()), ("Sum", "SampleCount"));
    assert_eq!(inputs["errors"].dimensions["Version"], "1.10");
}

#[test]
fn a_variable_that_is_missing_is_an_error_and_asks_nothing() {
    let yaml = "{metric: {namespace: Shop, name: Errors, dimensions: {Version: '{version}'}}, stat: Sum, above: 1}";
    let check = valid::<Metric>(yaml);
    assert!(check.questions(&place(&[]), at(0)).is_empty());
    let told = measured(&check, &place(&[]), |_| Ok(Answer::Metric(complete(&[0.0])))).unwrap_err();
    assert_eq!(told, "the variable `version` is not set; UserParameters have no `variables`");
}

#[test]
fn what_cannot_be_meant_is_told() {
    let metric = "metric: {namespace: Shop, name: Errors}, stat: Sum";
    let cases = [
        ("{above: 1}".to_owned(), "one of the keys `metric` and `expression` is missing"),
        (format!("{{{metric}, expression: '1', above: 1}}"), "exclude each other"),
        (format!("{{{metric}, metrics: {{a: {{namespace: S, name: N}}}}, above: 1}}"), "`metrics` are what an"),
        (format!("{{{metric}}}"), "one of the keys `above` and `below` is missing"),
        (format!("{{{metric}, above: 1, below: 2}}"), "`above` and `below` exclude each other"),
        (format!("{{{metric}, above: 1, points: 0}}"), "`points` is 0"),
        (
            format!("{{{metric}, above: 1, points: 11}}"),
            "`points` is 11, and 10 min of 60 s make 10 data points at most",
        ),
        (format!("{{{metric}, above: 1, period: 7s}}"), "`period` is 7 s"),
        (format!("{{{metric}, above: .inf}}"), "expected a number, found `.inf`"),
        (format!("{{{metric}, abve: 1}}"), "unknown key `abve`; did you mean `above`?"),
        ("{metric: {namespace: S, name: N}, above: 1}".into(), "the metric `N` has no `stat`"),
        ("{metric: {namespace: '', name: N}, stat: Sum, above: 1}".into(), "needs a `namespace`"),
        ("{metric: {name: N}, stat: Sum, above: 1}".into(), "line 1, column 10: the key `namespace` is missing"),
        ("{metric: {namespace: S, name: N}, stat: sum, above: 1}".into(), "did you mean `Sum`?"),
        ("{expression: m1 * 2, above: 1}".into(), "the expression names `m1`, and `metrics` has none"),
        ("{expression: 'SUM(METRICS())', above: 1}".into(), "METRICS() would take in"),
        (
            "{expression: '1', metrics: {a: {namespace: S, name: N, stat: Sum}}, above: 1}".into(),
            "does not name the metric `a`",
        ),
        (
            "{expression: A, metrics: {A: {namespace: S, name: N, stat: Sum}}, above: 1}".into(),
            "`A` is no id of a metric",
        ),
        ("{expression: 'SELECT MAX(x) FROM S', over: 4h, above: 1}".into(), "three hours"),
        (format!("{{expression: '{}', above: 1}}", "1+".repeat(1_100)), "1 to 2048 characters"),
    ];
    for (yaml, told) in cases {
        let problem = problem::<Metric>(&yaml);
        assert!(problem.starts_with("line 1, column ") && problem.contains(told), "{yaml}: {problem}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let yaml = "
metric: { namespace: Shop, nam: Errors, dimensions: { a: '{' } }
period: 10
above: five
";
    assert_eq!(
        read::<Metric>(yaml).unwrap_err(),
        [
            "line 2, column 28: unknown key `nam`; did you mean `name`?",
            "line 2, column 58: `{` has a brace that holds no variable's name; write `{name}`",
            "line 3, column 9: 10 has no unit; write 10s, 10m or 10h",
            "line 4, column 8: expected a number, found `five`",
        ]
    );
    let several = problem::<Metric>("{metric: {namespace: S, name: N}, over: 90s, points: 0}");
    for part in ["has no `stat`", "no multiple", "`above` and `below` is missing", "`points` is 0"] {
        assert!(several.contains(part), "{several}");
    }
}

proptest! {
    #[test]
    fn it_passes_exactly_when_enough_points_are_there_and_none_is_wrong(
        values in proptest::collection::vec(prop_oneof![Just(f64::NAN), -9.0..9.0_f64], 0..5), limit in -9..9_i32, needed in 1..4_usize,
    ) {
        let yaml = ERRORS.replace("above: 5", &format!("above: {limit}\npoints: {needed}"));
        let (measured, _) = told(&yaml, &complete(&values)).unwrap();
        let numbers: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let is_wrong = numbers.iter().any(|value| *value > f64::from(limit));
        let expected = if is_wrong { Fail } else if numbers.len() >= needed { Pass } else { NoData };
        prop_assert_eq!(measured, expected);
    }
}

//! What the check measures, and what it refuses to be told.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::check::Measured::{self, Fail, Inconclusive, NoData, Pass};
use crate::checks::testing::{measured, place, problem, valid};
use crate::testing::at;
use crate::{Answer, MetricData, MetricSource, Series, SeriesStatus};

const VERSIONS: &str = "
metric: { namespace: Shop, name: Latency, dimensions: { Service: orders } }
stat: p90
worse: higher
candidate: { dimensions: { Version: '{version}' } }
baseline: { dimensions: { Version: stable } }
";

fn data(values: &[f64], status: SeriesStatus) -> MetricData {
    let points = (0..).zip(values).map(|(minute, value)| (at(-3 - minute), *value)).collect();
    MetricData { series: vec![Series { label: "x".into(), points, status }] }
}

/// What is measured of a candidate and a baseline, told apart by their version.
fn told(yaml: &str, candidate: &[f64], baseline: &[f64]) -> Result<(Measured, String), String> {
    measured(&valid::<Compare>(yaml), &place(&[("version", "1.10")]), |question| {
        let Question::Metric(query) = question else { panic!("{question:?}") };
        let MetricSource::Statistic(statistic) = &query.source else { panic!("{query:?}") };
        let values = if statistic.dimensions["Version"] == "stable" { baseline } else { candidate };
        Ok(Answer::Metric(data(values, SeriesStatus::Complete)))
    })
}

fn steps(count: u32, first: f64, step: f64) -> Vec<f64> {
    (0..count).map(|nth| first + f64::from(nth) * step).collect()
}

#[test]
fn a_shift_to_the_worse_side_that_is_large_and_no_chance_fails() {
    let (low, high) = (steps(10, 1.0, 0.01), steps(12, 2.0, 0.01));
    let says = "p90 of Latency of the candidate and the baseline: median 2.055 against 1.045, 12 and 10 data points: \
                worse, p below 0.0001, effect 1 (worse is p below 0.05 with an effect from 0.3)";
    assert_eq!(told(VERSIONS, &high, &low), Ok((Fail, says.into())));
    let (measured, says) = told(VERSIONS, &low, &high).unwrap();
    assert!(measured == Pass && says.contains("not worse, p 1, effect -1"), "{says}");
    let lower = VERSIONS.replace("worse: higher", "worse: lower");
    assert_eq!(told(&lower, &low, &high).unwrap().0, Fail);
    assert_eq!(told(&lower, &high, &low).unwrap().0, Pass);
}

#[test]
fn neither_a_small_p_nor_a_large_effect_fails_alone() {
    let verdict = |settings: &str, candidate: &[f64], baseline: &[f64]| {
        told(&format!("{VERSIONS}{settings}"), candidate, baseline).unwrap()
    };
    // 200 points, shifted by a tenth of their range: an effect of 0.19, and p far below 0.05.
    let (before, after) = (steps(200, 100.0, 1.0), steps(200, 120.0, 1.0));
    let (measured, says) = verdict("over: 4h\n", &after, &before);
    assert!(measured == Pass && says.contains("p 0.0005, effect 0.19"), "{says}");
    assert_eq!(verdict("over: 4h\neffect: 0.18\n", &after, &before).0, Fail);
    // Ten points: of all pairs 64 are above and 36 below, which chance explains well.
    let (before, after) = (steps(10, 82.0, 10.0), steps(10, 100.0, 10.0));
    let (measured, says) = verdict("effect: 0.2\n", &after, &before);
    assert!(measured == Pass && says.contains("effect 0.28"), "{says}");
    assert_eq!(verdict("effect: 0.2\nalpha: 0.2\n", &after, &before).0, Fail);
}

#[test]
fn equal_values_on_both_sides_pass() {
    let (measured, says) = told(VERSIONS, &[0.0; 10], &[0.0; 30]).unwrap();
    assert!(measured == Pass && says.contains("median 0 against 0") && says.contains("p 1, effect 0"), "{says}");
}

#[test]
fn too_few_data_points_are_inconclusive_and_none_are_no_data() {
    let (few, enough) = (steps(9, 5.0, 1.0), steps(10, 1.0, 0.1));
    let (measured, says) = told(VERSIONS, &few, &enough).unwrap();
    assert!(measured == Inconclusive && says.ends_with("9 and 10 data points, of 10 needed on each side"), "{says}");
    for (candidate, baseline, empty) in [(&[][..], &enough[..], "candidate"), (&enough, &[f64::NAN], "baseline")] {
        let told = told(VERSIONS, candidate, baseline);
        assert_eq!(told, Ok((NoData, format!("p90 of Latency has no data points for the {empty}"))));
    }
}

#[test]
fn half_an_answer_is_an_error() {
    for status in [SeriesStatus::Partial, SeriesStatus::Failed("Forbidden: no".into())] {
        let check = valid::<Compare>(VERSIONS);
        let half = measured(&check, &place(&[("version", "2")]), |_| {
            Ok(Answer::Metric(data(&steps(10, 1.0, 0.1), status.clone())))
        });
        assert!(half.unwrap_err().starts_with("CloudWatch s"));
    }
    let check = valid::<Compare>(VERSIONS);
    assert!(measured(&check, &place(&[]), |_| Ok(Answer::Metric(MetricData::default()))).is_err());
}

#[test]
fn a_candidate_is_held_against_the_same_time_yesterday() {
    let yaml = "
metric: { namespace: Shop, name: Orders }
stat: Sum
worse: lower
candidate: { over: 10m }
baseline: { over: 1h, before: 1d }
";
    let check = valid::<Compare>(yaml);
    let questions = check.questions(&place(&[]), at(0));
    let spans: Vec<_> = questions
        .iter()
        .map(|question| match question {
            Question::Metric(query) => (query.to, query.length()),
            other => panic!("{other:?}"),
        })
        .collect();
    let day = 24 * 60;
    assert_eq!(spans, [(at(-2), SignedDuration::from_mins(10)), (at(-2 - day), SignedDuration::from_hours(1))]);
}

#[test]
fn what_cannot_be_meant_is_told() {
    let metric = "metric: {namespace: S, name: N}, stat: Sum, worse: higher";
    let times = "baseline: {before: 1d}";
    let cases = [
        (format!("{{{metric}}}"), "the key `baseline` is missing"),
        ("{metric: {namespace: S, name: N}, stat: Sum, baseline: {before: 1d}}".into(), "the key `worse` is missing"),
        (format!("{{{metric}, baseline: {{}}}}"), "share data points"),
        (format!("{{{metric}, baseline: {{before: 29m}}}}"), "share data points"),
        (format!("{{{metric}, {times}, alpha: 0}}"), "`alpha` is 0"),
        (format!("{{{metric}, {times}, alpha: 0.6}}"), "`alpha` is 0.6"),
        (format!("{{{metric}, {times}, effect: 1.1}}"), "`effect` is 1.1"),
        (format!("{{{metric}, {times}, points: 3}}"), "p is 0.05 at least"),
        (format!("{{{metric}, {times}, points: 0}}"), "could never be below"),
        (format!("{{{metric}, {times}, alpha: 0.001, points: 6}}"), "ask for more `points`"),
        (format!("{{{metric}, {times}, over: 5m}}"), "candidate: `points` is 10, and 5 min of 60 s make 5 data points"),
        (format!("{{{metric}, baseline: {{before: 1d, over: 9m}}}}"), "baseline: `points` is 10"),
        (format!("{{{metric}, baseline: {{before: 14d}}}}"), "it looks 14 d"),
        (format!("{{{metric}, baseline: {{bevore: 1d}}}}"), "did you mean `before`?"),
        (format!("{{{metric}, candidate: {{before: 1d}}, {times}}}"), "unknown key `before`"),
        (
            "{expression: 'SEARCH(1)', worse: lower, baseline: {dimensions: {A: b}}}".into(),
            "names no `metrics` that could have the dimensions",
        ),
        ("{metric: {namespace: S, name: N}, stat: Sum, worse: up, baseline: {before: 1d}}".into(), "unknown word `up`"),
    ];
    for (yaml, told) in cases {
        let problem = problem::<Compare>(&yaml);
        assert!(problem.starts_with("line 1, column ") && problem.contains(told), "{yaml}: {problem}");
    }
}

#[test]
fn a_median_is_the_middle() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0]), Some(3.0));
    assert_eq!(median(&[9.0, 1.0]), Some(5.0));
    assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
}

proptest! {
    #[test]
    fn a_candidate_that_is_its_own_baseline_passes(values in proptest::collection::vec(-9.0..9.0_f64, 10..28)) {
        prop_assert_eq!(told(VERSIONS, &values, &values).unwrap().0, Pass);
    }

    #[test]
    fn never_are_both_sides_worse_than_each_other(
        one in proptest::collection::vec(-9.0..9.0_f64, 10..28), other in proptest::collection::vec(-9.0..9.0_f64, 10..28),
    ) {
        let fails = |candidate, baseline| told(VERSIONS, candidate, baseline).unwrap().0 == Fail;
        prop_assert!(!(fails(&one, &other) && fails(&other, &one)));
    }
}

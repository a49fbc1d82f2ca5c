//! The test against published tables, against scipy, and against every arrangement there is.

use proptest::prelude::*;

use super::*;

const CLOSE: f64 = 1e-12;

/// Table of critical values, one-tailed, for samples of the same size: n, U at 0.05, U at 0.025. As in S. Siegel,
/// "Nonparametric Statistics" (1956), table K, and every textbook since.
const CRITICAL: &[(usize, usize, usize)] = &[
    (5, 4, 2),
    (6, 7, 5),
    (7, 11, 8),
    (8, 15, 13),
    (9, 21, 17),
    (10, 27, 23),
    (11, 34, 30),
    (12, 42, 37),
    (13, 51, 45),
    (14, 61, 55),
    (15, 72, 64),
    (16, 83, 75),
    (17, 96, 87),
    (18, 109, 99),
    (19, 123, 113),
    (20, 138, 127),
];

#[test]
fn exact_probabilities_agree_with_the_published_critical_values() {
    for (n, at_5, at_2_5) in CRITICAL {
        for (critical, alpha) in [(at_5, 0.05), (at_2_5, 0.025)] {
            let below = |u: usize| at_least(n * n - u, *n, *n);
            assert!(below(*critical) <= alpha && alpha < below(critical + 1), "n {n}, U {critical}, alpha {alpha}");
        }
    }
}

/// scipy 1.17.1: `mannwhitneyu(x, y, alternative="greater", method=m)`, m "exact" up to 40 values without ties, else
/// "asymptotic" (with continuity); the effect is `2 * statistic / (len(x) * len(y)) - 1`.
#[test]
fn values_of_scipy_are_reproduced() {
    let wave = |count: u32, factor: u32, modulus: u32, less: f64| -> Vec<f64> {
        (0..count).map(|i| f64::from(i * factor % modulus) - less).collect()
    };
    let cases: &[(&[f64], &[f64], f64, f64)] = &[
        (&[1., 2., 3.], &[4., 5., 6.], 1.0, -1.0),
        (&[4., 5., 6.], &[1., 2., 3.], 0.05, 1.0),
        (&[19., 22., 16., 29., 24.], &[20., 11., 17., 12.], 0.055_555_555_555_555_55, 0.7),
        (&[7., 3., 8., 4., 9., 12.], &[1., 2., 6., 5., 10.], 0.164_502_164_502_164_48, 0.4),
        (
            &[1.1, 2.2, 2.2, 3.3, 4.4],
            &[2.2, 3.3, 5.5, 0.5, 1.1, 2.2],
            0.389_105_812_009_119_87,
            0.133_333_333_333_333_3,
        ),
        (&[5.; 4], &[5.; 3], 1.0, 0.0),
        (&[0., 0., 0., 0., 0., 0., 0., 1., 2., 3.], &[0.; 10], 0.038_936_235_738_520_404, 0.3),
        (&wave(31, 7, 31, 0.0), &wave(37, 11, 37, 0.5), 0.831_587_950_233_987_6, -0.135_135_135_135_135_1),
        (&wave(30, 1, 30, -100.0), &wave(30, 1, 30, 0.0), 1.509_929_679_581_078_5e-11, 1.0),
        (&[[0.5; 10], [0.7; 10]].concat(), &[[0.1; 10], [0.5; 10]].concat(), 5.383_663_720_217_427e-6, 0.75),
    ];
    for (sample, reference, p, effect) in cases {
        let shift = shift(sample, reference).unwrap();
        assert!((shift.p - p).abs() < CLOSE && (shift.effect - effect).abs() < CLOSE, "{sample:?}: {shift:?}");
    }
}

#[test]
fn nothing_is_said_of_nothing_and_of_what_is_no_number() {
    for (sample, reference) in
        [(vec![], vec![1.0]), (vec![1.0], vec![]), (vec![f64::NAN], vec![1.0]), (vec![1.0], vec![f64::INFINITY])]
    {
        assert_eq!(shift(&sample, &reference), None);
    }
}

#[test]
fn the_smallest_p_is_one_arrangement_out_of_all() {
    for (n, m, arrangements) in [(3, 3, 20.0), (5, 5, 252.0), (10, 10, 184_756.0), (1, 19, 20.0)] {
        assert!((smallest_p(n, m) - 1.0 / arrangements).abs() < CLOSE, "{n} {m}");
        assert!((at_least(n * m, n, m) - smallest_p(n, m)).abs() < CLOSE, "{n} {m}");
    }
}

/// P(U >= u) by laying out every choice of `sample.len()` values out of all of them.
fn by_every_arrangement(sample: &[f64], reference: &[f64]) -> f64 {
    let all: Vec<f64> = [sample, reference].concat();
    let above =
        |chosen: &[f64], rest: &[f64]| chosen.iter().map(|x| rest.iter().filter(|y| x > y).count()).sum::<usize>();
    let observed = above(sample, reference);
    let (mut as_large, mut choices) = (0_u32, 0_u32);
    for choice in (0..1_u32 << all.len()).filter(|choice| choice.count_ones() as usize == sample.len()) {
        let is_chosen = |at: usize| choice >> at & 1 == 1;
        let (chosen, rest): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(at, _)| is_chosen(*at));
        let values = |of: Vec<(usize, &f64)>| of.into_iter().map(|(_, value)| *value).collect::<Vec<_>>();
        choices += 1;
        as_large += u32::from(above(&values(chosen), &values(rest)) >= observed);
    }
    f64::from(as_large) / f64::from(choices)
}

fn distinct(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (proptest::collection::hash_set(-1000..1000_i32, count), any::<proptest::sample::Index>()).prop_map(|(all, cut)| {
        let all: Vec<f64> = all.into_iter().map(f64::from).collect();
        let (sample, reference) = all.split_at(1 + cut.index(all.len() - 1));
        (sample.to_vec(), reference.to_vec())
    })
}

fn tied(count: usize) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec((-4..4_i8).prop_map(f64::from), 1..count)
}

proptest! {
    #[test]
    fn exact_probabilities_are_those_of_every_arrangement((sample, reference) in distinct(2..=10)) {
        let p = shift(&sample, &reference).unwrap().p;
        prop_assert!((p - by_every_arrangement(&sample, &reference)).abs() < CLOSE);
    }

    #[test]
    fn values_stay_in_their_bounds(sample in tied(60), reference in tied(60)) {
        let shift = shift(&sample, &reference).unwrap();
        prop_assert!((0.0..=1.0).contains(&shift.p) && (-1.0..=1.0).contains(&shift.effect));
        let u = Ranks::of(&sample, &reference).u;
        prop_assert!(0.0 <= u && u <= (sample.len() * reference.len()) as f64);
    }

    #[test]
    fn the_two_u_make_up_all_pairs_and_the_effect_turns_its_sign(sample in tied(40), reference in tied(40)) {
        let (there, back) = (Ranks::of(&sample, &reference), Ranks::of(&reference, &sample));
        prop_assert_eq!(there.u + back.u, (sample.len() * reference.len()) as f64);
        prop_assert!((shift(&sample, &reference).unwrap().effect + shift(&reference, &sample).unwrap().effect).abs() < CLOSE);
    }

    #[test]
    fn the_effect_is_the_share_of_pairs_above_less_that_below(sample in tied(20), reference in tied(20)) {
        let pairs: f64 = sample.iter().flat_map(|x| reference.iter().map(move |y| (x - y).signum() * f64::from(x != y))).sum();
        let delta = pairs / (sample.len() * reference.len()) as f64;
        prop_assert!((shift(&sample, &reference).unwrap().effect - delta).abs() < CLOSE);
    }

    #[test]
    fn neither_order_nor_scale_matters((mut sample, reference) in distinct(2..=50), scale in 1..50_i8) {
        let before = shift(&sample, &reference).unwrap();
        sample.reverse();
        let scaled = |values: &[f64]| values.iter().map(|x| x * f64::from(scale) + 3.0).collect::<Vec<_>>();
        prop_assert_eq!(shift(&scaled(&sample), &scaled(&reference)).unwrap(), before);
    }

    #[test]
    fn a_larger_value_never_raises_p(sample in tied(30), reference in tied(30), at in any::<proptest::sample::Index>()) {
        let mut larger = sample.clone();
        larger[at.index(sample.len())] += 0.5;
        // With ties p is an approximation whose variance changes with the ties; U itself must not fall.
        prop_assert!(Ranks::of(&larger, &reference).u >= Ranks::of(&sample, &reference).u);
    }
}

//! The Mann–Whitney U test: is one sample shifted against another, and by how much?
//!
//! H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the
//! Other", Annals of Mathematical Statistics 18 (1947). It asks for no distribution and an outlier cannot carry it, which is
//! what measured latencies and error counts need. It does ask for independent observations: neighbouring data points of
//! a metric rarely are, so a p value is a little too sure of itself. That is why a shift must also be large to count.

/// Up to this many observations in all, and without ties, p is exact: at most 20 × 20 × 20 additions.
const EXACT_UP_TO: usize = 40;

/// What the test says of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    /// How probable a shift up at least as large as this one is if both came from the same distribution: 0 to 1.
    pub(super) p: f64,
    /// Cliff's delta, which is the rank-biserial correlation: how often a value of the first sample is above one of the
    /// second minus how often it is below, as a share of all pairs. 1 is always above, -1 always below.
    pub(super) effect: f64,
}

/// The shift of `sample` up against `reference`, one-sided; `None` if one of them is empty or holds what is no number.
pub(super) fn shift(sample: &[f64], reference: &[f64]) -> Option<Shift> {
    let is_number = |values: &[f64]| !values.is_empty() && values.iter().all(|value| value.is_finite());
    if !is_number(sample) || !is_number(reference) {
        return None;
    }
    let ranks = Ranks::of(sample, reference);
    let pairs = (sample.len() * reference.len()) as f64;
    let is_exact = ranks.tied == 0.0 && sample.len() + reference.len() <= EXACT_UP_TO;
    let p = if is_exact {
        at_least(ranks.u as usize, sample.len(), reference.len())
    } else {
        normal(&ranks, sample.len() as f64, reference.len() as f64)
    };
    Some(Shift { p: p.clamp(0.0, 1.0), effect: 2.0 * ranks.u / pairs - 1.0 })
}

/// The smallest p that samples of these sizes can have: one arrangement out of all.
pub(super) fn smallest_p(sample: usize, reference: usize) -> f64 {
    (1..=sample).fold(1.0, |p, nth| p * nth as f64 / (reference + nth) as f64)
}

struct Ranks {
    /// Pairs in which the sample's value is above, ties as half.
    u: f64,
    /// The sum of t³ - t over groups of t equal values.
    tied: f64,
}

impl Ranks {
    fn of(sample: &[f64], reference: &[f64]) -> Self {
        let mut all: Vec<(f64, bool)> =
            sample.iter().map(|value| (*value, true)).chain(reference.iter().map(|value| (*value, false))).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut below, mut sum, mut tied) = (0.0, 0.0, 0.0);
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            let size = group.len() as f64;
            let of_sample = group.iter().filter(|(_, is_sample)| *is_sample).count() as f64;
            sum += of_sample * (below + (size + 1.0) / 2.0);
            tied += size * (size * size - 1.0);
            below += size;
        }
        let own = sample.len() as f64;
        Self { u: sum - own * (own + 1.0) / 2.0, tied }
    }
}

/// P(U >= u): U's numbers of arrangements are the coefficients of the Gaussian binomial.
fn at_least(u: usize, sample: usize, reference: usize) -> f64 {
    let most = sample * reference;
    let mut ways = vec![0_i128; most + 1];
    ways[0] = 1;
    for nth in 1..=sample {
        for at in (reference + nth..=most).rev() {
            ways[at] -= ways[at - reference - nth];
        }
        for at in nth..=most {
            ways[at] += ways[at - nth];
        }
    }
    let all: i128 = ways.iter().sum();
    ways[u..].iter().sum::<i128>() as f64 / all as f64
}

/// With the variance corrected for ties and half a step for continuity. Without any variance there is no shift.
fn normal(ranks: &Ranks, sample: f64, reference: f64) -> f64 {
    let all = sample + reference;
    let variance = sample * reference / 12.0 * (all + 1.0 - ranks.tied / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (ranks.u - sample * reference / 2.0 - 0.5) / variance.sqrt();
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests;

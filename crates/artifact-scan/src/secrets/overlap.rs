//! Which of several matches of the same bytes counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::rule::Rule;

/// What is compared of a match.
pub(crate) trait Claim {
    /// The bytes it claims.
    fn span(&self) -> Range<usize>;
    /// Its rule.
    fn rule(&self) -> usize;
    /// How many decodings away it was found.
    fn depth(&self) -> u32;
}

/// Keeps those that share no byte with a better one: of higher rank, then found as it stands, then longer, then worse if
/// it leaks; the id decides the rest, so that the result does not depend on the order of the rules. Sorted by place.
pub(crate) fn resolve<C: Claim>(mut claims: Vec<C>, rules: &[Rule]) -> Vec<C> {
    claims.sort_by(|one, other| order(one, rules).cmp(&order(other, rules)));
    let mut kept: BTreeMap<usize, C> = BTreeMap::new();
    for claim in claims {
        let span = claim.span();
        let shares = kept.range(..span.end).next_back().is_some_and(|(_, before)| before.span().end > span.start);
        if !shares {
            kept.insert(span.start, claim);
        }
    }
    kept.into_values().collect()
}

/// Bytes that are taken, for many questions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken(Vec<Range<usize>>);

impl Taken {
    pub(crate) fn of(spans: impl Iterator<Item = Range<usize>>) -> Self {
        let mut spans: Vec<_> = spans.collect();
        spans.sort_unstable_by_key(|span| span.start);
        let mut taken: Vec<Range<usize>> = Vec::new();
        for span in spans {
            match taken.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => taken.push(span),
            }
        }
        Self(taken)
    }

    /// Whether any of these bytes is taken.
    pub(crate) fn has_any_of(&self, span: &Range<usize>) -> bool {
        let first = self.0.partition_point(|taken| taken.end <= span.start);
        self.0.get(first).is_some_and(|taken| taken.start < span.end)
    }
}

fn order<'r, C: Claim>(claim: &C, rules: &'r [Rule]) -> impl Ord + use<'r, C> {
    let (rule, span) = (&rules[claim.rule()], claim.span());
    (Reverse(rule.rank), claim.depth(), Reverse(span.len()), Reverse(rule.severity), &*rule.id, span.start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_taken_if_any_span_has_one_of_them(
            spans in prop::collection::vec((0..300_usize, 1..20_usize), 0..30),
            start in 0..320_usize,
            length in 1..20_usize,
        ) {
            let spans: Vec<_> = spans.into_iter().map(|(start, length)| start..start + length).collect();
            let asked = start..start + length;
            let expected = spans.iter().any(|span| span.start < asked.end && asked.start < span.end);
            prop_assert_eq!(Taken::of(spans.into_iter()).has_any_of(&asked), expected);
        }
    }
}

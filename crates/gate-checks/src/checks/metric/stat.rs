//! The name of a CloudWatch statistic.

use std::fmt;

use serde::Deserialize;

use crate::text::unknown;

const SIMPLE: &[&str] = &["Average", "Sum", "Minimum", "Maximum", "SampleCount", "IQM"];

/// A statistic as CloudWatch writes it: `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, `IQM`, with one bound as
/// `p99.9` or `tm90`, with two as `TM(10%:90%)` (CloudWatch user guide, "Statistics definitions").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub(in crate::checks) struct Stat(String);

impl TryFrom<String> for Stat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if SIMPLE.contains(&text.as_str()) || has_one_bound(&text) || has_two_bounds(&text) {
            return Ok(Self(text));
        }
        let known: Vec<&str> = SIMPLE.iter().chain(&["p99", "tm90", "TM(10%:90%)"]).copied().collect();
        Err(unknown("statistic", &text, &known))
    }
}

/// A percentage of up to ten digits after the point.
fn has_one_bound(text: &str) -> bool {
    let bound = ["p", "tm", "wm", "tc", "ts"].iter().find_map(|name| text.strip_prefix(name));
    bound.is_some_and(|bound| is_number(bound) && bound.parse::<f64>().is_ok_and(|percent| percent <= 100.0))
}

/// Two bounds, of which one may be left out: percentages, or values.
fn has_two_bounds(text: &str) -> bool {
    let bounds = ["TM", "WM", "TC", "TS", "PR"].iter().find_map(|name| text.strip_prefix(name));
    let inner = bounds.and_then(|bounds| bounds.strip_prefix('(')?.strip_suffix(')'));
    let is_bound = |bound: &str| bound.is_empty() || is_number(bound.strip_suffix('%').unwrap_or(bound));
    inner
        .and_then(|inner| inner.split_once(':'))
        .is_some_and(|(low, high)| is_bound(low) && is_bound(high) && !(low.is_empty() && high.is_empty()))
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok()
}

impl fmt::Display for Stat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_cloudwatch_are_known() {
        for text in [
            "Average",
            "SampleCount",
            "IQM",
            "p99",
            "p99.9",
            "p100",
            "tm90",
            "ts0.5",
            "TM(10%:90%)",
            "PR(:300)",
            "TC(0.005:0.030)",
            "TS(80%:)",
        ] {
            assert!(Stat::try_from(text.to_owned()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_statistic_names_the_nearest_one() {
        for (text, told) in [
            ("average", "unknown statistic `average`; did you mean `Average`?"),
            ("Avg", "known are"),
            ("p101", "unknown statistic"),
            ("p", "unknown statistic"),
            ("p-1", "unknown statistic"),
            ("pinf", "unknown statistic"),
            ("TM(:)", "unknown statistic"),
            ("TM10:90", "unknown statistic"),
            ("", "unknown statistic"),
        ] {
            let problem = Stat::try_from(text.to_owned()).unwrap_err();
            assert!(problem.contains(told), "{text}: {problem}");
        }
    }
}

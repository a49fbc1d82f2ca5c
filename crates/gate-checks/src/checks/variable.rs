//! The check `variable`: what an earlier action or a pipeline variable said.

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{Check, Measurement};
use crate::text::{number, shown};
use crate::value::Pattern;
use crate::{Facts, Place, Unanswered};

/// An `f64` tells numbers of so many digits apart; longer ones, such as ids, are texts.
const EXACT_DIGITS: usize = 15;

/// A variable of the pipeline is as it must be.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "Written"))]
#[serde(try_from = "Written")]
pub(crate) struct Variable {
    name: String,
    must: Must,
}

#[derive(Debug)]
enum Must {
    Equal(String),
    Differ(String),
    BeOneOf(Vec<String>),
    Match(Pattern),
    BeAbove(f64),
    BeBelow(f64),
}

/// A variable passed in `variables` of the action's `UserParameters`. Numbers are compared as numbers.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    /// Its name there.
    name: String,
    /// It must be this.
    equals: Option<String>,
    /// It must be anything else.
    not: Option<String>,
    /// It must be one of these.
    one_of: Option<Vec<String>>,
    /// It must match this regular expression, anywhere unless tied to the ends.
    matches: Option<Pattern>,
    /// It must be a number above this one.
    above: Option<f64>,
    /// It must be a number below this one.
    below: Option<f64>,
}

impl TryFrom<Written> for Variable {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { name, equals, not, one_of, matches, above, below } = written;
        let musts = [
            equals.map(Must::Equal),
            not.map(Must::Differ),
            one_of.map(Must::BeOneOf),
            matches.map(Must::Match),
            above.map(Must::BeAbove),
            below.map(Must::BeBelow),
        ];
        let mut musts = musts.into_iter().flatten();
        match (musts.next(), musts.next()) {
            (Some(Must::BeOneOf(values)), None) if values.is_empty() => {
                Err(String::from("`one-of` is empty, so nothing could pass; name what may be"))
            }
            (Some(must), None) => Ok(Self { name, must }),
            _ => Err(String::from("give exactly one of equals, not, one-of, matches, above, below")),
        }
    }
}

impl Check for Variable {
    fn measure(&self, place: &Place, _: &Facts, _: Timestamp) -> Result<Measurement, Unanswered> {
        let name = shown(&self.name);
        let Some(value) = place.variables.get(&self.name) else {
            let told = format!("{name} is not given; name it in `variables` of the action's UserParameters");
            return Ok(Measurement::fail(told));
        };
        let said = if value.is_empty() { String::from("empty") } else { shown(value) };
        Ok(match self.must.holds(value) {
            Some(holds) => {
                let must = self.must.in_words();
                Measurement::of(
                    holds,
                    if holds { format!("{name} is {said}") } else { format!("{name} is {said}, {must}") },
                )
            }
            None => Measurement::fail(format!("{name} is {said}, which is no number")),
        })
    }
}

impl Must {
    /// Nothing if it must be a number and is none.
    fn holds(&self, value: &str) -> Option<bool> {
        Some(match self {
            Self::Equal(other) => same(value, other),
            // What is empty was perhaps never found out.
            Self::Differ(other) => !value.is_empty() && !same(value, other),
            Self::BeOneOf(others) => others.iter().any(|other| same(value, other)),
            Self::Match(pattern) => pattern.is_match(value),
            Self::BeAbove(limit) => numeric(value)? > *limit,
            Self::BeBelow(limit) => numeric(value)? < *limit,
        })
    }

    fn in_words(&self) -> String {
        match self {
            Self::Equal(other) => format!("not {}", shown(other)),
            Self::Differ(_) => String::from("which it must not be"),
            Self::BeOneOf(others) => {
                format!("not {}", others.iter().map(|other| shown(other)).collect::<Vec<_>>().join(" or "))
            }
            Self::Match(pattern) => format!("which does not match {}", shown(pattern.as_str())),
            Self::BeAbove(limit) => format!("not above {}", number(*limit)),
            Self::BeBelow(limit) => format!("not below {}", number(*limit)),
        }
    }
}

/// Equal as texts, or as numbers that can be told apart: `80` is `80.0`, and a long id is only itself.
fn same(value: &str, other: &str) -> bool {
    let exact = |text: &str| numeric(text).filter(|_| text.bytes().filter(u8::is_ascii_digit).count() <= EXACT_DIGITS);
    value == other || exact(value).is_some_and(|value| exact(other) == Some(value))
}

/// The number a text is, `80`, `-1.5` or `2e3`; a percent sign after it is not read.
fn numeric(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_written_in_digits = text.bytes().all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    text.parse().ok().filter(|number: &f64| is_written_in_digits && number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Measured::{self, Fail, Pass};
    use crate::testing::{at, policy};

    fn says(check: &str, value: &str) -> (Measured, String) {
        let policy = policy("1h", &[&format!("variable: {{ name: x, {check} }}")]);
        let place = Place { variables: [(String::from("x"), value.to_owned())].into(), ..Place::default() };
        let measurement = policy.rules[0].check.measure(&place, &Facts::default(), at(0)).unwrap();
        (measurement.measured, measurement.says)
    }

    #[test]
    fn a_variable_is_compared_as_what_it_is() {
        for (check, value, measured, told) in [
            ("equals: 'yes'", "yes", Pass, "x is yes"),
            ("equals: 'yes'", "no", Fail, "x is no, not yes"),
            ("equals: 80", "80.0", Pass, "x is 80.0"),
            ("equals: 1.10", "1.1", Pass, "x is 1.1"),
            ("equals: true", "true", Pass, "x is true"),
            (
                "equals: 12345678901234567890",
                "12345678901234567891",
                Fail,
                "x is 12345678901234567891, not 12345678901234567890",
            ),
            ("equals: a", "", Fail, "x is empty, not a"),
            ("not: main", "", Fail, "x is empty, which it must not be"),
            ("not: main", "main", Fail, "x is main, which it must not be"),
            ("not: 1", "1.0", Fail, "x is 1.0, which it must not be"),
            ("one-of: [a, 2]", "2.0", Pass, "x is 2.0"),
            ("one-of: [a, b]", "c", Fail, "x is c, not a or b"),
            ("matches: '^v\\d+$'", "v12", Pass, "x is v12"),
            ("matches: '^v\\d+$'", "v12b", Fail, "x is v12b, which does not match ^v\\d+$"),
            ("above: 80", "80.5", Pass, "x is 80.5"),
            ("above: 80", "80", Fail, "x is 80, not above 80"),
            ("above: 80", "9", Fail, "x is 9, not above 80"),
            ("below: 0.5", "1e-1", Pass, "x is 1e-1"),
            ("above: 80", "high", Fail, "x is high, which is no number"),
            ("above: 80", "inf", Fail, "x is inf, which is no number"),
            ("below: 80", "NaN", Fail, "x is NaN, which is no number"),
        ] {
            assert_eq!(says(check, value), (measured, told.to_owned()), "{check} {value}");
        }
    }

    #[test]
    fn a_variable_that_is_not_given_fails() {
        let policy = policy("1h", &["variable: { name: coverage, not: low }"]);
        let measured = policy.rules[0].check.measure(&Place::default(), &Facts::default(), at(0)).unwrap();
        assert_eq!(
            (measured.measured, measured.says.as_str()),
            (Fail, "coverage is not given; name it in `variables` of the action's UserParameters")
        );
    }

    #[test]
    fn one_comparison_is_written() {
        for check in [
            "{ name: a }",
            "{ name: a, equals: 1, not: 2 }",
            "{ name: a, one-of: [] }",
            "{ equals: 1 }",
            "{ name: a, above: x }",
        ] {
            let text = format!("gate: {{ checks: [{{ variable: {check} }}] }}");
            assert_eq!(crate::Policy::parse(&text).unwrap_err().len(), 1, "{check}");
        }
    }
}

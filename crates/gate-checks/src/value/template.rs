//! A text in which variables of the execution may stand: `release/{branch}`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::text::shown;
use crate::{Place, Unanswered};

/// A text with `{name}` where a variable is to stand. Braces, because `${}` is taken by CloudFormation and `#{}` by
/// CodePipeline, which both would fill it before a policy is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

impl Template {
    /// The text with the variables of `place`.
    ///
    /// # Errors
    /// A variable is not there, or nothing is left of the text.
    pub(crate) fn fill(&self, place: &Place) -> Result<String, Unanswered> {
        self.fill_with(place, str::to_owned)
    }

    /// As [`fill`](Self::fill), with what each variable's text becomes.
    pub(crate) fn fill_with(&self, place: &Place, written: impl Fn(&str) -> String) -> Result<String, Unanswered> {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Variable(name) => {
                place.variables.get(name).map(|value| written(value)).ok_or_else(|| not_set(name, &place.variables))
            }
        });
        let filled = pieces.collect::<Result<String, _>>()?;
        if filled.is_empty() { Err(Unanswered::refused(format!("{} is empty", self.names()))) } else { Ok(filled) }
    }

    /// The text with `stand_in` for each variable: what it will look like.
    pub(crate) fn sample(&self, stand_in: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(_) => stand_in.to_owned(),
        };
        self.0.iter().map(piece).collect()
    }

    fn names(&self) -> String {
        let names = self.0.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(format!("the variable `{name}`")),
            Piece::Text(_) => None,
        });
        names.collect::<Vec<_>>().join(" and ")
    }
}

fn not_set(name: &str, variables: &BTreeMap<String, String>) -> Unanswered {
    let known: Vec<&str> = variables.keys().map(String::as_str).collect();
    let told = match known.as_slice() {
        [] => format!("the variable `{name}` is not set; UserParameters have no `variables`"),
        known => format!("the variable `{name}` is not set; set are {}", crate::text::list(known)),
    };
    Unanswered::refused(told)
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let told = || format!("`{}` has a brace that holds no variable's name; write `{{name}}`", shown(&text));
        let (mut pieces, mut rest) = (Vec::new(), text.as_str());
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(told)?;
            if before.contains('}') || name.is_empty() || !name.chars().all(is_of_name) {
                return Err(told());
            }
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
            pieces.push(Piece::Variable(name.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err(told());
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        if pieces.is_empty() { Err(String::from("an empty text names nothing")) } else { Ok(Self(pieces)) }
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A text; {name} stands for a variable of UserParameters.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)]) -> Place {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Place { variables, ..Place::default() }
    }

    fn filled(text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        Template::try_from(text.to_owned())?.fill(&place(variables)).map_err(|unanswered| unanswered.why)
    }

    #[test]
    fn variables_stand_where_their_names_are() {
        let variables = [("a", "1"), ("b.c-d_e", "{a}")];
        for (text, told) in [("plain", "plain"), ("{a}", "1"), ("x/{a}{b.c-d_e}/é", "x/1{a}/é")] {
            assert_eq!(filled(text, &variables), Ok(told.into()));
        }
    }

    #[test]
    fn a_variable_that_is_not_there_or_empty_is_told() {
        assert_eq!(filled("{a}", &[]).unwrap_err(), "the variable `a` is not set; UserParameters have no `variables`");
        assert_eq!(filled("{a}", &[("b", "1")]).unwrap_err(), "the variable `a` is not set; set are b");
        assert_eq!(filled("{a}", &[("a", "")]).unwrap_err(), "the variable `a` is empty");
    }

    #[test]
    fn a_brace_that_holds_no_name_is_refused() {
        for text in ["{", "}", "a}b{c}", "{}", "{a b}", "{a}}", "{{a}}", ""] {
            assert!(Template::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

//! The text inside `SEARCH('…')`: which metrics it finds.
//!
//! Exact matches on `MetricName`, `Namespace` and dimensions, joined by `AND`, `OR`, `NOT` and parentheses. Partial
//! matches are refused: they depend on how CloudWatch cuts names into tokens.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>

use std::collections::BTreeSet;

use super::metric::Metric;

/// A parsed search.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Search {
    /// As it is written, for limits on its length.
    pub(super) text: String,
    pub(super) namespace: String,
    pub(super) dimensions: BTreeSet<String>,
    condition: Condition,
    pub(super) statistic: String,
    /// Seconds.
    pub(super) period: i64,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Is(String, String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Search {
    pub(super) fn parse(text: &str, statistic: String, period: i64) -> Result<Self, String> {
        let (schema, terms) = schema(text)?;
        let mut names = schema.into_iter();
        let namespace = names.next().ok_or("a search must name its namespace in braces")?;
        let mut terms = Terms { open: words(terms)?.into() };
        let condition = terms.any()?;
        if let Some(word) = terms.open.pop_front() {
            return Err(format!("a search cannot have {word:?} here"));
        }
        Ok(Self { text: text.to_owned(), namespace, dimensions: names.collect(), condition, statistic, period })
    }

    /// Only metrics with exactly the dimensions of the schema are found.
    pub(super) fn finds(&self, metric: &Metric) -> bool {
        metric.namespace == self.namespace
            && metric.dimensions.keys().eq(self.dimensions.iter())
            && self.condition.holds(metric)
    }

    /// Every metric name the search asks for.
    pub(super) fn metric_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.condition.metric_names(&mut names);
        names
    }
}

impl Condition {
    fn holds(&self, metric: &Metric) -> bool {
        match self {
            Self::Is(property, value) => match property.as_str() {
                "MetricName" => metric.name == *value,
                "Namespace" => metric.namespace == *value,
                dimension => metric.dimensions.get(dimension) == Some(value),
            },
            Self::Not(inner) => !inner.holds(metric),
            Self::All(parts) => parts.iter().all(|part| part.holds(metric)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(metric)),
        }
    }

    fn metric_names(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Is(property, value) if property == "MetricName" => {
                names.insert(value.clone());
            }
            Self::Is(..) | Self::Not(_) => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.metric_names(names)),
        }
    }
}

/// The names in braces, and what comes after them. A name with other characters than letters and digits is quoted.
fn schema(text: &str) -> Result<(Vec<String>, &str), String> {
    let inner = text.trim_start().strip_prefix('{').ok_or("a search must begin with {namespace, dimensions}")?;
    let (inner, terms) = inner.split_once('}').ok_or("a search has a { without its }")?;
    let unquoted = |name: &str| {
        let name = name.trim();
        match name.strip_prefix('"').map(|rest| rest.strip_suffix('"')) {
            Some(Some(quoted)) => Ok(quoted.to_owned()),
            None if name.chars().all(|letter| letter.is_alphanumeric() || letter == '/') => Ok(name.to_owned()),
            _ => Err(format!("a search must have quotes around {name}")),
        }
    };
    Ok((inner.split(',').map(unquoted).collect::<Result<_, _>>()?, terms))
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Plain(String),
    Quoted(String),
    Mark(char),
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if letter.is_whitespace() => {}
            '(' | ')' | '=' => words.push(Word::Mark(letter)),
            '"' => words.push(Word::Quoted(quoted(&mut letters)?)),
            _ => {
                let mut word = String::from(letter);
                while let Some(letter) = letters.next_if(|it| !it.is_whitespace() && !"()=\"".contains(*it)) {
                    word.push(letter);
                }
                words.push(Word::Plain(word));
            }
        }
    }
    Ok(words)
}

/// The rest of a quoted text; a backslash takes the next character as it is.
fn quoted(letters: &mut impl Iterator<Item = char>) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match letters.next() {
            Some('"') => return Ok(text),
            Some('\\') => text.extend(letters.next()),
            Some(letter) => text.push(letter),
            None => return Err("a search has a quote without its end".to_owned()),
        }
    }
}

/// Words not read yet. `AND` binds closer than `OR` and may be left out.
struct Terms {
    open: std::collections::VecDeque<Word>,
}

impl Terms {
    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.takes("OR") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.one()?];
        while self.takes("AND") || self.begins_a_term() {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.takes("NOT") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        match self.open.pop_front() {
            Some(Word::Mark('(')) => {
                let inner = self.any()?;
                match self.open.pop_front() {
                    Some(Word::Mark(')')) => Ok(inner),
                    _ => Err("a search has a ( without its )".to_owned()),
                }
            }
            Some(Word::Plain(property)) => match (self.open.pop_front(), self.open.pop_front()) {
                (Some(Word::Mark('=')), Some(Word::Quoted(value))) => Ok(Condition::Is(property, value)),
                _ => Err(format!("a search must say what {property} is, as in {property}=\"…\"")),
            },
            other => Err(format!("a search needs a term like MetricName=\"…\" and has {other:?}")),
        }
    }

    fn takes(&mut self, operator: &str) -> bool {
        let found = self.open.front() == Some(&Word::Plain(operator.to_owned()));
        if found {
            self.open.pop_front();
        }
        found
    }

    fn begins_a_term(&self) -> bool {
        match self.open.front() {
            Some(Word::Plain(word)) => word != "OR",
            Some(Word::Mark(mark)) => *mark == '(',
            Some(Word::Quoted(_)) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, dimensions: &[(&str, &str)]) -> Metric {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Metric { namespace: "My.Space".into(), name: name.into(), dimensions: dimensions.iter().map(owned).collect() }
    }

    fn search(terms: &str) -> Result<Search, String> {
        Search::parse(&format!("{{\"My.Space\",PipelineName}} {terms}"), "Average".into(), 60)
    }

    #[test]
    fn terms_decide_which_metrics_are_found() {
        let waits = [metric("GateWait", &[("PipelineName", "a")]), metric("ApprovalWait", &[("PipelineName", "b")])];
        let cases = [
            (r#"MetricName="GateWait""#, [true, false]),
            (r#"(MetricName="GateWait" OR MetricName="ApprovalWait")"#, [true, true]),
            (r#"MetricName="GateWait" PipelineName="b""#, [false, false]),
            (r#"MetricName="GateWait" AND PipelineName="b" OR PipelineName="b""#, [false, true]),
            (r#"NOT MetricName="GateWait""#, [false, true]),
        ];
        for (terms, expected) in cases {
            assert_eq!(waits.each_ref().map(|metric| search(terms).unwrap().finds(metric)), expected, "{terms}");
        }
    }

    #[test]
    fn a_metric_with_further_dimensions_is_another_metric() {
        let search = search(r#"MetricName="GateWait""#).unwrap();
        assert!(!search.finds(&metric("GateWait", &[])));
        assert!(!search.finds(&metric("GateWait", &[("PipelineName", "a"), ("StageName", "b")])));
        assert!(!search.finds(&Metric { namespace: "Other".into(), ..metric("GateWait", &[("PipelineName", "a")]) }));
    }

    #[test]
    fn what_would_match_partially_is_refused() {
        for terms in ["MetricName=Gate", "gate", r#""GateWait""#, r#"MetricName="a" )"#, "(", ""] {
            assert!(search(terms).is_err(), "{terms}");
        }
        assert!(Search::parse(r#"{My.Space,PipelineName} MetricName="a""#, "Sum".into(), 60).is_err(), "no quotes");
    }
}

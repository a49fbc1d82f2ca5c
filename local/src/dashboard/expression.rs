//! Metric math: the text of an expression becomes a tree.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

use super::search::Search;

/// An expression, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    /// The id of another row; as an argument of `SORT` also `AVG` or `DESC`.
    Name(String),
    Negated(Box<Self>),
    Arithmetic(Box<Self>, Operator, Box<Self>),
    Call(String, Vec<Self>),
    Search(Search),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Divided,
}

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { open: text };
        let expression = reader.sum()?;
        match reader.open.trim() {
            "" => Ok(expression),
            rest => Err(format!("the expression cannot have {rest:?} here")),
        }
    }

    /// Every search in it.
    pub(super) fn searches(&self) -> Vec<&Search> {
        match self {
            Self::Number(_) | Self::Name(_) => Vec::new(),
            Self::Search(search) => vec![search],
            Self::Negated(inner) => inner.searches(),
            Self::Arithmetic(left, _, right) => [left.searches(), right.searches()].concat(),
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::searches).collect(),
        }
    }
}

impl Operator {
    pub(super) fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Plus => left + right,
            Self::Minus => left - right,
            Self::Times => left * right,
            Self::Divided => left / right,
        }
    }
}

struct Reader<'t> {
    open: &'t str,
}

impl Reader<'_> {
    fn sum(&mut self) -> Result<Expression, String> {
        self.chain(Self::product, &[('+', Operator::Plus), ('-', Operator::Minus)])
    }

    fn product(&mut self) -> Result<Expression, String> {
        self.chain(Self::factor, &[('*', Operator::Times), ('/', Operator::Divided)])
    }

    fn chain(
        &mut self,
        part: fn(&mut Self) -> Result<Expression, String>,
        operators: &[(char, Operator)],
    ) -> Result<Expression, String> {
        let mut left = part(self)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.takes(*sign)) {
            left = Expression::Arithmetic(Box::new(left), *operator, Box::new(part(self)?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Expression, String> {
        if self.takes('-') {
            return Ok(Expression::Negated(Box::new(self.factor()?)));
        }
        if self.takes('(') {
            let inner = self.sum()?;
            self.expect(')')?;
            return Ok(inner);
        }
        let word = self.word();
        match word.chars().next() {
            Some(first) if first.is_ascii_digit() => {
                word.parse().map(Expression::Number).map_err(|_| format!("{word} is no number"))
            }
            Some(_) if !self.takes('(') => Ok(Expression::Name(word)),
            Some(_) if word == "SEARCH" => self.search(),
            Some(_) => self.call(word),
            None => Err(format!("the expression needs a value at {:?}", self.open)),
        }
    }

    /// The parenthesis has been taken.
    fn call(&mut self, name: String) -> Result<Expression, String> {
        let mut arguments = Vec::new();
        while !self.takes(')') {
            if !arguments.is_empty() {
                self.expect(',')?;
            }
            arguments.push(self.sum()?);
        }
        Ok(Expression::Call(name, arguments))
    }

    fn search(&mut self) -> Result<Expression, String> {
        let text = self.quoted()?;
        self.expect(',')?;
        let statistic = self.quoted()?;
        self.expect(',')?;
        let period = self.word();
        let period = period.parse().map_err(|_| format!("the period {period:?} of a search must be in seconds"))?;
        self.expect(')')?;
        Search::parse(&text, statistic, period).map(Expression::Search)
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.expect('\'')?;
        let (text, rest) = self.open.split_once('\'').ok_or("a text has no end")?;
        self.open = rest;
        Ok(text.to_owned())
    }

    fn word(&mut self) -> String {
        self.open = self.open.trim_start();
        let end = self.open.find(|letter: char| !(letter.is_ascii_alphanumeric() || "_.".contains(letter)));
        let (word, rest) = self.open.split_at(end.unwrap_or(self.open.len()));
        self.open = rest;
        word.to_owned()
    }

    fn takes(&mut self, sign: char) -> bool {
        match self.open.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.open = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(format!("the expression needs {sign} at {:?}", self.open)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_bind_closer_than_sums_and_both_go_from_left_to_right() {
        let same = [("1+2*3", "1+(2*3)"), ("6/3/2", "(6/3)/2"), ("1-2-3", "(1-2)-3"), ("-a*b", "(-a)*b")];
        for (written, meant) in same {
            assert_eq!(Expression::parse(written), Expression::parse(meant), "{written}");
        }
        assert_ne!(Expression::parse("1-(2-3)"), Expression::parse("1-2-3"));
    }

    #[test]
    fn a_search_is_found_inside_of_functions() {
        let text = r#"SORT(SEARCH('{N,P} MetricName="a"', 'Sum', 300), SUM, DESC, 10)"#;
        let expression = Expression::parse(text).unwrap();
        let searches = expression.searches();
        assert_eq!((searches[0].statistic.as_str(), searches[0].period), ("Sum", 300));
    }

    #[test]
    fn what_is_no_expression_says_why() {
        for text in ["", "1+", "f(", "f(1", "a b", "SEARCH('{N} x', 'Sum', 300)", "SEARCH('{N}", "1.2.3", "FILL(f,,0)"]
        {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}

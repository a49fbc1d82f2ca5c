//! A text as a tree that knows where everything stands. What YAML allows and settings must not use is refused.

use std::collections::HashSet;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use crate::{At, LONGEST_DOCUMENT, Problem, shown};

/// Deeper than any document is.
const DEEPEST: usize = 16;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Unique in its document.
    pub(crate) id: usize,
    /// Where it begins.
    pub at: At,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A word, a number, a text.
    Scalar {
        /// As it is written, without quotes.
        text: String,
        /// Without quotes, it may be a number, a truth value or nothing; else it is text.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order it is written in.
    Map(Vec<Entry>),
}

/// A key and what stands below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: At,
    /// What stands below it.
    pub node: Node,
}

impl Node {
    /// Reads the text; one that says nothing is none.
    pub fn parse(text: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        if text.len() > LONGEST_DOCUMENT {
            let told = format!("{} bytes are too many; use {LONGEST_DOCUMENT} at most", text.len());
            problems.push(Problem::whole(told));
            return None;
        }
        Self::parse_any_length(text, problems)
    }

    /// As [`Node::parse`], for tools that read more than settings.
    pub fn parse_any_length(text: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        let events = Parser::new_from_str_with_options(text, options);
        Builder { events, problems, nodes: 0 }.document()
    }

    /// Nothing is written here.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if is_nothing(text))
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Scalar { .. } | Value::List(_) => None,
        }
    }

    /// Whether this node or one below it has that id.
    pub(crate) fn any(&self, is: &impl Fn(usize) -> bool) -> bool {
        is(self.id)
            || match &self.value {
                Value::Scalar { .. } => false,
                Value::List(items) => items.iter().any(|item| item.any(is)),
                Value::Map(entries) => entries.iter().any(|entry| entry.node.any(is)),
            }
    }
}

/// What YAML 1.2's core schema writes for nothing.
pub(crate) fn is_nothing(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

struct Builder<'t, 'p> {
    events: Parser<'t, StrInput<'t>>,
    problems: &'p mut Vec<Problem>,
    nodes: usize,
}

impl<'t> Builder<'t, '_> {
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        while let Some((event, span)) = self.next() {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::DocumentStart(..) => {}
                _ if root.is_some() => {
                    self.refuse(&span, "a second document begins here; keep one");
                    return None;
                }
                event => root = Some(self.node(event, &span)?),
            }
        }
        root.filter(|root| !root.is_null())
    }

    /// The next event; a text that is not YAML ends here.
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        match self.events.next()? {
            Ok(event) => Some(event),
            Err(error) => {
                let at = At::of(error.marker());
                self.problems.push(at.problem(format!("this is not YAML: {}", shown(&error.info()))));
                None
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span) -> Option<Node> {
        self.refuse_references(&event, span);
        let (id, at) = (self.nodes, At::of(&span.start));
        self.nodes += 1;
        let value = match event {
            Event::Scalar(text, style, ..) => {
                Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => Value::List(self.list()?),
            Event::MappingStart(..) => Value::Map(self.map()?),
            _ => Value::Scalar { text: String::new(), plain: true },
        };
        Some(Node { id, at, value })
    }

    fn list(&mut self) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Some(items),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    fn map(&mut self) -> Option<Vec<Entry>> {
        let (mut entries, mut keys) = (Vec::new(), HashSet::new());
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Some(entries);
            }
            let key = self.node(event, &span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, &span)?;
            let Value::Scalar { text, .. } = key.value else {
                self.problems.push(key.at.problem("a key must be a word"));
                continue;
            };
            if keys.insert(text.clone()) {
                entries.push(Entry { key: text, at: key.at, node });
            } else {
                let twice = format!("the key `{}` is written twice; keep one", shown(&text));
                self.problems.push(key.at.problem(twice));
            }
        }
    }

    /// What stands for something written elsewhere grows without bounds, and hides from who reads what stops releases.
    fn refuse_references(&mut self, event: &Event<'_>, span: &Span) {
        if event.anchor_id().is_some() || event.is_alias() || matches!(event, Event::UnresolvedAlias(_)) {
            self.refuse(span, "anchors and aliases are not read here; write it out");
        }
        if event.tag().is_some() {
            self.refuse(span, "tags are not read here; leave it out");
        }
    }

    fn refuse(&mut self, span: &Span, text: &str) {
        self.problems.push(At::of(&span.start).problem(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        Node::parse(text, &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_knows_its_place() {
        let mut problems = Vec::new();
        let root = Node::parse("gate:\n  é: [1, two]\n", &mut problems).unwrap();
        let gate = &root.entries().unwrap()[0];
        let list = &gate.node.entries().unwrap()[0];
        let Value::List(items) = &list.node.value else { panic!("a list") };
        let place = |line, column| At { line, column };
        assert_eq!((gate.at, list.at, items[1].at), (place(1, 1), place(2, 3), place(2, 10)));
        assert!(problems.is_empty());
    }

    #[test]
    fn json_is_yaml() {
        let mut problems = Vec::new();
        let json = "{\"gate\":{\"checks\":[{\"name\":\"a\\/\\u00e9\",\n\t\"for\":\"10m\"}]}}";
        assert!(Node::parse(json, &mut problems).is_some() && problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn a_text_that_says_nothing_is_none() {
        for empty in ["", "\n", "# later\n", "---\n", "~", "null"] {
            assert!(Node::parse(empty, &mut Vec::new()).is_none(), "{empty:?}");
        }
    }

    #[test]
    fn what_yaml_allows_and_a_policy_must_not_use_is_refused_where_it_stands() {
        for (text, told) in [
            ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key `a` is written twice; keep one"),
            ("a: &x [1]\nb: 2", "line 1, column 7: anchors and aliases are not read here; write it out"),
            ("a: *x", "line 1, column 4: anchors and aliases are not read here; write it out"),
            ("a: !secret x", "line 1, column 12: tags are not read here; leave it out"),
            ("[a]: 1", "line 1, column 1: a key must be a word"),
            ("a: 1\n---\nb: 2\n", "line 3, column 1: a second document begins here; keep one"),
        ] {
            assert_eq!(problems(text), [told], "{text}");
        }
    }

    #[test]
    fn an_alias_bomb_a_deep_nest_and_an_endless_text_end_early() {
        let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n";
        assert_eq!(problems(bomb).len(), 9);
        for deep in ["[".repeat(60_000), "- ".repeat(30_000), "{a: ".repeat(15_000)] {
            let told = problems(&deep);
            assert!(told.len() == 1 && told[0].contains("this is not YAML"), "{told:?}");
        }
        assert_eq!(problems(&"#".repeat(70_000)), ["70000 bytes are too many; use 65536 at most"]);
    }
}

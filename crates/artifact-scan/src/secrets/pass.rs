//! One pass over bytes: each keyword, and what the rules make of its surroundings.

use std::collections::BTreeMap;
use std::ops::Range;

use super::assignment::{Assignment, around};
use super::boundary::{begins, holds, is_word, rest_of_escape};
use super::judge;
use super::rule::{Rule, Shape};
use super::scanner::{Patterns, Scanner};

/// Tries of a rule with long matches in one run of bytes that it can hold; where those fail, so do others.
const TRIES: u32 = 8;
/// Bytes from which on a match is long.
const LONG: usize = 256;
/// How far on either side of its keyword a rule of another scanner is looked for at most.
const FAR: usize = 12 << 10;

/// What a rule matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    /// The number of the rule.
    pub(crate) rule: usize,
    /// The secret.
    pub(crate) span: Range<usize>,
}

/// All that the rules match in these bytes, overlapping and in no order.
pub(crate) fn matches(scanner: &Scanner, bytes: &[u8], path: &str) -> Vec<Match> {
    let mut pass = Pass {
        scanner,
        bytes,
        path,
        matches: Vec::new(),
        windows: BTreeMap::new(),
        vain: BTreeMap::new(),
        assigned: None,
    };
    scanner.keywords.each(bytes, |keyword, place| {
        scanner.of[keyword].iter().for_each(|rule| pass.look(*rule, place.clone()));
    });
    let windows = std::mem::take(&mut pass.windows);
    windows.into_iter().for_each(|(rule, window)| pass.window(rule, window));
    scanner.always.iter().for_each(|rule| pass.window(*rule, 0..bytes.len()));
    pass.matches
}

struct Pass<'s, 'b> {
    scanner: &'s Scanner,
    bytes: &'b [u8],
    path: &'b str,
    matches: Vec<Match>,
    /// Where each rule is still to be looked for; keywords that stand close together share a window.
    windows: BTreeMap<usize, Range<usize>>,
    /// Up to where each rule was tried in vain, and how often.
    vain: BTreeMap<usize, (usize, u32)>,
    /// The last name a keyword was found in, and what is assigned to it; a name often holds several keywords.
    assigned: Option<(Range<usize>, Option<Assignment>)>,
}

impl<'s> Pass<'s, '_> {
    fn rule(&self, rule: usize) -> (&'s Rule, &'s Patterns) {
        (&self.scanner.rules[rule], &self.scanner.patterns[rule])
    }

    fn look(&mut self, rule: usize, keyword: Range<usize>) {
        match self.scanner.rules[rule].shape {
            Shape::Anchored => self.anchored(rule, keyword.start),
            Shape::Window => self.run(rule, &keyword),
            Shape::Foreign => self.widen(rule, self.around(rule, &keyword)),
            Shape::Assigned => self.assigned(rule, keyword),
            Shape::Judged(_) => self.judged(rule, keyword),
        }
    }

    fn anchored(&mut self, rule: usize, start: usize) {
        let (written, patterns) = self.rule(rule);
        let end = self.bytes.len().min(start + written.longest);
        let Some(secret) = written.secret.as_deref().filter(|_| begins(self.bytes, start)) else { return };
        if self.vain.get(&rule).is_some_and(|(until, tries)| start < *until && *tries >= TRIES) {
            return;
        }
        match patterns.secret.at(secret, self.bytes, start..end) {
            Some(span) => self.matches.push(Match { rule, span }),
            None if written.longest > LONG => {
                let tries = self.vain.get(&rule).filter(|(until, _)| start < *until).map_or(0, |(_, tries)| *tries);
                let run = self.bytes[start..end].iter().take_while(|byte| holds(&written.bytes, **byte)).count();
                self.vain.insert(rule, (start + run, tries + 1));
            }
            None => {}
        }
    }

    /// The bytes around the keyword that the rule's matches can hold. Where keywords stand close together they share a
    /// window, and no byte is looked at twice.
    fn run(&mut self, rule: usize, keyword: &Range<usize>) {
        let written = &self.scanner.rules[rule];
        let open = self.windows.get(&rule).filter(|open| keyword.start < open.end).cloned();
        let count = |bytes: &mut dyn Iterator<Item = &u8>| {
            bytes.take(written.longest).take_while(|byte| holds(&written.bytes, **byte)).count()
        };
        let start = open.as_ref().map_or_else(
            || keyword.start - count(&mut self.bytes[..keyword.start].iter().rev()),
            |open| open.start.min(keyword.start),
        );
        let from = open.map_or(keyword.end, |open| open.end.max(keyword.end));
        let until = self.bytes.len().min(keyword.end + written.longest).max(from);
        let end = from + count(&mut self.bytes[from..until].iter());
        self.widen(rule, start + rest_of_escape(self.bytes, start).min(keyword.start.saturating_sub(start))..end);
    }

    fn around(&self, rule: usize, keyword: &Range<usize>) -> Range<usize> {
        let far = self.scanner.rules[rule].longest.clamp(64, FAR);
        keyword.start.saturating_sub(far)..self.bytes.len().min(keyword.end + far)
    }

    fn widen(&mut self, rule: usize, window: Range<usize>) {
        match self.windows.get_mut(&rule) {
            Some(open) if window.start <= open.end => *open = open.start.min(window.start)..open.end.max(window.end),
            Some(open) => {
                let closed = std::mem::replace(open, window);
                self.window(rule, closed);
            }
            None => drop(self.windows.insert(rule, window)),
        }
    }

    fn window(&mut self, rule: usize, mut window: Range<usize>) {
        let (written, patterns) = self.rule(rule);
        let Some(secret) = &written.secret else { return };
        if written.shape == Shape::Foreign {
            return self.foreign(rule, secret, window);
        }
        while window.start < window.end
            && let Some(span) = patterns.secret.within(secret, self.bytes, window.clone())
        {
            let is_whole = !span.is_empty() && span.len() <= written.longest && begins(self.bytes, span.start);
            // Within the same word no other token begins.
            let rest_of_word = || self.bytes[span.start..window.end].iter().take_while(|byte| is_word(**byte)).count();
            window.start = if is_whole { span.end } else { span.start + rest_of_word().max(1) };
            if is_whole {
                self.matches.push(Match { rule, span });
            }
        }
    }

    /// Another scanner's regex knows itself where a secret begins and ends, and which group it is.
    fn foreign(&mut self, rule: usize, secret: &str, mut window: Range<usize>) {
        let (written, patterns) = self.rule(rule);
        let group = written.terms.as_ref().and_then(|terms| terms.group);
        while window.start < window.end
            && let Some(groups) = patterns.secret.groups(secret, self.bytes, window.clone())
            && let Some(whole) = groups.get_match()
        {
            let first =
                || (1..groups.group_len()).find_map(|at| groups.get_group(at).filter(|span| span.start < span.end));
            let span = group.map_or_else(first, |group| groups.get_group(group));
            let span = span.map_or(whole.range(), |span| span.start..span.end);
            let allowed =
                written.terms.as_ref().is_some_and(|terms| terms.allow(self.bytes, &whole.range(), &span, self.path));
            window.start = whole.end().max(whole.start() + 1);
            if !allowed && !span.is_empty() {
                self.matches.push(Match { rule, span });
            }
        }
    }

    fn assignment(&mut self, keyword: Range<usize>) -> Option<Assignment> {
        let name = around(self.bytes, keyword);
        match &self.assigned {
            Some((last, assignment)) if *last == name => assignment.clone(),
            _ => {
                let assignment = Assignment::to(self.bytes, name.clone());
                self.assigned = Some((name, assignment.clone()));
                assignment
            }
        }
    }

    fn assigned(&mut self, rule: usize, keyword: Range<usize>) {
        let Some(assignment) = self.assignment(keyword) else { return };
        let (written, patterns) = self.rule(rule);
        let (Some(secret), Some(name)) = (&written.secret, &written.name) else { return };
        let from = assignment.value.start;
        let until = self.bytes.len().min(from + written.longest);
        if let Some(span) = patterns.secret.at(secret, self.bytes, from..until)
            && patterns.name.within(name, self.bytes, assignment.name.start.saturating_sub(1)..from).is_some()
        {
            self.matches.push(Match { rule, span });
        }
    }

    fn judged(&mut self, rule: usize, keyword: Range<usize>) {
        let Some(assignment) = self.assignment(keyword) else { return };
        let (written, patterns) = self.rule(rule);
        let case = judge::Case { bytes: self.bytes, path: self.path, rule: written, patterns, assignment: &assignment };
        if case.is_secret() {
            self.matches.push(Match { rule, span: assignment.value });
        }
    }
}

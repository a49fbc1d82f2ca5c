//! The scan of entries, piece by piece.

use std::borrow::Cow;
use std::ops::Range;

use super::overlap::{Claim, Taken, resolve};
use super::pass::{Match, matches};
use super::redaction::shown;
use super::rule::Shape;
use super::{Found, Scanner, accept, decode};
use crate::{EntryPath, Finding, Nature, OVERLAP, Piece, Place, Visitor};

/// Decodings in decodings.
const DEPTH: u32 = 2;
/// Bytes before a secret that may say what it is.
const BEFORE: usize = 1 << 10;

/// Scans entries one after the other. Where a secret stands twice in a piece's overlap it counts once.
#[derive(Debug)]
pub struct Scan<'s> {
    scanner: &'s Scanner,
    found: Found,
    /// Secrets that begin before this place of the entry are told.
    told: u64,
    /// The places of those that were told and reach beyond.
    reaching: Vec<Range<u64>>,
    /// What the entry's first piece looks like.
    nature: Nature,
    /// The entry's path as it is told, once a secret was found in it.
    path: Option<EntryPath>,
}

/// A secret in a piece.
#[derive(Debug, Clone)]
struct Secret<'b> {
    rule: usize,
    span: Range<usize>,
    depth: u32,
    text: Cow<'b, [u8]>,
}

impl Claim for Secret<'_> {
    fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn rule(&self) -> usize {
        self.rule
    }

    fn depth(&self) -> u32 {
        self.depth
    }
}

impl<'s> Scan<'s> {
    /// A scan that adds to what was found before.
    pub fn new(scanner: &'s Scanner, found: Found) -> Self {
        Self { scanner, found, told: 0, reaching: Vec::new(), nature: Nature::Text, path: None }
    }

    /// Scans the next piece of the entry; a piece with offset 0 begins another one.
    pub fn piece(&mut self, path: &[String], piece: &Piece<'_>) {
        if piece.offset == 0 {
            self.told = 0;
            self.reaching.clear();
            self.nature = nature(piece.bytes);
            self.path = None;
        }
        let until = self.settled(piece);
        let name = path.last().map_or("", String::as_str);
        let mut lines = Lines { piece, at: 0, line: piece.lines_before + 1, begin: None };
        let mut reaching = Vec::new();
        for secret in resolve(secrets(self.scanner, piece.bytes, name, 0), &self.scanner.rules) {
            let span = piece.offset + secret.span.start as u64..piece.offset + secret.span.end as u64;
            if span.start >= self.told && span.start < until && !self.is_covered(&span) {
                let (line, column) = lines.place(secret.span.start);
                let path = self.path.get_or_insert_with(|| told(self.scanner, path)).clone();
                let place = Place { path, line, column };
                self.found.add(&self.scanner.rules[secret.rule], &secret.text, place);
                reaching.push(span);
            }
        }
        reaching.retain(|span| span.end > until);
        self.reaching = reaching;
        self.told = until;
    }

    /// Up to where what begins in the piece is whole in it. The rest comes again, with enough before it.
    fn settled(&self, piece: &Piece<'_>) -> u64 {
        let settled = piece.bytes.len().saturating_sub(OVERLAP - BEFORE);
        if piece.is_last { u64::MAX } else { self.told.max(piece.offset + settled as u64) }
    }

    fn is_covered(&self, span: &Range<u64>) -> bool {
        self.reaching.iter().any(|told| told.start < span.end && span.start < told.end)
    }

    /// Hands on what was found so far; called after each piece it bounds the memory.
    pub fn take(&mut self) -> Vec<Finding> {
        self.found.take()
    }

    /// Ends the scan.
    pub fn into_found(self) -> Found {
        self.found
    }
}

impl Visitor for Scan<'_> {
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        Scan::piece(self, path, piece);
        self.nature
    }
}

/// The path without secrets, and without what nobody reads to its end.
fn told(scanner: &Scanner, path: &[String]) -> EntryPath {
    EntryPath::from(masked(scanner, path).unwrap_or_else(|| path.to_vec())).shortened()
}

/// The path with what is shown of the secrets in it instead of them; none if it has none. A file that was fetched by an
/// address often has a signature or a token in its name.
pub(super) fn masked(scanner: &Scanner, path: &[String]) -> Option<Vec<String>> {
    let names: Vec<_> = path.iter().map(|name| masked_name(scanner, name)).collect();
    let is_masked = names.iter().any(Option::is_some);
    is_masked.then(|| names.into_iter().zip(path).map(|(name, plain)| name.unwrap_or_else(|| plain.clone())).collect())
}

fn masked_name(scanner: &Scanner, name: &str) -> Option<String> {
    let secrets = resolve(secrets(scanner, name.as_bytes(), "", 0), &scanner.rules);
    if secrets.is_empty() {
        return None;
    }
    let (mut masked, mut from) = (Vec::new(), 0);
    for secret in secrets {
        masked.extend(&name.as_bytes()[from..secret.span.start]);
        masked.extend(shown(&scanner.rules[secret.rule], &secret.text).into_bytes());
        from = secret.span.end;
    }
    masked.extend(&name.as_bytes()[from..]);
    Some(String::from_utf8_lossy(&masked).into_owned())
}

/// Bytes by which an entry is told to be text or not.
const SAMPLE: usize = 8 << 10;

/// Text has no zeros, unless it is UTF-16. What is not text is scanned all the same.
fn nature(bytes: &[u8]) -> Nature {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let is_text = memchr::memchr(0, sample).is_none() || decode::is_text(sample);
    if is_text { Nature::Text } else { Nature::Binary }
}

/// All secrets in these bytes and in what is encoded in them; they may overlap.
fn secrets<'b>(scanner: &Scanner, bytes: &'b [u8], path: &str, depth: u32) -> Vec<Secret<'b>> {
    let matches = accepted(scanner, bytes, path);
    let plain = |found: Match| Secret {
        rule: found.rule,
        text: Cow::Borrowed(&bytes[found.span.clone()]),
        span: found.span,
        depth,
    };
    let mut secrets: Vec<Secret<'b>> = matches.into_iter().map(plain).collect();
    if depth < DEPTH {
        decode::each(bytes, |decoded| {
            let inner = self::secrets(scanner, &decoded.bytes, path, depth + 1);
            let outer = |secret: Secret<'_>| Secret {
                span: decoded.origin(&secret.span),
                text: Cow::Owned(secret.text.into_owned()),
                rule: secret.rule,
                depth: secret.depth,
            };
            secrets.extend(resolve(inner, &scanner.rules).into_iter().map(outer));
        });
    }
    secrets
}

/// The matches that are secrets. What has a known format and is none for another reason is not judged again.
fn accepted(scanner: &Scanner, bytes: &[u8], path: &str) -> Vec<Match> {
    let is_secret = |found: &Match| accept::is_secret(scanner, bytes, found);
    let (mut accepted, refused): (Vec<_>, Vec<_>) = matches(scanner, bytes, path).into_iter().partition(is_secret);
    let is_judged = |found: &Match| matches!(scanner.rules[found.rule].shape, Shape::Judged(_));
    if !refused.is_empty() {
        let taken = Taken::of(refused.into_iter().map(|found| found.span));
        accepted.retain(|found| !is_judged(found) || !taken.has_any_of(&found.span));
    }
    accepted
}

/// Lines and columns of rising places.
struct Lines<'p> {
    piece: &'p Piece<'p>,
    at: usize,
    line: u64,
    /// Where the line begins, if it does in this piece.
    begin: Option<usize>,
}

impl Lines<'_> {
    fn place(&mut self, at: usize) -> (u64, u64) {
        for end in memchr::memchr_iter(b'\n', &self.piece.bytes[self.at..at]) {
            self.line += 1;
            self.begin = Some(self.at + end + 1);
        }
        self.at = at;
        let column = self.begin.map_or(self.piece.column_before + at as u64, |begin| (at - begin) as u64);
        (self.line, column + 1)
    }
}

#[cfg(test)]
mod tests;

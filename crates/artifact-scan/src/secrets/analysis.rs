//! What a regex says about its matches before it has any: how long they get, which bytes they hold, where they begin.
//!
//! Compiled twice: into the crate, for a user's own rules, and into `build.rs`, for those of `rules/`.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of bytes, one bit each.
pub(crate) type ByteSet = [u64; 4];

/// What is known of every match of a regex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Analysis {
    /// The most bytes a match has, where that is bounded.
    pub(crate) longest: Option<usize>,
    /// Every byte a match can hold.
    pub(crate) bytes: ByteSet,
    /// Each match begins with one of the keywords.
    pub(crate) begins_with_keyword: bool,
    /// It looks at what stands around it (`^`, `$`, `\b`).
    pub(crate) looks_around: bool,
}

/// Reads a regex.
///
/// # Errors
/// When it is none.
pub(crate) fn analyse<K: AsRef<str>>(pattern: &str, keywords: &[K]) -> Result<Analysis, String> {
    let parsed = ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
    let hir = parsed.map_err(|error| format!("is no regex: {error}"))?;
    let mut bytes = [0; 4];
    collect(&hir, &mut bytes);
    Ok(Analysis {
        longest: hir.properties().maximum_len(),
        bytes,
        begins_with_keyword: begins_with(&hir, keywords),
        looks_around: !hir.properties().look_set().is_empty(),
    })
}

fn begins_with<K: AsRef<str>>(hir: &Hir, keywords: &[K]) -> bool {
    let mut extractor = Extractor::new();
    extractor.limit_class(64).limit_total(4096).limit_literal_len(64);
    let prefixes = extractor.extract(hir);
    let is_keyword = |literal: &[u8]| {
        let lower = literal.to_ascii_lowercase();
        keywords.iter().any(|keyword| lower.starts_with(keyword.as_ref().as_bytes()))
    };
    prefixes.literals().is_some_and(|literals| literals.iter().all(|literal| is_keyword(literal.as_bytes())))
}

fn collect(hir: &Hir, bytes: &mut ByteSet) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|byte| add(bytes, *byte, *byte)),
        HirKind::Class(Class::Bytes(class)) => class.iter().for_each(|range| add(bytes, range.start(), range.end())),
        HirKind::Class(Class::Unicode(_)) => add(bytes, 0, u8::MAX),
        HirKind::Repetition(repetition) => collect(&repetition.sub, bytes),
        HirKind::Capture(capture) => collect(&capture.sub, bytes),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| collect(part, bytes)),
    }
}

fn add(bytes: &mut ByteSet, from: u8, to: u8) {
    (from..=to).for_each(|byte| bytes[usize::from(byte >> 6)] |= 1 << (byte & 63));
}

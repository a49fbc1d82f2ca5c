//! Makes texts that a regex matches, so that no branch of one goes untried.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::template::Random;

/// Repetitions beyond the least that are tried.
const MORE: u32 = 12;

/// A text that the regex matches as a whole.
pub(crate) fn sample(regex: &str, seed: &str) -> Vec<u8> {
    let hir = ParserBuilder::new().utf8(false).unicode(false).build().parse(regex).expect("a regex");
    let mut text = Vec::new();
    write(&hir, &mut Random::new(&format!("{regex}{seed}")), &mut text);
    text
}

fn write(hir: &Hir, random: &mut Random, text: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.extend(&*literal.0),
        HirKind::Class(Class::Bytes(class)) => {
            let all: Vec<u8> = class.iter().flat_map(|range| range.start()..=range.end()).collect();
            text.push(all[random.below(all.len())]);
        }
        HirKind::Class(Class::Unicode(_)) => unreachable!("the parser makes bytes"),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min.saturating_add(MORE));
            let more = random.below((most - repetition.min) as usize + 1) as u32;
            (0..repetition.min + more).for_each(|_| write(&repetition.sub, random, text));
        }
        HirKind::Capture(capture) => write(&capture.sub, random, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, random, text)),
        HirKind::Alternation(parts) => write(&parts[random.below(parts.len())], random, text),
    }
}

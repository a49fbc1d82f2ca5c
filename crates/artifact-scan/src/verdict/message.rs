//! The sentences a person reads where the pipeline stopped.

use super::judge::gap_name;
use super::words::Words;
use super::{Judgement, Reason, Verdict};
use crate::policy::joined;
use crate::report::visible;
use crate::rule_text::RuleBook;
use crate::scanned::Noted;
use crate::{Place, Severity};

/// The most characters of a message. CodePipeline takes 5,000 of a failure's and 2,048 of a success's summary.
pub const LONGEST_MESSAGE: usize = 1_900;
/// The most characters of a path.
const LONGEST_PATH: usize = 200;
/// The most characters of anything else somebody wrote.
const LONGEST_TEXT: usize = 300;

impl Judgement<'_> {
    /// Why it fails, the worst finding first with its rule, its place and what to do; or that it passes. It is never
    /// empty, never longer than [`LONGEST_MESSAGE`], and holds no part of a secret.
    pub fn message(&self, book: &RuleBook<'_>) -> String {
        let sentences: Vec<String> = match self.verdict {
            Verdict::Fail => self.reasons.iter().map(|reason| reason.sentence(book)).collect(),
            Verdict::Pass => vec![self.passed()],
        };
        cut(&sentences.join(" "), LONGEST_MESSAGE)
    }

    fn passed(&self) -> String {
        let counts = self.counts();
        let found: Vec<_> = Severity::ALL.iter().map(|severity| (counts.get(*severity), severity.word())).collect();
        let found: Vec<_> =
            found.iter().filter(|(number, _)| *number > 0).map(|(n, word)| format!("{n} {word}")).collect();
        let gaps = if self.gaps.is_empty() { "" } else { " Something could not be read, and the policy allows it." };
        match found.as_slice() {
            [] => format!("The scan found nothing that counts.{gaps}"),
            found => format!("The scan found {}, which the policy lets pass.{gaps}", found.join(", ")),
        }
    }
}

impl Reason<'_> {
    /// Why, and what to do.
    pub fn sentence(&self, book: &RuleBook<'_>) -> String {
        self.words(book).text()
    }

    /// The same, its names apart from our words.
    pub(crate) fn words(&self, book: &RuleBook<'_>) -> Words {
        match self {
            Self::Findings(worst, place, others) => finding(worst, *place, *others, book),
            Self::FindingsLeftOut(severity) => {
                let word = severity.word();
                Words::of(format!(
                    "There are more findings than are told, some of them {word}; fix these and scan again."
                ))
            }
            Self::Gaps(gap, others) => {
                let more = and_more(*others, "more could not be read", "more could not be read");
                let (code, why, advice) = (gap.reason.code(), gap.reason.sentence(), gap.reason.advice());
                Words::of("Not scanned: ")
                    .name(&gap_name(gap), LONGEST_PATH)
                    .say(format!(" {why}{more}. {advice}, or allow "))
                    .code(code)
                    .say(" in the policy's ")
                    .code("gaps")
                    .say(".")
            }
            Self::GapsLeftOut(number) => {
                Words::of(format!("Not scanned: {number} entries more than are listed could not be read."))
            }
            Self::Expired(suppression, others) => {
                let more = and_more(*others as u64, "more has expired", "more have expired");
                let day = suppression.expires;
                Words::of("The suppression of ")
                    .name(&suppression.what(), LONGEST_TEXT)
                    .say(" by ")
                    .name(&suppression.owner, LONGEST_TEXT)
                    .say(format!(" expired on {day}{more}. Fix what it hides, or renew it."))
            }
            Self::NoBaseline => Words::of(
                "The policy names a baseline, and it could not be read. Put it there, or take it out of the policy.",
            ),
            Self::NothingScanned => {
                Words::of("Nothing was scanned: the artifact is empty, or all of it is skipped or unreadable.")
            }
        }
    }
}

fn finding(worst: &Noted, place: Option<&Place>, others: usize, book: &RuleBook<'_>) -> Words {
    let found = &worst.finding;
    let rule = book.get(&found.rule);
    let title = cut(&visible(rule.map_or("Secret", |rule| rule.title)), LONGEST_TEXT);
    let advice = cut(&visible(rule.map_or("Revoke it where it was issued.", |rule| rule.advice)), LONGEST_TEXT);
    let places = match worst.places() {
        0 | 1 => String::new(),
        places => format!(" and {} more", count(places - 1, "place", "places")),
    };
    let more = match others {
        0 => String::new(),
        others => format!(" {} too.", count(others as u64, "more finding fails", "more findings fail")),
    };
    let begin = Words::of(format!("{title} in "));
    let begin = match place {
        None => begin.say("an unknown place"),
        Some(Place { path, line, column }) => {
            begin.name(&joined(path), LONGEST_PATH).say(format!(", line {line}, column {column}"))
        }
    };
    begin
        .say(format!("{places} ({}, rule ", found.severity.word()))
        .name(&found.rule, LONGEST_PATH)
        .say(format!("). {advice}{more}"))
}

/// `1 place`, `2 places`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn and_more(others: u64, one: &str, many: &str) -> String {
    if others == 0 { String::new() } else { format!(", and {}", count(others, one, many)) }
}

/// At most `limit` characters, the last one telling that there was more.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

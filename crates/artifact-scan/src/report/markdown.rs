//! A summary for people, in GitHub's Markdown, short enough for a comment.

use std::fmt::Write as _;

use super::escape::{code, plain};
use super::{Report, SCANNER_VERSION, shown};
use crate::policy::{Suppression, joined, size};
use crate::verdict::{Judged, Standing, Verdict, Word, count, cut, gap_name};
use crate::{Amount, Place, Severity};

/// Rows of a table; the other reports have all of them.
const ROWS: usize = 40;
/// Places of a finding.
const PLACES: usize = 3;
/// Characters of a path or a text.
const LONGEST: usize = 160;

pub(super) fn text(report: &Report<'_>) -> String {
    let judgement = report.judgement;
    let mut page = head(report);
    let open: Vec<_> = judgement.findings.iter().filter(|judged| judged.standing <= Standing::Minor).collect();
    let row = |judged: &&Judged<'_>| finding(report, judged);
    page += &table("Findings", "Severity | What | Secret | Where | What to do", open.iter().map(row));
    let gap = |(gap, fails): &(&crate::Gap, bool)| {
        let means = if *fails { "fails" } else { "allowed" };
        let bytes = gap.bytes.map_or_else(|| String::from("unknown"), size);
        format!("{} | {} | {bytes} | {means}", path(&gap_name(gap)), plain(gap.reason.sentence()))
    };
    page += &table("Not read", "Entry | Why | Size | Means", judgement.gaps.iter().map(gap));
    let accepted: Vec<_> = judgement.of(Standing::Suppressed).chain(judgement.of(Standing::Known)).collect();
    page += &table(
        "Accepted",
        "Severity | What | Secret | Where | By",
        accepted.iter().map(|judged| accepted_row(report, judged)),
    );
    let suppression = |(state, by): (&str, &&Suppression)| {
        format!("{state} | {} | {} | {} | {}", path(&by.what()), by.expires, path(&by.owner), path(&by.reason))
    };
    let expired = judgement.expired.iter().map(|by| ("expired", by));
    let unused = judgement.unused.iter().map(|by| ("unused", by));
    page += &table(
        "Suppressions to look at",
        "State | What | Last day | Owner | Reason",
        expired.chain(unused).map(suppression),
    );
    page + &table("Notes", "Note", report.about.notes.iter().map(|note| path(note))) + &tail(report)
}

fn head(report: &Report<'_>) -> String {
    let judgement = report.judgement;
    let word = match judgement.verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
    };
    let mut head = format!("# The scan of {} {word}\n\n", path(&report.about.artifact));
    for reason in &judgement.reasons {
        let _ = writeln!(head, "- {}", reason.words(report.book).written(shown_word));
    }
    if judgement.reasons.is_empty() {
        let _ = writeln!(head, "{}", plain(&judgement.message(report.book)));
    }
    let counts = judgement.counts();
    let counts: Vec<_> =
        Severity::ALL.iter().map(|severity| format!("{} {}", counts.get(*severity), severity.word())).collect();
    let (known, suppressed) = (judgement.of(Standing::Known).count(), judgement.of(Standing::Suppressed).count());
    let _ = writeln!(head, "\nFindings: {}; {known} known, {suppressed} suppressed.", counts.join(", "));
    head
}

fn shown_word(word: &Word) -> String {
    match word {
        Word::Ours(text) => plain(text),
        Word::Name(name) => code(name),
        Word::Code(text) => code(text),
    }
}

fn table(title: &str, columns: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let ruler = columns.split('|').map(|_| "---").collect::<Vec<_>>().join(" | ");
    let mut table = format!("\n## {title}\n\n| {columns} |\n| {ruler} |\n");
    for row in rows.iter().take(ROWS) {
        let _ = writeln!(table, "| {row} |");
    }
    if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        let _ = writeln!(table, "\n{more} more stand in the other reports.");
    }
    table
}

fn finding(report: &Report<'_>, judged: &Judged<'_>) -> String {
    let advice =
        report.book.get(&judged.noted.finding.rule).map_or("Revoke it where it was issued.", |rule| rule.advice);
    format!("{} | {}", begin(report, judged), plain(&cut(advice, LONGEST)))
}

fn accepted_row(report: &Report<'_>, judged: &Judged<'_>) -> String {
    let by = match (judged.standing, judged.suppressions.iter().flatten().next()) {
        (Standing::Suppressed, Some(by)) => format!("{} until {}: {}", path(&by.owner), by.expires, path(&by.reason)),
        _ => String::from("the baseline"),
    };
    format!("{} | {by}", begin(report, judged))
}

/// The columns that both tables of findings have.
fn begin(report: &Report<'_>, judged: &Judged<'_>) -> String {
    let found = &judged.noted.finding;
    let title = report.book.get(&found.rule).map_or("Secret", |rule| rule.title);
    let (title, rule) = (plain(&cut(title, LONGEST)), code(&cut(&found.rule, LONGEST)));
    let mut places: Vec<String> = found.places.iter().take(PLACES).map(place).collect();
    let more = judged.noted.places() - places.len() as u64;
    if more > 0 {
        places.push(format!("and {}", count(more, "more place", "more places")));
    }
    format!("{} | {title} {rule} | {} | {}", found.severity.word(), code(&shown(&found.shown)), places.join("<br>"))
}

fn place(place: &Place) -> String {
    format!("{}, line {}, column {}", path(&joined(&place.path)), place.line, place.column)
}

fn tail(report: &Report<'_>) -> String {
    let coverage = report.scanned.coverage();
    let amount = |what: &str, Amount { entries, bytes }: Amount| format!("| {what} | {entries} | {} |\n", size(bytes));
    let mut tail = String::from("\n## Coverage\n\n| What | Entries | Size |\n| --- | --- | --- |\n");
    tail += &amount("scanned", coverage.scanned);
    tail += &amount("binary, scanned for what identifies itself", coverage.binary);
    tail += &amount("skipped by the policy", coverage.skipped);
    let gaps = coverage.gaps.len() as u64 + coverage.gaps_left_out;
    let unread = coverage.gaps.iter().filter_map(|gap| gap.bytes).fold(0, u64::saturating_add);
    tail += &amount("not read", Amount { entries: gaps, bytes: unread });
    let (about, version) =
        (report.about, |text: &Option<String>| text.as_deref().map_or_else(|| String::from("none"), path));
    let (policy, of_policy) = (version(&about.policy), version(&about.policy_version));
    let rules = path(report.book.version());
    let _ = writeln!(
        tail,
        "\nScanner {SCANNER_VERSION}, rules {rules}, policy {policy}, version {of_policy}; {}.",
        about.ended
    );
    tail
}

/// A path or a text of somebody else's.
fn path(text: &str) -> String {
    code(&cut(text, LONGEST))
}

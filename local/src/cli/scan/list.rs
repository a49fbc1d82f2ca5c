//! What a person reads on a terminal: findings, what could not be read, suppressions, coverage, verdict.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use artifact_scan::policy::Suppression;
use artifact_scan::{Amount, Judged, Reason, Report, Severity, Standing, Verdict, shown_name};
use indicatif::HumanBytes;

use super::artifact::Artifact;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Places of a finding, and gaps, that are listed; the reports have more.
const PLACES: usize = 5;
const GAPS: usize = 20;

/// The list.
pub(super) struct List<'l> {
    pub(super) report: &'l Report<'l>,
    pub(super) artifacts: &'l [Artifact],
    pub(super) took: Duration,
    /// Something could not be opened, so there is no verdict.
    pub(super) is_undecided: bool,
}

impl List<'_> {
    /// The list, with colours that whoever prints it may take out.
    pub(super) fn text(&self) -> String {
        let judgement = self.report.judgement;
        let open = judgement.findings.iter().filter(|judged| judged.standing <= Standing::Minor);
        let mut text: String = open.map(|judged| self.finding(judged)).collect();
        text += &self.gaps();
        text += &self.suppressions();
        text += &self.coverage();
        text + &self.verdict()
    }

    fn finding(&self, judged: &Judged<'_>) -> String {
        let found = &judged.noted.finding;
        let (rule, style) = (self.report.book.get(&found.rule), style(judged));
        let (title, advice) =
            rule.map_or(("Secret", "Revoke it where it was issued."), |rule| (rule.title, rule.advice));
        let severity = found.severity.word();
        let mut text =
            format!("{style}{severity:<8}{style:#}  {BOLD}{}{BOLD:#}  {}\n", clean(title), clean(&found.shown));
        for place in found.places.iter().take(PLACES) {
            let _ = writeln!(text, "          {}:{}:{}", self.whereabouts(&place.path), place.line, place.column);
        }
        let more = judged.noted.places() - found.places.len().min(PLACES) as u64;
        if more > 0 {
            let _ = writeln!(text, "          and {more} more {}", if more == 1 { "place" } else { "places" });
        }
        let passes = if judged.standing == Standing::Minor { "; the policy lets it pass" } else { "" };
        let _ = writeln!(
            text,
            "          {DIM}rule {}, fingerprint {}{passes}{DIM:#}",
            clean(&found.rule),
            found.fingerprint
        );
        let _ = writeln!(text, "          {DIM}{}{DIM:#}\n", clean(advice));
        text
    }

    fn gaps(&self) -> String {
        let (gaps, left_out) = (&self.report.judgement.gaps, self.report.scanned.coverage().gaps_left_out);
        if gaps.is_empty() {
            return String::new();
        }
        let mut text = format!("{BOLD}Not read{BOLD:#}\n");
        for (gap, fails) in gaps.iter().take(GAPS) {
            let (style, means) = if *fails { (BAD, "fails") } else { (DIM, "allowed") };
            let (name, why) = (self.whereabouts(&gap.path), gap.reason.sentence());
            let _ = writeln!(text, "{style}{means:<8}{style:#}  {name} {why} {DIM}({}){DIM:#}", gap.reason.code());
        }
        let more = gaps.len().saturating_sub(GAPS) as u64 + left_out;
        if more > 0 {
            let _ = writeln!(text, "          and {more} more");
        }
        text + "\n"
    }

    fn suppressions(&self) -> String {
        let judgement = self.report.judgement;
        let line = |state: &str, style: Style, by: &Suppression| {
            let (what, owner, reason) = (clean(&by.what()), clean(&by.owner), clean(&by.reason));
            format!("{style}{state:<8}{style:#}  {what}, until {}, {owner}: {reason}\n", by.expires)
        };
        let expired = judgement.expired.iter().map(|by| line("expired", BAD, by));
        let lines: String = expired.chain(judgement.unused.iter().map(|by| line("unused", DIM, by))).collect();
        if lines.is_empty() { lines } else { format!("{BOLD}Suppressions to look at{BOLD:#}\n{lines}\n") }
    }

    fn coverage(&self) -> String {
        let coverage = self.report.scanned.coverage();
        let part = |what: &str, Amount { entries, bytes }: Amount| format!("{what} {entries} ({})", HumanBytes(bytes));
        let parts = [("text", coverage.scanned), ("binary", coverage.binary), ("skipped", coverage.skipped)];
        let read = parts.into_iter().filter(|(what, amount)| amount.entries > 0 || *what == "text");
        let mut parts: Vec<String> = read.map(|(what, amount)| part(what, amount)).collect();
        let gaps = coverage.gaps.len() as u64 + coverage.gaps_left_out;
        if gaps > 0 {
            parts.push(format!("not read {gaps}"));
        }
        let of = |standing| self.report.judgement.of(standing).count();
        let (known, suppressed) = (of(Standing::Known), of(Standing::Suppressed));
        if known + suppressed > 0 {
            parts.push(format!("findings known {known}, suppressed {suppressed}"));
        }
        format!("Files: {}; {:.1} s\n", parts.join(", "), self.took.as_secs_f64())
    }

    fn verdict(&self) -> String {
        let judgement = self.report.judgement;
        match judgement.verdict {
            _ if self.is_undecided => format!("{BAD}no verdict{BAD:#}: not everything could be opened\n"),
            Verdict::Pass => format!("{GOOD}passes{GOOD:#}: {}\n", judgement.message(self.report.book)),
            Verdict::Fail => {
                let sentences = judgement.reasons.iter().map(|reason| self.sentence(reason));
                sentences.map(|sentence| format!("{BAD}fails{BAD:#}: {sentence}\n")).collect()
            }
        }
    }

    /// Why it fails. What the list has shown already is only counted.
    fn sentence(&self, reason: &Reason<'_>) -> String {
        match reason {
            Reason::Findings(_, _, 0) => String::from("1 finding; see above what to do."),
            Reason::Findings(_, _, others) => format!("{} findings; see above what to do.", others + 1),
            Reason::Gaps(gap, 0) => format!(
                "{} was not scanned. {}, or allow `{}` in the policy's `gaps`.",
                self.whereabouts(&gap.path),
                gap.reason.advice(),
                gap.reason.code(),
            ),
            Reason::Gaps(_, others) => format!(
                "{} entries were not scanned; see above why. Rebuild them, or allow this in the policy's `gaps`.",
                others + 1
            ),
            other => other.sentence(self.report.book),
        }
    }

    fn whereabouts(&self, path: &[String]) -> String {
        match (self.artifacts, path.split_first()) {
            ([artifact], Some((_, below))) if artifact.is_file() => artifact.whereabouts(below),
            ([artifact], _) => artifact.whereabouts(path),
            (several, Some((first, below))) => {
                let artifact = several.iter().find(|artifact| artifact.name == *first);
                artifact.map_or_else(|| path.join("!/"), |artifact| artifact.whereabouts(below))
            }
            (_, None) => String::from("everything"),
        }
    }
}

fn style(judged: &Judged<'_>) -> Style {
    match judged.noted.finding.severity {
        _ if judged.standing != Standing::Fails => DIM,
        Severity::Critical | Severity::High => BAD,
        Severity::Medium | Severity::Low => AnsiColor::Yellow.on_default(),
    }
}

/// A text of somebody else's, which acts on no terminal.
fn clean(text: &str) -> String {
    shown_name(text.as_bytes())
}

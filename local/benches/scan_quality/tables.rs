//! The tables of `docs/scan-comparison.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use crate::Contestant;
use crate::documents::Documents;
use crate::peers::root;
use crate::score::{Count, Score};

const PAGE: &str = "docs/scan-comparison.md";
const BEGIN: &str = "<!-- made by scan_quality -->\n";
const END: &str = "<!-- end of what scan_quality made -->\n";

pub(crate) fn versions(contestants: &[Contestant]) -> String {
    let versions: Vec<_> = contestants.iter().map(|one| format!("{} {}", one.name(), one.version())).collect();
    format!("Compared: {}.\n", versions.join(", "))
}

/// The head of a table with a column for each scanner.
pub(crate) fn head<'n>(first: &[&'n str], names: impl Iterator<Item = &'n str>) -> String {
    let titles: Vec<_> = first.iter().copied().chain(names).collect();
    let rule: String = titles.iter().enumerate().map(|(at, _)| if at == 0 { "---|" } else { "--:|" }).collect();
    format!("| {} |\n|{rule}\n", titles.join(" | "))
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let _ = writeln!(text, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

type Scores<'s> = [(&'s Contestant, Score)];

pub(crate) fn corpus(documents: &Documents, scores: &Scores<'_>) -> String {
    let names = scores.iter().map(|(contestant, _)| contestant.name());
    let classes = documents.classes();
    let of = |score: &Score, class: &str| score.classes.get(class).copied().unwrap_or_default();
    let mut text = String::from("### All classes\n\n");
    text += &head(&[""], names.clone());
    row(&mut text, "recall", scores.iter().map(|(_, score)| percent(score.all().recall())));
    row(&mut text, "precision", scores.iter().map(|(_, score)| percent(score.all().precision())));
    row(&mut text, "F1", scores.iter().map(|(_, score)| format!("{:.3}", score.all().f1())));
    row(&mut text, "secrets found", scores.iter().map(|(_, score)| of_all(&score.all())));
    row(&mut text, "wrong findings", scores.iter().map(|(_, score)| score.all().wrong.to_string()));
    text += "\n### Leaks: share of the secrets that is found (and wrong findings)\n\n";
    text += &head(&["class", "files", "secrets"], names.clone());
    for (class, (files, secrets)) in classes.iter().filter(|(class, _)| class.starts_with("leaks/")) {
        let cell = |count: Count| format!("{} ({})", percent(count.recall()), count.wrong);
        let counts = scores.iter().map(|(_, score)| cell(of(score, class)));
        row(&mut text, &class["leaks/".len()..], [files.to_string(), secrets.to_string()].into_iter().chain(counts));
    }
    text += "\n### Nothing to find: files in which something is reported (and how much)\n\n";
    text += &head(&["class", "files"], names);
    for (class, (files, _)) in classes.iter().filter(|(class, _)| class.starts_with("quiet/")) {
        let cell = |count: Count| format!("{} ({})", count.loud, count.wrong);
        let counts = scores.iter().map(|(_, score)| cell(of(score, class)));
        row(&mut text, &class["quiet/".len()..], [files.to_string()].into_iter().chain(counts));
    }
    text
}

fn of_all(count: &Count) -> String {
    format!("{} of {}", count.found, count.secrets)
}

/// What the scanners report in packages in which there is next to nothing to find.
pub(crate) fn packages(rows: &BTreeMap<String, (f64, Vec<Option<usize>>)>, names: &[&'static str]) -> String {
    let mut text = head(&["package", "MB"], names.iter().copied());
    for (package, (megabytes, counts)) in rows {
        let cells = counts.iter().map(|count| count.map_or("gave up".to_owned(), |count| count.to_string()));
        row(&mut text, package, [format!("{megabytes:.1}")].into_iter().chain(cells));
    }
    text
}

/// Private keys in test vectors: how many files have one, in how many it is found, and what else is reported.
pub(crate) fn keys(rows: &[(&'static str, usize, usize, usize, usize)]) -> String {
    let mut text = head(&["", "files with a key", "found", "other files reported", "of"], std::iter::empty());
    for (name, files, found, others, of) in rows {
        row(&mut text, name, [files, found, others, of].into_iter().map(usize::to_string));
    }
    text
}

/// Puts the tables into the page.
pub(crate) fn write(tables: &str) -> Result<()> {
    let path = root().join(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("reading {PAGE}"))?;
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE} has no line {BEGIN:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} has no line {END:?}"))?;
    Ok(std::fs::write(path, format!("{before}{BEGIN}\n{tables}\n{END}{after}"))?)
}

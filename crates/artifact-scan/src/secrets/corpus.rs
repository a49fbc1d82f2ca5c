//! Recall and precision over `corpus/`, by class.

use std::collections::BTreeMap;

use super::keywords::Keywords;
use super::linter::find;
use super::pass::matches;
use super::{Scanner, foreign, table as rules};
use crate::corpus::{Case, cases};

/// The corpus is filled this many times.
const SEEDS: u32 = 20;
/// The least recall of a class of leaks.
const RECALL: f64 = 0.97;
/// The least share of cases in which nothing wrong is found.
const PRECISION: f64 = 0.98;

/// What came of one class.
#[derive(Default)]
struct Score {
    cases: u32,
    expected: u32,
    found: u32,
    wrong: u32,
}

impl Score {
    fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.expected.max(1))
    }

    fn precision(&self) -> f64 {
        1.0 - f64::from(self.wrong) / f64::from((self.found + self.wrong).max(self.cases))
    }
}

fn run(scanner: &Scanner, class: &str, case: &Case, problems: &mut Vec<String>) -> Score {
    let mut score = Score::default();
    for seed in 0..SEEDS {
        let filled = case.fill(&format!("{class}{}{seed}", case.name));
        let places: Vec<_> = filled.secrets.iter().map(|secret| (secret.line, secret.column)).collect();
        let (text, is_plain) = (&filled.text, case.is_plain());
        let findings = find(scanner, &case.name, &filled.bytes);
        let seen: Vec<_> =
            findings.iter().flat_map(|finding| &finding.places).map(|place| (place.line, place.column)).collect();
        let found = if is_plain {
            places.iter().filter(|place| seen.contains(place)).count()
        } else {
            places.len().min(findings.len())
        };
        let missed = places.iter().filter(|place| is_plain && !seen.contains(place));
        problems.extend(missed.map(|place| format!("{class}: {}: not found: {place:?} of\n{text}", case.name)));
        let is_wrong = |place: &&(u64, u64)| is_plain && !places.contains(place);
        let wrong =
            seen.iter().filter(is_wrong).count() + findings.len().saturating_sub(places.len()) * usize::from(!is_plain);
        for finding in
            findings.iter().filter(|finding| finding.places.iter().any(|place| is_wrong(&&(place.line, place.column))))
        {
            let place = &finding.places[0];
            let line = text.lines().nth(place.line as usize - 1).unwrap_or_default();
            let from = (place.column as usize).saturating_sub(60);
            problems.push(format!(
                "{class}: {}: wrong: {} at {}:{} {:?}",
                case.name,
                finding.rule,
                place.line,
                place.column,
                line.get(from..line.len().min(from + 140))
            ));
        }
        score.cases += 1;
        score.expected += places.len() as u32;
        score.found += found as u32;
        score.wrong += wrong as u32;
    }
    score
}

fn table(folder: &str) -> (BTreeMap<String, Score>, Vec<String>) {
    let scanner = Scanner::built_in().expect("scanner");
    let (mut scores, mut problems): (BTreeMap<String, Score>, _) = (BTreeMap::new(), Vec::new());
    for (class, cases) in cases(folder) {
        let total = scores.entry(class.clone()).or_default();
        for case in &cases {
            let score = run(&scanner, &class, case, &mut problems);
            total.cases += score.cases;
            total.expected += score.expected;
            total.found += score.found;
            total.wrong += score.wrong;
        }
    }
    (scores, problems)
}

fn print(folder: &str, scores: &BTreeMap<String, Score>, problems: &[String]) {
    println!("{folder:<14} cases  leaks  found  wrong  recall  precision");
    for (class, score) in scores {
        let (recall, precision) = (score.recall() * 100.0, score.precision() * 100.0);
        let recall = if score.expected > 0 { format!("{recall:5.1} %") } else { "      –".to_owned() };
        println!(
            "{class:<14} {:>5}  {:>5}  {:>5}  {:>5} {recall}    {precision:5.1} %",
            score.cases, score.expected, score.found, score.wrong
        );
    }
    problems.iter().take(60).for_each(|problem| println!("{problem}"));
}

#[test]
fn corpus_of_leaks_is_found() {
    let (scores, problems) = table("leaks");
    print("leaks", &scores, &problems);
    for (class, score) in scores {
        assert!(
            score.recall() >= RECALL && score.precision() >= PRECISION,
            "{class}: {} and {}",
            score.recall(),
            score.precision()
        );
    }
}

#[test]
fn corpus_without_leaks_is_quiet() {
    let (scores, problems) = table("quiet");
    print("quiet", &scores, &problems);
    for (class, score) in scores {
        assert!(score.precision() >= PRECISION, "{class}: {}", score.precision());
    }
}

/// Keywords come in another order from the filter than from the automaton that a short one needs.
#[test]
fn in_whatever_order_keywords_come_the_same_is_found() {
    let short = foreign::read("[[rules]]\nid = 'short'\nregex = 'zq[0-9]{40}'\nkeywords = ['zq']").expect("a rule");
    let by_filter = Scanner::new(rules::built_in().to_vec()).expect("keywords");
    let by_automaton = Scanner::new([rules::built_in().to_vec(), short.rules].concat()).expect("keywords");
    assert!(matches!(by_filter.keywords, Keywords::Long(_)) && matches!(by_automaton.keywords, Keywords::Any(_)));
    let found = |scanner: &Scanner, bytes: &[u8]| {
        let mut found: Vec<_> = matches(scanner, bytes, "a")
            .into_iter()
            .map(|found| (found.rule, found.span.start, found.span.end))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let all = ["leaks", "quiet"].map(cases).into_iter().flat_map(BTreeMap::into_values).flatten();
    let texts: Vec<_> = all.map(|case| case.fill("order").bytes).collect();
    // Alone, and with what stands before and behind.
    for bytes in texts.iter().cloned().chain([texts.concat()]) {
        assert_eq!(found(&by_filter, &bytes), found(&by_automaton, &bytes), "{}", String::from_utf8_lossy(&bytes));
    }
}

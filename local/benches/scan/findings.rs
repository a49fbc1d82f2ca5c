//! What other scanners tell: each in its own JSON, here in one form.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::peers::Scanner;

/// One place that a scanner tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// The first and the last line, from 1.
    pub(crate) lines: (u64, u64),
    pub(crate) rule: String,
    /// What it takes for the secret, if it says so.
    pub(crate) secret: String,
}

pub(crate) fn read(scanner: Scanner, output: &[u8]) -> Result<Vec<Finding>> {
    match scanner {
        Scanner::Kingfisher => kingfisher(output),
        Scanner::Gitleaks => gitleaks(output),
        Scanner::DetectSecrets => detect_secrets(output),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A finding may have a second part that is a secret, too, such as the key that belongs to an id; it counts as found.
fn kingfisher(output: &[u8]) -> Result<Vec<Finding>> {
    // A second document follows, with counts.
    let report = serde_json::Deserializer::from_slice(output).into_iter::<Value>().next().context("no report")??;
    let mut findings = Vec::new();
    for told in report["findings"].as_array().context("no findings")? {
        let (finding, rule) = (&told["finding"], text(&told["rule"]["id"]));
        let line = finding["line"].as_u64().context("no line")?;
        let path = text(&finding["path"]);
        let mut add =
            |secret: String, lines| findings.push(Finding { path: path.clone(), lines, rule: rule.clone(), secret });
        let snippet = text(&finding["snippet"]);
        let last = line + snippet.trim_end().matches('\n').count() as u64;
        add(snippet, (line, last));
        let parts = finding["dependent_captures"].as_object().into_iter().flatten();
        parts.for_each(|(_, part)| add(text(part), (0, 0)));
    }
    Ok(findings)
}

fn gitleaks(output: &[u8]) -> Result<Vec<Finding>> {
    let report: Vec<Value> = serde_json::from_slice(output)?;
    let finding = |told: Value| {
        let line = |name: &str| told[name].as_u64().unwrap_or_default();
        Finding {
            path: text(&told["File"]),
            lines: (line("StartLine"), line("EndLine")),
            rule: text(&told["RuleID"]),
            secret: text(&told["Secret"]),
        }
    };
    Ok(report.into_iter().map(finding).collect())
}

fn detect_secrets(output: &[u8]) -> Result<Vec<Finding>> {
    let report: Value = serde_json::from_slice(output)?;
    let all = report["results"].as_object().context("no results")?.iter();
    let of_file = |(path, told): (&String, &Value)| {
        let finding = |told: &Value| {
            let line = told["line_number"].as_u64().unwrap_or_default();
            let (rule, secret) = (text(&told["type"]), text(&told["hashed_secret"]));
            Finding { path: path.clone(), lines: (line, line), rule, secret }
        };
        told.as_array().into_iter().flatten().map(finding).collect::<Vec<_>>()
    };
    Ok(all.flat_map(of_file).collect())
}

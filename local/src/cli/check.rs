//! `pipewarden check`: whether policies and settings can be meant, before anything relies on them.

mod document;
mod report;
mod schema;
mod settings;
mod template;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use report::Report;
use schema::Schema;

/// Every exit code.
#[cfg(test)]
pub(super) const CODES: [u8; 3] = [Report::FINE, Report::PROBLEMS, Report::COULD_NOT_READ];

/// Check policies and settings before they are used: all problems at once, each with its line.
///
/// A file with the key `gate` or `scan` is a policy, one with sections such as `routes` or `gates` is settings. Of a
/// CloudFormation template, the parameters (`AWS::SSM::Parameter`) named …/policies/… and …/settings are checked, with
/// the template's own defaults. A policy is checked as the gatekeeper and the scanner read it, settings as each function
/// reads its section. A suppression whose last day is over is a problem: every scan fails by it. Nothing is sent
/// anywhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Each problem is one line on standard output, FILE:LINE:COLUMN: what is wrong and what to do.

Exit codes:
  0  every file can be used as it is
  1  there are problems
  2  a file could not be read, or the command line is wrong

Editors complete and check while you write if the first line of the file names its schema:
  # yaml-language-server: $schema=<path to>/docs/policy.schema.json

Examples:
  pipewarden check policy.yaml settings.yaml
  pipewarden check --parameter GateBakeTime=30m pipelines/release.yaml
  aws ssm get-parameter --name /pipewarden/settings --query Parameter.Value --output text | pipewarden check -")]
pub(super) struct Options {
    /// Policies, settings or templates, YAML or JSON; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    files: Vec<PathBuf>,
    /// Parameter of the templates; may be given more than once
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = super::codepipeline::name_and_value)]
    parameters: Vec<(String, String)>,
    /// Print the JSON schema of what is checked, as it is in docs/
    #[arg(long, value_name = "OF", conflicts_with_all = ["files", "parameters"])]
    schema: Option<Schema>,
}

/// Prints what was found. The exit code says the worst of it.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    if let Some(schema) = options.schema {
        super::print(&format!("{}\n", schema.text()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let parameters = options.parameters.iter().cloned().collect();
    let report = check(&options.files, &parameters);
    super::print(&report.findings)?;
    report.failures.lines().for_each(super::tell);
    super::print(&format!("{}\n", report.summary()))?;
    Ok(ExitCode::from(report.code()))
}

fn check(files: &[PathBuf], parameters: &BTreeMap<String, String>) -> Report {
    let mut report = Report::default();
    for path in files {
        let standard_input = path.as_os_str() == "-";
        let text = if standard_input { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(path) };
        let name = if standard_input { "standard input".into() } else { super::shown(path) };
        let source: Option<&Path> = (!standard_input).then_some(path);
        match text {
            Ok(text) => report.add(&name, &document::check(&text, source, parameters)),
            Err(error) => report.fail(&name, &error),
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(files: &[(&str, &str)]) -> Report {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
        for (path, (_, text)) in paths.iter().zip(files) {
            std::fs::write(path, text).unwrap();
        }
        let mut report = check(&paths, &BTreeMap::new());
        report.findings = report.findings.replace(&format!("{}/", folder.path().display()), "");
        report
    }

    const POLICY: &str = "gate:\n  checks:\n    - alarms: { names: [orders-5xx] }\n";

    #[test]
    fn files_that_can_be_used_are_named_for_what_they_are() {
        let report = checked(&[("a.yaml", POLICY), ("b.yaml", "routes: []\n")]);
        assert_eq!(report.findings, "a.yaml: a policy, no problems\nb.yaml: settings, no problems\n");
        assert_eq!((report.summary().as_str(), report.code()), ("2 files, no problems", 0));
    }

    #[test]
    fn every_problem_of_every_file_is_told_at_its_place() {
        let policy = POLICY.replace("names", "nmaes").replace("checks:", "deadline: soon\n  checks:");
        let report = checked(&[("a.yaml", &policy), ("b.yaml", "routes: []\n"), ("c.yaml", "rouets: []\n")]);
        assert_eq!(
            report.findings,
            "a.yaml: a policy, 2 problems\n\
             a.yaml:2:13: `soon` is no duration; write one such as 90s, 10m, 4h or 1h30m\n\
             a.yaml:4:17: unknown key `nmaes`; did you mean `names`?\n\
             b.yaml: settings, no problems\n\
             c.yaml: neither a policy nor settings, 1 problem\n\
             c.yaml:1:1: unknown key `rouets`; did you mean `routes`?\n"
        );
        assert_eq!((report.summary().as_str(), report.code()), ("3 files, 3 problems in 2 of them", 1));
    }

    #[test]
    fn a_file_that_cannot_be_read_outweighs_problems_and_keeps_nothing_from_being_checked() {
        let mut report = checked(&[("a.yaml", "")]);
        report.fail("b.yaml", &io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(report.failures, "error: cannot read b.yaml: entity not found\n");
        assert_eq!(report.summary(), "2 files, 1 problem in 1 of them, 1 could not be read");
        assert_eq!(report.code(), 2);
        let missing = check(&[PathBuf::from("/nowhere/policy.yaml")], &BTreeMap::new());
        assert!(missing.failures.contains("/nowhere/policy.yaml") && missing.code() == 2, "{}", missing.failures);
    }

    #[test]
    fn the_name_of_a_file_acts_on_no_terminal() {
        let report = checked(&[("\u{1b}[31m.yaml", POLICY), ("\u{1b}]0;.yaml", "Resources: {}\n")]);
        let missing = check(&[PathBuf::from("/nowhere/\u{1b}[31m")], &BTreeMap::new());
        for told in [&report.findings, &missing.failures] {
            assert!(told.contains("\\x1b[31m") && !told.contains('\u{1b}'), "{told}");
        }
    }
}

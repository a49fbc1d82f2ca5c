//! Scans of folders and archives as people make them.

mod hostile;
mod several;
mod written;

use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;

use clap::Parser;
use jiff::Timestamp;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::folder::Folder;
use super::*;

const NOW: &str = "2026-03-02T12:00:00Z";

/// Time stands still.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }

    fn sleep_until<'a>(&'a self, _until: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(std::future::ready(()))
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// A key as GitLab makes them, made here so that no scanner trips over this file.
fn token() -> String {
    ["glp", "at-", "Zx8Tq2Lm5Vb9Kd3Rw7Yp"].concat()
}

fn leak() -> String {
    format!("url: https://gitlab.example.com\ntoken: {}\n", token())
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What the command line says, where `@` stands for the folder.
fn scan(folder: &Path, line: &[&str]) -> Result<Done> {
    let root = folder.display().to_string();
    let line = line.iter().map(|argument| argument.replace('@', &root));
    let Line { options } = Line::parse_from(["scan".to_owned()].into_iter().chain(line));
    let mut done = Done::of(&options, 3, &Stopped)?;
    assert!(!format!("{done:?}").contains(&token()), "a secret is shown");
    let plain = |text: &mut String| *text = anstream::adapter::strip_str(text).to_string().replace(&root, "@");
    [&mut done.text].into_iter().chain(&mut done.notes).chain(&mut done.failures).for_each(plain);
    Ok(done)
}

fn options(line: &[&str]) -> Options {
    Line::parse_from([&["scan"], line].concat()).options
}

fn told(folder: &Path, line: &[&str]) -> String {
    let error = scan(folder, line).map(|done| done.code).expect_err("it cannot be done");
    local::demo::explain(&error).replace(&folder.display().to_string(), "@")
}

#[test]
fn a_clean_folder_passes_and_says_what_was_read() {
    let root = folder(&[("a.txt", b"nothing"), (".git/config", b"token"), ("b.bin", b"\0\0\0")]);
    let done = scan(root.path(), &["@"]).unwrap();
    assert_eq!(done.code, PASSES);
    insta::assert_snapshot!(done.text);
}

#[test]
fn a_leak_is_told_at_its_place_and_fails() {
    let inner = zip(&[("config/app.yml", leak().as_bytes())]);
    let leak = leak();
    let root = folder(&[
        ("src/Grüße 1.yml", leak.as_bytes()),
        ("lib/app.jar", &inner),
        ("lib/tool.7z", b"7z\xBC\xAF\x27\x1C and more"),
        ("docs/a.md", leak.as_bytes()),
    ]);
    let policy = "
scan:
  skip: ['docs/**']
  gaps: { allow: [{ reasons: [encrypted] }] }
  suppressions:
    - { rule: slack, reason: of the tests, owner: team-orders, expires: 2026-03-31 }
    - { path: 'tests/**', reason: of the tests, owner: team-orders, expires: 2026-02-28 }
";
    fs::write(root.path().join("docs/policy.yaml"), policy).unwrap();
    let done = scan(root.path(), &["@", "--policy", "@/docs/policy.yaml"]).unwrap();
    assert_eq!(done.code, FAILS);
    insta::assert_snapshot!(done.text);
}

#[test]
fn a_folder_and_a_zip_of_it_say_the_same() {
    let leak = leak();
    let nested = zip(&[("deep.env", leak.as_bytes()), ("other.env", b"A=1")]);
    let files: [(&str, &[u8]); 3] = [("a/nested.jar", &nested), ("b.yml", leak.as_bytes()), ("c.txt", b"text")];
    let root = folder(&files);
    let whole = folder(&[("app.zip", &zip(&files)), ("policy.yaml", b"scan: { skip: ['a/*.jar!/other.env'] }")]);
    let found = |json: &str| {
        let mut report: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(report["coverage"]["skipped"]["entries"], 1);
        report["findings"].take()
    };
    let policy = format!("{}/policy.yaml", whole.path().display());
    let of_folder = scan(root.path(), &["@", "--format", "json", "--policy", &policy]).unwrap();
    let of_zip = scan(whole.path(), &["@/app.zip", "--format", "json", "--policy", &policy]).unwrap();
    assert_eq!(found(&of_folder.text), found(&of_zip.text));
    assert_eq!(found(&of_zip.text)[0]["places"].as_array().unwrap().len(), 2);
}

#[test]
fn it_does_not_matter_which_thread_does_what() {
    let leak = leak();
    let names: Vec<String> = (0..60).map(|number| format!("{number}/a.yml")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), leak.as_bytes())).collect();
    let root = folder(&files);
    let Line { options } = Line::parse_from(["scan", &root.path().display().to_string()]);
    let texts: Vec<String> = [1, 2, 7].map(|threads| Done::of(&options, threads, &Stopped).unwrap().text).into();
    assert!(texts[0].contains("55 more places") && texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[test]
fn rules_of_one_s_own_look_too_and_a_policy_may_name_them() {
    let rules = b"[[rules]]\nid = 'acme-token'\nregex = 'acme_[0-9a-f]{16}'\nkeywords = ['acme_']\nfilter = 'x'\n";
    let secret = ["acme", "_0123456789abcdef"].concat();
    let policy = b"scan: { rules: { off: [acme-token], from: 's3://scans/rules.toml' } }";
    let root = folder(&[("in/a", secret.as_bytes()), ("rules.toml", rules), ("off.yaml", policy)]);
    let done = scan(root.path(), &["@/in", "--rules", "@/rules.toml"]).unwrap();
    assert!(done.code == FAILS && done.text.contains("rule acme-token"), "{}", done.text);
    assert_eq!(done.notes, ["@/rules.toml: `filter` of rule acme-token is not supported and has no effect"]);
    let off = scan(root.path(), &["@/in", "--rules", "@/rules.toml", "--policy", "@/off.yaml"]).unwrap();
    assert_eq!(off.code, PASSES);
    let without = scan(root.path(), &["@/in", "--policy", "@/off.yaml"]).unwrap();
    assert!(without.notes[0].contains("s3://scans/rules.toml") && without.notes[0].contains("--rules"));
}

#[test]
fn addresses_in_s3_are_said_to_be_elsewhere() {
    let policy = b"scan: { baseline: 's3://scans/b.json', reports: { formats: [json], to: 's3://scans/x' } }";
    let root = folder(&[("in/a", b"text"), ("policy.yaml", policy)]);
    let done = scan(root.path(), &["@/in", "--policy", "@/policy.yaml"]).unwrap();
    assert_eq!(done.code, PASSES);
    insta::assert_snapshot!(done.notes.join("\n"));
    let done = scan(root.path(), &["@/in", "--policy", "@/policy.yaml", "--report", "@/out/1"]).unwrap();
    assert_eq!(done.notes.len(), 1);
    let written: Vec<_> = Folder::list(&root.path().join("out"), false).files.into_iter().map(|it| it.name).collect();
    assert_eq!(written, ["1/scan.json"]);
}

#[test]
fn suppressions_in_what_is_scanned_count_if_the_policy_says_so() {
    let theirs = b"[{ rule: gitlab, reason: x, owner: y, expires: 2026-03-31 }]";
    let leak = leak();
    let files: [(&str, &[u8]); 2] = [("pipewarden-suppressions.yaml", theirs), ("a.yml", leak.as_bytes())];
    let root = folder(&files);
    let more = folder(&[("a.zip", &zip(&files)), ("policy.yaml", b"scan: { suppressions-in-artifact: true }")]);
    let policy = format!("{}/policy.yaml", more.path().display());
    for path in [root.path().to_path_buf(), more.path().join("a.zip")] {
        let path = path.display().to_string();
        assert_eq!(scan(root.path(), &[&path]).unwrap().code, FAILS);
        let heeded = scan(root.path(), &[&path, "--policy", &policy]).unwrap();
        assert!(heeded.code == PASSES && heeded.text.contains("suppressed 1"), "{}", heeded.text);
    }
    fs::write(root.path().join("pipewarden-suppressions.yaml"), "[{ rule: gitlab }]").unwrap();
    let wrong = told(root.path(), &["@", "--policy", &policy]);
    assert!(wrong.contains("@/pipewarden-suppressions.yaml:1:2: the key `reason` is missing"), "{wrong}");
}

#[test]
fn nothing_to_scan_is_no_pass() {
    let root = folder(&[("only/.git/config", b"x"), ("a.zip", &zip(&[]))]);
    fs::create_dir(root.path().join("empty")).unwrap();
    for path in ["@/only", "@/a.zip", "@/empty"] {
        let done = scan(root.path(), &[path]).unwrap();
        assert!(done.code == FAILS && done.text.contains("fails: Nothing was scanned"), "{}", done.text);
    }
}

#[test]
fn what_cannot_be_done_says_what_to_mend() {
    let root = folder(&[
        ("a", b"text"),
        ("policy.yaml", b"scan:\n  fial: high\n  rules: { off: [githb] }\n"),
        ("rules.toml", b"[[rules]]\nid = 'x'\n"),
        ("empty", b" \n"),
    ]);
    let lines: [&[&str]; 6] = [
        &["@/nowhere"],
        &["@/a", "--policy", "@/nowhere.yaml"],
        &["@/a", "--policy", "@/policy.yaml"],
        &["@/a", "--baseline", "@/a"],
        &["@/a", "--rules", "@/rules.toml"],
        &["@/a", "--fingerprint-key", "@/empty"],
    ];
    insta::assert_snapshot!(lines.map(|line| told(root.path(), line)).join("\n"));
}

#[test]
fn globs_that_skip_nothing_are_told() {
    let policy = b"scan: { skip: [docs, 'x/**', 'a/**', '.git/**'] }";
    let root = folder(&[("in/docs/a", b"text"), ("in/a/b", b"text"), ("in/.git/c", b"x"), ("policy.yaml", policy)]);
    let done = scan(root.path(), &["@/in", "--policy", "@/policy.yaml"]).unwrap();
    assert_eq!(
        done.notes,
        [
            "the policy's `skip` has `docs`, and nothing here is like that; what is in a folder is skipped by `docs/**`",
            "the policy's `skip` has `x/**`, and nothing here is like that",
        ]
    );
}

//! Reports and baselines on disk.

use super::*;

#[test]
fn what_is_known_passes_and_what_is_new_fails() {
    let root = folder(&[("in/a.yml", leak().as_bytes())]);
    let written = scan(root.path(), &["@/in", "--write-baseline", "@/baseline.json"]).unwrap();
    let note = "@/baseline.json has 1 finding; scans with --baseline and the same key know them";
    assert_eq!((written.code, written.notes), (FAILS, vec![note.to_owned()]));
    let known = scan(root.path(), &["@/in", "--baseline", "@/baseline.json"]).unwrap();
    assert!(known.code == PASSES && known.text.contains("findings known 1"), "{}", known.text);
    fs::write(root.path().join("key"), "another key\n").unwrap();
    let other = scan(root.path(), &["@/in", "--baseline", "@/baseline.json", "--fingerprint-key", "@/key"]).unwrap();
    assert_eq!(other.code, FAILS);
}

#[test]
fn an_old_report_does_not_outlive_a_scan_that_could_not_be_done() {
    let root = folder(&[("in/a", b"text"), ("out/other.md", b"# Mine\n"), ("policy.yaml", b"scan: { fial: high }")]);
    let names = || {
        let listed = Folder::list(&root.path().join("out"), false);
        listed.files.into_iter().map(|file| file.name).collect::<Vec<_>>()
    };
    let (report, wrong) = (["@/in", "--report", "@/out"], ["@/in", "--report", "@/out", "--policy", "@/policy.yaml"]);
    assert_eq!(scan(root.path(), &report).unwrap().code, PASSES);
    assert_eq!(names(), ["other.md", "scan.json", "scan.md", "scan.sarif"]);
    told(root.path(), &wrong);
    assert_eq!(names(), ["other.md"]);
    fs::write(root.path().join("out/scan.md"), "# The scan is mine\n").unwrap();
    told(root.path(), &wrong);
    assert_eq!(names(), ["other.md", "scan.md"]);
}

#[test]
fn a_report_that_cannot_be_written_whole_is_not_there() {
    let root = folder(&[("in/a", b"text"), ("out/scan.md/a", b"text")]);
    let line = ["@/in", "--report", "@/out", "--write-baseline", "@/baseline.json"];
    assert!(told(root.path(), &line).starts_with("cannot write @/out/scan.md"));
    assert!(!root.path().join("out/scan.sarif").exists() && !root.path().join("baseline.json").exists());
}

#[test]
fn what_was_not_written_is_said() {
    let told = |line: &[&str]| reports::unwritten(&options(line));
    assert_eq!(told(&["."]), [""; 0]);
    assert_eq!(told(&[".", "--format", "json"]), ["no report was written"]);
    let both = ["no report was written to out", "b.json was not written"];
    assert_eq!(told(&[".", "--report", "out", "--write-baseline", "b.json"]), both);
}

#[test]
fn what_is_suppressed_is_left_out_of_a_baseline_and_that_is_said() {
    let other = ["ghp_", "Zx8Tq2Lm5Vb9Kd3Rw7YpZx8Tq2Lm5V0000"].concat();
    let root = folder(&[("in/a.yml", leak().as_bytes()), ("in/b.yml", other.as_bytes())]);
    let entry = "{ path: 'a.yml', reason: x, owner: y, expires: 2026-03-31 }";
    fs::write(root.path().join("policy.yaml"), format!("scan: {{ suppressions: [{entry}] }}")).unwrap();
    let line = ["@/in", "--write-baseline", "@/baseline.json"];
    let written = scan(root.path(), &[&line as &[&str], &["--policy", "@/policy.yaml"]].concat()).unwrap();
    assert!(written.notes[0].ends_with("know them; 1 that is suppressed is left out"), "{:?}", written.notes);
    assert_eq!(scan(root.path(), &["@/in", "--baseline", "@/baseline.json"]).unwrap().code, FAILS);
}

#[test]
fn a_file_that_cannot_be_opened_leaves_no_verdict_and_no_report() {
    let root = folder(&[("in/a.yml", leak().as_bytes())]);
    let Line { options } =
        Line::parse_from(["scan", &root.path().join("in").display().to_string(), "--format", "json"]);
    let terms = Terms::read(&options, NOW.parse().unwrap()).unwrap();
    let named = names::named(&options.paths, &terms).unwrap().remove(0);
    let artifacts = [Artifact::open(named, &terms.policy.limits, false).unwrap()];
    fs::remove_file(root.path().join("in/a.yml")).unwrap();
    let looked = look(&artifacts, &terms, 1);
    let ended = NOW.parse().unwrap();
    let done =
        Told { options: &options, terms: &terms, artifacts: &artifacts, looked: &looked, ended, took: Duration::ZERO };
    let done = done.done().unwrap();
    assert_eq!((done.code, done.text.as_str(), done.failures.len()), (COULD_NOT_BE_DONE, "", 1));
    assert_eq!(done.notes, ["no report was written"]);
}

//! Links, and names that nobody should see as they are.

use std::os::unix::net::UnixListener;

use super::*;

#[test]
fn links_are_told() {
    let root = folder(&[("a", b"text")]);
    symlink("a", root.path().join("b")).unwrap();
    let done = scan(root.path(), &["@"]).unwrap();
    assert_eq!(done.notes, ["b is a symbolic link, and what it leads to is scanned where it lies"]);
    symlink("a", root.path().join("c")).unwrap();
    symlink("nowhere", root.path().join("d")).unwrap();
    let done = scan(root.path(), &["@"]).unwrap();
    let many = "2 symbolic links lead to what is scanned where it lies, such as b";
    assert_eq!(
        (done.code, done.notes),
        (PASSES, [many, "d is a symbolic link that leads to no content"].map(str::to_owned).to_vec())
    );
}

#[test]
fn a_link_that_leads_out_of_the_folder_is_a_gap_that_a_policy_may_allow() {
    let root = folder(&[
        ("in/a", b"text"),
        ("key", leak().as_bytes()),
        ("allow.yaml", b"scan: { gaps: { allow: [{ reasons: [link], paths: ['config/*'] }] } }"),
        ("skip.yaml", b"scan: { skip: ['config/**'] }"),
        ("skip-target.yaml", b"scan: { skip: ['a'] }"),
    ]);
    fs::create_dir(root.path().join("in/config")).unwrap();
    symlink("../../key", root.path().join("in/config/key")).unwrap();
    symlink("a", root.path().join("in/b")).unwrap();
    let done = scan(root.path(), &["@/in"]).unwrap();
    let line = "fails     @/in/config/key is a symbolic link to what is not scanned (link)\n";
    assert!(done.code == FAILS && done.text.contains(line), "{}", done.text);
    assert!(done.text.ends_with("Put what it leads to in its place, or allow `link` in the policy's `gaps`.\n"));
    assert_eq!(scan(root.path(), &["@/in", "--policy", "@/allow.yaml"]).unwrap().code, PASSES);
    let skipped = scan(root.path(), &["@/in", "--policy", "@/skip.yaml"]).unwrap();
    assert!(skipped.code == PASSES && skipped.text.contains("skipped 1"), "{}", skipped.text);
    let target = scan(root.path(), &["@/in", "--policy", "@/skip-target.yaml"]).unwrap();
    assert!(target.text.contains("@/in/b is a symbolic link to what is not scanned"), "{}", target.text);
    let several = scan(root.path(), &["@/in", "@/key"]).unwrap();
    assert!(several.text.contains(line), "{}", several.text);
}

#[test]
fn no_secret_in_a_name_is_shown() {
    let root = folder(&[("in/a", b"text"), (&format!("{}/a", token()), b"text"), ("b", b"text")]);
    let at = |name: &str| root.path().join("in").join(name);
    symlink("nowhere", at(&format!("token={}", token()))).unwrap();
    symlink("a", at(&format!("{}.link", token()))).unwrap();
    symlink(root.path().join("b"), at(&format!("{}.gap", token()))).unwrap();
    let _socket = UnixListener::bind(at(&format!("{}.sock", token()))).unwrap();
    for format in ["text", "json", "sarif", "markdown"] {
        let done = scan(root.path(), &["@/in", "--format", format]).unwrap();
        assert_eq!(done.notes.len(), 3, "{:?}", done.notes);
        scan(root.path(), &[&format!("@/{}", token()), "@/in", "--format", format]).unwrap();
        scan(root.path(), &[&format!("@/{}", token()), "--format", format]).unwrap();
    }
    let missing = told(root.path(), &[&format!("@/nowhere/{}", token())]);
    assert!(missing.contains("glpa") && !missing.contains(&token()), "{missing}");
    let terms = Terms::read(&options(&["x"]), NOW.parse().unwrap()).unwrap();
    let unread = terms.unread(Path::new(&token()), &std::io::Error::from(std::io::ErrorKind::PermissionDenied));
    assert_eq!(unread, "cannot read glpa… (26 bytes): permission denied");
}

#[test]
fn a_path_in_a_message_acts_on_no_terminal() {
    let root = folder(&[("a", b"text"), ("\u{1b}[31m", b" \n")]);
    let odd = "@/\u{1b}[31m";
    for line in [
        &["@/\u{1b}]0;title"] as &[&str],
        &["@/a", "--policy", odd],
        &["@/a", "--policy", "@/nowhere\u{1b}[31m"],
        &["@/a", "--baseline", odd],
        &["@/a", "--rules", "@/nowhere\u{1b}[31m"],
        &["@/a", "--fingerprint-key", odd],
        &["@/a", "--report", "@/a/\u{1b}[31m"],
        &["@/a", "--write-baseline", "@/nowhere/\u{1b}[31m"],
        &[odd, odd],
    ] {
        let told = told(root.path(), line);
        assert!(!told.contains('\u{1b}') && told.contains("\\x1b"), "{told}");
    }
}

//! Several PATHs in one scan.

use super::*;

#[test]
fn of_several_paths_each_place_begins_with_its_own() {
    let leak = leak();
    let root = folder(&[
        ("web/a.yml", leak.as_bytes()),
        ("b.zip", &zip(&[("c.yml", leak.as_bytes())])),
        ("d.yml", leak.as_bytes()),
        ("broken.zip", &zip(&[("e", b"text")])[..40]),
    ]);
    let done = scan(root.path(), &["@/web", "@/b.zip", "@/d.yml", "@/broken.zip"]).unwrap();
    for place in ["@/web/a.yml:2:8\n", "@/b.zip!/c.yml:2:8\n", "@/d.yml:2:8\n", "@/broken.zip is no zip archive"] {
        assert!(done.text.contains(place), "{place}: {}", done.text);
    }
    let one = scan(root.path(), &["@/d.yml"]).unwrap();
    assert!(one.text.contains("@/d.yml:2:8\n"), "{}", one.text);
}

#[test]
fn suppressions_in_one_of_several_count_there_only_and_as_they_do_alone() {
    let theirs = b"[{ rule: gitlab, path: 'src/**', reason: x, owner: y, expires: 2026-03-31 }, \
                   { rule: gitlab, path: a.yml, reason: x, owner: y, expires: 2026-03-31 }]";
    let leak = leak();
    let root = folder(&[
        ("web/pipewarden-suppressions.yaml", theirs),
        ("web/src/a.yml", leak.as_bytes()),
        ("web/a.yml", leak.as_bytes()),
        ("api/src/a.yml", leak.as_bytes()),
        ("docs/a.md", b"text"),
        ("policy.yaml", b"scan: { suppressions-in-artifact: true }"),
    ]);
    let code = |paths: &[&str]| scan(root.path(), &[paths, &["--policy", "@/policy.yaml"]].concat()).unwrap().code;
    assert_eq!((code(&["@/web"]), code(&["@/web", "@/docs"]), code(&["@/docs", "@/web"])), (PASSES, PASSES, PASSES));
    assert_eq!(code(&["@/web", "@/api"]), FAILS);
    let everywhere = "[{ rule: gitlab, reason: x, owner: y, expires: 2026-03-31 }]";
    fs::write(root.path().join("web/pipewarden-suppressions.yaml"), everywhere).unwrap();
    assert_eq!((code(&["@/web"]), code(&["@/api", "@/web"])), (PASSES, FAILS));
}

#[test]
fn one_of_several_with_nothing_in_it_is_a_gap() {
    let root = folder(&[("web/a", b"text"), ("only/.git/config", b"x"), ("broken.zip", &zip(&[("e", b"text")])[..40])]);
    let done = scan(root.path(), &["@/web", "@/only"]).unwrap();
    let told = "fails: @/only was not scanned. Look whether it is the right artifact and what the policy skips of it, or \
                allow `nothing-in-it` in the policy's `gaps`.\n";
    assert!(done.code == FAILS && done.text.ends_with(told), "{}", done.text);
    fs::write(root.path().join("web/__init__.py"), "").unwrap();
    assert_eq!(scan(root.path(), &["@/web/a", "@/web/__init__.py"]).unwrap().code, PASSES);
    let broken = scan(root.path(), &["@/web", "@/broken.zip"]).unwrap();
    assert!(broken.text.contains("not-a-zip") && !broken.text.contains("nothing-in-it"), "{}", broken.text);
}

#[test]
fn globs_mean_the_same_however_one_of_several_is_written() {
    let leak = leak();
    let root = folder(&[("web/docs/a", leak.as_bytes()), ("web/b", b"text"), ("api/a", b"text")]);
    let name = root.path().join("web").display().to_string().trim_start_matches('/').to_owned();
    let entry = format!("{{ path: '{name}!/docs/*', reason: x, owner: y, expires: 2026-03-31 }}");
    fs::write(root.path().join("skip.yaml"), format!("scan: {{ skip: ['{name}!/docs/**'] }}")).unwrap();
    fs::write(root.path().join("suppress.yaml"), format!("scan: {{ suppressions: [{entry}] }}")).unwrap();
    for web in ["@/web", "@/web/", "@//web//.", "@/api/../web"] {
        for policy in ["@/skip.yaml", "@/suppress.yaml"] {
            let done = scan(root.path(), &[web, "@/api", "--policy", policy]).unwrap();
            assert!(done.code == PASSES && done.notes.is_empty(), "{web} {policy} {done:?}");
        }
        let done = scan(root.path(), &[web, "@/api"]).unwrap();
        assert!(done.text.contains(&format!("{}/docs/a:2:8\n", web.trim_end_matches(['/', '.']).replace("//", "/"))));
    }
}

#[test]
fn the_same_path_twice_is_refused() {
    let root = folder(&[("web/a", b"text"), ("x/web/a", b"text")]);
    symlink("web", root.path().join("same")).unwrap();
    assert_eq!(told(root.path(), &["@/web", "@/web/"]), "@/web is named twice; name it once");
    assert_eq!(told(root.path(), &["@/same", "@/web"]), "@/same and @/web are the same; name it once");
    let up = format!("../{}{}/x/../web", "../".repeat(40), root.path().display());
    assert!(told(root.path(), &["@/web", &up]).ends_with(" are the same; name it once"));
}

#[test]
fn sarif_of_several_has_addresses_that_lead_somewhere() {
    let leak = leak();
    let root = folder(&[("web/a.yml", leak.as_bytes()), ("b.zip", &zip(&[("c.yml", leak.as_bytes())]))]);
    let done = scan(root.path(), &["@/web/", "@/b.zip", "--format", "sarif"]).unwrap();
    for uri in ["file://@/web/a.yml", "file://@/b.zip!/c.yml"] {
        assert!(done.text.contains(&format!("\"uri\": \"{uri}\"")), "{uri} {}", done.text);
    }
    let alone = scan(root.path(), &["@/web", "--format", "sarif"]).unwrap();
    assert!(alone.text.contains("\"uri\": \"a.yml\""), "{}", alone.text);
}

#[test]
fn globs_that_skip_nothing_in_several_are_told_with_what_paths_begin_with() {
    let policy = b"scan: { skip: ['docs/**'] }";
    let root = folder(&[("web/docs/a", b"text"), ("api/a", b"text"), ("policy.yaml", policy)]);
    let done = scan(root.path(), &["@/web", "@/api", "--policy", "@/policy.yaml"]).unwrap();
    let name = root.path().display().to_string().trim_start_matches('/').to_owned();
    let begin = format!(
        "of several PATHs each path begins with what its own is called, such as `{name}/web!/`, `{name}/api!/`"
    );
    assert_eq!(done.notes, ["the policy's `skip` has `docs/**`, and nothing here is like that".to_owned(), begin]);
}

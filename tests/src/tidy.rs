//! What the repository promises about itself: its rooms, who may know whom, and how its files begin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::{files, folders, read, root};

const LONGEST_FILE: usize = 500;

/// Crates that only think: no clock, no network, no runtime.
const PURE: [&str; 7] =
    ["artifact-scan", "delivery-metrics", "gate-checks", "notices", "pipeline-model", "rollback-plans", "strict-yaml"];

/// What a pure crate may not be built on, by the beginning of the name.
const IMPURE: [&str; 9] =
    ["aws-", "aws_", "axum", "hyper", "lambda_runtime", "reqwest", "rustls", "tokio", "tracing-subscriber"];

/// Dependencies go strictly downwards; within a level nobody knows a neighbour.
fn level(package: &str) -> u8 {
    match package {
        "pipeline-model" | "strict-yaml" => 0,
        "local" => 3,
        "tests" => 4, // Sees everything, and nothing sees it.
        _ if root().join("crates").join(package).is_dir() => 1,
        _ if root().join("functions").join(package).is_dir() => 2,
        _ => panic!("{package} is in no room; give it a level here and in ARCHITECTURE.md"),
    }
}

/// Folder of each package, by name.
fn packages() -> BTreeMap<String, String> {
    let rooms = ["crates", "functions"].into_iter();
    let below = rooms.flat_map(|room| folders(room).into_iter().map(move |name| format!("{room}/{name}")));
    let folders = below.chain(["local".into(), "tests".into()]);
    folders.map(|folder| (manifest(&folder)["package"]["name"].as_str().unwrap().to_owned(), folder)).collect()
}

fn manifest(folder: &str) -> Value {
    toml::from_str(&read(&root().join(folder).join("Cargo.toml"))).unwrap()
}

fn dependencies(folder: &str, sections: &[&str]) -> BTreeSet<String> {
    let manifest = manifest(folder);
    let all = sections.iter().filter_map(|section| manifest[section].as_object()).flat_map(|section| section.keys());
    all.cloned().collect()
}

fn rust_files() -> Vec<std::path::PathBuf> {
    packages().into_values().flat_map(|folder| files(&folder, "rs")).collect()
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}

#[test]
fn every_file_begins_with_a_sentence_on_its_purpose() {
    for path in rust_files() {
        assert!(read(&path).starts_with("//! "), "{}: begin it with a sentence, //! like this.", shown(&path));
    }
}

#[test]
fn no_file_is_too_long() {
    for path in rust_files() {
        let lines = read(&path).lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines; make two files of it", shown(&path));
    }
}

#[test]
fn every_folder_is_named_like_its_package_and_shares_the_lints() {
    for (name, folder) in packages() {
        assert_eq!(folder.rsplit('/').next(), Some(name.as_str()), "{folder} holds the package {name}");
        assert_eq!(manifest(&folder)["lints"]["workspace"], true, "{folder}/Cargo.toml: add [lints] workspace = true");
    }
}

#[test]
fn dependencies_go_downwards() {
    let packages = packages();
    for (name, folder) in &packages {
        for dependency in dependencies(folder, &["dependencies", "dev-dependencies", "build-dependencies"]) {
            let downwards = !packages.contains_key(&dependency) || level(&dependency) < level(name);
            assert!(downwards, "{name} may not know {dependency}; move what they share one level down");
        }
    }
}

#[test]
fn pure_crates_know_no_runtime_and_no_network() {
    for name in PURE {
        for dependency in dependencies(&format!("crates/{name}"), &["dependencies"]) {
            let impure = IMPURE.iter().find(|beginning| dependency.starts_with(**beginning));
            assert_eq!(impure, None, "{name} is pure and must not depend on {dependency}");
        }
    }
}

#[test]
fn every_dependency_is_declared_once_in_the_workspace() {
    for (name, folder) in packages() {
        let manifest = manifest(&folder);
        for section in ["dependencies", "dev-dependencies"] {
            for (dependency, declared) in manifest[section].as_object().into_iter().flatten() {
                assert_eq!(declared["workspace"], true, "{name}: write {dependency}.workspace = true");
            }
        }
    }
}

/// `cargo deny` leaves out what only tests link; where it comes from matters for those, too.
#[test]
fn every_locked_crate_comes_from_the_public_registry() {
    let lock: Value = toml::from_str(&read(&root().join("Cargo.lock"))).unwrap();
    for package in lock["package"].as_array().unwrap() {
        let source = package["source"].as_str().unwrap_or("this workspace");
        let known = ["registry+https://github.com/rust-lang/crates.io-index", "this workspace"].contains(&source);
        assert!(known, "{} comes from {source}", package["name"]);
    }
}

#[test]
fn the_pages_a_reader_looks_for_are_there() {
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"] {
        assert!(!read(&root().join(page)).trim().is_empty(), "{page} is empty");
    }
}

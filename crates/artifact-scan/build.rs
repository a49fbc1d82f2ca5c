//! Turns `rules/*.toml` into tables, and refuses files that are no good with a sentence that names file and rule.

#[path = "src/secrets/analysis.rs"]
mod analysis;
#[path = "src/secrets/written.rs"]
mod written;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use written::{File, Written};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=rules");
    match tables() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            problems.iter().for_each(|problem| println!("cargo::error={}", problem.replace('\n', " ")));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script in its environment where it is")]
fn variable(name: &str) -> Result<PathBuf, Vec<String>> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| vec![format!("{name} is not set")])
}

fn tables() -> Result<(), Vec<String>> {
    let files = read(&variable("CARGO_MANIFEST_DIR")?.join("rules"))?;
    let rules = checked(&files)?;
    let mut code = String::from("static RULES: &[Rule] = &[\n");
    rules.iter().for_each(|(file, rule)| write_rule(&mut code, &files[*file].2.vendor, rule));
    let version = hash(files.iter().map(|(_, text, _)| text.as_str()));
    let _ = writeln!(code, "];\nconst VERSION: &str = \"{version:016x}\";");
    fs::write(variable("OUT_DIR")?.join("rules.rs"), code).map_err(|error| vec![format!("rules.rs: {error}")])
}

/// Name, text and content of each file, by name.
fn read(folder: &Path) -> Result<Vec<(String, String, File)>, Vec<String>> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| format!("rules/{}: {error}", name(path));
    let entries = fs::read_dir(folder).map_err(|error| vec![failed(folder, &error)])?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error));
        let file = text.and_then(|text| match toml::from_str(&text) {
            Ok(file) => Ok((name(&path), text, file)),
            Err(error) => Err(failed(&path, &error)),
        });
        file.map_or_else(|problem| problems.push(problem), |file| files.push(file));
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// All rules by id, with the number of their file.
fn checked(files: &[(String, String, File)]) -> Result<Vec<(usize, &Written)>, Vec<String>> {
    let (mut rules, mut problems) = (BTreeMap::new(), Vec::new());
    for (at, (file, _, content)) in files.iter().enumerate() {
        for rule in &content.rule {
            let mut say = |sentence: &str| problems.push(format!("rules/{file}: rule {}: {sentence}", rule.id));
            rule.problems().iter().for_each(|problem| say(problem));
            if let Some((other, _)) = rules.insert(rule.id.as_str(), (at, rule)) {
                let other: usize = other;
                say(&format!("its id is also in {}", files[other].0));
            }
        }
    }
    if problems.is_empty() { Ok(rules.into_values().collect()) } else { Err(problems) }
}

fn write_rule(code: &mut String, vendor: &str, rule: &Written) {
    let facts = rule.facts();
    let optional = |value: &Option<String>| match value {
        Some(value) => format!("Some(text({value:?}))"),
        None => "None".to_owned(),
    };
    let list = |values: &[String]| {
        let values: String = values.iter().map(|value| format!("text({value:?}), ")).collect();
        format!("Borrowed(&[{values}])")
    };
    let severity = rule.severity_name();
    let checksum = if rule.checksum.is_some() { "Some(Checksum::Crc32Base62)" } else { "None" };
    let shape = match (rule.kind_name(), &rule.name) {
        (Some(kind), _) => format!("Shape::Judged(Kind::{kind})"),
        (None, Some(_)) => "Shape::Assigned".to_owned(),
        (None, None) if facts.begins_with_keyword => "Shape::Anchored".to_owned(),
        (None, None) => "Shape::Window".to_owned(),
    };
    let _ = writeln!(
        code,
        "Rule {{ id: text({:?}), title: text({:?}), vendor: text({vendor:?}), source: text({:?}), \
         severity: Severity::{severity}, advice: text({:?}), keywords: {}, secret: {}, name: {}, not_name: {}, \
         entropy: {:?}, checksum: {checksum}, never: {}, shape: {shape}, rank: {}, longest: {}, bytes: {:?}, terms: None }},",
        rule.id,
        rule.title,
        rule.source,
        rule.advice,
        list(&rule.keywords),
        optional(&rule.secret_to_run()),
        optional(&rule.name.as_ref().map(|name| format!("(?i){name}"))),
        optional(&rule.not_name),
        rule.entropy,
        list(&rule.never),
        rule.rank(),
        facts.longest.unwrap_or_default(),
        facts.bytes,
    );
}

/// FNV-1a: a version to tell rule sets apart, not to keep anybody out.
fn hash<'t>(texts: impl Iterator<Item = &'t str>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    texts.flat_map(str::bytes).fold(0xcbf2_9ce4_8422_2325, step)
}

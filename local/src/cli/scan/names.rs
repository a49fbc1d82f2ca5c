//! What the PATHs are called: in messages, and first in the paths of their places if there are several.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

use super::terms::Terms;

/// What the root of all folders is called, which has no name.
const ROOT: &str = "root";

/// A PATH and what it is called.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// The path as people may see it.
    pub(super) shown: String,
    /// What stands first in the paths of its places, if there are several.
    pub(super) name: String,
}

/// The PATHs with their names, of which each is another.
pub(super) fn named(paths: &[PathBuf], terms: &Terms) -> Result<Vec<Named>> {
    let all: Vec<Named> = paths.iter().map(|path| Named::of(path, terms)).collect();
    let (mut places, mut names) = (BTreeMap::new(), BTreeMap::new());
    for one in &all {
        let place = fs::canonicalize(&one.path).unwrap_or_else(|_| tidy(&one.path));
        if let Some(before) = places.insert(place, one) {
            bail!("{}; name it once", same(&before.shown, &one.shown));
        }
        if let Some(before) = names.insert(&one.name, one) {
            let (before, name) = (&before.shown, &one.name);
            bail!("{before} and {} would both be called {name}; scan them one at a time", one.shown);
        }
    }
    Ok(all)
}

fn same(one: &str, other: &str) -> String {
    if one == other { format!("{one} is named twice") } else { format!("{one} and {other} are the same") }
}

impl Named {
    fn of(path: &Path, terms: &Terms) -> Self {
        Self { path: path.to_path_buf(), shown: terms.shown(&tidy(path)), name: terms.shown(&plain(path)) }
    }
}

/// The path without what says nothing: `./web//` is `web`.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if tidy.as_os_str().is_empty() { PathBuf::from(".") } else { tidy }
}

/// The path as a name that globs can begin with: it leads neither up nor to the root. A folder that is not called anything
/// on the command line, such as `.`, has its own name.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => plain.push(part),
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    if plain.as_os_str().is_empty() {
        let real = fs::canonicalize(path).unwrap_or_default();
        return PathBuf::from(real.file_name().unwrap_or(ROOT.as_ref()));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: PathBuf) -> String {
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_path_is_shown_without_what_says_nothing() {
        for (path, shown) in [
            ("web", "web"),
            ("./web", "web"),
            ("web//", "web"),
            ("web/./a", "web/a"),
            (".", "."),
            ("./", "."),
            ("../web/", "../web"),
            ("/tmp//web/", "/tmp/web"),
            ("/", "/"),
        ] {
            assert_eq!(text(tidy(Path::new(path))), shown, "{path}");
        }
    }

    #[test]
    fn a_name_leads_neither_up_nor_to_the_root() {
        for (path, name) in [
            ("web", "web"),
            ("./web/", "web"),
            ("build//app.zip", "build/app.zip"),
            ("../web", "web"),
            ("../../a/b/", "a/b"),
            ("a/../b", "b"),
            ("/tmp/web", "tmp/web"),
            ("/", "root"),
            ("/usr/..", "root"),
            ("/usr/../usr/.", "usr"),
        ] {
            assert_eq!(text(plain(Path::new(path))), name, "{path}");
        }
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(plain(Path::new(".")).as_os_str(), here.file_name().unwrap());
    }
}

//! Symbolic links of a folder. None is followed; what one leads to is scanned where it lies, or it is a gap.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use artifact_scan::shown_name;
use nix::errno::Errno;

use super::folder::{Folder, GIT};

/// A symbolic link.
#[derive(Debug)]
pub(super) struct Link {
    /// Its path below the folder, as people may see it.
    pub(super) name: String,
    pub(super) leads: Leads,
}

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// To this path below the folder.
    Inside(String),
    /// To something else with content that may ship, of so many bytes if it is a file.
    Outside(Option<u64>),
    /// To nothing with content.
    Nowhere,
}

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Skipped,
    /// Nobody has scanned its content, of so many bytes.
    Gap(Option<u64>),
    ScannedElsewhere,
    NoContent,
}

impl Leads {
    /// Where the link leads that lies in `root`, of which every name is the real one.
    pub(super) fn of(link: &Path, root: &Path, with_git: bool) -> Self {
        let real = match fs::canonicalize(link) {
            Ok(real) => real,
            Err(error) if is_nowhere(&error) => return Self::Nowhere,
            Err(_) => return Self::Outside(None),
        };
        let inside = real.strip_prefix(root).ok();
        match (inside.filter(|path| with_git || !path.iter().any(|name| name == GIT)), fs::metadata(&real)) {
            (Some(path), _) => Self::Inside(shown_name(path.as_os_str().as_bytes())),
            (None, Ok(found)) if found.is_file() => Self::Outside(Some(found.len())),
            (None, Ok(found)) if !found.is_dir() => Self::Nowhere,
            (None, _) => Self::Outside(None),
        }
    }
}

fn is_nowhere(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::ELOOP as i32)
}

impl Link {
    /// What becomes of it, by what is skipped.
    pub(super) fn fate(&self, folder: &Folder, skips: impl Fn(&str) -> bool) -> Fate {
        match &self.leads {
            Leads::Nowhere => Fate::NoContent,
            _ if skips(&self.name) => Fate::Skipped,
            Leads::Outside(bytes) => Fate::Gap(*bytes),
            Leads::Inside(path) if skips(path) || folder.below(path).any(|file| skips(&file.name)) => Fate::Gap(None),
            Leads::Inside(_) => Fate::ScannedElsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_scanned_elsewhere_only_if_all_it_leads_to_is() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| root.path().join(name);
        for name in ["src", ".git", "docs/old"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for path in [at("src/a"), at(".git/config"), at("docs/old/b"), elsewhere.path().join("secret")] {
            fs::write(path, "four").unwrap();
        }
        let secret = elsewhere.path().join("secret");
        let links = [
            ("1", Path::new("src/a"), Fate::ScannedElsewhere),
            ("2", Path::new("src"), Fate::ScannedElsewhere),
            ("3", Path::new(".git/config"), Fate::Gap(Some(4))),
            ("4", &secret, Fate::Gap(Some(4))),
            ("5", elsewhere.path(), Fate::Gap(None)),
            ("6", Path::new("nowhere"), Fate::NoContent),
            ("7", Path::new("7"), Fate::NoContent),
            ("8", Path::new("/dev/null"), Fate::NoContent),
            ("9", Path::new("docs/old/b"), Fate::Gap(None)),
            ("a", Path::new("docs"), Fate::Gap(None)),
            ("b", root.path(), Fate::Gap(None)),
            ("c.skipped", &secret, Fate::Skipped),
        ];
        for (name, to, _) in &links {
            symlink(to, at(name)).unwrap();
        }
        let folder = Folder::list(root.path(), false);
        let skips = |name: &str| name.starts_with("docs/") || name.ends_with(".skipped");
        for (link, (name, _, fate)) in folder.links.iter().zip(&links) {
            assert_eq!((&link.name, &link.fate(&folder, skips)), (&(*name).to_owned(), fate));
        }
        let all = |_: &str| false;
        assert_eq!(folder.links[9].fate(&folder, all), Fate::ScannedElsewhere);
        assert_eq!(folder.links[2].fate(&Folder::list(root.path(), true), all), Fate::Gap(Some(4)));
        let with_git = Folder::list(root.path(), true);
        assert_eq!(with_git.links[2].fate(&with_git, all), Fate::ScannedElsewhere);
    }
}

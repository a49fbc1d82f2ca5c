//! What a folder holds, in the order of the names.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use artifact_scan::{Amount, shown_name};

use super::links::{Leads, Link};

/// The folder in which git keeps what once was there.
pub(super) const GIT: &str = ".git";

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) files: Vec<Listed>,
    /// What is in folders named `.git`.
    pub(super) git: Amount,
    /// Symbolic links, none of which is followed.
    pub(super) links: Vec<Link>,
    /// What is neither a file nor a folder nor a link, and has no content that could ship.
    pub(super) others: Vec<String>,
    /// What could not be read, with the reason.
    pub(super) failures: Vec<(PathBuf, io::Error)>,
}

/// A file of a folder.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    /// Its path below the folder, as people may see it.
    pub(super) name: String,
    pub(super) length: u64,
}

impl Folder {
    /// Looks at everything below `root`.
    pub(super) fn list(root: &Path, with_git: bool) -> Self {
        let mut folder = Self::default();
        let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
        let leads = |link: &Path| Leads::of(link, &real, with_git);
        let mut open = vec![(root.to_path_buf(), false)];
        while let Some((path, is_git)) = open.pop() {
            let entries = fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<DirEntry>>>);
            for entry in entries.unwrap_or_else(|error| folder.failed(path, error)) {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => {
                        let is_git = is_git || (!with_git && entry.file_name() == OsStr::new(GIT));
                        open.push((entry.path(), is_git));
                    }
                    Ok(kind) => folder.take(root, &entry, kind, is_git, &leads),
                    Err(error) => folder.failed(entry.path(), error),
                }
            }
        }
        folder.files.sort_by(|one, other| one.name.cmp(&other.name));
        folder.links.sort_by(|one, other| one.name.cmp(&other.name));
        folder.others.sort();
        folder
    }

    /// How many bytes its files have.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.length).sum()
    }

    /// The files below the folder of that name in it.
    pub(super) fn below(&self, name: &str) -> impl Iterator<Item = &Listed> {
        let begin = if name.is_empty() { String::new() } else { format!("{name}/") };
        let from = self.files.partition_point(|file| file.name < begin);
        self.files[from..].iter().take_while(move |file| file.name.starts_with(&begin))
    }

    fn take(&mut self, root: &Path, entry: &DirEntry, kind: FileType, is_git: bool, leads: &impl Fn(&Path) -> Leads) {
        let path = entry.path();
        let name = shown_name(path.strip_prefix(root).unwrap_or(&path).as_os_str().as_bytes());
        match entry.metadata() {
            Err(error) => self.failed(path, error),
            Ok(found) if is_git => self.git.add(Amount { entries: 1, bytes: found.len() }),
            Ok(_) if kind.is_symlink() => self.links.push(Link { name, leads: leads(&path) }),
            Ok(found) if kind.is_file() => self.files.push(Listed { length: found.len(), path, name }),
            Ok(_) => self.others.push(name),
        }
    }

    fn failed<T: Default>(&mut self, path: PathBuf, error: io::Error) -> T {
        self.failures.push((path, error));
        T::default()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "four").unwrap();
        }
        folder
    }

    fn names(folder: &Folder) -> Vec<&str> {
        folder.files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn files_stand_in_the_order_of_their_names_whatever_is_in_them() {
        let root = folder(&["b/a", "a b", "Grüße.txt", "a.c", "a/z", ".env", "b/\u{1b}[31m"]);
        let listed = Folder::list(root.path(), false);
        assert_eq!(names(&listed), [".env", "Grüße.txt", "a b", "a.c", "a/z", "b/\\x1b[31m", "b/a"]);
        assert_eq!((listed.bytes(), listed.failures.len()), (28, 0));
    }

    #[test]
    fn the_history_of_a_repository_is_left_out_and_counted_unless_it_is_asked_for() {
        let root = folder(&[".git/objects/ab/c", ".git/config", "module/.git/HEAD", ".gitignore", "worktree/.git"]);
        let without = Folder::list(root.path(), false);
        assert_eq!(
            (names(&without), without.git),
            (vec![".gitignore", "worktree/.git"], Amount { entries: 3, bytes: 12 })
        );
        let with = Folder::list(root.path(), true);
        assert_eq!((with.files.len(), with.git), (5, Amount::default()));
        assert_eq!(Folder::list(&root.path().join(".git"), false).files.len(), 2);
    }

    #[test]
    fn links_are_told_and_not_followed() {
        let (root, elsewhere) = (folder(&["a"]), folder(&["secret"]));
        symlink(elsewhere.path(), root.path().join("folder")).unwrap();
        symlink(root.path(), root.path().join("loop")).unwrap();
        symlink("nowhere", root.path().join("broken")).unwrap();
        let listed = Folder::list(root.path(), false);
        assert_eq!(names(&listed), ["a"]);
        let links: Vec<_> = listed.links.iter().map(|link| (link.name.as_str(), &link.leads)).collect();
        let inside = Leads::Inside(String::new());
        assert_eq!(links, [("broken", &Leads::Nowhere), ("folder", &Leads::Outside(None)), ("loop", &inside)]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let listed = Folder::list(Path::new("/nowhere/at/all"), false);
        let [(path, error)] = listed.failures.as_slice() else { panic!("{:?}", listed.failures) };
        assert_eq!((path.as_path(), error.kind()), (Path::new("/nowhere/at/all"), io::ErrorKind::NotFound));
    }
}

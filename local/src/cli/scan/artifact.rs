//! What a path leads to: a folder, an archive, or another file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use artifact_scan::policy::SUPPRESSIONS_ENTRY;
use artifact_scan::zip::batches;
use artifact_scan::{Broken, Budget, Limits, Nature, Piece, Visitor, Walk};

use super::archive::{Archive, Opened};
use super::folder::Folder;
use super::names::Named;

/// Bytes that a file of suppressions may have; a longer one cannot be read as a document anyway.
const MOST_SUPPRESSIONS: u64 = 1 << 20;

/// What is scanned.
#[derive(Debug)]
pub(super) struct Artifact {
    pub(super) path: PathBuf,
    /// The path as people may see it.
    pub(super) shown: String,
    /// What stands first in the paths of its places, if there are several.
    pub(super) name: String,
    pub(super) content: Content,
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Content {
    Folder(Folder),
    Zip(Archive),
    /// An archive of so many bytes that cannot be opened.
    Broken(Broken, u64),
    /// Any other file, of so many bytes.
    File(u64),
}

impl Artifact {
    /// Looks at the path. A symbolic link that is named is followed.
    pub(super) fn open(named: Named, limits: &Limits, with_git: bool) -> Result<Self> {
        let Named { path, shown, name } = named;
        let cannot = || format!("cannot read {shown}");
        let found = fs::metadata(&path).with_context(cannot)?;
        let content = if found.is_dir() {
            Content::Folder(Folder::list(&path, with_git))
        } else if found.is_file() {
            let opened = Archive::open(File::open(&path).with_context(cannot)?, found.len(), limits);
            match opened.with_context(cannot)? {
                Opened::Zip(archive) => Content::Zip(archive),
                Opened::Plain => Content::File(found.len()),
                Opened::Broken(broken) => Content::Broken(broken, found.len()),
            }
        } else {
            bail!("{shown} is neither a file nor a folder");
        };
        Ok(Self { path, shown, name, content })
    }

    /// How many bytes are to be read.
    pub(super) fn bytes(&self) -> u64 {
        match &self.content {
            Content::Folder(folder) => folder.bytes(),
            Content::Zip(archive) => archive.directory.starts,
            Content::Broken(..) => 0,
            Content::File(length) => *length,
        }
    }

    /// What it holds, if it is a folder.
    pub(super) fn folder(&self) -> Option<&Folder> {
        match &self.content {
            Content::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// Whether it is one file that is no zip, and whose name is the first of its paths.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.content, Content::File(_))
    }

    /// The suppressions that it brings.
    pub(super) fn suppressions(&self, limits: &Limits) -> Result<Option<String>> {
        let cannot = || format!("cannot read {}", self.suppressions_entry());
        let bytes = match &self.content {
            Content::Folder(_) => of_folder(&self.path.join(SUPPRESSIONS_ENTRY)).with_context(cannot)?,
            Content::Zip(archive) => of_zip(archive, limits)?,
            Content::Broken(..) | Content::File(_) => None,
        };
        bytes.map(String::from_utf8).transpose().with_context(|| format!("{} is no text", self.suppressions_entry()))
    }

    /// Where its suppressions stand, as people may see it.
    pub(super) fn suppressions_entry(&self) -> String {
        self.whereabouts(&[SUPPRESSIONS_ENTRY.to_owned()])
    }

    /// Where a place or a gap of it is, as a path that can be opened where there is one.
    pub(super) fn whereabouts(&self, below: &[String]) -> String {
        let (parting, root) = match &self.content {
            Content::Folder(_) if self.shown == "." => ("", ""),
            Content::Folder(_) => ("/", self.shown.trim_end_matches('/')),
            _ => ("!/", self.shown.as_str()),
        };
        match below.join("!/") {
            below if below.is_empty() => self.shown.clone(),
            below => format!("{root}{parting}{below}"),
        }
    }
}

fn of_folder(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_SUPPRESSIONS).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Collects the content of the entries of one name.
#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    entries: usize,
}

impl Visitor for Collected {
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        if path == [SUPPRESSIONS_ENTRY] {
            self.entries += usize::from(piece.offset == 0);
            if (self.bytes.len() as u64) < MOST_SUPPRESSIONS {
                self.bytes.extend_from_slice(&piece.bytes[piece.again..]);
            }
        }
        Nature::Text
    }
}

fn of_zip(archive: &Archive, limits: &Limits) -> Result<Option<Vec<u8>>> {
    let (mut collected, budget) = (Collected::default(), Budget::new(limits, 0));
    let mut walk = Walk::new(limits, &budget);
    let plan = batches(&archive.directory, 0, |entry| entry.shown_name() == SUPPRESSIONS_ENTRY);
    for batch in &plan.batches {
        walk.batch(&plan, batch, archive.range(batch.bytes.clone()), &mut collected)?;
    }
    match collected.entries {
        0 => Ok(None),
        1 => Ok(Some(collected.bytes)),
        _ => bail!("the archive has more than one {SUPPRESSIONS_ENTRY}"),
    }
}

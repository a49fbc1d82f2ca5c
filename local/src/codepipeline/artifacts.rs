//! Artifacts: a folder and described files as a reproducible zip, and a store in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::ports::{ArtifactStore, Pending, Problem, S3Location};
use crate::script::{Content, Files};

/// Keeps artifacts in memory, for runs without an S3.
#[derive(Debug, Default)]
pub struct MemoryArtifacts(Mutex<HashMap<S3Location, Vec<u8>>>);

impl ArtifactStore for MemoryArtifacts {
    fn put<'a>(&'a self, at: &'a S3Location, zip: Vec<u8>, _: Option<&'a str>) -> Pending<'a, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(at.clone(), zip);
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(&'a self, at: &'a S3Location) -> Pending<'a, Vec<u8>> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(at).cloned();
        let missing =
            || Problem::new("ConfigurationError", format!("There is no artifact at {}/{}.", at.bucket, at.key));
        Box::pin(async move { found.ok_or_else(missing) })
    }
}

/// The files below a folder as a zip: sorted by name, without times, so the same folder gives the same bytes.
pub fn zip_folder(folder: &Path) -> io::Result<Vec<u8>> {
    zip(&below(folder)?)
}

/// The zip of a scripted artifact, empty without a folder and files. A file of the script stands for one of the folder.
pub(crate) fn zip_artifact(folder: Option<&Path>, files: &Files) -> Result<Vec<u8>, Problem> {
    let zipped = folder.map_or_else(|| Ok(BTreeMap::new()), below).and_then(|mut all| {
        all.extend(described(files)?);
        zip(&all)
    });
    zipped.map_err(|error| {
        let place = folder.unwrap_or(Path::new("nothing")).display();
        Problem::new("ConfigurationError", format!("The script's artifact folder {place} cannot be zipped: {error}."))
    })
}

/// Contents by name.
type Contents = BTreeMap<String, Vec<u8>>;

fn zip(files: &Contents) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::DEFAULT).map_err(io::Error::other)?;
        zip.write_all(content)?;
    }
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

fn below(folder: &Path) -> io::Result<Contents> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let named = files.into_iter().map(|file| {
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        Ok((name, fs::read(&file)?))
    });
    named.collect()
}

fn described(files: &Files) -> io::Result<Contents> {
    let content = |content: &Content| match content {
        Content::Text(text) => Ok(text.clone().into_bytes()),
        Content::Archive(files) => zip(&described(files)?),
    };
    files.iter().map(|(name, it)| Ok((name.clone(), content(it)?))).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_folder_gives_the_same_bytes_and_its_files_come_back() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/app.py"), "print(1)").unwrap();
        fs::write(folder.path().join("README"), "x").unwrap();
        let zip = zip_folder(folder.path()).unwrap();
        assert_eq!(zip, zip_folder(folder.path()).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        assert_eq!(archive.file_names().map(Result::unwrap).collect::<Vec<_>>(), ["README", "src/app.py"]);
        let mut text = String::new();
        archive.by_name("src/app.py").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "print(1)");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let problem = zip_artifact(Some(Path::new("/nowhere/app")), &Files::new()).unwrap_err();
        assert!(problem.message.contains("/nowhere/app"), "{problem}");
    }

    #[test]
    fn described_files_join_those_of_the_folder_and_archives_stand_in_archives() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README"), "old").unwrap();
        fs::write(folder.path().join("app.py"), "print(1)").unwrap();
        let jar = Files::from([("config".to_owned(), Content::Text("a=b".to_owned()))]);
        let files = Files::from([
            ("README".to_owned(), Content::Text("new".to_owned())),
            ("lib/a.jar".to_owned(), Content::Archive(jar)),
        ]);
        let read = |zipped: Vec<u8>, name: &str| {
            let mut content = Vec::new();
            zip::ZipArchive::new(Cursor::new(zipped))
                .unwrap()
                .by_name(name)
                .unwrap()
                .read_to_end(&mut content)
                .unwrap();
            content
        };
        let zipped = zip_artifact(Some(folder.path()), &files).unwrap();
        assert_eq!(read(zipped.clone(), "app.py"), b"print(1)");
        assert_eq!(read(zipped.clone(), "README"), b"new");
        assert_eq!(read(read(zipped, "lib/a.jar"), "config"), b"a=b");
    }
}

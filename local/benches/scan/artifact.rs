//! The artifact that is scanned: some 50 MB and 20,000 entries, the same in every run.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use artifact_scan::corpus::expand;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::random::Random;
use crate::text::{KINDS, Kind};

pub(crate) const ENTRIES: usize = 20_000;
/// One entry of so many is no text.
const BINARY: usize = 18;
/// One entry of so many holds a secret. No multiple of the number of top folders, so that each folder has some.
const LEAKING: usize = 499;
/// Tokens whose format tells what they are, so that every scanner has something to find. Made up here, of nobody.
const LEAKS: [&str; 4] = [
    "GITHUB_TOKEN=ghp_{github-checksum 30}\n",
    "{\"slack\": \"xoxb-{digits 12}-{digits 13}-{alnum 24}\"}\n",
    "stripe_key: sk_live_{alnum 24}\n",
    "npm_token = \"npm_{github-checksum 30}\"\n",
];

pub(crate) struct Artifact {
    pub(crate) zip: PathBuf,
    /// The same files, for scanners that read no zip.
    pub(crate) folder: PathBuf,
    pub(crate) zip_bytes: u64,
    pub(crate) text_bytes: u64,
    pub(crate) binary_bytes: u64,
    /// How many secrets were put in.
    pub(crate) leaks: usize,
}

impl Artifact {
    /// Writes it below a folder, as a zip and unpacked.
    pub(crate) fn write(below: &Path, entries: usize) -> Result<Self> {
        let (zip, folder) = (below.join("artifact.zip"), below.join("unpacked"));
        let mut random = Random::new(20_260);
        let mut writer = ZipWriter::new(BufWriter::new(File::create(&zip)?));
        let mut artifact = Self { zip, folder, zip_bytes: 0, text_bytes: 0, binary_bytes: 0, leaks: 0 };
        let mut folders = BTreeSet::new();
        for number in 0..entries {
            let (name, content, is_text) = entry(&mut random, number);
            *(if is_text { &mut artifact.text_bytes } else { &mut artifact.binary_bytes }) += content.len() as u64;
            artifact.leaks += usize::from(is_text && number % LEAKING == 0);
            writer.start_file(name.as_str(), SimpleFileOptions::default())?;
            writer.write_all(&content)?;
            let path = artifact.folder.join(&name);
            if let Some(parent) = path.parent()
                && folders.insert(parent.to_owned())
            {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, content)?;
        }
        writer.finish()?.into_inner().map_err(|error| error.into_error())?;
        artifact.zip_bytes = artifact.zip.metadata()?.len();
        Ok(artifact)
    }
}

fn entry(random: &mut Random, number: usize) -> (String, Vec<u8>, bool) {
    let top = ["node_modules", "dist", "src", "lib", "cdk.out/asset"][number % 5];
    let name =
        |extension: &str| format!("{top}/package-{}/part{}/file-{number}.{extension}", number / 200, number / 20 % 7);
    if number % BINARY == 1 {
        let extension = random.pick(&["png", "woff2", "wasm", "class"]);
        return (name(extension), binary(random), false);
    }
    let kind = kind(random);
    let length = random.around(kind.average);
    let mut text = kind.text(random, length);
    if number.is_multiple_of(LEAKING) {
        text.push_str(&expand(LEAKS[number / LEAKING % LEAKS.len()], &format!("leak {number}")));
    }
    (name(kind.extension), text.into_bytes(), true)
}

fn kind(random: &mut Random) -> &'static Kind {
    let mut at = random.below(KINDS.iter().map(|kind| kind.weight).sum());
    let is_it = |kind: &&Kind| match at.checked_sub(kind.weight) {
        None => true,
        Some(rest) => {
            at = rest;
            false
        }
    };
    KINDS.iter().find(is_it).unwrap_or(&KINDS[0])
}

/// Noise as in images, or noise among zeros and repetitions as in programs.
fn binary(random: &mut Random) -> Vec<u8> {
    let length = random.around(9_000);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    while bytes.len() < length {
        let noise = random.bytes(256);
        bytes.extend(&noise);
        if random.below(3) == 0 {
            bytes.extend([0; 64]);
            bytes.extend(&noise[..128]);
        }
    }
    bytes
}

//! What belongs to no entry: in front of a zip, between its entries, behind entries that nobody wants, in its comment.

use crate::Broken::*;
use crate::testing::*;
use crate::zip::{Batch, Directory, End, batches};
use crate::{Broken, Limits};

const SECRET: &[u8] = b"a secret that must be seen";
const LONG: usize = 100_000;

fn packed() -> Vec<u8> {
    gzipped(&tar_of(&[("hidden", SECRET)]))
}

fn with_prefix(prefix: &[u8]) -> Vec<Broken> {
    let zip = |counts_prefix| {
        let zip = ZipFile::of(&[("a", SECRET)]).with(|zip| {
            zip.prefix = prefix.to_vec();
            zip.counts_prefix = counts_prefix;
        });
        let (seen, coverage) = scan(&zip.build());
        assert!(seen.saw(SECRET), "the zip itself is read");
        reasons(&coverage)
    };
    assert_eq!(zip(true), zip(false));
    zip(true)
}

#[test]
fn an_archive_in_front_of_a_zip_is_told() {
    for front in [packed(), tar_of(&[("hidden", SECRET)]), b"\xFD7zXZ\0 and more".to_vec(), b"BZh91AY&SY".to_vec()] {
        assert_eq!(with_prefix(&front), [UnknownArchive], "{:?}", &front[..6]);
    }
    let nested = ZipFile::of(&[("a", b"a")]).with(|zip| zip.prefix = packed()).build();
    let (_, coverage) = scan(&ZipFile::of(&[("run", &[b"#!/bin/sh\n".as_slice(), &nested].concat())]).build());
    assert!(coverage.is_whole(), "behind a script nobody finds it: {coverage:?}");
    let tar = tar_of(&[("zip", &nested)]);
    assert!(scan(&ZipFile::of(&[("a.tar", &tar)]).build()).1.is_whole(), "the archive in front is read, then the zip");
}

#[test]
fn what_makes_a_zip_run_by_itself_is_no_gap() {
    let elf = [b"\x7fELF\x02\x01\x01\0".as_slice(), &[0x90; 3000]].concat();
    for stub in
        [b"#!/bin/sh\nexec java -jar \"$0\" \"$@\"\n".as_slice(), b"#!/usr/bin/env python3\n", b"MZ\x90\0", &elf]
    {
        assert_eq!(with_prefix(stub), []);
    }
}

#[test]
fn a_zip_that_is_a_tar_too_is_told() {
    // The zip's first header is the tar's first name, and the rest of the tar is the zip's first content.
    let inner = tar_of(&[("hidden", SECRET)]);
    let mut zip = ZipFile::new(vec![ZipEntry::stored("a", &inner[31..]), ZipEntry::stored("b", b"b")]).build();
    assert!(!reasons(&scan(&zip).1).contains(&UnknownArchive));
    zip[148..156].fill(b' ');
    let sum: u32 = zip[..512].iter().map(|byte| u32::from(*byte)).sum();
    zip[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert!(reasons(&scan(&zip).1).contains(&UnknownArchive));
}

#[test]
fn an_archive_between_entries_or_in_the_comment_is_told() {
    let entry = ZipEntry::stored("a", b"a").with(|entry| entry.after = packed());
    assert_eq!(reasons(&scan(&ZipFile::new(vec![entry.clone(), entry]).build()).1), [UnknownArchive; 2]);
    let of = |comment: &[u8], is_long| {
        let zip = ZipFile::of(&[("a", b"a")]).with(|zip| (zip.comment, zip.is_long) = (comment.to_vec(), is_long));
        let (seen, coverage) = scan(&zip.build());
        assert!(comment.is_empty() || seen.saw(comment));
        reasons(&coverage)
    };
    for is_long in [false, true] {
        assert_eq!(of(&packed(), is_long), [UnknownArchive]);
        assert_eq!(of(b"made by a machine on a Monday", is_long), []);
        assert_eq!(of(b"", is_long), []);
    }
}

#[test]
fn a_signing_block_is_no_gap() {
    let mut block = 4_088_u64.to_le_bytes().to_vec();
    block.resize(4_072, 0x1F);
    block.extend(4_088_u64.to_le_bytes());
    block.extend(b"APK Sig Block 42");
    let zip = ZipFile::of(&[("classes.dex", SECRET)]).with(|zip| zip.before_directory = block);
    assert!(scan(&zip.build()).1.is_whole());
}

/// An entry of which the directory knows nothing.
fn stray() -> Vec<u8> {
    let zip = ZipFile::new(vec![ZipEntry::stored("p.ini", SECRET)]).build();
    zip[..30 + 5 + SECRET.len()].to_vec()
}

fn unwanted(length: usize) -> ZipEntry {
    ZipEntry::stored("unwanted.txt", &vec![7; length])
}

#[test]
fn an_entry_behind_one_that_is_skipped_is_told_and_seen() {
    for (length, padding) in [(10, 0), (LONG, 0), (LONG, 28), (LONG, 500)] {
        let behind = [vec![0; padding], stray()].concat();
        let entry = unwanted(length).with(|entry| entry.after = behind);
        let zip = ZipFile::new(vec![entry.clone(), ZipEntry::stored("x.txt", b"x"), entry]).build();
        let (seen, coverage) = scan(&zip);
        assert_eq!(reasons(&coverage), [StrayEntry; 2], "{length} {padding}");
        assert!(seen.saw(SECRET) && seen.of(&["x.txt"]) == Some(b"x"));
        assert_eq!(coverage.skipped.entries, 2);
    }
}

/// What is fetched of an entry that nobody wants, between two others.
fn fetched(entry: ZipEntry) -> Vec<Batch> {
    let around = || ZipEntry::stored("unwanted too", &[7; LONG]);
    let zip = ZipFile::new(vec![around(), entry, around()]).build();
    let end = End::find(&zip, zip.len() as u64).unwrap();
    let bytes = &zip[end.directory.start as usize..end.directory.end as usize];
    let directory = Directory::read(bytes, &end, &Limits::default()).unwrap();
    batches(&directory, 8 << 20, |_| false).batches
}

#[test]
fn nothing_is_fetched_of_what_ordinary_zippers_write() {
    let descriptor = |long| Some(Descriptor { signed: true, long, lies: false });
    // Info-ZIP; Java; Go and git; macOS; zips that are written as they come.
    for (extra, descriptor) in
        [(28, None), (4, descriptor(false)), (9, descriptor(false)), (16, descriptor(false)), (0, descriptor(true))]
    {
        let entry = unwanted(LONG).with(|entry| {
            entry.local_extra = vec![0; extra];
            entry.descriptor = descriptor;
        });
        assert_eq!(fetched(entry), [], "{extra} {descriptor:?}");
    }
}

#[test]
fn of_a_long_entry_with_a_little_more_only_that_is_fetched() {
    let lengths = |length: usize, extra: usize| -> Vec<u64> {
        let entry = unwanted(length).with(|entry| entry.local_extra = vec![0; extra]);
        fetched(entry).iter().map(|batch| batch.bytes.end - batch.bytes.start).collect()
    };
    assert_eq!((lengths(LONG, 32), lengths(LONG, 33), lengths(LONG, 128)), (vec![], vec![33], vec![128]));
    assert_eq!(lengths(LONG, 129), [30 + 12 + 129 + LONG as u64]);
    assert_eq!(lengths(1_000, 33), [30 + 12 + 33 + 1_000]);
}

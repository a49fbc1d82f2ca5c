//! Archives in which there is nothing to scan are no clean ones.

use jiff::Timestamp;

use crate::testing::*;
use crate::{Policy, Reason, Scanned, judge};

/// Whether the default policy says that nothing was scanned, and lets it pass otherwise.
fn is_nothing(zip: &[u8]) -> bool {
    let (_, coverage) = scan(zip);
    assert!(coverage.is_whole(), "{coverage:?}");
    let mut scanned = Scanned::default();
    scanned.cover(coverage);
    let policy = Policy::default();
    let judgement = judge(&scanned, &policy, None, Timestamp::UNIX_EPOCH);
    matches!(judgement.reasons.as_slice(), [Reason::NothingScanned])
}

#[test]
fn folders_and_empty_files_are_nothing() {
    let folder = || ZipEntry::stored("app/", b"");
    assert!(is_nothing(&ZipFile::new(vec![folder()]).build()));
    assert!(is_nothing(&ZipFile::new(vec![folder(), ZipEntry::deflated("app/a.txt", b"")]).build()));
    assert!(is_nothing(&ZipFile::new(vec![]).with(|zip| zip.comment = b"nothing in it".to_vec()).build()));
    assert!(!is_nothing(&ZipFile::new(vec![folder(), ZipEntry::deflated("app/a.txt", b"a")]).build()));
}

#[test]
fn archives_of_nothing_are_nothing() {
    let empty_zip = ZipFile::new(vec![ZipEntry::stored("app/", b"")]).build();
    let empty_tar = tar(&[TarEntry::file("empty", b""), TarEntry::file("app", b"").with(|entry| entry.flag = b'5')]);
    for inner in [empty_zip, empty_tar, gzipped(b"")] {
        assert!(is_nothing(&ZipFile::of(&[("inner", &inner)]).build()));
    }
}

#[test]
fn what_is_left_when_all_is_skipped_is_nothing() {
    let zip = ZipFile::new(vec![ZipEntry::stored("unwanted.txt", b"text")]);
    assert!(is_nothing(&zip.clone().with(|zip| zip.prefix = b"#!/bin/sh\n".to_vec()).build()));
    let unwanted = ZipEntry::stored("unwanted.txt", b"text").with(|entry| entry.after = vec![0; 200]);
    assert!(is_nothing(&ZipFile::new(vec![unwanted]).build()));
}

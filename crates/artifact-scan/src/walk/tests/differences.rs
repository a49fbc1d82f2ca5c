//! What one reader sees and another does not: names that are two, ends that are found although they should not be, text
//! where nobody looks.

use crate::Broken::*;
use crate::testing::*;
use crate::{Amount, Broken, Budget, Coverage, Limits, Walk};

const SECRET: &[u8] = b"a secret that must be seen";

/// A zip that somebody can open, with something before it so that it does not begin like one.
fn hidden(behind: &[u8], comment: usize) -> Vec<u8> {
    let zip = ZipFile::of(&[("hidden", SECRET)]).with(|zip| {
        zip.prefix = b"#!/bin/sh\necho a launcher\n".to_vec();
        zip.comment = vec![b'c'; comment];
    });
    [&zip.build(), behind].concat()
}

fn file(bytes: &[u8]) -> (Seen, Coverage) {
    let (limits, mut seen) = (Limits::default(), Seen::default());
    let budget = Budget::new(&limits, 0);
    let coverage = Walk::new(&limits, &budget).file("file", bytes, &mut seen).unwrap();
    (seen, coverage)
}

#[test]
fn a_zip_between_other_bytes_is_opened_or_told() {
    let (seen, coverage) = file(&hidden(b"", 0));
    assert!(coverage.is_whole() && seen.saw(SECRET));
    for behind in [b"\n".as_slice(), &[b'x'; 3000], &[0; 60_000]] {
        let (seen, coverage) = file(&hidden(behind, 0));
        assert_eq!(reasons(&coverage), [UnknownArchive]);
        assert!(!seen.saw(SECRET));
        let zip = ZipFile::new(vec![ZipEntry::stored("a", &hidden(behind, 0)), ZipEntry::stored("b", b"b")]).build();
        assert_eq!(reasons(&scan(&zip).1), [UnknownArchive]);
    }
}

#[test]
fn a_zip_behind_a_megabyte_is_told_wherever_the_last_piece_begins() {
    for (front, comment) in [(1_100_000, 0), (2_030_000, 60_000), (2_500_000, 20)] {
        let (seen, coverage) = file(&[vec![b'x'; front], hidden(b"", comment)].concat());
        assert_eq!(reasons(&coverage), [UnknownArchive], "{front} {comment}");
        assert!(!seen.saw(SECRET));
    }
}

#[test]
fn bytes_that_only_look_like_an_end_are_content() {
    let mark = b"PK\x05\x06".as_slice();
    for text in
        [[mark, &[0; 18]].concat(), [mark, b" is the mark of a zip's end, and this is text"].concat(), mark.repeat(9)]
    {
        let bytes = [b"before ".as_slice(), &text, b" and behind"].concat();
        let (seen, coverage) = file(&bytes);
        assert!(coverage.is_whole() && seen.saw(b" and behind"), "{coverage:?}");
    }
}

/// Info-ZIP's field with the name in UTF-8.
fn other_name(name: &[u8]) -> Vec<u8> {
    [b"\x75\x70".as_slice(), &(name.len() as u16 + 5).to_le_bytes(), b"\x01\0\0\0\0", name].concat()
}

#[test]
fn an_entry_that_has_two_names_is_never_skipped() {
    let entry = |extra: &[u8]| ZipEntry::stored("unwanted", SECRET).with(|entry| entry.extra = extra.to_vec());
    for (extra, is_seen) in [(b"".to_vec(), false), (other_name(b"unwanted"), false), (other_name(b"src/key.py"), true)]
    {
        let zip = ZipFile::new(vec![entry(&extra)]).build();
        let around = ZipFile::new(vec![ZipEntry::stored("a.zip", &zip)]).build();
        for zip in [zip, around] {
            let (seen, coverage) = scan(&zip);
            assert_eq!(seen.saw(SECRET), is_seen);
            assert_eq!(coverage.skipped.entries, u64::from(!is_seen));
        }
    }
    let twice = [other_name(b"one"), other_name(b"two")].concat();
    assert_eq!(reasons(&scan(&ZipFile::new(vec![entry(&twice)]).build()).1), [BadRecord]);
}

fn long_name(name: &str) -> TarEntry {
    TarEntry::file("././@LongLink", format!("{name}\0").as_bytes()).with(|entry| entry.flag = b'L')
}

fn path(name: &str) -> TarEntry {
    let length = name.len() + " path=\n".len() + 2;
    TarEntry::file("pax", format!("{length} path={name}\n").as_bytes()).with(|entry| entry.flag = b'x')
}

#[test]
fn a_tar_that_gives_an_entry_two_names_is_told_and_seen() {
    let of = |about: &[TarEntry]| {
        let secret = TarEntry::file("unwanted", SECRET);
        let (seen, coverage) = file(&tar(&[about, &[secret]].concat()));
        (seen.saw(SECRET), reasons(&coverage), coverage.skipped)
    };
    let nothing = Amount::default();
    assert_eq!(of(&[]), (false, vec![], Amount { entries: 1, bytes: SECRET.len() as u64 }));
    assert_eq!(of(&[long_name("src/key.py"), path("unwanted key")]), (true, vec![BadTar], nothing));
    assert_eq!(of(&[path("unwanted key"), long_name("src/key.py")]), (true, vec![BadTar], nothing));
    assert_eq!(of(&[path("src/a-key.py"), long_name("src/a-key.py")]), (true, vec![], nothing));
}

#[test]
fn what_stands_in_the_headers_of_a_tar_is_seen() {
    let owner = SECRET.iter().enumerate().map(|(at, byte)| (265 + at, *byte)).collect();
    let entry = TarEntry::file("name-that-is-a-token", b"text").with(|entry| entry.set = owner);
    let (seen, coverage) = file(&tar(&[entry]));
    assert!(seen.saw(b"name-that-is-a-token") && seen.saw(SECRET) && coverage.is_whole());
    assert_eq!(coverage.scanned.entries + coverage.binary.entries, 1);
}

#[test]
fn short_extra_fields_are_seen_if_they_can_be_read() {
    let of = |extra: &[u8]| {
        let entry = ZipEntry::stored("a", b"text").with(|entry| entry.local_extra = extra.to_vec());
        let (seen, coverage) = scan(&ZipFile::new(vec![entry]).build());
        assert_eq!(reasons(&coverage), [] as [Broken; 0]);
        seen.of(&["a", "<header>"]).is_some()
    };
    assert!(of(b"\x34\x12\x10\0a-token-that-fits"));
    assert!(!of(b"UT\x09\0\x03\xD1\xB6\x2A\x66\xD1\xB6\x2A\x66ux\x0b\0\x01\x04\xE8\x03\0\0\x04\xE8\x03\0\0"));
}

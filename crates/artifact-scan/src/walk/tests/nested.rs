//! Archives in archives.

use crate::Broken::*;
use crate::testing::*;
use crate::{Broken, Limits};

const SECRET: &[u8] = b"a secret that must be seen";

/// What is seen of a file in a zip, and why not all of it.
fn within(name: &str, content: &[u8]) -> (Seen, Vec<Broken>) {
    let (seen, coverage) = scan(&ZipFile::of(&[("before", b"1"), (name, content), ("behind", b"2")]).build());
    assert!(seen.of(&["before"]).is_some() && seen.of(&["behind"]).is_some());
    (seen, reasons(&coverage))
}

fn zip() -> Vec<u8> {
    ZipFile::of(&[("inner/secret", SECRET)]).build()
}

#[test]
fn archives_are_opened_whatever_their_name() {
    let kinds: [(&[u8], &[&str]); 4] = [
        (&zip(), &["layer.bin", "inner/secret"]),
        (&gzipped(SECRET), &["layer.bin"]),
        (&tar_of(&[("inner/secret", SECRET)]), &["layer.bin", "inner/secret"]),
        (&gzipped(&tar_of(&[("inner/secret", SECRET)])), &["layer.bin", "inner/secret"]),
    ];
    for (content, path) in kinds {
        let (seen, reasons) = within("layer.bin", content);
        assert_eq!((seen.of(path), reasons), (Some(SECRET), vec![]));
    }
}

#[test]
fn an_archive_that_is_broken_hides_nothing_behind_it() {
    let mut broken = zip();
    let end = broken.len() - 10;
    broken[end..].fill(0xEE);
    let inner = ZipFile::of(&[("broken.zip", &broken), ("secret.zip", &zip())]).build();
    let (seen, reasons) = within("both.zip", &inner);
    assert_eq!(seen.of(&["both.zip", "secret.zip", "inner/secret"]), Some(SECRET));
    assert_eq!(reasons.len(), 1);
    assert_eq!(seen.of(&["both.zip", "broken.zip"]), Some(broken.as_slice()));
}

#[test]
fn archives_are_opened_down_to_the_limit() {
    let mut content = zip();
    for _ in 0..2 {
        content = ZipFile::of(&[("deeper", &content)]).build();
    }
    let limits = |depth| Limits { depth, ..Limits::default() };
    let outer = ZipFile::of(&[("deep", &content)]).build();
    let (seen, coverage) = scan_within(&outer, &limits(4), 1 << 20);
    assert_eq!(seen.of(&["deep", "deeper", "deeper", "inner/secret"]), Some(SECRET));
    assert!(coverage.is_whole());
    let (seen, coverage) = scan_within(&outer, &limits(3), 1 << 20);
    assert!(!seen.saw(SECRET));
    assert_eq!(reasons(&coverage), [TooDeep]);
    assert_eq!(coverage.gaps[0].path, ["deep", "deeper", "deeper"]);
}

#[test]
fn compressions_are_opened_down_to_the_limit() {
    let mut content = SECRET.to_vec();
    for layer in 0..8 {
        let (seen, reasons) = within("layers", &content);
        assert_eq!((seen.saw(SECRET), reasons.is_empty()), (layer <= 5, layer <= 5), "{layer}");
        content = gzipped(&content);
    }
}

#[test]
fn archives_behind_archives_are_opened_down_to_the_limit() {
    let mut content = SECRET.to_vec();
    for _ in 0..40 {
        content = [tar_of(&[("a", b"text")]), gzipped(b"more"), content].concat();
    }
    let (_, reasons) = within("many", &content);
    assert_eq!(reasons, [TooDeep]);
}

#[test]
fn a_nested_archive_that_is_too_long_is_told_and_handed_on_as_it_is() {
    let inner = ZipFile::new(vec![ZipEntry::stored("secret", &SECRET.repeat(1000))]).build();
    let limits = Limits { nested: 10_000, ..Limits::default() };
    let (seen, coverage) = scan_within(&ZipFile::of(&[("long.zip", &inner), ("b", b"b")]).build(), &limits, 1 << 20);
    assert_eq!(reasons(&coverage), [NestedTooLong]);
    assert!(seen.saw(SECRET) && seen.of(&["b"]).is_some());
}

#[test]
fn an_archive_behind_a_script_is_told_where_it_is_too_deep() {
    let script = [b"#!/bin/sh\n".as_slice(), &zip()].concat();
    let limits = Limits { depth: 1, ..Limits::default() };
    let (seen, coverage) = scan_within(&ZipFile::of(&[("run", &script)]).build(), &limits, 1 << 20);
    assert_eq!(reasons(&coverage), [UnknownArchive]);
    assert_eq!(seen.of(&["run"]), Some(script.as_slice()));
}

#[test]
fn archives_in_memory_share_the_limit() {
    let noise: Vec<u8> = (0..6000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let inner = ZipFile::new(vec![ZipEntry::stored("noise", &noise)]).build();
    let outer =
        ZipFile::new(vec![ZipEntry::stored("inner.zip", &inner), ZipEntry::stored("again.zip", &inner)]).build();
    let limits = |nested| Limits { nested, ..Limits::default() };
    let artifact = ZipFile::of(&[("outer.zip", &outer)]).build();
    assert!(scan_within(&artifact, &limits(20_000), 1 << 20).1.is_whole());
    assert_eq!(reasons(&scan_within(&artifact, &limits(14_000), 1 << 20).1), [NestedTooLong, NestedTooLong]);
}

#[test]
fn an_archive_behind_a_script_is_opened() {
    let script = b"#!/bin/sh\nexec java -jar \"$0\"\n";
    let (seen, reasons) = within("run", &[script.as_slice(), &zip()].concat());
    assert_eq!((seen.of(&["run", "inner/secret"]), reasons), (Some(SECRET), vec![]));
    assert!(seen.saw(script));
    let long = ZipFile::new(vec![ZipEntry::stored("a", &vec![b'a'; 3 << 20]), ZipEntry::deflated("b", SECRET)]);
    let (seen, reasons) = within("run", &[script.as_slice(), &long.build()].concat());
    assert_eq!((seen.of(&["run", "b"]), reasons), (Some(SECRET), vec![]));
}

#[test]
fn an_archive_far_behind_something_else_is_told() {
    let far = [vec![b'a'; 3 << 20], zip()].concat();
    let (seen, coverage) = scan(&ZipFile::new(vec![ZipEntry::stored("far", &far)]).build());
    assert_eq!(reasons(&coverage), [UnknownArchive]);
    assert_eq!(seen.of(&["far"]), Some(far.as_slice()));
}

#[test]
fn something_that_only_holds_a_mark_of_archives_is_plain() {
    for length in [100, 3 << 20] {
        let content = [b"the mark is PK\x03\x04 and the end PK\x05\x06, ".as_slice(), &vec![b'a'; length]].concat();
        let (seen, coverage) = scan(&ZipFile::new(vec![ZipEntry::stored("about zips", &content)]).build());
        assert!(coverage.is_whole(), "{coverage:?}");
        assert_eq!(seen.of(&["about zips"]), Some(content.as_slice()));
    }
}

#[test]
fn archives_of_other_kinds_are_told_and_handed_on_as_they_are() {
    for magic in
        [b"\xFD7zXZ\0".as_slice(), b"\x28\xB5\x2F\xFD", b"7z\xBC\xAF\x27\x1C", b"Rar!\x1A\x07\0", b"BZh91AY&SY"]
    {
        let (seen, reasons) = within("packed", &[magic, SECRET].concat());
        assert_eq!(reasons, [UnknownArchive]);
        assert!(seen.saw(SECRET));
    }
}

#[test]
fn all_members_of_gzip_are_read_and_what_follows_them() {
    let members = [gzipped(b"one "), gzipped(b"two "), gzipped(b"")].concat();
    let (seen, reasons) = within("log.gz", &members);
    assert_eq!((seen.of(&["log.gz"]), reasons), (Some(b"one two ".as_slice()), vec![]));
    let (seen, reasons) = within("log.gz", &[&members, SECRET].concat());
    assert_eq!((seen.of(&["log.gz", "<behind the end>"]), reasons), (Some(SECRET), vec![]));
    let (seen, reasons) = within("log.gz", &[members, zip()].concat());
    assert_eq!((seen.of(&["log.gz", "<behind the end>", "inner/secret"]), reasons), (Some(SECRET), vec![]));
}

#[test]
fn what_gzip_says_of_itself_is_seen() {
    let mut gzip = gzipped(SECRET);
    gzip[3] = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 1;
    let more = b"\x03\0abcname of a file\0and a remark about it\0\x12\x34";
    gzip.splice(10..10, more.iter().copied());
    let (seen, reasons) = within("a.gz", &gzip);
    assert_eq!((seen.of(&["a.gz"]), reasons), (Some(SECRET), vec![]));
    assert!(seen.saw(b"and a remark about it"));
}

#[test]
fn a_gzip_that_lies_is_told() {
    let with = |at: usize, from_end: bool| {
        let mut gzip = gzipped(SECRET);
        let at = if from_end { gzip.len() - at } else { at };
        gzip[at] ^= 0x81;
        within("a.gz", &gzip)
    };
    for (at, reason) in [(8, OtherChecksum), (4, OtherSize)] {
        let (seen, reasons) = with(at, true);
        assert!(seen.saw(SECRET));
        assert_eq!(reasons, [reason]);
    }
    assert_eq!(with(3, false).1, [BadData]);
}

#[test]
fn what_a_visitor_does_not_want_of_a_nested_archive_is_skipped() {
    let inner = ZipFile::of(&[("unwanted.png", SECRET), ("wanted", b"text")]).build();
    let tar = tar_of(&[("unwanted.png", SECRET), ("wanted", b"text")]);
    let (seen, coverage) = scan(&ZipFile::of(&[("a.zip", &inner), ("a.tar", &tar)]).build());
    assert!(coverage.is_whole() && !seen.saw(SECRET));
    assert_eq!((coverage.skipped.entries, coverage.scanned.entries), (2, 2));
}

#[test]
fn gaps_name_the_whole_way() {
    let inner = ZipFile::new(vec![ZipEntry::deflated("secret", SECRET).with(|entry| entry.flags = 1)]).build();
    let (_, coverage) = scan(&ZipFile::of(&[("a.tgz", &gzipped(&tar_of(&[("b.jar", &inner)])))]).build());
    assert_eq!(coverage.gaps[0].path, ["a.tgz", "b.jar", "secret"]);
    assert_eq!(coverage.gaps[0].bytes, Some(SECRET.len() as u64));
}

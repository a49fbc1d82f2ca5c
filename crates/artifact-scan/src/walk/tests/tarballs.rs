//! Tar archives of all kinds.

use crate::Broken::*;
use crate::testing::*;
use crate::{Broken, Coverage, Limits};

const SECRET: &[u8] = b"a secret that must be seen";

fn within(content: &[u8]) -> (Seen, Coverage) {
    scan(&ZipFile::of(&[("t.tar", content), ("behind", b"2")]).build())
}

fn of(entries: &[TarEntry]) -> (Seen, Vec<Broken>) {
    let (seen, coverage) = within(&tar(entries));
    assert!(seen.of(&["behind"]).is_some());
    (seen, reasons(&coverage))
}

fn secret() -> TarEntry {
    TarEntry::file("secret", SECRET)
}

#[test]
fn old_and_new_headers_are_read() {
    for magic in [*b"ustar\x0000", *b"ustar  \0", [0; 8]] {
        let (seen, reasons) = of(&[secret().with(|entry| entry.magic = magic)]);
        assert_eq!((seen.of(&["t.tar", "secret"]), reasons), (Some(SECRET), vec![]));
    }
}

#[test]
fn a_long_name_is_put_together() {
    let (seen, _) = of(&[secret().with(|entry| entry.prefix = b"a/b".to_vec())]);
    assert_eq!(seen.of(&["t.tar", "a/b/secret"]), Some(SECRET));
    let long = "long/".repeat(60);
    let gnu = TarEntry::file("././@LongLink", format!("{long}\0").as_bytes()).with(|entry| entry.flag = b'L');
    let (seen, _) = of(&[gnu, secret(), TarEntry::file("next", b"next")]);
    assert_eq!(seen.of(&["t.tar", &long]), Some(SECRET));
    assert!(seen.of(&["t.tar", "next"]).is_some());
}

fn pax(flag: u8, records: &[(&str, &str)]) -> TarEntry {
    let mut body = String::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length = (rest..).find(|length| length - length.to_string().len() == rest).unwrap();
        body += &format!("{length} {key}={value}\n");
    }
    TarEntry::file("pax", body.as_bytes()).with(|entry| entry.flag = flag)
}

#[test]
fn what_pax_says_counts_for_the_next_entry_or_for_all() {
    let (seen, reasons) = of(&[pax(b'x', &[("path", "päth/ö"), ("comment", "a remark")]), secret(), secret()]);
    assert_eq!(reasons, []);
    assert!(seen.of(&["t.tar", "päth/ö"]).is_some() && seen.of(&["t.tar", "secret"]).is_some());
    assert!(seen.saw(b"a remark"));
    let size = SECRET.len().to_string();
    let (seen, reasons) = of(&[pax(b'x', &[("size", &size)]), secret().with(|entry| entry.size = Some(0))]);
    assert_eq!((seen.of(&["t.tar", "secret"]), reasons), (Some(SECRET), vec![]));
    let (seen, _) = of(&[pax(b'g', &[("path", "all")]), secret(), secret()]);
    assert_eq!(seen.of(&["t.tar", "all"]).map(<[u8]>::len), Some(2 * SECRET.len()));
}

#[test]
fn what_holds_for_all_entries_is_short_as_each_of_them_repeats_it() {
    for key in ["path", "linkpath"] {
        let links = |length: usize| {
            let link = TarEntry::file("link", b"").with(|entry| entry.flag = b'2');
            of(&[&[pax(b'g', &[(key, &"x".repeat(length))])], &vec![link; 500][..], &[secret()]].concat())
        };
        let (seen, reasons) = links(512);
        assert!(reasons.is_empty() && seen.saw(SECRET));
        let (seen, reasons) = links(100_000);
        assert_eq!(reasons, [BadTar], "{key}");
        assert!(seen.saw(SECRET) && seen.bytes < 1 << 20, "{} bytes", seen.bytes);
    }
}

#[test]
fn pax_that_cannot_be_understood_is_told() {
    for body in ["no length\n", "5 a=b", "99 a=b\n", "7 a=bcd\n", "6 abc\n", "13 size=-12\n\n"] {
        let (seen, reasons) = of(&[TarEntry::file("pax", body.as_bytes()).with(|entry| entry.flag = b'x'), secret()]);
        assert_eq!(reasons, [BadTar], "{body:?}");
        assert!(seen.saw(SECRET));
    }
}

#[test]
fn where_links_point_to_is_seen() {
    for flag in [b'1', b'2'] {
        let link =
            TarEntry::file("link", b"").with(|entry| (entry.flag, entry.target) = (flag, b"/etc/shadow".to_vec()));
        let (seen, reasons) = of(&[link, secret()]);
        assert_eq!((seen.of(&["t.tar", "link"]), reasons), (Some(b"/etc/shadow".as_slice()), vec![]));
        assert!(seen.saw(SECRET));
    }
}

#[test]
fn a_link_or_directory_with_content_is_told_and_all_behind_it_seen() {
    for flag in [b'1', b'2', b'5'] {
        let odd = TarEntry::file("odd", b"some content").with(|entry| entry.flag = flag);
        let (seen, reasons) = of(&[odd, secret()]);
        assert_eq!(reasons, [BadTar]);
        assert!(seen.saw(SECRET));
    }
}

#[test]
fn files_with_holes_are_told_and_what_is_there_is_seen() {
    let holes = TarEntry::file("holes", SECRET).with(|entry| (entry.flag, entry.magic) = (b'S', *b"ustar  \0"));
    let (seen, reasons) = of(&[holes.clone(), TarEntry::file("next", b"next")]);
    assert_eq!(reasons, [Sparse]);
    assert!(seen.saw(SECRET) && seen.of(&["t.tar", "next"]).is_some());
    let many = holes.with(|entry| {
        entry.set = vec![(482, 1)];
        entry.size = Some(SECRET.len() as u64);
        entry.body = [[0; 512].as_slice(), SECRET].concat();
    });
    let (seen, reasons) = of(&[many, TarEntry::file("next", b"next")]);
    assert_eq!(reasons, [Sparse]);
    assert!(seen.saw(SECRET) && seen.of(&["t.tar", "next"]).is_some());
    let new = pax(b'x', &[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "holes")]);
    assert_eq!(of(&[new, secret()]).1, [Sparse]);
}

#[test]
fn what_fills_a_block_up_is_seen_if_it_is_not_empty() {
    let (seen, reasons) = of(&[secret().with(|entry| entry.padding = b'!')]);
    assert_eq!(reasons, []);
    assert!(seen.of(&["t.tar", "secret", "<padding>"]).is_some_and(|padding| padding.iter().all(|byte| *byte == b'!')));
}

#[test]
fn an_archive_behind_the_end_is_read() {
    let both = [tar_of(&[("a", b"a")]), tar_of(&[("secret", SECRET)])].concat();
    let (seen, coverage) = within(&both);
    assert!(coverage.is_whole());
    assert_eq!(seen.of(&["t.tar", "<behind the end>", "secret"]), Some(SECRET));
}

#[test]
fn a_bad_header_is_told_and_all_behind_it_seen() {
    let mut archive = tar(&[TarEntry::file("a", b"a"), secret()]);
    archive[1024 + 150] ^= 1;
    let (seen, coverage) = within(&archive);
    assert_eq!(reasons(&coverage), [BadTar]);
    assert!(seen.saw(SECRET));
    archive[150] ^= 1;
    assert_eq!(reasons(&within(&archive).1), [BadTar]);
}

#[test]
fn sizes_that_are_no_sizes_are_told() {
    for set in [(124, b'9'), (124, 0xFF), (124, 0x81)] {
        let (seen, reasons) = of(&[TarEntry::file("a", b"a"), secret().with(|entry| entry.set = vec![set])]);
        assert_eq!(reasons, [BadTar], "{set:?}");
        assert!(seen.saw(SECRET));
    }
    let (_, reasons) = of(&[secret().with(|entry| entry.size = Some(1 << 20))]);
    assert!(reasons.contains(&Truncated));
}

#[test]
fn big_sizes_in_gnu_s_form_are_read() {
    let (_, reasons) = of(&[secret().with(|entry| {
        entry.set = (124..136).map(|at| (at, 0)).chain([(124, 0x80), (135, SECRET.len() as u8)]).collect();
    })]);
    assert_eq!(reasons, []);
    let (_, reasons) = of(&[secret().with(|entry| {
        entry.set = (124..136).map(|at| (at, if at < 128 { 0 } else { 0xFF })).chain([(124, 0x80)]).collect()
    })]);
    assert!(!reasons.is_empty());
}

#[test]
fn a_tar_has_no_more_entries_than_the_limit() {
    let entries: Vec<TarEntry> = (0..10).map(|number| TarEntry::file(&format!("{number}"), b"x")).collect();
    let archive = tar(&[entries, vec![secret()]].concat());
    let limits = Limits { entries: 5, ..Limits::default() };
    let (seen, coverage) = scan_within(&ZipFile::of(&[("t.tar", &archive)]).build(), &limits, 1 << 20);
    assert_eq!(reasons(&coverage), [TooManyEntries]);
    assert!(seen.saw(SECRET));
}

#[test]
fn odd_names_are_shown_escaped() {
    let (seen, _) = of(&[secret().with(|entry| entry.name = b"../\xFF\n".to_vec())]);
    assert_eq!(seen.of(&["t.tar", "../\\xff\\x0a"]), Some(SECRET));
}

//! Archives that are as they should be.

use std::io::{self, Read};

use proptest::prelude::*;

use crate::testing::*;
use crate::zip::{Directory, End, batches};
use crate::{Amount, Budget, Coverage, Limits, OVERLAP, Walk};

#[test]
fn every_entry_is_handed_on_and_counted() {
    let zip = ZipFile::new(vec![
        ZipEntry::deflated("src/a.txt", b"some text"),
        ZipEntry::stored("b.bin", b"\0\x01\x02"),
        ZipEntry::stored("src/", b""),
    ]);
    let (seen, coverage) = scan(&zip.build());
    assert_eq!(seen.of(&["src/a.txt"]), Some(b"some text".as_slice()));
    assert_eq!(seen.of(&["b.bin"]), Some(b"\0\x01\x02".as_slice()));
    assert!(coverage.is_whole(), "{coverage:?}");
    assert_eq!(coverage.scanned, Amount { entries: 2, bytes: 9 });
    assert_eq!((coverage.binary.entries, coverage.unpacked), (1, 12));
}

#[test]
fn names_and_remarks_of_the_archive_itself_are_handed_on() {
    let entry = ZipEntry::deflated("a", b"").with(|entry| entry.comment = b"remark of an entry".to_vec());
    let zip = ZipFile::new(vec![entry]).with(|zip| zip.comment = b"remark of all".to_vec());
    let (seen, coverage) = scan(&zip.build());
    assert!(seen.saw(b"remark of an entry") && seen.saw(b"remark of all"));
    assert!(coverage.is_whole());
}

#[test]
fn an_archive_without_entries_is_whole() {
    let (_, coverage) = scan(&ZipFile::new(vec![]).build());
    assert!(coverage.is_whole());
    assert_eq!(coverage.scanned.entries, 0);
}

#[test]
fn long_content_comes_in_pieces_that_overlap() {
    let line = b"0123456789abcdef0123456789abcdef 0123\n";
    let content: Vec<u8> = line.iter().copied().cycle().take(5_000_001).collect();
    let one_line = vec![b'x'; 3 << 20];
    let limits = Limits { ratio: 2000, ..Limits::default() };
    let zip = ZipFile::of(&[("lines", &content), ("one line", &one_line)]).build();
    let (seen, coverage) = scan_within(&zip, &limits, 1 << 20);
    assert_eq!(seen.of(&["lines"]), Some(content.as_slice()));
    assert_eq!(seen.of(&["one line"]), Some(one_line.as_slice()));
    assert!(coverage.is_whole());
}

#[test]
fn pieces_end_well_around_their_length() {
    for extra in [-1_i64, 0, 1, 2] {
        for pieces in [1, 2] {
            let length = (1 << 20) * pieces - (OVERLAP as i64) * (pieces - 1) + extra;
            let content = vec![b'y'; length as usize];
            let (seen, coverage) = scan(&ZipFile::new(vec![ZipEntry::stored("a", &content)]).build());
            assert_eq!(seen.of(&["a"]).map(<[u8]>::len), Some(content.len()));
            assert!(coverage.is_whole());
        }
    }
}

#[test]
fn unwanted_entries_are_skipped_and_counted() {
    let wanted = ZipEntry::stored("wanted", b"text");
    let unwanted = ZipEntry::stored("unwanted.png", &[7; 200_000]);
    let zip = ZipFile::new(vec![unwanted.clone(), wanted, unwanted]).build();
    let end = End::find(&zip, zip.len() as u64).unwrap();
    let bytes = &zip[end.directory.start as usize..end.directory.end as usize];
    let directory = Directory::read(bytes, &end, &Limits::default()).unwrap();
    let plan = batches(&directory, 8 << 20, |entry| &*entry.name == b"wanted");
    assert_eq!(plan.batches.len(), 1);
    assert!(plan.batches[0].bytes.end - plan.batches[0].bytes.start < 100);
    assert_eq!(plan.skipped, Amount { entries: 2, bytes: 400_000 });
    let (seen, coverage) = scan(&zip);
    assert!(coverage.is_whole() && seen.of(&["wanted"]).is_some() && !seen.saw(&[7; 10]));
    assert_eq!(coverage.skipped, Amount { entries: 2, bytes: 400_000 });
}

#[test]
fn what_hides_behind_a_skipped_entry_is_seen() {
    let unwanted = ZipEntry::stored("unwanted.png", &[7; 200_000]).with(|entry| entry.after = b"hidden ".repeat(30));
    let (seen, coverage) = scan(&ZipFile::new(vec![unwanted]).build());
    assert!(seen.saw(b"hidden hidden") && !seen.saw(&[7; 10]));
    assert_eq!(coverage.skipped.entries, 1);
}

/// Fails in the middle, as a connection does.
struct Cut<'b>(&'b [u8]);

impl Read for Cut<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_download_that_fails_is_an_error_and_no_gap() {
    let zip = ZipFile::of(&[("a", b"text"), ("b", b"more text")]).build();
    let end = End::find(&zip, zip.len() as u64).unwrap();
    let (limits, from) = (Limits::default(), end.directory.start as usize);
    let directory = Directory::read(&zip[from..end.directory.end as usize], &end, &limits).unwrap();
    let plan = batches(&directory, 1 << 20, |_| true);
    let budget = Budget::new(&limits, 0);
    for cut in 0..from {
        let result = Walk::new(&limits, &budget).batch(&plan, &plan.batches[0], Cut(&zip[..cut]), &mut Seen::default());
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_file_that_is_no_archive_is_read_as_it_is() {
    let (limits, mut seen) = (Limits::default(), Seen::default());
    let budget = Budget::new(&limits, 0);
    let coverage = Walk::new(&limits, &budget).file("notes.txt", b"text".as_slice(), &mut seen).unwrap();
    assert_eq!(seen.of(&["notes.txt"]), Some(b"text".as_slice()));
    assert_eq!(coverage.scanned, Amount { entries: 1, bytes: 4 });
}

#[test]
fn a_walk_and_a_budget_may_go_to_a_thread() {
    fn may_go<T: Send>() {}
    may_go::<Walk<'_>>();
    may_go::<&Budget>();
    may_go::<Coverage>();
}

fn entries() -> impl Strategy<Value = Vec<(String, Vec<u8>, bool)>> {
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2000),
        "[a-z \n]{0,300}".prop_map(|text| text.repeat(20).into_bytes()),
    ];
    prop::collection::vec(("(unwanted)?[a-z]{1,8}/[a-z]{1,8}", content, any::<bool>()), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_the_batches_the_same_is_seen(files in entries(), most in 1..100_000_u64) {
        let make = |(name, content, is_deflated): &(String, Vec<u8>, bool)| {
            if *is_deflated { ZipEntry::deflated(name, content) } else { ZipEntry::stored(name, content) }
        };
        let zip = ZipFile::new(files.iter().map(make).collect()).build();
        let (seen, coverage) = scan(&zip);
        let (seen_in_batches, in_batches) = scan_within(&zip, &Limits::default(), most);
        prop_assert_eq!(&seen.content, &seen_in_batches.content);
        prop_assert_eq!(&coverage, &in_batches);
        let skipped = files.iter().filter(|(name, _, _)| name.starts_with("unwanted"));
        prop_assert_eq!(coverage.skipped.entries, skipped.count() as u64);
        let entries = coverage.scanned.entries + coverage.binary.entries + coverage.skipped.entries;
        prop_assert_eq!(entries, files.len() as u64);
        prop_assert!(coverage.is_whole());
    }
}

//! Archives that are made to take all memory or all time.

use crate::Broken::*;
use crate::testing::*;
use crate::{Limits, MOST_GAPS};

const MIB: usize = 1 << 20;

fn zeros(length: usize) -> Vec<u8> {
    vec![0; length]
}

#[test]
fn a_bomb_is_unpacked_no_further_than_the_cap() {
    let zip = ZipFile::of(&[("bomb", &zeros(64 * MIB)), ("behind", b"behind")]).build();
    let limits = Limits { entry: 8 << 20, free_of_ratio: 64 << 20, ..Limits::default() };
    let (seen, coverage) = scan_within(&zip, &limits, 8 << 20);
    assert_eq!(reasons(&coverage), [EntryTooLong]);
    assert!(coverage.unpacked as f64 <= 1.01 * (8 << 20) as f64, "{}", coverage.unpacked);
    assert_eq!(seen.of(&["behind"]), Some(b"behind".as_slice()));
}

#[test]
fn a_bomb_ends_where_it_has_grown_too_much() {
    let zip = ZipFile::of(&[("bomb", &zeros(64 * MIB))]).build();
    let (_, coverage) = scan(&zip);
    assert_eq!(reasons(&coverage), [RatioTooHigh]);
    assert!(coverage.unpacked as f64 <= 1.01 * Limits::default().free_of_ratio as f64, "{}", coverage.unpacked);
}

#[test]
fn a_bomb_that_says_a_small_size_ends_there() {
    let bomb = ZipEntry::deflated("bomb", &zeros(64 * MIB)).with(|entry| entry.size = 1000);
    let (_, coverage) = scan(&ZipFile::new(vec![bomb]).build());
    assert_eq!(reasons(&coverage), [OtherSize]);
    assert_eq!(coverage.unpacked, 1001);
}

#[test]
fn many_small_bombs_end_at_the_limit_for_the_artifact() {
    let bomb = zeros(MIB);
    let names: Vec<String> = (0..64).map(|number| format!("bomb {number}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), bomb.as_slice())).collect();
    let limits = Limits { artifact: 10 << 20, ..Limits::default() };
    let (_, coverage) = scan_within(&ZipFile::of(&files).build(), &limits, 1 << 20);
    assert!(coverage.unpacked as f64 <= 1.01 * limits.artifact as f64, "{}", coverage.unpacked);
    assert_eq!(coverage.gaps.len(), 54);
    assert!(reasons(&coverage).iter().all(|reason| *reason == ArtifactTooLong));
}

#[test]
fn bombs_in_bombs_count_in_every_layer() {
    let mut zip = ZipFile::of(&[("core", &zeros(4 * MIB))]).build();
    for _ in 0..2 {
        let names: Vec<String> = (0..16).map(|number| format!("layer {number}.zip")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), zip.as_slice())).collect();
        zip = ZipFile::of(&files).build();
    }
    let limits = Limits { artifact: 20 << 20, ..Limits::default() };
    let (_, coverage) = scan_within(&zip, &limits, 8 << 20);
    assert!(coverage.unpacked as f64 <= 1.01 * limits.artifact as f64, "{}", coverage.unpacked);
    assert!(reasons(&coverage).contains(&ArtifactTooLong));
}

#[test]
fn gzip_in_gzip_is_unpacked_no_further_than_the_cap() {
    let bomb = gzipped(&gzipped(&gzipped(&zeros(64 * MIB))));
    let limits = Limits { entry: 4 << 20, free_of_ratio: 1 << 30, ..Limits::default() };
    let (_, coverage) = scan_within(&ZipFile::of(&[("bomb.gz", &bomb)]).build(), &limits, 8 << 20);
    assert_eq!(reasons(&coverage), [EntryTooLong]);
    assert!(coverage.unpacked < (4 << 20) + (1 << 19), "{}", coverage.unpacked);
}

#[test]
fn a_tar_in_gzip_that_never_ends_does() {
    let header = TarEntry::file("zeros", b"").with(|entry| entry.size = Some(1 << 33));
    let mut tar = Vec::new();
    header.write(&mut tar);
    tar.extend(zeros(40 * MIB));
    let (_, coverage) = scan(&ZipFile::new(vec![ZipEntry::stored("t.tgz", &gzipped(&tar))]).build());
    assert!(!coverage.is_whole());
    assert!(coverage.unpacked < 34 << 20, "{}", coverage.unpacked);
}

#[test]
fn a_million_entries_are_read_in_bounded_time_and_list_few_gaps() {
    let entry = ZipEntry::stored("0000000", b"x").with(|entry| entry.checksum ^= 1);
    let one = ZipFile::new(vec![entry]).build();
    // The builder would take long: the same header and record, a number of times, at other places.
    let (header, record) = (&one[..38], &one[38..38 + 53]);
    let count = 1_000_000_u32;
    let mut zip = header.repeat(count as usize);
    let starts = zip.len() as u32;
    for number in 0..count {
        let mut record = record.to_vec();
        record[42..46].copy_from_slice(&(number * 38).to_le_bytes());
        zip.extend(record);
    }
    let size = zip.len() as u32 - starts;
    let end = ZipFile::default().with(|zip| {
        zip.is_long = true;
        (zip.count, zip.directory_size, zip.directory_at) =
            (Some(count.into()), Some(size.into()), Some(starts.into()));
        zip.locator_at = Some(u64::from(starts) + u64::from(size));
    });
    zip.extend(end.build());
    let mut bytes = 0;
    let coverage = watched(&zip, &Limits::default(), &mut |piece| bytes += piece.bytes.len() as u64);
    assert_eq!(coverage.gaps.len() as u64 + coverage.gaps_left_out, u64::from(count));
    assert_eq!(coverage.gaps.len(), MOST_GAPS);
    assert!(bytes >= u64::from(count));
}

#[test]
fn one_line_of_a_gigabyte_keeps_its_column() {
    let limits = Limits { free_of_ratio: 1 << 40, ..Limits::default() };
    let mut last = (0, 0);
    let line = gzipped(&vec![b'x'; 20 * MIB]);
    let line = line.repeat(if cfg!(debug_assertions) { 2 } else { 50 });
    let zip = ZipFile::new(vec![ZipEntry::stored("line.gz", &line)]).build();
    let coverage = watched(&zip, &limits, &mut |piece| last = (piece.column_before, piece.offset));
    assert!(coverage.is_whole(), "{coverage:?}");
    assert!(last.0 == last.1 && last.0 > 30_000_000);
}

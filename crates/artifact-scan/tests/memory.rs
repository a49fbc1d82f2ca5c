//! How much memory a hostile artifact takes. A process of its own, with one test, because it looks at the whole process.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::ops::Range;

use artifact_scan::secrets::{Found, Scan, Scanner};
use artifact_scan::{Budget, Limits, Nature, Piece, Scanned, Visitor, Walk};
use zip::write::{SimpleFileOptions, ZipWriter};

/// More than the buffers of a walk through six archives, its nested archives and what is kept of a scan come to.
const MOST_KIB: u64 = 32 << 10;

/// Takes what is found after each piece, as callers do.
struct Eyes<'s> {
    scan: Scan<'s>,
    part: Scanned,
}

impl Visitor for Eyes<'_> {
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        let nature = Visitor::piece(&mut self.scan, path, piece);
        self.part.note(self.scan.take());
        nature
    }
}

/// Access key ids, none of which is like another.
fn tokens(numbers: Range<u64>) -> Vec<u8> {
    let token = |number: u64| {
        let mut random = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut letter = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(random >> 59) as usize])
        };
        format!("{}{}{}\n", "AK", "IA", (0..16).map(|_| letter()).collect::<String>())
    };
    numbers.map(token).collect::<String>().into_bytes()
}

/// Adds an entry to a tar archive, under a name of a thousand bytes of which nobody sees most.
fn add(tar: &mut Vec<u8>, number: usize, content: &[u8]) {
    let name = [format!("{number:08}").as_bytes(), &[1; 992]].concat();
    for (flag, content) in [(b'L', &name[..]), (b'0', content)] {
        let mut header = [0_u8; 512];
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = flag;
        header[257..265].copy_from_slice(b"ustar  \0");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend(header);
        tar.extend(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
}

fn tar_of<'c>(contents: impl IntoIterator<Item = &'c [u8]>) -> Vec<u8> {
    let mut tar = Vec::new();
    contents.into_iter().enumerate().for_each(|(number, content)| add(&mut tar, number, content));
    tar.extend([0; 1024]);
    tar
}

/// In four archives in archives.
fn nested(content: &[u8]) -> Vec<u8> {
    zip_of(&(0..4).fold(content.to_vec(), |content, _| tar_of([&content[..]])))
}

fn zip_of(tar: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("a.tar", SimpleFileOptions::default()).expect("a name");
    writer.write_all(tar).expect("content");
    writer.finish().expect("an end").into_inner()
}

fn scan(scanner: &Scanner, artifact: &[u8]) -> Scanned {
    let limits = Limits { depth: 8, ..Limits::default() };
    let budget = Budget::new(&limits, 0);
    let mut eyes = Eyes { scan: Scan::new(scanner, Found::new(b"key")), part: Scanned::default() };
    let coverage = Walk::new(&limits, &budget).file("a.zip", artifact, &mut eyes).expect("bytes in memory can be read");
    assert!(coverage.is_whole(), "{coverage:?}");
    eyes.part.cover(coverage);
    eyes.part.trimmed()
}

/// The memory of this process now and at its highest, in KiB.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("it is told");
    line.trim_matches(|character: char| !character.is_ascii_digit()).parse().expect("a number")
}

/// The most memory that a scan takes more than before, in KiB, and what it found.
fn took(scanner: &Scanner, artifact: &[u8]) -> (u64, Scanned) {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux forgets its peak");
    let before = memory("VmRSS:");
    let scanned = scan(scanner, artifact);
    (memory("VmHWM:").saturating_sub(before), scanned)
}

#[test]
fn very_many_secrets_under_very_long_names_take_little_memory() {
    let scanner = Scanner::built_in().unwrap();
    // What is made once for all scans does not count.
    scan(&scanner, &nested(b"nothing to be found"));
    let one_entry = nested(&tokens(0..45_000));
    let contents: Vec<Vec<u8>> = (0..4_500).map(|number| tokens(number..number + 2)).collect();
    let many_entries = zip_of(&tar_of(contents.iter().map(Vec::as_slice)));
    for artifact in [one_entry, many_entries] {
        let (took, scanned) = took(&scanner, &artifact);
        assert!(scanned.findings().len() > 4_000);
        let mut places = scanned.findings().flat_map(|noted| &noted.finding.places);
        assert!(places.all(|place| place.path.iter().map(String::len).sum::<usize>() <= 512));
        assert!(took < MOST_KIB, "{took} KiB");
    }
}

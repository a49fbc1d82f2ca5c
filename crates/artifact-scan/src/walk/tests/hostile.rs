//! Archives that lie: none of them is clean, and what can be read of them is.

use crate::Broken::*;
use crate::testing::*;
use crate::{Amount, Broken, Limits};

const SECRET: &[u8] = b"a secret that must be seen";

/// Scans this entry between two that are well, and says why it is not; the others are always seen.
fn broken(entry: ZipEntry) -> (Seen, Vec<Broken>) {
    let around = |name: &str| ZipEntry::deflated(name, name.as_bytes());
    let (seen, coverage) = scan(&ZipFile::new(vec![around("before"), entry, around("behind")]).build());
    assert_eq!(seen.of(&["before"]), Some(b"before".as_slice()));
    assert_eq!(seen.of(&["behind"]), Some(b"behind".as_slice()));
    (seen, reasons(&coverage))
}

fn secret() -> ZipEntry {
    ZipEntry::deflated("secret", SECRET)
}

#[test]
fn a_name_of_its_own_in_the_header_is_told() {
    let (seen, reasons) = broken(secret().with(|entry| entry.local_name = Some(b"secre7".to_vec())));
    assert_eq!(reasons, [HeadersDisagree]);
    assert!(seen.saw(SECRET) && seen.saw(b"secre7"));
}

#[test]
fn another_size_or_method_in_the_header_is_told() {
    let (seen, reasons) = broken(secret().with(|entry| entry.local_size = Some(3)));
    assert_eq!(reasons, [HeadersDisagree]);
    assert!(seen.saw(SECRET));
    let (seen, reasons) = broken(secret().with(|entry| entry.local_method = Some(0)));
    assert_eq!(reasons, [HeadersDisagree]);
    assert!(seen.saw(SECRET));
}

#[test]
fn a_wrong_checksum_is_told_and_the_content_seen() {
    let (seen, reasons) = broken(secret().with(|entry| entry.checksum ^= 1));
    assert_eq!(reasons, [OtherChecksum]);
    assert!(seen.saw(SECRET));
}

#[test]
fn a_wrong_size_is_told_whichever_way() {
    let (seen, reasons) = broken(secret().with(|entry| entry.size += 1));
    assert_eq!(reasons, [OtherSize]);
    assert!(seen.saw(SECRET));
    let (_, reasons) = broken(secret().with(|entry| entry.size -= 1));
    assert_eq!(reasons, [OtherSize]);
    let (seen, reasons) = broken(ZipEntry::stored("secret", SECRET).with(|entry| entry.size -= 5));
    assert_eq!(reasons, [OtherSize]);
    assert!(seen.saw(&SECRET[..20]));
}

#[test]
fn compressed_bytes_that_are_too_many_are_seen_as_they_are() {
    let (seen, reasons) = broken(secret().with(|entry| {
        entry.data.extend(b"hidden behind the stream");
        entry.packed = entry.data.len() as u64;
    }));
    assert_eq!(reasons, [OtherSize]);
    assert!(seen.saw(SECRET) && seen.saw(b"hidden behind the stream"));
}

#[test]
fn noise_instead_of_compressed_bytes_is_told() {
    let (_, reasons) = broken(secret().with(|entry| entry.data.iter_mut().for_each(|byte| *byte ^= 0xA5)));
    assert!(reasons == [BadData] || reasons == [Truncated] || reasons == [OtherSize], "{reasons:?}");
}

#[test]
fn what_is_encrypted_or_of_an_unknown_method_is_told() {
    for flags in [1, 1 | 1 << 6, 1 << 13] {
        assert_eq!(broken(secret().with(|entry| entry.flags = flags)).1, [Encrypted]);
    }
    for method in [1, 9, 12, 14, 93, 95, 99] {
        assert_eq!(broken(secret().with(|entry| entry.method = method)).1, [UnknownMethod]);
    }
}

#[test]
fn all_forms_of_descriptors_are_read() {
    for (signed, long) in [(false, false), (false, true), (true, false), (true, true)] {
        let of = |lies| secret().with(|entry| entry.descriptor = Some(Descriptor { signed, long, lies }));
        let (seen, reasons) = broken(of(false));
        assert_eq!(reasons, [], "{signed} {long}");
        assert!(seen.saw(SECRET));
        let (seen, reasons) = broken(of(true));
        assert_eq!(reasons, [HeadersDisagree], "{signed} {long}");
        assert!(seen.saw(SECRET));
    }
}

#[test]
fn bytes_between_entries_are_seen() {
    let (seen, reasons) = broken(secret().with(|entry| entry.after = b"hidden between".to_vec()));
    assert_eq!(reasons, []);
    assert!(seen.saw(SECRET) && seen.saw(b"hidden between"));
}

#[test]
fn an_entry_the_directory_does_not_name_is_told() {
    let hidden = ZipFile::of(&[("hidden", SECRET)]).build();
    let (_, reasons) = broken(secret().with(|entry| entry.after = hidden.clone()));
    assert_eq!(reasons, [StrayEntry]);
    let zip = ZipFile::of(&[("a", b"a")]).with(|zip| zip.before_directory = hidden.clone());
    let (_, coverage) = scan(&zip.build());
    assert!(!coverage.is_whole());
}

#[test]
fn extra_fields_that_are_long_are_seen() {
    let extra = [[0x34, 0x12, 100, 0].as_slice(), &SECRET.repeat(10)[..100]].concat();
    let (seen, reasons) = broken(secret().with(|entry| entry.local_extra = extra));
    assert_eq!(reasons, []);
    assert!(seen.of(&["secret", "<header>"]).is_some_and(|header| header.ends_with(&SECRET.repeat(10)[..100])));
}

#[test]
fn odd_names_are_reported_escaped_and_their_content_seen() {
    let names: [(&[u8], &str); 6] = [
        (b"../../../etc/cron.d/x", "../../../etc/cron.d/x"),
        (b"/absolute", "/absolute"),
        (b"with\0nul", "with\\x00nul"),
        (b"C:\\windows\\x", "C:\\\\windows\\\\x"),
        (b"\xE9t\xE9.txt", "\\xe9t\\xe9.txt"),
        (b"", ""),
    ];
    for (name, shown) in names {
        let (seen, reasons) = broken(ZipEntry::deflated(name, SECRET));
        assert_eq!(reasons, []);
        assert_eq!(seen.of(&[shown]), Some(SECRET));
    }
}

#[test]
fn of_entries_with_one_name_all_are_seen() {
    let entries = [b"first".as_slice(), SECRET, b"third"].map(|content| ZipEntry::deflated("same", content));
    let (seen, coverage) = scan(&ZipFile::new(entries.into()).build());
    assert_eq!(seen.of(&["same"]), Some([b"first", SECRET, b"third"].concat().as_slice()));
    assert_eq!(coverage.scanned.entries, 3);
}

#[test]
fn where_a_link_points_to_is_seen() {
    let (seen, reasons) =
        broken(ZipEntry::stored("link", b"/etc/passwd").with(|entry| entry.attributes = 0o120_777 << 16));
    assert_eq!(reasons, []);
    assert_eq!(seen.of(&["link"]), Some(b"/etc/passwd".as_slice()));
}

#[test]
fn bytes_before_the_archive_are_seen_whatever_the_offsets_count() {
    for counts_prefix in [false, true] {
        let zip = ZipFile::of(&[("a", SECRET)]).with(|zip| {
            zip.prefix = b"#!/bin/sh\nTOKEN=hidden".to_vec();
            zip.counts_prefix = counts_prefix;
        });
        let (seen, coverage) = scan(&zip.build());
        assert!(coverage.is_whole() && seen.saw(b"TOKEN=hidden") && seen.saw(SECRET));
    }
}

#[test]
fn an_archive_before_the_archive_is_told() {
    let before = ZipFile::of(&[("hidden", SECRET)]).build();
    let zip = ZipFile::of(&[("a", b"a")]).with(|zip| zip.prefix = before);
    let (_, coverage) = scan(&zip.build());
    assert_eq!(reasons(&coverage), [StrayEntry]);
}

/// Why this archive is refused as a whole.
fn refused(zip: &[u8]) -> Broken {
    let (_, coverage) = scan(zip);
    assert_eq!(coverage.scanned, Amount::default());
    coverage.gaps[0].reason
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let kernel = ZipEntry::deflated("a", &[0; 10_000]);
    let again = |name: &str| {
        kernel.clone().with(|entry| (entry.name, entry.at, entry.is_only_told) = (name.into(), Some(0), true))
    };
    assert_eq!(refused(&ZipFile::new(vec![kernel.clone(), again("b"), again("c")]).build()), Overlapping);
    // Each entry's data is the next one's header and data, as Fifield's bomb has it.
    let inner = ZipFile::new(vec![kernel.clone()]).build();
    let outer = ZipEntry::stored("outer", &inner[..31 + kernel.data.len()]);
    let inside = kernel.with(|entry| (entry.at, entry.is_only_told) = (Some(35), true));
    assert_eq!(refused(&ZipFile::new(vec![outer, inside]).build()), Overlapping);
}

#[test]
fn several_ends_are_refused() {
    let inner = ZipFile::of(&[("hidden", SECRET)]).build();
    let zip = ZipFile::of(&[("a", b"a")]).with(|zip| zip.comment = inner);
    assert_eq!(refused(&zip.build()), SeveralEnds);
    let zip = ZipFile::of(&[("a", b"a")]).with(|zip| zip.comment = b"only a mark PK\x05\x06".to_vec());
    assert_eq!(refused(&zip.build()), SeveralEnds);
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let zip = ZipFile::of(&[("a", b"a")]).build();
    assert_eq!(refused(&[&zip, b"more".as_slice()].concat()), BytesAfterTheEnd);
    assert_eq!(refused(b"no zip at all"), NotAZip);
    assert_eq!(refused(b""), NotAZip);
}

#[test]
fn an_end_that_lies_is_refused() {
    let zip = || ZipFile::of(&[("a", b"a"), ("b", b"b")]);
    assert_eq!(refused(&zip().with(|zip| zip.count = Some(1)).build()), OtherNumberOfEntries);
    assert_eq!(refused(&zip().with(|zip| zip.count = Some(3)).build()), OtherNumberOfEntries);
    assert_eq!(refused(&zip().with(|zip| zip.disk = 1).build()), SeveralDisks);
    assert_eq!(refused(&zip().with(|zip| zip.directory_size = Some(10_000)).build()), DirectoryElsewhere);
    assert_eq!(refused(&zip().with(|zip| zip.directory_at = Some(10_000)).build()), DirectoryElsewhere);
    assert_eq!(refused(&zip().with(|zip| zip.directory_size = Some(50)).build()), BadRecord);
    assert!(matches!(refused(&zip().with(|zip| zip.directory_at = Some(3)).build()), Overlapping | HeadersDisagree));
}

#[test]
fn zip64_is_read_and_its_lies_are_refused() {
    let entry = || secret().with(|entry| entry.is_long = true);
    let zip = || ZipFile::new(vec![entry()]).with(|zip| zip.is_long = true);
    let (seen, coverage) = scan(&zip().build());
    assert!(coverage.is_whole() && seen.saw(SECRET), "{coverage:?}");
    assert_eq!(refused(&zip().with(|zip| zip.locator_at = Some(7)).build()), DirectoryElsewhere);
    assert_eq!(refused(&zip().with(|zip| zip.short_count = Some(5)).build()), DirectoryElsewhere);
    assert_eq!(refused(&zip().with(|zip| zip.count = Some(u64::MAX)).build()), TooManyEntries);
    assert_eq!(refused(&zip().with(|zip| zip.directory_size = Some(u64::MAX)).build()), DirectoryElsewhere);
    assert_eq!(refused(&zip().with(|zip| zip.directory_at = Some(u64::MAX)).build()), DirectoryElsewhere);
    for (size, packed) in [(u64::MAX, 0), (1 << 40, 1 << 40), (0, u64::MAX)] {
        let lie = ZipFile::new(vec![entry().with(|entry| (entry.size, entry.packed) = (size, packed))]);
        assert!(!scan(&lie.build()).1.is_whole());
    }
    let far = ZipFile::new(vec![entry().with(|entry| entry.at = Some(u64::MAX))]);
    assert!(matches!(refused(&far.build()), BadRecord | Overlapping));
}

#[test]
fn a_record_with_two_zip64_fields_is_refused() {
    let entry = secret().with(|entry| {
        entry.is_long = true;
        entry.extra = [[1, 0, 24, 0].as_slice(), &[0; 24]].concat();
    });
    assert_eq!(refused(&ZipFile::new(vec![entry]).build()), BadRecord);
}

#[test]
fn a_directory_beyond_the_limits_is_refused() {
    let zip = ZipFile::of(&[("a", b"a"), ("b", b"b")]).build();
    let few = Limits { entries: 1, ..Limits::default() };
    assert_eq!(reasons(&scan_within(&zip, &few, 1 << 20).1), [TooManyEntries]);
    let short = Limits { directory: 50, ..Limits::default() };
    assert_eq!(reasons(&scan_within(&zip, &short, 1 << 20).1), [DirectoryTooLong]);
}

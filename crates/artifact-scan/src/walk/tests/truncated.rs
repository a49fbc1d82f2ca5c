//! Archives cut off anywhere, or with any byte changed: never a panic, and never clean if something is missing.

use proptest::prelude::*;

use crate::testing::*;
use crate::zip::{Directory, End, batches};
use crate::{Broken, Budget, Limits, Walk};

/// One of everything.
fn everything() -> Vec<u8> {
    let inner = ZipFile::of(&[("a", b"some text in an inner archive"), ("b", b"")]).build();
    let tar = tar_of(&[("one", b"text one"), ("two", b"text two")]);
    let descriptor = Some(Descriptor { signed: true, long: false, lies: false });
    ZipFile::new(vec![
        ZipEntry::deflated("text", b"some text, some text, some text"),
        ZipEntry::stored("inner.zip", &inner),
        ZipEntry::deflated("t.tgz", &gzipped(&tar)).with(|entry| entry.descriptor = descriptor),
        ZipEntry::deflated("t.tar", &tar).with(|entry| entry.after = b"between".to_vec()),
    ])
    .with(|zip| zip.prefix = b"#!prefix\n".to_vec())
    .build()
}

#[test]
fn an_archive_cut_off_anywhere_is_never_clean() {
    let whole = everything();
    assert!(scan(&whole).1.is_whole());
    for cut in 0..whole.len() {
        assert!(!scan(&whole[..cut]).1.is_whole(), "{cut}");
    }
}

#[test]
fn a_download_that_ends_early_is_never_clean() {
    let whole = everything();
    let end = End::find(&whole, whole.len() as u64).unwrap();
    let (limits, until) = (Limits::default(), end.directory.start as usize);
    let directory = Directory::read(&whole[until..end.directory.end as usize], &end, &limits).unwrap();
    let plan = batches(&directory, 1 << 20, |_| true);
    let budget = Budget::new(&limits, 0);
    for cut in 0..until {
        let mut seen = Seen::default();
        let coverage = Walk::new(&limits, &budget).batch(&plan, &plan.batches[0], &whole[..cut], &mut seen).unwrap();
        assert!(!coverage.is_whole(), "{cut}");
    }
}

#[test]
fn nested_archives_cut_off_anywhere_are_never_clean() {
    let text = b"some text that is long enough to be compressed, long enough to be compressed";
    let gzip = gzipped(text);
    let archives = [
        (ZipFile::of(&[("a", text), ("b", b"")]).build(), 4),
        (gzip.clone(), 3),
        ([gzip.clone(), gzip].concat(), 3),
        (gzipped(&tar_of(&[("one", text)])), 3),
    ];
    for (archive, front) in archives {
        let first_member = gzipped(text).len();
        for cut in (front..archive.len()).filter(|cut| archive[..2] == *b"PK" || *cut != first_member) {
            let (_, coverage) = scan(&ZipFile::of(&[("a", &archive[..cut])]).build());
            let whole_front = cut > first_member && cut < first_member + 3 && archive.len() == 2 * first_member;
            assert!(!coverage.is_whole() || whole_front, "{cut} of {}", archive.len());
        }
    }
    let tar = tar_of(&[("one", text), ("two", text)]);
    for cut in 262..=tar.len() - 1024 {
        let (_, coverage) = scan(&ZipFile::of(&[("a", &tar[..cut])]).build());
        assert!(!coverage.is_whole(), "{cut}");
    }
}

#[test]
fn any_byte_may_be_changed_without_a_panic() {
    let whole = everything();
    for at in 0..whole.len() {
        for change in [1, 0x80, 0xFF] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            scan(&changed);
        }
    }
}

/// Bytes that look more like archives than noise does.
fn marks() -> impl Strategy<Value = Vec<u8>> {
    let marks: [&[u8]; 9] = [
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"PK\x01\x02",
        b"PK\x06\x06",
        b"PK\x06\x07",
        b"PK\x07\x08",
        b"\x1F\x8B\x08",
        b"\0\0\0\0",
        b"\xFF\xFF\xFF\xFF",
    ];
    let mark = prop::sample::select(marks.to_vec()).prop_map(<[u8]>::to_vec);
    let part = prop_oneof![mark, prop::collection::vec(any::<u8>(), 0..60), Just(everything())];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in marks()) {
        let limits = Limits::default();
        let budget = Budget::new(&limits, 0);
        scan(&bytes);
        Walk::new(&limits, &budget).file("any", bytes.as_slice(), &mut Seen::default()).unwrap();
        scan(&ZipFile::of(&[("any", &bytes)]).build());
    }

    #[test]
    fn every_byte_of_what_is_no_archive_is_handed_on(content in prop::collection::vec(marks(), 0..3)) {
        let content = [b"text".to_vec(), content.concat(), b"text".to_vec()].concat();
        let (seen, coverage) = scan(&ZipFile::new(vec![ZipEntry::stored("a", &content)]).build());
        // A whole zip in the middle can be opened by some.
        prop_assert!(reasons(&coverage).iter().all(|reason| *reason == Broken::UnknownArchive), "{coverage:?}");
        prop_assert_eq!(seen.of(&["a"]), Some(content.as_slice()));
    }
}

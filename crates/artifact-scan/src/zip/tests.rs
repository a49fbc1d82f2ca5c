//! Ends and directories on their own.

use proptest::prelude::*;

use super::*;
use crate::testing::{ZipEntry, ZipFile};
use crate::{Broken, Limits};

#[test]
fn the_end_is_found_in_the_last_bytes_alone() {
    let zip = ZipFile::of(&[("a", b"text")]).with(|zip| {
        zip.before_directory = vec![b'x'; 2 * LONGEST_END];
        zip.comment = vec![b'c'; usize::from(u16::MAX)];
    });
    let zip = zip.build();
    let tail = &zip[zip.len() - LONGEST_END..];
    let end = End::find(tail, zip.len() as u64).unwrap();
    assert_eq!(Ok(end.clone()), End::find(&zip, zip.len() as u64));
    assert_eq!((end.entries, end.shift), (1, 0));
    assert_eq!(&zip[end.directory.start as usize..][..4], b"PK\x01\x02");
}

#[test]
fn an_end_of_zip64_with_the_longest_comment_is_found() {
    let zip = ZipFile::of(&[("a", b"text")]).with(|zip| {
        zip.is_long = true;
        zip.comment = vec![b'c'; usize::from(u16::MAX)];
    });
    let zip = zip.build();
    assert!(End::find(&zip[zip.len() - LONGEST_END..], zip.len() as u64).is_ok());
}

#[test]
fn more_bytes_than_the_file_has_are_no_tail() {
    assert_eq!(End::find(&[0; 10], 9), Err(Broken::Truncated));
}

fn directory(zip: &[u8]) -> Directory {
    let end = End::find(zip, zip.len() as u64).unwrap();
    Directory::read(&zip[end.directory.start as usize..end.directory.end as usize], &end, &Limits::default()).unwrap()
}

#[test]
fn a_long_entry_is_a_batch_of_its_own_and_short_ones_are_one() {
    let sizes = [10, 10, 5000, 10, 10];
    let entries = sizes.iter().map(|size| ZipEntry::stored("a", &vec![0; *size])).collect();
    let directory = directory(&ZipFile::new(entries).build());
    let plan = batches(&directory, 1000, |_| true);
    let lengths: Vec<u64> = plan.batches.iter().map(|batch| batch.bytes.end - batch.bytes.start).collect();
    assert_eq!(lengths, [82, 5031, 82]);
}

proptest! {
    #[test]
    fn sections_and_batches_cover_every_byte_once(
        sizes in prop::collection::vec(0..3000_usize, 0..40), gap in 0..300_usize, prefix in 0..100_usize, most in 1..9000_u64
    ) {
        let entry = |size: &usize| ZipEntry::stored("a", &vec![0; *size]).with(|entry| entry.after = vec![0; gap]);
        let zip = ZipFile::new(sizes.iter().map(entry).collect()).with(|zip| zip.prefix = vec![b'#'; prefix]).build();
        let directory = directory(&zip);
        let mut next = 0;
        for section in directory.sections() {
            prop_assert_eq!(section.bytes.start, next);
            next = section.bytes.end;
        }
        prop_assert_eq!(next, directory.starts);
        let plan = batches(&directory, most, |_| true);
        let mut next = 0;
        for batch in &plan.batches {
            prop_assert_eq!(batch.bytes.start, next);
            next = batch.bytes.end;
            let is_alone = plan.sections(batch).count() == 1;
            prop_assert!(is_alone || batch.bytes.end - batch.bytes.start <= most);
        }
        prop_assert_eq!(next, directory.starts);
    }

    #[test]
    fn unwanted_bytes_are_fetched_only_where_that_saves_a_request(
        sizes in prop::collection::vec((0..200_000_usize, any::<bool>()), 0..12)
    ) {
        let entry = |(size, wanted): &(usize, bool)| ZipEntry::stored(if *wanted { "yes" } else { "no" }, &vec![0; *size]);
        let zip = ZipFile::new(sizes.iter().map(entry).collect()).build();
        let directory = directory(&zip);
        let plan = batches(&directory, 1 << 20, |entry| &*entry.name == b"yes");
        let fetched: u64 = plan.batches.iter().map(|batch| batch.bytes.end - batch.bytes.start).sum();
        let wanted: usize = sizes.iter().filter(|(_, wanted)| *wanted).map(|(size, _)| size + 33).sum();
        prop_assert!(fetched <= wanted as u64 + 65_536 * plan.batches.iter().map(|batch| plan.sections(batch).count() as u64).sum::<u64>());
        prop_assert_eq!(plan.skipped.entries, sizes.iter().filter(|(_, wanted)| !wanted).count() as u64);
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = End::find(&noise, noise.len() as u64);
        let end = End { entries: 3, directory: 0..noise.len() as u64, shift: 0 };
        prop_assert!(Directory::read(&[b"PK\x01\x02".as_slice(), &noise].concat(), &end, &Limits::default()).is_err());
    }
}

#[test]
fn a_directory_takes_little_memory() {
    assert!(size_of::<Entry>() <= 64, "{}", size_of::<Entry>());
}

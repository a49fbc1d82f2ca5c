//! Headers on their own.

use proptest::prelude::*;

use super::header::number;
use super::*;
use crate::testing::{TarEntry, tar_of};

#[test]
fn numbers_are_octal_or_binary() {
    assert_eq!(number(b"0000644\0"), Some(0o644));
    assert_eq!(number(b"  644 \0\0"), Some(0o644));
    assert_eq!(number(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02"), Some(258));
    assert_eq!(number(b"0000648\0"), None);
    assert_eq!(number(b"-000001\0"), None);
    assert_eq!(number(b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), None);
    assert_eq!(number(b"\x80\0\0\x01\0\0\0\0\0\0\0\0"), None);
}

#[test]
fn a_checksum_of_signed_bytes_is_right_too() {
    let mut block = Vec::new();
    TarEntry { name: b"\xE9t\xE9".to_vec(), ..TarEntry::file("", b"") }.write(&mut block);
    let said = u64::from_str_radix(std::str::from_utf8(&block[148..154]).unwrap(), 8).unwrap();
    block[148..154].copy_from_slice(format!("{:06o}", said - 512).as_bytes());
    assert!(Header::read(block.first_chunk().unwrap()).is_some());
}

#[test]
fn content_is_filled_up_to_whole_blocks() {
    assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
}

proptest! {
    #[test]
    fn noise_is_no_tar_and_no_panic(noise in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(!is_tar(&noise));
    }

    #[test]
    fn any_change_of_a_header_is_noticed(at in (0..504_usize).prop_map(|at| if at < 148 { at } else { at + 8 }), byte in any::<u8>()) {
        let mut tar = tar_of(&[("name", b"text")]);
        let changed = std::mem::replace(&mut tar[at], byte) != byte;
        prop_assert_eq!(Header::read(tar.first_chunk().unwrap()).is_none(), changed);
    }
}

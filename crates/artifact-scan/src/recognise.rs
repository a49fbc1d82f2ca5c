//! What content is, by its bytes and never by its name.

use memchr::memmem;

use crate::zip::ends_like_a_zip;
use crate::{gzip, tar};

/// What there is to do with content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Scan it.
    Plain,
    /// Open it as a zip.
    Zip,
    /// Open it as a zip if it turns out to be one, although something else stands before it.
    PerhapsZip,
    /// Open it as a tar archive.
    Tar,
    /// Decompress it.
    Gzip,
    /// It is packed in a way that is not read.
    Unknown,
}

/// How a zip begins: with an entry, with a mark of being split, or without any entry.
const ZIP: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04"];

/// Of each kind that is not read, how it begins.
const UNKNOWN: [&[u8]; 18] = [
    b"\xFD7zXZ\0",
    b"\x28\xB5\x2F\xFD",
    b"7z\xBC\xAF\x27\x1C",
    b"Rar!\x1A\x07",
    b"LZIP\x01",
    b"\x04\x22\x4D\x18",
    b"MSCF\0\0\0\0",
    b"!<arch>\ndebian-binary",
    b"\xED\xAB\xEE\xDB",
    b"hsqs",
    b"xar!\0\x1C",
    b"070701",
    b"070702",
    b"070707",
    b"\x02\x21\x4C\x18",
    b"\xFF\x06\0\0sNaPpY",
    b"MSWIM\0\0\0",
    b"\x89LZO\0\r\n\x1A\n",
];

/// Looks at the front of some content, which is all of it if it `is_whole`.
pub(crate) fn recognise(front: &[u8], is_whole: bool) -> Shape {
    if ZIP.iter().any(|magic| front.starts_with(magic)) {
        Shape::Zip
    } else if is_gzip(front) {
        Shape::Gzip
    } else if tar::is_tar(front) {
        Shape::Tar
    } else if is_unknown(front) {
        Shape::Unknown
    } else if is_whole && ends_like_a_zip(front) || !is_whole && memmem::find(front, ZIP[0]).is_some() {
        Shape::PerhapsZip
    } else {
        Shape::Plain
    }
}

/// Whether a reader that knows nothing of zips takes these bytes for an archive or a compressed file. In front of a zip, or
/// between its entries, they are something else to such a reader than to ours.
pub(crate) fn is_packed_otherwise(front: &[u8]) -> bool {
    is_gzip(front) || tar::is_tar(front) || is_unknown(front)
}

fn is_gzip(front: &[u8]) -> bool {
    front.starts_with(&gzip::MAGIC)
}

fn is_unknown(front: &[u8]) -> bool {
    UNKNOWN.iter().any(|magic| front.starts_with(magic))
        || is_bzip2(front)
        || is_compress(front)
        || is_lzma(front)
        || is_skippable(front)
}

/// A frame that readers of Zstandard and LZ4 pass over; one that is packed follows.
fn is_skippable(front: &[u8]) -> bool {
    matches!(front, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}

/// A level, then the digits of pi, or of its root if it is empty.
fn is_bzip2(front: &[u8]) -> bool {
    let block = front.get(4..10);
    front.starts_with(b"BZh")
        && front.get(3).is_some_and(|level| (b'1'..=b'9').contains(level))
        && (block == Some(b"\x31\x41\x59\x26\x53\x59") || block == Some(b"\x17\x72\x45\x38\x50\x90"))
}

/// What Unix's old `compress` writes: between 9 and 16 bits, no bits that have no meaning.
fn is_compress(front: &[u8]) -> bool {
    front.starts_with(b"\x1F\x9D")
        && front.get(2).is_some_and(|bits| bits & 0x60 == 0 && (9..=16).contains(&(bits & 0x1F)))
}

/// LZMA before xz has no mark; its usual properties, a dictionary's size and an unknown or sane size are as good.
fn is_lzma(front: &[u8]) -> bool {
    let sizes = || Some((front.get(1..5)?, front.get(5..13)?));
    front.first() == Some(&0x5D)
        && sizes().is_some_and(|(dictionary, size)| {
            dictionary[..2] == [0, 0] && dictionary[2..] != [0, 0] && (size == [0xFF; 8] || size[5..] == [0; 3])
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ZipFile, gzipped, tar_of};

    #[test]
    fn archives_are_known_by_their_bytes() {
        let zip = ZipFile::of(&[("a", b"text")]).build();
        assert_eq!(recognise(&zip, true), Shape::Zip);
        assert_eq!(recognise(&ZipFile::of(&[]).build(), true), Shape::PerhapsZip);
        assert_eq!(recognise(&[b"#!/bin/sh\n".as_slice(), &zip].concat(), true), Shape::PerhapsZip);
        assert_eq!(recognise(&gzipped(b"text"), true), Shape::Gzip);
        assert_eq!(recognise(&tar_of(&[("a", b"text")]), true), Shape::Tar);
    }

    #[test]
    fn what_is_not_read_is_known_too() {
        for magic in UNKNOWN {
            assert_eq!(recognise(&[magic, b" and more"].concat(), true), Shape::Unknown, "{magic:?}");
        }
        for front in [
            b"BZh91AY&SY...".as_slice(),
            b"\x1F\x9D\x90abc",
            b"\x5D\0\0\x80\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            b"\x52\x2A\x4D\x18\x04",
        ] {
            assert_eq!(recognise(front, true), Shape::Unknown, "{front:?}");
        }
    }

    #[test]
    fn text_and_noise_are_plain() {
        for front in
            [b"".as_slice(), b"P", b"PK", b"BZh9 is how it begins", b"]\0\0 no lzma at all", b"{\"a\": 1}", &[0; 600]]
        {
            assert_eq!(recognise(front, true), Shape::Plain, "{front:?}");
        }
    }
}

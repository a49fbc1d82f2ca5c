//! Reads tar headers: old ones, POSIX's ustar and pax, GNU's.

mod extended;
mod header;
#[cfg(test)]
mod tests;

pub(crate) use extended::Extended;
pub(crate) use header::{Header, Type};

/// All of a tar archive is in blocks of this size.
pub(crate) const BLOCK: usize = 512;

/// Whether a tar archive begins with these bytes: by its mark, or by a checksum that is right.
pub(crate) fn is_tar(front: &[u8]) -> bool {
    let has_mark = front.get(257..262) == Some(b"ustar");
    has_mark || front.first_chunk().is_some_and(|block| block[0] != 0 && Header::read(block).is_some())
}

/// Whether the first bytes of something else are a tar archive's header, too: its checksum is no accident.
pub(crate) fn is_also_tar(front: &[u8]) -> bool {
    front.first_chunk().is_some_and(|block| Header::read(block).is_some())
}

/// How many bytes follow content of this size up to the next block.
pub(crate) fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

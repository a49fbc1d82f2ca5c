//! The bytes of an entry, handed on piece by piece.

/// The most bytes a finding may span. Pieces overlap by as many, so that each finding is whole in one of them.
pub const OVERLAP: usize = 16 << 10;

/// Consecutive bytes of one entry's content, decompressed.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'b> {
    /// The bytes; at most the last [`OVERLAP`] bytes of the piece before come again at the front.
    pub bytes: &'b [u8],
    /// How many bytes at the front were in the piece before. What begins and ends among them was found there.
    pub again: usize,
    /// Where `bytes` begins in the content.
    pub offset: u64,
    /// How many line feeds stand before `bytes`.
    pub lines_before: u64,
    /// How many bytes of its line stand before `bytes`.
    pub column_before: u64,
    /// Nothing follows.
    pub is_last: bool,
}

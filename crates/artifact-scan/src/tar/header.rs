//! One header block.

use super::BLOCK;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) of: Type,
    /// Where a link points to.
    pub(crate) target: Vec<u8>,
    /// Another block about holes follows.
    pub(crate) goes_on: bool,
}

/// What a header stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// A file, or something unknown, which readers take for a file.
    File,
    /// A link of either kind.
    Link,
    /// A directory, device or pipe: no content.
    Empty,
    /// A file of which only some parts are there.
    Sparse,
    /// The name of the next entry.
    LongName,
    /// The target of the next entry.
    LongTarget,
    /// More about the next entry.
    Extended,
    /// More about all entries that follow.
    Global,
}

impl Header {
    /// Reads a header, if it is one.
    pub(crate) fn read(block: &[u8; BLOCK]) -> Option<Self> {
        let is_right = number(&block[148..156]).is_some_and(|said| sums(block).contains(&said));
        if !is_right {
            return None;
        }
        let of = Type::of(block[156]);
        let holes_go_on = of == Type::Sparse && block[482] != 0;
        Some(Self {
            name: name(block),
            size: number(&block[124..136])?,
            of,
            target: text(&block[157..257]).to_vec(),
            goes_on: holes_go_on,
        })
    }

    /// Whether the block says nothing, as at the end.
    pub(crate) fn is_none(block: &[u8]) -> bool {
        block.iter().all(|byte| *byte == 0)
    }
}

impl Type {
    fn of(flag: u8) -> Self {
        match flag {
            b'1' | b'2' => Self::Link,
            b'3'..=b'6' => Self::Empty,
            b'S' => Self::Sparse,
            b'L' => Self::LongName,
            b'K' => Self::LongTarget,
            b'x' | b'X' => Self::Extended,
            b'g' => Self::Global,
            _ => Self::File,
        }
    }
}

/// The sum of all bytes with spaces for the sum itself, as it should be and as old writers made it with signed bytes.
fn sums(block: &[u8; BLOCK]) -> [u64; 2] {
    let outside = || block[..148].iter().chain(&block[156..]);
    let unsigned: u64 = outside().map(|byte| u64::from(*byte)).sum();
    let negative = outside().filter(|byte| **byte >= 0x80).count() as u64;
    let spaces = 8 * u64::from(b' ');
    [unsigned + spaces, (unsigned + spaces).wrapping_sub(256 * negative)]
}

/// A number in octal digits, or in GNU's binary form.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first == 0x80 {
        let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        return high.iter().all(|byte| *byte == 0).then(|| low.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let digits = field[..end].trim_ascii();
    let step = |sum: u64, digit: &u8| (b'0'..=b'7').contains(digit).then(|| sum << 3 | u64::from(digit - b'0'));
    digits.iter().try_fold(0, step)
}

fn name(block: &[u8; BLOCK]) -> Vec<u8> {
    let (name, prefix) = (text(&block[..100]), text(&block[345..500]));
    let is_posix = &block[257..263] == b"ustar\0";
    if is_posix && !prefix.is_empty() { [prefix, b"/", name].concat() } else { name.to_vec() }
}

/// What stands before the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

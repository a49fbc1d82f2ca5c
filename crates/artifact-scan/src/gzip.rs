//! Reads gzip (RFC 1952), all members of it, and leaves what follows the last one.

use crate::Broken;
use crate::content::{Content, Stop};
use crate::input::{Buffered, Input};
use crate::unpack::{Caps, Unpacker};

/// How gzip begins, with DEFLATE as its method.
pub(crate) const MAGIC: [u8; 3] = [0x1F, 0x8B, 8];
const SHORTEST_HEADER: usize = 10;
/// Nobody's file name or remark is longer.
const LONGEST_HEADER: usize = 4096;
/// The most that is kept of all remarks together.
const MOST_REMARKS: usize = 64 << 10;

const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// The content of all members, one after the other.
pub(crate) struct Gzip<'c, 'l> {
    pub(crate) input: Buffered<'c>,
    unpacker: Unpacker,
    caps: Caps<'l>,
    state: State,
    began: u64,
    /// File names, remarks and extra fields of the headers, which are content of a kind too.
    pub(crate) remarks: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Data,
    Trailer,
    Ended,
    Broken,
}

impl<'c, 'l> Gzip<'c, 'l> {
    pub(crate) fn new(content: &'c mut dyn Content, unpacker: Unpacker, caps: Caps<'l>) -> Self {
        let (input, state) = (Buffered::new(content, 0), State::Header);
        Self { input, unpacker, caps, state, began: 0, remarks: Vec::new() }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Gives back what can be used again.
    pub(crate) fn into_unpacker(self) -> Unpacker {
        self.unpacker
    }

    /// Passes over a header. Some bytes that are no header may follow the last member, but not the first.
    fn header(&mut self) -> Result<State, Stop> {
        let bytes = self.input.peek(LONGEST_HEADER)?;
        if bytes.get(3).is_some_and(|flags| flags & RESERVED != 0) {
            return Err(Broken::BadData.into());
        }
        let is_cut = bytes.len() < LONGEST_HEADER;
        let length = header_length(bytes).ok_or(if is_cut { Broken::Truncated } else { Broken::BadData })?;
        if length > SHORTEST_HEADER + 16 {
            self.remarks.extend(&bytes[SHORTEST_HEADER..length]);
        }
        if self.remarks.len() > MOST_REMARKS {
            return Err(Broken::BadData.into());
        }
        self.input.take(length);
        self.unpacker.restart();
        self.began = self.unpacker.size();
        Ok(State::Data)
    }

    /// Checks a member's end and looks whether another one follows.
    fn trailer(&mut self) -> Result<State, Stop> {
        let (checksum, size) = trailer(self.input.peek(8)?).ok_or(Broken::Truncated)?;
        self.input.take(8);
        if checksum != self.unpacker.checksum() {
            return Err(Broken::OtherChecksum.into());
        }
        if u64::from(size) != (self.unpacker.size() - self.began) & 0xFFFF_FFFF {
            return Err(Broken::OtherSize.into());
        }
        let follows = self.input.peek(MAGIC.len())? == MAGIC;
        Ok(if follows { State::Header } else { State::Ended })
    }

    fn step(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        loop {
            match self.state {
                State::Header => self.state = self.header()?,
                State::Trailer => self.state = self.trailer()?,
                State::Ended | State::Broken => return Ok(0),
                State::Data => {
                    let step = self.unpacker.inflate(&mut self.input, into, &self.caps)?;
                    self.state = if step.is_end { State::Trailer } else { State::Data };
                    if step.written > 0 {
                        return Ok(step.written);
                    }
                }
            }
        }
    }
}

impl Content for Gzip<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        self.step(into).inspect_err(|_| self.state = State::Broken)
    }
}

fn header_length(bytes: &[u8]) -> Option<usize> {
    let flags = *bytes.get(3)?;
    let mut length = SHORTEST_HEADER;
    if flags & HAS_EXTRA != 0 {
        let extra = bytes.get(length..)?.first_chunk()?;
        length += 2 + usize::from(u16::from_le_bytes(*extra));
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            length += memchr::memchr(0, bytes.get(length..)?)? + 1;
        }
    }
    length += if flags & HAS_CHECKSUM != 0 { 2 } else { 0 };
    (length <= bytes.len()).then_some(length)
}

fn trailer(bytes: &[u8]) -> Option<(u32, u32)> {
    let (checksum, size) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*checksum), u32::from_le_bytes(*size.first_chunk()?)))
}

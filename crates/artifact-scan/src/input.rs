//! Content with a place in it, of which one may look at the next bytes before taking them.

use crate::Broken;
use crate::content::{Content, Stop};

const BUFFER: usize = 128 << 10;

/// Bytes to look at and to take.
pub(crate) trait Input {
    /// The next bytes; none at the end.
    fn next(&mut self) -> Result<&[u8], Stop>;

    /// Takes as many of them.
    fn take(&mut self, count: usize);
}

/// Content through a buffer, which is kept from one to the next.
pub(crate) struct Buffered<'c> {
    content: &'c mut dyn Content,
    buffer: Vec<u8>,
    from: usize,
    until: usize,
    position: u64,
}

impl<'c> Buffered<'c> {
    /// The content's first byte stands at `position`.
    pub(crate) fn new(content: &'c mut dyn Content, position: u64) -> Self {
        Self { content, buffer: vec![0; BUFFER], from: 0, until: 0, position }
    }

    /// Where the next byte stands.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes, as many as asked for unless the content ends before.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], Stop> {
        if self.until - self.from < count {
            self.buffer.copy_within(self.from..self.until, 0);
            (self.from, self.until) = (0, self.until - self.from);
            self.buffer.resize(self.buffer.len().max(count), 0);
        }
        while self.until - self.from < count {
            let read = self.content.read(&mut self.buffer[self.until..])?;
            self.until += read;
            if read == 0 {
                break;
            }
        }
        Ok(&self.buffer[self.from..self.until.min(self.from + count)])
    }
}

impl Input for Buffered<'_> {
    fn next(&mut self) -> Result<&[u8], Stop> {
        if self.from == self.until {
            (self.from, self.until) = (0, self.content.read(&mut self.buffer)?);
        }
        Ok(&self.buffer[self.from..self.until])
    }

    fn take(&mut self, count: usize) {
        let count = count.min(self.until - self.from);
        self.from += count;
        self.position += count as u64;
    }
}

/// The next so many bytes of an input, and no more.
pub(crate) struct Window<'i, I> {
    input: &'i mut I,
    left: u64,
}

impl<'i, I: Input> Window<'i, I> {
    pub(crate) fn new(input: &'i mut I, left: u64) -> Self {
        Self { input, left }
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Takes what is left, to no use.
    pub(crate) fn skip(&mut self) -> Result<(), Stop> {
        while self.left > 0 {
            let count = self.next()?.len();
            self.take(count);
        }
        Ok(())
    }
}

impl<'c> Window<'_, Buffered<'c>> {
    pub(crate) fn position(&self) -> u64 {
        self.input.position()
    }

    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], Stop> {
        let count = usize::try_from(self.left).map_or(count, |left| left.min(count));
        self.input.peek(count)
    }
}

impl<I: Input> Input for Window<'_, I> {
    fn next(&mut self) -> Result<&[u8], Stop> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let bytes = self.input.next()?;
        if bytes.is_empty() {
            self.left = 0;
            return Err(Broken::Truncated.into());
        }
        let count = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        Ok(&bytes[..count])
    }

    fn take(&mut self, count: usize) {
        let count = usize::try_from(self.left).map_or(count, |left| left.min(count));
        self.left -= count as u64;
        self.input.take(count);
    }
}

impl<I: Input> Content for Window<'_, I> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let bytes = self.next()?;
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        self.take(count);
        Ok(count)
    }
}

impl Content for Buffered<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let bytes = self.next()?;
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        self.take(count);
        Ok(count)
    }
}

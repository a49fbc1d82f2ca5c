//! Reads the data of a zip's entry, and checks it against what was said of it.

use std::io;

use super::Run;
use super::leaf::Account;
use crate::Broken;
use crate::content::{Content, Stop};
use crate::input::{Buffered, Input, Window};
use crate::unpack::{Caps, Unpacker};
use crate::zip::{Entry, Method};

impl Run<'_, '_> {
    /// Hands on the content of an entry whose data comes next, and says whether the data is all there.
    pub(super) fn packed(&mut self, window: &mut Window<'_, Buffered<'_>>, entry: &Entry) -> io::Result<bool> {
        let from = window.position();
        let mut data = Window::new(window, entry.packed);
        let method = match entry.method {
            Ok(method) => method,
            Err(broken) => {
                self.gap(broken, Some(entry.size));
                return Ok(self.note(data.skip())?.is_some());
            }
        };
        let caps = self.caps(Some(entry.size));
        let unpacker = self.unpacker();
        let mut content = Packed { data: &mut data, entry, method, unpacker, caps, is_over: false, is_broken: false };
        self.content(&mut content)?;
        let is_broken = content.is_broken;
        self.used(content.unpacker);
        if is_broken {
            // Why it is broken was told.
            match data.skip() {
                Err(Stop::Source(error)) => return Err(error),
                _ => return Ok(false),
            }
        }
        if data.left() > 0 {
            self.gap(Broken::OtherSize, None);
            let from = from + entry.packed - data.left();
            self.path.push(format!("<bytes {from}..{}>", from + data.left()));
            self.leaf(&mut data, Account::Between)?;
            self.path.pop();
        }
        Ok(true)
    }
}

/// An entry's content.
struct Packed<'a, 'l, I> {
    data: &'a mut I,
    entry: &'a Entry,
    method: Method,
    unpacker: Unpacker,
    caps: Caps<'l>,
    is_over: bool,
    is_broken: bool,
}

impl<I: Input> Packed<'_, '_, I> {
    fn step(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        while !self.is_over {
            let step = match self.method {
                Method::Stored => self.unpacker.copy(self.data, into, &self.caps)?,
                Method::Deflated => self.unpacker.inflate(self.data, into, &self.caps)?,
            };
            self.is_over = step.is_end;
            if step.written > 0 {
                return Ok(step.written);
            }
        }
        if self.unpacker.size() != self.entry.size {
            return Err(Broken::OtherSize.into());
        }
        if self.unpacker.checksum() != self.entry.checksum {
            return Err(Broken::OtherChecksum.into());
        }
        Ok(0)
    }
}

impl<I: Input> Content for Packed<'_, '_, I> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        if self.is_broken {
            return Ok(0);
        }
        self.step(into).inspect_err(|_| self.is_broken = true)
    }
}

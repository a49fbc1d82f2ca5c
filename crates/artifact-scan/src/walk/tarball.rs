//! Reads a tar archive as it comes.

use std::io;

use super::Run;
use super::leaf::Account;
use crate::content::Content;
use crate::input::{Buffered, Input, Window};
use crate::tar::{BLOCK, Extended, Header, Type, padding};
use crate::{Amount, Broken, name};

/// The most bytes of an entry that only says something about others.
const MOST_ABOUT: u64 = 1 << 20;

/// What was said about entries to come.
#[derive(Default)]
struct Said {
    next: Extended,
    all: Extended,
}

impl Run<'_, '_> {
    /// Reads all entries. Where a header cannot be read, all that follows is handed on as it is.
    pub(super) fn tarball(&mut self, input: &mut Buffered<'_>) -> io::Result<()> {
        let mut said = Said::default();
        for _ in 0..self.walk.limits.entries {
            match self.tar_header(input)? {
                Next::Entry(header) => {
                    if let Err(broken) = self.tar_entry(input, header, &mut said)? {
                        return self.unread(input, broken);
                    }
                }
                Next::End => return self.tar_end(input),
                Next::Broken(broken) => return self.unread(input, broken),
            }
        }
        self.unread(input, Broken::TooManyEntries)
    }

    fn tar_header(&mut self, input: &mut Buffered<'_>) -> io::Result<Next> {
        let Some(block) = self.note(input.peek(BLOCK))? else { return Ok(Next::End) };
        let Some(block) = block.first_chunk::<BLOCK>() else { return Ok(Next::Broken(Broken::Truncated)) };
        if Header::is_none(block) {
            return Ok(Next::End);
        }
        let Some(header) = Header::read(block) else { return Ok(Next::Broken(Broken::BadTar)) };
        let block = *block;
        input.take(BLOCK);
        // Names of files, owners and groups stand nowhere else.
        self.aside("<header>", &block);
        Ok(Next::Entry(header))
    }

    /// Reads what follows a header: content, or what is said about other entries.
    fn tar_entry(
        &mut self,
        input: &mut Buffered<'_>,
        header: Header,
        said: &mut Said,
    ) -> io::Result<Result<(), Broken>> {
        match header.of {
            Type::LongName | Type::LongTarget | Type::Extended | Type::Global => self.about(input, &header, said),
            _ => {
                let header = std::mem::take(&mut said.next).apply(said.all.apply(header));
                self.path.push(name::shown(&header.name));
                let result = self.tar_content(input, &header);
                self.path.pop();
                result
            }
        }
    }

    fn about(&mut self, input: &mut Buffered<'_>, header: &Header, said: &mut Said) -> io::Result<Result<(), Broken>> {
        if header.size > MOST_ABOUT {
            return Ok(Err(Broken::BadTar));
        }
        let size = usize::try_from(header.size + padding(header.size)).unwrap_or_default();
        let Some(body) = self.note(input.peek(size))? else { return Ok(Ok(())) };
        if body.len() < size {
            return Ok(Err(Broken::Truncated));
        }
        let body = body[..size - usize::try_from(padding(header.size)).unwrap_or_default()].to_vec();
        input.take(size);
        self.aside("<header>", &body);
        let heard = if header.of == Type::Global { &mut said.all } else { &mut said.next };
        Ok(heard.hear(header.of, &body).ok_or(Broken::BadTar))
    }

    fn tar_content(&mut self, input: &mut Buffered<'_>, header: &Header) -> io::Result<Result<(), Broken>> {
        match header.of {
            // Some readers expect content here, and others the next header.
            Type::Link | Type::Empty if header.size > 0 => return Ok(Err(Broken::BadTar)),
            Type::Link => self.leaf(&mut header.target.as_slice(), Account::Content)?,
            Type::Sparse => self.sparse(input, header)?,
            _ if !self.visitor.wants(&self.path) => {
                self.coverage.skipped.add(Amount { entries: 1, bytes: header.size });
                self.note(Window::new(input, header.size).skip())?;
            }
            _ => self.tar_file(input, header.size)?,
        }
        self.padding(input, header.size)?;
        Ok(Ok(()))
    }

    fn tar_file(&mut self, input: &mut Buffered<'_>, size: u64) -> io::Result<()> {
        let mut data = Window::new(input, size);
        if size <= self.walk.limits.entry {
            return self.content(&mut data);
        }
        self.gap(Broken::EntryTooLong, Some(size));
        self.note(data.skip())?;
        Ok(())
    }

    /// What there is of a file with holes is handed on, but where its parts belong is not.
    fn sparse(&mut self, input: &mut Buffered<'_>, header: &Header) -> io::Result<()> {
        let mut goes_on = header.goes_on;
        while goes_on {
            let Some(block) = self.note(input.peek(BLOCK))? else { break };
            goes_on = block.get(504).is_some_and(|flag| *flag != 0);
            input.take(BLOCK);
        }
        self.leaf(&mut Window::new(input, header.size), Account::Unread(Broken::Sparse))
    }

    /// Passes over what fills a block up; it is handed on if it is not empty.
    fn padding(&mut self, input: &mut Buffered<'_>, size: u64) -> io::Result<()> {
        let length = usize::try_from(padding(size)).unwrap_or_default();
        let Some(bytes) = self.note(input.peek(length))? else { return Ok(()) };
        let (is_short, is_empty) = (bytes.len() < length, Header::is_none(bytes));
        if !is_empty {
            let bytes = bytes.to_vec();
            self.aside("<padding>", &bytes);
        }
        if is_short {
            self.gap(Broken::Truncated, None);
        }
        input.take(length);
        Ok(())
    }

    /// Passes over the empty blocks at the end. More behind them may be another archive.
    fn tar_end(&mut self, input: &mut Buffered<'_>) -> io::Result<()> {
        while let Some(bytes) = self.note(input.next())? {
            let count = bytes.iter().take_while(|byte| **byte == 0).count();
            if count == 0 {
                break;
            }
            input.take(count);
        }
        self.behind(input)
    }

    fn unread(&mut self, content: &mut dyn Content, broken: Broken) -> io::Result<()> {
        self.leaf(content, Account::Unread(broken))
    }
}

/// What comes next in a tar archive.
enum Next {
    Entry(Header),
    End,
    Broken(Broken),
}

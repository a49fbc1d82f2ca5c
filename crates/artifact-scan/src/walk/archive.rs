//! Opens what is packed in something else.

use std::io;

use super::Run;
use super::leaf::Account;
use super::pieces::LONGEST;
use crate::content::{Again, Content, Ended, Stop};
use crate::gzip::Gzip;
use crate::input::{Buffered, Input};
use crate::recognise::Shape;
use crate::{Broken, Limits};

impl Run<'_, '_> {
    /// Opens an archive of this shape. What cannot be opened is a gap, and handed on as it is.
    pub(super) fn archive(&mut self, shape: Shape, content: &mut dyn Content) -> io::Result<()> {
        let is_too_deep = match shape {
            Shape::Gzip => self.layers >= self.limits().depth,
            _ => self.depth >= self.limits().depth,
        };
        match shape {
            Shape::Plain => self.leaf(content, Account::Content),
            Shape::PerhapsZip if is_too_deep => self.leaf(content, Account::Content),
            Shape::Unknown => self.leaf(content, Account::Unread(Broken::UnknownArchive)),
            _ if is_too_deep => self.leaf(content, Account::Unread(Broken::TooDeep)),
            Shape::Zip | Shape::PerhapsZip => self.held_zip(content, shape == Shape::Zip),
            Shape::Tar => self.deeper(|run| run.tarball(&mut Buffered::new(content, 0))),
            Shape::Gzip => self.layer(|run| run.gzip(content)),
        }
    }

    fn limits(&self) -> &Limits {
        self.walk.limits
    }

    pub(super) fn deeper(&mut self, enter: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.depth += 1;
        enter(self)?;
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn layer(&mut self, enter: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.layers += 1;
        enter(self)?;
        self.layers -= 1;
        Ok(())
    }

    /// What stands behind the end of an archive; it may be anything.
    pub(super) fn behind(&mut self, input: &mut Buffered<'_>) -> io::Result<()> {
        if self.note(input.next().map(<[u8]>::is_empty))? != Some(false) {
            return Ok(());
        }
        self.path.push("<behind the end>".to_owned());
        if self.layers < self.limits().depth {
            self.layer(|run| run.content(input))?;
        } else {
            self.leaf(input, Account::Unread(Broken::TooDeep))?;
        }
        self.path.pop();
        Ok(())
    }

    fn gzip(&mut self, content: &mut dyn Content) -> io::Result<()> {
        let mut gzip = Gzip::new(content, self.unpacker(), self.caps(None));
        self.content(&mut gzip)?;
        if !gzip.remarks.is_empty() {
            self.aside("<header>", &gzip.remarks);
        }
        if !gzip.is_broken() {
            self.behind(&mut gzip.input)?;
        }
        self.used(gzip.into_unpacker());
        Ok(())
    }

    /// Opens a zip in memory.
    fn held_zip(&mut self, content: &mut dyn Content, is_surely: bool) -> io::Result<()> {
        let room = self.limits().nested.saturating_sub(self.held);
        let mut held = Vec::new();
        let ended = gather(content, room, &mut held)?;
        if ended == Ended::Not {
            let account = if is_surely { Account::Unread(Broken::NestedTooLong) } else { Account::Content };
            return self.leaf(&mut Again { first: &held, ended, rest: content }, account);
        }
        self.held += held.len() as u64;
        self.zip_in_memory(&held, is_surely)?;
        self.held -= held.len() as u64;
        if let Ended::Broken(broken) = ended {
            self.gap(broken, None);
        }
        Ok(())
    }
}

/// Collects all content, or a little more than there is room for.
fn gather(content: &mut dyn Content, room: u64, held: &mut Vec<u8>) -> io::Result<Ended> {
    let mut filled = 0;
    while filled as u64 <= room {
        held.resize(filled + LONGEST / 4, 0);
        match content.read(&mut held[filled..]) {
            Ok(read) if read > 0 => filled += read,
            other => {
                held.truncate(filled);
                return match other {
                    Ok(_) => Ok(Ended::Whole),
                    Err(Stop::Broken(broken)) => Ok(Ended::Broken(broken)),
                    Err(Stop::Source(error)) => Err(error),
                };
            }
        }
    }
    held.truncate(filled);
    Ok(Ended::Not)
}

//! Reads a zip section by section, whether it comes from afar or is in memory.

use std::io;

use super::Run;
use super::leaf::Account;
use crate::input::{Buffered, Input, Window};
use crate::tar;
use crate::zip::{
    Directory, End, Entry, LONGEST_DESCRIPTOR, LONGEST_END, LocalHeader, Reading, Section, descriptor_length,
};
use crate::{Amount, Broken};

/// Extra fields that are longer hold something else than times, owners and sizes.
const MOST_EXTRA: usize = 64;
/// Bytes in a row of such a field that chance makes readable.
const MOST_READABLE: usize = 8;

impl Run<'_, '_> {
    /// Reads a zip that was found in something else; one that is only `perhaps` one may be none.
    pub(super) fn zip_in_memory(&mut self, mut bytes: &[u8], is_surely: bool) -> io::Result<()> {
        match self.open(bytes) {
            Ok((end, directory)) => self.deeper(|run| run.sections(bytes, &end, &directory)),
            Err(Broken::NotAZip | Broken::BytesAfterTheEnd) if !is_surely => self.leaf(&mut bytes, Account::Content),
            Err(broken) => self.leaf(&mut bytes, Account::Unread(broken)),
        }
    }

    fn open(&self, bytes: &[u8]) -> Result<(End, Directory), Broken> {
        let tail = &bytes[bytes.len().saturating_sub(LONGEST_END)..];
        let end = End::find(tail, bytes.len() as u64)?;
        let directory = Directory::read(slice(bytes, end.directory.start, end.directory.end), &end, self.walk.limits)?;
        Ok((end, directory))
    }

    fn sections(&mut self, mut bytes: &[u8], end: &End, directory: &Directory) -> io::Result<()> {
        let (until, length) = (end.directory.end, bytes.len() as u64);
        self.frame(slice(bytes, directory.starts, until), slice(bytes, until, length));
        let mut input = Buffered::new(&mut bytes, 0);
        directory.sections().try_for_each(|section| self.section(&mut input, &section, Reading::All))
    }

    /// Reads the next section, which may begin behind bytes of others that nobody wants.
    pub(super) fn section(
        &mut self,
        input: &mut Buffered<'_>,
        section: &Section<'_>,
        reading: Reading,
    ) -> io::Result<()> {
        self.walk.budget.go_on()?;
        let mut window = Window::new(input, section.bytes.end.saturating_sub(section.bytes.start));
        if reading == Reading::Rest {
            return self.between(&mut window, Account::Rest);
        }
        if let Some(entry) = section.entry {
            if section.bytes.start == 0 {
                self.front(&mut window)?;
            }
            self.path.push(entry.shown_name());
            self.entry(&mut window, entry, reading == Reading::All)?;
            self.path.pop();
        }
        self.between(&mut window, Account::Between)
    }

    /// A zip may begin in a way that readers of tar archives understand, too: they see other entries.
    fn front(&mut self, window: &mut Bytes<'_, '_>) -> io::Result<()> {
        let front = self.note(window.peek(tar::BLOCK))?;
        if front.is_some_and(tar::is_also_tar) {
            self.gap(Broken::UnknownArchive, None);
        }
        Ok(())
    }

    fn entry(&mut self, window: &mut Bytes<'_, '_>, entry: &Entry, wanted: bool) -> io::Result<()> {
        if !self.header(window, entry)? {
            return Ok(());
        }
        // What is wanted of the artifact itself was decided when its plan was made.
        let is_asked = wanted && self.path.len() > 1 && !entry.has_other_name();
        let is_skipped = is_asked && !self.visitor.wants(&self.path);
        if is_skipped {
            self.coverage.skipped.add(Amount { entries: 1, bytes: entry.size });
        }
        let is_whole = if wanted && !is_skipped {
            self.packed(window, entry)?
        } else {
            self.note(Window::new(window, entry.packed).skip())?.is_some()
        };
        if is_whole { self.descriptor(window, entry) } else { Ok(()) }
    }

    /// Passes over an entry's own header, if there is one.
    fn header(&mut self, window: &mut Bytes<'_, '_>, entry: &Entry) -> io::Result<bool> {
        let Some(front) = self.note(window.peek(LocalHeader::SHORTEST))? else { return Ok(false) };
        let length = match LocalHeader::length(front) {
            _ if front.len() < LocalHeader::SHORTEST => return self.headless(Broken::Truncated, entry),
            Err(broken) => return self.headless(broken, entry),
            Ok(length) => length,
        };
        let Some(header) = self.note(window.peek(length))? else { return Ok(false) };
        if header.len() < length {
            return self.headless(Broken::Truncated, entry);
        }
        let result = LocalHeader::read(header, entry);
        let extra =
            header[LocalHeader::SHORTEST..].split_at_checked(entry.name.len()).map_or(&[][..], |(_, extra)| extra);
        if result.is_err() || extra.len() > MOST_EXTRA || has_text(extra) {
            let header = header.to_vec();
            self.aside("<header>", &header);
        }
        if let Err(broken) = result {
            self.gap(broken, None);
        }
        window.take(length);
        Ok(true)
    }

    fn headless(&mut self, broken: Broken, entry: &Entry) -> io::Result<bool> {
        self.gap(broken, Some(entry.size));
        Ok(false)
    }

    fn descriptor(&mut self, window: &mut Bytes<'_, '_>, entry: &Entry) -> io::Result<()> {
        let Some(after) = self.note(window.peek(LONGEST_DESCRIPTOR))? else { return Ok(()) };
        match descriptor_length(after, entry) {
            Some(length) => window.take(length),
            None => self.gap(Broken::HeadersDisagree, None),
        }
        Ok(())
    }

    /// Bytes that are nobody's.
    fn between(&mut self, window: &mut Bytes<'_, '_>, account: Account) -> io::Result<()> {
        if window.left() == 0 {
            return Ok(());
        }
        let from = window.position();
        self.path.push(format!("<bytes {from}..{}>", from + window.left()));
        self.leaf(window, account)?;
        self.path.pop();
        Ok(())
    }
}

/// Whether more than a few bytes in a row can be read; times, owners and sizes cannot.
fn has_text(extra: &[u8]) -> bool {
    extra.chunk_by(|one, other| one.is_ascii_graphic() && other.is_ascii_graphic()).any(|run| run.len() > MOST_READABLE)
}

type Bytes<'i, 'c> = Window<'i, Buffered<'c>>;

fn slice(bytes: &[u8], from: u64, until: u64) -> &[u8] {
    let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    bytes.get(place(from)..place(until)).unwrap_or_default()
}

//! Hands on content that is not opened any further.

use std::io;

use super::pieces::Pieces;
use super::{Run, pieces};
use crate::content::{Content, Ended};
use crate::recognise::is_packed_otherwise;
use crate::zip::{LONGEST_END, comment_length, ends_like_a_zip, last_end_in, looks_like_a_header};
use crate::{Amount, Broken, Nature};

/// What content counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// An entry.
    Content,
    /// Bytes of an archive that are no entry's content.
    Frame,
    /// The same, where there should be none.
    Between,
    /// The same, and what stands before it was not fetched.
    Rest,
    /// An archive that cannot be opened: its bytes are handed on as they are, and not counted as scanned.
    Unread(Broken),
}

impl Run<'_, '_> {
    pub(super) fn leaf(&mut self, content: &mut dyn Content, account: Account) -> io::Result<()> {
        let mut pieces = self.walk.pieces.pop().unwrap_or_default();
        pieces.begin();
        let ended = pieces.fill(content)?;
        self.leaf_from(&mut pieces, ended, content, account)?;
        self.walk.pieces.push(pieces);
        Ok(())
    }

    /// The directory of an archive, and what follows it.
    pub(super) fn frame(&mut self, directory: &[u8], end: &[u8]) {
        let (end, comment) = end.split_at(end.len() - comment_length(end));
        self.aside("<directory>", directory);
        self.aside("<end>", end);
        if !comment.is_empty() {
            self.as_account("<comment>", comment, Account::Between);
        }
    }

    /// Bytes that say something about entries.
    pub(super) fn aside(&mut self, name: &str, bytes: &[u8]) {
        self.as_account(name, bytes, Account::Frame);
    }

    fn as_account(&mut self, name: &str, mut bytes: &[u8], account: Account) {
        self.path.push(name.to_owned());
        // Bytes in memory have no errors, and whoever stopped the walk wants no result.
        let _ = self.leaf(&mut bytes, account);
        self.path.pop();
    }

    /// Hands on all pieces, the first of which was read already.
    pub(super) fn leaf_from(
        &mut self,
        pieces: &mut Pieces,
        mut ended: Ended,
        content: &mut dyn Content,
        account: Account,
    ) -> io::Result<()> {
        let (mut is_stray, mut is_packed, mut last_end) = (false, false, None);
        loop {
            self.walk.budget.go_on()?;
            let piece = pieces.piece(ended != Ended::Not);
            let nature = self.visitor.piece(&self.path, &piece);
            is_stray |= matches!(account, Account::Between | Account::Rest) && looks_like_a_header(piece.bytes);
            is_packed |= account == Account::Between && piece.offset == 0 && is_packed_otherwise(piece.bytes);
            if account == Account::Content {
                last_end = last_end_in(piece.bytes).map(|at| piece.offset + at as u64).or(last_end);
            }
            if ended != Ended::Not {
                // Readers look for a zip's end from behind; what stands before the zip and a little behind it is nothing to them.
                let is_near = |at: u64| pieces.total() - at <= LONGEST_END as u64;
                let ends = account == Account::Content && ends_like_a_zip(piece.bytes);
                let hides = is_packed || ends || last_end.is_some_and(is_near);
                self.account(account, nature, pieces.total(), ended);
                let suspicions = [(is_stray, Broken::StrayEntry), (hides, Broken::UnknownArchive)];
                suspicions.into_iter().filter(|(is, _)| *is).for_each(|(_, broken)| self.gap(broken, None));
                return Ok(());
            }
            pieces.advance();
            ended = pieces.fill(content)?;
        }
    }

    fn account(&mut self, account: Account, nature: Nature, bytes: u64, ended: Ended) {
        if let Account::Unread(reason) = account {
            self.gap(reason, Some(bytes));
        } else {
            let is_content = account == Account::Content;
            let is_entry = is_content && ended == Ended::Whole;
            let amount = Amount { entries: is_entry.into(), bytes };
            self.coverage.content += if is_content { bytes } else { 0 };
            match nature {
                Nature::Text => self.coverage.scanned.add(amount),
                Nature::Binary => self.coverage.binary.add(amount),
            }
        }
        if let Ended::Broken(broken) = ended {
            self.gap(broken, None);
        }
    }
}

const _: () = assert!(pieces::LONGEST > 2 * crate::OVERLAP, "each piece has new bytes");

//! Where a round stands: a page, the last pipeline done on it, and what was counted so far.

use std::fmt;

use pipeline_model::PipelineName;
use serde::{Deserialize, Serialize};

use super::tally::Tally;

/// Their names are stored with the cursor.
const MOST_MISSED: usize = 100;

/// Stored between two runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// The token of the page; `None` for the first one.
    pub(super) page: Option<String>,
    /// The last pipeline that was visited, on this page or the one before.
    pub(super) after: Option<PipelineName>,
    /// Pipelines that could not be compared. They have one more turn at the end of the round.
    pub(super) missed: Vec<PipelineName>,
    /// Pipelines nobody could compare in this round.
    pub(super) unjudged: u32,
    /// The page's token was no longer known: the first page is read again, and what lies before `after` is passed over.
    pub(super) is_seeking: bool,
    /// How many pipelines were beyond which threshold.
    pub(super) tally: Tally,
}

impl Cursor {
    /// A cursor nobody can read is the beginning of a round.
    pub(super) fn read(stored: Option<&str>) -> Self {
        stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The pipelines of the page that are still to be visited: all of them if the one visited last is gone.
    pub(super) fn rest<'p>(&mut self, page: &'p [PipelineName]) -> &'p [PipelineName] {
        let last = self.after.as_ref().and_then(|after| page.iter().position(|name| name == after));
        match last {
            Some(last) => {
                self.is_seeking = false;
                &page[last + 1..]
            }
            None if self.is_seeking => &[],
            None => page,
        }
    }

    /// Goes to the next page. `after` stays: should the page's token be forgotten, the place is found by it.
    pub(super) fn turn(&mut self, next: String) {
        self.page = Some(next);
    }

    /// Goes back to the first page, to find the place by the name of the pipeline visited last.
    pub(super) fn seek(&mut self) {
        self.page = None;
        self.is_seeking = self.after.is_some();
    }

    /// The pipeline visited last is on no page any more: better visit some twice than some never.
    pub(super) fn stop_seeking(&mut self) {
        *self = Self::default();
    }

    /// Remembers a pipeline that could not be compared. When most cannot, the next round is soon enough for the others.
    pub(super) fn miss(&mut self, name: &PipelineName) {
        if self.missed.len() < MOST_MISSED {
            self.missed.push(name.clone());
        } else {
            self.unjudged += 1;
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        serde_json::json!(self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_goes_on_behind_the_last_pipeline_and_begins_anew_when_that_is_gone() {
        let page: Vec<PipelineName> = ["a", "b", "c"].map(PipelineName::from).to_vec();
        let rest = |after: Option<&str>| Cursor { after: after.map(Into::into), ..Cursor::default() }.rest(&page).len();
        assert_eq!([rest(None), rest(Some("a")), rest(Some("c")), rest(Some("gone"))], [3, 2, 0, 3]);
    }

    #[test]
    fn a_place_whose_page_is_no_longer_known_is_found_again_by_its_name() {
        let pages = [["a", "b"], ["c", "d"]].map(|page| page.map(PipelineName::from).to_vec());
        let mut cursor = Cursor { page: Some("old".into()), after: Some("c".into()), ..Cursor::default() };
        cursor.seek();
        assert_eq!(cursor.rest(&pages[0]), []);
        cursor.turn("new".to_owned());
        assert_eq!(cursor.rest(&pages[1]), ["d".into()]);
        assert!(!cursor.is_seeking);
        let mut gone = Cursor { page: Some("old".into()), after: Some("x".into()), ..Cursor::default() };
        gone.seek();
        assert_eq!(gone.rest(&pages[0]), []);
        gone.stop_seeking();
        assert_eq!(gone, Cursor::default());
    }

    #[test]
    fn a_cursor_is_read_back_and_what_is_none_begins_a_round() {
        let cursor = Cursor { page: Some("t".into()), after: Some("a".into()), ..Cursor::default() };
        assert_eq!(Cursor::read(Some(&cursor.to_string())), cursor);
        assert_eq!(Cursor::read(Some("?")), Cursor::default());
        assert_eq!(Cursor::read(None), Cursor::default());
    }
}

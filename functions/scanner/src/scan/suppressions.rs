//! The suppressions that an artifact brings, for a policy that heeds them.

use artifact_scan::policy::SUPPRESSIONS_ENTRY;
use artifact_scan::zip::{Directory, batches};
use artifact_scan::{Budget, Limits, Nature, Piece, Visitor, Walk};
use bytes::Bytes;
use lambda_kit::jobs::FailureKind;

use super::opening::{fetch, open};
use super::threads::{Content, aside};
use crate::ports::Source;
use crate::stop::Stop;
use crate::terms::Terms;

/// Bytes that they may have; more cannot be read as a document anyway.
const MOST: u64 = 1 << 20;

/// The entry's text, if the artifact has one.
pub(super) async fn read<S: Source>(name: &str, source: &S, terms: &Terms) -> Result<Option<String>, Stop> {
    let Ok(Content::Zip { end, directory, .. }) = open(name, source, terms).await? else { return Ok(None) };
    let limits = terms.limits.clone();
    let found = aside(move || {
        let directory = Directory::read(&directory, &end, &limits).ok()?;
        let is_meant = |entry: &&artifact_scan::zip::Entry| entry.shown_name() == SUPPRESSIONS_ENTRY;
        let headers: Vec<u64> = directory.entries.iter().filter(is_meant).map(|entry| entry.header).collect();
        Some((directory, headers))
    });
    let Some((directory, headers)) = found.await.ok_or_else(Stop::fault)? else { return Ok(None) };
    let refused = |why: &str| Stop::new(FailureKind::JobFailed, format!("{SUPPRESSIONS_ENTRY} in {name} {why}."));
    let header = match headers.as_slice() {
        [] => return Ok(None),
        [header] => *header,
        _ => return Err(refused("stands there more than once")),
    };
    // In a batch of its own, for none may be longer than nothing.
    let plan = batches(&directory, 0, |entry| entry.header == header);
    let range = plan.batches.iter().map(|batch| batch.bytes.clone()).find(|bytes| bytes.contains(&header));
    let range = range.filter(|range| range.end - range.start <= MOST).ok_or_else(|| refused("is too long"))?;
    let bytes = fetch(name, source, range).await?;
    let limits = terms.limits.clone();
    let text = aside(move || unpacked(&directory, header, &bytes, &limits)).await.ok_or_else(Stop::fault)?;
    text.map(Some).ok_or_else(|| refused("cannot be read, or is no text"))
}

fn unpacked(directory: &Directory, header: u64, bytes: &Bytes, limits: &Limits) -> Option<String> {
    let (mut collected, budget) = (Collected::default(), Budget::new(limits, 0));
    let plan = batches(directory, 0, |entry| entry.header == header);
    let batch = plan.batches.iter().find(|batch| batch.bytes.contains(&header))?;
    let coverage = Walk::new(limits, &budget).batch(&plan, batch, &**bytes, &mut collected).ok()?;
    let is_whole = coverage.is_whole() && collected.0.len() as u64 <= MOST;
    is_whole.then(|| String::from_utf8(collected.0).ok()).flatten()
}

/// Collects the content of the one entry.
#[derive(Default)]
struct Collected(Vec<u8>);

impl Visitor for Collected {
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        if path == [SUPPRESSIONS_ENTRY] && self.0.len() as u64 <= MOST {
            self.0.extend_from_slice(&piece.bytes[piece.again..]);
        }
        Nature::Text
    }
}

//! Opens an artifact: what it is, by its last bytes, and its directory.

use std::ops::Range;

use artifact_scan::Broken;
use artifact_scan::zip::End;
use bytes::{Bytes, BytesMut};

use super::threads::Content;
use crate::ports::{Body, Source};
use crate::stop::Stop;
use crate::terms::Terms;

/// What an artifact is, or why it is nothing that can be read. Trouble with it is told under the name.
pub(super) async fn open<S: Source>(name: &str, source: &S, terms: &Terms) -> Result<Result<Content, Broken>, Stop> {
    let (tail, length) = (source.tail(), source.length());
    if length == 0 {
        return Ok(Err(Broken::NotAZip));
    }
    let end = match End::find(tail, length).and_then(|end| end.fits(&terms.limits).map(|()| end)) {
        Ok(end) => end,
        Err(Broken::NotAZip | Broken::BytesAfterTheEnd) => {
            return Ok(Ok(Content::File { length }));
        }
        Err(broken) => return Ok(Err(broken)),
    };
    let begin = length.saturating_sub(tail.len() as u64);
    let place = |at: u64| at.checked_sub(begin).and_then(|at| usize::try_from(at).ok()).filter(|at| *at <= tail.len());
    let Some(until) = place(end.directory.end) else { return Ok(Err(Broken::DirectoryElsewhere)) };
    let directory = match place(end.directory.start) {
        Some(from) => tail.slice(from..until),
        None => {
            let mut all = BytesMut::from(fetch(name, source, end.directory.start..begin).await?);
            all.extend_from_slice(&tail[..until]);
            all.freeze()
        }
    };
    Ok(Ok(Content::Zip { end, directory, after: tail.slice(until..) }))
}

/// All these bytes.
pub(super) async fn fetch<S: Source>(name: &str, source: &S, range: Range<u64>) -> Result<Bytes, Stop> {
    if range.is_empty() {
        return Ok(Bytes::new());
    }
    let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let mut all = BytesMut::with_capacity(length);
    let mut body = source.range(range).await.map_err(|trouble| Stop::of(name, &trouble))?;
    while let Some(bytes) = body.next().await.map_err(|trouble| Stop::of(name, &trouble))? {
        all.extend_from_slice(&bytes);
    }
    if all.len() == length {
        return Ok(all.freeze());
    }
    Err(Stop::unavailable(format!("{name} cannot be read: another number of bytes came than was asked for")))
}

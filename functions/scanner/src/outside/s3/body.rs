//! Bytes of an object on their way: what breaks off goes on at the byte that comes next.

use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::content_range::ContentRange;
use super::object::Object;
use super::patience::Tries;
use crate::ports::{Body, Pin, Trouble};

/// After so many bytes without trouble, earlier trouble is forgotten.
const CALM: u64 = 1 << 20;

/// A range of one version of an object.
#[derive(Debug)]
pub struct S3Body {
    object: Object,
    pin: Pin,
    /// Of the whole object.
    length: u64,
    left: Range<u64>,
    stream: Option<ByteStream>,
    tries: Tries,
    since_trouble: u64,
}

impl S3Body {
    /// Asks for a range.
    pub(super) async fn begin(object: &Object, pin: &Pin, range: ContentRange) -> Result<Self, Trouble> {
        let mut body = Self::of(object, pin, range);
        while let Err(trouble) = body.connect().await {
            body.tries.again(trouble).await?;
        }
        Ok(body)
    }

    /// A range that is coming already.
    pub(super) fn begun(object: &Object, pin: &Pin, range: ContentRange, stream: ByteStream) -> Self {
        Self { stream: Some(stream), ..Self::of(object, pin, range) }
    }

    fn of(object: &Object, pin: &Pin, range: ContentRange) -> Self {
        Self {
            object: object.clone(),
            pin: pin.clone(),
            length: range.length,
            left: range.bytes,
            stream: None,
            tries: Tries::new(object.patience),
            since_trouble: 0,
        }
    }

    async fn connect(&mut self) -> Result<&mut ByteStream, Trouble> {
        let range = format!("bytes={}-{}", self.left.start, self.left.end - 1);
        let output = self.object.get(Some(range), Some(&self.pin.etag)).await?;
        // Of the version that was opened there are such bytes.
        let output = output.ok_or_else(|| self.object.changed())?;
        pinned(&self.object, &output, Some(&self.pin))?;
        let range = range_of(&self.object, &output)?;
        let expected = ContentRange { bytes: self.left.clone(), length: self.length };
        if range != expected {
            return Err(self.object.refused(&format!("S3 sent {range} instead of {expected}")));
        }
        Ok(self.stream.insert(output.body))
    }

    async fn piece(&mut self) -> Result<Bytes, Trouble> {
        if self.stream.is_none() {
            self.connect().await?;
        }
        let Some(stream) = &mut self.stream else { return Ok(Bytes::new()) };
        let piece = self.object.piece(stream).await?;
        piece.ok_or_else(|| self.object.broken("the connection ended early"))
    }

    fn take(&mut self, piece: &Bytes) -> Result<(), Trouble> {
        let taken = piece.len() as u64;
        if taken > self.left.end - self.left.start {
            return Err(self.object.refused("S3 sent more bytes than it was asked for"));
        }
        self.left.start += taken;
        self.since_trouble = self.since_trouble.saturating_add(taken);
        if self.since_trouble >= CALM {
            self.tries.renew();
        }
        Ok(())
    }
}

impl Body for S3Body {
    /// Whoever stops waiting may call again: nothing is lost.
    async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        while !self.left.is_empty() {
            match self.piece().await {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => {
                    self.take(&piece)?;
                    return Ok(Some(piece));
                }
                Err(trouble) => {
                    (self.stream, self.since_trouble) = (None, 0);
                    self.tries.again(trouble).await?;
                }
            }
        }
        self.stream = None;
        Ok(None)
    }
}

/// The pin of what S3 sends, which is the one that was asked for.
pub(super) fn pinned(object: &Object, output: &GetObjectOutput, pin: Option<&Pin>) -> Result<Pin, Trouble> {
    let etag = output.e_tag.clone().ok_or_else(|| object.refused("S3 did not say which version it is (ETag)"))?;
    if pin.is_some_and(|pin| pin.etag != etag) {
        return Err(object.changed());
    }
    Ok(Pin { etag })
}

/// Which bytes S3 sends. Without this header it sends the whole, be it small or large.
pub(super) fn range_of(object: &Object, output: &GetObjectOutput) -> Result<ContentRange, Trouble> {
    let header = output.content_range.as_deref();
    let header = header.ok_or_else(|| object.refused("S3 did not say which bytes it sends (Content-Range)"))?;
    ContentRange::parse(header)
        .ok_or_else(|| object.refused(&format!("S3 says that it sends `{}`, which cannot be", header.escape_debug())))
}

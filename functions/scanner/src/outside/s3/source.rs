//! One version of one object: its end first, then any of its bytes.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::body::{S3Body, pinned, range_of};
use super::content_range::ContentRange;
use super::object::Object;
use super::patience::Tries;
use crate::ports::{Body, Pin, Source, TAIL, Trouble};

/// An object that was opened.
#[derive(Debug, Clone)]
pub struct S3Source {
    object: Object,
    pin: Pin,
    length: u64,
    tail: Bytes,
}

impl S3Source {
    /// One request tells the length, the pin and the last bytes.
    pub(super) async fn open(object: Object, pin: Option<&Pin>) -> Result<Self, Trouble> {
        let mut tries = Tries::new(object.patience);
        let (mut source, body) = loop {
            match end(&object, pin).await {
                Ok(found) => break found,
                Err(trouble) => tries.again(trouble).await?,
            }
        };
        let Some(mut body) = body else { return Ok(source) };
        let mut tail = BytesMut::new();
        while let Some(piece) = body.next().await? {
            tail.extend_from_slice(&piece);
        }
        source.tail = tail.freeze();
        Ok(source)
    }

    fn without_tail(object: &Object, pin: Pin, length: u64) -> Self {
        Self { object: object.clone(), pin, length, tail: Bytes::new() }
    }
}

impl Source for S3Source {
    type Body = S3Body;

    fn length(&self) -> u64 {
        self.length
    }

    fn tail(&self) -> &Bytes {
        &self.tail
    }

    fn pin(&self) -> &Pin {
        &self.pin
    }

    async fn range(&self, bytes: Range<u64>) -> Result<S3Body, Trouble> {
        let range = ContentRange { bytes, length: self.length };
        if range.bytes.is_empty() || range.bytes.end > self.length {
            return Err(self.object.refused(&format!("{range} cannot be asked for")));
        }
        S3Body::begin(&self.object, &self.pin, range).await
    }
}

/// The last bytes are still to come, if there are any.
async fn end(object: &Object, pin: Option<&Pin>) -> Result<(S3Source, Option<S3Body>), Trouble> {
    let etag = pin.map(|pin| pin.etag.as_str());
    let Some(output) = object.get(Some(format!("bytes=-{TAIL}")), etag).await? else {
        return Ok((empty(object, pin).await?, None));
    };
    let found = pinned(object, &output, pin)?;
    let range = range_of(object, &output)?;
    let expected = ContentRange { bytes: range.length.saturating_sub(TAIL)..range.length, length: range.length };
    if range != expected {
        return Err(object.refused(&format!("S3 sent {range} instead of {expected}")));
    }
    let source = S3Source::without_tail(object, found, range.length);
    let body = S3Body::begun(object, &source.pin, range, output.body);
    Ok((source, Some(body)))
}

/// An object of no bytes has no last ones, so what its pin is must be asked for.
async fn empty(object: &Object, pin: Option<&Pin>) -> Result<S3Source, Trouble> {
    let output = object.get(None, pin.map(|pin| pin.etag.as_str())).await?;
    let output = output.ok_or_else(|| object.refused("S3 has no bytes of it"))?;
    if output.content_length != Some(0) {
        return Err(object.broken("S3 says that it is empty, and that it is not"));
    }
    Ok(S3Source::without_tail(object, pinned(object, &output, pin)?, 0))
}

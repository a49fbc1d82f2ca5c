//! S3 in memory: objects by bucket and key, and whatever can go wrong with them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use artifact_scan::policy::S3Address;
use bytes::Bytes;
use lambda_kit::Clock;
use lambda_kit::doubles::Calls;
use pipeline_model::{ArtifactCredentials, EncryptionKey, S3Location, Secret};

use crate::ports::{Body, Pin, Source, Store, TAIL, Trouble, TroubleKind};

/// Bytes that come at a time.
const CHUNK: usize = 3_000;

/// Clones share everything.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    calls: Calls,
    clock: Clock,
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    puts: Vec<Put>,
    faults: BTreeMap<String, Fault>,
    takes: Duration,
    ranges: usize,
}

/// Something that was put, as an output artifact or as a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// Where: `s3://bucket/key`.
    pub address: String,
    /// The key it is encrypted with, if one was named.
    pub key: Option<String>,
    /// As what.
    pub content_type: Option<String>,
    /// What.
    pub bytes: Bytes,
}

/// What is wrong with an object from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every call about it ends in this kind of trouble.
    Trouble(TroubleKind),
    /// It becomes another one after so many requests for its bytes.
    Changes(usize),
    /// Bodies end in trouble after their first bytes.
    BreaksOff,
    /// Bodies end after their first bytes as if that were all.
    EndsEarly,
    /// Bodies have more bytes than were asked for.
    GoesOn,
    /// Bodies stop coming, and nothing is taken.
    Hangs,
}

impl MemoryStore {
    pub(super) fn with(calls: Calls, clock: Clock) -> Self {
        Self { calls, clock, state: Rc::default() }
    }

    /// Puts an object: `bucket/key`.
    pub fn set(&self, at: &str, bytes: impl Into<Bytes>) {
        self.state.borrow_mut().objects.insert(at.to_owned(), bytes.into());
    }

    /// This is wrong with the object: `bucket/key`.
    pub fn break_object(&self, at: &str, fault: Fault) {
        self.state.borrow_mut().faults.insert(at.to_owned(), fault);
    }

    /// Nothing is wrong any more.
    pub fn mend(&self) {
        self.state.borrow_mut().faults.clear();
    }

    /// The next `number` calls find S3 away.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// Each request for a range takes so long.
    pub fn take(&self, time: Duration) {
        self.state.borrow_mut().takes = time;
    }

    /// How many ranges were asked for.
    pub fn ranges(&self) -> usize {
        self.state.borrow().ranges
    }

    /// What was put, in order.
    pub fn puts(&self) -> Vec<Put> {
        self.state.borrow().puts.clone()
    }

    async fn call<T>(&self, at: &str, effect: impl FnOnce(&mut State) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let whole = || {
            let mut state = self.state.borrow_mut();
            match state.faults.get(at) {
                Some(Fault::Trouble(kind)) => Ok(Err(Trouble::new(*kind, format!("s3://{at}: {kind:?}")))),
                _ => Ok(effect(&mut state)),
            }
        };
        let made = self.calls.make(whole).await;
        made.map_err(|error| Trouble::new(TroubleKind::Passing, error.to_string()))?
    }

    async fn put(&self, at: String, put: Put) -> Result<(), Trouble> {
        let hangs = self.state.borrow().faults.get(&at) == Some(&Fault::Hangs);
        if hangs {
            std::future::pending::<()>().await;
        }
        let keep = |state: &mut State| {
            state.objects.insert(at.clone(), put.bytes.clone());
            state.puts.push(put);
            Ok(())
        };
        self.call(&at, keep).await
    }
}

impl State {
    fn object(&self, at: &str) -> Result<Bytes, Trouble> {
        let missing = || Trouble::new(TroubleKind::Missing, format!("GetObject of s3://{at}: NoSuchKey"));
        self.objects.get(at).cloned().ok_or_else(missing)
    }

    fn pinned(&self, at: &str, pin: Option<&Pin>) -> Result<Bytes, Trouble> {
        let bytes = self.object(at)?;
        match pin {
            Some(pin) if *pin != pin_of(&bytes) => {
                Err(Trouble::new(TroubleKind::Changed, format!("GetObject of s3://{at}: PreconditionFailed")))
            }
            _ => Ok(bytes),
        }
    }
}

fn pin_of(bytes: &Bytes) -> Pin {
    Pin { etag: format!("\"{:08x}-{}\"", crc32fast::hash(bytes), bytes.len()) }
}

fn path(at: &S3Location) -> String {
    format!("{}/{}", at.bucket, at.key)
}

impl Store for MemoryStore {
    type Source = MemorySource;

    async fn open(
        &self,
        at: &S3Location,
        _: &Secret<ArtifactCredentials>,
        pin: Option<&Pin>,
    ) -> Result<MemorySource, Trouble> {
        let at = path(at);
        let bytes = self.call(&at, |state| state.pinned(&at, pin)).await?;
        let tail = bytes.slice(bytes.len().saturating_sub(TAIL as usize)..);
        Ok(MemorySource { store: self.clone(), at, length: bytes.len() as u64, tail, pin: pin_of(&bytes) })
    }

    async fn deliver(
        &self,
        at: &S3Location,
        _: &Secret<ArtifactCredentials>,
        key: Option<&EncryptionKey>,
        zip: Bytes,
    ) -> Result<(), Trouble> {
        let address = format!("s3://{}", path(at));
        let put = Put { address, key: key.map(|key| key.id.clone()), content_type: None, bytes: zip };
        self.put(path(at), put).await
    }

    async fn read(&self, at: &S3Address, most: u64) -> Result<Bytes, Trouble> {
        let path = format!("{}/{}", at.bucket, at.key);
        let bytes = self.call(&path, |state| state.object(&path)).await?;
        if bytes.len() as u64 > most {
            return Err(Trouble::new(TroubleKind::Refused, format!("{at} has more than {most} bytes")));
        }
        Ok(bytes)
    }

    async fn write(&self, at: &S3Address, content_type: &str, bytes: Bytes) -> Result<(), Trouble> {
        let put = Put { address: at.to_string(), key: None, content_type: Some(content_type.to_owned()), bytes };
        self.put(format!("{}/{}", at.bucket, at.key), put).await
    }
}

/// An object that was opened.
#[derive(Debug, Clone)]
pub struct MemorySource {
    store: MemoryStore,
    at: String,
    length: u64,
    tail: Bytes,
    pin: Pin,
}

impl Source for MemorySource {
    type Body = MemoryBody;

    fn length(&self) -> u64 {
        self.length
    }

    fn tail(&self) -> &Bytes {
        &self.tail
    }

    fn pin(&self) -> &Pin {
        &self.pin
    }

    async fn range(&self, bytes: Range<u64>) -> Result<MemoryBody, Trouble> {
        assert!(bytes.start < bytes.end && bytes.end <= self.length, "{bytes:?} of {}", self.length);
        let get = |state: &mut State| {
            state.ranges += 1;
            match state.faults.get_mut(&self.at) {
                Some(Fault::Changes(0)) => {
                    state.objects.insert(self.at.clone(), Bytes::from_static(b"another one"));
                }
                Some(Fault::Changes(left)) => *left -= 1,
                _ => {}
            }
            let object = state.pinned(&self.at, Some(&self.pin))?;
            let slice = object.slice(bytes.start as usize..bytes.end as usize);
            Ok((slice, state.faults.get(&self.at).copied(), state.takes))
        };
        let (left, fault, takes) = self.store.call(&self.at, get).await?;
        if !takes.is_zero() {
            self.store.clock.advance(takes);
        }
        Ok(MemoryBody { store: self.store.clone(), at: self.at.clone(), left, fault, has_begun: false })
    }
}

/// Bytes on their way.
#[derive(Debug)]
pub struct MemoryBody {
    store: MemoryStore,
    at: String,
    left: Bytes,
    fault: Option<Fault>,
    has_begun: bool,
}

impl Body for MemoryBody {
    async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        self.store.call(&self.at, |_| Ok(())).await?;
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        match self.fault {
            Some(Fault::BreaksOff) if has_begun => {
                return Err(Trouble::new(TroubleKind::Passing, format!("GetObject of s3://{}: broken off", self.at)));
            }
            Some(Fault::EndsEarly) if has_begun => return Ok(None),
            Some(Fault::Hangs) if has_begun => std::future::pending().await,
            Some(Fault::GoesOn) if self.left.is_empty() => return Ok(Some(Bytes::from_static(b"more"))),
            _ => {}
        }
        // Half of a short rest, so that a body has a middle to break off in.
        let most = if has_begun { CHUNK } else { CHUNK.min(self.left.len().div_ceil(2)) };
        let part = self.left.split_to(most.min(self.left.len()));
        Ok((!part.is_empty()).then_some(part))
    }
}

//! A pipe from a download to the thread that reads it: bounded by bytes, and what breaks off is never an end.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

enum Chunk {
    Bytes(Bytes, OwnedSemaphorePermit),
    End,
}

/// Where bytes are put in.
pub(super) struct Feed {
    sender: UnboundedSender<Chunk>,
    room: Arc<Semaphore>,
    most: usize,
}

/// Where they come out, on another thread.
pub(super) struct Inflow {
    receiver: UnboundedReceiver<Chunk>,
    current: Option<(Bytes, OwnedSemaphorePermit)>,
    has_ended: bool,
}

/// Nobody reads any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unread;

/// A pipe in which at most so many bytes wait.
pub(super) fn pipe(most: usize) -> (Feed, Inflow) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let most = most.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
    let feed = Feed { sender, room: Arc::new(Semaphore::new(most)), most };
    (feed, Inflow { receiver, current: None, has_ended: false })
}

impl Feed {
    /// Puts bytes in as soon as there is room for them.
    pub(super) async fn give(&self, mut bytes: Bytes) -> Result<(), Unread> {
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(self.most));
            let wanted = u32::try_from(part.len()).unwrap_or(u32::MAX);
            let room = Arc::clone(&self.room).acquire_many_owned(wanted);
            let room = tokio::select! {
                room = room => room.map_err(|_| Unread)?,
                () = self.sender.closed() => return Err(Unread),
            };
            self.sender.send(Chunk::Bytes(part, room)).map_err(|_| Unread)?;
        }
        Ok(())
    }

    /// All bytes were put in. A feed that is dropped without this is an error to whoever reads.
    pub(super) fn end(self) {
        // Who has read enough needs no end.
        let _ = self.sender.send(Chunk::End);
    }
}

impl Read for Inflow {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((bytes, _)) = self.current.as_mut().filter(|(bytes, _)| !bytes.is_empty()) {
                let part = bytes.split_to(bytes.len().min(into.len()));
                into[..part.len()].copy_from_slice(&part);
                return Ok(part.len());
            }
            self.current = None;
            if self.has_ended {
                return Ok(0);
            }
            match self.receiver.blocking_recv() {
                Some(Chunk::Bytes(bytes, room)) => self.current = Some((bytes, room)),
                Some(Chunk::End) => self.has_ended = true,
                None => return Err(io::Error::other("the download was given up")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(mut inflow: Inflow) -> std::thread::JoinHandle<io::Result<Vec<u8>>> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            inflow.read_to_end(&mut bytes).map(|_| bytes)
        })
    }

    #[tokio::test]
    async fn bytes_come_out_as_they_were_put_in_however_little_room_there_is() {
        let given: Vec<u8> = (0..10_000_u32).map(|number| number as u8).collect();
        for most in [1, 7, 4_096, 100_000] {
            let (feed, inflow) = pipe(most);
            let reader = reading(inflow);
            for chunk in given.chunks(999) {
                feed.give(Bytes::copy_from_slice(chunk)).await.unwrap();
            }
            feed.end();
            assert_eq!(reader.join().unwrap().unwrap(), given);
        }
    }

    #[tokio::test]
    async fn what_breaks_off_is_an_error_and_no_end() {
        let (feed, inflow) = pipe(100);
        feed.give(Bytes::from_static(b"half")).await.unwrap();
        drop(feed);
        assert!(reading(inflow).join().unwrap().is_err());
    }

    #[tokio::test]
    async fn nobody_waits_for_room_with_a_reader_that_is_gone() {
        let (feed, inflow) = pipe(4);
        feed.give(Bytes::from_static(b"full")).await.unwrap();
        let (given, ()) = tokio::join!(feed.give(Bytes::from_static(b"more")), async { drop(inflow) });
        assert_eq!(given, Err(Unread));
    }
}

//! The books in memory, with the same conditions as the real ones.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::Result;
use jiff::Timestamp;
use lambda_kit::doubles::Calls;
use rollback_plans::{Book, Hold, Past, Pledge};

use crate::ports::{Books, Claimed, Lease, Shelved, Written};

/// Clones share the books.
#[derive(Debug, Clone, Default)]
pub struct MemoryBooks {
    calls: Calls,
    items: Rc<RefCell<BTreeMap<String, Item>>>,
    tokens: Rc<Cell<u64>>,
}

#[derive(Debug, Clone, Default)]
struct Item {
    past: Vec<Past>,
    pledges: Vec<Pledge>,
    lease: Option<(String, Timestamp)>,
    revision: u64,
}

impl Item {
    fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.lease.as_ref().map(|(_, until)| *until).filter(|until| *until > now)
    }

    fn is_held_by(&self, lease: &Lease) -> bool {
        self.lease.as_ref().is_some_and(|(holder, _)| *holder == lease.token)
    }

    fn shelved(&self, now: Timestamp) -> Shelved {
        let hold = self.held_until(now).map_or(Hold::Free, Hold::Others);
        let book = Book { past: self.past.clone(), pledges: self.pledges.clone(), hold };
        Shelved { book, revision: self.revision }
    }
}

impl MemoryBooks {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, ..Self::default() }
    }

    /// The next `number` calls fail and change nothing.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// Every book by its key, as somebody finds it who reads it now, without counting as a call.
    pub fn all(&self, now: Timestamp) -> BTreeMap<String, Book> {
        self.items.borrow().iter().map(|(key, item)| (key.clone(), item.shelved(now).book)).collect()
    }

    async fn change<T>(&self, key: &str, change: impl FnOnce(&mut Item) -> T) -> Result<T> {
        self.calls.make(|| Ok(change(self.items.borrow_mut().entry(key.to_owned()).or_default()))).await
    }
}

impl Books for MemoryBooks {
    async fn read(&self, key: &str, now: Timestamp) -> Result<Shelved> {
        let read = || self.items.borrow().get(key).map(|item| item.shelved(now)).unwrap_or_default();
        self.calls.make(|| Ok(read())).await
    }

    async fn claim(&self, key: &str, pledge: &Pledge, now: Timestamp, until: Timestamp) -> Result<Claimed> {
        let token = self.tokens.get() + 1;
        self.tokens.set(token);
        let claim = |item: &mut Item| {
            if let Some(until) = item.held_until(now) {
                return Claimed::Held(until);
            }
            let lease = Lease {
                token: format!("lease-{token}"),
                earlier: item.pledges.len(),
                all: item.pledges.len() + 1,
                fence: item.revision + 1,
            };
            let book = Book { past: item.past.clone(), pledges: item.pledges.clone(), hold: Hold::Mine };
            item.pledges.push(pledge.clone());
            item.lease = Some((lease.token.clone(), until));
            item.revision += 1;
            Claimed::Mine(Box::new(book), lease)
        };
        self.change(key, claim).await
    }

    async fn settle(&self, key: &str, lease: &Lease, book: &Book, _now: Timestamp) -> Result<Written> {
        let settle = |item: &mut Item| {
            if !item.is_held_by(lease) {
                return Written::Lost;
            }
            *item = Item { past: book.past.clone(), revision: item.revision + 1, ..Item::default() };
            Written::Yes
        };
        self.change(key, settle).await
    }

    async fn release(&self, key: &str, lease: &Lease) -> Result<()> {
        let release = |item: &mut Item| {
            if item.is_held_by(lease) {
                item.pledges.drain(lease.earlier..lease.all);
                item.lease = None;
                item.revision += 1;
            }
        };
        self.change(key, release).await
    }

    async fn note(&self, key: &str, read: &Shelved, book: &Book, now: Timestamp) -> Result<Written> {
        let note = |item: &mut Item| {
            if item.held_until(now).is_some() || item.revision != read.revision || item.revision == 0 {
                return Written::Lost;
            }
            item.past.clone_from(&book.past);
            item.revision += 1;
            Written::Yes
        };
        self.change(key, note).await
    }
}

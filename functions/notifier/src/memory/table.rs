//! The state table in memory, with the same conditions as the real one.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;

use crate::outside::fits;
use crate::ports::{Item, Slot, Stored, Table};
use lambda_kit::doubles::Calls;

type Interference = Box<dyn FnOnce(&MemoryTable)>;

/// Clones share the items.
#[derive(Clone, Default)]
pub struct MemoryTable {
    calls: Calls,
    content: Rc<Content>,
}

#[derive(Default)]
struct Content {
    items: RefCell<BTreeMap<String, (Item, Timestamp)>>,
    slots: RefCell<BTreeMap<String, Timestamp>>,
    losing: Cell<usize>,
    interferences: RefCell<VecDeque<Interference>>,
}

impl MemoryTable {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, content: Rc::default() }
    }

    /// The next `number` calls fail and change nothing.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The next `number` calls of `store` lose and change nothing.
    pub fn lose_next(&self, number: usize) {
        self.content.losing.set(number);
    }

    /// Does something to the table just before the next `store` (one call each, in the order they are given here):
    /// what another notifier would do between our read and our write.
    pub fn interfere(&self, interference: impl FnOnce(&Self) + 'static) {
        self.content.interferences.borrow_mut().push_back(Box::new(interference));
    }

    /// Writes without a condition and without counting as a call.
    pub fn put(&self, key: &str, item: Item) {
        self.content.items.borrow_mut().insert(key.to_owned(), (item, Timestamp::MAX));
    }

    /// One item.
    pub fn item(&self, key: &str) -> Option<Item> {
        self.content.items.borrow().get(key).map(|(item, _)| item.clone())
    }

    /// Every item by its key.
    pub fn items(&self) -> BTreeMap<String, Item> {
        self.content.items.borrow().iter().map(|(key, (item, _))| (key.clone(), item.clone())).collect()
    }

    /// When an item expires.
    pub fn expires(&self, key: &str) -> Option<Timestamp> {
        self.content.items.borrow().get(key).map(|(_, expires)| *expires)
    }

    /// When the next slot of a rate-limited target begins, if any was ever taken or held.
    pub fn free_at(&self, key: &str) -> Option<Timestamp> {
        self.content.slots.borrow().get(key).copied()
    }

    /// Deletes what has expired, as DynamoDB does some day.
    pub fn sweep(&self, now: Timestamp) {
        self.content.items.borrow_mut().retain(|_, (_, expires)| *expires > now);
    }

    fn write(&self, key: &str, item: &Item, expected: Option<u64>, expires: Timestamp) -> Result<Stored> {
        fits(key, &item.document)?;
        if let Some(left) = self.content.losing.get().checked_sub(1) {
            self.content.losing.set(left);
            return Ok(Stored::Lost);
        }
        let interference = self.content.interferences.borrow_mut().pop_front();
        if let Some(interference) = interference {
            interference(self);
        }
        if self.item(key).map(|item| item.revision) != expected {
            return Ok(Stored::Lost);
        }
        let leased_until = item.leased_until.map(in_millis);
        let item = Item { revision: expected.unwrap_or(0) + 1, leased_until, ..item.clone() };
        self.content.items.borrow_mut().insert(key.to_owned(), (item, expires));
        Ok(Stored::Yes)
    }

    fn take_slot(&self, key: &str, now: Timestamp, interval: Duration, latest: Timestamp) -> Slot {
        let slot = self.free_at(key).map_or(now, |free| free.max(now));
        if slot > latest {
            return Slot::Shut(slot);
        }
        self.content.slots.borrow_mut().insert(key.to_owned(), in_millis(slot) + interval);
        Slot::Taken(slot)
    }
}

impl Table for MemoryTable {
    async fn load(&self, key: &str) -> Result<Option<Item>> {
        self.calls.make(|| Ok(self.item(key))).await
    }

    async fn store(&self, key: &str, item: &Item, expected: Option<u64>, expires: Timestamp) -> Result<Stored> {
        self.calls.make(|| self.write(key, item, expected, expires)).await
    }

    async fn reserve(&self, key: &str, now: Timestamp, interval: Duration, latest: Timestamp) -> Result<Slot> {
        self.calls.make(|| Ok(self.take_slot(key, now, interval, latest))).await
    }

    async fn hold(&self, key: &str, until: Timestamp) -> Result<()> {
        let shut = || {
            let mut slots = self.content.slots.borrow_mut();
            let free = slots.entry(key.to_owned()).or_insert(until);
            *free = in_millis(until).max(*free);
            Ok(())
        };
        self.calls.make(shut).await
    }
}

impl fmt::Debug for MemoryTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (items, slots) = (self.items(), self.content.slots.borrow());
        formatter.debug_struct("MemoryTable").field("items", &items).field("slots", &slots).finish()
    }
}

/// The real table keeps milliseconds.
fn in_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn somebody_else_can_write_between_our_read_and_our_write() {
        let table = MemoryTable::default();
        table.interfere(|table| table.put("key", Item { revision: 7, ..Item::default() }));
        let ours = table.store("key", &Item::default(), None, Timestamp::MAX).await.unwrap();
        assert_eq!((ours, table.item("key").unwrap().revision), (Stored::Lost, 7));
    }

    #[tokio::test]
    async fn a_table_loses_and_fails_as_often_as_it_is_told() {
        let table = MemoryTable::default();
        table.lose_next(1);
        table.fail_next(1);
        assert!(table.store("key", &Item::default(), None, Timestamp::MAX).await.is_err());
        assert_eq!(table.store("key", &Item::default(), None, Timestamp::MAX).await.unwrap(), Stored::Lost);
        assert_eq!(table.store("key", &Item::default(), None, Timestamp::MAX).await.unwrap(), Stored::Yes);
    }

    #[tokio::test]
    async fn expired_items_count_until_they_are_swept() {
        let table = MemoryTable::default();
        let expires = Timestamp::from_second(100).unwrap();
        table.store("key", &Item::default(), None, expires).await.unwrap();
        assert!(table.load("key").await.unwrap().is_some());
        table.sweep(expires);
        assert_eq!(table.load("key").await.unwrap(), None);
    }
}

//! The ledger in memory, with the same conditions as the real one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;
use lambda_kit::doubles::Calls;

use crate::outside::positions;
use crate::ports::{Entry, Ledger, Opened, Opening, Settled};

/// Clones share the items.
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger {
    calls: Calls,
    content: Rc<Content>,
}

#[derive(Debug, Default)]
struct Content {
    items: RefCell<BTreeMap<String, Item>>,
    leases: Cell<u64>,
    failing_settles: Cell<usize>,
}

#[derive(Debug, Clone, Default)]
struct Item {
    entry: Entry,
    lease: Option<(String, Timestamp)>,
}

impl MemoryLedger {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, content: Rc::default() }
    }

    /// The next `number` calls fail and change nothing.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The next call that would store a window fails and changes nothing.
    pub fn fail_next_settle(&self) {
        self.content.failing_settles.set(1);
    }

    /// Every item by its key.
    pub fn items(&self) -> BTreeMap<String, Entry> {
        self.content.items.borrow().iter().map(|(key, item)| (key.clone(), item.entry.clone())).collect()
    }

    /// Writes without a condition and without counting as a call.
    pub fn put(&self, key: &str, entry: Entry) {
        self.change(key, |item| item.entry = entry);
    }

    fn change<T>(&self, key: &str, change: impl FnOnce(&mut Item) -> T) -> T {
        change(self.content.items.borrow_mut().entry(key.to_owned()).or_default())
    }

    /// Changes an item whose lease is still ours.
    fn change_ours(&self, key: &str, lease: &str, change: impl FnOnce(&mut Entry)) -> Settled {
        self.change(key, |item| {
            if item.lease.as_ref().is_none_or(|(holder, _)| holder != lease) {
                return Settled::Lost;
            }
            item.lease = None;
            change(&mut item.entry);
            Settled::Yes
        })
    }
}

/// DynamoDB refuses an expression of more than 4,096 bytes; the rest of ours takes fewer than 150.
fn expressible(places: Range<usize>) -> Result<()> {
    let bytes = positions(places).len();
    ensure!(bytes <= 4096 - 150, "ValidationException: the expression has {bytes} bytes too many");
    Ok(())
}

impl Ledger for MemoryLedger {
    async fn append(&self, key: &str, facts: &[String], _expires: Timestamp) -> Result<()> {
        let effect = || {
            self.change(key, |item| item.entry.inbox.extend_from_slice(facts));
            Ok(())
        };
        self.calls.make(effect).await
    }

    async fn open(
        &self,
        key: &str,
        facts: &[String],
        now: Timestamp,
        until: Timestamp,
        _expires: Timestamp,
    ) -> Result<Opening> {
        let lease = self.content.leases.get() + 1;
        self.content.leases.set(lease);
        let lease = format!("lease-{lease}");
        let effect = || {
            self.change(key, |item| {
                if item.lease.as_ref().is_some_and(|(_, end)| *end > now) {
                    return Opening::Busy;
                }
                item.lease = Some((lease.clone(), until));
                item.entry.inbox.extend_from_slice(facts);
                let Entry { window, inbox } = item.entry.clone();
                Opening::Open(Opened { lease, window, inbox })
            })
        };
        self.calls.make(|| Ok(effect())).await
    }

    async fn settle(
        &self,
        key: &str,
        opened: &Opened,
        window: &str,
        folded: usize,
        _expires: Timestamp,
    ) -> Result<Settled> {
        let effect = || {
            if self.content.failing_settles.take() > 0 {
                bail!("the double was told not to store a window");
            }
            expressible(0..folded.min(opened.inbox.len()))?;
            Ok(self.change_ours(key, &opened.lease, |entry| {
                entry.window = Some(window.to_owned());
                entry.inbox.drain(..folded.min(opened.inbox.len()));
            }))
        };
        self.calls.make(effect).await
    }

    async fn release(&self, key: &str, opened: &Opened, appended: usize) -> Result<()> {
        let all = opened.inbox.len();
        let effect = || {
            expressible(all.saturating_sub(appended)..all)?;
            self.change_ours(key, &opened.lease, |entry| {
                entry.inbox.drain(all.saturating_sub(appended)..all);
            });
            Ok(())
        };
        self.calls.make(effect).await
    }

    async fn read(&self, key: &str) -> Result<Option<Entry>> {
        self.calls.make(|| Ok(self.content.items.borrow().get(key).map(|item| item.entry.clone()))).await
    }
}

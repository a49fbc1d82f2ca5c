//! The gates' items in memory, with the same conditions as the real ones.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Result, bail};
use jiff::Timestamp;
use lambda_kit::doubles::Calls;

use crate::ports::{Claimed, Shelf, Visit, Written};

/// Clones share the items.
#[derive(Debug, Clone, Default)]
pub struct MemoryShelf {
    calls: Calls,
    items: Rc<RefCell<BTreeMap<String, Item>>>,
    failing_saves: Rc<Cell<usize>>,
}

#[derive(Debug, Clone)]
struct Item {
    visit: u32,
    job: String,
    worker: String,
    leased_until: Timestamp,
    kept: Option<String>,
}

impl Item {
    fn lets_in(&self, visit: &Visit) -> bool {
        let was_left = self.visit == visit.number && self.job == visit.job && self.leased_until <= visit.now;
        self.visit < visit.number || was_left || self.worker == visit.worker
    }
}

impl MemoryShelf {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, ..Self::default() }
    }

    /// The next `number` calls fail and change nothing.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// The next `number` saves fail and change nothing.
    pub fn fail_saves(&self, number: usize) {
        self.failing_saves.set(number);
    }

    /// What is remembered of each gate, without counting as a call.
    pub fn all(&self) -> BTreeMap<String, Option<String>> {
        self.items.borrow().iter().map(|(key, item)| (key.clone(), item.kept.clone())).collect()
    }

    /// Forgets everything, as a table that was made anew.
    pub fn forget(&self) {
        self.items.borrow_mut().clear();
    }

    /// Replaces what is remembered of all gates.
    pub fn overwrite(&self, kept: &str) {
        self.items.borrow_mut().values_mut().for_each(|item| item.kept = Some(kept.to_owned()));
    }

    fn take(&self, visit: &Visit, first: Option<&str>) -> Claimed {
        let mut items = self.items.borrow_mut();
        let before = items.get(&visit.key);
        if before.is_some_and(|item| !item.lets_in(visit)) {
            return Claimed::Others;
        }
        let kept = first.map(str::to_owned).or_else(|| before.and_then(|item| item.kept.clone()));
        let item = Item {
            visit: visit.number,
            job: visit.job.clone(),
            worker: visit.worker.clone(),
            leased_until: visit.until,
            kept: kept.clone(),
        };
        items.insert(visit.key.clone(), item);
        Claimed::Mine(kept)
    }
}

impl Shelf for MemoryShelf {
    async fn claim(&self, visit: &Visit, first: Option<&str>) -> Result<Claimed> {
        self.calls.make(|| Ok(self.take(visit, first))).await
    }

    async fn save(&self, visit: &Visit, kept: &str) -> Result<Written> {
        let save = || match self.items.borrow_mut().get_mut(&visit.key) {
            Some(item) if item.worker == visit.worker => {
                item.kept = Some(kept.to_owned());
                Written::Yes
            }
            _ => Written::Lost,
        };
        if let Some(left) = self.failing_saves.get().checked_sub(1) {
            self.failing_saves.set(left);
            bail!("the double was told to fail");
        }
        self.calls.make(|| Ok(save())).await
    }
}

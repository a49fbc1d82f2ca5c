//! What is kept of scans, in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::Result;
use lambda_kit::doubles::Calls;

use crate::ports::Shelf;

type Items = BTreeMap<(String, u32), Vec<u8>>;

/// Clones share the items.
#[derive(Debug, Clone, Default)]
pub struct MemoryShelf {
    calls: Calls,
    items: Rc<RefCell<Items>>,
}

impl MemoryShelf {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, ..Self::default() }
    }

    /// The next `number` calls fail and change nothing.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }

    /// All that is kept, without counting as a call.
    pub fn all(&self) -> Items {
        self.items.borrow().clone()
    }

    /// Forgets everything, as a table that was made anew.
    pub fn forget(&self) {
        self.items.borrow_mut().clear();
    }

    /// Damages everything that is kept.
    pub fn damage(&self) {
        self.items.borrow_mut().values_mut().flatten().for_each(|byte| *byte ^= 0x55);
    }
}

impl Shelf for MemoryShelf {
    async fn keep(&self, key: &str, visit: u32, bytes: &[u8]) -> Result<()> {
        let keep = || {
            let before = self.items.borrow_mut().insert((key.to_owned(), visit), bytes.to_vec());
            assert!(before.is_none_or(|before| before == bytes), "what is kept under a key never changes");
            Ok(())
        };
        self.calls.make(keep).await
    }

    async fn look(&self, key: &str, visit: u32) -> Result<Option<Vec<u8>>> {
        self.calls.make(|| Ok(self.items.borrow().get(&(key.to_owned(), visit)).cloned())).await
    }
}

//! The parameter store in tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::settings::ParameterStore;
use anyhow::Result;
use pipeline_model::Secret;

use super::Calls;

/// Empty at first. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct MemorySettings {
    calls: Calls,
    values: Rc<RefCell<BTreeMap<String, Secret<String>>>>,
}

impl MemorySettings {
    /// No parameters; the reads are counted with other calls.
    pub fn with(calls: Calls) -> Self {
        Self { calls, values: Rc::default() }
    }

    /// Puts a parameter: `settings`, `slack/bot-token` and so on.
    pub fn set(&self, name: &str, value: &str) {
        self.values.borrow_mut().insert(name.to_owned(), Secret::new(value.to_owned()));
    }

    /// Deletes a parameter.
    pub fn remove(&self, name: &str) {
        self.values.borrow_mut().remove(name);
    }

    /// The next `number` reads fail.
    pub fn fail_next(&self, number: usize) {
        self.calls.fail_next(number);
    }
}

impl ParameterStore for MemorySettings {
    async fn below(&self, _path: &str) -> Result<BTreeMap<String, Secret<String>>> {
        self.calls.make(|| Ok(self.values.borrow().clone())).await
    }
}

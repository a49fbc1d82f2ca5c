//! What settings mean, parsed once per change; the last good meaning is kept while new text is wrong.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::anyhow;

use super::Snapshot;
use crate::metrics::Metrics;
use crate::{Clock, Failure};

/// The meaning `T` of the settings read last.
#[derive(Debug)]
pub struct Parsed<T> {
    metrics: Metrics,
    clock: Clock,
    last_good: RefCell<Option<(u64, Rc<T>)>>,
}

impl<T> Parsed<T> {
    /// Nothing is parsed yet. Settings that are wrong are counted as `SettingsRefused`.
    pub fn new(metrics: Metrics, clock: Clock) -> Self {
        Self { metrics, clock, last_good: RefCell::default() }
    }

    /// The meaning of `snapshot`. `parse` runs only if a value changed since the last call.
    ///
    /// # Errors
    /// [`Failure::Permanent`] with the problem when there was never a meaning to go by.
    pub fn of(
        &self,
        snapshot: &Snapshot,
        parse: impl FnOnce(&Snapshot) -> Result<T, String>,
    ) -> Result<Rc<T>, Failure> {
        if let Some(why) = snapshot.stale() {
            tracing::warn!(settings.error = why, "settings cannot be read now; the last good ones are used");
        }
        let mut last_good = self.last_good.borrow_mut();
        if let Some((version, meaning)) = &*last_good
            && *version == snapshot.version()
        {
            return Ok(Rc::clone(meaning));
        }
        match parse(snapshot) {
            Ok(meaning) => {
                let meaning = Rc::new(meaning);
                *last_good = Some((snapshot.version(), Rc::clone(&meaning)));
                Ok(meaning)
            }
            Err(problem) => {
                self.metrics.count(self.clock.now(), "SettingsRefused", 1);
                last_good_instead(last_good.as_ref(), problem)
            }
        }
    }
}

fn last_good_instead<T>(last_good: Option<&(u64, Rc<T>)>, problem: String) -> Result<Rc<T>, Failure> {
    let Some((_, meaning)) = last_good else { return Err(Failure::permanent(anyhow!("{problem}"))) };
    tracing::error!(settings.error = problem, "new settings are wrong; the last good ones are used");
    Ok(Rc::clone(meaning))
}

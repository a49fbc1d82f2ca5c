//! What is about to happen, and when.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use lambda_kit::Clock;
use rollback_plans::Step;
use serde_json::Value;
use tokio::sync::Notify;

use super::outside::Process;

/// Something that happens to the world.
#[derive(Clone)]
pub(super) enum Happening {
    /// An execution begins.
    Starts(String),
    /// It comes to the stage.
    Comes(String),
    /// It leaves the stage.
    Ends { execution: String, succeeds: bool },
    /// A rollback leaves the stage.
    RollbackEnds { rollback: String, succeeds: bool },
    /// An alarm changes its state, if that release stands still.
    Turns { alarm: usize, red: bool, while_stands: Option<String> },
    /// A person rolls back what stands.
    PersonRollsBack,
    /// CodePipeline rolls a failed deployment back.
    PipelineRollsBack,
    /// Somebody edits the pipeline.
    Edit,
    /// A person closes the transition.
    PersonCloses,
    /// A person opens the transition.
    PersonOpens,
    /// Lambda invokes the function.
    Invocation(Letter),
    /// A step reaches its service long after it was sent.
    Lands(Rc<Process>, Step),
}

/// An event or a message on its way to the function.
#[derive(Clone)]
pub(super) struct Letter {
    /// Which alarm it is about.
    pub(super) alarm: usize,
    pub(super) content: Content,
    /// How often it was delivered.
    pub(super) receives: u32,
}

#[derive(Clone)]
pub(super) enum Content {
    Event(Rc<Value>),
    Errand(String),
}

/// Milliseconds since the story began, and a number that keeps the order of what comes at once.
type Place = (i64, u64);

#[derive(Default)]
pub(super) struct Agenda {
    items: RefCell<BTreeMap<Place, Happening>>,
    number: Cell<u64>,
    /// Invocations that are under way.
    running: Cell<usize>,
    stir: Notify,
}

impl Agenda {
    pub(super) fn put(&self, at: i64, what: Happening) {
        let number = self.number.get() + 1;
        self.number.set(number);
        self.items.borrow_mut().insert((at, number), what);
        self.stir.notify_one();
    }

    pub(super) fn begin(&self) {
        self.running.set(self.running.get() + 1);
    }

    pub(super) fn end(&self) {
        self.running.set(self.running.get() - 1);
        self.stir.notify_one();
    }

    /// Waits for what comes next; nothing when nothing can come any more.
    pub(super) async fn next(&self, clock: &Clock) -> Option<Happening> {
        loop {
            let first = self.items.borrow().keys().next().copied();
            let now = i64::try_from(clock.monotonic().as_millis()).unwrap();
            match first {
                Some((at, number)) if at <= now => return self.items.borrow_mut().remove(&(at, number)),
                Some((at, _)) => {
                    let wait = Duration::from_millis(at.abs_diff(now));
                    let _ = tokio::time::timeout(wait, self.stir.notified()).await;
                }
                None if self.running.get() == 0 => return None,
                None => self.stir.notified().await,
            }
        }
    }
}

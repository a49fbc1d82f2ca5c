//! Counting the calls of all doubles, and failing or crashing at one of them.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use anyhow::{Result, bail};

/// When a crash strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The call has no effect.
    Before,
    /// The call takes effect, but its caller never learns of it.
    After,
}

/// The calls of one double; the count and the crash are shared by all of them.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    shared: Rc<Shared>,
    failing: Rc<Cell<usize>>,
}

#[derive(Debug, Default)]
struct Shared {
    count: Cell<usize>,
    crash: RefCell<Option<(usize, Moment)>>,
    crashed: Cell<bool>,
}

impl Calls {
    /// Shares the count and the crash, and fails by itself.
    pub fn for_one_double(&self) -> Self {
        Self { shared: Rc::clone(&self.shared), failing: Rc::default() }
    }

    /// How many calls were made to all doubles.
    pub fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// The next `number` calls of this double fail and have no effect.
    pub fn fail_next(&self, number: usize) {
        self.failing.set(number);
    }

    /// Kills whoever makes the `number`-th call from now (1 is the next) to any of the doubles, once.
    pub fn crash_at(&self, number: usize, moment: Moment) {
        *self.shared.crash.borrow_mut() = Some((self.count() + number, moment));
    }

    /// Runs `work` until it ends or crashes; `None` means that it crashed.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.shared.crashed.take() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// One call with its effect. It fails if that is asked for, and never returns if it is the one that crashes.
    ///
    /// Between two calls another task may run, as it may where a real call waits for an answer.
    pub async fn make<T>(&self, effect: impl FnOnce() -> Result<T>) -> Result<T> {
        tokio::task::yield_now().await;
        let number = self.count() + 1;
        self.shared.count.set(number);
        self.crash_if(number, Moment::Before).await;
        if let Some(left) = self.failing.get().checked_sub(1) {
            self.failing.set(left);
            bail!("the double was told to fail");
        }
        let result = effect();
        self.crash_if(number, Moment::After).await;
        result
    }

    async fn crash_if(&self, number: usize, moment: Moment) {
        let strikes = self.shared.crash.borrow_mut().take_if(|crash| *crash == (number, moment)).is_some();
        if strikes {
            self.shared.crashed.set(true);
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn two_calls(calls: &Calls, effects: &Cell<usize>) {
        for _ in 0..2 {
            calls.make(|| Ok(effects.replace(effects.get() + 1))).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_crash_leaves_behind_what_came_before_it() {
        for (number, moment, expected) in
            [(1, Moment::Before, 0), (1, Moment::After, 1), (2, Moment::Before, 1), (2, Moment::After, 2)]
        {
            let (calls, effects) = (Calls::default(), Cell::new(0));
            calls.crash_at(number, moment);
            assert_eq!(calls.run(two_calls(&calls, &effects)).await, None);
            assert_eq!(effects.get(), expected);
            assert_eq!(calls.run(two_calls(&calls, &effects)).await, Some(()), "it crashes once");
        }
    }

    #[tokio::test]
    async fn one_double_fails_alone_and_without_effect() {
        let (all, effects) = (Calls::default(), Cell::new(0));
        let (failing, other) = (all.for_one_double(), all.for_one_double());
        failing.fail_next(1);
        assert!(failing.make(|| Ok(effects.replace(9))).await.is_err());
        two_calls(&other, &effects).await;
        two_calls(&failing, &effects).await;
        assert_eq!((effects.get(), all.count()), (4, 5));
    }
}

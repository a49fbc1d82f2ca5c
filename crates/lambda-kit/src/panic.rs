//! A panic as a value: a fault in one piece of work is no end of the process. And what is logged of one.

use std::fmt;
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;

/// The name of threads that work on what nobody may see. Of their panics the place is logged and not the words, in which
/// a piece of the work may stand.
pub const DISCREET_THREAD: &str = "discreet";

/// The work panicked. The panic hook has logged where and why; the words of a panic may hold anything, so they end there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function stopped at a fault of its own; its log says where")]
pub(crate) struct Panicked;

/// Runs work to its end or to its panic, after which it is never polled again.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    std::future::poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}

/// Logs a panic of any thread.
pub(crate) fn log(panic: &PanicHookInfo<'_>) {
    tracing::error!("{}", words(thread::current().name(), panic.location(), panic));
}

fn words(thread: Option<&str>, place: Option<&Location<'_>>, panic: &impl fmt::Display) -> String {
    match place {
        Some(place) if thread == Some(DISCREET_THREAD) => format!("panicked at {place}"),
        None if thread == Some(DISCREET_THREAD) => String::from("panicked"),
        _ => panic.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_discreet_thread_the_place_of_a_panic_is_logged_and_not_its_words() {
        let (here, panic) = (Location::caller(), "panicked at a place: byte index 3 of `something read`");
        assert_eq!(words(Some("main"), Some(here), &panic), panic);
        let told = words(Some(DISCREET_THREAD), Some(here), &panic);
        assert!(told.starts_with("panicked at ") && told.contains("panic.rs") && !told.contains("read"), "{told}");
        assert_eq!(words(Some(DISCREET_THREAD), None, &panic), "panicked");
    }
}

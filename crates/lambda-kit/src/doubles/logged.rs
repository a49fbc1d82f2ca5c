//! What a test logs: everything its own thread says while it listens, as a function would write it.
//!
//! One subscriber serves the whole process. With one of its own, a test can miss a line: `tracing` may ask the thread
//! that comes to a line first, and only that one, whether anybody listens.

use std::cell::RefCell;
use std::io::{self, Write};
use std::marker::PhantomData;

use tracing::Level;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;

use crate::logging::subscriber;

thread_local! {
    static HEARD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Listens to this thread until it is dropped.
#[derive(Debug)]
pub struct Logged {
    of_this_thread: PhantomData<*const ()>,
}

impl Logged {
    /// Begins to listen, to every level.
    pub fn start() -> Self {
        let somebody_listens = dynamic_filter_fn(|_, _| HEARD.with_borrow(Option::is_some));
        let _ = tracing::subscriber::set_global_default(subscriber(Level::TRACE, || Ear).with(somebody_listens));
        HEARD.set(Some(Vec::new()));
        Self { of_this_thread: PhantomData }
    }

    /// What was heard, one JSON object a line.
    pub fn text(&self) -> String {
        HEARD.with_borrow(|heard| String::from_utf8_lossy(heard.as_deref().unwrap_or_default()).into_owned())
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        HEARD.set(None);
    }
}

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with_borrow_mut(|heard| heard.iter_mut().for_each(|heard| heard.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_hears_its_own_thread_alone_and_every_line_of_it() {
        let say = |who: &str| tracing::debug!(who, "said");
        let before = Logged::start();
        std::thread::scope(|scope| scope.spawn(|| say("another")).join().unwrap());
        say("this one");
        let heard = before.text();
        assert!(heard.contains("this one") && !heard.contains("another"), "{heard}");
        drop(before);
        say("nobody listens");
        assert_eq!(Logged::start().text(), "");
    }
}

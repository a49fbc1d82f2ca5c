//! A fault of the program's own, at a step that a test names.

use crate::scan::threads::Content;

/// A file of as many bytes is a fault.
pub(crate) const STRIKES_AT: u64 = 1_313;

/// Panics if the test wants it to.
pub(in crate::scan) fn strike(content: &Content, step: u64) {
    if let Content::File { length: STRIKES_AT } = content {
        panic!("a fault of the scanner's own at step {step}, in words that nobody may see");
    }
}

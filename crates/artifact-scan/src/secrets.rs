//! Finds secrets in bytes: keywords first, in one pass; then each rule's regex where one of its keywords stands; then what
//! speaks against it.

mod accept;
mod analysis;
mod assignment;
mod boundary;
mod checksum;
mod cursor;
mod decode;
mod foreign;
mod found;
mod judge;
mod keywords;
#[cfg(test)]
mod linter;
mod measure;
mod overlap;
mod pass;
mod pattern;
mod redaction;
mod rule;
#[cfg(test)]
mod sampler;
mod scan;
mod scanner;
mod table;
#[cfg(any(test, feature = "testing"))]
mod template;
#[cfg(test)]
mod written;

#[cfg(test)]
mod corpus;

pub use foreign::{Foreign, read as read_foreign};
pub use found::{DEFAULT_FINGERPRINT_KEY, Found};
pub use rule::Rule;
pub use scan::Scan;
pub use scanner::Scanner;
pub use table::{built_in, version};
#[cfg(any(test, feature = "testing"))]
pub(crate) use template::expand;

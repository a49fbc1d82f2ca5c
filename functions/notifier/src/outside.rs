//! The real outside: DynamoDB, CodePipeline, SNS and HTTP, behind the ports.

mod outbox;
mod releases;
mod table;

pub use outbox::{Courier, web_address};
pub use releases::CodePipeline;
#[cfg(any(test, feature = "testing"))]
pub(crate) use table::fits;
pub use table::{DynamoTable, LARGEST_DOCUMENT};

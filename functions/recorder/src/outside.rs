//! The real outside: DynamoDB, CloudWatch and CodePipeline, behind the ports.

mod cloudwatch;
mod ledger;
mod releases;

pub use cloudwatch::CloudWatch;
pub use ledger::DynamoLedger;
#[cfg(any(test, feature = "testing"))]
pub(crate) use ledger::positions;
pub use releases::CodePipeline;

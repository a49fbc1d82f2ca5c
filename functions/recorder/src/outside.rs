//! The real outside: DynamoDB, CloudWatch and CodePipeline, behind the ports.

mod cloudwatch;
mod ledger;
mod releases;

pub use cloudwatch::CloudWatch;
pub use ledger::DynamoLedger;
pub use releases::CodePipeline;

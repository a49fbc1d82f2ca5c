//! The real outside: CloudWatch, DynamoDB, SQS and the services that deploy, behind the ports.

mod acting;
mod books;
mod cloudwatch;
mod services;
#[cfg(test)]
mod testing;

pub use books::DynamoBooks;
pub use cloudwatch::CloudWatch;
pub use services::Services;

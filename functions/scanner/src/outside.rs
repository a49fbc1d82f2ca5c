//! The real outside: S3 and the state table, behind the ports.

mod s3;
mod shelf;

pub use s3::{OwnBucket, S3Body, S3Source, S3Store};
pub use shelf::DynamoShelf;

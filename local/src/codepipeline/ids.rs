//! Where ids come from: random ones when served, counted ones in tests.

use std::iter::repeat_with;

/// Makes the ids of executions, jobs, tokens, events and artifacts.
pub trait Ids: Send {
    /// A lower-case UUID, never the same twice.
    fn uuid(&mut self) -> String;
    /// The last part of an artifact's key: seven letters or digits.
    fn object(&mut self) -> String;
}

/// Random ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&mut self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn object(&mut self) -> String {
        repeat_with(fastrand::alphanumeric).take(7).collect()
    }
}

/// Ids that count from one, so that a test can name them.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingIds {
    uuids: u64,
    objects: u64,
}

impl Ids for CountingIds {
    fn uuid(&mut self) -> String {
        self.uuids += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.uuids)
    }

    fn object(&mut self) -> String {
        self.objects += 1;
        format!("Obj{:04}", self.objects)
    }
}

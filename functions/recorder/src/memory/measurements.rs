//! CloudWatch in tests: what was recorded is kept, call by call.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use anyhow::anyhow;
use delivery_metrics::Sample;
use lambda_kit::doubles::Calls;

use crate::ports::{MOST_SAMPLES, Measurements, NotRecorded};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It answers that it takes nothing.
    Refuses,
    /// It takes nothing and never answers.
    Hangs,
}

/// Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct RecordingMeasurements {
    calls: Calls,
    content: Rc<RefCell<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    recorded: Vec<Vec<Sample>>,
    faults: VecDeque<Fault>,
}

impl RecordingMeasurements {
    pub(super) fn with(calls: Calls) -> Self {
        Self { calls, content: Rc::default() }
    }

    /// The next call fails like this.
    pub fn fail_next(&self, fault: Fault) {
        self.content.borrow_mut().faults.push_back(fault);
    }

    /// The samples of each call that was taken.
    pub fn recorded(&self) -> Vec<Vec<Sample>> {
        self.content.borrow().recorded.clone()
    }

    /// All samples that were taken.
    pub fn samples(&self) -> Vec<Sample> {
        self.recorded().concat()
    }
}

impl Measurements for RecordingMeasurements {
    async fn record(&self, samples: &[Sample]) -> Result<(), NotRecorded> {
        assert!(
            (1..=MOST_SAMPLES).contains(&samples.len()),
            "CloudWatch refuses a call with {} metrics",
            samples.len()
        );
        let effect = || {
            let mut content = self.content.borrow_mut();
            let fault = content.faults.pop_front();
            if fault.is_none() {
                content.recorded.push(samples.to_vec());
            }
            Ok(fault)
        };
        match self.calls.make(effect).await {
            Ok(None) => Ok(()),
            Ok(Some(Fault::Refuses)) => Err(NotRecorded::Refused(anyhow!("the double was told to refuse"))),
            Ok(Some(Fault::Hangs)) => Err(NotRecorded::Unanswered(anyhow!("the double was told to hang"))),
            Err(error) => Err(NotRecorded::Refused(error)),
        }
    }
}

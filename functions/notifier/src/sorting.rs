//! A batch, sorted by execution and incident: what belongs together is told together.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lambda_kit::Deadline;
use lambda_kit::batch::Record;
use lambda_kit::settings::ParameterStore;
use notices::{Story, Subject};
use pipeline_model::{ApprovalRequest, Decision, ExecutionId, PipelineArn, PipelineEvent, Published};

use crate::Notifier;
use crate::inbox::{self, Letter};
use crate::kept;
use crate::ports::{Backlog, Outbox, Releases, Table};
use crate::round::Round;

/// An approval that cannot be found is looked for this often before it counts as answered.
const APPROVAL_TRIES: u32 = 2;
/// The longest search for one approval's execution: others wait for it.
const LONGEST_SEARCH: Duration = Duration::from_secs(10);

/// Everything a batch holds about one execution or incident.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// Where the table keeps it.
    pub(crate) key: String,
    /// What it is about, with nothing told of it yet.
    pub(crate) blank: Subject,
    pub(crate) events: Vec<PipelineEvent>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) approvals: Vec<(ApprovalRequest, Timestamp)>,
    /// When the reminders in it were due.
    pub(crate) looks: Vec<Timestamp>,
    /// The records all this came in.
    pub(crate) records: Vec<Record>,
}

impl Bundle {
    pub(crate) fn is_a_reminder_only(&self) -> bool {
        self.events.is_empty() && self.approvals.is_empty() && self.decisions.is_empty()
    }

    pub(crate) fn absorb_into(&self, subject: &mut Subject) {
        if let Some(story) = subject.execution_mut() {
            self.events.iter().for_each(|event| story.absorb(event));
            self.approvals.iter().for_each(|(request, at)| story.absorb_approval(request, *at));
        }
        self.decisions.iter().for_each(|decision| subject.absorb_decision(decision));
    }

    /// The pipeline's name, for the log.
    pub(crate) fn pipeline(&self) -> Option<&str> {
        self.blank.execution().map(|story| story.pipeline().pipeline.as_str())
    }

    /// The execution's id, for the log.
    pub(crate) fn execution(&self) -> Option<&str> {
        self.blank.execution().map(|story| story.execution().as_str())
    }

    /// The incident's key, for the log.
    pub(crate) fn incident(&self) -> Option<&str> {
        self.blank.incident().map(|incident| incident.key())
    }

    /// How often the queue has handed out the record it has handed out most.
    pub(crate) fn receives(&self) -> u32 {
        self.records.iter().map(|record| record.receives).max().unwrap_or(1)
    }
}

/// A sorted batch.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) bundles: Vec<Bundle>,
    /// Ids of records nothing more needs to happen with.
    pub(crate) done: Vec<String>,
    /// Records to be handed back.
    pub(crate) later: Vec<Record>,
}

type Bundles = BTreeMap<String, Bundle>;

impl<T: Table, R: Releases, O: Outbox, B: Backlog, S: ParameterStore> Notifier<T, R, O, B, S> {
    pub(crate) async fn sort(&self, records: &[Record], round: &Round) -> Sorted {
        let mut sorted = Sorted::default();
        let mut bundles = Bundles::new();
        for record in records {
            match inbox::read(&record.body, record.sent_at.unwrap_or_else(|| self.clock.now())) {
                Ok(Letter::Event(event)) => {
                    let bundle = execution(&mut bundles, event.pipeline.clone(), event.execution.clone(), record);
                    bundle.events.push(*event);
                }
                Ok(Letter::Decision(decision)) => match Subject::of(&decision) {
                    Some(subject) if subject.is_uneventful() => sorted.done.push(record.id.clone()),
                    Some(subject) => bundle(&mut bundles, subject, record).decisions.push(*decision),
                    None => {
                        self.leave_out(&decision.id, decision.detail_type(), Published::SOURCE);
                        sorted.done.push(record.id.clone());
                    }
                },
                Ok(Letter::Reminder(reminder)) => {
                    let bundle = execution(&mut bundles, reminder.look_after, reminder.execution_id, record);
                    bundle.looks.push(reminder.due);
                }
                Ok(Letter::Approval(request, at)) => {
                    self.sort_approval(record, request, at, round, &mut bundles, &mut sorted).await;
                }
                Ok(Letter::Unknown(event)) => {
                    self.leave_out(&event.id, &event.detail_type, &event.source);
                    sorted.done.push(record.id.clone());
                }
                Err(problem) if self.bury(record, "unreadable", &problem).await => sorted.done.push(record.id.clone()),
                Err(_) => sorted.later.push(record.clone()),
            }
        }
        sorted.bundles = bundles.into_values().collect();
        sorted
    }

    fn leave_out(&self, id: &str, detail_type: &str, source: &str) {
        tracing::warn!(
            event.id = id,
            event.detail_type = detail_type,
            event.source = source,
            "an event of an unknown kind is left out"
        );
        self.metrics.count(self.clock.now(), "UnknownEvents", 1);
    }

    /// An approval's message names no execution; the API knows which one waits.
    async fn sort_approval(
        &self,
        record: &Record,
        request: ApprovalRequest,
        at: Timestamp,
        round: &Round,
        bundles: &mut Bundles,
        sorted: &mut Sorted,
    ) {
        let limit = Deadline::after(&self.clock, round.for_one_call(LONGEST_SEARCH));
        let found = limit.limit(self.releases.waiting_for(&request)).await.unwrap_or_else(|late| Err(late.into()));
        match found {
            Ok(Some((pipeline, id))) => {
                execution(bundles, pipeline, id, record).approvals.push((request, at));
            }
            Ok(None) if record.receives >= APPROVAL_TRIES => {
                tracing::info!(pipeline.name = %request.pipeline, approval.stage = %request.stage, "the approval is no longer pending");
                sorted.done.push(record.id.clone());
            }
            Ok(None) => sorted.later.push(record.clone()),
            Err(error) => {
                tracing::warn!(pipeline.name = %request.pipeline, error = format!("{error:#}"), "the approval's execution cannot be looked up now");
                sorted.later.push(record.clone());
            }
        }
    }
}

fn execution<'a>(bundles: &'a mut Bundles, pipeline: PipelineArn, id: ExecutionId, record: &Record) -> &'a mut Bundle {
    bundle(bundles, Story::new(pipeline, id).into(), record)
}

fn bundle<'a>(bundles: &'a mut Bundles, blank: Subject, record: &Record) -> &'a mut Bundle {
    let key = kept::key(&blank);
    let bundle = bundles.entry(key.clone()).or_insert_with(|| Bundle {
        key,
        blank,
        events: Vec::new(),
        decisions: Vec::new(),
        approvals: Vec::new(),
        looks: Vec::new(),
        records: Vec::new(),
    });
    bundle.records.push(record.clone());
    bundle
}

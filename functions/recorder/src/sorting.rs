//! A batch, sorted by pipeline.

use std::collections::BTreeMap;

use delivery_metrics::{Fact, What, unknown_state};
use lambda_kit::backlog::bury;
use lambda_kit::batch::Record;
use lambda_kit::settings::ParameterStore;
use pipeline_model::{Event, PipelineArn, Published, UnknownEvent};
use serde::Deserialize;

use crate::Recorder;
use crate::ports::{Backlog, Ledger, Measurements, Releases};

/// Facts of one pipeline kept in one call: what they make of the inbox must be undone by one expression, and DynamoDB
/// takes 4 KB of it.
///
/// Source: DynamoDB developer guide, Constraints, "Expression parameters".
pub(crate) const MOST_FACTS: usize = 100;

/// What a batch holds about one pipeline, or a portion of it.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) pipeline: PipelineArn,
    pub(crate) facts: Vec<Fact>,
    /// The records the facts came in.
    pub(crate) records: Vec<Record>,
}

type Parcels = BTreeMap<PipelineArn, Vec<Parcel>>;

/// Longest value of a dimension.
const LONGEST_NAME: usize = 1024;

/// A sorted batch.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) parcels: Vec<Parcel>,
    /// Ids of records nothing more needs to happen with.
    pub(crate) done: Vec<String>,
    /// Records to be handed back.
    pub(crate) later: Vec<Record>,
}

/// What a record says.
enum Letter {
    /// Facts, and a state this version does not know.
    Facts(Vec<(PipelineArn, Fact)>, Option<String>),
    /// An event of a kind this version does not know.
    Unknown(UnknownEvent),
}

impl<L: Ledger, C: Measurements, R: Releases, B: Backlog, S: ParameterStore> Recorder<L, C, R, B, S> {
    pub(crate) async fn sort(&self, records: &[Record]) -> Sorted {
        let mut sorted = Sorted::default();
        let mut parcels = Parcels::new();
        for record in records {
            match read(&record.body) {
                Ok(Letter::Facts(facts, unknown_state)) => {
                    self.report_state(record, unknown_state.as_deref());
                    match unmeasurable(&facts) {
                        Some(problem) => self.bury(record, ("unmeasurable", &problem), &mut sorted).await,
                        None if facts.is_empty() => sorted.done.push(record.id.clone()),
                        None => put(&mut parcels, facts, record),
                    }
                }
                Ok(Letter::Unknown(event)) => {
                    tracing::warn!(
                        event.id,
                        event.detail_type,
                        event.source,
                        "an event of an unknown kind is left out"
                    );
                    self.metrics.count(self.clock.now(), "UnknownEvents", 1);
                    sorted.done.push(record.id.clone());
                }
                Err(problem) => self.bury(record, ("unreadable", &problem), &mut sorted).await,
            }
        }
        sorted.parcels = in_turns(parcels);
        sorted
    }

    /// It counts as nothing; somebody should hear that it exists.
    fn report_state(&self, record: &Record, unknown: Option<&str>) {
        let Some(state) = unknown else { return };
        tracing::warn!(record.id, event.state = state, "an unknown state is left out");
        self.metrics.count(self.clock.now(), "UnknownStates", 1);
    }

    async fn bury(&self, record: &Record, reason: (&str, &str), sorted: &mut Sorted) {
        let is_buried = bury(&self.backlog, &self.metrics, self.clock.now(), record, reason).await;
        if is_buried { sorted.done.push(record.id.clone()) } else { sorted.later.push(record.clone()) }
    }
}

/// One name that CloudWatch does not take as a dimension makes it refuse a whole call, every time. CodePipeline has no
/// such names; whoever may put events on the bus may invent them.
///
/// Source: `Dimension.Value` in botocore's CloudWatch model.
fn unmeasurable(facts: &[(PipelineArn, Fact)]) -> Option<String> {
    let mut names = facts.iter().flat_map(|(arn, fact)| match &fact.what {
        What::StageEnded { stage, .. } => vec![arn.pipeline.as_str(), stage.as_str()],
        _ => vec![arn.pipeline.as_str()],
    });
    let is_refused = |name: &&str| {
        let is_plain = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        name.trim().is_empty() || name.len() > LONGEST_NAME || !is_plain
    };
    let name = names.find(is_refused)?;
    Some(format!("{name:?} cannot be a dimension of a metric: expected 1 to {LONGEST_NAME} printable ASCII characters"))
}

/// All facts of a record are about one pipeline, and stay together.
fn put(parcels: &mut Parcels, facts: Vec<(PipelineArn, Fact)>, record: &Record) {
    let Some((pipeline, _)) = facts.first().cloned() else { return };
    let portions = parcels.entry(pipeline.clone()).or_default();
    let facts: Vec<Fact> = facts.into_iter().map(|(_, fact)| fact).collect();
    match portions.last_mut().filter(|parcel| parcel.facts.len() + facts.len() <= MOST_FACTS) {
        Some(parcel) => {
            parcel.facts.extend(facts);
            parcel.records.push(record.clone());
        }
        None => portions.push(Parcel { pipeline, facts, records: vec![record.clone()] }),
    }
}

/// First one portion of every pipeline, then the second ones: a pipeline's next portion waits until the one before is
/// settled, and the others need not.
fn in_turns(parcels: Parcels) -> Vec<Parcel> {
    let mut numbered: Vec<(usize, Parcel)> =
        parcels.into_values().flat_map(|portions| portions.into_iter().enumerate()).collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, parcel)| parcel).collect()
}

/// The sentence of an error goes to the dead-letter queue with the record.
fn read(body: &str) -> Result<Letter, String> {
    #[derive(Deserialize)]
    struct Envelope {
        source: String,
    }
    let Envelope { source } =
        serde_json::from_str(body).map_err(|error| format!("the record is not an EventBridge event: {error}"))?;
    if source == Published::SOURCE {
        return match Published::parse(body.as_bytes()).map_err(|error| error.to_string())? {
            Published::Decision(decision) => {
                Ok(Letter::Facts(Fact::of_decision(&decision).into_iter().collect(), None))
            }
            Published::Unknown(event) => Ok(Letter::Unknown(event)),
        };
    }
    match Event::parse(body.as_bytes()).map_err(|error| error.to_string())? {
        Event::Pipeline(event) => {
            let facts = Fact::of_event(&event).into_iter();
            let facts = facts.map(|fact| (event.pipeline.clone(), fact)).collect();
            Ok(Letter::Facts(facts, unknown_state(&event).map(str::to_owned)))
        }
        Event::Unknown(event) => Ok(Letter::Unknown(event)),
    }
}

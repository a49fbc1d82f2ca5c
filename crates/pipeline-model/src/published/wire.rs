//! The JSON of our own events, version 1. Fields may be added within a version; nothing outside this file sees it.

use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{Value, json};

use super::{ApprovalOutcome, Decided, Decision, Gate, Published, PublishedError, Rollback, Scan};
use crate::{ActionName, ExecutionId, PipelineArn, PipelineName, StageName, UnknownEvent, time};

const GATE: &str = "Gate Decided";
const SCAN: &str = "Scan Completed";
const ROLLBACK: &str = "Rollback Decided";
const APPROVAL: &str = "Approval Decided";
/// The version of every detail this program writes, and the only one it reads.
const VERSION: u32 = 1;

pub(super) fn parse(bytes: &[u8]) -> Result<Published, PublishedError> {
    let envelope: Envelope = serde_json::from_slice(bytes)?;
    let time = time::parse(&envelope.time).ok_or_else(|| PublishedError::Time(envelope.time.clone()))?;
    let known = [GATE, SCAN, ROLLBACK, APPROVAL].contains(&envelope.detail_type.as_str());
    let readable = known && envelope.source == Published::SOURCE && envelope.detail["version"] == json!(VERSION);
    if !readable {
        return Ok(Published::Unknown(UnknownEvent {
            id: envelope.id,
            source: envelope.source,
            detail_type: envelope.detail_type,
            time,
            region: envelope.region,
            account: envelope.account,
            detail: envelope.detail,
        }));
    }
    let detail: Detail = serde_json::from_value(envelope.detail.clone())?;
    let what = decided(&envelope.detail_type, &detail, envelope.detail)?;
    let pipeline = detail.pipeline.map(|name| {
        let arns = envelope.resources.into_iter().filter_map(|text| PipelineArn::try_from(text).ok());
        let mut named = arns.filter(|arn| arn.pipeline == name);
        named.next().unwrap_or_else(|| PipelineArn::new(&envelope.region, &envelope.account, name.clone()))
    });
    Ok(Published::Decision(Box::new(Decision {
        id: envelope.id,
        time,
        region: envelope.region,
        account: envelope.account,
        key: detail.key,
        pipeline,
        execution: detail.execution_id,
        stage: detail.stage,
        action: detail.action,
        reason: detail.reason,
        what,
    })))
}

fn decided(detail_type: &str, detail: &Detail, whole: Value) -> Result<Decided, serde_json::Error> {
    let outcome = || detail.outcome.clone().ok_or_else(|| serde_json::Error::missing_field("outcome"));
    Ok(match detail_type {
        GATE => Decided::Gate(Box::new(serde_json::from_value(whole)?)),
        SCAN => Decided::Scan(Box::new(serde_json::from_value(whole)?)),
        ROLLBACK => Decided::Rollback(Box::new(serde_json::from_value(whole)?)),
        _ => Decided::Approval {
            outcome: ApprovalOutcome::from(outcome()?),
            by: detail.by.clone(),
            waited_seconds: detail.waited_seconds,
        },
    })
}

pub(super) fn detail_type(what: &Decided) -> &'static str {
    match what {
        Decided::Gate(_) => GATE,
        Decided::Scan(_) => SCAN,
        Decided::Rollback(_) => ROLLBACK,
        Decided::Approval { .. } => APPROVAL,
    }
}

pub(super) fn detail(decision: &Decision) -> Value {
    let mut detail = Detail {
        version: VERSION,
        key: decision.key.clone(),
        pipeline: decision.pipeline.as_ref().map(|arn| arn.pipeline.clone()),
        execution_id: decision.execution.clone(),
        stage: decision.stage.clone(),
        action: decision.action.clone(),
        reason: decision.reason.clone(),
        ..Detail::default()
    };
    match &decision.what {
        Decided::Gate(gate) => detail.gate = Some(gate.clone()),
        Decided::Scan(scan) => detail.scan = Some(scan.clone()),
        Decided::Rollback(rollback) => detail.rollback = Some(rollback.clone()),
        Decided::Approval { outcome, by, waited_seconds } => {
            detail.outcome = Some(outcome.to_string());
            detail.by.clone_from(by);
            detail.waited_seconds = *waited_seconds;
        }
    }
    let mut detail = serde_json::to_value(detail).expect("texts and numbers have a JSON form");
    detail.as_object_mut().expect("a structure becomes an object").retain(|_, value| !value.is_null());
    detail
}

pub(super) fn envelope(decision: &Decision) -> Value {
    let resources: Vec<String> = decision.pipeline.iter().map(ToString::to_string).collect();
    json!({
        "version": "0", "id": decision.id, "detail-type": detail_type(&decision.what), "source": Published::SOURCE,
        "account": decision.account, "time": decision.time.to_string(), "region": decision.region,
        "resources": resources, "detail": detail(decision),
    })
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    account: String,
    time: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    detail: Value,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    version: u32,
    key: Option<String>,
    pipeline: Option<PipelineName>,
    execution_id: Option<ExecutionId>,
    stage: Option<StageName>,
    action: Option<ActionName>,
    outcome: Option<String>,
    reason: Option<String>,
    waited_seconds: Option<f64>,
    by: Option<String>,
    /// Like the next ones, read by itself and written among the others: last, so that what it says takes the place of
    /// what is empty.
    #[serde(flatten, skip_deserializing)]
    gate: Option<Box<Gate>>,
    #[serde(flatten, skip_deserializing)]
    scan: Option<Box<Scan>>,
    #[serde(flatten, skip_deserializing)]
    rollback: Option<Box<Rollback>>,
}

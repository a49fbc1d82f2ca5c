//! What the parser promises about real, odd and hostile events.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Partition;

fn envelope(detail_type: &str, detail: Value) -> Value {
    json!({
        "version": "0", "id": "6f1f0f8a-0000-4000-8000-000000000001", "detail-type": detail_type,
        "source": "aws.codepipeline", "account": "111122223333", "time": "2026-03-02T10:00:05Z",
        "region": "us-east-1", "resources": ["arn:aws:codepipeline:us-east-1:111122223333:orders"], "detail": detail,
    })
}

fn execution_detail() -> Value {
    json!({
        "pipeline": "orders", "execution-id": "11111111-2222-4333-8444-555555555555",
        "start-time": "2026-03-02T10:00:04.101Z", "state": "STARTED", "version": 6.0,
        "pipeline-execution-attempt": 1.0,
    })
}

fn parse(value: &Value) -> PipelineEvent {
    match Event::parse(value.to_string().as_bytes()) {
        Ok(Event::Pipeline(event)) => *event,
        other => panic!("expected a pipeline event, got {other:?}"),
    }
}

fn parse_execution(detail: Value) -> PipelineEvent {
    parse(&envelope(wire::EXECUTION, detail))
}

#[test]
fn version_and_attempt_are_read_as_float_integer_or_text() {
    for (written, read) in [
        (json!(6.0), Some(6)),
        (json!(6), Some(6)),
        (json!("6"), Some(6)),
        (json!("6.0"), Some(6)),
        (json!(0.0), Some(0)),
        (json!(-1), None),
        (json!(1.5), None),
        (json!("six"), None),
        (json!(1e300), None),
        (json!(null), None),
    ] {
        let mut detail = execution_detail();
        detail["version"] = written.clone();
        detail["pipeline-execution-attempt"] = written.clone();
        let event = parse_execution(detail);
        assert_eq!((event.structure_version, event.attempt), (read, read), "{written}");
    }
}

#[test]
fn both_shapes_of_a_trigger_are_read() {
    let mut detail = execution_detail();
    detail["execution-trigger"] = json!({"trigger-type": "StartPipelineExecution", "trigger-detail": "arn:aws:sts::111122223333:assumed-role/Dev/alice"});
    let Change::Execution { trigger, .. } = parse_execution(detail.clone()).change else {
        panic!("an execution event")
    };
    assert!(matches!(trigger, Some(Trigger::Typed { kind, .. }) if kind == "StartPipelineExecution"));

    detail["execution-trigger"] = json!({"author-display-name": "Alice", "commit-id": "c0ffee", "commit-message": "Add refunds", "branch-name": "main", "full-repository-name": "example/orders", "provider-type": "GitHub"});
    let Change::Execution { trigger, .. } = parse_execution(detail.clone()).change else {
        panic!("an execution event")
    };
    assert!(matches!(trigger, Some(Trigger::Git { author: Some(author), .. }) if author == "Alice"));

    detail["execution-trigger"] = json!({});
    let Change::Execution { trigger, .. } = parse_execution(detail).change else { panic!("an execution event") };
    assert_eq!(trigger, None);
}

#[test]
fn optional_fields_are_optional() {
    let event = parse(&json!({
        "detail-type": wire::ACTION, "source": "aws.codepipeline", "time": "2026-03-02T10:00:05Z",
        "region": "us-gov-west-1", "account": "111122223333",
        "detail": {"pipeline": "orders", "execution-id": "e1", "stage": "Build", "action": "Compile", "state": "ABANDONED"},
    }));
    assert_eq!((event.attempt, event.started), (None, None));
    assert_eq!(event.pipeline.to_string(), "arn:aws-us-gov:codepipeline:us-gov-west-1:111122223333:orders");
}

#[test]
fn new_states_and_detail_types_keep_their_text() {
    let mut detail = execution_detail();
    detail["state"] = json!("PAUSED");
    let Change::Execution { state, .. } = parse_execution(detail).change else { panic!("an execution event") };
    assert_eq!(state, ExecutionState::Unknown(String::from("PAUSED")));

    let novel = envelope("CodePipeline Rule Execution State Change", json!({"rule": "r"}));
    let Ok(Event::Unknown(event)) = Event::parse(novel.to_string().as_bytes()) else { panic!("an unknown event") };
    assert_eq!(event.detail_type, "CodePipeline Rule Execution State Change");
}

#[test]
fn an_event_of_another_source_is_not_taken_for_codepipelines() {
    let mut forged = envelope(wire::EXECUTION, execution_detail());
    forged["source"] = json!("com.example.pipeline");
    assert!(matches!(Event::parse(forged.to_string().as_bytes()), Ok(Event::Unknown(_))));
}

#[test]
fn what_is_missing_is_named() {
    for (field, detail_type) in [
        ("pipeline", wire::EXECUTION),
        ("execution-id", wire::EXECUTION),
        ("state", wire::EXECUTION),
        ("stage", wire::STAGE),
        ("action", wire::ACTION),
    ] {
        let mut detail = execution_detail();
        detail["stage"] = json!("Build");
        detail["action"] = json!("Compile");
        detail.as_object_mut().unwrap().remove(field);
        let error = Event::parse(envelope(detail_type, detail).to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{field}`")), "{field}: {error}");
    }
    let mut timeless = envelope(wire::EXECUTION, execution_detail());
    timeless["time"] = json!("soon");
    assert!(Event::parse(timeless.to_string().as_bytes()).unwrap_err().to_string().contains("`time` is `soon`"));
}

#[test]
fn a_resource_of_another_pipeline_does_not_rename_this_one() {
    let mut event = envelope(wire::EXECUTION, execution_detail());
    event["resources"] = json!(["arn:aws:codepipeline:eu-west-1:999999999999:billing"]);
    assert_eq!(parse(&event).pipeline.to_string(), "arn:aws:codepipeline:us-east-1:111122223333:orders");
}

fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.@_-]{1,12}|\\PC{0,12}"
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_i64).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let maybe = || proptest::option::of(text());
    prop_oneof![
        (text(), maybe()).prop_map(|(kind, detail)| Trigger::Typed { kind, detail }),
        (text(), maybe(), maybe(), proptest::option::of(timestamp()), maybe(), maybe(), maybe(), maybe()).prop_map(
            |(commit, message, author, authored, repository, provider, branch, tag)| Trigger::Git {
                commit: Some(commit),
                message,
                author,
                authored,
                repository,
                provider,
                branch,
                tag
            }
        ),
    ]
}

fn artifacts() -> impl Strategy<Value = Vec<Artifact>> {
    let one = (text(), text(), text()).prop_map(|(name, bucket, key)| Artifact { name, bucket, key });
    proptest::collection::vec(one, 0..3)
}

fn result() -> impl Strategy<Value = ExecutionResult> {
    let maybe = || proptest::option::of(text());
    (maybe(), maybe(), maybe(), maybe()).prop_map(|(external_id, url, summary, error_code)| ExecutionResult {
        external_id,
        url,
        summary,
        error_code,
    })
}

fn action_change() -> impl Strategy<Value = Change> {
    let names = (text(), text(), text(), proptest::option::of(text()));
    let kind = (text(), text(), text(), text());
    let rest = (proptest::option::of(text()), proptest::option::of(result()), artifacts(), artifacts());
    (names, kind, rest).prop_map(|((stage, action, state, id), (category, owner, provider, version), rest)| {
        Change::Action(Box::new(ActionChange {
            stage: StageName::new(stage),
            action: ActionName::new(action),
            state: ActionState::from(state),
            action_execution: id,
            kind: ActionType { category, owner, provider, version },
            region: rest.0,
            result: rest.1,
            inputs: rest.2,
            outputs: rest.3,
        }))
    })
}

fn change() -> impl Strategy<Value = Change> {
    let state =
        prop_oneof![proptest::sample::select(vec!["STARTED", "FAILED", "RESUMED"]).prop_map(str::to_owned), text()];
    prop_oneof![
        (state.clone(), proptest::option::of(trigger()), proptest::option::of(text())).prop_map(
            |(state, trigger, stop_comment)| Change::Execution {
                state: ExecutionState::from(state),
                trigger,
                stop_comment
            }
        ),
        (text(), state, proptest::option::of(timestamp())).prop_map(|(stage, state, retried)| Change::Stage {
            stage: StageName::new(stage),
            state: StageState::from(state),
            retried
        }),
        action_change(),
    ]
}

fn event() -> impl Strategy<Value = PipelineEvent> {
    let region = proptest::sample::select(vec!["us-east-1", "cn-north-1", "us-gov-west-1"]);
    let number = || proptest::option::of(any::<u32>());
    (
        text(),
        timestamp(),
        region,
        "[A-Za-z0-9.@_-]{1,12}",
        text(),
        (number(), number()),
        proptest::option::of(timestamp()),
        change(),
    )
        .prop_map(|(id, time, region, pipeline, execution, (attempt, structure_version), started, change)| {
            PipelineEvent {
                id,
                time,
                pipeline: PipelineArn::new(region, "111122223333", PipelineName::new(pipeline)),
                execution: ExecutionId::new(execution),
                attempt,
                structure_version,
                started,
                change,
            }
        })
}

proptest! {
    #[test]
    fn no_byte_string_panics_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Event::parse(&bytes);
    }

    #[test]
    fn no_cut_or_flip_of_a_real_event_panics_the_parser(at in 0_usize..900, to in any::<u8>()) {
        let mut bytes = envelope(wire::ACTION, execution_detail()).to_string().into_bytes();
        let at = at % bytes.len();
        let _ = Event::parse(&bytes[..at]);
        bytes[at] = to;
        let _ = Event::parse(&bytes);
    }

    #[test]
    fn what_parses_renders_and_parses_again_to_the_same_value(event in event()) {
        let event = Event::Pipeline(Box::new(event));
        let bytes = event.to_json().to_string();
        prop_assert_eq!(Event::parse(bytes.as_bytes()).unwrap(), event);
    }

    #[test]
    fn every_region_has_a_partition(region in "[a-z]{2,4}-[a-z]{4,8}-[0-9]") {
        prop_assert!(Partition::of_region(&region).as_str().starts_with("aws"));
    }
}

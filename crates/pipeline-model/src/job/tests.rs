//! Jobs as AWS documents them, with less, with more, and broken.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "11111111-abcd-1111-abcd-111111abcdef";

/// Put together here, so that no scanner takes it for a key.
fn secret() -> String {
    ["ASIA", "not", "a", "real", "key"].join("0")
}

fn artifact(name: &str, key: &str) -> Value {
    json!({ "name": name, "revision": null, "location": {
        "type": "S3", "s3Location": { "bucketName": "artifacts", "objectKey": key },
    }})
}

fn event() -> Value {
    json!({ "CodePipeline.job": { "id": ID, "accountId": "111122223333", "data": {
        "actionConfiguration": { "configuration": { "FunctionName": "gatekeeper", "UserParameters": "{}" } },
        "inputArtifacts": [artifact("Source", "orders/Source/a.zip")],
        "outputArtifacts": [artifact("Report", "orders/Report/b.zip")],
        "artifactCredentials": { "accessKeyId": secret(), "secretAccessKey": secret(), "sessionToken": secret() },
        "continuationToken": "v1.a.b",
        "encryptionKey": { "id": "arn:aws:kms:us-east-1:111122223333:key/1", "type": "KMS" },
    }}})
}

fn id() -> JobId {
    ID.parse().unwrap()
}

#[test]
fn the_documented_event_is_read_whole() {
    let job = Job::parse(&event().to_string()).unwrap();
    let at = |name: &str, key: &str| JobArtifact {
        name: name.to_owned(),
        location: Some(S3Location { bucket: "artifacts".to_owned(), key: key.to_owned() }),
        revision: None,
    };
    let credentials = job.credentials.clone().unwrap();
    assert_eq!(credentials.reveal().session_token, secret());
    let expected = Job {
        id: id(),
        account: Some("111122223333".to_owned()),
        user_parameters: Some("{}".to_owned()),
        continuation_token: Some("v1.a.b".to_owned()),
        inputs: vec![at("Source", "orders/Source/a.zip")],
        outputs: vec![at("Report", "orders/Report/b.zip")],
        credentials: Some(credentials),
        encryption_key: Some(EncryptionKey { id: "arn:aws:kms:us-east-1:111122223333:key/1".to_owned() }),
    };
    assert_eq!(job, expected);
}

#[test]
fn a_rule_without_artifacts_configuration_or_data_is_a_job_too() {
    for rest in [json!({}), json!(null), json!({ "actionConfiguration": null, "inputArtifacts": null })] {
        let job = Job::parse(&json!({ "CodePipeline.job": { "id": ID, "data": rest } }).to_string()).unwrap();
        assert_eq!((job.id, job.inputs.len(), job.credentials), (id(), 0, None));
        assert_eq!((job.user_parameters, job.continuation_token, job.account), (None, None, None));
    }
    assert_eq!(Job::parse(&json!({ "CodePipeline.job": { "id": ID } }).to_string()).unwrap().id, id());
}

#[test]
fn what_aws_adds_later_is_tolerated() {
    let mut event = event();
    event["CodePipeline.job"]["priority"] = json!(1);
    event["CodePipeline.job"]["data"]["artifactCredentials"]["expirationTime"] = json!(1_772_445_600_000_u64);
    event["CodePipeline.job"]["data"]["inputArtifacts"][0]["location"] = json!({ "type": "Shelf", "shelf": {} });
    let job = Job::parse(&event.to_string()).unwrap();
    assert_eq!(job.inputs[0].location, None);
    assert!(job.credentials.is_some());
}

#[test]
fn a_field_of_another_type_is_named_and_the_job_can_still_be_answered() {
    let data = "/CodePipeline.job/data";
    let cases = [
        (data.to_owned(), json!([]), "`CodePipeline.job.data` is a list, expected an object"),
        (
            format!("{data}/actionConfiguration/configuration/UserParameters"),
            json!({ "policy": "a" }),
            "`CodePipeline.job.data.actionConfiguration.configuration.UserParameters` is an object, expected a text",
        ),
        (
            format!("{data}/inputArtifacts/0/location/s3Location/objectKey"),
            json!(null),
            "`CodePipeline.job.data.inputArtifacts[0].location.s3Location.objectKey` is missing, expected a text",
        ),
        (
            format!("{data}/artifactCredentials"),
            json!(secret()),
            "`CodePipeline.job.data.artifactCredentials` is a text, expected an object",
        ),
        (
            format!("{data}/continuationToken"),
            json!(7),
            "`CodePipeline.job.data.continuationToken` is a number, expected a text",
        ),
    ];
    for (place, value, expected) in cases {
        let mut event = event();
        *event.pointer_mut(&place).unwrap() = value;
        let error = Job::parse(&event.to_string()).unwrap_err();
        assert_eq!(error.to_string(), format!("not a job of CodePipeline's: {expected}"));
        assert_eq!(error.job(), Some(&id()));
        assert_eq!(JobId::of_event(&event.to_string()), Some(id()), "{place}");
    }
}

#[test]
fn an_event_without_a_jobs_id_is_no_job() {
    let upper = ID.to_uppercase();
    let cases = [
        ("{", "it is not JSON"),
        ("[]", "it has no `CodePipeline.job`"),
        (r#"{"DeploymentId":"d-EXAMPLE11"}"#, "it has no `CodePipeline.job`"),
        (r#"{"CodePipeline.job":[]}"#, "`CodePipeline.job` is a list, expected an object"),
        (r#"{"CodePipeline.job":{}}"#, "`CodePipeline.job.id` is missing, expected a text"),
        (r#"{"CodePipeline.job":{"id":7}}"#, "`CodePipeline.job.id` is a number, expected a text"),
        (&format!(r#"{{"CodePipeline.job":{{"id":"{upper}"}}}}"#), "`CodePipeline.job.id` is none: the id of a job"),
    ];
    for (event, expected) in cases {
        let error = Job::parse(event).unwrap_err();
        assert!(error.to_string().contains(expected), "{event}: {error}");
        assert_eq!((error.job(), JobId::of_event(event)), (None, None), "{event}");
    }
}

#[test]
fn only_what_codepipeline_takes_is_an_id() {
    for text in ["", "1", "11111111-abcd-1111-abcd-111111abcdeg", "11111111-abcd-1111-abcd-111111abcdef ", "----"] {
        assert_eq!(text.parse::<JobId>(), Err(JobIdError), "{text}");
    }
    assert_eq!(serde_json::from_value::<JobId>(json!(ID)).unwrap(), id());
    assert_eq!(serde_json::to_value(id()).unwrap(), json!(ID));
}

#[test]
fn a_credential_is_in_no_debug_output() {
    let job = Job::parse(&event().to_string()).unwrap();
    assert!(format!("{job:?}").contains("credentials: Some([redacted])"));
    assert!(!format!("{job:#?}").contains(&secret()));
}

/// Any JSON, some of it with the names a job has.
fn json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("data"),
        Just("id"),
        Just("inputArtifacts"),
        Just("artifactCredentials"),
        Just("location"),
        Just("s3Location"),
        Just("continuationToken"),
        Just("actionConfiguration"),
        Just("configuration"),
    ];
    let leaf =
        prop_oneof![Just(json!(null)), Just(json!(true)), Just(json!(7)), Just(json!(secret())), Just(json!(ID)),];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..5).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in ".{0,200}") {
        prop_assert!(Job::parse(&text).is_err());
        prop_assert_eq!(JobId::of_event(&text), None);
    }

    #[test]
    fn whatever_stands_in_a_job_no_credential_is_shown_and_its_id_is_kept(data in json()) {
        let event = json!({ "CodePipeline.job": { "id": ID, "data": data } }).to_string();
        match Job::parse(&event) {
            Ok(mut job) => {
                prop_assert_eq!(&job.id, &id());
                // These three are texts for people or for us; a credential has no business there.
                (job.user_parameters, job.continuation_token, job.account) = (None, None, None);
                (job.inputs, job.outputs) = (Vec::new(), Vec::new());
                let shown = format!("{job:?}");
                prop_assert!(!shown.contains(&secret()));
            }
            Err(error) => {
                prop_assert_eq!(error.job(), Some(&id()));
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains(&secret()));
            }
        }
        prop_assert_eq!(JobId::of_event(&event), Some(id()));
    }

    #[test]
    fn an_event_cut_short_is_refused(length in 0..400_usize) {
        let whole = event().to_string();
        prop_assert!(Job::parse(&whole[..length.min(whole.len() - 1)]).is_err());
    }
}

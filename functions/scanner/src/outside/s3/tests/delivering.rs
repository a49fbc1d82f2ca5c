//! The output artifact goes where CodePipeline expects it, encrypted as the artifact store is.

use super::*;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1a2b";

async fn deliver(answers: Vec<Answer>, key: Option<&str>) -> (Result<(), Trouble>, Vec<Request>) {
    let server = Server::giving(answers).await;
    let key = key.map(|id| EncryptionKey { id: id.to_owned() });
    let zip = Bytes::from_static(b"PK\x05\x06 and so on");
    let delivered = store(&server).deliver(&artifact(), &session(), key.as_ref(), zip).await;
    (delivered, server.requests())
}

fn taken() -> Answer {
    Answer::new(200, &format!("etag: {ETAG}\r\n"), "")
}

#[tokio::test]
async fn it_is_put_with_the_session_of_the_job() {
    let (delivered, requests) = deliver(vec![taken()], None).await;
    delivered.unwrap();
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(request.head[0], "PUT /artifacts/orders/Build%20Out/AbC%2B1?x-id=PutObject HTTP/1.1");
    assert_eq!(request.bytes, b"PK\x05\x06 and so on");
    assert_eq!(request.header("content-type"), Some("application/zip"));
    assert_eq!(request.header("x-amz-security-token"), Some(session().reveal().session_token.as_str()));
    assert_eq!(request.header("x-amz-server-side-encryption"), None);
    assert_eq!(request.header("x-amz-server-side-encryption-aws-kms-key-id"), None);
}

#[tokio::test]
async fn with_a_key_of_the_artifact_store_it_is_encrypted_with_that() {
    let (delivered, requests) = deliver(vec![taken()], Some(KEY)).await;
    delivered.unwrap();
    assert_eq!(requests[0].header("x-amz-server-side-encryption"), Some("aws:kms"));
    assert_eq!(requests[0].header("x-amz-server-side-encryption-aws-kms-key-id"), Some(KEY));
    let signed = requests[0].header("authorization").unwrap();
    assert!(signed.contains("x-amz-server-side-encryption-aws-kms-key-id"), "{signed}");
}

#[tokio::test]
async fn it_can_be_checked_on_arrival() {
    let (_, requests) = deliver(vec![taken()], None).await;
    let sum = requests[0].header("x-amz-checksum-crc32").expect("a checksum, which a bucket with Object Lock asks for");
    assert_eq!(sum.len(), 8);
}

#[tokio::test]
async fn it_is_put_again_where_that_may_help_and_not_where_it_cannot() {
    let slow_down = || refusal(503, "SlowDown", "Please reduce your request rate.");
    let (delivered, requests) = deliver(vec![slow_down(), Answer::Silence, taken()], Some(KEY)).await;
    delivered.unwrap();
    assert!(requests.iter().all(|request| request.bytes == b"PK\x05\x06 and so on"));
    assert_eq!(requests.len(), 3);

    let (delivered, requests) = deliver(vec![slow_down(), slow_down(), slow_down(), taken()], None).await;
    assert_eq!((delivered.unwrap_err().kind, requests.len()), (TroubleKind::Passing, 3));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let generate = "User: arn:aws:sts::111122223333:assumed-role/pipeline/session is not authorized to perform: \
                    kms:GenerateDataKey on resource: arn:aws:kms:us-east-1:111122223333:key/1a2b";
    let cases = [
        (refusal(403, "AccessDenied", "Access Denied"), TroubleKind::Denied, "must allow s3:PutObject"),
        (refusal(403, "AccessDenied", generate), TroubleKind::Denied, "key/1a2b must allow kms:GenerateDataKey"),
        (refusal(404, "NoSuchBucket", "It does not exist"), TroubleKind::Missing, "a bucket that does not exist"),
        (refusal(400, "EntityTooLarge", "It is too large."), TroubleKind::Refused, "PutObject of s3://artifacts/"),
    ];
    for (answer, kind, words) in cases {
        let (delivered, requests) = deliver(vec![answer], Some(KEY)).await;
        let trouble = delivered.unwrap_err();
        assert_eq!((trouble.kind, requests.len()), (kind, 1), "{trouble}");
        assert!(trouble.words.contains(words), "{words}: {trouble}");
    }
}

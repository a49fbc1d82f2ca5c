//! Baselines, rules and reports: with the function's own role, in one bucket.

use super::*;

fn address(bucket: &str) -> S3Address {
    S3Address::try_from(format!("s3://{bucket}/scans/baseline.json")).unwrap()
}

fn file(text: &str) -> Answer {
    Answer::new(200, &format!("etag: {ETAG}\r\n"), text)
}

async fn read(answers: Vec<Answer>, most: u64) -> (Result<Bytes, Trouble>, Vec<Request>) {
    let server = Server::giving(answers).await;
    let read = store(&server).read(&address("team-files"), most).await;
    (read, server.requests())
}

#[tokio::test]
async fn a_file_is_read_with_the_role_of_the_function() {
    let (read, requests) = read(vec![file("{}")], 2).await;
    assert_eq!(read.unwrap(), "{}");
    assert_eq!(requests[0].head[0], "GET /team-files/scans/baseline.json?x-id=GetObject HTTP/1.1");
    assert_eq!(requests[0].header("x-amz-expected-bucket-owner"), Some("111122223333"));
    assert!(requests[0].header("authorization").unwrap().contains("Credential=test/"));
    assert_eq!((requests[0].header("range"), requests[0].header("x-amz-security-token")), (None, None));
}

#[tokio::test]
async fn a_file_of_more_bytes_than_are_taken_is_refused() {
    let (read, requests) = read(vec![file("{\"version\":1}")], 12).await;
    let trouble = read.unwrap_err();
    assert_eq!((trouble.kind, requests.len()), (TroubleKind::Refused, 1));
    assert!(trouble.words.ends_with("it has 13 bytes, and may have 12 at most"), "{trouble}");
}

#[tokio::test]
async fn a_file_that_comes_in_part_is_read_again() {
    let stalled = Answer::stalled(200, &format!("etag: {ETAG}\r\n"), "{\"ver");
    let torn = Answer::torn(200, &format!("etag: {ETAG}\r\n"), "{\"ver");
    let (read, requests) = read(vec![torn, stalled, file("{\"version\":1}")], 99_999).await;
    assert_eq!((read.unwrap(), requests.len()), (Bytes::from_static(b"{\"version\":1}"), 3));
}

#[tokio::test]
async fn a_file_whose_length_is_not_told_is_refused() {
    let endless = Answer::Bytes(format!("HTTP/1.1 200 P\r\netag: {ETAG}\r\n\r\n{{}}").into_bytes());
    let (read, _) = read(vec![endless], 99).await;
    assert_eq!(read.unwrap_err().kind, TroubleKind::Refused);
}

#[tokio::test]
async fn what_is_missing_or_denied_is_told_with_what_to_do() {
    let cases = [
        (refusal(404, "NoSuchKey", "It does not exist."), TroubleKind::Missing, "correct the address in the policy"),
        (refusal(403, "AccessDenied", "Access Denied"), TroubleKind::Denied, "correct the address in the policy"),
        (refusal(403, "AccessDenied", "not authorized: kms:Decrypt"), TroubleKind::Denied, "the scanner's role"),
        (
            refusal(301, "PermanentRedirect", "Elsewhere."),
            TroubleKind::Refused,
            "ScanBucket must name one in us-east-1",
        ),
    ];
    for (answer, kind, words) in cases {
        let (read, _) = read(vec![answer], 99).await;
        let trouble = read.unwrap_err();
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert!(trouble.words.contains(words), "{words}: {trouble}");
    }
}

#[tokio::test]
async fn a_report_is_written_as_what_it_is() {
    let server = Server::giving([file("")]).await;
    let report = Bytes::from_static(b"# Scan");
    store(&server).write(&address("team-files"), "text/markdown; charset=utf-8", report).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.head[0], "PUT /team-files/scans/baseline.json?x-id=PutObject HTTP/1.1");
    assert_eq!(request.header("x-amz-expected-bucket-owner"), Some("111122223333"));
    assert_eq!(request.header("content-type"), Some("text/markdown; charset=utf-8"));
    assert_eq!(request.header("x-amz-server-side-encryption"), None, "the bucket's default counts");
    assert_eq!(request.text, "# Scan");
}

#[tokio::test]
async fn no_other_bucket_is_touched() {
    let server = Server::giving([]).await;
    let (with, without) = (store(&server), S3Store::new(&server.aws(), None));
    for store in [with, without] {
        let read = store.read(&address("artifacts"), 99).await.unwrap_err();
        let written = store.write(&address("artifacts"), "text/plain", Bytes::new()).await.unwrap_err();
        for trouble in [read, written] {
            assert_eq!(trouble.kind, TroubleKind::Refused);
            assert!(trouble.words.starts_with("s3://artifacts/scans/baseline.json: the scanner "), "{trouble}");
            assert!(trouble.words.ends_with("by the parameter ScanBucket of Pipewarden's stack"), "{trouble}");
        }
    }
    assert!(server.requests().is_empty());
}

//! One request opens an artifact.

use super::*;

#[tokio::test]
async fn one_request_tells_length_pin_and_last_bytes() {
    let (source, requests) = open(vec![part("the end", 1_000_000, 1_000_007)], None).await;
    // The end of such an object is longer than that.
    assert!(source.is_err());
    assert_eq!(requests[0].head[0], "GET /artifacts/orders/Build%20Out/AbC%2B1?x-id=GetObject HTTP/1.1");
    assert_eq!(requests[0].header("range"), Some("bytes=-262144"));
    assert_eq!(requests[0].header("if-match"), None);
    assert_eq!(requests[0].header("x-amz-checksum-mode"), None);

    let (source, requests) = open(vec![part("short", 0, 5)], None).await;
    let source = source.unwrap();
    assert_eq!((source.length(), &source.tail()[..], source.pin()), (5, &b"short"[..], &pin()));
    assert_eq!(requests.len(), 1);

    let tail = "x".repeat(262_144);
    let (source, _) = open(vec![part(&tail, 7, 262_151)], None).await;
    let source = source.unwrap();
    assert_eq!((source.length(), source.tail().len()), (262_151, 262_144));
}

#[tokio::test]
async fn the_session_of_the_job_signs_and_no_other() {
    let (_, requests) = open(vec![part("short", 0, 5)], None).await;
    let ArtifactCredentials { access_key_id, secret_access_key, session_token } = session().reveal().clone();
    let authorization = requests[0].header("authorization").unwrap();
    assert!(authorization.contains(&format!("Credential={access_key_id}/")), "{authorization}");
    assert!(authorization.contains("/us-east-1/s3/aws4_request"), "{authorization}");
    assert_eq!(requests[0].header("x-amz-security-token"), Some(session_token.as_str()));
    assert!(!format!("{requests:?}").contains(&secret_access_key));
}

#[tokio::test]
async fn a_source_and_its_bodies_print_no_credential() {
    let server = Server::giving([part("short", 0, 5), part("hor", 1, 5)]).await;
    let source = store(&server).open(&artifact(), &session(), None).await.unwrap();
    let body = source.range(1..4).await.unwrap();
    for printed in [format!("{source:?}"), format!("{:#?}", body)] {
        assert!(printed.contains("orders/Build Out/AbC+1"), "{printed}");
        assert!(!printed.contains("not-a-real"), "{printed}");
    }
}

#[tokio::test]
async fn with_a_pin_another_object_is_not_opened() {
    let replaced = refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    let (opened, requests) = open(vec![replaced], Some(&pin())).await;
    assert_eq!(opened.unwrap_err().kind, TroubleKind::Changed);
    assert_eq!(requests[0].header("if-match"), Some(ETAG));

    let (opened, _) = open(vec![part("short", 0, 5)], Some(&Pin { etag: String::from("\"other\"") })).await;
    assert_eq!(opened.unwrap_err().kind, TroubleKind::Changed, "a store that does not know If-Match");
}

#[tokio::test]
async fn an_object_of_no_bytes_opens_too() {
    let nothing = || Answer::new(200, &format!("etag: {ETAG}\r\n"), "");
    let refused = refusal(416, "InvalidRange", "The requested range is not satisfiable");
    let (source, requests) = open(vec![refused, nothing()], Some(&pin())).await;
    let source = source.unwrap();
    assert_eq!((source.length(), source.tail().len(), source.pin()), (0, 0, &pin()));
    assert_eq!((requests[1].header("range"), requests[1].header("if-match")), (None, Some(ETAG)));
}

#[tokio::test]
async fn an_object_that_is_empty_and_is_not_is_no_object_to_scan() {
    let answers = || {
        let whole = Answer::new(200, &format!("etag: {ETAG}\r\n"), "not nothing");
        [refusal(416, "InvalidRange", "The requested range is not satisfiable"), whole]
    };
    let trouble = trouble([answers(), answers(), answers()].into_iter().flatten().collect()).await;
    assert_eq!(trouble.kind, TroubleKind::Passing);
    assert!(trouble.words.contains("it is empty, and that it is not"), "{trouble}");
}

#[tokio::test]
async fn what_is_not_what_was_asked_for_is_refused_with_the_reason() {
    let whole = Answer::new(200, &format!("etag: {ETAG}\r\n"), "all of it");
    let unversioned = Answer::new(206, "content-range: bytes 0-4/5\r\n", "short");
    let cases = [
        (whole, "S3 did not say which bytes it sends (Content-Range)"),
        (unversioned, "S3 did not say which version it is (ETag)"),
        (part("hort", 1, 5), "S3 sent the bytes from 1 to before 5 of 5 instead of the bytes from 0 to before 5 of 5"),
        (
            Answer::new(206, &format!("etag: {ETAG}\r\ncontent-range: bytes 0-4/*\r\n"), "short"),
            "S3 says that it sends `bytes 0-4/*`, which cannot be",
        ),
    ];
    for (answer, words) in cases {
        let trouble = trouble(vec![answer]).await;
        assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
        assert_eq!(trouble.words, format!("GetObject of s3://artifacts/orders/Build Out/AbC+1: {words}"));
    }
}

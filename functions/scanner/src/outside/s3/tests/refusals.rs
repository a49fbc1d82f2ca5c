//! What each refusal of S3's means, and that nobody's credentials are in what is told of it.

use super::*;

use TroubleKind::{Changed, Denied, Missing, Refused};

/// Answers of S3's, what kind of trouble they are, and what a person is told to do.
fn lasting() -> Vec<(Answer, TroubleKind, &'static str)> {
    let decrypt = "User: arn:aws:sts::111122223333:assumed-role/pipeline/session is not authorized to perform: \
                   kms:Decrypt on resource: arn:aws:kms:us-east-1:111122223333:key/1a2b";
    let elsewhere = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'";
    let address = "The bucket you are attempting to access must be addressed using the specified endpoint.";
    let held = "At least one of the pre-conditions you specified did not hold";
    let another_region = "an action must invoke a scanner in its own region, where CodePipeline puts its artifacts";
    vec![
        (refusal(403, "AccessDenied", "Access Denied"), Denied, "must allow s3:GetObject; of an artifact that is gone"),
        (refusal(403, "AllAccessDisabled", "All access is disabled."), Denied, "must allow s3:GetObject"),
        (refusal(403, "AccessDenied", decrypt), Denied, "must allow kms:Decrypt"),
        (refusal(400, "KMS.DisabledException", "key/1a2b is disabled."), Denied, "must allow kms:Decrypt"),
        (refusal(400, "KMS.NotFoundException", "key/1a2b does not exist"), Denied, "must allow kms:Decrypt"),
        (refusal(400, "ExpiredToken", "The provided token has expired."), Denied, "run the action again"),
        (refusal(400, "InvalidToken", "The provided token is malformed."), Denied, "run the action again"),
        (refusal(403, "InvalidAccessKeyId", "It does not exist."), Denied, "run the action again"),
        (refusal(403, "SignatureDoesNotMatch", "It does not match."), Denied, "run the action again"),
        (refusal(404, "NoSuchKey", "The specified key does not exist."), Missing, "release the change again"),
        (refusal(404, "NoSuchVersion", "The version does not exist."), Missing, "release the change again"),
        (refusal(404, "NoSuchBucket", "The specified bucket does not exist"), Missing, "release the change again"),
        (refusal(412, "PreconditionFailed", held), Changed, "run the action again"),
        (refusal(301, "PermanentRedirect", address), Refused, another_region),
        (refusal(400, "AuthorizationHeaderMalformed", elsewhere), Refused, another_region),
        (refusal(403, "InvalidObjectState", "The operation is not valid."), Refused, "restore it"),
        (refusal(400, "InvalidArgument", "Something new."), Refused, "InvalidArgument: Something new."),
        (Answer::new(403, "", "<html>Forbidden by a proxy</html>"), Denied, "must allow s3:GetObject"),
    ]
}

#[tokio::test]
async fn what_stays_is_told_once_with_what_to_do() {
    for (answer, kind, words) in lasting() {
        let shown = format!("{answer:?}");
        let (opened, requests) = open(vec![answer], None).await;
        let trouble = opened.unwrap_err();
        assert_eq!((trouble.kind, requests.len()), (kind, 1), "{shown}: {trouble}");
        assert!(trouble.words.contains(words), "{words}: {trouble}");
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let passing = || {
        [
            refusal(503, "SlowDown", "Please reduce your request rate."),
            refusal(500, "InternalError", "We encountered an internal error. Please try again."),
            refusal(503, "ServiceUnavailable", "Please try again."),
            refusal(400, "RequestTimeout", "Your socket connection was not read from in time."),
            refusal(403, "RequestTimeTooSkewed", "The difference is too large."),
            refusal(409, "OperationAborted", "A conflicting operation is in progress."),
            refusal(307, "TemporaryRedirect", "Please re-send this request."),
            refusal(400, "KMS.ThrottlingException", "You have exceeded the rate."),
            refusal(429, "TooManyRequests", "Later."),
            Answer::new(502, "", "<html>bad gateway</html>"),
            Answer::torn(503, "", "<?xml"),
            Answer::Slam,
            Answer::Silence,
        ]
    };
    for answer in passing() {
        let shown = format!("{answer:?}");
        let (opened, requests) = open(vec![answer, part("short", 0, 5)], None).await;
        assert_eq!((opened.unwrap().length(), requests.len()), (5, 2), "{shown}");
    }
    for answers in passing().into_iter().zip(passing()).zip(passing()).map(|((a, b), c)| vec![a, b, c]) {
        let shown = format!("{answers:?}");
        let trouble = trouble(answers).await;
        assert_eq!(trouble.kind, TroubleKind::Passing, "{shown}");
        assert!(trouble.words.ends_with("that was the last of 3 attempts"), "{shown}: {trouble}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_s3s_words_with_the_address() {
    let trouble = trouble(vec![refusal(404, "NoSuchKey", "The specified key does not exist.")]).await;
    let words = "GetObject of s3://artifacts/orders/Build Out/AbC+1: NoSuchKey: The specified key does not exist.; perhaps a \
                 lifecycle rule of the bucket has removed it: release the change again";
    assert_eq!(trouble, Trouble::new(Missing, words));
}

#[tokio::test]
async fn a_bucket_of_another_region_is_told_with_both_regions() {
    let address = "The bucket must be addressed using the specified endpoint.";
    let Answer::Bytes(answer) = refusal(301, "PermanentRedirect", address) else { unreachable!() };
    let answer = String::from_utf8(answer).unwrap().replacen("\r\n", "\r\nx-amz-bucket-region: eu-west-1\r\n", 1);
    let trouble = trouble(vec![Answer::Bytes(answer.into_bytes())]).await;
    assert!(
        trouble.words.contains("the bucket artifacts is in eu-west-1 and this function in us-east-1: "),
        "{trouble}"
    );
}

#[tokio::test]
async fn no_credential_is_told_even_if_s3_or_whoever_answers_repeats_it() {
    let ArtifactCredentials { access_key_id, secret_access_key, session_token } = session().reveal().clone();
    let echoed = refusal(403, "AccessDenied", &format!("{access_key_id} {secret_access_key} {session_token}"));
    let answers = lasting().into_iter().map(|(answer, ..)| answer).chain([echoed]);
    for answer in answers {
        let trouble = trouble(vec![answer]).await;
        let told = format!("{trouble} {trouble:?} {:?}", anyhow::Error::new(trouble.clone()));
        assert!(!told.contains("not-a-real"), "{told}");
    }
}

#[tokio::test]
async fn where_nobody_listens_is_told_without_an_address_of_ours() {
    let server = Server::giving([]).await;
    let store = store(&server);
    drop(server);
    let trouble = store.open(&artifact(), &session(), None).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Passing);
    assert!(!trouble.words.contains("not-a-real"), "{trouble}");
}

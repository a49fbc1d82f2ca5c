//! Everything a channel can do to a message, over real connections.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;
use lambda_kit::doubles::rehearsal::{Answer, Server, http};

/// Put together here, so that no scanner takes it for a token.
fn token() -> String {
    ["xoxb", "1111", "not-a-real-token"].join("-")
}

const PATH: &str = "/services/T000/B000/not-a-real-secret";
const PATIENCE: Duration = Duration::from_secs(5);

fn courier(server: &Server) -> Courier {
    Courier::new(http(), aws_sdk_sns::Client::new(&server.aws()), "arn:aws:sns:us-east-1:111122223333:notices")
}

async fn post_within(timeout: Duration, answer: Answer) -> Reply {
    let server = Server::giving([answer]).await;
    let outgoing = Outgoing::Http {
        url: Secret::new(format!("{}{PATH}", server.url)),
        bearer: Some(Secret::new(token())),
        body: json!({ "text": "Released." }),
    };
    let reply = courier(&server).send(&outgoing, timeout).await;
    assert_discreet(&format!("{reply:?} {outgoing:?}"));
    reply
}

fn assert_discreet(text: &str) {
    for secret in [token().as_str(), "not-a-real", PATH] {
        assert!(!text.contains(secret), "a secret is in {text}");
    }
}

async fn post(answer: Answer) -> Reply {
    post_within(PATIENCE, answer).await
}

async fn unreachable(answer: Answer) -> String {
    match post(answer).await {
        Reply::Unreachable(reason) => reason,
        other => panic!("expected no answer, got {other:?}"),
    }
}

fn http_reply(status: u16, body: &str) -> Reply {
    Reply::Http { status, retry_after: None, body: body.to_owned() }
}

#[tokio::test]
async fn a_message_is_posted_as_json_with_its_token() {
    let server = Server::giving([Answer::new(200, "", r#"{"ok":true}"#)]).await;
    let outgoing = Outgoing::Http {
        url: Secret::new(format!("{}/api/chat.postMessage", server.url)),
        bearer: Some(Secret::new(token())),
        body: json!({ "text": "Déployé" }),
    };
    assert_eq!(courier(&server).send(&outgoing, PATIENCE).await, http_reply(200, r#"{"ok":true}"#));
    let request = server.requests().remove(0);
    assert_eq!(request.head[0], "POST /api/chat.postMessage HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {}", token()).as_str()));
    assert_eq!(request.body, json!({ "text": "Déployé" }));
}

#[tokio::test]
async fn a_webhook_gets_no_authorization() {
    let server = Server::giving([Answer::new(200, "", "ok")]).await;
    let url = Secret::new(format!("{}{PATH}", server.url));
    let outgoing = Outgoing::Http { url, bearer: None, body: json!({}) };
    assert_eq!(courier(&server).send(&outgoing, PATIENCE).await, http_reply(200, "ok"));
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn retry_after_is_handed_on_as_written() {
    let reply = post(Answer::new(429, "retry-after: 30\r\n", "")).await;
    assert_eq!(reply, Reply::Http { status: 429, retry_after: Some("30".to_owned()), body: String::new() });
}

#[tokio::test]
async fn an_error_page_is_an_answer_like_any_other() {
    assert_eq!(post(Answer::new(500, "", "rollup_error")).await, http_reply(500, "rollup_error"));
    let page = "<html>upstream is down</html>";
    assert_eq!(post(Answer::new(200, "content-type: text/html\r\n", page)).await, http_reply(200, page));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let reply = post(Answer::new(302, "location: https://example.com/\r\n", "")).await;
    assert_eq!(reply, http_reply(302, ""));
}

#[tokio::test]
async fn a_huge_body_is_cut_between_characters() {
    let Reply::Http { status: 200, body, .. } = post(Answer::new(200, "", &"xé".repeat(1_000_000))).await else {
        panic!("an answer")
    };
    assert!((LONGEST_BODY - 3..=LONGEST_BODY).contains(&body.len()), "{} bytes", body.len());
    assert!(body.chars().all(|character| character == 'x' || character == 'é'));
}

#[tokio::test]
async fn a_channel_that_hangs_is_given_up_in_time() {
    let reply = post_within(Duration::from_millis(200), Answer::Silence).await;
    assert_eq!(reply, Reply::Unreachable("127.0.0.1 did not answer within 200.0ms".to_owned()));
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_reported() {
    let reason = unreachable(Answer::Slam).await;
    assert!(reason.starts_with("127.0.0.1 broke off: "), "{reason}");
}

#[tokio::test]
async fn a_success_whose_body_breaks_off_is_no_answer() {
    let reason = unreachable(Answer::torn(200, "", r#"{"ok":tr"#)).await;
    assert!(reason.starts_with("127.0.0.1 broke off: "), "{reason}");
}

#[tokio::test]
async fn a_refusal_counts_even_if_its_body_breaks_off() {
    let reply = post(Answer::torn(429, "retry-after: 7\r\n", "slow")).await;
    assert_eq!(reply, Reply::Http { status: 429, retry_after: Some("7".to_owned()), body: "slow".to_owned() });
}

#[tokio::test]
async fn a_closed_port_is_told_by_its_host_and_cause() {
    let server = Server::giving([]).await;
    let courier = courier(&server);
    let url = Secret::new("https://127.0.0.1:1/not-a-real-secret".to_owned());
    let outgoing = Outgoing::Http { url, bearer: None, body: json!({}) };
    let Reply::Unreachable(reason) = courier.send(&outgoing, PATIENCE).await else { panic!("no answer") };
    assert!(reason.starts_with("127.0.0.1 cannot be reached: ") && reason.contains("refused"), "{reason}");
    assert_discreet(&reason);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_told_by_its_host_and_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Secret::new(format!("https://{}{PATH}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let outgoing = Outgoing::Http { url, bearer: None, body: json!({}) };
    let reply = courier(&Server::giving([]).await).send(&outgoing, PATIENCE).await;
    let Reply::Unreachable(reason) = reply else { panic!("no answer") };
    assert!(reason.starts_with("127.0.0.1 cannot be reached: "), "{reason}");
    assert_discreet(&reason);
}

#[tokio::test]
async fn an_error_that_would_show_its_url_does_not() {
    let server = Server::giving([Answer::new(404, "", "")]).await;
    let response = http().post(format!("{}{PATH}", server.url)).send().await.unwrap();
    let error = response.error_for_status().unwrap_err();
    assert!(error.to_string().contains(PATH), "reqwest shows the URL by itself");
    assert_discreet(&sentence(error, "127.0.0.1", PATIENCE));
}

#[tokio::test]
async fn what_can_never_be_sent_is_denied() {
    let server = Server::giving([]).await;
    let courier = courier(&server);
    for (url, bearer) in [
        ("not-a-real-secret", None),
        ("http://hooks.example.com/not-a-real-secret", None),
        ("ftp://hooks.example.com/not-a-real-secret", None),
        ("https://hooks.example.com/", Some("not-a-real\ntoken")),
    ] {
        let outgoing = Outgoing::Http {
            url: Secret::new(url.to_owned()),
            bearer: bearer.map(|token| Secret::new(token.to_owned())),
            body: json!({}),
        };
        let Reply::Denied(reason) = courier.send(&outgoing, PATIENCE).await else { panic!("denied") };
        assert_discreet(&reason);
    }
    assert_eq!(server.requests().len(), 0);
}

fn notice() -> Outgoing {
    let messages = [("default", "Released."), ("email", "Released.\n")];
    let messages: BTreeMap<_, _> = messages.map(|(protocol, text)| (protocol.to_owned(), text.to_owned())).into();
    Outgoing::Sns { subject: "orders: released".to_owned(), messages }
}

fn xml(status: u16, body: &str) -> Answer {
    Answer::new(status, "content-type: text/xml\r\n", body)
}

fn refused(status: u16, code: &str) -> Answer {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>");
    xml(status, &format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"))
}

#[tokio::test]
async fn a_notice_is_published_with_one_text_per_protocol() {
    let published = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";
    let server = Server::giving([xml(200, published)]).await;
    assert_eq!(courier(&server).send(&notice(), PATIENCE).await, Reply::Published);
    let request = server.requests().remove(0);
    let form: BTreeMap<String, String> =
        Url::parse(&format!("form:?{}", request.text)).unwrap().query_pairs().into_owned().collect();
    assert_eq!(form["TopicArn"], "arn:aws:sns:us-east-1:111122223333:notices");
    assert_eq!((form["Subject"].as_str(), form["MessageStructure"].as_str()), ("orders: released", "json"));
    let message: Value = serde_json::from_str(&form["Message"]).unwrap();
    assert_eq!(message, json!({ "default": "Released.", "email": "Released.\n" }));
}

#[tokio::test]
async fn a_missing_permission_or_topic_is_denied() {
    for code in ["AuthorizationError", "NotFound", "AccessDenied", "KMSAccessDenied"] {
        let server = Server::giving([refused(403, code)]).await;
        let reply = courier(&server).send(&notice(), PATIENCE).await;
        let Reply::Denied(reason) = reply else { panic!("{code} gave {reply:?}") };
        assert!(
            reason.contains(&format!("Publish to arn:aws:sns:us-east-1:111122223333:notices: {code}: no")),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_throttled_or_broken_sns_may_be_tried_again() {
    for code in ["Throttled", "InternalError"] {
        let server = Server::giving((0..3).map(|_| refused(500, code))).await;
        let reply = courier(&server).send(&notice(), PATIENCE).await;
        assert!(matches!(&reply, Reply::Unreachable(reason) if reason.contains(code)), "{reply:?}");
    }
}

#[tokio::test]
async fn an_sns_that_hangs_is_given_up_in_time() {
    let server = Server::giving([Answer::Silence]).await;
    let reply = courier(&server).send(&notice(), Duration::from_millis(200)).await;
    assert_eq!(reply, Reply::Unreachable("SNS did not answer within 200.0ms".to_owned()));
}

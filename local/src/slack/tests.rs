//! The double over real HTTP: what a client of Slack meets.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const RELEASES: &str = "C0000000001";

struct Client {
    slack: SlackDouble,
    http: reqwest::Client,
}

async fn client(workspace: Workspace) -> Client {
    let slack = workspace.with_channel(RELEASES, "releases").start().await.unwrap();
    // reqwest wants a TLS provider even where only http is spoken; a second installation is refused and harmless.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client { slack, http: reqwest::Client::new() }
}

impl Client {
    async fn send(&self, method: &str, body: &Value) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/{method}", self.slack.api_url());
        self.http.post(url).bearer_auth(self.slack.token()).json(body).timeout(Duration::from_secs(5)).send().await
    }

    async fn call(&self, method: &str, body: Value) -> Value {
        self.send(method, &body).await.unwrap().json().await.unwrap()
    }

    async fn say(&self, text: &str) -> String {
        let reply = self.call("chat.postMessage", json!({"channel": RELEASES, "text": text})).await;
        reply["ts"].as_str().unwrap().to_owned()
    }

    async fn error(&self, method: &str, body: Value) -> String {
        let reply = self.call(method, body).await;
        assert_eq!(reply["ok"], false, "{reply}");
        reply["error"].as_str().unwrap().to_owned()
    }

    async fn hook(&self, url: &str, body: &str) -> (u16, String) {
        let reply = self.http.post(url).body(body.to_owned()).send().await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_message_is_posted_edited_in_place_and_answered_in_its_thread() {
    let client = client(Workspace::new()).await;
    let ts = client.say("running").await;
    let reply = json!({"channel": "#releases", "text": "Build started", "thread_ts": ts, "reply_broadcast": true});
    assert_eq!(client.call("chat.postMessage", reply).await["ok"], true);
    let edit = json!({"channel": RELEASES, "ts": ts, "text": "succeeded"});
    assert_eq!(client.call("chat.update", edit).await["text"], "succeeded");

    let messages = client.slack.channel(RELEASES);
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].text.as_str(), messages[0].edits), ("succeeded", 1));
    assert_eq!(messages[0].history[0].text, "running");
    assert_eq!((messages[0].thread[0].text.as_str(), messages[0].thread[0].broadcast), ("Build started", true));
    assert!(messages[0].thread[0].ts > messages[0].ts);
}

#[tokio::test]
async fn an_edit_with_text_alone_removes_the_blocks_and_blocks_alone_keep_the_text() {
    let client = client(Workspace::new()).await;
    let divider = json!([{"type": "divider"}]);
    let body = json!({"channel": RELEASES, "text": "one", "blocks": divider});
    let ts = client.call("chat.postMessage", body).await["ts"].clone();
    client.call("chat.update", json!({"channel": RELEASES, "ts": ts, "text": "two"})).await;
    assert_eq!(client.slack.channel(RELEASES)[0].blocks, Vec::<Value>::new());
    client.call("chat.update", json!({"channel": RELEASES, "ts": ts, "blocks": divider})).await;
    assert_eq!(client.slack.channel(RELEASES)[0].text, "two");
}

#[tokio::test]
async fn only_messages_of_its_own_can_be_edited_and_only_by_channel_id() {
    let client = client(Workspace::new()).await;
    let own = client.say("mine").await;
    let theirs = client.slack.someone_says(RELEASES, "hello");
    client.hook(&client.slack.webhook_url(RELEASES), r#"{"text":"from a webhook"}"#).await;
    let hooked = client.slack.channel(RELEASES)[2].ts.clone();
    let cases = [
        (RELEASES, json!("1.000001"), "message_not_found"),
        (RELEASES, json!(theirs), "cant_update_message"),
        (RELEASES, json!(hooked), "cant_update_message"),
        ("#releases", json!(own), "channel_not_found"),
        (RELEASES, json!(1.5), "invalid_arguments"),
    ];
    for (channel, ts, error) in cases {
        let body = json!({"channel": channel, "ts": ts, "text": "edited"});
        assert_eq!(client.error("chat.update", body).await, error);
    }
}

#[tokio::test]
async fn refusals_come_with_http_200_and_slacks_own_words() {
    let client = client(Workspace::new().with_burst(10)).await;
    let too_long = "x".repeat(4001);
    let ts = client.say("here").await;
    let cases = [
        ("chat.postMessage", json!({"channel": "C9999999999", "text": "x"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": RELEASES}), "no_text"),
        ("chat.postMessage", json!({"text": "x"}), "invalid_arguments"),
        ("chat.postMessage", json!({"channel": RELEASES, "text": "x", "thread_ts": "1.000001"}), "thread_not_found"),
        ("chat.postMessage", json!({"channel": RELEASES, "blocks": [{"type": "carousel"}]}), "invalid_blocks"),
        ("chat.postMessage", json!({"channel": RELEASES, "blocks": "[]"}), "invalid_blocks_format"),
        ("chat.postMessage", json!({"channel": RELEASES, "attachments": vec![json!({}); 101]}), "too_many_attachments"),
        ("chat.update", json!({"channel": RELEASES, "ts": ts, "text": too_long}), "msg_too_long"),
        ("chat.delete", json!({"channel": RELEASES, "ts": ts}), "unknown_method"),
    ];
    for (method, body, error) in cases {
        assert_eq!(client.error(method, body).await, error);
    }
    client.slack.archive(RELEASES);
    assert_eq!(client.error("chat.postMessage", json!({"channel": RELEASES, "text": "x"})).await, "is_archived");
    assert!(client.slack.calls().iter().all(|call| call.status == Some(200)));
}

#[tokio::test]
async fn a_wrong_token_and_a_form_are_refused() {
    let client = client(Workspace::new()).await;
    let url = format!("{}/chat.postMessage", client.slack.api_url());
    let wrong: Value =
        client.http.post(&url).bearer_auth("x").json(&json!({})).send().await.unwrap().json().await.unwrap();
    let none: Value = client.http.post(&url).json(&json!({})).send().await.unwrap().json().await.unwrap();
    let form = client.http.post(&url).bearer_auth(client.slack.token()).header("content-type", "text/plain").body("{}");
    let form: Value = form.send().await.unwrap().json().await.unwrap();
    assert_eq!((&wrong["error"], &none["error"]), (&json!("invalid_auth"), &json!("not_authed")));
    assert_eq!(form["error"], "invalid_post_type");
}

#[tokio::test]
async fn a_channel_in_a_hurry_is_told_how_long_to_wait() {
    let client = client(Workspace::new().with_burst(1)).await;
    client.say("one").await;
    let limited = client.send("chat.postMessage", &json!({"channel": RELEASES, "text": "two"})).await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(client.slack.channel(RELEASES).len(), 1);
}

#[tokio::test]
async fn a_webhook_answers_in_plain_text() {
    let client = client(Workspace::new().with_burst(10)).await;
    let url = client.slack.webhook_url(RELEASES);
    assert_eq!(client.hook(&url, r#"{"text":"hello"}"#).await, (200, "ok".to_owned()));
    assert_eq!(client.hook(&url, "hello").await, (400, "invalid_payload".to_owned()));
    assert_eq!(client.hook(&url, "{}").await, (400, "no_text".to_owned()));
    assert_eq!(client.hook(&format!("{url}x"), "{}").await, (403, "invalid_token".to_owned()));
    let other = client.slack.webhook_url("C9999999999");
    assert_eq!(client.hook(&other, "{}").await, (404, "no_service".to_owned()));
    client.slack.archive(RELEASES);
    assert_eq!(client.hook(&url, r#"{"text":"x"}"#).await, (410, "channel_is_archived".to_owned()));
}

#[tokio::test]
async fn faults_strike_one_request_each_in_order() {
    let client = client(Workspace::new()).await;
    let body = json!({"channel": RELEASES, "text": "x"});
    for fault in [Fault::RateLimited(7), Fault::Status(503), Fault::Html, Fault::Error("token_revoked".into())] {
        client.slack.fail_next(fault);
    }
    let limited = client.send("chat.postMessage", &body).await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(client.send("chat.postMessage", &body).await.unwrap().status(), 503);
    let html = client.send("chat.postMessage", &body).await.unwrap();
    assert_eq!(html.status(), 200);
    assert!(html.json::<Value>().await.is_err());
    assert_eq!(client.error("chat.postMessage", body).await, "token_revoked");
    assert_eq!((client.slack.faults_left(), client.slack.channel(RELEASES).len()), (0, 0));
}

#[tokio::test]
async fn a_reset_posts_nothing_and_a_lost_reply_posts_once() {
    let client = client(Workspace::new()).await;
    let body = json!({"channel": RELEASES, "text": "x"});
    client.slack.fail_next(Fault::Reset);
    assert!(client.send("chat.postMessage", &body).await.is_err());
    assert_eq!(client.slack.channel(RELEASES).len(), 0);
    client.slack.fail_next(Fault::LostReply);
    assert!(client.send("chat.postMessage", &body).await.is_err());
    assert_eq!(client.slack.channel(RELEASES).len(), 1);
    client.slack.fail_next(Fault::FatalAfterPosting);
    assert_eq!(client.error("chat.postMessage", body).await, "fatal_error");
    assert_eq!(client.slack.channel(RELEASES).len(), 2);
}

#[tokio::test]
async fn a_hanging_slack_never_answers() {
    let client = client(Workspace::new()).await;
    client.slack.fail_next(Fault::Hang);
    let url = format!("{}/auth.test", client.slack.api_url());
    let reply = client.http.post(url).timeout(Duration::from_millis(200)).send().await;
    assert!(reply.is_err_and(|error| error.is_timeout()));
}

#[tokio::test]
async fn the_transcript_is_served_to_the_curious() {
    let client = client(Workspace::new()).await;
    client.say("hello").await;
    let transcript: Value = client.http.get(client.slack.transcript_url()).send().await.unwrap().json().await.unwrap();
    assert_eq!(transcript["channels"][0]["messages"][0]["text"], "hello");
    assert_eq!(transcript["calls"][0]["method"], "chat.postMessage");
}

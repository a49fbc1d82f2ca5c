//! Where requests go, where they never go, and what is made of the answers.

use std::collections::BTreeMap;

use lambda_kit::doubles::rehearsal::{Answer, Server};

use super::testing::{loopback_too, web, web_to};
use super::*;

fn home() -> Web {
    web_to("127.0.0.1")
}

fn errand(url: impl Into<String>) -> Errand {
    let query = HttpQuery {
        url: url.into(),
        method: HttpMethod::Get,
        headers: BTreeMap::new(),
        token: None,
        redirects: 0,
        private: false,
        plain: true,
        wants_body: true,
    };
    Errand { query, token: None, longest_body: HttpQuery::LONGEST_BODY }
}

/// The server under a name.
fn named(server: &Server, name: &str) -> String {
    server.url.replace("127.0.0.1", name)
}

fn answered(reply: HttpReply) -> HttpAnswer {
    match reply {
        HttpReply::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn refused(reply: HttpReply) -> String {
    match reply {
        HttpReply::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_carries_its_headers_and_its_token_and_brings_status_and_body() {
    let server = Server::giving([Answer::new(503, "", "down")]).await;
    let mut errand = errand(format!("{}/health?deep=1", named(&server, "shop.test")));
    errand.query.headers.insert("x-probe".into(), "gate".into());
    errand.token = Some(Secret::new("fake-token\n".into()));
    let answer = answered(home().send(errand).await);
    assert_eq!((answer.status, answer.body.as_slice(), answer.is_cut), (503, b"down".as_slice(), false));
    let request = server.requests().remove(0);
    assert_eq!(request.head[0], "GET /health?deep=1 HTTP/1.1");
    assert_eq!((request.header("x-probe"), request.header("authorization")), (Some("gate"), Some("Bearer fake-token")));
}

#[tokio::test]
async fn a_name_that_leads_to_an_address_a_gate_never_calls_is_not_connected_to() {
    for addresses in [
        ["169.254.169.254"].as_slice(),
        &["127.0.0.1"],
        &["10.0.0.1"],
        &["::ffff:169.254.169.254"],
        &["fd00:ec2::254"],
        &["8.8.8.8", "169.254.170.2"],
    ] {
        let server = Server::giving([]).await;
        let web = web(&[addresses], gate_checks::address_is_allowed);
        let why = refused(web.send(errand(named(&server, "shop.test"))).await);
        assert!(why.starts_with("shop.test leads to "), "{why}");
        assert_eq!(server.requests().len(), 0);
    }
}

#[tokio::test]
async fn a_host_that_is_written_as_an_address_is_checked_however_it_is_written() {
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0"] {
        let web = web(&[], gate_checks::address_is_allowed);
        let why = refused(web.send(errand(format!("http://{host}/"))).await);
        assert!(why.contains("which a gate never calls"), "{host}: {why}");
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_something_else_the_second_time_gains_nothing() {
    let redirect = Answer::new(302, "location: /credentials\r\n", "");
    let server = Server::giving([redirect, Answer::new(200, "", "secret")]).await;
    let web = web(&[&["127.0.0.1"], &["169.254.169.254"]], loopback_too);
    let mut errand = errand(named(&server, "shop.test"));
    errand.query.redirects = 1;
    assert!(refused(web.send(errand).await).contains("the instance metadata service"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn private_addresses_need_a_word_in_the_policy() {
    let web = || web(&[&["10.1.2.3"]], gate_checks::address_is_allowed);
    let mut errand = errand("http://shop.test/");
    assert!(refused(web().send(errand.clone()).await).contains("private: true"));
    errand.query.private = true;
    let guard = &web().private.guard;
    assert_eq!(guard.check(&Url::parse("http://10.1.2.3/").unwrap()), Ok(()));
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_the_policy_follows_it() {
    let redirect = || Answer::new(301, "location: /there\r\n", "");
    let server = Server::giving([redirect()]).await;
    let answer = answered(home().send(errand(named(&server, "shop.test"))).await);
    assert_eq!((answer.status, answer.location.as_deref()), (301, Some("/there")));
    let server = Server::giving([redirect(), Answer::new(200, "", "ok")]).await;
    let mut errand = errand(named(&server, "shop.test"));
    errand.query.redirects = 1;
    assert_eq!(answered(home().send(errand).await).status, 200);
    assert!(server.requests()[1].head[0].starts_with("GET /there "));
}

#[tokio::test]
async fn a_secret_goes_to_the_origin_the_policy_names_and_to_no_other() {
    let other = Server::giving([Answer::new(200, "", "ok")]).await;
    let location = format!("location: {}/x\r\n", named(&other, "other.test"));
    let server = Server::giving([Answer::new(307, &location, "")]).await;
    let mut errand = errand(named(&server, "shop.test"));
    errand.query.redirects = 2;
    errand.query.headers.insert("x-key".into(), "fake".into());
    errand.token = Some(Secret::new("fake-token".into()));
    assert_eq!(answered(home().send(errand).await).status, 200);
    let request = other.requests().remove(0);
    assert_eq!((request.header("authorization"), request.header("x-key")), (None, None));
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let server = Server::giving([Answer::new(200, "", &"x".repeat(100_000))]).await;
    let mut errand = errand(named(&server, "shop.test"));
    errand.longest_body = 70_000;
    let answer = answered(home().send(errand).await);
    assert_eq!((answer.body.len(), answer.is_cut), (70_000, true));
    let server = Server::giving([Answer::new(200, "", "unread")]).await;
    let mut errand = self::errand(named(&server, "shop.test"));
    errand.query.wants_body = false;
    assert!(answered(home().send(errand).await).body.is_empty());
}

#[tokio::test]
async fn where_no_client_can_be_made_nothing_is_asked_and_the_target_is_not_blamed() {
    let web = Web::new(|| anyhow::bail!("reading the roots in /nowhere.pem (AWS_CA_BUNDLE)"), Clock::system());
    let told = refused(web.send(errand("https://orders.example.com/health")).await);
    assert_eq!(told, "no HTTP client could be made: reading the roots in /nowhere.pem (AWS_CA_BUNDLE)");
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_unreachable_and_the_words_hold_no_address() {
    let server = Server::giving([Answer::Slam, Answer::torn(200, "", "half"), Answer::new(200, "", "plain")]).await;
    for scheme in ["http", "http", "https"] {
        let url = named(&server, "shop.test").replace("http", scheme) + "/?key=fake-secret";
        let HttpReply::Unreachable(why) = home().send(errand(url)).await else { panic!("{scheme}") };
        assert!(!why.is_empty() && !why.contains("fake-secret"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_says_nothing_is_given_up_after_ten_seconds() {
    let server = Server::giving([Answer::Silence]).await;
    let reply = home().send(errand(named(&server, "shop.test"))).await;
    assert!(matches!(reply, HttpReply::Unreachable(_)), "{reply:?}");
}

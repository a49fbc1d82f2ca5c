//! What the check measures, and what it refuses to be told.

use proptest::prelude::*;

use super::*;
use crate::Answer;
use crate::check::Measured::{self, Fail, Inconclusive, Pass};
use crate::checks::testing::{measured, place, problem, read, valid};

fn told(yaml: &str, reply: &HttpReply) -> Result<(Measured, String), String> {
    measured(&valid::<Http>(yaml), &place(&[]), |_| Ok(Answer::Http(reply.clone())))
}

fn answered(yaml: &str, answer: HttpAnswer) -> (Measured, String) {
    told(yaml, &HttpReply::Answered(answer)).unwrap()
}

fn answer(status: u16, body: &str) -> HttpAnswer {
    let latency = SignedDuration::from_millis(120);
    HttpAnswer { status, latency, body: body.into(), is_cut: false, location: None }
}

const SHOP: &str = "url: 'https://shop.example.com/health?key=fake'\n";

#[test]
fn a_status_that_was_asked_for_passes_and_no_other() {
    let at = "https://shop.example.com/health answered";
    assert_eq!(answered(SHOP, answer(200, "")), (Pass, format!("{at} 200 in 120 ms")));
    assert_eq!(answered(SHOP, answer(503, "")), (Fail, format!("{at} 503 in 120 ms, not 200")));
    let two = format!("{SHOP}status: [200, 204]");
    assert_eq!(answered(&two, answer(204, "")).0, Pass);
    assert_eq!(answered(&two, answer(201, "")), (Fail, format!("{at} 201 in 120 ms, not 200 or 204")));
    let moved = HttpAnswer { location: Some("https://example.org/?secret".into()), ..answer(302, "") };
    assert_eq!(
        answered(SHOP, moved),
        (Fail, format!("{at} 302 in 120 ms, a redirect to https://example.org/, not 200"))
    );
}

#[test]
fn an_answer_that_takes_too_long_fails() {
    let quick = format!("{SHOP}latency: 120ms");
    assert_eq!(answered(&quick, answer(200, "")).0, Pass);
    let late = HttpAnswer { latency: SignedDuration::from_millis(121), ..answer(200, "") };
    let (measured, says) = answered(&quick, late);
    assert!(measured == Fail && says.ends_with("answered 200 in 121 ms, more than 120 ms"), "{says}");
}

#[test]
fn the_json_of_the_body_is_looked_into() {
    let body = r#"{"status":"ok","queue":{"depth":12},"up":true,"a/b":[1,"1.10"],"none":null}"#;
    for (json, measured, says) in [
        ("{pointer: /status, equals: ok}", Pass, "/status is \"ok\""),
        ("{pointer: /status, equals: up}", Fail, "/status is \"ok\", not \"up\""),
        ("{pointer: /queue/depth, above: 12}", Pass, "/queue/depth is 12"),
        ("{pointer: /queue/depth, above: 11.5}", Fail, "/queue/depth is 12, above 11.5"),
        ("{pointer: /queue/depth, below: 12.5}", Fail, "/queue/depth is 12, below 12.5"),
        ("{pointer: /queue/depth, equals: 12.0}", Pass, "/queue/depth is 12"),
        ("{pointer: /queue/depth, equals: '12'}", Fail, "/queue/depth is 12, not \"12\""),
        ("{pointer: /up, equals: true}", Pass, "/up is true"),
        ("{pointer: /up, equals: 'true'}", Fail, "/up is true, not \"true\""),
        ("{pointer: /a~1b/1, equals: '1.10'}", Pass, "/a~1b/1 is \"1.10\""),
        ("{pointer: /none, equals: 0}", Fail, "/none is null, not 0"),
        ("{pointer: /status, above: 1}", Fail, "/status is \"ok\", which is no number"),
        ("{pointer: /nowhere, equals: 1}", Fail, "the body has no /nowhere"),
    ] {
        let told = answered(&format!("{SHOP}json: {json}"), answer(200, body));
        assert_eq!(
            told,
            (measured, format!("https://shop.example.com/health answered 200 in 120 ms; {says}")),
            "{json}"
        );
    }
    let whole = format!("{SHOP}json: {{pointer: '', equals: 5}}");
    assert_eq!(answered(&whole, answer(200, "5")).0, Pass);
    for broken in ["", "{", "ok", &"[".repeat(1_000), "{\"a\":1} x"] {
        let (measured, says) = answered(&whole, answer(200, broken));
        assert!(measured == Fail && says.contains("the body is no JSON"), "{says}");
    }
}

#[test]
fn the_text_of_the_body_is_matched() {
    let yaml = format!("{SHOP}body: '^version 1\\.\\d+$'");
    assert_eq!(answered(&yaml, answer(200, "version 1.10")).0, Pass);
    assert_eq!(answered(&yaml, answer(200, "version 2.0")).0, Fail);
    let bytes = HttpAnswer { body: vec![0xff], ..answer(200, "") };
    assert!(answered(&yaml, bytes).1.ends_with("the body is no UTF-8 text"));
}

#[test]
fn nothing_is_said_of_a_body_that_was_cut() {
    let cut = HttpAnswer { is_cut: true, ..answer(200, "ok") };
    for wanted in ["body: ok", "body: ok$", "json: {pointer: '', equals: 1}"] {
        let (measured, says) = answered(&format!("{SHOP}{wanted}"), cut.clone());
        assert!(measured == Inconclusive && says.ends_with("more than 65536 bytes, which is not judged"), "{says}");
    }
    assert_eq!(answered(SHOP, cut).0, Pass);
}

#[test]
fn no_answer_is_a_failure_and_no_question_an_error() {
    let unreachable = told(SHOP, &HttpReply::Unreachable("connection refused".into()));
    let says = "https://shop.example.com/health does not answer: connection refused";
    assert_eq!(unreachable, Ok((Fail, says.into())));
    let refused = told(SHOP, &HttpReply::Refused("10.0.0.1 is a private address".into()));
    assert_eq!(refused, Err("https://shop.example.com/health is not asked: 10.0.0.1 is a private address".into()));
    let outage = measured(&valid::<Http>(SHOP), &place(&[]), |_| Err(Unanswered::outage("no token")));
    assert_eq!(outage, Err("no token".into()));
}

#[test]
fn the_question_holds_all_that_is_asked() {
    let yaml = "
url: https://a.example.com/{path}
method: HEAD
headers: { X-Env: prod }
token: http/shop
redirects: 2
private: true
";
    let check = valid::<Http>(yaml);
    let query = check.query(&place(&[("path", "../é?x=1@b")])).unwrap();
    assert_eq!(query.url, "https://a.example.com/..%2F%C3%A9%3Fx%3D1%40b");
    assert_eq!((query.method, query.redirects, query.private, query.plain), (HttpMethod::Head, 2, true, false));
    assert_eq!((query.headers["x-env"].as_str(), query.token.as_deref()), ("prod", Some("http/shop")));
    let varies = valid::<Http>("url: https://{host}.example.com/\n").query(&place(&[("host", "a")])).unwrap();
    assert_eq!(varies.url, "https://a.example.com/");
    assert!(!query.wants_body && valid::<Http>(&format!("{SHOP}body: ok")).query(&place(&[])).unwrap().wants_body);
}

#[test]
fn a_variable_cannot_lead_to_where_a_gate_may_not_go() {
    let check = valid::<Http>("{url: 'https://{host}/'}");
    for host in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "a@b", "example.com/x", ""] {
        let place = place(&[("host", host)]);
        assert!(check.questions(&place, crate::testing::at(0)).is_empty(), "{host}");
        assert!(
            measured(&check, &place, |_| Ok(Answer::Http(HttpReply::Answered(answer(200, ""))))).is_err(),
            "{host}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_told() {
    let cases = [
        ("{}", "the key `url` is missing"),
        ("{url: shop.example.com}", "is no address; write it whole"),
        ("{url: 'http://example.com/'}", "write `plain: true`"),
        ("{url: 'https://10.1.2.3/'}", "write `private: true`"),
        ("{url: 'https://169.254.169.254/', private: true}", "which a gate never calls"),
        ("{url: 'https://u:p@example.com/'}", "holds a user name or a password"),
        ("{url: 'https://example.com/', token: fake}", "not the secret itself"),
        ("{url: 'https://{host}/', token: http/shop}", "a variable may choose the host"),
        ("{url: 'https://{shop}.example.com/', token: http/shop}", "a variable may choose the host"),
        ("{url: 'https://example.com/', token: slack/bot-token}", "below `http/`"),
        ("{url: 'https://example.com/', headers: {Authorization: x}}", "the header `Authorization` is not set here"),
        ("{url: 'https://example.com/', headers: {X-Api-Key: x}}", "a secret is named by `token`"),
        ("{url: 'https://example.com/', headers: {a: b, A: b}}", "written twice"),
        ("{url: 'https://example.com/', headers: {a b: c}}", "the header `a b` cannot be sent"),
        ("{url: 'https://example.com/', headers: {a: \"b\\nc: d\"}}", "cannot be sent"),
        ("{url: 'https://example.com/', status: []}", "no answer would be right"),
        ("{url: 'https://example.com/', status: [99]}", "99 is no status"),
        ("{url: 'https://example.com/', status: 200}", "expected a list, found 200"),
        ("{url: 'https://example.com/', latency: 10s}", "less than 10 s"),
        ("{url: 'https://example.com/', latency: 0}", "more than 0"),
        ("{url: 'https://example.com/', redirects: 6}", "5 at most"),
        ("{url: 'https://example.com/', method: POST}", "unknown word `POST`"),
        ("{url: 'https://example.com/', method: HEAD, body: x}", "the reply to HEAD has no body"),
        ("{url: 'https://example.com/', body: '('}", "`(` is no regular expression"),
        ("{url: 'https://example.com/', json: {pointer: a, equals: 1}}", "`a` is no JSON pointer"),
        ("{url: 'https://example.com/', json: {pointer: /a}}", "one of the keys `equals`, `above` and `below`"),
        ("{url: 'https://example.com/', json: {pointer: /a, equals: 1, above: 1}}", "exclude each other"),
        ("{url: 'https://example.com/', json: {pointer: /a, equals: [1]}}", "found a list"),
        ("{url: 'https://example.com/', latencey: 1s}", "did you mean `latency`?"),
    ];
    for (yaml, told) in cases {
        let problem = problem::<Http>(yaml);
        assert!(problem.starts_with("line 1, column ") && problem.contains(told), "{yaml}: {problem}");
    }
    let all = read::<Http>("{url: 'http://example.com/', redirects: 9, status: []}").unwrap_err();
    assert!(["plain", "redirects", "empty"].iter().all(|part| all[0].contains(part)), "{all:?}");
}

proptest! {
    #[test]
    fn a_body_never_makes_it_panic_and_passes_only_if_whole(
        body in proptest::collection::vec(any::<u8>(), 0..60), is_cut in any::<bool>(), status in 100..600_u16,
    ) {
        let answer = HttpAnswer { body, is_cut, ..answer(status, "") };
        let (measured, _) = answered(&format!("{SHOP}json: {{pointer: /a, equals: 1}}\nbody: a"), answer);
        prop_assert!(measured != Pass || (status == 200 && !is_cut));
    }
}

#[test]
fn a_secret_that_is_not_accepted_may_have_been_rotated_and_is_no_failure() {
    let with_secret = format!("{SHOP}token: http/shop\n");
    let reply = |status| HttpReply::Answered(answer(status, ""));
    let why = "https://shop.example.com/health answered 401: the secret `http/shop` may have been rotated";
    assert_eq!(told(&with_secret, &reply(401)), Err(why.to_owned()));
    assert_eq!(told(&with_secret, &reply(403)).unwrap().0, Fail);
    assert_eq!(told(SHOP, &reply(401)).unwrap().0, Fail, "no secret was sent");
    assert_eq!(told(&format!("{with_secret}status: [401]"), &reply(401)).unwrap().0, Pass, "so it is to be");
}

#[test]
fn facts_tell_that_a_secret_was_refused() {
    let refuse = |yaml: &str, status| {
        let questions = valid::<Http>(yaml).questions(&place(&[]), crate::testing::at(0));
        let reply = Answer::Http(HttpReply::Answered(answer(status, "")));
        questions.into_iter().map(|question| (question, Ok(reply.clone()))).collect::<Facts>().refuse_a_secret()
    };
    let with_secret = format!("{SHOP}token: http/shop\n");
    assert!(refuse(&with_secret, 401) && !refuse(&with_secret, 200) && !refuse(SHOP, 401));
}

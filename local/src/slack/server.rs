//! Routes: the Web API, webhooks, and the double's own transcript and faults.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::arguments::Refusal;
use super::connection::{Cord, CuttableListener};
use super::store::{Store, lock};
use super::{Call, Fault, api, webhook};

type Shared = State<Arc<Mutex<Store>>>;

pub(super) async fn serve(listener: tokio::net::TcpListener, store: Arc<Mutex<Store>>) -> io::Result<()> {
    let router = Router::new()
        .route("/api/{method}", post(web_api))
        .route("/services/{team}/{service}/{secret}", post(incoming_webhook))
        .route("/_double/transcript", get(transcript))
        .route("/_double/faults", post(queue_fault))
        .with_state(store);
    axum::serve(CuttableListener(listener), router.into_make_service_with_connect_info::<Cord>()).await
}

async fn web_api(
    State(store): Shared,
    ConnectInfo(cord): ConnectInfo<Cord>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = api::Request {
        method: &method,
        authorization: text_of(&headers, &header::AUTHORIZATION),
        content_type: text_of(&headers, &header::CONTENT_TYPE),
        body: &body,
    };
    let fault = take_fault(&store);
    let refuse = |word: &str| Json(api::refused(&Refusal::from(word))).into_response();
    let (error, reply) = if fault.as_ref().is_none_or(Fault::takes_effect) {
        match api::call(&mut lock(&store), &request) {
            api::Answer::Wait(seconds) => (Some("ratelimited".to_owned()), rate_limited(seconds, "")),
            api::Answer::Json(reply) => (error_in(&reply), Json(reply).into_response()),
        }
    } else {
        (None, StatusCode::NO_CONTENT.into_response())
    };
    finish(&store, &method, fault, Outcome { error, reply }, &cord, refuse).await
}

async fn incoming_webhook(
    State(store): Shared,
    ConnectInfo(cord): ConnectInfo<Cord>,
    Path((team, service, secret)): Path<(String, String, String)>,
    body: Bytes,
) -> Response {
    let fault = take_fault(&store);
    let refuse = |word: &str| plain(webhook::status_of(word), word);
    let (error, reply) = if fault.as_ref().is_none_or(Fault::takes_effect) {
        match webhook::post(&mut lock(&store), [&team, &service, &secret], &body) {
            webhook::Answer::Wait(seconds) => (Some("rate_limited".to_owned()), rate_limited(seconds, "rate_limited")),
            webhook::Answer::Text(status, text) => ((status != 200).then(|| text.clone()), plain(status, &text)),
        }
    } else {
        (None, StatusCode::NO_CONTENT.into_response())
    };
    finish(&store, "webhook", fault, Outcome { error, reply }, &cord, refuse).await
}

/// What the workspace itself answered, before a fault spoils it.
struct Outcome {
    error: Option<String>,
    reply: Response,
}

/// Applies the fault, and writes the call down before the caller can see the answer.
async fn finish(
    store: &Mutex<Store>,
    method: &str,
    fault: Option<Fault>,
    outcome: Outcome,
    cord: &Cord,
    refuse: impl Fn(&str) -> Response,
) -> Response {
    let (error, reply) = match &fault {
        None => (outcome.error, Some(outcome.reply)),
        Some(Fault::RateLimited(seconds)) => (Some("ratelimited".to_owned()), Some(rate_limited(*seconds, ""))),
        Some(Fault::Status(status)) => (None, Some(plain(*status, "the double was told to fail"))),
        Some(Fault::Html) => (None, Some(Html("<html><body>Bad gateway</body></html>").into_response())),
        Some(Fault::Error(word)) => (Some(word.clone()), Some(refuse(word))),
        Some(Fault::FatalAfterPosting) => (Some("fatal_error".to_owned()), Some(refuse("fatal_error"))),
        Some(Fault::Hang | Fault::Reset | Fault::LostReply) => (None, None),
    };
    let status = reply.as_ref().map(|reply| reply.status().as_u16());
    lock(store).calls.push(Call { method: method.to_owned(), status, error });
    match (reply, fault) {
        (Some(reply), _) => reply,
        (None, Some(Fault::Hang)) => std::future::pending().await,
        (None, _) => {
            cord.cut();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

async fn transcript(State(store): Shared) -> Json<Value> {
    Json(lock(&store).transcript())
}

async fn queue_fault(State(store): Shared, Json(fault): Json<Fault>) -> Json<Value> {
    let mut store = lock(&store);
    store.faults.push_back(fault);
    Json(json!({"queued": store.faults.len()}))
}

fn take_fault(store: &Mutex<Store>) -> Option<Fault> {
    lock(store).faults.pop_front()
}

fn rate_limited(seconds: u64, body: &str) -> Response {
    let headers = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, body.to_owned()).into_response()
}

fn plain(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, body.to_owned()).into_response()
}

fn error_in(reply: &Value) -> Option<String> {
    reply.get("error")?.as_str().map(str::to_owned)
}

fn text_of<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

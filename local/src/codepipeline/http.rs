//! The HTTP face: AWS JSON 1.1 over POST, one request id per answer, errors as SDKs expect them. And the time it is here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::error::{Answer, ApiError};
use super::shell::Shell;

const TARGET_PREFIX: &str = "CodePipeline_20150709.";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

struct Face {
    shell: Arc<Shell>,
    throttle: Arc<Throttle>,
}

/// Which requests are refused for coming too fast.
pub(crate) struct Throttle {
    /// Every n-th; none if 0.
    nth: AtomicU32,
    requests: AtomicU32,
}

impl Throttle {
    pub(crate) fn new(nth: Option<u32>) -> Arc<Self> {
        Arc::new(Self { nth: nth.unwrap_or_default().into(), requests: 0.into() })
    }

    pub(crate) fn set(&self, nth: Option<u32>) {
        self.nth.store(nth.unwrap_or_default(), Ordering::Relaxed);
    }

    fn refuses_next(&self) -> bool {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let nth = self.nth.load(Ordering::Relaxed);
        nth > 0 && number.is_multiple_of(nth)
    }
}

/// The routes of the server.
pub(crate) fn router(shell: Arc<Shell>, throttle: Arc<Throttle>) -> Router {
    let face = Arc::new(Face { shell, throttle });
    Router::new().route("/", post(answer)).route("/clock", get(clock)).with_state(face)
}

/// Milliseconds since 1970. AWS has nothing like it; there all clocks show the same.
async fn clock(State(face): State<Arc<Face>>) -> String {
    face.shell.now().as_millisecond().to_string()
}

async fn answer(State(face): State<Arc<Face>>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = if face.throttle.refuses_next() {
        Err(ApiError::new("ThrottlingException", "Rate exceeded"))
    } else {
        face.dispatch(&headers, &body)
    };
    respond(answer)
}

impl Face {
    fn dispatch(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let Some(operation) = target.strip_prefix(TARGET_PREFIX) else {
            let message = format!("The header X-Amz-Target must begin with {TARGET_PREFIX}; it is '{target}'.");
            return Err(ApiError::new("UnknownOperationException", message));
        };
        let input = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(body) };
        match input {
            Ok(input @ Value::Object(_)) => self.shell.call(operation, &input),
            _ => Err(ApiError::new("SerializationException", "The body is not a JSON object.")),
        }
    }
}

fn respond(answer: Answer) -> Response {
    let (status, body) = match answer {
        // Operations without an output answer with an empty body.
        Ok(Value::Null) => (StatusCode::OK, String::new()),
        Ok(output) => (StatusCode::OK, output.to_string()),
        Err(error) => {
            let body = json!({ "__type": error.code, "message": error.message });
            (StatusCode::BAD_REQUEST, body.to_string())
        }
    };
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE.to_owned()),
        (HeaderName::from_static("x-amzn-requestid"), uuid::Uuid::new_v4().to_string()),
    ];
    (status, headers, body).into_response()
}

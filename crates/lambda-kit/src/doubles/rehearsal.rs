//! A server on loopback for tests: it gives prepared answers, one per connection, and keeps what it was asked.
#![expect(clippy::unwrap_used, reason = "a test whose server fails is to fail")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::aws::SdkConfig;
use crate::environment::Variables;

/// What happens to one request.
#[derive(Debug)]
pub enum Answer {
    /// These bytes are sent, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes are sent, then nothing more, and the connection stays open.
    Stall(Vec<u8>),
    /// Nothing is sent, and the connection stays open.
    Silence,
    /// The connection is closed without a byte.
    Slam,
}

impl Answer {
    /// A whole answer with these header lines, each ending in CRLF.
    pub fn new(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Prepared\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
        Self::Bytes([head.as_bytes(), body.as_bytes()].concat())
    }

    /// An answer of AWS's JSON protocols.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "content-type: application/x-amz-json-1.1\r\n", &body.to_string())
    }

    /// Says that more bytes follow than do.
    pub fn torn(status: u16, headers: &str, body: &str) -> Self {
        Self::Bytes(begun(status, headers, body))
    }

    /// Says that more bytes follow than do, and keeps its caller waiting for them.
    pub fn stalled(status: u16, headers: &str, body: &str) -> Self {
        Self::Stall(begun(status, headers, body))
    }
}

fn begun(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Prepared\r\ncontent-length: 9999\r\n{headers}\r\n{body}").into_bytes()
}

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// Request line and headers, in lower case but for their values.
    pub head: Vec<String>,
    /// The body; null if it is not JSON.
    pub body: Value,
    /// The body, as text; what is none is replaced.
    pub text: String,
    /// The body, as it was.
    pub bytes: Vec<u8>,
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Its address, as `http://127.0.0.1:port`.
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    /// After the last answer, connections are closed without one.
    pub async fn giving(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<Answer> = answers.into_iter().collect();
        let serving = tokio::spawn(serve(listener, answers, Arc::clone(&requests)));
        Self { url, requests, serving }
    }

    /// What arrived so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// What AWS clients are made of, pointed at this server and quick to try again.
    pub fn aws(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(&self.url)
            .http_client(crate::http::sdk_http_client(http()))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .build()
    }
}

/// The HTTP client functions use.
pub fn http() -> reqwest::Client {
    crate::http::client(&Variables::default()).unwrap()
}

async fn serve(listener: TcpListener, answers: Vec<Answer>, requests: Arc<Mutex<Vec<Request>>>) {
    let mut open = Vec::new();
    let mut answers = answers.into_iter();
    while let Ok((stream, _)) = listener.accept().await {
        let mut stream = BufReader::new(stream);
        let request = read(&mut stream).await;
        requests.lock().unwrap().push(request);
        match answers.next().unwrap_or(Answer::Slam) {
            Answer::Bytes(bytes) => {
                // A client that has read enough closes the connection, which is no failure of the test.
                let _ = stream.get_mut().write_all(&bytes).await;
            }
            Answer::Stall(bytes) => {
                let _ = stream.get_mut().write_all(&bytes).await;
                open.push(stream);
            }
            Answer::Silence => open.push(stream),
            Answer::Slam => {}
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Request {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let mut request = Request { head, body: Value::Null, text: String::new(), bytes: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    request.text = String::from_utf8_lossy(&body).into_owned();
    request.bytes = body;
    request.body = serde_json::from_str(&request.text).unwrap_or_default();
    request
}

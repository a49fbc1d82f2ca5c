//! A server for tests that plays one act per request, and AWS clients that call it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::aws::SdkConfig;
use crate::environment::Variables;

/// What happens to one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A whole response with this status line and body; the connection stays open.
    Reply(&'static str, &'static str),
    /// The connection is closed hard instead of an answer.
    Reset,
    /// No answer, ever.
    Hang,
    /// The head of a response, then silence.
    Stall,
}

/// AWS clients that call the server through our HTTP client, trying up to three times without a wait.
pub(crate) fn config(server: &Server) -> SdkConfig {
    let client = super::client(&Variables::default()).expect("a client");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
        .endpoint_url(server.url())
        .http_client(super::sdk_http_client(client))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .timeout_config(TimeoutConfig::disabled())
        .build()
}

/// Plays its acts in order, across connections, and counts both.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    acts: Arc<Mutex<VecDeque<Act>>>,
    connections: Arc<AtomicU32>,
}

impl Server {
    pub(crate) async fn playing(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            acts: Arc::new(Mutex::new(acts.into_iter().collect())),
            connections: Arc::default(),
        };
        tokio::spawn(server.clone().accept(listener));
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many acts were not played.
    pub(crate) fn left(&self) -> usize {
        self.acts.lock().expect("no test panicked").len()
    }

    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            self.connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self, mut stream: TcpStream) {
        while read_request(&mut stream).await {
            let act = self.acts.lock().expect("no test panicked").pop_front();
            match act.expect("no more requests than acts") {
                Act::Reply(status, body) => {
                    let head =
                        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\r\n", body.len());
                    stream.write_all((head + body).as_bytes()).await.expect("the client listens");
                }
                Act::Reset => return stream.set_zero_linger().expect("a socket option"),
                Act::Hang => tokio::time::sleep(Duration::from_secs(3600)).await,
                Act::Stall => {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
                        .await
                        .expect("the client listens");
                    tokio::time::sleep(Duration::from_secs(3600)).await;
                }
            }
        }
    }
}

/// Reads one request to its end; false when the client has closed.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    loop {
        if let Some(length) = whole_length(&request)
            && request.len() >= length
        {
            return true;
        }
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return false;
        }
    }
}

fn whole_length(request: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head.len() + 4 + length.trim().parse::<usize>().expect("a number"))
}

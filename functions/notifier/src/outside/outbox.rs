//! Carries messages out: HTTP for Slack, the SDK for SNS. Sentences about failures hold no secret, and no URL but its host.

mod sns;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use lambda_kit::OnDemand;
use notices::{Outgoing, Reply};
use pipeline_model::Secret;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, Url};
use serde_json::Value;

use crate::ports::Outbox;

/// Longest body read of an answer, in bytes. Slack's are far shorter; a proxy's error page may be anything.
const LONGEST_BODY: usize = 16 * 1024;

/// The ways out.
#[derive(Debug, Clone)]
pub struct Courier {
    http: Client,
    sns: OnDemand<aws_sdk_sns::Client>,
    topic: String,
}

impl Courier {
    /// `topic` is the ARN of the stack's notice topic.
    pub fn new(http: Client, sns: impl Into<OnDemand<aws_sdk_sns::Client>>, topic: impl Into<String>) -> Self {
        Self { http, sns: sns.into(), topic: topic.into() }
    }
}

impl Outbox for Courier {
    async fn send(&self, outgoing: &Outgoing, timeout: Duration) -> Reply {
        match outgoing {
            Outgoing::Http { url, bearer, body } => post(&self.http, url, bearer.as_ref(), body, timeout).await,
            Outgoing::Sns { subject, messages } => {
                let publishing = sns::publish(&self.sns, &self.topic, subject, messages);
                tokio::time::timeout(timeout, publishing)
                    .await
                    .unwrap_or_else(|_| Reply::Unreachable(format!("SNS did not answer within {timeout:.1?}")))
            }
        }
    }
}

async fn post(
    client: &Client,
    url: &Secret<String>,
    bearer: Option<&Secret<String>>,
    body: &Value,
    timeout: Duration,
) -> Reply {
    let url = match web_address(url.reveal()) {
        Ok(url) => url,
        Err(reason) => return Reply::Denied(reason.to_owned()),
    };
    let host = url.host_str().unwrap_or("the channel").to_owned();
    let mut request =
        client.post(url).timeout(timeout).header(CONTENT_TYPE, "application/json; charset=utf-8").json(body);
    if let Some(token) = bearer {
        request = request.bearer_auth(token.reveal());
    }
    match request.send().await {
        Ok(response) => answer(response, &host, timeout).await,
        Err(error) if error.is_builder() => {
            Reply::Denied(format!("no request to {host} can be made: is there a line break or a space in the token?"))
        }
        Err(error) => Reply::Unreachable(sentence(error, &host, timeout)),
    }
}

/// Reads a channel's address. Messages and tokens cross the network encrypted; only this machine may be spoken to in
/// the clear.
///
/// # Errors
/// When it is no URL, or neither `https` nor loopback; the sentence does not repeat it, because it may be a secret.
pub fn web_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "the address is not a URL")?;
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err("the address must begin with https://"),
    }
}

/// Where a body breaks off, a status that means failure still counts: it decides what happens next.
async fn answer(mut response: Response, host: &str, timeout: Duration) -> Reply {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) if status.is_success() => return Reply::Unreachable(sentence(error, host, timeout)),
            Err(_) => break,
        }
    }
    let mut body = String::from_utf8_lossy(&bytes).into_owned();
    body.truncate(body.floor_char_boundary(LONGEST_BODY));
    Reply::Http { status: status.as_u16(), retry_after, body }
}

fn sentence(error: reqwest::Error, host: &str, timeout: Duration) -> String {
    let error = error.without_url();
    if error.is_connect() {
        format!("{host} cannot be reached: {}", root_cause(&error))
    } else if error.is_timeout() {
        format!("{host} did not answer within {timeout:.1?}")
    } else {
        format!("{host} broke off: {}", root_cause(&error))
    }
}

/// The innermost error is the operating system's or the TLS library's, and knows of no URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

//! An HTTP client for the SDK that loses one answer: the request takes effect, and its caller never learns of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Sends everything through another client. Clones share the count of requests.
#[derive(Debug, Clone)]
pub struct LosingAnswers {
    inner: SharedHttpClient,
    lost: u32,
    requests: Arc<AtomicU32>,
}

impl LosingAnswers {
    /// The answer to the `lost`-th request is lost (1 is the first one); none with 0.
    pub fn of(inner: SharedHttpClient, lost: u32) -> Self {
        Self { inner, lost, requests: Arc::default() }
    }
}

impl HttpClient for LosingAnswers {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Connector { inner, client: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    client: LosingAnswers,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_lost = self.client.requests.fetch_add(1, Ordering::Relaxed) + 1 == self.client.lost;
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            let answer = inner.call(request).await;
            if is_lost { Err(ConnectorError::io("the connection was reset".into())) } else { answer }
        })
    }
}

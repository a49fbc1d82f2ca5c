//! An in-process DynamoDB whose calls overlap, and on request one whose answers get lost on the way.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use winterbaume_core::MockAws;
use winterbaume_dynamodb::DynamoDbService;

use super::*;

pub(super) async fn table() -> DynamoTable {
    start(None).await
}

/// Every first attempt of an `operation` takes effect, and its answer does not arrive.
pub(super) async fn table_that_loses_answers(operation: &'static str) -> DynamoTable {
    start(Some(operation)).await
}

async fn start(losing: Option<&'static str>) -> DynamoTable {
    let mock = MockAws::builder().with_service(DynamoDbService::new()).build();
    let client = Interleaving { inner: mock.http_client(), losing, attempted: Arc::default(), calls: Arc::default() };
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(mock.credentials_provider())
        .http_client(client)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    let client = Client::from_conf(config);
    create(&client).await;
    DynamoTable::new(client, "state")
}

async fn create(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let request = client.create_table().table_name("state").billing_mode(BillingMode::PayPerRequest);
    let request = request.key_schema(key).attribute_definitions(attribute.build().unwrap());
    request.send().await.unwrap();
}

/// Lets other calls go first, each call a different number of times, so that later calls overtake earlier ones.
#[derive(Debug, Clone)]
struct Interleaving {
    inner: SharedHttpClient,
    losing: Option<&'static str>,
    attempted: Arc<Mutex<HashSet<String>>>,
    calls: Arc<AtomicU32>,
}

impl HttpClient for Interleaving {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Connector { inner, client: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    client: Interleaving,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let lost = self.client.losing.is_some_and(|operation| self.client.is_first_attempt(operation, &request));
        let inner = self.inner.clone();
        let turns = self.client.calls.fetch_add(1, Ordering::Relaxed) * 5 % 8;
        HttpConnectorFuture::new(async move {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let answer = inner.call(request).await?;
            if lost { Err(ConnectorError::io("the connection was reset".into())) } else { Ok(answer) }
        })
    }
}

impl Interleaving {
    /// The SDK gives the attempts of one call the same invocation id.
    fn is_first_attempt(&self, operation: &str, request: &HttpRequest) -> bool {
        let header = |name| request.headers().get(name).unwrap_or_default();
        header("x-amz-target").ends_with(operation)
            && self.attempted.lock().unwrap().insert(header("amz-sdk-invocation-id").to_owned())
    }
}

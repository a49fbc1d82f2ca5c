//! An in-process DynamoDB, and on request one whose answer to a call gets lost on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
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

/// The `lost`-th call after the table was made takes effect, and its answer does not arrive.
pub(super) async fn ledger(lost: Option<u32>) -> DynamoLedger {
    let mock = MockAws::builder().with_service(DynamoDbService::new()).build();
    let calls = Arc::new(AtomicU32::new(0));
    // Creating the table is the first call.
    let client = Losing { inner: mock.http_client(), lost: lost.map(|number| number + 1), calls };
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(mock.credentials_provider())
        .http_client(client)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    let client = Client::from_conf(config);
    create(&client).await;
    DynamoLedger::new(client, "state")
}

async fn create(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name(KEY_NAME).key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name(KEY_NAME).attribute_type(ScalarAttributeType::S);
    let request = client.create_table().table_name("state").billing_mode(BillingMode::PayPerRequest);
    let request = request.key_schema(key).attribute_definitions(attribute.build().unwrap());
    request.send().await.unwrap();
}

const KEY_NAME: &str = "pk";

#[derive(Debug, Clone)]
struct Losing {
    inner: SharedHttpClient,
    lost: Option<u32>,
    calls: Arc<AtomicU32>,
}

impl HttpClient for Losing {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Connector { inner, client: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    client: Losing,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.client.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let is_lost = self.client.lost == Some(number);
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            let answer = inner.call(request).await;
            if is_lost { Err(ConnectorError::io("the connection was reset".into())) } else { answer }
        })
    }
}

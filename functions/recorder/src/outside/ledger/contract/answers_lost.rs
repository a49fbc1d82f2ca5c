//! An in-process DynamoDB, and on request one whose answer to a call gets lost on the way.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use lambda_kit::doubles::LosingAnswers;
use winterbaume_core::MockAws;
use winterbaume_dynamodb::DynamoDbService;

use super::*;

/// The `lost`-th call after the table was made takes effect, and its answer does not arrive.
pub(super) async fn ledger(lost: Option<u32>) -> DynamoLedger {
    let mock = MockAws::builder().with_service(DynamoDbService::new()).build();
    // Creating the table is the first call.
    let client = LosingAnswers::of(mock.http_client(), lost.map_or(0, |number| number + 1));
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

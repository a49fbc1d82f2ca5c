//! An in-process DynamoDB, and one whose answer to a call gets lost on the way: what was written counts once.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use lambda_kit::doubles::LosingAnswers;
use winterbaume_core::MockAws;
use winterbaume_dynamodb::DynamoDbService;

use super::*;

/// The `lost`-th call after the table was made takes effect, and its answer does not arrive.
pub(super) async fn shelf(lost: Option<u32>) -> DynamoShelf {
    let mock = MockAws::builder().with_service(DynamoDbService::new()).build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(mock.credentials_provider())
        // Creating the table is the first call.
        .http_client(LosingAnswers::of(mock.http_client(), lost.map_or(0, |number| number + 1)))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    let client = Client::from_conf(config);
    create(&client).await;
    DynamoShelf::new(client, "state")
}

async fn create(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let request = client.create_table().table_name("state").billing_mode(BillingMode::PayPerRequest);
    let request = request.key_schema(key).attribute_definitions(attribute.build().unwrap());
    request.send().await.unwrap();
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_found_to_be_ones_own() {
    let shelf = shelf(Some(1)).await;
    let first = visit(0, "j0", 0);
    assert_eq!(shelf.claim(&first, Some("begun")).await.unwrap(), mine("begun"));
    assert_eq!(shelf.claim(&visit(0, "j0", 0), Some("begun")).await.unwrap(), Claimed::Others);
}

#[tokio::test]
async fn a_save_whose_answer_was_lost_counts() {
    let shelf = shelf(Some(2)).await;
    let first = visit(0, "j0", 0);
    shelf.claim(&first, Some("begun")).await.unwrap();
    assert_eq!(shelf.save(&first, "saved").await.unwrap(), Written::Yes);
    assert_eq!(shelf.claim(&visit(1, "j1", 30), None).await.unwrap(), mine("saved"));
}

#[tokio::test]
async fn a_table_that_is_gone_is_told_with_what_to_do() {
    let shelf = DynamoShelf { table: String::from("another"), ..shelf(None).await };
    let error = format!("{:#}", shelf.claim(&visit(0, "j0", 0), None).await.unwrap_err());
    assert!(error.starts_with("UpdateItem of gate#11111111-abcd-4111-abcd-111111abcdef in table another: "), "{error}");
    assert!(error.ends_with("deploy the stack again"), "{error}");
}

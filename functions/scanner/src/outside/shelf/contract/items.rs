//! What lies in the table: items DynamoDB takes, which expire, and of which all are read or none.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use jiff::Timestamp;
use lambda_kit::doubles::LosingAnswers;
use lambda_kit::doubles::rehearsal::{Answer, Server};
use serde_json::json;
use winterbaume_core::MockAws;
use winterbaume_dynamodb::DynamoDbService;

use super::*;

const NOW: i64 = 1_772_445_600;

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
    DynamoShelf::new(client, "state", Clock::stopped_at(Timestamp::from_second(NOW).unwrap()))
}

async fn create(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let request = client.create_table().table_name("state").billing_mode(BillingMode::PayPerRequest);
    let request = request.key_schema(key).attribute_definitions(attribute.build().unwrap());
    request.send().await.unwrap();
}

async fn items(shelf: &DynamoShelf) -> Vec<Item> {
    let mut items = shelf.client.scan().table_name("state").send().await.unwrap().items.unwrap();
    items.sort_by_key(|item| item["pk"].as_s().unwrap().clone());
    items
}

async fn delete(shelf: &DynamoShelf, pk: &str) {
    shelf.client.delete_item().table_name("state").key("pk", text(pk)).send().await.unwrap();
}

#[tokio::test]
async fn little_is_one_item_that_expires_after_two_days() {
    let shelf = shelf(None).await;
    shelf.keep(KEY, 3, b"little").await.unwrap();
    let items = items(&shelf).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["pk"], text(&format!("scan#{KEY}#3#0")));
    assert_eq!(items[0]["kept"], binary(b"little"));
    assert_eq!(items[0]["expires_at"], AttributeValue::N((NOW + 2 * 86_400).to_string()));
}

#[tokio::test]
async fn much_lies_in_parts_each_of_which_is_small_enough_and_expires() {
    let shelf = shelf(None).await;
    shelf.keep(KEY, 3, &bytes(2 * PART + 7)).await.unwrap();
    let items = items(&shelf).await;
    let sizes: Vec<_> = items.iter().map(|item| kept(item).unwrap().len()).collect();
    assert_eq!(sizes, [PART, PART, 7]);
    const { assert!(PART < 380_000) };
    for item in items {
        assert!(item["pk"].as_s().unwrap().starts_with(&format!("scan#{KEY}#3#")));
        assert_eq!(item["expires_at"], AttributeValue::N((NOW + 2 * 86_400).to_string()));
    }
}

#[tokio::test]
async fn more_than_a_scan_can_remember_is_refused_and_nothing_is_written() {
    let shelf = shelf(None).await;
    let error = shelf.keep(KEY, 3, &vec![0; MOST_KEPT + 1]).await.unwrap_err();
    assert!(error.to_string().contains("bytes are more than is kept of a scan"), "{error}");
    assert!(items(&shelf).await.is_empty());
}

#[tokio::test]
async fn what_is_not_all_there_is_not_there() {
    let shelf = shelf(None).await;
    for part in 0..3 {
        shelf.keep(KEY, 3, &bytes(3 * PART)).await.unwrap();
        delete(&shelf, &part_key(KEY, 3, part)).await;
        assert_eq!(shelf.look(KEY, 3).await.unwrap(), None, "{part}");
    }
    for wrong in [("kept", text("no bytes")), ("parts", AttributeValue::N(String::from("99999")))] {
        shelf.write(&part_key(KEY, 3, 0), [("kept", binary(b"bytes")), wrong]).await.unwrap();
        assert_eq!(shelf.look(KEY, 3).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_stops_before_the_last_item_leaves_nothing_that_looks_whole() {
    for (lost, is_whole) in [(1, false), (2, false), (3, true)] {
        let shelf = shelf(Some(lost)).await;
        let config = shelf.client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        let shelf = DynamoShelf { client: Client::from_conf(config).into(), ..shelf };
        assert!(shelf.keep(KEY, 3, &bytes(3 * PART)).await.is_err());
        assert_eq!(shelf.look(KEY, 3).await.unwrap().is_some(), is_whole, "{lost}");
    }
}

#[tokio::test]
async fn what_was_written_a_moment_ago_is_read() {
    let server = Server::giving([Answer::json(200, &json!({}))]).await;
    let shelf = DynamoShelf::new(Client::new(&server.aws()), "state", Clock::stopped_at(Timestamp::UNIX_EPOCH));
    assert_eq!(shelf.look(KEY, 3).await.unwrap(), None);
    let asked =
        json!({ "TableName": "state", "Key": { "pk": { "S": format!("scan#{KEY}#3#0") } }, "ConsistentRead": true });
    assert_eq!(server.requests()[0].body, asked);
}

#[tokio::test]
async fn an_answer_that_was_lost_changes_nothing() {
    for lost in 1..=5 {
        let shelf = shelf(Some(lost)).await;
        shelf.keep(KEY, 3, &bytes(3 * PART)).await.unwrap();
        assert!(shelf.look(KEY, 3).await.unwrap() == Some(bytes(3 * PART)), "{lost}");
        assert_eq!(items(&shelf).await.len(), 3, "{lost}");
    }
}

#[tokio::test]
async fn a_table_that_is_gone_is_told_with_what_to_do() {
    let shelf = DynamoShelf { table: String::from("another"), ..shelf(None).await };
    let kept = shelf.keep(KEY, 3, b"bytes").await.unwrap_err();
    let looked = shelf.look(KEY, 3).await.unwrap_err();
    for (error, call) in [(kept, "PutItem"), (looked, "GetItem")] {
        let error = format!("{error:#}");
        assert!(error.starts_with(&format!("{call} of scan#{KEY}#3#0 in table another: ")), "{error}");
        assert!(error.ends_with("deploy the stack again"), "{error}");
    }
}

//! The books in DynamoDB: every change is one `UpdateItem`, so nothing has to be read before it is changed.

#[cfg(test)]
mod contract;
mod item;

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::{SignedDuration, Timestamp};
use lambda_kit::aws::failed;
use rollback_plans::{Book, Pledge};

use crate::ports::{Books, Claimed, Lease, Shelved, Written};
use item::{Item, number, text};

const KEY: &str = "pk";

/// How long a book is kept after its last change: a release of more than a year ago is no way back.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Nobody holds the lease.
const FREE: &str = "attribute_not_exists(leased_until) OR leased_until <= :now";

/// The table with the partition key `pk`.
#[derive(Debug, Clone)]
pub struct DynamoBooks {
    client: Client,
    table: String,
}

impl DynamoBooks {
    /// The table called `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    fn update(&self, key: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key(KEY, text(key))
            .expression_attribute_values(":one", number(1))
    }

    /// What the call returned, or `None` if its condition did not hold.
    async fn conditional(
        &self,
        key: &str,
        request: UpdateItemFluentBuilder,
    ) -> Result<Option<HashMap<String, AttributeValue>>> {
        match request.send().await {
            Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(self.attempt("UpdateItem", key), error)),
        }
    }

    /// Whether a write took place. The SDK sends a request again when its answer is lost, and the condition of a second
    /// one fails because of the first: then the item names us as its last writer.
    async fn written(&self, key: &str, writer: &str, request: UpdateItemFluentBuilder) -> Result<Written> {
        if self.conditional(key, request).await?.is_some() {
            return Ok(Written::Yes);
        }
        let is_ours = self.item(key).await?.writer.as_deref() == Some(writer);
        Ok(if is_ours { Written::Yes } else { Written::Lost })
    }

    async fn item(&self, key: &str) -> Result<Item> {
        let request = self.client.get_item().table_name(&self.table).key(KEY, text(key)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed(self.attempt("GetItem", key), error))?;
        Item::read(&answer.item.unwrap_or_default()).with_context(|| self.attempt("GetItem", key))
    }

    fn attempt(&self, call: &str, key: &str) -> String {
        format!("{call} of {key} in table {}", self.table)
    }
}

impl Books for DynamoBooks {
    async fn read(&self, key: &str, now: Timestamp) -> Result<Shelved> {
        let item = self.item(key).await?;
        Ok(Shelved { revision: item.revision, book: item.book(now) })
    }

    /// A second request finds our own lease, which is no obstacle, and appends the pledge once more.
    async fn claim(&self, key: &str, pledge: &Pledge, now: Timestamp, until: Timestamp) -> Result<Claimed> {
        let token = token();
        let entry = item::pledge(&token, pledge)?;
        let request = self
            .update(key)
            .update_expression(
                "SET pledges = list_append(if_not_exists(pledges, :none), :pledge), lease = :lease, \
                 leased_until = :until, expires_at = :expires ADD revision :one",
            )
            .condition_expression(format!("{FREE} OR lease = :lease"))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":pledge", AttributeValue::L(vec![text(&entry)]))
            .expression_attribute_values(":lease", text(&token))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":expires", expiry(now))
            .return_values(ReturnValue::AllNew);
        match self.conditional(key, request).await? {
            Some(attributes) => {
                let item = Item::read(&attributes).with_context(|| self.attempt("UpdateItem", key))?;
                let (book, lease) = item.claimed_by(token);
                Ok(Claimed::Mine(Box::new(book), lease))
            }
            None => Ok(Claimed::Held(self.item(key).await?.leased_until.unwrap_or(now))),
        }
    }

    async fn settle(&self, key: &str, lease: &Lease, book: &Book, now: Timestamp) -> Result<Written> {
        let request = self
            .update(key)
            .update_expression(
                "SET past = :past, writer = :lease, expires_at = :expires \
                 REMOVE pledges, lease, leased_until ADD revision :one",
            )
            .condition_expression("lease = :lease")
            .expression_attribute_values(":past", text(&item::past(book)?))
            .expression_attribute_values(":lease", text(&lease.token))
            .expression_attribute_values(":expires", expiry(now));
        self.written(key, &lease.token, request).await
    }

    async fn release(&self, key: &str, lease: &Lease) -> Result<()> {
        let own: String = (lease.earlier..lease.all).map(|position| format!("pledges[{position}], ")).collect();
        let request = self
            .update(key)
            .update_expression(format!("REMOVE {own}lease, leased_until ADD revision :one"))
            .condition_expression("lease = :lease")
            .expression_attribute_values(":lease", text(&lease.token));
        self.conditional(key, request).await.map(drop)
    }

    async fn note(&self, key: &str, read: &Shelved, book: &Book, now: Timestamp) -> Result<Written> {
        let writer = token();
        let request = self
            .update(key)
            .update_expression("SET past = :past, writer = :writer, expires_at = :expires ADD revision :one")
            .condition_expression(format!("({FREE}) AND revision = :read"))
            .expression_attribute_values(":past", text(&item::past(book)?))
            .expression_attribute_values(":writer", text(&writer))
            .expression_attribute_values(":read", AttributeValue::N(read.revision.to_string()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":expires", expiry(now));
        self.written(key, &writer, request).await
    }
}

fn token() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn expiry(now: Timestamp) -> AttributeValue {
    number(now.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second())
}

//! What scans remember in DynamoDB: as many items as its bytes need, the first of which says how many there are.

#[cfg(test)]
mod contract;

use std::collections::HashMap;

use anyhow::{Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use lambda_kit::aws::failed;
use lambda_kit::{Clock, OnDemand};

use crate::ports::{MOST_KEPT, Shelf};

/// How long an item is kept: CodePipeline ends an action after one day.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(48);
/// The most bytes of one part: an item may have 400 KB with its names.
const PART: usize = 370 << 10;
/// The most parts.
const MOST_PARTS: usize = MOST_KEPT.div_ceil(PART);

type Item = HashMap<String, AttributeValue>;

/// The table with the partition key `pk`, which is `scan#<key>#<visit>#<part>`.
///
/// The first part is written last, so where it is, the others are. It may be written again: what is kept under a key never
/// changes.
#[derive(Debug, Clone)]
pub struct DynamoShelf {
    client: OnDemand<Client>,
    table: String,
    clock: Clock,
}

impl DynamoShelf {
    /// The table called `table`.
    pub fn new(client: impl Into<OnDemand<Client>>, table: impl Into<String>, clock: Clock) -> Self {
        Self { client: client.into(), table: table.into(), clock }
    }

    async fn item(&self, pk: &str) -> Result<Option<Item>> {
        let request = self.client.get_item().table_name(&self.table).key("pk", text(pk)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed(self.attempt("GetItem", pk), error))?;
        Ok(answer.item)
    }

    async fn write<const MANY: usize>(&self, pk: &str, values: [(&str, AttributeValue); MANY]) -> Result<()> {
        let now = self.clock.now();
        let expires = now.saturating_add(LONGEST_LIFE).unwrap_or(now).as_second();
        let request = self.client.put_item().table_name(&self.table).item("pk", text(pk));
        let request = request.item("expires_at", AttributeValue::N(expires.to_string()));
        let request = values.into_iter().fold(request, |request, (name, value)| request.item(name, value));
        request.send().await.map_err(|error| failed(self.attempt("PutItem", pk), error))?;
        Ok(())
    }

    fn attempt(&self, call: &str, pk: &str) -> String {
        format!("{call} of {pk} in table {}", self.table)
    }
}

impl Shelf for DynamoShelf {
    async fn keep(&self, key: &str, visit: u32, bytes: &[u8]) -> Result<()> {
        ensure!(bytes.len() <= MOST_KEPT, "{} bytes are more than is kept of a scan", bytes.len());
        let (first, rest) = bytes.split_at(bytes.len().min(PART));
        let rest = rest.chunks(PART);
        let parts = AttributeValue::N((rest.len() + 1).to_string());
        for (part, number) in rest.zip(1..) {
            self.write(&part_key(key, visit, number), [("kept", binary(part))]).await?;
        }
        self.write(&part_key(key, visit, 0), [("kept", binary(first)), ("parts", parts)]).await
    }

    async fn look(&self, key: &str, visit: u32) -> Result<Option<Vec<u8>>> {
        let first = self.item(&part_key(key, visit, 0)).await?;
        let Some((mut bytes, parts)) = first.and_then(|item| Some((kept(&item)?, parts(&item)?))) else {
            return Ok(None);
        };
        for number in 1..parts {
            let part = self.item(&part_key(key, visit, number)).await?;
            let Some(part) = part.as_ref().and_then(kept) else { return Ok(None) };
            bytes.extend_from_slice(&part);
        }
        Ok(Some(bytes))
    }
}

fn kept(item: &Item) -> Option<Vec<u8>> {
    Some(item.get("kept")?.as_b().ok()?.clone().into_inner())
}

fn parts(item: &Item) -> Option<usize> {
    item.get("parts")?.as_n().ok()?.parse().ok().filter(|parts| *parts <= MOST_PARTS)
}

fn part_key(key: &str, visit: u32, part: usize) -> String {
    format!("scan#{key}#{visit}#{part}")
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn binary(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

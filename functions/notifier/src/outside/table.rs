//! The state table in DynamoDB: plain items under a revision, and the slots of rate-limited targets.

#[cfg(test)]
mod contract;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use lambda_kit::aws::failed;

use crate::ports::{Item, Slot, Stored, Table};

/// Longest document in bytes. An item may have 400 KB with its names and numbers; this leaves 8 KB for those.
///
/// Source: DynamoDB developer guide, Constraints, "Item size".
pub const LARGEST_DOCUMENT: usize = 392 * 1024;

/// How long an unused slot item stays: it holds nothing but the time of the next free slot.
const SLOT_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A second round is needed only if the item is deleted between two calls.
const ROUNDS: usize = 3;

const KEY: &str = "pk";
const DOCUMENT: &str = "document";
const REVISION: &str = "revision";
const LEASED_UNTIL: &str = "leased_until";
const EXPIRES_AT: &str = "expires_at";
const FREE_AT: &str = "free_at";
/// Marks one call of `store`: it tells our own write, whose answer was lost on the way, from somebody else's.
const WRITTEN_BY: &str = "written_by";

type Attributes = HashMap<String, AttributeValue>;

/// The table with the partition key `pk`.
///
/// DynamoDB deletes expired items days later. Until then they count: what they say is still true, and a write that
/// took them for absent would be refused by its own condition. If one is deleted between a read and a write, the write
/// is [`Stored::Lost`] and the next read finds nothing.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
}

impl DynamoTable {
    /// The table `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    async fn read(&self, key: &str) -> Result<Option<Attributes>> {
        let request = self.client.get_item().table_name(&self.name).key(KEY, text(key)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed(self.attempt("GetItem", key), error))?;
        Ok(answer.item)
    }

    /// The SDK sends a request again when its answer is lost; the second one then finds the first one's write.
    async fn whose_write(&self, key: &str, mark: &str) -> Result<Stored> {
        let stored = self.read(key).await?;
        let ours = stored.is_some_and(|item| item.get(WRITTEN_BY).is_some_and(|found| found == &text(mark)));
        Ok(if ours { Stored::Yes } else { Stored::Lost })
    }

    fn update(&self, key: &str, expires: Timestamp) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .key(KEY, text(key))
            .expression_attribute_values(":expires", number(kept_after(expires)))
    }

    /// Whether the target was free, and is now taken until `now + interval`.
    async fn take_now(&self, key: &str, now: i64, interval: i64) -> Result<bool> {
        let next = now.saturating_add(interval);
        let request = self
            .update(key, at(next))
            .update_expression("SET free_at = :next, expires_at = :expires")
            .condition_expression("attribute_not_exists(free_at) OR free_at <= :now")
            .expression_attribute_values(":next", number(next))
            .expression_attribute_values(":now", number(now));
        Ok(self.conditional(key, request).await?.is_some())
    }

    /// The begin of the first slot after those already taken. DynamoDB does the addition, so no two callers get one slot.
    async fn take_next(&self, key: &str, now: i64, interval: i64, latest: i64) -> Result<Option<i64>> {
        let request = self
            .update(key, at(latest.saturating_add(interval)))
            .update_expression("SET free_at = free_at + :interval, expires_at = :expires")
            .condition_expression("free_at > :now AND free_at <= :latest")
            .expression_attribute_values(":interval", number(interval))
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":latest", number(latest))
            .return_values(ReturnValue::AllNew);
        let taken = self.conditional(key, request).await?;
        let end = taken.map(|attributes| integer(&attributes, FREE_AT).context("UpdateItem returned no free_at"));
        Ok(end.transpose()?.map(|end| end.saturating_sub(interval)))
    }

    /// What the call returned, or `None` if its condition did not hold.
    async fn conditional(&self, key: &str, request: UpdateItemFluentBuilder) -> Result<Option<Attributes>> {
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

    fn attempt(&self, call: &str, key: &str) -> String {
        format!("{call} of {key} in table {}", self.name)
    }
}

impl Table for DynamoTable {
    async fn load(&self, key: &str) -> Result<Option<Item>> {
        let attributes = self.read(key).await?;
        attributes.map(|attributes| item(&attributes).with_context(|| self.attempt("GetItem", key))).transpose()
    }

    async fn store(&self, key: &str, item: &Item, expected: Option<u64>, expires: Timestamp) -> Result<Stored> {
        fits(key, &item.document)?;
        let mark = format!("{:016x}", fastrand::u64(..));
        let mut request = self
            .client
            .put_item()
            .table_name(&self.name)
            .item(KEY, text(key))
            .item(DOCUMENT, text(&item.document))
            .item(REVISION, number(expected.unwrap_or(0).saturating_add(1)))
            .item(EXPIRES_AT, number(expires.as_second()))
            .item(WRITTEN_BY, text(&mark));
        if let Some(until) = item.leased_until {
            request = request.item(LEASED_UNTIL, number(until.as_millisecond()));
        }
        request = match expected {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(expected) => request
                .condition_expression("revision = :expected")
                .expression_attribute_values(":expected", number(expected)),
        };
        match request.send().await {
            Ok(_) => Ok(Stored::Yes),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                self.whose_write(key, &mark).await
            }
            Err(error) => Err(failed(self.attempt("PutItem", key), error)),
        }
    }

    /// Two callers never share a slot. A repeated request, whose first answer was lost, wastes one.
    async fn reserve(&self, key: &str, now: Timestamp, interval: Duration, latest: Timestamp) -> Result<Slot> {
        let (now_ms, latest_ms, interval) = (now.as_millisecond(), latest.as_millisecond(), whole_millis(interval));
        if latest < now {
            return Ok(Slot::Shut(now));
        }
        for _ in 0..ROUNDS {
            if self.take_now(key, now_ms, interval).await? {
                return Ok(Slot::Taken(now));
            }
            if let Some(slot) = self.take_next(key, now_ms, interval, latest_ms).await? {
                return Ok(Slot::Taken(at(slot)));
            }
            let item = self.read(key).await?.unwrap_or_default();
            if let Some(free) = integer(&item, FREE_AT).filter(|free| *free > latest_ms) {
                return Ok(Slot::Shut(at(free)));
            }
        }
        bail!("{}: the item kept changing; try again", self.attempt("UpdateItem", key))
    }

    async fn hold(&self, key: &str, until: Timestamp) -> Result<()> {
        let request = self
            .update(key, until)
            .update_expression("SET free_at = :until, expires_at = :expires")
            .condition_expression("attribute_not_exists(free_at) OR free_at < :until")
            .expression_attribute_values(":until", number(until.as_millisecond()));
        self.conditional(key, request).await.map(drop)
    }
}

/// Refuses what DynamoDB would refuse with fewer words.
pub(crate) fn fits(key: &str, document: &str) -> Result<()> {
    ensure!(
        document.len() <= LARGEST_DOCUMENT,
        "{key} has {} bytes of state, and DynamoDB takes at most {LARGEST_DOCUMENT}; keep less in it",
        document.len()
    );
    Ok(())
}

fn item(attributes: &Attributes) -> Result<Item> {
    let document = attributes.get(DOCUMENT).and_then(|value| value.as_s().ok());
    let revision = attributes.get(REVISION).and_then(|value| value.as_n().ok()?.parse().ok());
    let (Some(document), Some(revision)) = (document, revision) else {
        bail!(
            "the item has no readable `{DOCUMENT}` and `{REVISION}`: something else writes to this table; delete the item"
        );
    };
    Ok(Item { document: document.clone(), revision, leased_until: integer(attributes, LEASED_UNTIL).map(at) })
}

fn integer(attributes: &Attributes, name: &str) -> Option<i64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// Rounded up, so that slots are never closer than asked.
fn whole_millis(interval: Duration) -> i64 {
    i64::try_from(interval.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

fn kept_after(time: Timestamp) -> i64 {
    time.saturating_add(SLOT_KEPT).map_or(i64::MAX, Timestamp::as_second)
}

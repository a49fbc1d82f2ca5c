//! The ledger in DynamoDB: every change is one `UpdateItem`, so nothing has to be read before it is changed.

#[cfg(test)]
mod contract;

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use lambda_kit::aws::failed;

use crate::ports::{Entry, Ledger, Opened, Opening, Settled};

const KEY: &str = "pk";
const WINDOW: &str = "window";
const INBOX: &str = "inbox";

/// `window` is a reserved word of DynamoDB's expressions.
const WINDOW_NAME: &str = "#window";

type Attributes = HashMap<String, AttributeValue>;

/// The table with the partition key `pk`.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
}

impl DynamoLedger {
    /// The table called `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    fn update(&self, key: &str) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key(KEY, text(key))
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
        format!("{call} of {key} in table {}", self.table)
    }
}

impl Ledger for DynamoLedger {
    async fn append(&self, key: &str, facts: &[String], expires: Timestamp) -> Result<()> {
        let request = appending(self.update(key), facts, expires, "");
        self.conditional(key, request).await.map(drop)
    }

    /// The SDK sends a request again when its answer is lost. The second one finds our own lease, which is no obstacle,
    /// and appends the facts once more, which changes nothing in the fold.
    async fn open(
        &self,
        key: &str,
        facts: &[String],
        now: Timestamp,
        until: Timestamp,
        expires: Timestamp,
    ) -> Result<Opening> {
        let lease = format!("{:016x}", fastrand::u64(..));
        let request = appending(self.update(key), facts, expires, ", lease = :lease, leased_until = :until")
            .condition_expression("attribute_not_exists(leased_until) OR leased_until <= :now OR lease = :lease")
            .expression_attribute_values(":lease", text(&lease))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .return_values(ReturnValue::AllNew);
        match self.conditional(key, request).await? {
            None => Ok(Opening::Busy),
            Some(attributes) => {
                let Entry { window, inbox } = entry(&attributes).with_context(|| self.attempt("UpdateItem", key))?;
                Ok(Opening::Open(Opened { lease, window, inbox }))
            }
        }
    }

    async fn settle(
        &self,
        key: &str,
        opened: &Opened,
        window: &str,
        folded: usize,
        expires: Timestamp,
    ) -> Result<Settled> {
        let expression = format!(
            "SET {WINDOW_NAME} = :window, expires_at = :expires REMOVE {}leased_until, lease",
            positions(0..folded.min(opened.inbox.len()))
        );
        let request = self
            .update(key)
            .update_expression(expression)
            .condition_expression("lease = :lease")
            .expression_attribute_names(WINDOW_NAME, WINDOW)
            .expression_attribute_values(":window", text(window))
            .expression_attribute_values(":lease", text(&opened.lease))
            .expression_attribute_values(":expires", number(expires.as_second()));
        Ok(self.conditional(key, request).await?.map_or(Settled::Lost, |_| Settled::Yes))
    }

    async fn release(&self, key: &str, opened: &Opened, appended: usize) -> Result<()> {
        let all = opened.inbox.len();
        let expression = format!("REMOVE {}leased_until, lease", positions(all.saturating_sub(appended)..all));
        let request = self
            .update(key)
            .update_expression(expression)
            .condition_expression("lease = :lease")
            .expression_attribute_values(":lease", text(&opened.lease));
        self.conditional(key, request).await.map(drop)
    }

    async fn read(&self, key: &str) -> Result<Option<Entry>> {
        let request = self.client.get_item().table_name(&self.table).key(KEY, text(key)).consistent_read(true);
        let answer = request.send().await.map_err(|error| failed(self.attempt("GetItem", key), error))?;
        answer.item.map(|item| entry(&item).with_context(|| self.attempt("GetItem", key))).transpose()
    }
}

/// An update that puts `facts` at the end of the inbox and does `more`.
fn appending(
    request: UpdateItemFluentBuilder,
    facts: &[String],
    expires: Timestamp,
    more: &str,
) -> UpdateItemFluentBuilder {
    let facts = facts.iter().map(|fact| text(fact)).collect();
    request
        .update_expression(format!(
            "SET inbox = list_append(if_not_exists(inbox, :none), :facts), expires_at = :expires{more}"
        ))
        .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
        .expression_attribute_values(":facts", AttributeValue::L(facts))
        .expression_attribute_values(":expires", number(expires.as_second()))
}

/// DynamoDB takes all positions as they were before the update.
pub(crate) fn positions(range: Range<usize>) -> String {
    range.fold(String::new(), |mut list, position| {
        // Writing to a text cannot fail.
        let _ = write!(list, "inbox[{position}], ");
        list
    })
}

fn entry(attributes: &Attributes) -> Result<Entry> {
    let written = "something else writes to this table, or an older version did; delete the item";
    let window = attributes.get(WINDOW).map(|value| value.as_s().cloned()).transpose();
    let inbox = attributes.get(INBOX).map(|value| value.as_l().cloned()).transpose();
    let window = window.ok().with_context(|| format!("`{WINDOW}` is not a text: {written}"))?;
    let inbox = inbox.ok().with_context(|| format!("`{INBOX}` is not a list: {written}"))?.unwrap_or_default();
    let facts: Option<_> = inbox.into_iter().map(|fact| fact.as_s().ok().cloned()).collect();
    Ok(Entry { window, inbox: facts.with_context(|| format!("`{INBOX}` holds something else than texts: {written}"))? })
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

//! The gates' items in DynamoDB: every change is one `UpdateItem`, so nothing has to be read before it is changed.

#[cfg(test)]
mod contract;

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::SignedDuration;
use lambda_kit::OnDemand;
use lambda_kit::aws::failed;

use crate::ports::{Claimed, Shelf, Visit, Written};

/// How long an item is kept after its last change: CodePipeline ends an action after one day.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(48);

/// Nobody has made this visit, or whoever began it for the same job did not come back. The last part lets a request pass
/// that the SDK sends again because the answer to the first one was lost.
const FREE: &str = "attribute_not_exists(pk) OR visit < :visit \
                    OR (visit = :visit AND job = :job AND leased_until <= :now) OR worker = :worker";

/// The table with the partition key `pk`.
#[derive(Debug, Clone)]
pub struct DynamoShelf {
    client: OnDemand<Client>,
    table: String,
}

impl DynamoShelf {
    /// The table called `table`.
    pub fn new(client: impl Into<OnDemand<Client>>, table: impl Into<String>) -> Self {
        Self { client: client.into(), table: table.into() }
    }

    fn update(&self, visit: &Visit) -> UpdateItemFluentBuilder {
        let expires = visit.now.saturating_add(LONGEST_LIFE).unwrap_or(visit.now).as_second();
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(&format!("gate#{}", visit.key)))
            .expression_attribute_values(":worker", text(&visit.worker))
            .expression_attribute_values(":expires", number(expires))
    }

    /// What the item holds afterwards, or `None` if the condition did not hold.
    async fn conditional(
        &self,
        visit: &Visit,
        request: UpdateItemFluentBuilder,
    ) -> Result<Option<HashMap<String, AttributeValue>>> {
        match request.return_values(ReturnValue::AllNew).send().await {
            Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(self.attempt("UpdateItem", &visit.key), error)),
        }
    }

    fn attempt(&self, call: &str, key: &str) -> String {
        format!("{call} of gate#{key} in table {}", self.table)
    }
}

impl Shelf for DynamoShelf {
    async fn claim(&self, visit: &Visit, first: Option<&str>) -> Result<Claimed> {
        let set = "SET visit = :visit, job = :job, worker = :worker, leased_until = :until, expires_at = :expires";
        let request = match first {
            Some(kept) => self
                .update(visit)
                .update_expression(format!("{set}, kept = :kept"))
                .expression_attribute_values(":kept", text(kept)),
            None => self.update(visit).update_expression(set),
        };
        let request = request
            .condition_expression(FREE)
            .expression_attribute_values(":visit", number(visit.number.into()))
            .expression_attribute_values(":job", text(&visit.job))
            .expression_attribute_values(":until", number(visit.until.as_millisecond()))
            .expression_attribute_values(":now", number(visit.now.as_millisecond()));
        let Some(mut item) = self.conditional(visit, request).await? else { return Ok(Claimed::Others) };
        match item.remove("kept") {
            None => Ok(Claimed::Mine(None)),
            Some(AttributeValue::S(kept)) => Ok(Claimed::Mine(Some(kept))),
            Some(_) => Err(anyhow!("{}: `kept` is no text", self.attempt("UpdateItem", &visit.key))),
        }
    }

    async fn save(&self, visit: &Visit, kept: &str) -> Result<Written> {
        let request = self
            .update(visit)
            .update_expression("SET kept = :kept, expires_at = :expires")
            .condition_expression("worker = :worker")
            .expression_attribute_values(":kept", text(kept));
        let written = self.conditional(visit, request).await?;
        Ok(if written.is_some() { Written::Yes } else { Written::Lost })
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

//! CloudFormation: the state of a stack, and how to cancel an update or go back from a failed one.

#[cfg(test)]
mod tests;

use anyhow::Result;
use aws_sdk_cloudformation::Client;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lambda_kit::aws::timestamp;
use rollback_plans::targets::StackSeen;
use rollback_plans::{Carried, Seen};

use super::not_seen;
use crate::outside::acting::refused;
use crate::ports::Unclear;

/// CloudFormation has no code of its own for a stack that does not exist.
const ABSENT: [&str; 1] = ["ValidationError"];

/// A request with the same token was taken before. This is how CloudFormation answers to a repeated one.
const TAKEN_BEFORE: &str = "TokenAlreadyExistsException";

pub(super) async fn look(client: &Client, name: &str) -> Result<Seen> {
    let answer = match client.describe_stacks().stack_name(name).send().await {
        Ok(answer) => answer,
        Err(error) => return not_seen(format!("DescribeStacks of {name}"), error, &ABSENT),
    };
    let Some(stack) = answer.stacks.unwrap_or_default().into_iter().next() else {
        return Ok(Seen::Unknown(String::from("DescribeStacks shows no such stack")));
    };
    Ok(Seen::Stack(StackSeen {
        status: stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        changed: stack.last_updated_time.or(stack.creation_time).and_then(timestamp),
    }))
}

/// `CancelUpdateStack`; the token lets a second one change nothing.
pub(super) async fn cancel_update(client: &Client, stack: &str, token: &str) -> Result<Carried, Unclear> {
    match client.cancel_update_stack().stack_name(stack).client_request_token(token).send().await {
        Ok(_) => Ok(Carried::Done(None)),
        Err(error) if error.code() == Some(TAKEN_BEFORE) => Ok(Carried::Done(None)),
        Err(error) => refused(&format!("CancelUpdateStack of {stack}"), error),
    }
}

/// `RollbackStack`; the token lets a second one change nothing.
pub(super) async fn roll_back(client: &Client, stack: &str, token: &str) -> Result<Carried, Unclear> {
    match client.rollback_stack().stack_name(stack).client_request_token(token).send().await {
        Ok(_) => Ok(Carried::Done(None)),
        Err(error) if error.code() == Some(TAKEN_BEFORE) => Ok(Carried::Done(None)),
        Err(error) => refused(&format!("RollbackStack of {stack}"), error),
    }
}

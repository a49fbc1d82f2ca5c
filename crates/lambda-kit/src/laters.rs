//! Messages to oneself: through the queue a function is fed from, delivered later.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_sqs::Client;

use crate::OnDemand;
use crate::aws::failed;

/// Messages to oneself.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Laters {
    /// Lets `body` come back after that time, a quarter of an hour at most.
    async fn again(&self, body: &str, after: Duration) -> Result<()>;
}

/// SQS's longest `DelaySeconds`.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// The function's own queue in SQS.
#[derive(Debug, Clone)]
pub struct OwnQueue {
    client: OnDemand<Client>,
    url: String,
}

impl OwnQueue {
    /// The queue with this URL.
    pub fn new(client: impl Into<OnDemand<Client>>, url: impl Into<String>) -> Self {
        Self { client: client.into(), url: url.into() }
    }
}

impl Laters for OwnQueue {
    async fn again(&self, body: &str, after: Duration) -> Result<()> {
        // Rounded up: what comes too early finds nothing changed, and waits once more.
        let after = after.min(LONGEST_DELAY);
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let request = request.delay_seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
        request.send().await.map_err(|error| failed("SendMessage to the function's own queue", error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::doubles::rehearsal::{Answer, Server};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_message_to_oneself_comes_after_whole_seconds_and_a_quarter_of_an_hour_at_most() {
        for (after, seconds) in [(0, 0), (1_001, 2), (30_000, 30), (86_400_000, 900)] {
            let server = Server::giving([Answer::json(200, &json!({ "MessageId": "m-1" }))]).await;
            let url = format!("{}/111122223333/reverter", server.url);
            let queue = OwnQueue::new(Client::new(&server.aws()), &url);
            queue.again("{\"look\":1}", Duration::from_millis(after)).await.unwrap();
            let body = server.requests().remove(0).body;
            assert_eq!(body, json!({ "QueueUrl": url, "MessageBody": "{\"look\":1}", "DelaySeconds": seconds }));
        }
    }

    #[tokio::test]
    async fn a_queue_that_is_gone_is_told_with_what_to_do() {
        let refusal = json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue" });
        let server = Server::giving([Answer::json(400, &refusal)]).await;
        let queue = OwnQueue::new(Client::new(&server.aws()), &server.url);
        let error = format!("{:#}", queue.again("{}", Duration::ZERO).await.unwrap_err());
        assert!(error.starts_with("SendMessage to the function's own queue: QueueDoesNotExist"), "{error}");
        assert!(error.ends_with("deploy the stack again"), "{error}");
    }
}

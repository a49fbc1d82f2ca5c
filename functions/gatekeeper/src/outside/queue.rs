//! The queue the gatekeeper is fed from, for messages to itself.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_sqs::Client;
use lambda_kit::aws::failed;

use crate::ports::Laters;

/// SQS's longest `DelaySeconds`.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// The queue in SQS.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue with this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }
}

impl Laters for Queue {
    async fn again(&self, body: &str, after: Duration) -> Result<()> {
        let seconds = i32::try_from(after.min(LONGEST_DELAY).as_secs()).unwrap_or(i32::MAX);
        let request = self.client.send_message().queue_url(&self.url).message_body(body).delay_seconds(seconds);
        request.send().await.map_err(|error| failed("SendMessage to the gatekeeper's queue", error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lambda_kit::doubles::rehearsal::{Answer, Server};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_message_to_oneself_comes_a_quarter_of_an_hour_later_at_most() {
        for (after, seconds) in [(30, 30), (86_400, 900)] {
            let server = Server::giving([Answer::json(200, &json!({ "MessageId": "m-1" }))]).await;
            let queue = Queue::new(Client::new(&server.aws()), format!("{}/111122223333/gatekeeper", server.url));
            queue.again("{}", Duration::from_secs(after)).await.unwrap();
            let body = server.requests().remove(0).body;
            assert_eq!((&body["MessageBody"], &body["DelaySeconds"]), (&json!("{}"), &json!(seconds)));
        }
    }
}

//! What AWS writes: events of one execution in the documented shapes, and an approval's SNS message.

use jiff::{SignedDuration, Timestamp};
use pipeline_model::{ExecutionId, PipelineArn};
use serde_json::{Value, json};

use super::start;

/// Writes the events of one execution of one pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Letters {
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) pipeline: String,
    pub(crate) execution: String,
    pub(crate) attempt: u32,
    pub(crate) began: Timestamp,
}

impl Letters {
    /// Of the pipeline `orders`.
    pub(crate) fn of(execution: &str) -> Self {
        Self {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            pipeline: "orders".to_owned(),
            execution: format!("{execution}-0000-4000-8000-000000000000"),
            attempt: 1,
            began: start(),
        }
    }

    pub(crate) fn pipeline(self, name: &str) -> Self {
        Self { pipeline: name.to_owned(), ..self }
    }

    pub(crate) fn in_partition(self, partition: &str, region: &str) -> Self {
        Self { partition: partition.to_owned(), region: region.to_owned(), ..self }
    }

    pub(crate) fn attempt(&self, attempt: u32) -> Self {
        Self { attempt, ..self.clone() }
    }

    pub(crate) fn arn(&self) -> PipelineArn {
        PipelineArn::try_from(self.arn_text()).expect("a pipeline's ARN")
    }

    pub(crate) fn id(&self) -> ExecutionId {
        ExecutionId::from(self.execution.as_str())
    }

    /// Where the table keeps it.
    pub(crate) fn key(&self) -> String {
        format!("execution#{}#{}", self.arn_text(), self.execution)
    }

    /// The execution reached `state`, so many seconds after it began.
    pub(crate) fn run(&self, state: &str, second: i64) -> Value {
        let mut event = self.envelope("Pipeline", second);
        event["detail"]["state"] = json!(state);
        event["detail"]["start-time"] = json!(self.began.to_string());
        if state == "STARTED" {
            event["detail"]["execution-trigger"] = json!({
                "trigger-type": "StartPipelineExecution",
                "trigger-detail": "arn:aws:sts::111122223333:assumed-role/Developer/example",
            });
        }
        event
    }

    /// The execution began with a push.
    pub(crate) fn pushed(&self, message: &str, author: &str) -> Value {
        let mut event = self.run("STARTED", 0);
        event["detail"]["execution-trigger"] = json!({
            "author-display-name": author, "full-repository-name": "example/orders", "provider-type": "GitHub",
            "author-email": "author@example.com", "commit-message": message, "author-date": "2026-03-02T09:58:40Z",
            "branch-name": "main", "commit-id": "0123456789abcdef0123456789abcdef01234567", "author-id": "1000001",
        });
        event
    }

    pub(crate) fn stage(&self, stage: &str, state: &str, second: i64) -> Value {
        let mut event = self.envelope("Stage", second);
        event["detail"]["stage"] = json!(stage);
        event["detail"]["state"] = json!(state);
        event
    }

    pub(crate) fn action(&self, stage: &str, action: &str, state: &str, second: i64) -> Value {
        let mut event = self.envelope("Action", second);
        let kind = json!({ "owner": "AWS", "provider": "CodeBuild", "category": "Build", "version": "1" });
        event["detail"]["stage"] = json!(stage);
        event["detail"]["action"] = json!(action);
        event["detail"]["state"] = json!(state);
        event["detail"]["type"] = kind;
        event
    }

    pub(crate) fn failed_action(&self, stage: &str, action: &str, reason: &str, second: i64) -> Value {
        let mut event = self.action(stage, action, "FAILED", second);
        event["detail"]["execution-result"] = json!({
            "external-execution-url": "https://example.com/builds/1", "external-execution-summary": reason,
            "external-execution-id": "orders-build:1", "error-code": "JobFailed",
        });
        event
    }

    pub(crate) fn approval(&self, stage: &str, state: &str, second: i64) -> Value {
        let mut event = self.action(stage, "Manual", state, second);
        event["detail"]["type"] =
            json!({ "owner": "AWS", "provider": "Manual", "category": "Approval", "version": "1" });
        event
    }

    /// Somebody decided about rolling `Production` back. With `cleared`, the alarm was quiet again at that second.
    pub(crate) fn rollback(&self, outcome: &str, second: i64, cleared: Option<i64>) -> Value {
        let mut event = self.envelope("Rollback", second);
        event["source"] = json!("pipewarden");
        event["detail-type"] = json!("Rollback Decided");
        event["detail"] = json!({
            "version": 1, "pipeline": self.pipeline, "execution-id": self.execution, "stage": "Production",
            "key": format!("{}/Production@{}", self.pipeline, self.execution), "outcome": outcome,
            "alarm": "orders-errors", "reason": "The alarm went red 5 minutes after the deployment.",
            "target-execution-id": "22222222-2222-4333-8444-555555555555",
        });
        if let Some(cleared) = cleared {
            event["detail"]["cleared-at"] = json!((self.began + SignedDuration::from_secs(cleared)).to_string());
        }
        event
    }

    /// The same about a service that belongs to no pipeline.
    pub(crate) fn rollback_of_a_service(&self, outcome: &str, second: i64) -> Value {
        let mut event = self.rollback(outcome, second, None);
        event["resources"] = json!([]);
        let detail = event["detail"].as_object_mut().expect("a detail");
        detail.retain(|name, _| !["pipeline", "execution-id", "stage", "target-execution-id"].contains(&name.as_str()));
        event["detail"]["key"] = json!("ecs:shop/orders@42");
        event["detail"]["target"] = json!("ecs:shop/orders");
        event
    }

    /// Failed in `Build`, with a reason.
    pub(crate) fn failure(&self) -> Vec<Value> {
        vec![
            self.run("STARTED", 0),
            self.failed_action("Build", "Compile", "3 tests failed", 60),
            self.stage("Build", "FAILED", 61),
            self.run("FAILED", 62),
        ]
    }

    fn arn_text(&self) -> String {
        format!("arn:{}:codepipeline:{}:111122223333:{}", self.partition, self.region, self.pipeline)
    }

    fn envelope(&self, kind: &str, second: i64) -> Value {
        let time = self.began + SignedDuration::from_secs(second);
        json!({
            "version": "0", "id": format!("{kind}-{}-{second}", self.execution), "source": "aws.codepipeline",
            "detail-type": format!("CodePipeline {kind} Execution State Change"), "account": "111122223333",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "region": self.region, "resources": [self.arn_text()],
            "detail": {
                "pipeline": self.pipeline, "execution-id": self.execution, "version": 6.0,
                "pipeline-execution-attempt": f64::from(self.attempt),
            },
        })
    }
}

/// What the approval action of `orders` puts on its topic.
pub(crate) fn approval_message(stage: &str, token: &str) -> String {
    json!({
        "region": "us-east-1",
        "consoleLink": "https://console.aws.amazon.com/codepipeline/home?region=us-east-1#/view/orders",
        "approval": {
            "pipelineName": "orders", "stageName": stage, "actionName": "Manual", "token": token,
            "expires": "2026-03-09T10:00Z", "externalEntityLink": "https://example.com/changes",
            "approvalReviewLink": "https://console.aws.amazon.com/codepipeline/review", "customData": "Read the report first.",
        },
    })
    .to_string()
}

pub(crate) fn in_an_sns_envelope(message: &str, at: &str) -> String {
    json!({
        "Type": "Notification", "MessageId": "0000", "TopicArn": "arn:aws:sns:us-east-1:111122223333:approvals",
        "Subject": "APPROVAL NEEDED", "Message": message, "Timestamp": at,
    })
    .to_string()
}

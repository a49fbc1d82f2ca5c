//! A push that a Git trigger sees: it starts an execution whose events carry the commit.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::records::{ExecutionIndex, Trigger};
use super::start::{self, Inputs};
use crate::script::{Author, Revision};

/// A commit or tag pushed to the repository of a pipeline with Git triggers.
#[derive(Debug, Clone, Default)]
pub struct GitPush {
    /// Commit id; the source action then finds this revision in the script, if it is there.
    pub commit: String,
    /// Commit message.
    pub message: String,
    /// The branch. Left out of the event if there is a tag.
    pub branch: String,
    /// The tag, for tag triggers.
    pub tag: Option<String>,
    /// Author's display name.
    pub author_name: String,
    /// Author's e-mail address.
    pub author_email: String,
    /// Author's date; the time of the push where it is missing.
    pub authored: Option<Timestamp>,
}

impl GitPush {
    /// What the source action finds.
    pub(crate) fn revision(&self) -> Revision {
        Revision {
            id: self.commit.clone(),
            message: self.message.clone(),
            author: Author { name: self.author_name.clone(), email: self.author_email.clone() },
            branch: Some(self.branch.clone()).filter(|branch| !branch.is_empty()),
            committed: self.authored,
            ..Revision::default()
        }
    }
}

impl Engine {
    /// Starts an execution as a Git trigger does.
    pub(crate) fn push(&mut self, pipeline: &str, push: &GitPush) -> Result<ExecutionIndex, ApiError> {
        let pipeline = self.pipeline(pipeline)?;
        let declaration = self[pipeline].declaration.clone();
        let name = declaration.triggers.iter().find_map(|it| it["gitConfiguration"]["sourceActionName"].as_str());
        let sources = &declaration.stages[0].actions;
        let Some(source) = name.and_then(|name| sources.iter().find(|action| action.name == name)) else {
            return Err(ApiError::validation("The pipeline has no Git trigger for one of its source actions."));
        };
        self.check_concurrency(pipeline)?;
        let setting = |key: &str| source.configuration.get(key).cloned().unwrap_or_default();
        let date = push.authored.unwrap_or(self.now).as_second();
        let (reference, named) = match &push.tag {
            Some(tag) => ("tag-name", tag),
            None => ("branch-name", &push.branch),
        };
        let members = [
            ("author-display-name", push.author_name.clone()),
            ("author-email", push.author_email.clone()),
            ("author-id", String::new()),
            ("author-date", Timestamp::from_second(date).unwrap_or_default().to_string()),
            ("commit-id", push.commit.clone()),
            ("commit-message", push.message.clone()),
            ("connection-arn", setting("ConnectionArn")),
            ("full-repository-name", setting("FullRepositoryId")),
            ("provider-type", "GitHub".to_owned()),
            (reference, named.clone()),
        ];
        let git: Map<String, Value> =
            members.map(|(name, value)| (name.to_owned(), json!(value))).into_iter().collect();
        let mut trigger = Trigger::new("WebhookV2", Value::Object(git.clone()).to_string());
        trigger.detail = trigger.detail.chars().take(1024).collect();
        trigger.git = Some(Value::Object(git));
        trigger.pushed = Some(push.clone());
        let inputs = Inputs {
            variables: start::variables(&declaration, &Value::Null)?,
            revisions: [(source.name.clone(), push.commit.clone())].into(),
        };
        Ok(self.start(pipeline, trigger, inputs))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::bench::{Bench, action, plain};
    use super::*;

    #[test]
    fn a_push_starts_an_execution_whose_event_carries_the_commit_and_no_trigger_type() {
        let mut declaration = plain();
        let source = &mut declaration["stages"][0]["actions"][0];
        source["configuration"] = action("Source", "CodeStarSourceConnection", "x")["configuration"].take();
        source["actionTypeId"]["provider"] = json!("CodeStarSourceConnection");
        declaration["triggers"] = json!([{"providerType": "CodeStarSourceConnection",
            "gitConfiguration": {"sourceActionName": "Checkout", "push": [{"tags": {"includes": ["v*"]}}]}}]);
        let mut bench = Bench::with(&declaration);
        let authored = Some("2026-03-02T09:58:00Z".parse().unwrap());
        let push = GitPush { commit: "7f3c".to_owned(), tag: Some("v1".to_owned()), authored, ..GitPush::default() };
        bench.engine.push("p", &push).unwrap();
        bench.wait(5);
        let trigger = bench.events[0]["detail"]["execution-trigger"].clone();
        assert_eq!((&trigger["tag-name"], &trigger["commit-id"]), (&json!("v1"), &json!("7f3c")));
        assert_eq!(trigger["author-date"], "2026-03-02T09:58:00Z");
        assert!(trigger.get("branch-name").is_none() && trigger.get("trigger-type").is_none());
        let list = bench.call("ListPipelineExecutions", json!({"pipelineName": "p"})).unwrap();
        let summary = &list["pipelineExecutionSummaries"][0];
        assert_eq!(summary["trigger"]["triggerType"], "WebhookV2");
        assert_eq!(summary["sourceRevisions"][0]["revisionId"], "7f3c");
        let list = bench.call("ListActionExecutions", json!({"pipelineName": "p"})).unwrap();
        let variables = &list["actionExecutionDetails"][1]["output"]["outputVariables"];
        assert_eq!((&variables["CommitId"], &variables["AuthorDate"]), (&json!("7f3c"), &trigger["author-date"]));
        let get = json!({"pipelineName": "p", "pipelineExecutionId": summary["pipelineExecutionId"]});
        let execution = bench.call("GetPipelineExecution", get).unwrap();
        assert_eq!(execution["pipelineExecution"]["artifactRevisions"][0]["created"], 1_772_445_480.0);
    }

    #[test]
    fn a_pipeline_without_a_git_trigger_cannot_be_pushed_to() {
        let mut bench = Bench::with(&plain());
        assert_eq!(bench.engine.push("p", &GitPush::default()).unwrap_err().code, "ValidationException");
    }
}

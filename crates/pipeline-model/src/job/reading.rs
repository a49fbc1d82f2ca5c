//! From the event to a job: every field by its path, so that an error names the place and never what stands there.

use serde_json::Value;

use super::{ArtifactCredentials, EncryptionKey, Job, JobArtifact, JobError, JobId, S3Location};
use crate::Secret;

const JOB: &str = "CodePipeline.job";

pub(super) fn job(event: &str) -> Result<Job, JobError> {
    let unknown = |problem: String| JobError { job: None, problem };
    // Of broken JSON, serde_json tells the place and no text.
    let event: Value = serde_json::from_str(event).map_err(|error| unknown(format!("it is not JSON: {error}")))?;
    let job = event.get(JOB).ok_or_else(|| unknown(format!("it has no `{JOB}`")))?;
    let node = Node { value: Some(job), path: JOB.to_owned() };
    let id = node.field("id").and_then(|id| id.text()).map_err(unknown)?;
    let id: JobId = id.parse().map_err(|error| unknown(format!("`{JOB}.id` is none: {error}")))?;
    read(id.clone(), &node).map_err(|problem| JobError { job: Some(id), problem })
}

fn read(id: JobId, job: &Node<'_>) -> Result<Job, String> {
    let data = job.field("data")?;
    let configuration = data.field("actionConfiguration")?.field("configuration")?;
    Ok(Job {
        id,
        account: job.field("accountId")?.if_there(Node::text)?,
        user_parameters: configuration.field("UserParameters")?.if_there(Node::text)?,
        continuation_token: data.field("continuationToken")?.if_there(Node::text)?,
        inputs: artifacts(&data.field("inputArtifacts")?)?,
        outputs: artifacts(&data.field("outputArtifacts")?)?,
        credentials: data.field("artifactCredentials")?.if_there(credentials)?,
        encryption_key: data.field("encryptionKey")?.if_there(encryption_key)?,
    })
}

fn artifacts(node: &Node<'_>) -> Result<Vec<JobArtifact>, String> {
    node.items()?.iter().map(artifact).collect()
}

fn artifact(node: &Node<'_>) -> Result<JobArtifact, String> {
    Ok(JobArtifact {
        name: node.field("name")?.text()?,
        location: node.field("location")?.field("s3Location")?.if_there(s3_location)?,
        revision: node.field("revision")?.if_there(Node::text)?,
    })
}

fn s3_location(node: &Node<'_>) -> Result<S3Location, String> {
    Ok(S3Location { bucket: node.field("bucketName")?.text()?, key: node.field("objectKey")?.text()? })
}

fn credentials(node: &Node<'_>) -> Result<Secret<ArtifactCredentials>, String> {
    Ok(Secret::new(ArtifactCredentials {
        access_key_id: node.field("accessKeyId")?.text()?,
        secret_access_key: node.field("secretAccessKey")?.text()?,
        session_token: node.field("sessionToken")?.text()?,
    }))
}

fn encryption_key(node: &Node<'_>) -> Result<EncryptionKey, String> {
    Ok(EncryptionKey { id: node.field("id")?.text()? })
}

/// A place in the event; `null` is the same as nothing.
struct Node<'a> {
    value: Option<&'a Value>,
    path: String,
}

impl<'a> Node<'a> {
    /// A field of an object; of nothing, all fields are nothing.
    fn field(&self, name: &str) -> Result<Self, String> {
        let path = format!("{}.{name}", self.path);
        match self.value {
            None | Some(Value::Null) => Ok(Self { value: None, path }),
            Some(Value::Object(fields)) => Ok(Self { value: fields.get(name).filter(|value| !value.is_null()), path }),
            Some(_) => Err(self.expected("an object")),
        }
    }

    fn items(&self) -> Result<Vec<Self>, String> {
        match self.value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let item = |(index, value)| Self { value: Some(value), path: format!("{}[{index}]", self.path) };
                Ok(items.iter().enumerate().map(item).collect())
            }
            Some(_) => Err(self.expected("a list")),
        }
    }

    fn text(&self) -> Result<String, String> {
        self.value.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| self.expected("a text"))
    }

    fn if_there<T>(&self, read: impl FnOnce(&Self) -> Result<T, String>) -> Result<Option<T>, String> {
        self.value.map(|_| read(self)).transpose()
    }

    fn expected(&self, what: &str) -> String {
        let found = match self.value {
            None | Some(Value::Null) => "missing",
            Some(Value::Bool(_)) => "true or false",
            Some(Value::Number(_)) => "a number",
            Some(Value::String(_)) => "a text",
            Some(Value::Array(_)) => "a list",
            Some(Value::Object(_)) => "an object",
        };
        format!("`{}` is {found}, expected {what}", self.path)
    }
}

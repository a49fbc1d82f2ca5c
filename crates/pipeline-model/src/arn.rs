//! ARNs of pipelines and alarms, partitions and the console of each partition.

mod alarm;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ExecutionId, PipelineName};

pub use alarm::AlarmArn;

/// A group of AWS regions with an ARN prefix and a console of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(String);

impl Partition {
    /// The partition a region belongs to, by the region's prefix (botocore's `partitions.json`).
    pub fn of_region(region: &str) -> Self {
        let prefixes = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-isob-", "aws-iso-b"),
            ("us-isof-", "aws-iso-f"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-iso-", "aws-iso"),
            ("eusc-", "aws-eusc"),
        ];
        let found = prefixes.iter().find(|(prefix, _)| region.starts_with(prefix));
        Self(found.map_or("aws", |(_, partition)| partition).to_owned())
    }

    /// The second field of an ARN: `aws`, `aws-cn`, `aws-us-gov`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The console's host. Partitions whose console address is not public have none, and messages then have no link.
    pub fn console_host(&self) -> Option<&'static str> {
        match self.as_str() {
            "aws" => Some("console.aws.amazon.com"),
            "aws-cn" => Some("console.amazonaws.cn"),
            "aws-us-gov" => Some("console.amazonaws-us-gov.com"),
            _ => None,
        }
    }
}

/// `arn:<partition>:codepipeline:<region>:<account>:<pipeline>`: note that no `pipeline/` stands before the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PipelineArn {
    /// The partition the pipeline lives in.
    pub partition: Partition,
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The twelve-digit account id, as text.
    pub account: String,
    /// The pipeline's name.
    pub pipeline: PipelineName,
}

/// The text is not the ARN of what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not {what}'s ARN; expected arn:<partition>:{form}")]
pub struct ArnError {
    text: String,
    what: &'static str,
    form: &'static str,
}

impl PipelineArn {
    /// Builds the ARN of a pipeline from what every event envelope carries.
    pub fn new(region: impl Into<String>, account: impl Into<String>, pipeline: PipelineName) -> Self {
        let region = region.into();
        Self { partition: Partition::of_region(&region), region, account: account.into(), pipeline }
    }

    /// The console page of one execution, where the partition has a public console.
    pub fn execution_url(&self, execution: &ExecutionId) -> Option<String> {
        let (host, region, pipeline) = (self.partition.console_host()?, &self.region, &self.pipeline);
        Some(format!(
            "https://{host}/codesuite/codepipeline/pipelines/{pipeline}/executions/{execution}/timeline?region={region}"
        ))
    }

    /// The console page of the pipeline, where the partition has a public console.
    pub fn pipeline_url(&self) -> Option<String> {
        let (host, region, pipeline) = (self.partition.console_host()?, &self.region, &self.pipeline);
        Some(format!("https://{host}/codesuite/codepipeline/pipelines/{pipeline}/view?region={region}"))
    }
}

impl TryFrom<String> for PipelineArn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, ArnError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "codepipeline", region, account, pipeline]
                if !partition.is_empty() && !pipeline.is_empty() && !pipeline.contains([':', '/']) =>
            {
                Ok(Self {
                    partition: Partition((*partition).to_owned()),
                    region: (*region).to_owned(),
                    account: (*account).to_owned(),
                    pipeline: PipelineName::new(*pipeline),
                })
            }
            _ => Err(ArnError { text, what: "a pipeline", form: "codepipeline:<region>:<account>:<pipeline>" }),
        }
    }
}

impl From<PipelineArn> for String {
    fn from(arn: PipelineArn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for PipelineArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, pipeline } = self;
        write!(formatter, "arn:{}:codepipeline:{region}:{account}:{pipeline}", partition.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(region: &str) -> PipelineArn {
        PipelineArn::new(region, "111122223333", PipelineName::from("orders"))
    }

    #[test]
    fn an_arn_is_read_as_it_is_written() {
        for region in ["us-east-1", "cn-north-1", "us-gov-west-1", "us-isof-south-1"] {
            assert_eq!(PipelineArn::try_from(arn(region).to_string()), Ok(arn(region)));
        }
    }

    #[test]
    fn each_public_partition_links_to_its_own_console() {
        let id = ExecutionId::from("e1");
        let host = |region| arn(region).execution_url(&id).and_then(|url| url.split('/').nth(2).map(str::to_owned));
        assert_eq!(host("eu-west-1").as_deref(), Some("console.aws.amazon.com"));
        assert_eq!(host("cn-north-1").as_deref(), Some("console.amazonaws.cn"));
        assert_eq!(host("us-gov-west-1").as_deref(), Some("console.amazonaws-us-gov.com"));
        assert_eq!(host("us-isof-south-1"), None);
    }

    #[test]
    fn arns_of_other_things_are_refused() {
        for text in [
            "",
            "arn:aws:s3:::bucket",
            "arn:aws:codepipeline:us-east-1:111122223333:",
            "arn:aws:codepipeline:us-east-1:111122223333:orders/Deploy",
        ] {
            assert!(PipelineArn::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

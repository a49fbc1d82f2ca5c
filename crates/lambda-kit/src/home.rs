//! Where this function runs: the region and account whose pipelines it can ask about.

use anyhow::{Result, bail};
use pipeline_model::{PipelineArn, PipelineName};

/// The region and account this function runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl Home {
    /// Reads it from the ARN of anything in the same stack.
    ///
    /// # Errors
    /// When the text is not an ARN with a region and an account.
    pub fn of_arn(arn: &str) -> Result<Self> {
        match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            ["arn", _, _, region, account, _] if !region.is_empty() && !account.is_empty() => {
                Ok(Self { region: (*region).to_owned(), account: (*account).to_owned() })
            }
            _ => {
                bail!("`{arn}` has no region and account; expected arn:<partition>:<service>:<region>:<account>:<name>")
            }
        }
    }

    /// The ARN of a pipeline here.
    pub fn pipeline(&self, name: PipelineName) -> PipelineArn {
        PipelineArn::new(&self.region, &self.account, name)
    }

    /// Whether a pipeline is here. One elsewhere may have the name of one here, so nothing can be asked about it.
    pub fn knows(&self, pipeline: &PipelineArn) -> bool {
        let known = pipeline.region == self.region && pipeline.account == self.account;
        if !known {
            tracing::warn!(pipeline.arn = %pipeline, "this pipeline is elsewhere, so nothing is known beyond its events");
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_read_from_any_arn_that_names_one() {
        let home = Home::of_arn("arn:aws:cloudformation:eu-west-1:111122223333:stack/pipewarden/1a2b").expect("an ARN");
        assert_eq!(home, Home { region: "eu-west-1".to_owned(), account: "111122223333".to_owned() });
        assert!(home.knows(&home.pipeline("orders".into())));
        assert!(!home.knows(&PipelineArn::new("us-east-1", "111122223333", "orders".into())));
        for wrong in ["", "pipewarden", "arn:aws:s3:::bucket"] {
            assert!(Home::of_arn(wrong).is_err(), "{wrong}");
        }
    }
}

//! What an alarm protects, as its tag names it.

use std::fmt;
use std::str::FromStr;

use pipeline_model::{PipelineName, StageName};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::command;

/// Something a release can be rolled back in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// `orders/Production`: a stage of a pipeline.
    Stage {
        /// The pipeline.
        pipeline: PipelineName,
        /// The stage.
        stage: StageName,
    },
    /// `codedeploy:orders/blue`: a deployment group.
    CodeDeploy {
        /// The application.
        application: String,
        /// The deployment group.
        group: String,
    },
    /// `ecs:shop/orders`: a service.
    EcsService {
        /// The cluster's short name.
        cluster: String,
        /// The service's name.
        service: String,
    },
    /// `cloudformation:orders`: a stack.
    Stack {
        /// The stack's name.
        name: String,
    },
    /// `lambda:orders:live`: an alias of a function.
    Alias {
        /// The function's name.
        function: String,
        /// The alias.
        alias: String,
    },
}

/// The text names no target.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` names nothing that can be rolled back; write <pipeline>/<stage>, codedeploy:<application>/<group>, \
     ecs:<cluster>/<service>, cloudformation:<stack> or lambda:<function>:<alias>"
)]
pub struct BadTarget(String);

impl Target {
    /// Reads the targets of a tag's value, in their order, with spaces between them.
    ///
    /// # Errors
    /// When one of them names nothing, or there is none.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, BadTarget> {
        let targets: Vec<Self> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if targets.is_empty() { Err(BadTarget(text.to_owned())) } else { Ok(targets) }
    }

    /// The pipeline and the stage, if it is a stage.
    pub fn stage(&self) -> Option<(&PipelineName, &StageName)> {
        match self {
            Self::Stage { pipeline, stage } => Some((pipeline, stage)),
            _ => None,
        }
    }

    /// The target in a sentence: `stage Production of orders`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Stage { pipeline, stage } => format!("stage {stage} of {pipeline}"),
            Self::CodeDeploy { application, group } => format!("CodeDeploy group {group} of {application}"),
            Self::EcsService { cluster, service } => format!("ECS service {service} in cluster {cluster}"),
            Self::Stack { name } => format!("stack {name}"),
            Self::Alias { function, alias } => format!("alias {alias} of function {function}"),
        }
    }

    /// How a person sees what stands there: a line for the AWS CLI.
    pub fn look_by_hand(&self) -> String {
        match self {
            Self::Stage { pipeline, stage } => {
                let list = command("codepipeline list-pipeline-executions", &[("pipeline-name", pipeline.as_str())]);
                format!("{list} --filter succeededInStage={{stageName={stage}}}")
            }
            Self::CodeDeploy { application, group } => {
                let names = [("application-name", application.as_str()), ("deployment-group-name", group)];
                command("deploy list-deployments", &names)
            }
            Self::EcsService { cluster, service } => {
                command("ecs list-service-deployments", &[("cluster", cluster), ("service", service)])
            }
            Self::Stack { name } => command("cloudformation describe-stack-events", &[("stack-name", name)]),
            Self::Alias { function, alias } => {
                command("lambda get-alias", &[("function-name", function), ("name", alias)])
            }
        }
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let bad = || BadTarget(text.to_owned());
        let pair = |rest: &str, separator| {
            let (first, second) = rest.split_once(separator).ok_or_else(bad)?;
            let fits = |part: &str| is_name(part).then(|| part.to_owned()).ok_or_else(bad);
            Ok((fits(first)?, fits(second)?))
        };
        match text.split_once(':') {
            None => {
                let (pipeline, stage) = pair(text, '/')?;
                Ok(Self::Stage { pipeline: PipelineName::new(pipeline), stage: StageName::new(stage) })
            }
            Some(("codedeploy", rest)) => {
                pair(rest, '/').map(|(application, group)| Self::CodeDeploy { application, group })
            }
            Some(("ecs", rest)) => pair(rest, '/').map(|(cluster, service)| Self::EcsService { cluster, service }),
            Some(("lambda", rest)) => pair(rest, ':').map(|(function, alias)| Self::Alias { function, alias }),
            Some(("cloudformation", name)) if is_name(name) => Ok(Self::Stack { name: name.to_owned() }),
            Some(_) => Err(bad()),
        }
    }
}

/// The alphabet of CodePipeline's names, which holds every name of the other services that a tag's value can hold.
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".@_-+=".contains(letter))
        && !text.starts_with('-')
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage { pipeline, stage } => write!(formatter, "{pipeline}/{stage}"),
            Self::CodeDeploy { application, group } => write!(formatter, "codedeploy:{application}/{group}"),
            Self::EcsService { cluster, service } => write!(formatter, "ecs:{cluster}/{service}"),
            Self::Stack { name } => write!(formatter, "cloudformation:{name}"),
            Self::Alias { function, alias } => write!(formatter, "lambda:{function}:{alias}"),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = BadTarget;

    fn try_from(text: String) -> Result<Self, BadTarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EACH_KIND: &str =
        "orders/Production codedeploy:orders/blue ecs:shop/orders cloudformation:orders lambda:orders:live";

    #[test]
    fn a_tag_names_several_targets_in_their_order() {
        let targets = Target::parse_list(EACH_KIND).unwrap();
        assert_eq!(targets.iter().map(Target::to_string).collect::<Vec<_>>().join(" "), EACH_KIND);
        assert_eq!(Target::parse_list("  a/B   c/D ").unwrap().len(), 2);
    }

    #[test]
    fn what_names_nothing_is_told_with_all_forms_there_are() {
        for text in [
            "",
            " ",
            "orders",
            "orders/",
            "/Production",
            "a/b/c",
            "ecs:shop",
            "lambda:orders",
            "s3:a/b",
            "x/y!",
            "-x/y",
        ] {
            let error = Target::parse_list(text).unwrap_err().to_string();
            assert!(error.contains("<pipeline>/<stage>"), "{text}: {error}");
        }
        let error = Target::parse_list("orders/Production nonsense").unwrap_err().to_string();
        assert!(error.starts_with("`nonsense`"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_comes_back_as_it_was_written(text in "[a-z:/ .@-]{0,24}") {
            if let Ok(targets) = Target::parse_list(&text) {
                let written: Vec<_> = targets.iter().map(Target::to_string).collect();
                prop_assert_eq!(written, text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}

//! What the managed action providers require: how many artifacts, which configuration.

use std::ops::RangeInclusive;

use super::declaration::Action;

/// One provider in one category.
pub(crate) struct Provider {
    category: &'static str,
    provider: &'static str,
    inputs: RangeInclusive<usize>,
    outputs: RangeInclusive<usize>,
    /// Keys that must be there.
    required: &'static [&'static str],
    /// Further keys that may be there; empty where the list is long and not repeated here.
    optional: &'static [&'static str],
}

const fn provider(
    category: &'static str,
    provider: &'static str,
    inputs: RangeInclusive<usize>,
    outputs: RangeInclusive<usize>,
    required: &'static [&'static str],
) -> Provider {
    Provider { category, provider, inputs, outputs, required, optional: &[] }
}

/// The providers of owner AWS, from the guide's action structure reference.
const PROVIDERS: &[Provider] = &[
    provider("Source", "S3", 0..=0, 1..=1, &["S3Bucket", "S3ObjectKey"]),
    provider("Source", "ECR", 0..=0, 1..=1, &["RepositoryName"]),
    provider("Source", "CodeCommit", 0..=0, 1..=1, &["RepositoryName", "BranchName"]),
    provider("Source", "CodeStarSourceConnection", 0..=0, 1..=1, &["ConnectionArn", "FullRepositoryId", "BranchName"]),
    provider("Build", "CodeBuild", 1..=5, 0..=5, &["ProjectName"]),
    provider("Build", "ECRBuildAndPublish", 1..=1, 0..=1, &["ECRRepositoryName"]),
    provider("Test", "CodeBuild", 1..=5, 0..=5, &["ProjectName"]),
    provider("Test", "DeviceFarm", 1..=1, 0..=0, &[]),
    provider("Deploy", "S3", 1..=1, 0..=0, &["BucketName", "Extract"]),
    provider("Deploy", "CloudFormation", 0..=10, 0..=1, &["ActionMode", "StackName"]),
    provider("Deploy", "CloudFormationStackSet", 1..=10, 0..=1, &["StackSetName"]),
    provider("Deploy", "CloudFormationStackInstances", 0..=10, 0..=1, &["StackSetName"]),
    provider("Deploy", "CodeDeploy", 1..=1, 0..=0, &["ApplicationName", "DeploymentGroupName"]),
    provider("Deploy", "CodeDeployToECS", 1..=5, 0..=0, &["ApplicationName", "DeploymentGroupName"]),
    provider("Deploy", "ECS", 1..=1, 0..=0, &["ClusterName", "ServiceName"]),
    provider("Deploy", "EC2", 1..=1, 0..=0, &[]),
    provider("Deploy", "EKS", 1..=1, 0..=0, &["ClusterName"]),
    provider("Deploy", "Lambda", 1..=1, 0..=0, &["FunctionName"]),
    provider("Deploy", "ElasticBeanstalk", 1..=1, 0..=0, &["ApplicationName", "EnvironmentName"]),
    provider("Deploy", "AppConfig", 1..=1, 0..=0, &["Application", "Environment"]),
    provider("Deploy", "ServiceCatalog", 1..=1, 0..=0, &[]),
    provider("Invoke", "StepFunctions", 0..=1, 0..=1, &["StateMachineArn"]),
    provider("Invoke", "CodePipeline", 0..=5, 0..=5, &["PipelineName"]),
    provider("Invoke", "InspectorScan", 0..=1, 0..=1, &[]),
    provider("Compute", "Commands", 1..=10, 0..=10, &[]),
    Provider { optional: &["UserParameters"], ..provider("Invoke", "Lambda", 0..=5, 0..=5, &["FunctionName"]) },
    Provider {
        optional: &["NotificationArn", "ExternalEntityLink", "CustomData"],
        ..provider("Approval", "Manual", 0..=0, 0..=0, &[])
    },
];

/// What is wrong with an action of a managed provider, in one sentence. Other owners are not looked at.
pub(crate) fn objection(action: &Action) -> Option<String> {
    let kind = &action.action_type_id;
    if kind.owner != "AWS" {
        return None;
    }
    let Some(known) = PROVIDERS.iter().find(|p| p.category == kind.category && p.provider == kind.provider) else {
        return Some(format!("there is no {} provider '{}' of owner AWS", kind.category, kind.provider));
    };
    let counted = |what, count: usize, allowed: &RangeInclusive<usize>| {
        let (from, to) = allowed.clone().into_inner();
        (!allowed.contains(&count)).then(|| format!("it has {count} {what} artifacts; {from} to {to} are allowed"))
    };
    counted("input", action.input_artifacts.len(), &known.inputs)
        .or_else(|| counted("output", action.output_artifacts.len(), &known.outputs))
        .or_else(|| missing_key(action, known))
        .or_else(|| unknown_key(action, known))
}

fn missing_key(action: &Action, known: &Provider) -> Option<String> {
    let missing = known.required.iter().find(|key| !action.configuration.contains_key(**key))?;
    Some(format!("its configuration lacks '{missing}'"))
}

fn unknown_key(action: &Action, known: &Provider) -> Option<String> {
    if known.optional.is_empty() {
        return None;
    }
    let listed = |key: &String| known.required.contains(&key.as_str()) || known.optional.contains(&key.as_str());
    let unknown = action.configuration.keys().find(|key| !listed(key))?;
    Some(format!("its configuration contains the unknown key '{unknown}'"))
}

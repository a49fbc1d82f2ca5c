//! What the resources of a template are called once deployed, as far as that can be told without deploying.

use serde_json::Value;

use super::intrinsics::Resolver;

/// Type, the property that names it, its ARN. `@` is the partition, `#` region and account.
const KINDS: [(&str, &str, &str); 10] = [
    ("AWS::CodeBuild::Project", "Name", "arn:@:codebuild:#:project/"),
    ("AWS::CodeConnections::Connection", "ConnectionName", "arn:@:codeconnections:#:connection/"),
    ("AWS::CodePipeline::Pipeline", "Name", "arn:@:codepipeline:#:"),
    ("AWS::CodeStarConnections::Connection", "ConnectionName", "arn:@:codestar-connections:#:connection/"),
    ("AWS::IAM::Role", "RoleName", "arn:@:iam::ACCOUNT:role/"),
    ("AWS::KMS::Key", "", "arn:@:kms:#:key/"),
    ("AWS::Lambda::Function", "FunctionName", "arn:@:lambda:#:function:"),
    ("AWS::S3::Bucket", "BucketName", "arn:@:s3:::"),
    ("AWS::SNS::Topic", "TopicName", "arn:@:sns:#:"),
    ("AWS::Serverless::Function", "FunctionName", "arn:@:lambda:#:function:"),
];

/// A `Ref` to one of these is its ARN; to all others, the name.
const REFERRED_TO_BY_ARN: [&str; 3] =
    ["AWS::CodeConnections::Connection", "AWS::CodeStarConnections::Connection", "AWS::SNS::Topic"];

impl Resolver<'_> {
    /// What `Ref` gives for a resource.
    pub(super) fn physical_id(&self, logical_id: &str, path: &str) -> Option<Value> {
        if !self.is_there(logical_id, path) {
            return Some(Value::Null);
        }
        if let Some(given) = self.inputs.physical.get(logical_id) {
            return Some(given.as_str().into());
        }
        let kind = self.template["Resources"][logical_id]["Type"].as_str().unwrap_or_default();
        if REFERRED_TO_BY_ARN.contains(&kind) {
            return self.attribute(logical_id, "Arn", path);
        }
        Some(self.name(logical_id, path).into())
    }

    /// What `Fn::GetAtt` gives for a resource: its ARN, or what the caller supplied.
    pub(super) fn attribute(&self, logical_id: &str, attribute: &str, path: &str) -> Option<Value> {
        if !self.is_there(logical_id, path) {
            return Some(Value::Null);
        }
        if let Some(given) = self.inputs.physical.get(&format!("{logical_id}.{attribute}")) {
            return Some(given.as_str().into());
        }
        let kind = &self.template["Resources"][logical_id]["Type"];
        match KINDS.iter().find(|(name, ..)| kind == name) {
            Some((_, _, arn)) if matches!(attribute, "Arn" | "TopicArn" | "ConnectionArn") => {
                let (region, account) = (&self.inputs.region, &self.inputs.account);
                let arn = arn.replace('@', self.partition()).replace('#', &format!("{region}:{account}"));
                Some((arn.replace("ACCOUNT", account) + &self.name(logical_id, path)).into())
            }
            _ => self.refuse(path, format!("{logical_id}.{attribute} is known only after a deployment; supply it")),
        }
    }

    fn is_there(&self, logical_id: &str, path: &str) -> bool {
        if self.template["Resources"].get(logical_id).is_none() {
            self.problem(path, format!("refers to {logical_id}, which is neither a parameter nor a resource"));
            return false;
        }
        if !self.exists(logical_id) {
            self.problem(path, format!("refers to {logical_id}, whose condition is false"));
            return false;
        }
        true
    }

    /// The name the template gives the resource, or one like CloudFormation would make up.
    fn name(&self, logical_id: &str, path: &str) -> String {
        let resource = &self.template["Resources"][logical_id];
        let own_path = format!("Resources.{logical_id}");
        let property =
            KINDS.iter().find(|(kind, ..)| resource["Type"] == *kind).map_or("", |(_, property, _)| property);
        let named = resource["Properties"].get(property).and_then(|name| {
            self.once_at_a_time(&own_path, path, || self.text(name, &format!("{own_path}.Properties.{property}")))
        });
        named.flatten().unwrap_or_else(|| format!("{}-{logical_id}", self.inputs.stack).to_lowercase())
    }
}

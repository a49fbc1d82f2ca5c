//! Reads the pipelines a CloudFormation template declares, in the shape CodePipeline's API knows.
//!
//! The template is the same file a user deploys. Parameters, conditions and the intrinsic functions a pipeline needs
//! are resolved here; whatever cannot be known without AWS is a problem that names its place, and all problems of a
//! template are reported at once. Stack-level extras that are not part of a pipeline's structure (`Tags`,
//! `RestartExecutionOnUpdate`) are left out.

mod conditions;
mod declaration;
mod intrinsics;
mod parameters;
mod physical;
mod problem;
#[cfg(test)]
mod release;
mod substitution;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use problem::Problem;

/// What the template cannot say about itself: where it is deployed, and with which parameters.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Name of the stack, as in `AWS::StackName`.
    pub stack: String,
    /// Twelve digits, as in `AWS::AccountId`.
    pub account: String,
    /// As in `AWS::Region`. The partition follows from it.
    pub region: String,
    /// Parameter overrides by name; all others take their defaults.
    pub parameters: BTreeMap<String, String>,
    /// What resources are really called: `Topic` for a `Ref`, `Role.Arn` for a `Fn::GetAtt`.
    /// A resource that is not listed gets its own name property or `<stack>-<logicalid>`.
    pub physical: BTreeMap<String, String>,
}

/// Everything a template says about pipelines.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// One `PipelineDeclaration` (CodePipeline API, camelCase) per pipeline, by logical id.
    pub pipelines: Vec<Value>,
    /// Names of the buckets the pipelines read sources from and keep artifacts in.
    pub buckets: Vec<String>,
    /// ARNs of the SNS topics that approvals are announced on.
    pub topics: Vec<String>,
}

/// Why a template yields no pipelines.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file is not there or not readable.
    #[error("cannot read the template {}: {source}", .path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is neither YAML nor JSON.
    #[error("the template {} is not valid YAML: {message}", .path.display())]
    NotYaml {
        /// The file that was read.
        path: PathBuf,
        /// Line, column and what was expected there.
        message: String,
    },
    /// The file is YAML, but not a template that can be resolved here.
    #[error("the template {} cannot be used:\n{}", .path.display(), problem::list(.problems))]
    Unresolvable {
        /// The file that was read.
        path: PathBuf,
        /// Every problem, in the order of the file.
        problems: Vec<Problem>,
    },
}

/// Reads every `AWS::CodePipeline::Pipeline` of the template at `path`.
pub fn load(path: &Path, inputs: &Inputs) -> Result<Loaded, TemplateError> {
    let template = document(path)?;
    resolve(&template, inputs).map_err(|problems| TemplateError::Unresolvable { path: path.to_owned(), problems })
}

/// One property of one resource of the template at `path`, resolved.
pub fn property(path: &Path, inputs: &Inputs, logical_id: &str, property: &str) -> Result<Value, TemplateError> {
    let template = document(path)?;
    let resolver = intrinsics::Resolver::new(&template, inputs);
    let place = format!("Resources.{logical_id}.Properties.{property}");
    let value = match template["Resources"][logical_id]["Properties"].get(property) {
        Some(value) => resolver.resolve(value, &place).unwrap_or_default(),
        None => resolver.refuse(&place, "is not in the template").unwrap_or_default(),
    };
    match resolver.into_problems() {
        problems if problems.is_empty() => Ok(value),
        problems => Err(TemplateError::Unresolvable { path: path.to_owned(), problems }),
    }
}

/// The template at `path` as plain data, every short form (`!Ref`) written long (`{"Ref": …}`), nothing resolved.
pub fn document(path: &Path) -> Result<Value, TemplateError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })?;
    yaml::parse(&text).map_err(|message| TemplateError::NotYaml { path: path.to_owned(), message })
}

fn resolve(template: &Value, inputs: &Inputs) -> Result<Loaded, Vec<Problem>> {
    let resolver = intrinsics::Resolver::new(template, inputs);
    let pipelines: Vec<Value> = resolver
        .resources_of_type("AWS::CodePipeline::Pipeline")
        .filter_map(|logical_id| declaration::of(&resolver, logical_id))
        .collect();
    let problems = resolver.into_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    if pipelines.is_empty() {
        return Err(vec![Problem::new("Resources", "declares no AWS::CodePipeline::Pipeline")]);
    }
    Ok(Loaded { buckets: declaration::buckets(&pipelines), topics: declaration::topics(&pipelines), pipelines })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    pub(super) fn inputs() -> Inputs {
        Inputs {
            stack: "Shop".into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            parameters: BTreeMap::new(),
            physical: BTreeMap::new(),
        }
    }

    /// A template whose only action has this configuration, and the parts named in `rest`.
    fn template(configuration: &str, rest: &str) -> Value {
        let text = format!(
            r#"{rest}
Resources:
  Topic: {{ Type: AWS::SNS::Topic }}
  Role: {{ Type: AWS::IAM::Role }}
  Project: {{ Type: AWS::CodeBuild::Project, Properties: {{ Name: !Sub "${{AWS::StackName}}-build" }} }}
  Never: {{ Type: AWS::SNS::Topic, Condition: Other }}
  Loop: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: !Ref Loop }} }}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Stages: [{{ Name: Build, Actions: [{{ Name: Act, Configuration: {configuration} }}] }}]
"#
        );
        yaml::parse(&text).unwrap()
    }

    fn configuration(expression: &str, rest: &str, inputs: &Inputs) -> Result<Value, String> {
        let loaded = super::resolve(&template(&format!("{{ Key: {expression} }}"), rest), inputs);
        let loaded = loaded.map_err(|problems| problem::list(&problems))?;
        Ok(loaded.pipelines[0]["stages"][0]["actions"][0]["configuration"]["Key"].clone())
    }

    const REST: &str = r"
Parameters:
  Given: { Type: String }
  Branch: { Type: String, Default: main }
  Count: { Type: Number, Default: 3 }
  Zones: { Type: CommaDelimitedList, Default: 'a, b,c' }
  Size: { Type: String, Default: s, AllowedValues: [s, m] }
Mappings: { Images: { us-east-1: { Build: standard } } }
Conditions:
  Main: !Equals [!Ref Branch, main]
  Other: !Not [!Condition Main]
  Both: !And [!Condition Main, !Equals [a, a]]
  Either: !Or [!Condition Other, !Condition Both]
  Circle: !Not [!Condition Circle]
";

    #[test]
    fn every_function_a_pipeline_needs_is_resolved() {
        let cases = [
            ("!Ref AWS::Region", "us-east-1"),
            ("!Ref Branch", "main"),
            ("!Ref Count", "3"),
            ("!Ref Project", "Shop-build"),
            ("!Ref Role", "shop-role"),
            ("!Ref Topic", "arn:aws:sns:us-east-1:111122223333:shop-topic"),
            ("!GetAtt Role.Arn", "arn:aws:iam::111122223333:role/shop-role"),
            ("{ 'Fn::GetAtt': [Project, Arn] }", "arn:aws:codebuild:us-east-1:111122223333:project/Shop-build"),
            (
                "!Sub '${Branch}-${AWS::AccountId}-${!Kept}-${Role.Arn}'",
                "main-111122223333-${Kept}-arn:aws:iam::111122223333:role/shop-role",
            ),
            ("!Sub ['${Own}/${Branch}', { Own: !Ref Count }]", "3/main"),
            ("'#{codepipeline.PipelineExecutionId}'", "#{codepipeline.PipelineExecutionId}"),
            ("!Join ['-', [a, !Ref Branch, 1]]", "a-main-1"),
            ("!Join ['', !Split [',', 'a,b']]", "ab"),
            ("!Select [1, !Ref Zones]", "b"),
            ("!FindInMap [Images, !Ref AWS::Region, Build]", "standard"),
            ("!If [Either, yes-text, !Ref Nowhere]", "yes-text"),
            ("!If [Other, 1, 2]", "2"),
            ("true", "true"),
        ];
        for (expression, expected) in cases {
            assert_eq!(configuration(expression, REST, &inputs()), Ok(json!(expected)), "{expression}");
        }
        assert_eq!(configuration("!If [Main, !Ref AWS::NoValue, x]", REST, &inputs()), Ok(Value::Null));
    }

    #[test]
    fn what_cannot_be_known_is_a_problem_with_its_place() {
        let place = "Resources.Pipeline.Properties.Stages[0].Actions[0].Configuration.Key: ";
        let cases = [
            ("!Ref Nowhere", "refers to Nowhere, which is neither a parameter nor a resource"),
            ("!Ref Given", "the parameter Given has no default and was given no value"),
            ("!Ref Never", "refers to Never, whose condition is false"),
            ("!Ref Loop", "refers to itself"),
            ("!If [Circle, a, b]", "refers to itself"),
            ("!If [Missing, a, b]", "names the condition Missing, which the template does not declare"),
            ("!GetAtt Role.RoleId", "Role.RoleId is known only after a deployment; supply it"),
            ("!ImportValue other", "Fn::ImportValue cannot be resolved without AWS; use a parameter instead"),
            ("'{{resolve:ssm:/a}}'", "a dynamic reference needs AWS; use a parameter instead"),
            ("!Sub '${Branch'", "Fn::Sub has a ${ without its }"),
            ("!Select [3, !Ref Zones]", "Fn::Select asks for item 3 of 3"),
            ("!FindInMap [Images, eu-west-1, Build]", "Mappings has no Images.eu-west-1.Build"),
            ("{ deep: er }", "must be a text; write JSON as a text"),
        ];
        for (expression, message) in cases {
            let problems = configuration(expression, REST, &inputs()).unwrap_err();
            assert!(problems.contains(message), "{expression}: {problems}");
            assert!(problems.contains(place) || problems.contains("refers to itself"), "{expression}: {problems}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let problems = configuration("!Sub '${One} ${Two} ${Branch}'", REST, &inputs()).unwrap_err();
        assert!(problems.contains("One") && problems.contains("Two"), "{problems}");
    }

    #[test]
    fn overrides_replace_defaults_and_are_checked() {
        let given = |name: &str, value: &str| Inputs { parameters: [(name.into(), value.into())].into(), ..inputs() };
        assert_eq!(configuration("!Ref Given", REST, &given("Given", "x")), Ok(json!("x")));
        assert_eq!(configuration("!If [Other, a, b]", REST, &given("Branch", "next")), Ok(json!("a")));
        assert!(configuration("x", REST, &given("Gvien", "x")).unwrap_err().contains("Parameters.Gvien"));
        let refused = configuration("!Ref Size", REST, &given("Size", "xl")).unwrap_err();
        assert!(refused.contains("Parameters.Size: \"xl\" is not one of its AllowedValues"), "{refused}");
    }

    #[test]
    fn a_resource_is_called_what_the_caller_says() {
        let physical = [("Topic".into(), "arn:real".into()), ("Role.Arn".into(), "arn:role".into())].into();
        let inputs = Inputs { physical, ..inputs() };
        assert_eq!(configuration("!Sub '${Topic} ${Role.Arn}'", REST, &inputs), Ok(json!("arn:real arn:role")));
    }

    #[test]
    fn the_partition_follows_the_region() {
        for (region, arn) in [
            ("cn-north-1", "arn:aws-cn:iam::111122223333:role/shop-role amazonaws.com.cn"),
            ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:role/shop-role amazonaws.com"),
        ] {
            let inputs = Inputs { region: region.into(), ..inputs() };
            assert_eq!(configuration("!Sub '${Role.Arn} ${AWS::URLSuffix}'", REST, &inputs), Ok(json!(arn)));
        }
    }

    #[test]
    fn a_pipeline_arrives_in_the_shape_of_the_api() {
        let template = yaml::parse(
            r"
Resources:
  Release:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      PipelineType: V2
      RoleArn: arn:aws:iam::111122223333:role/r
      Tags: [{ Key: team, Value: shop }]
      ArtifactStores: [{ Region: eu-west-1, ArtifactStore: { Type: S3, Location: west } }]
      Variables: [{ Name: Ticket, DefaultValue: none }]
      Stages:
        - Name: Approve
          OnFailure: { Result: RETRY, RetryConfiguration: { RetryMode: ALL_ACTIONS } }
          Actions:
            - Name: Sign
              ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: 1 }
              RunOrder: '2'
              TimeoutInMinutes: 60
              InputArtifacts: [{ Name: Built }]
              Configuration: { NotificationArn: arn:t, Enabled: true, S3Bucket: src }
",
        );
        let loaded = super::resolve(&template.unwrap(), &inputs()).unwrap();
        let expected = json!({
            "name": "shop-release",
            "version": 1,
            "pipelineType": "V2",
            "roleArn": "arn:aws:iam::111122223333:role/r",
            "artifactStores": { "eu-west-1": { "type": "S3", "location": "west" } },
            "variables": [{ "name": "Ticket", "defaultValue": "none" }],
            "stages": [{
                "name": "Approve",
                "onFailure": { "result": "RETRY", "retryConfiguration": { "retryMode": "ALL_ACTIONS" } },
                "actions": [{
                    "name": "Sign",
                    "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
                    "runOrder": 2,
                    "timeoutInMinutes": 60,
                    "inputArtifacts": [{ "name": "Built" }],
                    "configuration": { "NotificationArn": "arn:t", "Enabled": "true", "S3Bucket": "src" },
                }],
            }],
        });
        assert_eq!(loaded.pipelines, [expected]);
        assert_eq!(loaded.buckets, ["src", "west"]);
        assert_eq!(loaded.topics, ["arn:t"]);
    }

    #[test]
    fn a_template_without_a_pipeline_says_so() {
        let problems = super::resolve(&json!({ "Resources": {} }), &inputs()).unwrap_err();
        assert_eq!(problems[0].to_string(), "Resources: declares no AWS::CodePipeline::Pipeline");
    }

    #[test]
    fn one_property_is_resolved_without_the_rest_of_the_template() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), template("x", "").to_string()).unwrap();
        let name = property(file.path(), &inputs(), "Project", "Name");
        assert_eq!(name.unwrap(), "Shop-build");
        assert!(property(file.path(), &inputs(), "Project", "Nmae").unwrap_err().to_string().contains("Project"));
    }
}

//! What template.yaml promises: names, least privilege, nothing lost without an alarm.

mod jobs;
mod rollback;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{files, folders, read, root};

/// `template.yaml`, short forms written long.
fn template() -> Value {
    local::template::document(&root().join("template.yaml")).unwrap()
}

/// Both templates a user deploys, by their path.
fn templates() -> Vec<(String, Value)> {
    let mut paths = files("pipelines", "yaml");
    paths.push(root().join("template.yaml"));
    let named = |path: std::path::PathBuf| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        (name, local::template::document(&path).unwrap())
    };
    paths.into_iter().map(named).collect()
}

fn resources<'t>(template: &'t Value, kind: &str) -> BTreeMap<&'t str, &'t Map<String, Value>> {
    let resources = template["Resources"].as_object().unwrap().iter().filter(|(_, it)| it["Type"] == kind);
    resources.filter_map(|(id, it)| Some((id.as_str(), it["Properties"].as_object()?))).collect()
}

fn functions(template: &Value) -> BTreeMap<&str, &Map<String, Value>> {
    resources(template, "AWS::Serverless::Function")
}

/// `notifier` for `NotifierFunction`, and `gatekeeper` for `GatekeeperHookFunction`, which has the same program.
fn folder_of(logical_id: &str) -> String {
    let name = logical_id.strip_suffix("Function").unwrap_or_else(|| panic!("{logical_id} must end with Function"));
    name.strip_suffix("Hook").unwrap_or(name).to_lowercase()
}

/// What pipelines, services and alarms call it by.
fn name_of(logical_id: &str) -> String {
    // The prefix is what CodeDeploy's managed role may invoke.
    let prefix = if logical_id.ends_with("HookFunction") { "CodeDeployHook_" } else { "" };
    format!("{prefix}${{AWS::StackName}}-{}", folder_of(logical_id))
}

/// Every value below `value`, itself included.
fn everything(value: &Value) -> Vec<&Value> {
    let mut found = vec![value];
    match value {
        Value::Object(map) => found.extend(map.values().flat_map(everything)),
        Value::Array(items) => found.extend(items.iter().flat_map(everything)),
        _ => {}
    }
    found
}

/// Every logical id that `value` refers to by `Ref` or `Fn::GetAtt`.
fn referred(value: &Value) -> BTreeSet<&str> {
    let direct = |it: &Value| matches!(it, Value::Object(map) if map.len() == 1);
    let calls = everything(value).into_iter().filter(|it| direct(it));
    calls.filter_map(|it| it["Ref"].as_str().or_else(|| it["Fn::GetAtt"][0].as_str())).collect()
}

/// Statements of every policy in the template, roles, queues, topics, buckets and keys alike.
fn statements(template: &Value) -> Vec<&Value> {
    everything(template).into_iter().filter(|it| it["Effect"].is_string()).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

#[test]
fn every_function_is_named_after_its_folder_and_the_stack() {
    let template = template();
    for (id, function) in functions(&template) {
        let folder = folder_of(id);
        assert_eq!(function["CodeUri"], format!("functions/{folder}"), "{id}: CodeUri");
        assert_eq!(function["FunctionName"]["Fn::Sub"], name_of(id), "{id}: it is called by this FunctionName");
        let built = &template["Resources"][id]["Metadata"];
        assert_eq!(built["BuildMethod"], "rust-cargolambda", "{id}");
        assert_eq!(built["BuildProperties"]["Binary"], folder, "{id}: Binary");
        for property in ["Description", "MemorySize", "Timeout"] {
            assert!(function.contains_key(property), "{id}: give it a {property}");
        }
        for output in ["Name", "Arn"] {
            assert!(template["Outputs"][format!("{id}{output}")].is_object(), "add the output {id}{output}");
        }
    }
}

#[test]
fn every_function_has_a_folder_a_resource_and_events() {
    let template = template();
    let mut resources: Vec<String> = functions(&template).into_keys().map(folder_of).collect();
    resources.dedup();
    assert_eq!(resources, folders("functions"), "template.yaml (left) and functions/ (right) name the same functions");
    assert_eq!(resources, folders("events"), "template.yaml (left) and events/ (right) name the same functions");
    for folder in folders("events") {
        assert!(!files(&format!("events/{folder}"), "json").is_empty(), "put samples into events/{folder}");
    }
}

#[test]
fn every_function_writes_to_its_own_log_group_which_forgets() {
    let template = template();
    let groups = resources(&template, "AWS::Logs::LogGroup");
    for (id, function) in functions(&template) {
        let group = function["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        let group = group.and_then(|group| groups.get(group)).unwrap_or_else(|| panic!("{id}: give it a log group"));
        let name = format!("/aws/lambda/{}", name_of(id));
        assert_eq!(group["LogGroupName"]["Fn::Sub"], name, "{id}: the log group of that name");
        assert!(group.contains_key("RetentionInDays"), "{id}: its log group needs RetentionInDays");
    }
}

#[test]
fn every_function_has_a_role_of_its_own_with_inline_policies_only() {
    let template = template();
    let roles = resources(&template, "AWS::IAM::Role");
    let mut taken = BTreeSet::new();
    for (id, function) in functions(&template) {
        let role = function["Role"]["Fn::GetAtt"][0].as_str().unwrap_or_else(|| panic!("{id}: name its role"));
        assert!(taken.insert(role), "{id} shares {role} with another function; write one role per function");
        assert!(!roles[role].contains_key("ManagedPolicyArns"), "{role}: write its statements out");
    }
}

#[test]
fn nothing_is_allowed_to_do_everything() {
    for (file, template) in templates() {
        for statement in statements(&template).into_iter().filter(|it| it["Effect"] == "Allow") {
            let key_policy = statement["Sid"] == "AccountDecides"; // Of a KMS key; without it nobody could change it.
            for action in texts(&statement["Action"]) {
                let everything = action == "*" || action.ends_with(":*");
                assert!(!everything || key_policy, "{file}: {action}: name the actions that are needed");
            }
        }
    }
}

/// CloudFormation expands a template's transform for whoever asks, and in the name of the service role if there is one.
#[test]
fn whoever_makes_a_change_set_of_the_release_pipeline_may_expand_its_transform() {
    let pipeline = local::template::document(&root().join("pipelines/release.yaml")).unwrap();
    let roles = resources(&pipeline, "AWS::IAM::Role");
    for name in ["PipelineRole", "DeployRole"] {
        let statements = everything(&roles[name]["Policies"]);
        let expands = |it: &&Value| {
            let resource = it["Resource"]["Fn::Sub"].as_str().unwrap_or_default();
            it["Action"] == "cloudformation:CreateChangeSet"
                && resource.ends_with(":aws:transform/Serverless-2016-10-31")
        };
        assert!(statements.into_iter().any(|it| expands(&it)), "{name}");
    }
}

#[test]
fn every_star_for_a_resource_has_its_reason_beside_it() {
    for (file, _) in templates() {
        for (number, line) in (1..).zip(read(&root().join(&file)).lines()) {
            let star = line.contains("Resource: \"*\"") || line.contains("Resource: '*'") || line.contains("- \"*\"");
            assert!(!star || line.contains(" # "), "{file}:{number}: say why this action knows no resource");
        }
    }
}

#[test]
fn no_partition_is_written_out() {
    for (file, template) in templates() {
        let mut texts = everything(&template["Resources"]).into_iter().filter_map(Value::as_str);
        let literal = texts.find(|text| text.contains("arn:aws"));
        assert_eq!(literal, None, "{file}: write ${{AWS::Partition}}, or it deploys in one partition only");
    }
}

#[test]
fn every_dead_letter_queue_has_an_alarm() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let watched: BTreeSet<&str> = alarms
        .values()
        .filter(|alarm| alarm["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .flat_map(|alarm| referred(&alarm["Dimensions"]))
        .collect();
    let queues = resources(&template, "AWS::SQS::Queue");
    let mut dead_letter_queues = BTreeSet::new();
    for value in everything(&template["Resources"]) {
        for key in ["deadLetterTargetArn", "DeadLetterConfig", "OnFailure"] {
            let named = value.get(key).map(referred).into_iter().flatten();
            dead_letter_queues.extend(named.filter(|it| queues.contains_key(it)));
        }
    }
    assert!(!dead_letter_queues.is_empty());
    for queue in dead_letter_queues {
        assert!(watched.contains(queue), "add an alarm on ApproximateNumberOfMessagesVisible of {queue}");
        let retention = &template["Resources"][queue]["Properties"]["MessageRetentionPeriod"];
        assert_eq!(*retention, 14 * 24 * 60 * 60, "{queue}: keep dead letters as long as SQS can");
    }
}

#[test]
fn every_function_has_alarms_and_every_alarm_somebody_to_tell() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    for id in functions(&template).into_keys() {
        for metric in ["Errors", "Throttles"] {
            let watched =
                |alarm: &Map<_, _>| alarm["MetricName"] == metric && referred(&alarm["Dimensions"]).contains(id);
            assert!(alarms.values().copied().any(watched), "{id}: add an alarm on {metric}");
        }
    }
    for (id, alarm) in alarms {
        assert!(!referred(&alarm["AlarmActions"]).is_empty(), "{id}: give it AlarmActions");
        assert!(alarm.contains_key("TreatMissingData"), "{id}: say what no data means");
    }
}

#[test]
fn every_queue_and_topic_insists_on_tls_in_its_one_policy() {
    let template = template();
    for (kind, policy, list) in
        [("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"), ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics")]
    {
        let policies = resources(&template, policy);
        for id in resources(&template, kind).into_keys() {
            let own: Vec<_> = policies.values().filter(|it| referred(&it[list]).contains(id)).collect();
            assert_eq!(own.len(), 1, "{id} needs exactly one {policy}; a second would replace the first");
            let tls = |it: &&Value| it["Effect"] == "Deny" && it["Condition"]["Bool"]["aws:SecureTransport"] == "false";
            assert!(statements(&own[0]["PolicyDocument"]).iter().any(tls), "{id}: deny what comes without TLS");
        }
    }
}

#[test]
fn a_batch_is_not_handed_out_twice_while_it_is_worked_on() {
    let template = template();
    for (id, function) in functions(&template) {
        let timeout = function["Timeout"].as_u64().unwrap();
        let events = function.get("Events").and_then(Value::as_object).into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| event["Type"] == "SQS") {
            let queue = referred(&event["Properties"]["Queue"]).into_iter().next().unwrap();
            let visibility = template["Resources"][queue]["Properties"]["VisibilityTimeout"].as_u64().unwrap_or(30);
            assert!(visibility >= 6 * timeout, "{queue}: Lambda asks for six times the timeout of {id}");
            let partial = &event["Properties"]["FunctionResponseTypes"][0];
            assert_eq!(*partial, "ReportBatchItemFailures", "{id}: one bad record must not repeat the whole batch");
        }
    }
}

/// Lambda stops a function that it takes to call itself by mistake, after 16 times.
#[test]
fn a_function_that_sends_itself_messages_may_do_so_as_often_as_it_must() {
    let template = template();
    let functions = functions(&template);
    let own_queue = |function: &Map<String, Value>| {
        let events = function.get("Events")?.as_object()?;
        let queues: BTreeSet<_> = events.values().flat_map(|event| referred(&event["Properties"]["Queue"])).collect();
        let role = &template["Resources"][function["Role"]["Fn::GetAtt"][0].as_str()?];
        let sends = statements(role).into_iter().filter(|it| texts(&it["Action"]).contains(&"sqs:SendMessage"));
        sends.flat_map(|it| referred(&it["Resource"])).find(|queue| queues.contains(queue))
    };
    let own: Vec<_> =
        functions.iter().filter_map(|(id, function)| Some((*id, own_queue(function)?, function))).collect();
    let named: Vec<&str> = own.iter().map(|(id, ..)| *id).collect();
    assert_eq!(named, ["GatekeeperHookFunction", "NotifierFunction", "ReverterFunction"]);
    for (id, queue, function) in own {
        assert_eq!(function["RecursiveLoop"], "Allow", "{id}");
        assert_eq!(referred(&function["Environment"]["Variables"]["QUEUE_URL"]), BTreeSet::from([queue]), "{id}");
    }
}

#[test]
fn the_environment_of_each_function_is_what_its_code_reads() {
    let template = template();
    for (id, function) in functions(&template) {
        let given: BTreeSet<&str> =
            function["Environment"]["Variables"].as_object().unwrap().keys().map(String::as_str).collect();
        let read = code(&format!("functions/{}/src", folder_of(id))) + &code("crates/lambda-kit/src");
        let read: BTreeSet<&str> = ["required(\"", "optional(\"", "parsed(\"", "required::<\"", "get(\"", "minutes(\""]
            .iter()
            .flat_map(|call| read.split(call).skip(1).filter_map(|rest| rest.split('"').next()))
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
            .filter(|name| !name.starts_with("AWS_") && !name.starts_with('_'))
            .collect();
        assert_eq!(given, read, "{id}: what template.yaml sets (left) and what the code reads (right)");
    }
}

/// The other direction, a permission that is missing, shows in the demo, where IAM is enforced.
#[test]
fn no_role_allows_what_the_code_never_calls() {
    /// Done by Lambda or another service on the function's behalf, not by its code.
    const NOT_BY_CODE: [&str; 9] = [
        "codedeploy:GetApplicationRevision",
        "codedeploy:GetDeploymentConfig",
        "kms:",
        "lambda:InvokeFunction",
        "logs:",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "xray:",
    ];
    let template = template();
    for (id, function) in functions(&template) {
        let role = &template["Resources"][function["Role"]["Fn::GetAtt"][0].as_str().unwrap()];
        let code = code(&format!("functions/{}/src", folder_of(id))) + &code("crates/lambda-kit/src");
        let actions = statements(&role["Properties"]["Policies"]).into_iter().flat_map(|it| texts(&it["Action"]));
        for action in actions.filter(|action| !NOT_BY_CODE.iter().any(|it| action.starts_with(it))) {
            let operation = action.split(':').nth(1).unwrap();
            let call = format!(".{}()", snake_case(operation));
            assert!(code.contains(&call), "{id} is allowed {action}, but its code has no {call}; take it away");
        }
    }
}

#[test]
fn every_parameter_is_described_grouped_and_checked() {
    let template = template();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let grouped: BTreeSet<&str> =
        groups.as_array().unwrap().iter().flat_map(|group| texts(&group["Parameters"])).collect();
    let parameters = template["Parameters"].as_object().unwrap();
    assert_eq!(grouped, parameters.keys().map(String::as_str).collect(), "every parameter is in one group");
    for (name, parameter) in parameters {
        assert!(parameter["Description"].is_string(), "{name}: describe it");
        let checked = parameter["AllowedValues"].is_array() || parameter["ConstraintDescription"].is_string();
        assert!(checked, "{name}: give it AllowedValues, or an AllowedPattern with a ConstraintDescription");
    }
}

fn snake_case(operation: &str) -> String {
    let word = |letter: char| if letter.is_uppercase() { format!("_{}", letter.to_lowercase()) } else { letter.into() };
    operation.chars().map(word).collect::<String>().trim_start_matches('_').to_owned()
}

/// The code below a folder, without comments and tests.
fn code(folder: &str) -> String {
    let own = files(folder, "rs").into_iter().filter(|path| !path.ends_with("tests.rs"));
    let text = own.map(|path| read(&path).split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned());
    let lines: Vec<String> = text.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

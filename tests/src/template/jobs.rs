//! What template.yaml promises of functions that owe somebody an answer: one attempt, and the watchdog behind it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{everything, functions, referred, resources, statements, template, texts};
use crate::root;

/// Seconds after which CodePipeline gives up a job that is not answered, and CodeDeploy a hook, less the 55 minutes a
/// gate may hold a hook.
const PATIENCE: [(&str, u64); 2] =
    [("codepipeline:PutJobSuccessResult", 1_200), ("codedeploy:PutLifecycleEventHookExecutionStatus", 3_600 - 55 * 60)];

/// What the statements of a function's role allow.
fn allowed<'t>(template: &'t Value, function: &Map<String, Value>) -> Vec<&'t Value> {
    let role = function["Role"]["Fn::GetAtt"][0].as_str().unwrap();
    statements(&template["Resources"][role]["Properties"]["Policies"])
}

fn may(statements: &[&Value], action: &str) -> bool {
    statements.iter().any(|it| texts(&it["Action"]).contains(&action))
}

/// Functions that answer jobs or hooks themselves, with the seconds they have for it.
fn debtors(template: &Value) -> BTreeMap<&str, (&Map<String, Value>, u64)> {
    let owes = |function: &Map<String, Value>| {
        let allowed = allowed(template, function);
        PATIENCE.iter().find(|(action, _)| may(&allowed, action)).map(|(_, patience)| *patience)
    };
    let others = functions(template).into_iter().filter(|(id, _)| *id != "WatchdogFunction");
    others.filter_map(|(id, function)| Some((id, (function, owes(function)?)))).collect()
}

#[test]
fn a_function_that_owes_an_answer_has_one_attempt_and_then_the_watchdog_is_called_directly() {
    let template = template();
    let debtors = debtors(&template);
    let named: Vec<&str> = debtors.keys().copied().collect();
    assert_eq!(named, ["GatekeeperFunction", "GatekeeperHookFunction", "ScannerFunction"]);
    for (id, (function, patience)) in debtors {
        let invoked = &function["EventInvokeConfig"];
        assert_eq!(invoked["MaximumRetryAttempts"], 0, "{id}: a second attempt may meet an answered job");
        let failed = &invoked["DestinationConfig"]["OnFailure"];
        assert_eq!(failed["Type"], "Lambda", "{id}: no queue on the way, it would keep credentials");
        assert_eq!(referred(failed), BTreeSet::from(["WatchdogFunction"]), "{id}");
        assert!(!function.contains_key("DeadLetterQueue"), "{id}: it would keep credentials");
        let age = invoked["MaximumEventAgeInSeconds"].as_u64().unwrap();
        let timeout = function["Timeout"].as_u64().unwrap();
        assert!(age + timeout <= patience, "{id}: after {age} s and {timeout} s of work nobody waits any more");
        let calls: Vec<_> = allowed(&template, function)
            .into_iter()
            .filter(|it| texts(&it["Action"]).contains(&"lambda:InvokeFunction"))
            .collect();
        let [call] = calls.as_slice() else { panic!("{id}: Lambda calls the watchdog in the name of its role") };
        assert_eq!(referred(&call["Resource"]), BTreeSet::from(["WatchdogFunction"]), "{id}");
    }
}

#[test]
fn what_the_watchdog_is_called_with_is_kept_nowhere() {
    let template = template();
    let watchdog = functions(&template)["WatchdogFunction"];
    let invoked = &watchdog["EventInvokeConfig"];
    assert_eq!(invoked["DestinationConfig"], Value::Null);
    assert!(!watchdog.contains_key("DeadLetterQueue") && !watchdog.contains_key("Events"));
    assert!(invoked["MaximumRetryAttempts"].as_u64().unwrap() <= 1, "a record is kept while it is tried again");
}

#[test]
fn the_watchdog_can_answer_whatever_others_owe_and_do_nothing_else() {
    let template = template();
    let allowed = allowed(&template, functions(&template)["WatchdogFunction"]);
    let actions: BTreeSet<&str> = allowed.iter().flat_map(|it| texts(&it["Action"])).collect();
    let services: BTreeSet<&str> = actions.iter().filter_map(|it| it.split(':').next()).collect();
    assert_eq!(services, BTreeSet::from(["codedeploy", "codepipeline", "logs", "xray"]));
    assert!(actions.contains("codepipeline:PutJobFailureResult"));
    assert!(actions.contains("codedeploy:PutLifecycleEventHookExecutionStatus"));
    assert!(!actions.contains("codepipeline:PutJobSuccessResult"), "nothing that died has passed");
}

#[test]
fn a_death_is_told_and_so_is_one_the_watchdog_never_heard_of() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let watched = |metric: &str, id: &str| {
        let about = |alarm: &Map<_, _>| alarm["MetricName"] == metric && referred(&alarm["Dimensions"]).contains(id);
        let (name, alarm) = alarms.iter().find(|(_, alarm)| about(alarm)).unwrap_or_else(|| panic!("{metric} of {id}"));
        assert_eq!((&alarm["Threshold"], &alarm["EvaluationPeriods"]), (&0.into(), &1.into()), "{name}: at the first");
    };
    watched("JobsRescued", "WatchdogFunction");
    watched("RecordsNotUnderstood", "WatchdogFunction");
    watched("Errors", "WatchdogFunction");
    for id in debtors(&template).into_keys() {
        watched("DestinationDeliveryFailures", id);
        let published = if id == "ScannerFunction" { "ScanDecisionsNotPublished" } else { "GateDecisionsNotPublished" };
        watched(published, id);
    }
}

#[test]
fn the_notifier_hears_of_gates_and_scans() {
    let template = template();
    let rules = resources(&template, "AWS::Events::Rule");
    let tells = |rule: &&Map<String, Value>| referred(&rule["Targets"]).contains("NotifierQueue");
    let types = rules.values().copied().filter(tells).flat_map(|rule| texts(&rule["EventPattern"]["detail-type"]));
    let types: BTreeSet<&str> = types.collect();
    assert!(types.contains("Gate Decided") && types.contains("Scan Completed"), "{types:?}");
}

#[test]
fn one_program_under_two_names_is_built_once() {
    let template = template();
    let built = |id: &str| {
        let resource = &template["Resources"][id];
        let of = |name: &str| resource["Properties"][name].clone();
        (resource["Metadata"].clone(), of("CodeUri"), of("Handler"), of("Architectures"))
    };
    assert_eq!(built("GatekeeperFunction"), built("GatekeeperHookFunction"), "sam builds apart what differs here");
}

/// Artifacts are read with the credentials of the job; the role of the function opens one bucket, if one is given.
#[test]
fn the_scanner_itself_can_read_no_artifact() {
    let template = template();
    let policies = &template["Resources"]["ScannerRole"]["Properties"]["Policies"];
    let listed = policies[0]["PolicyDocument"]["Statement"].as_array().unwrap();
    let (mut buckets, mut keys) = (0, 0);
    for statement in listed {
        let allowed = statements(statement);
        let actions: Vec<&str> = allowed.iter().flat_map(|it| texts(&it["Action"])).collect();
        if actions.iter().any(|action| action.starts_with("s3:")) {
            assert_eq!(statement["Fn::If"][0], "HasScanBucket");
            assert_eq!(allowed[0]["Resource"]["Fn::Sub"], "arn:${AWS::Partition}:s3:::${ScanBucket}/*");
            buckets += 1;
        }
        if actions.contains(&"kms:GenerateDataKey") {
            assert_eq!(statement["Fn::If"][0], "HasScanBucket");
            assert!(allowed[0]["Condition"]["StringEquals"]["kms:ViaService"].is_object(), "through S3 only");
            keys += 1;
        }
    }
    assert_eq!((buckets, keys), (1, 1));
    assert_eq!(template["Parameters"]["ScanBucket"]["Default"], "");
}

/// As CloudFormation reads `pipelines/release.yaml`: its stages, where they depend on something with that.
fn release() -> Value {
    local::template::document(&root().join("pipelines/release.yaml")).unwrap()
}

fn stages(pipeline: &Value) -> &[Value] {
    pipeline["Resources"]["Pipeline"]["Properties"]["Stages"].as_array().unwrap()
}

fn is_invoke(it: &&Value) -> bool {
    it["ActionTypeId"]["Category"] == "Invoke"
}

/// The policy that an action asks for is the one that is stored under that resource.
fn asks_for(pipeline: &Value, action: &Value, policy: &str) {
    let asked: Value =
        serde_json::from_str(action["Configuration"]["UserParameters"]["Fn::Sub"].as_str().unwrap()).unwrap();
    let name = &pipeline["Resources"][policy]["Properties"]["Name"]["Fn::Sub"];
    assert_eq!(*name, format!("/${{PipewardenStack}}/policies/{}", asked["policy"].as_str().unwrap()), "{policy}");
    assert_eq!(asked["action"], action["Name"], "{policy}");
}

#[test]
fn the_gate_of_the_release_pipeline_is_no_part_of_what_a_rollback_runs_again() {
    let pipeline = release();
    let stages = stages(&pipeline);
    let at = stages.iter().position(|stage| stage["Fn::If"][0] == "HasGate").expect("a stage if HasGate");
    assert_eq!(stages[at + 1]["Name"], "Production");
    for stage in stages.iter().filter(|stage| stage["Name"].is_string() && stage["Name"] != "Test") {
        assert!(!everything(stage).iter().any(is_invoke), "{}", stage["Name"]);
    }
    asks_for(&pipeline, &stages[at]["Fn::If"][1]["Actions"][0], "GatePolicy");
}

#[test]
fn the_scan_of_the_release_pipeline_is_of_what_is_deployed_and_before_anybody_is_asked() {
    let pipeline = release();
    let stages = stages(&pipeline);
    let at = |name: &str| stages.iter().position(|stage| stage["Name"] == name).unwrap();
    assert!(at("Test") < at("Approval") && at("Approval") < at("Staging"));
    let scans: Vec<&Value> =
        stages[at("Test")]["Actions"].as_array().unwrap().iter().filter(|it| it["Fn::If"][0] == "HasScan").collect();
    let [scan] = scans.as_slice() else { panic!("one scan in Test, if HasScan") };
    let scan = &scan["Fn::If"][1];
    assert!(is_invoke(&scan));
    let deployed: BTreeSet<&str> = ["Staging", "Production"]
        .iter()
        .flat_map(|stage| everything(&stages[at(stage)]))
        .flat_map(|it| it["InputArtifacts"].as_array().into_iter().flatten())
        .filter_map(|artifact| artifact["Name"].as_str())
        .collect();
    let scanned = scan["InputArtifacts"].as_array().unwrap().iter().filter_map(|it| it["Name"].as_str());
    assert_eq!(scanned.collect::<BTreeSet<_>>(), deployed);
    asks_for(&pipeline, scan, "ScanPolicy");
}

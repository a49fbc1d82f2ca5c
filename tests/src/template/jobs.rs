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
    assert_eq!(named, ["GatekeeperFunction", "GatekeeperHookFunction"]);
    for (id, (function, patience)) in debtors {
        let invoked = &function["EventInvokeConfig"];
        assert_eq!(invoked["MaximumRetryAttempts"], 0, "{id}: a second attempt may meet an answered job");
        let failed = &invoked["DestinationConfig"]["OnFailure"];
        assert_eq!(failed["Type"], "Lambda", "{id}: no queue on the way, it would keep credentials");
        assert_eq!(referred(failed), BTreeSet::from(["WatchdogFunction"]), "{id}");
        assert!(!function.contains_key("DeadLetterQueue"), "{id}: it would keep credentials");
        let age = invoked["MaximumEventAgeInSeconds"].as_u64().unwrap();
        assert!(age < patience, "{id}: after {age} s nobody waits any more");
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
        watched("GateDecisionsNotPublished", id);
    }
}

#[test]
fn the_notifier_hears_of_gates() {
    let template = template();
    let rules = resources(&template, "AWS::Events::Rule");
    let tells = |rule: &&Map<String, Value>| referred(&rule["Targets"]).contains("NotifierQueue");
    let types = rules.values().copied().filter(tells).flat_map(|rule| texts(&rule["EventPattern"]["detail-type"]));
    assert!(types.collect::<BTreeSet<_>>().contains("Gate Decided"));
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

#[test]
fn the_gate_of_the_release_pipeline_is_no_part_of_what_a_rollback_runs_again() {
    let pipeline = local::template::document(&root().join("pipelines/release.yaml")).unwrap();
    let stages = pipeline["Resources"]["Pipeline"]["Properties"]["Stages"].as_array().unwrap();
    let at = stages.iter().position(|stage| stage["Fn::If"][0] == "HasGate").expect("a stage if HasGate");
    assert_eq!(stages[at + 1]["Name"], "Production");
    let invokes = |it: &&Value| it["ActionTypeId"]["Category"] == "Invoke";
    for stage in stages.iter().filter(|stage| stage["Name"].is_string()) {
        assert!(!everything(stage).iter().any(invokes), "{}", stage["Name"]);
    }
    let asked = &stages[at]["Fn::If"][1]["Actions"][0]["Configuration"]["UserParameters"]["Fn::Sub"];
    let asked: Value = serde_json::from_str(asked.as_str().unwrap()).unwrap();
    let name = &pipeline["Resources"]["GatePolicy"]["Properties"]["Name"]["Fn::Sub"];
    let named = format!("/${{PipewardenStack}}/policies/{}", asked["policy"].as_str().unwrap());
    assert_eq!(*name, named, "the policy the gate asks for is the one that is stored");
}

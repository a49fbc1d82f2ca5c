//! What template.yaml promises of the function that changes something: who may call it, and what it may do when.

use serde_json::Value;

use super::{functions, referred, resources, statements, template, texts};

/// Actions of other services that leave everything as it is.
fn only_reads(action: &str) -> bool {
    let operation = action.split(':').nth(1).unwrap_or_default();
    ["BatchGet", "Describe", "Get", "List"].iter().any(|verb| operation.starts_with(verb))
}

/// Services whose things are rolled back.
fn may_be_rolled_back(action: &str) -> bool {
    ["cloudformation:", "codedeploy:", "codepipeline:", "ecs:", "lambda:"].iter().any(|it| action.starts_with(it))
}

/// The statements of the reverter's role, each with the condition it depends on.
fn allowed(template: &Value) -> Vec<(Option<&str>, Vec<&str>)> {
    let policies = &template["Resources"]["ReverterRole"]["Properties"]["Policies"];
    let listed = policies[0]["PolicyDocument"]["Statement"].as_array().unwrap();
    let statement = |it| {
        let conditional: &Value = &Value::get(it, "Fn::If").unwrap_or(&Value::Null)[0];
        let actions = statements(it).into_iter().flat_map(|it| texts(&it["Action"])).collect();
        (conditional.as_str(), actions)
    };
    listed.iter().map(statement).collect()
}

/// Whether the condition `name` can hold in a stack that only observes.
fn holds_while_observing(template: &Value, name: &str) -> bool {
    let condition = &template["Conditions"][name];
    let acts = condition["Fn::Equals"][1] == "act";
    let all_of = condition["Fn::And"].as_array().into_iter().flatten();
    let all_hold = all_of.filter_map(|it| it["Condition"].as_str()).all(|it| holds_while_observing(template, it));
    !acts && all_hold
}

#[test]
fn a_stack_that_observes_has_a_role_that_cannot_roll_anything_back() {
    let template = template();
    let mut acting = 0;
    for (condition, actions) in allowed(&template) {
        for action in actions.into_iter().filter(|it| may_be_rolled_back(it) && !only_reads(it)) {
            let observing = condition.is_none_or(|it| holds_while_observing(&template, it));
            // What was closed when the mode was another one must not stay closed for ever.
            let opens = action == "codepipeline:EnableStageTransition";
            assert!(opens || !observing, "{action} must depend on RollbackMode");
            acting += 1;
        }
    }
    assert_ne!(acting, 0);
}

#[test]
fn whatever_may_be_closed_may_always_be_opened_again() {
    let template = template();
    let transitions = |verb: &str| {
        let action = format!("codepipeline:{verb}StageTransition");
        let role = &template["Resources"]["ReverterRole"];
        let of = move |it: &&Value| texts(&it["Action"]).contains(&action.as_str());
        statements(role).into_iter().filter(of).map(|it| it["Resource"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(transitions("Disable"), transitions("Enable"));
    assert_eq!(transitions("Disable").len(), 1);
    let conditions = allowed(&template);
    let open = conditions.iter().find(|(_, actions)| actions.contains(&"codepipeline:EnableStageTransition"));
    assert_eq!(open.map(|(condition, _)| *condition), Some(None), "whatever the parameters say by now");
}

#[test]
fn whoever_may_call_a_function_is_one_of_this_account() {
    let template = template();
    let permissions = resources(&template, "AWS::Lambda::Permission");
    assert!(!permissions.is_empty());
    for (id, permission) in permissions {
        let source = &permission["SourceArn"];
        let own = referred(source).len() == 1
            || source["Fn::Sub"].as_str().is_some_and(|arn| arn.contains(":${AWS::Region}:${AWS::AccountId}:"));
        assert!(own, "{id}: name the caller by its SourceArn, with this region and account in it");
        assert_eq!(permission["Action"], "lambda:InvokeFunction", "{id}");
    }
}

#[test]
fn every_rule_that_calls_a_function_may_and_says_where_its_events_go_if_it_cannot() {
    let template = template();
    let permissions = resources(&template, "AWS::Lambda::Permission");
    let functions = functions(&template);
    for (id, rule) in resources(&template, "AWS::Events::Rule") {
        for target in rule["Targets"].as_array().unwrap() {
            assert!(target["DeadLetterConfig"].is_object() && target["RetryPolicy"].is_object(), "{id}");
            let Some(function) = referred(&target["Arn"]).into_iter().find(|it| functions.contains_key(it)) else {
                continue;
            };
            let allows = |it: &&serde_json::Map<String, Value>| {
                it["Principal"] == "events.amazonaws.com"
                    && referred(&it["SourceArn"]).contains(id)
                    && referred(&it["FunctionName"]).contains(function)
            };
            assert!(permissions.values().any(allows), "{id} needs a permission to invoke {function}");
        }
    }
}

#[test]
fn an_alarm_whose_invocations_fail_is_kept_where_an_alarm_rings() {
    let template = template();
    let function = &template["Resources"]["ReverterFunction"]["Properties"];
    let kept = referred(&function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]);
    let redrive = referred(&template["Resources"]["ReverterQueue"]["Properties"]["RedrivePolicy"]);
    assert_eq!(kept, redrive, "one dead-letter queue for both ways in");
    let may_send = |it: &&Value| texts(&it["Action"]).contains(&"sqs:SendMessage") && referred(&it["Resource"]) == kept;
    let role = &template["Resources"]["ReverterRole"];
    assert!(statements(role).iter().any(may_send), "Lambda sends it there in the name of the function's role");
}

#[test]
fn one_rollback_at_a_time_unless_the_account_cannot_reserve() {
    let template = template();
    let reserved = &template["Resources"]["ReverterFunction"]["Properties"]["ReservedConcurrentExecutions"]["Fn::If"];
    assert_eq!((&reserved[1], &reserved[2]["Ref"]), (&Value::from(1), &Value::from("AWS::NoValue")));
    let condition = &template["Conditions"][reserved[0].as_str().unwrap()]["Fn::Equals"];
    assert_eq!(condition[0]["Ref"], "RollbackReservesConcurrency");
    assert_eq!(template["Parameters"]["RollbackReservesConcurrency"]["Default"], "true");
}

//! Records as Lambda and an emulator write them, and whatever else may arrive.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const JOB: &str = "11111111-abcd-1111-abcd-111111abcdef";

fn cause(condition: &str, response: Value) -> Cause {
    let record = json!({ "requestContext": { "condition": condition }, "responsePayload": response });
    Record::read(&record.to_string()).death.cause
}

#[test]
fn each_way_to_die_is_told_from_the_others() {
    let said = |kind: &str, message: &str| json!({ "errorType": kind, "errorMessage": message });
    let exited = "RequestId: f4fcae0f-0000-4000-8000-0eaa0cef8af5 Error: Runtime exited with error: ";
    let told = |message: &str| format!("{exited}{message}");
    let retries = "RetriesExhausted";
    let cases = [
        (cause(retries, said("Sandbox.Timedout", "Task timed out after 3.00 seconds")), "timed-out"),
        (cause(retries, said("", "2026-03-02T10:00:00Z 1 Task timed out after 900.10 seconds")), "timed-out"),
        (cause(retries, said("Runtime.OutOfMemory", &told("signal: killed"))), "out-of-memory"),
        (cause(retries, said("Runtime.ExitError", &told("signal: killed"))), "killed"),
        (cause(retries, said("Runtime.ExitError", &told("exit status 137"))), "killed"),
        (cause(retries, said("Runtime.ExitError", &told("signal: terminated"))), "ended"),
        (cause(retries, said("Runtime.ExitError", "Runtime exited without providing a reason")), "not-started"),
        (cause(retries, said("Runtime.InitError", &told("exit status 1"))), "not-started"),
        (cause(retries, said("Runtime.InvalidEntrypoint", "no bootstrap")), "not-started"),
        (cause(retries, said("Extension.Crash", "an extension ended")), "not-started"),
        (cause("EventAgeExceeded", json!(null)), "too-late"),
        (cause("ZeroReservedConcurrency", json!(null)), "switched-off"),
        (cause(retries, said("Configuration", "TABLE_NAME is missing")), "misconfigured"),
        (cause(retries, said("Panic", "a fault")), "panicked"),
        (cause(retries, said("Permanent", "refused")), "gave-up"),
        (cause(retries, said("Retry", "Slack said: Task timed out after 3 seconds")), "gave-up-for-now"),
        (cause(retries, json!(null)), "unknown"),
        (cause("SomethingNew", json!(["?"])), "unknown"),
    ];
    for (cause, expected) in cases {
        assert_eq!(cause.code(), expected, "{cause}");
    }
}

#[test]
fn a_sentence_names_the_function_the_cause_the_remedy_and_the_log() {
    let death = Death {
        function: "pipewarden-gatekeeper".to_owned(),
        request: "r-1".to_owned(),
        cause: Cause::TimedOut(Some("60".to_owned())),
    };
    let expected = "pipewarden-gatekeeper ran into its time limit of 60 s and was stopped. It gave no answer, so the \
                    release does not go on. Retry the stage; if it happens again, raise the function's timeout. Its log \
                    is /aws/lambda/pipewarden-gatekeeper, request r-1.";
    assert_eq!(death.to_string(), expected);
    let nameless = Death { function: String::new(), request: String::new(), cause: Cause::Killed };
    let expected = "The function was killed, most likely because it ran out of memory. It gave no answer, so the \
                    release does not go on. Retry the stage; if it happens again, give the function more memory.";
    assert_eq!(nameless.to_string(), expected);
}

#[test]
fn a_time_limit_that_is_none_is_left_out() {
    for text in ["Task timed out after a while", "Task timed out after NaN seconds", "Task timed out after -1 seconds"]
    {
        assert_eq!(cause("", json!({ "errorMessage": text })), Cause::TimedOut(None), "{text}");
    }
}

#[test]
fn a_name_that_lambda_would_not_give_is_not_shown() {
    let record = json!({ "requestContext": {
        "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:<!channel>", "requestId": "*x*",
    }});
    let death = Record::read(&record.to_string()).death;
    assert_eq!((death.function, death.request), (String::new(), String::new()));
}

#[test]
fn a_hook_needs_both_of_its_ids() {
    let waiting = |event: Value| Waiting::of(&event.to_string());
    let hook = json!({ "DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1", "New": 1 });
    assert_eq!(waiting(hook), Waiting::Hook(Hook { deployment: "d-1".to_owned(), execution: "e-1".to_owned() }));
    for event in [json!({ "DeploymentId": "d-1" }), json!({ "DeploymentId": "", "LifecycleEventHookExecutionId": "" })]
    {
        assert_eq!(waiting(event), Waiting::Nobody);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic_and_any_words_are_shown(
        text in ".{0,200}", kind in ".{0,40}", condition in ".{0,40}",
    ) {
        let record = Record::read(&text);
        prop_assert_eq!(record.waiting, Waiting::Nobody);
        let cause = Cause::of(&condition, &kind, &text);
        let death = Death { function: String::new(), request: String::new(), cause };
        prop_assert!(death.to_string().chars().count() < 1000);
    }

    #[test]
    fn a_job_is_found_whatever_else_the_record_says(response in ".{0,60}", context in 0..4_usize) {
        let context = [json!(null), json!(7), json!([]), json!({ "requestId": {} })][context].clone();
        let event = json!({ "CodePipeline.job": { "id": JOB, "data": { "artifactCredentials": response } } });
        let record = json!({ "requestContext": context, "requestPayload": event, "responsePayload": response });
        prop_assert_eq!(Record::read(&record.to_string()).waiting, Waiting::Job(JOB.parse().unwrap()));
    }
}

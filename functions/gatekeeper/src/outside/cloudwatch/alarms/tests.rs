//! What CloudWatch and the tagging API answer, and what becomes of it.

use gate_checks::UnansweredKind;
use lambda_kit::doubles::cloudwatch::{asked, refusal, said};
use lambda_kit::doubles::rehearsal::{Answer as Reply, Server};
use serde_json::{Value, json};

use super::*;

fn alarms(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "AlarmName": name, "StateValue": "OK" })).collect()
}

fn names(names: &[&str]) -> AlarmQuery {
    AlarmQuery::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

/// What is asked of a server that gives CloudWatch's answers, and another that gives the tagging API's.
async fn answers(
    queries: Vec<AlarmQuery>,
    cloudwatch: Vec<Reply>,
    tagging: Vec<Reply>,
) -> (Vec<Result<Vec<String>, Unanswered>>, Vec<(String, Value)>) {
    let (watch, tags) = (Server::giving(cloudwatch).await, Server::giving(tagging).await);
    let tagging = aws_sdk_resourcegroupstagging::Client::new(&tags.aws());
    let facts: BTreeMap<_, _> = ask(&Client::new(&watch.aws()), &tagging, queries.clone()).await.into_iter().collect();
    let found = queries.iter().map(|query| match facts[&Question::Alarms(query.clone())].clone() {
        Ok(Answer::Alarms(alarms)) => Ok(alarms.into_iter().map(|alarm| alarm.name).collect()),
        Ok(other) => panic!("{other:?}"),
        Err(unanswered) => Err(unanswered),
    });
    (found.collect(), watch.requests().iter().map(asked).collect())
}

#[tokio::test]
async fn all_names_of_all_checks_are_one_call() {
    let page = said(200, &json!({ "MetricAlarms": alarms(&["a", "b"]), "CompositeAlarms": alarms(&["c"]) }));
    let (found, asked) = answers(vec![names(&["a", "c"]), names(&["b"])], vec![page], vec![]).await;
    assert_eq!(found, [Ok(vec!["a".into(), "c".into()]), Ok(vec!["b".into()])]);
    let expected = json!({
        "AlarmNames": ["a", "b", "c"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100,
    });
    assert_eq!(asked, [(String::from("DescribeAlarms"), expected)]);
}

#[tokio::test]
async fn an_alarm_on_logs_is_found_by_a_second_question_and_one_nobody_knows_is_left_out() {
    let pages =
        vec![said(200, &json!({ "MetricAlarms": alarms(&["a"]) })), said(200, &json!({ "LogAlarms": alarms(&["b"]) }))];
    let (found, asked) = answers(vec![names(&["a", "b", "gone"])], pages, vec![]).await;
    assert_eq!(found, [Ok(vec!["a".into(), "b".into()])]);
    assert_eq!(asked[1].1["AlarmNames"], json!(["b", "gone"]));
    let pages = vec![said(200, &json!({ "MetricAlarms": alarms(&["a"]) })), refusal("ValidationError")];
    assert_eq!(answers(vec![names(&["a", "gone"])], pages, vec![]).await.0, [Ok(vec!["a".into()])]);
}

#[tokio::test]
async fn a_second_question_that_is_not_answered_does_not_make_an_alarm_that_does_not_exist() {
    let throttled = ["ThrottlingException"; 3];
    for (codes, kind) in [(&throttled[..], UnansweredKind::Outage), (&["AccessDenied"][..], UnansweredKind::Refused)] {
        let found = said(200, &json!({ "MetricAlarms": alarms(&["a"]) }));
        let pages = std::iter::once(found).chain(codes.iter().map(|code| refusal(code)));
        let (found, _) = answers(vec![names(&["a"]), names(&["b"])], pages.collect(), vec![]).await;
        assert_eq!(found[0], Ok(vec!["a".into()]), "what was seen was seen");
        let unanswered = found[1].as_ref().unwrap_err();
        assert_eq!(unanswered.kind, kind);
        assert!(unanswered.why.starts_with("DescribeAlarms of b: "), "{}", unanswered.why);
    }
}

#[tokio::test]
async fn more_than_a_hundred_names_are_more_than_one_call() {
    let many: Vec<String> = (0..101).map(|number| format!("a{number:03}")).collect();
    let page = said(
        200,
        &json!({ "MetricAlarms": many.iter().map(|name| json!({ "AlarmName": name, "StateValue": "OK" })).collect::<Value>() }),
    );
    let again = said(200, &json!({ "MetricAlarms": alarms(&["a100"]) }));
    let (found, asked) = answers(vec![AlarmQuery::Names(many.into_iter().collect())], vec![page, again], vec![]).await;
    assert_eq!(found[0].as_ref().unwrap().len(), 101);
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn a_refusal_is_said_of_every_alarm_and_told_apart_from_an_outage() {
    let (found, _) = answers(vec![names(&["a"]), names(&["b"])], vec![refusal("AccessDenied")], vec![]).await;
    let why = "DescribeAlarms of 2 alarms: AccessDenied: no; the function's role must allow this call";
    assert_eq!(found, [Err(Unanswered::refused(why)), Err(Unanswered::refused(why))]);
    let throttled = || refusal("ThrottlingException");
    let (found, _) = answers(vec![names(&["a"])], vec![throttled(), throttled(), throttled()], vec![]).await;
    assert_eq!(found[0].as_ref().unwrap_err().kind, UnansweredKind::Outage);
}

fn tagged(page: Value) -> Reply {
    Reply::json(200, &page)
}

fn arn(name: &str) -> Value {
    json!({ "ResourceARN": format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"), "Tags": [] })
}

fn team() -> AlarmQuery {
    AlarmQuery::Tag { key: "team".into(), value: "orders".into() }
}

#[tokio::test]
async fn tagged_alarms_are_looked_up_and_then_asked_for_with_all_others() {
    let tags = vec![
        tagged(json!({ "ResourceTagMappingList": [arn("with:colons")], "PaginationToken": "2" })),
        tagged(json!({ "ResourceTagMappingList": [arn("b")], "PaginationToken": "" })),
    ];
    let page = said(200, &json!({ "MetricAlarms": alarms(&["a", "b", "with:colons"]) }));
    let (found, asked) = answers(vec![names(&["a"]), team()], vec![page], tags).await;
    assert_eq!(found, [Ok(vec!["a".into()]), Ok(vec!["b".into(), "with:colons".into()])]);
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn a_tagged_alarm_that_is_not_shown_is_no_alarm_less() {
    let tags = vec![tagged(json!({ "ResourceTagMappingList": [arn("hidden")] }))];
    let pages = vec![said(200, &json!({})), said(200, &json!({}))];
    let (found, _) = answers(vec![team()], pages, tags).await;
    assert!(found[0].as_ref().unwrap_err().why.contains("hidden"), "{found:?}");
}

#[tokio::test]
async fn a_tag_that_cannot_be_looked_up_concerns_its_own_check_only() {
    let refused = Reply::json(400, &json!({ "__type": "AccessDeniedException", "message": "no" }));
    let page = said(200, &json!({ "MetricAlarms": alarms(&["a"]) }));
    let (found, _) = answers(vec![names(&["a"]), team()], vec![page], vec![refused]).await;
    assert_eq!(found[0], Ok(vec!["a".into()]));
    assert!(found[1].as_ref().unwrap_err().why.starts_with("GetResources of alarms tagged team=orders"));
}

#[tokio::test]
async fn alarms_below_a_prefix_are_read_page_by_page_and_a_prefix_of_everything_is_refused() {
    let page =
        |names: &[&str], next: Option<&str>| said(200, &json!({ "MetricAlarms": alarms(names), "NextToken": next }));
    let below = || vec![AlarmQuery::Prefix("orders-".into())];
    let (found, asked) = answers(
        below(),
        vec![page(&["orders-a"], Some("2")), said(200, &json!({ "MetricAlarms": alarms(&["orders-b"]) }))],
        vec![],
    )
    .await;
    assert_eq!(found, [Ok(vec!["orders-a".into(), "orders-b".into()])]);
    assert_eq!(asked[1].1["NextToken"], "2");
    let (found, asked) = answers(below(), (0..9).map(|_| page(&["orders-a"], Some("more"))).collect(), vec![]).await;
    assert!(found[0].as_ref().unwrap_err().why.contains("have a name that begins with orders-"));
    assert_eq!(asked.len(), 5);
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_is_to_be_known() {
    let (found, asked) = answers(vec![], vec![], vec![]).await;
    assert_eq!((found.len(), asked.len()), (0, 0));
}

//! What is sent to `GetMetricData`, and what becomes of its pages.

use std::collections::BTreeMap;

use gate_checks::MetricSource;
use jiff::SignedDuration;
use lambda_kit::doubles::cloudwatch::{asked, at, refusal, said};
use lambda_kit::doubles::rehearsal::{Answer as Reply, Server};
use serde_json::{Value, json};

use super::*;

fn statistic(name: &str) -> Statistic {
    let dimensions = BTreeMap::from([("Service".into(), "orders".into())]);
    Statistic { namespace: "Shop".into(), name: name.into(), dimensions, stat: "p99".into() }
}

fn query(source: MetricSource) -> MetricQuery {
    let to: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    MetricQuery { source, period: 60, from: to - SignedDuration::from_mins(10), to }
}

fn latency() -> MetricQuery {
    query(MetricSource::Statistic(statistic("Latency")))
}

fn rate() -> MetricQuery {
    let inputs = BTreeMap::from([("e".into(), statistic("Errors")), ("r".into(), statistic("Requests"))]);
    query(MetricSource::Expression { text: "100*e/r".into(), inputs })
}

async fn answers(queries: Vec<MetricQuery>, pages: Vec<Reply>) -> (Vec<Fact>, Vec<(String, Value)>) {
    let server = Server::giving(pages).await;
    let facts = ask(&Client::new(&server.aws()), queries).await;
    (facts, server.requests().iter().map(asked).collect())
}

fn result(id: &str, values: &[f64], status: &str) -> Value {
    let times: Vec<_> = (0..values.len()).map(|minute| at(&format!("2026-03-02T09:5{minute}:00Z"))).collect();
    json!({ "Id": id, "Label": id, "Timestamps": times, "Values": values, "StatusCode": status })
}

fn page(results: &[Value], next: Option<&str>) -> Reply {
    match next {
        Some(next) => said(200, &json!({ "MetricDataResults": results, "NextToken": next })),
        None => said(200, &json!({ "MetricDataResults": results })),
    }
}

fn data(facts: &[Fact], query: &MetricQuery) -> MetricData {
    let found = facts.iter().find(|(question, _)| *question == Question::Metric(query.clone()));
    match &found.unwrap().1 {
        Ok(Answer::Metric(data)) => data.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_metric_and_an_expression_are_one_call() {
    let answer = page(&[result("q0", &[1.5, 2.5], "Complete"), result("q1", &[0.5], "Complete")], None);
    let queries = vec![latency(), rate()];
    let (facts, asked) = answers(queries.clone(), vec![answer]).await;
    let [(operation, body)] = asked.try_into().unwrap();
    assert_eq!(operation, "GetMetricData");
    assert_eq!((&body["StartTime"], &body["EndTime"]), (&at("2026-03-02T09:50:00Z"), &at("2026-03-02T10:00:00Z")));
    let ids: Vec<_> = body["MetricDataQueries"].as_array().unwrap().iter().map(|query| query["Id"].clone()).collect();
    assert_eq!(ids.len(), 4);
    let values: Vec<_> = queries.iter().map(|query| data(&facts, query).series[0].points.len()).collect();
    assert_eq!(values.iter().sum::<usize>(), 3);
}

#[tokio::test]
async fn a_query_is_sent_in_cloudwatchs_words() {
    let (_, asked) = answers(vec![latency()], vec![page(&[], None)]).await;
    let metric = json!({
        "Namespace": "Shop", "MetricName": "Latency", "Dimensions": [{ "Name": "Service", "Value": "orders" }],
    });
    let expected = json!([{
        "Id": "q0", "MetricStat": { "Metric": metric, "Period": 60, "Stat": "p99" }, "ReturnData": true,
    }]);
    assert_eq!(asked[0].1["MetricDataQueries"], expected);
}

#[tokio::test]
async fn pages_of_a_series_are_joined_and_the_last_one_says_whether_it_is_whole() {
    let first = page(&[result("q0", &[1.5], "PartialData")], Some("2"));
    let (facts, asked) = answers(vec![latency()], vec![first, page(&[result("q0", &[2.5], "Complete")], None)]).await;
    let [series] = data(&facts, &latency()).series.try_into().unwrap();
    assert_eq!((series.points.len(), series.status), (2, SeriesStatus::Complete));
    assert_eq!(asked[1].1["NextToken"], "2");
}

#[tokio::test]
async fn what_is_not_read_to_its_end_is_partial() {
    let pages = (0..9).map(|_| page(&[result("q0", &[1.5], "Complete")], Some("more"))).collect();
    let (facts, asked) = answers(vec![latency()], pages).await;
    assert_eq!(data(&facts, &latency()).series[0].status, SeriesStatus::Partial);
    assert_eq!(asked.len(), MOST_PAGES);
}

#[tokio::test]
async fn a_series_that_failed_says_why() {
    let mut refused = result("q0", &[], "Forbidden");
    refused["Messages"] = json!([{ "Code": "x", "Value": "not yours" }]);
    let (facts, _) = answers(vec![latency()], vec![page(&[refused], None)]).await;
    assert_eq!(data(&facts, &latency()).series[0].status, SeriesStatus::Failed("Forbidden: not yours".into()));
}

#[tokio::test]
async fn what_failed_on_one_page_is_not_whole_on_the_next() {
    let first = page(&[result("q0", &[], "InternalError")], Some("2"));
    let (facts, _) = answers(vec![latency()], vec![first, page(&[result("q0", &[2.5], "Complete")], None)]).await;
    assert_eq!(data(&facts, &latency()).series[0].status, SeriesStatus::Failed("InternalError".into()));
}

fn why(facts: &[Fact]) -> &str {
    match &facts[0].1 {
        Err(unanswered) => &unanswered.why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_about_the_whole_call_is_an_error_of_all_it_asked_for() {
    let message = json!([{ "Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded" }]);
    let results = [result("q0", &[1.5], "Complete")];
    let part = || said(200, &json!({ "MetricDataResults": results, "Messages": message }));
    let told = "GetMetricData of 1 metric says MaxMetricsExceeded: Maximum number of allowed metrics exceeded";
    assert_eq!(why(&answers(vec![latency()], vec![part()]).await.0), told);
    let later = vec![page(&results, Some("2")), part()];
    assert_eq!(why(&answers(vec![latency()], later).await.0), told);
}

#[tokio::test]
async fn a_metric_that_is_left_out_of_the_answer_was_not_asked_and_a_search_may_find_nothing() {
    for query in [latency(), rate()] {
        let (facts, _) = answers(vec![query], vec![page(&[], None)]).await;
        assert_eq!(why(&facts), "GetMetricData left it out of its answer");
    }
    for text in ["SUM(SEARCH('{Shop,Service} Errors', 'Sum', 60))", "SELECT AVG(Latency) FROM Shop GROUP BY Service"] {
        let search = query(MetricSource::Expression { text: text.into(), inputs: BTreeMap::new() });
        let (facts, _) = answers(vec![search.clone()], vec![page(&[], None)]).await;
        assert_eq!(data(&facts, &search), MetricData::default());
    }
}

#[tokio::test]
async fn a_metric_without_data_points_has_no_data_and_a_refused_call_no_answer() {
    let (facts, _) = answers(vec![latency()], vec![page(&[result("q0", &[], "Complete")], None)]).await;
    assert_eq!(data(&facts, &latency()).series[0].points, []);
    let (facts, _) = answers(vec![latency()], vec![refusal("AccessDenied")]).await;
    let Err(unanswered) = &facts[0].1 else { panic!("{facts:?}") };
    assert!(unanswered.why.starts_with("GetMetricData of 1 metric: AccessDenied"), "{}", unanswered.why);
}

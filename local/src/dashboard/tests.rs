//! A small dashboard from its body to the picture.

use std::path::Path;

use serde_json::json;

use super::*;

const BODY: &str = include_str!("tests/shop.json");

fn metric(name: &str, pipeline: Option<&str>) -> Metric {
    let dimensions = pipeline.map(|pipeline| ("PipelineName".to_owned(), pipeline.to_owned()));
    Metric { namespace: "My.Space".into(), name: name.into(), dimensions: dimensions.into_iter().collect() }
}

/// Two days; every value stands at the beginning of a day, and sums of both days at the beginning of the range.
fn drawn(data: &[(Metric, [f64; 2])]) -> String {
    let window = Window::opened(BODY, "2026-03-03T00:00:00Z".parse().unwrap()).unwrap();
    let catalogue: Vec<Metric> = data.iter().map(|(metric, _)| metric.clone()).collect();
    let answer = |query: Query| {
        let (_, [first, second]) = data.iter().find(|(metric, _)| *metric == query.metric)?;
        let days = window.buckets(query.period);
        let values = if days.count() == 1 { vec![first + second] } else { vec![*first, *second] };
        let points = window.buckets(query.period).zip(values).collect();
        Some((query, points))
    };
    let queries = queries(BODY, &window, &catalogue).unwrap();
    let answers = queries.into_iter().filter_map(answer).collect();
    draw("shop-delivery", BODY, &window, &catalogue, &answers).unwrap()
}

#[test]
fn a_dashboard_is_drawn_with_what_was_written_and_nothing_else() {
    let data = [
        (metric("Deployments", None), [4.0, 1.0]),
        (metric("Failures", None), [1.0, 0.0]),
        (metric("Duration", Some("orders")), [60.0, 90.0]),
        (metric("Duration", Some("payments")), [1200.0, 1500.0]),
        (metric("Duration", Some("tiny")), [1.0, 1.0]),
        (metric("Duration", None), [9999.0, 9999.0]),
    ];
    insta::assert_snapshot!(drawn(&data));
}

#[test]
fn without_any_data_every_widget_says_so() {
    let picture = drawn(&[]);
    let numbers = 2;
    let others = 3;
    assert_eq!(picture.matches(">no data<").count(), numbers + others, "{picture}");
    assert_eq!(picture.matches("(no data)").count(), 3, "the legend of the graph");
    assert!(!picture.contains("polyline"), "{picture}");
}

#[test]
fn every_metric_of_the_body_is_listed_whether_shown_or_not() {
    let named = |name: &str, dimensions: &[&str]| NamedMetric {
        namespace: "My.Space".to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.iter().map(|name| (*name).to_owned()).collect(),
    };
    let expected = [
        named("Deployments", &[]),
        named("Duration", &["PipelineName"]),
        named("Failures", &[]),
        named("NeverWritten", &[]),
        named("Wait", &["PipelineName"]),
    ];
    assert_eq!(metrics(BODY).unwrap(), expected.into());
    assert_eq!(broken_limits(BODY).unwrap(), [""; 0]);
}

#[test]
fn what_cannot_be_evaluated_names_its_widget() {
    let widget = json!({"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6,
                        "properties": {"title": "T", "metrics": [[{"expression": "RATE(m)"}]]}});
    let body = json!({ "widgets": [widget] }).to_string();
    let window = Window::opened(&body, "2026-03-03T00:00:00Z".parse().unwrap()).unwrap();
    let problem = draw("d", &body, &window, &[], &Answers::new()).unwrap_err();
    assert_eq!(problem.to_string(), "widget \"T\": RATE with 1 arguments is not evaluated here");
}

/// What a team gets: the body in template.yaml, with names as the stack `pipewarden` has them.
fn deployed() -> String {
    let queues = ["NotifierDeadLetterQueue", "RecorderDeadLetterQueue", "UndeliveredQueue"];
    let inputs = crate::template::Inputs {
        stack: "pipewarden".into(),
        account: "111122223333".into(),
        region: "us-east-1".into(),
        parameters: [("MetricNamespace".to_owned(), "My.Space".to_owned())].into(),
        physical: queues.map(|queue| (format!("{queue}.QueueName"), queue.to_lowercase())).into(),
    };
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let body = crate::template::property(&template, &inputs, "DeliveryDashboard", "DashboardBody").unwrap();
    body.as_str().unwrap().to_owned()
}

#[test]
fn the_dashboard_of_the_template_keeps_within_the_limits_of_cloudwatch() {
    assert_eq!(broken_limits(&deployed()).unwrap(), [""; 0]);
}

#[test]
fn the_dashboard_of_the_template_reads_the_namespace_of_its_stack_and_sqs() {
    let namespaces: BTreeSet<String> = metrics(&deployed()).unwrap().into_iter().map(|it| it.namespace).collect();
    assert_eq!(namespaces, ["AWS/SQS".to_owned(), "My.Space".to_owned()].into());
}

#[test]
fn the_dashboard_of_the_template_can_be_drawn_before_anything_happened() {
    let body = deployed();
    let window = Window::opened(&body, "2026-03-15T10:00:00Z".parse().unwrap()).unwrap();
    let picture = draw("pipewarden-delivery", &body, &window, &[], &Answers::new()).unwrap();
    let values = queries(&body, &window, &[]).unwrap().len();
    assert!(values > 20, "{values} values are asked for");
    assert!(!picture.contains("polyline") && picture.contains(">no data<"));
}

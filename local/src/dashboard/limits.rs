//! CloudWatch's limits of a dashboard, checked before CloudWatch does.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>

use super::body::{Body, Chart, Rectangle, Source, Widget};
use super::evaluation::FOUND_AT_MOST;
use super::search::Search;

const COLUMNS: u32 = 24;
const WIDGETS: usize = 500;
const METRICS_OF_A_WIDGET: usize = 500;
const METRICS_OF_A_DASHBOARD: usize = 2500;
const SEARCHES_OF_A_WIDGET: usize = 100;
const LENGTH_OF_A_SEARCH: usize = 1024;

/// Every limit the body breaks, in words. Each search counts as the 500 series it may find.
pub(super) fn broken(body: &Body) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |holds: bool, problem: String| {
        if !holds {
            broken.push(problem);
        }
    };
    check(body.widgets.len() <= WIDGETS, format!("more than {WIDGETS} widgets"));
    let all: usize = body.charts().map(metrics).sum();
    check(all <= METRICS_OF_A_DASHBOARD, format!("up to {all} metrics; a dashboard takes {METRICS_OF_A_DASHBOARD}"));
    for chart in body.charts() {
        let (title, metrics, searches) = (&chart.title, metrics(chart), searches(chart));
        check(metrics <= METRICS_OF_A_WIDGET, format!("{title}: up to {metrics} metrics, not {METRICS_OF_A_WIDGET}"));
        check(searches.len() <= SEARCHES_OF_A_WIDGET, format!("{title}: more than {SEARCHES_OF_A_WIDGET} searches"));
        for search in searches {
            let length = search.text.chars().count();
            check(length <= LENGTH_OF_A_SEARCH, format!("{title}: a search of {length} characters"));
        }
    }
    for (index, widget) in body.widgets.iter().enumerate() {
        let at = widget.at;
        check(at.width > 0 && at.height > 0 && at.x + at.width <= COLUMNS, format!("{at:?} is not within the grid"));
        for other in body.widgets.iter().skip(index + 1).map(|other: &Widget| other.at) {
            check(!overlap(at, other), format!("{at:?} and {other:?} overlap"));
        }
    }
    broken
}

fn searches(chart: &Chart) -> Vec<&Search> {
    let searches = chart.rows.iter().map(|row| match &row.source {
        Source::Metric { .. } => Vec::new(),
        Source::Expression(expression) => expression.searches(),
    });
    searches.flatten().collect()
}

/// Hidden rows count as well, and so do expressions.
fn metrics(chart: &Chart) -> usize {
    let of_row = |source: &Source| match source {
        Source::Metric { .. } => 1,
        Source::Expression(expression) => (expression.searches().len() * FOUND_AT_MOST).max(1),
    };
    chart.rows.iter().map(|row| of_row(&row.source)).sum()
}

fn overlap(one: Rectangle, other: Rectangle) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn search(terms: &str) -> Value {
        json!([{ "expression": format!("SEARCH('{{N,P}} MetricName=\"{terms}\"', 'Sum', 60)") }])
    }

    fn problems(widgets: &[(u32, u32, Value)]) -> Vec<String> {
        let widget = |(x, width, metrics): &(u32, u32, Value)| {
            json!({"type": "metric", "x": x, "y": 0, "width": width, "height": 2,
                   "properties": {"title": "T", "metrics": metrics}})
        };
        let body = json!({ "widgets": widgets.iter().map(widget).collect::<Value>() });
        broken(&Body::parse(&body.to_string()).unwrap())
    }

    #[test]
    fn every_limit_is_found() {
        let wide = |x: u32| (x * 4, 4, json!([search("a")]));
        assert_eq!(problems(&(0..5).map(wide).collect::<Vec<_>>()), [""; 0], "five searches of 500 fit");
        let cases = [
            ((0..6).map(wide).collect::<Vec<_>>(), "3000 metrics"),
            (vec![(0, 6, json!([search("a"), ["N", "M"]]))], "501 metrics"),
            (vec![(0, 6, json!([search(&"a".repeat(1024))]))], "characters"),
            (vec![(20, 6, json!([]))], "grid"),
            (vec![(0, 6, json!([])), (5, 6, json!([]))], "overlap"),
        ];
        for (widgets, expected) in cases {
            let problems = problems(&widgets);
            assert!(problems.len() == 1 && problems[0].contains(expected), "{expected}: {problems:?}");
        }
    }
}

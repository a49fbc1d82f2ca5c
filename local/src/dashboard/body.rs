//! The body of a dashboard, read into what can be evaluated and drawn.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::expression::Expression;
use super::metric::Metric;
use super::problem::Problem;

/// CloudWatch's own period where neither the row nor the widget has one.
const DEFAULT_PERIOD: i64 = 300;

pub(super) struct Body {
    /// How far back it looks, as an ISO 8601 duration such as `-P2W`.
    pub(super) start: Option<String>,
    pub(super) widgets: Vec<Widget>,
}

pub(super) struct Widget {
    pub(super) at: Rectangle,
    pub(super) content: Content,
}

/// In units of the grid, which is 24 wide.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Rectangle {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

pub(super) enum Content {
    Metrics(Chart),
    Text(String),
    /// A kind of widget that is not drawn.
    Other(String),
}

pub(super) struct Chart {
    pub(super) title: String,
    pub(super) view: View,
    /// One value for the whole range instead of one per period.
    pub(super) whole_range: bool,
    pub(super) rows: Vec<Row>,
    pub(super) axis: Axis,
}

pub(super) enum View {
    Lines,
    Numbers,
    /// One line per series, one column per summary: `AVG`, `MIN`, `MAX`, `SUM`.
    Table(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Axis {
    pub(super) label: Option<String>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

pub(super) struct Row {
    pub(super) id: Option<String>,
    pub(super) label: Option<String>,
    pub(super) color: Option<String>,
    pub(super) visible: bool,
    pub(super) source: Source,
}

pub(super) enum Source {
    Metric { metric: Metric, statistic: String, period: i64 },
    Expression(Expression),
}

impl Body {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let written: WrittenBody =
            serde_json::from_str(text).map_err(|error| Problem::new("the dashboard body", error.to_string()))?;
        let widgets = written.widgets.into_iter().enumerate().map(|(index, widget)| widget.read(index));
        Ok(Self { start: written.start, widgets: widgets.collect::<Result<_, _>>()? })
    }

    pub(super) fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.widgets.iter().filter_map(|widget| match &widget.content {
            Content::Metrics(chart) => Some(chart),
            Content::Text(_) | Content::Other(_) => None,
        })
    }
}

#[derive(Deserialize)]
struct WrittenBody {
    start: Option<String>,
    widgets: Vec<WrittenWidget>,
}

#[derive(Deserialize)]
struct WrittenWidget {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    at: Rectangle,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    title: String,
    #[serde(default)]
    view: String,
    #[serde(default)]
    set_period_to_time_range: bool,
    period: Option<i64>,
    stat: Option<String>,
    #[serde(default)]
    metrics: Vec<Vec<Value>>,
    #[serde(default)]
    table: Table,
    #[serde(default)]
    y_axis: BTreeMap<String, Axis>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    #[serde(default)]
    summary_columns: Vec<String>,
    show_time_series_data: Option<bool>,
}

/// The object at the end of a row.
#[derive(Default, Deserialize)]
struct Rendering {
    expression: Option<String>,
    id: Option<String>,
    label: Option<String>,
    color: Option<String>,
    visible: Option<bool>,
    stat: Option<String>,
    period: Option<i64>,
}

impl WrittenWidget {
    fn read(self, index: usize) -> Result<Widget, Problem> {
        let content = match self.kind.as_str() {
            "metric" => {
                let place = match self.properties["title"].as_str() {
                    Some(title) => format!("widget \"{title}\""),
                    None => format!("widget {}", index + 1),
                };
                Content::Metrics(chart(self.properties).map_err(|message| Problem::new(place, message))?)
            }
            "text" => Content::Text(self.properties["markdown"].as_str().unwrap_or_default().to_owned()),
            _ => Content::Other(self.kind),
        };
        Ok(Widget { at: self.at, content })
    }
}

fn chart(properties: Value) -> Result<Chart, String> {
    let mut properties: Properties = serde_json::from_value(properties).map_err(|error| error.to_string())?;
    let view = match properties.view.as_str() {
        "" | "timeSeries" => View::Lines,
        "singleValue" => View::Numbers,
        "table" if properties.table.show_time_series_data == Some(false) => {
            View::Table(std::mem::take(&mut properties.table.summary_columns))
        }
        "table" => return Err("a table is drawn only with \"showTimeSeriesData\": false".to_owned()),
        other => return Err(format!("the view {other} is not drawn here")),
    };
    let mut rows = Vec::new();
    let mut previous = Vec::new();
    for written in &properties.metrics {
        rows.push(row(written, &mut previous, &properties)?);
    }
    let axis = properties.y_axis.remove("left").unwrap_or_default();
    Ok(Chart { title: properties.title, view, whole_range: properties.set_period_to_time_range, rows, axis })
}

/// `previous` is the row above, whose parts a `.` repeats.
fn row(written: &[Value], previous: &mut Vec<String>, widget: &Properties) -> Result<Row, String> {
    let (parts, rendering) = match written.split_last() {
        Some((Value::Object(rendering), parts)) => (parts, rendering.clone()),
        _ => (written, Map::new()),
    };
    let rendering: Rendering = serde_json::from_value(rendering.into()).map_err(|error| error.to_string())?;
    let source = match rendering.expression {
        Some(text) if parts.is_empty() => Source::Expression(Expression::parse(&text)?),
        Some(_) => return Err("a row is a metric or an expression, not both".to_owned()),
        None => {
            *previous = repeated(parts, previous)?;
            Source::Metric {
                metric: metric(previous)?,
                statistic: rendering.stat.or_else(|| widget.stat.clone()).unwrap_or_else(|| "Average".to_owned()),
                period: rendering.period.or(widget.period).unwrap_or(DEFAULT_PERIOD),
            }
        }
    };
    let visible = rendering.visible.unwrap_or(true);
    Ok(Row { id: rendering.id, label: rendering.label, color: rendering.color, visible, source })
}

fn repeated(parts: &[Value], previous: &[String]) -> Result<Vec<String>, String> {
    let part = |(index, part): (usize, &Value)| match part.as_str() {
        Some(".") => previous.get(index).cloned().ok_or("a row repeats what the row above it does not have"),
        Some(text) => Ok(text.to_owned()),
        None => Err("a metric is written as texts"),
    };
    Ok(parts.iter().enumerate().map(part).collect::<Result<_, _>>()?)
}

fn metric(parts: &[String]) -> Result<Metric, String> {
    let [namespace, name, dimensions @ ..] = parts else {
        return Err("a metric needs a namespace and a name".to_owned());
    };
    let (pairs, []) = dimensions.as_chunks() else {
        return Err(format!("{name} has a dimension without a value"));
    };
    let dimensions = pairs.iter().map(|[name, value]| (name.clone(), value.clone())).collect();
    Ok(Metric { namespace: namespace.clone(), name: name.clone(), dimensions })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(properties: &Value) -> Result<Body, String> {
        let widget = json!({"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties});
        Body::parse(&json!({ "widgets": [widget] }).to_string()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_row_repeats_what_stands_above_it_and_overrides_its_widget() {
        let body = read(&json!({"stat": "Sum", "period": 60, "metrics": [
            ["N", "Errors", "Function", "a"], [".", "Throttles", ".", "b", {"stat": "p90", "period": 900}],
        ]}));
        let body = body.unwrap();
        let rows = &body.charts().next().unwrap().rows;
        let Source::Metric { metric, statistic, period } = &rows[1].source else { panic!("a metric") };
        assert_eq!((metric.namespace.as_str(), metric.name.as_str()), ("N", "Throttles"));
        assert_eq!(metric.dimensions, [("Function".to_owned(), "b".to_owned())].into());
        assert_eq!((statistic.as_str(), *period), ("p90", 900));
        assert!(matches!(&rows[0].source, Source::Metric { statistic, period: 60, .. } if statistic == "Sum"));
    }

    #[test]
    fn what_cannot_be_drawn_names_its_widget() {
        let cases = [
            json!({"title": "T", "view": "pie"}),
            json!({"title": "T", "view": "table"}),
            json!({"title": "T", "metrics": [["N"]]}),
            json!({"title": "T", "metrics": [["N", "M", "D"]]}),
            json!({"title": "T", "metrics": [[".", "M"]]}),
            json!({"title": "T", "metrics": [["N", "M", {"expression": "1"}]]}),
            json!({"title": "T", "metrics": [[{"expression": "1+"}]]}),
        ];
        for properties in cases {
            let Err(problem) = read(&properties) else { panic!("{properties} was read") };
            assert!(problem.starts_with("widget \"T\": "), "{problem}");
        }
    }
}

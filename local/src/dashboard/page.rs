//! The whole screen: the head, and each widget in its frame at its place in the grid.

use jiff::Timestamp;

use super::body::{Body, Chart, Content, Rectangle, View};
use super::evaluation::{Evaluation, Shown};
use super::metric::{Answers, Metric};
use super::numbers;
use super::problem::Problem;
use super::svg::{Anchor, Font, Svg, clipped, text_width};
use super::window::Window;
use super::{graph, table};

const COLUMN: f64 = 60.0;
const ROW: f64 = 44.0;
const HEAD: f64 = 40.0;
const GAP: f64 = 4.0;

pub(super) const INK: &str = "#16191f";
pub(super) const QUIET: &str = "#5f6b7a";
pub(super) const RULE: &str = "#e1e4e8";
pub(super) const SMALL: Font = Font { size: 11.0, color: QUIET, bold: false };
/// Bold letters are about so much wider.
const BOLDER: f64 = 1.07;
const TITLE: Font = Font { size: 13.0, color: INK, bold: true };

/// A part of the page, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Smaller by so much at each side.
    pub(super) fn inside(&self, top: f64, side: f64, bottom: f64) -> Self {
        Self {
            left: self.left + side,
            top: self.top + top,
            width: self.width - 2.0 * side,
            height: self.height - top - bottom,
        }
    }
}

/// Draws the whole dashboard.
pub(super) fn draw(
    name: &str,
    body: &Body,
    window: &Window,
    catalogue: &[Metric],
    answers: &Answers,
) -> Result<String, Problem> {
    let rows = body.widgets.iter().map(|widget| widget.at.y + widget.at.height).max().unwrap_or(0);
    let (width, height) = (24.0 * COLUMN + 2.0 * GAP, HEAD + f64::from(rows) * ROW + 2.0 * GAP);
    let mut svg = Svg::default();
    svg.rectangle((0.0, 0.0), (width, height), "#f4f5f7", "none");
    svg.text((14.0, 27.0), Anchor::Start, Font { size: 17.0, ..TITLE }, name);
    svg.text((width - 14.0, 26.0), Anchor::End, SMALL, &range(window));
    for widget in &body.widgets {
        let area = frame(&mut svg, widget.at);
        match &widget.content {
            Content::Metrics(chart) => {
                let shown = Evaluation { chart, window, catalogue, answers }
                    .shown()
                    .map_err(|message| Problem::new(format!("widget \"{}\"", chart.title), message))?;
                metrics(&mut svg, area, chart, window, &shown);
            }
            Content::Text(markdown) => paragraph(&mut svg, area, markdown),
            Content::Other(kind) => paragraph(&mut svg, area, &format!("Widgets of the type {kind} are not drawn.")),
        }
    }
    Ok(svg.finish(width, height))
}

/// Says that there is nothing to show, where a value would be.
pub(super) fn no_data(svg: &mut Svg, area: Area) {
    let middle = (area.left + area.width / 2.0, area.top + area.height / 2.0 + 4.0);
    svg.text(middle, Anchor::Middle, SMALL, "no data");
}

fn metrics(svg: &mut Svg, area: Area, chart: &Chart, window: &Window, shown: &[Shown]) {
    svg.text(
        (area.left, area.top + 12.0),
        Anchor::Start,
        TITLE,
        &clipped(&chart.title, area.width, TITLE.size * BOLDER),
    );
    let area = area.inside(22.0, 0.0, 0.0);
    match &chart.view {
        View::Lines => graph::draw(svg, area, &chart.axis, window, shown),
        View::Numbers => numbers::draw(svg, area, shown),
        View::Table(columns) => table::draw(svg, area, columns, shown),
    }
}

/// Draws the frame; returns the room inside of it.
fn frame(svg: &mut Svg, at: Rectangle) -> Area {
    let outer = Area {
        left: GAP + f64::from(at.x) * COLUMN,
        top: HEAD + GAP + f64::from(at.y) * ROW,
        width: f64::from(at.width) * COLUMN,
        height: f64::from(at.height) * ROW,
    };
    let card = outer.inside(GAP, GAP, GAP);
    svg.rectangle((card.left, card.top), (card.width, card.height), "#ffffff", RULE);
    card.inside(8.0, 12.0, 8.0)
}

/// Markdown as plain text, wrapped; only the stars of bold text are taken out.
fn paragraph(svg: &mut Svg, area: Area, markdown: &str) {
    let font = Font { size: 12.0, color: INK, bold: false };
    let mut lines = vec![String::new()];
    for word in markdown.replace("**", "").split_whitespace() {
        let line = lines.last().map_or_else(String::new, |line| format!("{line} {word}").trim_start().to_owned());
        match lines.last_mut() {
            Some(last) if text_width(&line, font.size) <= area.width => *last = line,
            _ => lines.push(word.to_owned()),
        }
    }
    let mut y = area.top + 13.0;
    for line in lines {
        svg.text((area.left, y), Anchor::Start, font, &line);
        y += 17.0;
    }
}

fn range(window: &Window) -> String {
    let minute = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M").to_string();
    format!("{} to {} UTC", minute(window.start), minute(window.end))
}

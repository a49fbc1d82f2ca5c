//! A table: one line per series, one column per summary of its values.

use super::evaluation::{Shown, summary};
use super::numbers::written;
use super::page::{Area, INK, RULE, SMALL, no_data};
use super::svg::{Anchor, Font, Svg, clipped};

const LINE: f64 = 19.0;
const CELL: Font = Font { size: 12.0, color: INK, bold: false };
const COLUMN: f64 = 76.0;

pub(super) fn draw(svg: &mut Svg, area: Area, columns: &[String], shown: &[Shown]) {
    if shown.is_empty() {
        return no_data(svg, area);
    }
    let right = |index: usize| {
        let from_the_right = u32::try_from(columns.len() - 1 - index).unwrap_or(0);
        area.right() - f64::from(from_the_right) * COLUMN
    };
    let room = columns.iter().fold(area.width, |room, _| room - COLUMN);
    let mut y = area.top + 8.0;
    for (index, column) in columns.iter().enumerate() {
        svg.text((right(index), y), Anchor::End, SMALL, heading(column));
    }
    for series in shown {
        svg.line((area.left, y + 5.0), (area.right(), y + 5.0), RULE);
        y += LINE;
        if y > area.bottom() {
            return;
        }
        svg.text((area.left, y), Anchor::Start, CELL, &clipped(&series.label, room, CELL.size));
        for (index, column) in columns.iter().enumerate() {
            let value = summary(column, &series.points).map_or_else(|| "no data".to_owned(), written);
            svg.text((right(index), y), Anchor::End, CELL, &value);
        }
    }
}

fn heading(column: &str) -> &str {
    match column {
        "AVG" => "average",
        "MAX" => "maximum",
        "MIN" => "minimum",
        "SUM" => "sum",
        other => other,
    }
}

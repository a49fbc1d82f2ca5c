//! A graph over time: a dot for every value, and lines from dot to dot.

use jiff::Timestamp;

use super::body::Axis;
use super::evaluation::Shown;
use super::numbers::written;
use super::page::{Area, RULE, SMALL, no_data};
use super::svg::{Anchor, Svg, clipped, text_width};
use super::window::Window;

const COLORS: [&str; 8] = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f"];

pub(super) fn draw(svg: &mut Svg, area: Area, axis: &Axis, window: &Window, shown: &[Shown]) {
    legend(svg, area, shown);
    let values = shown.iter().flat_map(|series| series.points.values().copied());
    let Some((low, high)) = bounds(values, axis) else { return no_data(svg, area.inside(0.0, 0.0, 16.0)) };
    let plot = Area { left: area.left + 44.0, width: area.width - 50.0, ..area.inside(14.0, 0.0, 34.0) };
    if let Some(label) = &axis.label {
        svg.text((area.left, area.top + 6.0), Anchor::Start, SMALL, label);
    }
    let height = |value: f64| plot.bottom() - (value - low) / (high - low) * plot.height;
    for tick in ticks(low, high) {
        svg.line((plot.left, height(tick)), (plot.right(), height(tick)), RULE);
        svg.text((plot.left - 6.0, height(tick) + 4.0), Anchor::End, SMALL, &written(tick));
    }
    times(svg, plot, window);
    for (series, color) in shown.iter().zip(COLORS.iter().cycle()) {
        let color = series.color.as_deref().unwrap_or(color);
        let points: Vec<(f64, f64)> =
            series.points.iter().map(|(at, value)| (across(plot, window, *at), height(*value))).collect();
        svg.path(&points, color);
        for point in points {
            svg.dot(point, color);
        }
    }
}

/// Where a second is. A bucket that began before the window is drawn at the window's edge.
fn across(plot: Area, window: &Window, second: i64) -> f64 {
    let (start, end) = (window.start.as_second(), window.end.as_second());
    let passed = Timestamp::from_second(second.max(start)).unwrap_or(window.start).duration_since(window.start);
    let whole = Timestamp::from_second(end.max(start + 1)).unwrap_or(window.end).duration_since(window.start);
    plot.left + passed.as_secs_f64() / whole.as_secs_f64() * plot.width
}

/// Lowest and highest value of the axis; none without data.
fn bounds(values: impl Iterator<Item = f64>, axis: &Axis) -> Option<(f64, f64)> {
    let (low, high) = values.fold(None, |bounds: Option<(f64, f64)>, value| {
        Some(bounds.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    })?;
    let low = axis.min.unwrap_or(low).min(low);
    // A little air above the highest value, unless the axis says where it ends.
    let high = axis.max.filter(|max| *max >= high).unwrap_or(high + (high - low) * 0.08);
    Some((low, if high > low { high } else { low + 1.0 }))
}

/// About four round values from the lowest to the highest.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 4.0;
    let size = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|times| times * size).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(size * 10.0);
    let first = (low / step).ceil();
    (0..8).map(|index| (first + f64::from(index)) * step).take_while(|tick| *tick <= high + step * 1e-9).collect()
}

fn times(svg: &mut Svg, plot: Area, window: &Window) {
    const PARTS: i64 = 4;
    let (start, length) = (window.start.as_second(), window.end.as_second() - window.start.as_second());
    let format = if length > 2 * 86_400 { "%b %-d" } else { "%H:%M" };
    for part in 0..=PARTS {
        let second = start + length * part / PARTS;
        let x = across(plot, window, second);
        svg.line((x, plot.bottom()), (x, plot.bottom() + 3.0), "#aab2bd");
        let anchor = match part {
            0 => Anchor::Start,
            PARTS => Anchor::End,
            _ => Anchor::Middle,
        };
        let text = Timestamp::from_second(second).map(|time| time.strftime(format).to_string()).unwrap_or_default();
        svg.text((x, plot.bottom() + 14.0), anchor, SMALL, &text);
    }
}

/// Names what has no data too, so that nobody looks for its line.
fn legend(svg: &mut Svg, area: Area, shown: &[Shown]) {
    let mut x = area.left;
    for (series, color) in shown.iter().zip(COLORS.iter().cycle()) {
        let missing = if series.points.is_empty() { " (no data)" } else { "" };
        let text = clipped(&format!("{}{missing}", series.label), area.right() - x - 14.0, SMALL.size);
        svg.dot((x + 4.0, area.bottom() - 4.0), series.color.as_deref().unwrap_or(color));
        svg.text((x + 12.0, area.bottom()), Anchor::Start, SMALL, &text);
        x += 30.0 + text_width(&text, SMALL.size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_bounds() {
        assert_eq!(ticks(0.0, 100.0), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(ticks(0.0, 3.2), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(-7.0, 7.0), [-5.0, 0.0, 5.0]);
        assert_eq!(ticks(0.0, 1.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn the_axis_holds_every_value_whatever_the_body_says() {
        let axis = |min, max| Axis { label: None, min, max };
        assert_eq!(bounds([].into_iter(), &axis(Some(0.0), Some(1.0))), None);
        assert_eq!(bounds([40.0, 60.0].into_iter(), &axis(Some(0.0), Some(100.0))), Some((0.0, 100.0)));
        assert_eq!(bounds([-5.0, 250.0].into_iter(), &axis(Some(0.0), Some(100.0))).unwrap().0, -5.0);
        assert!(bounds([250.0].into_iter(), &axis(Some(0.0), Some(100.0))).unwrap().1 > 250.0);
        assert_eq!(bounds([0.0].into_iter(), &axis(Some(0.0), None)), Some((0.0, 1.0)));
    }
}

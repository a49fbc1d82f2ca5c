//! Numbers: the newest value of each series, large, with its label below. Also how any value is written.

use super::evaluation::Shown;
use super::page::{Area, INK, SMALL, no_data};
use super::svg::{Anchor, Font, Svg, clipped};

const LARGE: Font = Font { size: 26.0, color: INK, bold: false };

pub(super) fn draw(svg: &mut Svg, area: Area, shown: &[Shown]) {
    let Ok(count) = u32::try_from(shown.len().max(1)) else { return };
    let width = area.width / f64::from(count);
    for (index, series) in (0_u32..).zip(shown) {
        let part = Area { left: area.left + f64::from(index) * width, width, ..area };
        svg.text((part.left, part.bottom() - 6.0), Anchor::Start, SMALL, &clipped(&series.label, width, SMALL.size));
        match series.points.last_key_value() {
            Some((_, value)) => svg.text((part.left, part.bottom() - 28.0), Anchor::Start, LARGE, &written(*value)),
            None => svg.text((part.left, part.bottom() - 28.0), Anchor::Start, SMALL, "no data"),
        }
    }
    if shown.is_empty() {
        no_data(svg, area);
    }
}

/// With thousands apart, and as many decimals as a reader can use: none above 100, at most two below.
pub(super) fn written(value: f64) -> String {
    let decimals = if value.abs() >= 100.0 { 0 } else { 2 };
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && (grouped != "0" || !fraction.is_empty()) { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_reading() {
        let cases = [
            (0.0, "0"),
            (-0.001, "0"),
            (1.0, "1"),
            (33.333_333, "33.33"),
            (99.5, "99.5"),
            (-1234.6, "-1,235"),
            (1_234_567.0, "1,234,567"),
        ];
        for (value, expected) in cases {
            assert_eq!(written(value), expected);
        }
    }
}

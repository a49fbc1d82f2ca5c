//! The few SVG elements a page needs, written as text.

use std::fmt::Write;

/// A growing drawing.
#[derive(Default)]
pub(super) struct Svg(String);

/// Where a text is relative to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Font {
    pub(super) size: f64,
    pub(super) color: &'static str,
    pub(super) bold: bool,
}

impl Svg {
    pub(super) fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str, stroke: &str) {
        self.element(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}" stroke="{stroke}"/>"#
        ));
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str) {
        self.element(format_args!(r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{stroke}"/>"#));
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], stroke: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.element(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="1.5"/>"#,
            points.join(" "),
            escaped(stroke)
        ));
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), fill: &str) {
        self.element(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="2.5" fill="{}"/>"#, escaped(fill)));
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, font: Font, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.bold { r#" font-weight="600""# } else { "" };
        let Font { size, color, .. } = font;
        self.element(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{color}"{weight}>{}</text>"#,
            escaped(text)
        ));
    }

    pub(super) fn finish(self, width: f64, height: f64) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"Helvetica, Arial, sans-serif\">\n{}</svg>\n",
            self.0
        )
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{element}").expect("writing to a text cannot fail");
    }
}

/// As many characters as fit into `width`, the last one an ellipsis if some are missing.
pub(super) fn clipped(text: &str, width: f64, size: f64) -> String {
    let fits = |text: &str| text_width(text, size) <= width;
    if fits(text) {
        return text.to_owned();
    }
    let mut short: Vec<char> = text.chars().collect();
    while short.pop().is_some() && !fits(&(short.iter().collect::<String>() + "…")) {}
    short.into_iter().collect::<String>() + "…"
}

/// Roughly, for a sans-serif font: wide enough for ordinary words.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|letter| if letter.is_uppercase() { 0.72 } else { 0.59 }).sum::<f64>() * size
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_markup() {
        let mut svg = Svg::default();
        svg.text((0.0, 0.0), Anchor::Start, Font { size: 10.0, color: "#000", bold: false }, "<script>&\"");
        assert!(svg.finish(1.0, 1.0).contains(">&lt;script&gt;&amp;&quot;</text>"));
    }

    #[test]
    fn what_does_not_fit_is_shortened() {
        assert_eq!(clipped("short", 100.0, 10.0), "short");
        let clipped = clipped("a rather long name of a pipeline", 60.0, 10.0);
        assert!(clipped.ends_with('…') && text_width(&clipped, 10.0) <= 60.0, "{clipped}");
    }
}

//! A report as one HTML file: no script, nothing from elsewhere, every text from outside escaped, charts as SVG in it.

use crate::ReportError;
use crate::document::{Block, Cell, Chart, Document, KeyFigure, Section, Table};
use chart::panel::{Grade, Picture, Theme, panel_svg};
use std::fmt::Write as _;

/// Width of a chart, pixels of its own; it is scaled to the page.
const WIDE: f64 = 1040.0;
const HALF: f64 = 510.0;

const STYLE: &str = include_str!("report.css");

/// Text for element content and attribute values.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No control characters, and none that turn the direction of what follows.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn class(grade: Grade) -> &'static str {
    match grade {
        Grade::Normal => "normal",
        Grade::Warning => "warning",
        Grade::Critical => "critical",
        Grade::Emergency => "emergency",
    }
}

/// The mark of how bad something is, of its own shape.
pub(crate) fn mark(grade: Grade) -> &'static str {
    match grade {
        Grade::Normal => "",
        Grade::Warning => "▲ ",
        Grade::Critical => "◆ ",
        Grade::Emergency => "■ ",
    }
}

/// Writes the file.
///
/// # Errors
/// When a chart cannot be drawn; [`chart::face::install`] has to be called before.
pub fn html(document: &Document) -> Result<String, ReportError> {
    let mut out = String::with_capacity(256 * 1024);
    let title = escape(&format!("{} {}", document.title, document.subtitle));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escape(&document.locale)
    );
    let _ = write!(
        out,
        "<header>\n<p class=\"span\">{}</p>\n<h1>{}</h1>\n<p class=\"verdict {}\">{}{}</p>\n</header>\n<ul class=\"lead\">\n",
        escape(&document.subtitle),
        escape(&document.title),
        class(document.grade),
        mark(document.grade),
        escape(&document.verdict)
    );
    for sentence in &document.lead {
        let _ = writeln!(out, "<li>{}</li>", escape(sentence));
    }
    out.push_str("</ul>\n<div class=\"figures\">\n");
    for figure in &document.figures {
        key_figure(&mut out, figure);
    }
    out.push_str("</div>\n");
    for s in &document.sections {
        section(&mut out, s)?;
    }
    let _ = write!(
        out,
        "<footer>{}</footer>\n</main>\n</body>\n</html>\n",
        escape(&document.foot)
    );
    Ok(out)
}

fn key_figure(out: &mut String, figure: &KeyFigure) {
    let _ = write!(
        out,
        "<div class=\"figure {}\"><span>{}</span><b>{}<small>{}</small></b><i>{}</i>",
        class(figure.grade),
        escape(&figure.name),
        escape(&figure.text),
        escape(&figure.unit),
        escape(&figure.note)
    );
    let points = spark(&figure.course, 100.0, 24.0);
    if !points.is_empty() {
        out.push_str(
            "<svg viewBox=\"0 0 100 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        );
        for run in points {
            let list: Vec<String> = run.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = write!(out, "<polyline points=\"{}\"/>", list.join(" "));
        }
        out.push_str("</svg>");
    }
    out.push_str("</div>\n");
}

/// A course as runs of points in a field of this size; gaps part runs.
pub fn spark(course: &[Option<f64>], width: f64, height: f64) -> Vec<Vec<(f64, f64)>> {
    let known = || course.iter().copied().flatten().filter(|v| v.is_finite());
    let (low, high) = known().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return Vec::new();
    }
    let span = (high - low).max(high.abs() * 1e-6).max(1e-12);
    let last = (course.len().max(2) - 1) as f64;
    let mut runs = vec![Vec::new()];
    for (i, value) in course.iter().enumerate() {
        match (value.filter(|v| v.is_finite()), runs.last_mut()) {
            (Some(v), Some(run)) => {
                run.push((
                    i as f64 / last * width,
                    height - 1.0 - (v - low) / span * (height - 2.0),
                ));
            }
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run: &Vec<(f64, f64)>| run.len() > 1);
    runs
}

fn section(out: &mut String, section: &Section) -> Result<(), ReportError> {
    let _ = write!(out, "<section>\n<h2>{}</h2>\n", escape(&section.title));
    for block in &section.blocks {
        match block {
            Block::Text(text) => {
                let _ = writeln!(out, "<p>{}</p>", escape(text));
            }
            Block::Note(text) => {
                let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(text));
            }
            Block::Chart(one) => figure(out, one, false)?,
            Block::Pair(left, right) => {
                out.push_str("<div class=\"pair\">\n");
                figure(out, left, true)?;
                figure(out, right, true)?;
                out.push_str("</div>\n");
            }
            Block::Table(t) => table(out, t),
        }
    }
    out.push_str("</section>\n");
    Ok(())
}

/// A chart's panel.
pub(crate) fn picture(chart: &Chart) -> Picture {
    Picture {
        title: chart.title.clone(),
        subtitle: chart.subtitle.clone(),
        grade: Grade::Normal,
        notes: Vec::new(),
        body: chart.body.clone(),
    }
}

/// A chart as an SVG file of its own, for a column as wide as the page or half of it, with its size in pixels.
///
/// # Errors
/// When it cannot be drawn; [`chart::face::install`] has to be called before.
pub fn chart_svg(chart: &Chart, half: bool) -> Result<(String, (u32, u32)), ReportError> {
    let width = if half { HALF } else { WIDE };
    let size = (width as u32, (width * chart.height) as u32);
    let svg = panel_svg(&picture(chart), &Theme::PAPER, size, 0.92)?;
    Ok((svg, size))
}

fn figure(out: &mut String, chart: &Chart, half: bool) -> Result<(), ReportError> {
    let (svg, size) = chart_svg(chart, half)?;
    // The size is the page's; what stands before the element is not for the middle of a page.
    let start = svg.find("<svg").unwrap_or(0);
    let body = svg.get(start..).unwrap_or_default();
    let fixed = format!("width=\"{}\" height=\"{}\" ", size.0, size.1);
    let _ = writeln!(out, "<figure>{}</figure>", body.replacen(&fixed, "", 1));
    Ok(())
}

fn table(out: &mut String, table: &Table) {
    out.push_str("<table>\n<thead><tr>");
    for head in &table.head {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(head));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (i, Cell { text, grade }) in row.iter().enumerate() {
            let (open, close) = if i == 0 {
                ("th scope=\"row\"", "th")
            } else {
                ("td", "td")
            };
            let _ = write!(
                out,
                "<{open} class=\"{}\">{}{}</{close}>",
                class(*grade),
                mark(*grade),
                escape(text)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        assert_eq!(
            escape("<b a='1'>&\"\u{7}\u{202e}"),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn a_course_has_gaps_and_fits_its_field() {
        let runs = spark(
            &[Some(1.0), Some(3.0), None, Some(2.0), Some(2.0)],
            100.0,
            24.0,
        );
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0], [(0.0, 23.0), (25.0, 1.0)]);
        assert!(spark(&[None], 1.0, 1.0).is_empty());
    }
}

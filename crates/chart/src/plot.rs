//! Lines over time.

use crate::ChartError;
use crate::draw::font;
use crate::fit::{self, Measure as _};
use crate::poster::{Colour, Line, Palette, Plot};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const LEGEND: i32 = 30;
const LEFT: u32 = 84;
const BELOW: u32 = 34;

pub(crate) fn rgb(c: Colour) -> RGBColor {
    RGBColor(c.0, c.1, c.2)
}

pub(crate) fn failed<E: std::fmt::Display>(e: E) -> ChartError {
    ChartError::Draw(e.to_string())
}

/// The values' extent with some room; `None` without any value. A line of equal values has room as well.
fn extent(plot: &Plot) -> Option<(f64, f64)> {
    let values = plot
        .lines
        .iter()
        .flat_map(|l| l.points.iter().copied().flatten())
        .chain(plot.limit.iter().map(|(v, _)| *v))
        .filter(|v| v.is_finite());
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return None;
    }
    let room = ((high - low) * 0.08).max(high.abs() * 0.02).max(1e-9);
    // What is never negative does not get an axis below nothing.
    let bottom = if low >= 0.0 && low <= high / 2.0 {
        0.0
    } else {
        low - room
    };
    Some((bottom, high + room))
}

/// Runs of points without a gap.
fn runs(line: &Line, plot: &Plot) -> Vec<Vec<(f64, f64)>> {
    let mut out: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (i, value) in line.points.iter().enumerate() {
        match (value, out.last_mut()) {
            (Some(v), Some(run)) if v.is_finite() => {
                run.push((plot.from + i as f64 * plot.step, *v))
            }
            _ => out.push(Vec::new()),
        }
    }
    out.retain(|run| !run.is_empty());
    out
}

/// Draws figures into an area.
pub(crate) fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    plot: &Plot,
    palette: &Palette,
    empty: &str,
) -> Result<(), ChartError> {
    legend(area, plot, palette)?;
    let (width, height) = area.dim_in_pixel();
    let Some((low, high)) = extent(plot) else {
        let style = font(15).color(&rgb(palette.muted));
        let at = (
            i32::try_from(width / 2).unwrap_or(0),
            i32::try_from(height / 2).unwrap_or(0),
        );
        let style = style.pos(Pos::new(HPos::Center, VPos::Center));
        return area
            .draw(&Text::new(empty.to_owned(), at, style))
            .map_err(failed);
    };
    let below = area.margin(LEGEND, 0, 0, 0);
    let mut chart = ChartBuilder::on(&below)
        .x_label_area_size(BELOW)
        .y_label_area_size(LEFT)
        .margin_right(16)
        .build_cartesian_2d(plot.from..plot.to.max(plot.from + 1.0), low..high)
        .map_err(failed)?;
    let label = font(13).color(&rgb(palette.muted));
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(rgb(palette.panel))
        .bold_line_style(rgb(palette.hair))
        .axis_style(rgb(palette.hair))
        .y_labels(5)
        .x_labels(8)
        .label_style(label.clone())
        .x_label_formatter(&|t| (plot.time)(*t, &plot.time_context))
        .y_label_formatter(&|v| (plot.value)(*v))
        .draw()
        .map_err(failed)?;
    for line in plot.lines.iter().rev() {
        let style = rgb(line.colour).stroke_width(if line.dashed { 2 } else { 3 });
        for run in runs(line, plot) {
            if line.dashed {
                chart
                    .draw_series(std::iter::once(DashedPathElement::new(run, 6, 5, style)))
                    .map_err(failed)?;
            } else {
                chart
                    .draw_series(std::iter::once(PathElement::new(run, style)))
                    .map_err(failed)?;
            }
        }
    }
    if let Some((value, name)) = &plot.limit {
        let style = rgb(palette.alarm).stroke_width(2);
        let ends = vec![(plot.from, *value), (plot.to, *value)];
        chart
            .draw_series(std::iter::once(DashedPathElement::new(ends, 3, 5, style)))
            .map_err(failed)?;
        let text = font(12)
            .color(&rgb(palette.alarm))
            .pos(Pos::new(HPos::Left, VPos::Bottom));
        let at = plot.from + (plot.to - plot.from) * 0.005;
        chart
            .draw_series(std::iter::once(Text::new(name.clone(), (at, *value), text)))
            .map_err(failed)?;
    }
    for (at, name) in plot
        .marks
        .iter()
        .filter(|(at, _)| *at >= plot.from && *at <= plot.to)
    {
        let style = rgb(palette.text).stroke_width(1);
        let ends = vec![(*at, low), (*at, high)];
        chart
            .draw_series(std::iter::once(PathElement::new(ends, style)))
            .map_err(failed)?;
        let text = font(12)
            .color(&rgb(palette.text))
            .pos(Pos::new(HPos::Left, VPos::Top));
        let beside = *at + (plot.to - plot.from) * 0.004;
        chart
            .draw_series(std::iter::once(Text::new(
                name.clone(),
                (beside, high),
                text,
            )))
            .map_err(failed)?;
    }
    Ok(())
}

/// The title, and the series' names at the right.
fn legend<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    plot: &Plot,
    palette: &Palette,
) -> Result<(), ChartError> {
    let (width, _) = area.dim_in_pixel();
    let width = i32::try_from(width).unwrap_or(0);
    let small = font(13);
    let measure = |text: &str| {
        small
            .box_size(text)
            .map_or(0, |(w, _)| i32::try_from(w).unwrap_or(i32::MAX))
    };
    let mut right = width - 16;
    for line in plot.lines.iter().rev() {
        let name = fit::line(&line.name, width / 4, &measure);
        right -= measure.width(&name);
        let style = small.color(&rgb(palette.muted));
        area.draw(&Text::new(name, (right, 4), style))
            .map_err(failed)?;
        right -= 30;
        let stroke = rgb(line.colour).stroke_width(3);
        let ends = vec![(right, 13), (right + 22, 13)];
        if line.dashed {
            area.draw(&DashedPathElement::new(ends, 6, 5, stroke))
                .map_err(failed)?;
        } else {
            area.draw(&PathElement::new(ends, stroke)).map_err(failed)?;
        }
        right -= 18;
    }
    let title = fit::line(&plot.title, right - 20, &measure);
    let style = small.color(&rgb(palette.text));
    area.draw(&Text::new(title, (16, 4), style)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<Option<f64>>) -> Plot {
        Plot {
            title: String::new(),
            from: 10.0,
            step: 5.0,
            to: 100.0,
            lines: vec![Line {
                name: String::new(),
                colour: Colour(0, 0, 0),
                dashed: false,
                points,
            }],
            limit: None,
            marks: Vec::new(),
            time: |t, _| t.to_string(),
            time_context: String::new(),
            value: |v| v.to_string(),
        }
    }

    #[test]
    fn a_gap_is_a_gap() {
        let p = plot(vec![Some(1.0), Some(2.0), None, Some(f64::NAN), Some(3.0)]);
        assert_eq!(
            runs(&p.lines[0], &p),
            [vec![(10.0, 1.0), (15.0, 2.0)], vec![(30.0, 3.0)]]
        );
    }

    #[test]
    fn the_axis_has_room_and_begins_at_nothing_where_that_is_near() {
        assert_eq!(extent(&plot(vec![None])), None);
        let (low, high) = extent(&plot(vec![Some(5.0), Some(100.0)])).expect("values");
        assert_eq!(low, 0.0);
        assert!(high > 100.0);
        let (low, high) = extent(&plot(vec![Some(98.0), Some(100.0)])).expect("values");
        assert!(low < 98.0 && low > 90.0 && high > 100.0);
        let (low, high) = extent(&plot(vec![Some(0.0)])).expect("values");
        assert!(low < high);
    }
}

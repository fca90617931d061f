//! Lines over time with axes and a legend.

use super::{Grade, Graph, GraphLine, stroke, time_ticks, value_ticks};
use crate::ChartError;
use crate::pen::{Pen, Rect};
use plotters::prelude::DrawingBackend;

/// Entries of a legend at most; the other lines are drawn all the same.
const LEGEND: usize = 8;

/// Where values stand on the paper.
pub(super) struct Scale {
    pub room: Rect,
    pub from: f64,
    pub to: f64,
    pub low: f64,
    pub high: f64,
}

impl Scale {
    pub fn x(&self, at: f64) -> i32 {
        let share = (at - self.from) / (self.to - self.from).max(1.0);
        self.room.x + (share.clamp(-1.0, 2.0) * f64::from(self.room.w)).round() as i32
    }

    pub fn y(&self, value: f64) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        self.room.bottom() - (share.clamp(-0.5, 1.5) * f64::from(self.room.h)).round() as i32
    }
}

/// The values' extent with some room, and its ends where they are given; `None` without any value.
pub(super) fn extent(graph: &Graph) -> Option<(f64, f64)> {
    let points = graph
        .lines
        .iter()
        .flat_map(|l| l.points.iter().copied().flatten());
    let bands = graph
        .lines
        .iter()
        .flat_map(|l| l.band.iter().copied().flatten());
    let values = points
        .chain(bands.flat_map(|(a, b)| [a, b]))
        .filter(|v| v.is_finite());
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return None;
    }
    // A limit far beyond all values would make a flat line of them.
    let near = |limit: &f64| {
        *limit <= high + (high - low).max(high.abs() * 0.5)
            && *limit >= low - (high - low).max(low.abs() * 0.5)
    };
    let limits = graph.limits.iter().map(|(v, _)| *v).filter(near);
    let (low, high) = limits.fold((low, high), |(a, b), v| (a.min(v), b.max(v)));
    let room = ((high - low) * 0.06).max(high.abs() * 0.02).max(1e-9);
    let bottom = if low >= 0.0 && low <= high / 2.0 {
        0.0
    } else {
        low - room
    };
    let bottom = graph.min.unwrap_or(bottom);
    let top = graph.max.map_or(high + room, |max| max.max(high));
    Some(if bottom < top {
        (bottom, top)
    } else {
        (bottom, bottom + 1.0)
    })
}

/// Runs of points without a gap, as pixels. Several points on one column of pixels become the least and the greatest of them: more
/// could not be seen and would cost.
pub(super) fn runs(graph: &Graph, points: &[Option<f64>], scale: &Scale) -> Vec<Vec<(i32, i32)>> {
    let mut out: Vec<Vec<(i32, i32)>> = vec![Vec::new()];
    for (i, value) in points.iter().enumerate() {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            out.push(Vec::new());
            continue;
        };
        let at = graph.start + i as f64 * graph.step;
        if at < graph.from - graph.step || at > graph.to + graph.step {
            continue;
        }
        if let Some(run) = out.last_mut() {
            push(run, (scale.x(at), scale.y(value)));
        }
    }
    out.retain(|run| !run.is_empty());
    out
}

/// Adds a point; of points above each other only the first, the extremes and the last stay.
fn push(run: &mut Vec<(i32, i32)>, point: (i32, i32)) {
    if let [.., (xa, ya), (xb, yb), (xc, yc)] = run.as_mut_slice()
        && *xa == point.0
        && *xb == point.0
        && *xc == point.0
    {
        let (low, high) = ((*ya).min(*yb).min(*yc), (*ya).max(*yb).max(*yc));
        (*ya, *yb) = if *ya <= *yb { (low, high) } else { (high, low) };
        *yc = point.1;
        return;
    }
    run.push(point);
}

pub(super) fn draw<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    graph: &Graph,
    room: Rect,
) -> Result<(), ChartError> {
    let room = legend(pen, graph, room)?;
    let Some((low, high)) = extent(graph) else {
        return pen.centre(
            "–",
            (room.x + room.w / 2, room.y + room.h / 2),
            20.0,
            pen.theme.text_3,
        );
    };
    let below = pen.px(26.0);
    let rows = usize::try_from(room.h / pen.px(42.0).max(1))
        .unwrap_or(0)
        .clamp(2, 6);
    let ticks = value_ticks(low, high, rows, graph.binary);
    let widest = ticks
        .iter()
        .map(|v| pen.width(&graph.value.write(*v), 13.0))
        .max()
        .unwrap_or(0);
    let left = widest + pen.px(10.0);
    let scale = Scale {
        room: Rect {
            x: room.x + left,
            w: (room.w - left - pen.px(6.0)).max(1),
            y: room.y + pen.px(6.0),
            h: (room.h - below - pen.px(6.0)).max(1),
        },
        from: graph.from,
        to: graph.to,
        low,
        high,
    };
    axes(pen, graph, &scale, &ticks)?;
    zones(pen, graph, &scale)?;
    for line in graph.lines.iter().rev() {
        one(pen, graph, line, &scale)?;
    }
    super::moments::draw(
        pen,
        &graph.marks,
        scale.room,
        (graph.from, graph.to),
        super::moments::Names::Written,
    )
}

fn axes<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    graph: &Graph,
    scale: &Scale,
    ticks: &[f64],
) -> Result<(), ChartError> {
    let (theme, plot) = (pen.theme, scale.room);
    for value in ticks {
        let y = scale.y(*value);
        pen.hair((plot.x, y), (plot.right(), y), theme.grid)?;
        pen.before(
            &graph.value.write(*value),
            (plot.x - pen.px(8.0), y),
            13.0,
            theme.text_3,
        )?;
    }
    pen.hair(
        (plot.x, plot.bottom()),
        (plot.right(), plot.bottom()),
        theme.hair,
    )?;
    times(
        pen,
        plot,
        (graph.from, graph.to),
        graph.zone_offset,
        &graph.time,
    )
}

/// Labels of time below a place.
pub(super) fn times<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    plot: Rect,
    (from, to): (f64, f64),
    offset: f64,
    write: &super::Writer,
) -> Result<(), ChartError> {
    let widest = pen.width(&write.write(to), 13.0) + pen.px(34.0);
    let count = usize::try_from(plot.w / widest.max(1))
        .unwrap_or(1)
        .clamp(1, 12);
    for at in time_ticks(from, to, count, offset) {
        let share = (at - from) / (to - from).max(1.0);
        let x = plot.x + (share * f64::from(plot.w)).round() as i32;
        pen.hair(
            (x, plot.bottom()),
            (x, plot.bottom() + pen.px(4.0)),
            pen.theme.hair,
        )?;
        let words = write.write(at);
        let half = pen.width(&words, 13.0) / 2;
        let middle = x.clamp(
            plot.x + half.min(plot.w / 2),
            (plot.right() - half).max(plot.x + half.min(plot.w / 2)),
        );
        pen.centre(
            &words,
            (middle, plot.bottom() + pen.px(15.0)),
            13.0,
            pen.theme.text_3,
        )?;
    }
    Ok(())
}

/// Limits that lie in the picture.
fn zones<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    graph: &Graph,
    scale: &Scale,
) -> Result<(), ChartError> {
    let plot = scale.room;
    for (limit, grade) in graph
        .limits
        .iter()
        .filter(|(v, _)| *v >= scale.low && *v <= scale.high)
    {
        let y = scale.y(*limit);
        let colour = if *grade == Grade::Normal {
            pen.theme.good
        } else {
            pen.theme.grade(*grade)
        };
        pen.dashes(vec![(plot.x, y), (plot.right(), y)], colour, 1.2)?;
    }
    Ok(())
}

fn one<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    graph: &Graph,
    line: &GraphLine,
    scale: &Scale,
) -> Result<(), ChartError> {
    let colour = stroke(pen.theme, line.stroke);
    band(pen, graph, line, scale)?;
    for run in runs(graph, &line.points, scale) {
        if line.filled && run.len() > 1 {
            let (first, last) = (
                run.first().map_or(0, |p| p.0),
                run.last().map_or(0, |p| p.0),
            );
            let mut area = run.clone();
            area.extend([(last, scale.room.bottom()), (first, scale.room.bottom())]);
            pen.shape(area, colour, 0.12)?;
        }
        let run = if let [(x, y)] = run[..] {
            // A point alone is seen as a short stroke.
            vec![(x - 1, y), (x + 1, y)]
        } else {
            run
        };
        if line.dashed {
            pen.dashes(run, colour, 1.6)?;
        } else {
            pen.path(run, colour, 2.0)?;
        }
    }
    Ok(())
}

fn band<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    graph: &Graph,
    line: &GraphLine,
    scale: &Scale,
) -> Result<(), ChartError> {
    if line.band.is_empty() {
        return Ok(());
    }
    let side = |pick: fn((f64, f64)) -> f64| -> Vec<Option<f64>> {
        line.band.iter().map(|b| b.map(pick)).collect()
    };
    let below = runs(graph, &side(|b| b.0), scale);
    let above = runs(graph, &side(|b| b.1), scale);
    for (low, high) in below.into_iter().zip(above) {
        let shape: Vec<_> = high.into_iter().chain(low.into_iter().rev()).collect();
        if shape.len() > 2 {
            pen.shape(shape, stroke(pen.theme, line.stroke), 0.16)?;
        }
    }
    Ok(())
}

/// The series' names in one or two lines above; answers what is left below them.
fn legend<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    graph: &Graph,
    room: Rect,
) -> Result<Rect, ChartError> {
    let line_height = pen.px(22.0);
    let lines = if room.h > pen.px(170.0) { 2 } else { 1 };
    let (mut x, mut y, mut line) = (room.x, room.y, 1);
    let mut any = false;
    for entry in graph
        .lines
        .iter()
        .filter(|l| !l.name.is_empty())
        .take(LEGEND)
    {
        let name = pen.fit(&entry.name, room.w / 3, 13.0);
        let (name_width, value_width) = (pen.width(&name, 13.0), pen.width(&entry.newest, 13.0));
        let whole = pen.px(24.0) + name_width + pen.px(6.0) + value_width + pen.px(18.0);
        if x + whole > room.right() + pen.px(18.0) {
            if line == lines {
                break;
            }
            line += 1;
            (x, y) = (room.x, y + line_height);
        }
        let (middle, colour) = (y + pen.px(9.0), stroke(pen.theme, entry.stroke));
        let ends = vec![(x, middle), (x + pen.px(16.0), middle)];
        if entry.dashed {
            pen.dashes(ends, colour, 1.6)?;
        } else {
            pen.path(ends, colour, 2.4)?;
        }
        pen.left(&name, (x + pen.px(22.0), y), 13.0, pen.theme.text_2)?;
        let value_at = x + pen.px(28.0) + name_width;
        pen.left(&entry.newest, (value_at, y), 13.0, pen.theme.text)?;
        x += whole;
        any = true;
    }
    Ok(if any {
        room.below(y - room.y + line_height)
    } else {
        room
    })
}

#[cfg(test)]
mod tests {
    use super::super::Writer;
    use super::*;

    fn graph(points: Vec<Option<f64>>) -> Graph {
        Graph {
            from: 0.0,
            to: 100.0,
            start: 0.0,
            step: 10.0,
            lines: vec![GraphLine {
                points,
                ..GraphLine::default()
            }],
            limits: Vec::new(),
            marks: Vec::new(),
            min: None,
            max: None,
            value: Writer::new(|v| v.to_string()),
            time: Writer::new(|v| v.to_string()),
            zone_offset: 0.0,
            binary: false,
        }
    }

    fn scale(w: i32) -> Scale {
        Scale {
            room: Rect {
                x: 0,
                y: 0,
                w,
                h: 100,
            },
            from: 0.0,
            to: 100.0,
            low: 0.0,
            high: 10.0,
        }
    }

    #[test]
    fn a_gap_is_a_gap() {
        let g = graph(vec![Some(1.0), Some(2.0), None, Some(f64::NAN), Some(3.0)]);
        let runs = runs(&g, &g.lines[0].points, &scale(100));
        assert_eq!(runs, [vec![(0, 90), (10, 80)], vec![(40, 70)]]);
    }

    #[test]
    fn what_stands_on_one_pixel_keeps_its_extremes() {
        let mut g = graph(
            (0..1000)
                .map(|i| Some(if i == 500 { 9.0 } else { 1.0 }))
                .collect(),
        );
        g.step = 0.1;
        let runs = runs(&g, &g.lines[0].points, &scale(20));
        assert!(runs[0].len() < 100, "{}", runs[0].len());
        assert!(runs[0].iter().any(|(_, y)| *y == 10), "the peak is drawn");
    }

    #[test]
    fn a_far_limit_does_not_flatten_the_line() {
        let mut g = graph(vec![Some(1.0), Some(2.0)]);
        g.limits = vec![(1_000.0, Grade::Warning), (2.5, Grade::Critical)];
        let (low, high) = extent(&g).expect("values");
        assert!(low == 0.0 && high > 2.5 && high < 10.0, "{low} {high}");
        assert_eq!(extent(&graph(vec![None])), None);
        let mut fixed = graph(vec![Some(5.0)]);
        (fixed.min, fixed.max) = (Some(0.0), Some(100.0));
        assert_eq!(extent(&fixed), Some((0.0, 100.0)));
        fixed.min = Some(200.0);
        let (low, high) = extent(&fixed).expect("values");
        assert!(low < high);
    }
}

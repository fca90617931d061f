//! Places: a dashboard's endless grid of 24 columns, and boards that fit a screen.

use model::board::Area;

/// Columns of a dashboard's grid.
pub(crate) const COLUMNS: u32 = 24;
/// Rows of a board at most.
const MAX_ROWS: u32 = 96;
/// Rows of a board at least: fewer would make each row as high as a hand.
const MIN_ROWS: u32 = 18;

/// Something with its place on a dashboard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed<T> {
    pub item: T,
    pub x: u32,
    pub y: u32,
    pub w: u32,
    pub h: u32,
}

impl<T> Placed<T> {
    fn overlaps<U>(&self, other: &Placed<U>) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }
}

/// One row of the heading's part: panels between two lines that no panel crosses.
pub(crate) struct Part<T> {
    pub title: String,
    pub panels: Vec<Placed<T>>,
}

/// A screen full.
pub(crate) struct Sheet<T> {
    /// Title of the first part on it.
    pub title: String,
    pub rows: u16,
    pub panels: Vec<(T, Area)>,
}

/// Makes every place valid, as a dashboard's own grid does: inside the columns, nothing over something else, no empty rows.
pub(crate) fn settle<T>(mut panels: Vec<Placed<T>>) -> Vec<Placed<T>> {
    for p in &mut panels {
        p.w = p.w.clamp(1, COLUMNS);
        p.h = p.h.clamp(1, MAX_ROWS);
        p.x = p.x.min(COLUMNS - p.w);
    }
    panels.sort_by_key(|p| (p.y, p.x));
    let mut done: Vec<Placed<T>> = Vec::with_capacity(panels.len());
    for mut panel in panels {
        while let Some(other) = done.iter().find(|d| d.overlaps(&panel)) {
            panel.y = other.y + other.h;
        }
        done.push(panel);
    }
    done.sort_by_key(|p| (p.y, p.x));
    let (mut end, mut gap) = (0, 0);
    for panel in &mut done {
        if panel.y > end {
            gap += panel.y - end;
        }
        end = end.max(panel.y + panel.h);
        panel.y -= gap;
    }
    done
}

/// Settled panels cut where no panel crosses the line.
fn bands<T>(panels: Vec<Placed<T>>) -> Vec<Vec<Placed<T>>> {
    let mut out: Vec<Vec<Placed<T>>> = Vec::new();
    let mut end = 0;
    for panel in panels {
        let bottom = panel.y + panel.h;
        match out.last_mut() {
            Some(last) if panel.y < end => last.push(panel),
            _ => out.push(vec![panel]),
        }
        end = end.max(bottom);
    }
    out
}

fn height<T>(band: &[Placed<T>]) -> u32 {
    let top = band.iter().map(|p| p.y).min().unwrap_or(0);
    let bottom = band.iter().map(|p| p.y + p.h).max().unwrap_or(0);
    bottom - top
}

/// Panels so interlocked that no screen could hold them, all made equally high: then every eighth line is free to cut.
fn straightened<T>(mut panels: Vec<Placed<T>>) -> Vec<Vec<Placed<T>>> {
    const HEIGHT: u32 = 8;
    for p in &mut panels {
        p.y = p.y / HEIGHT * HEIGHT;
        p.h = HEIGHT;
    }
    bands(settle(panels))
}

/// Boards of at most `max_rows` rows. A part begins a new board when it does not fit the rest of the one before; one that is higher
/// than a board is cut between its rows; a row that is higher still
/// gets a board of its own.
pub(crate) fn sheets<T>(parts: Vec<Part<T>>, max_rows: u32) -> Vec<Sheet<T>> {
    let max_rows = max_rows.clamp(MIN_ROWS, MAX_ROWS);
    let mut out: Vec<(String, u32, Vec<Placed<T>>)> = Vec::new();
    for part in parts {
        let mut bands = bands(settle(part.panels));
        if bands.iter().any(|b| height(b) > MAX_ROWS) {
            bands = straightened(bands.into_iter().flatten().collect());
        }
        let whole: u32 = bands.iter().map(|b| height(b)).sum();
        let mut fresh = out
            .last()
            .is_none_or(|(_, used, _)| used + whole > max_rows);
        for band in bands {
            let tall = height(&band);
            if fresh || out.last().is_none_or(|(_, used, _)| used + tall > max_rows) {
                out.push((part.title.clone(), 0, Vec::new()));
                fresh = false;
            }
            let Some((_, used, panels)) = out.last_mut() else {
                continue;
            };
            let top = band.iter().map(|p| p.y).min().unwrap_or(0);
            for mut panel in band {
                panel.y = panel.y - top + *used;
                panels.push(panel);
            }
            *used += tall;
        }
    }
    out.into_iter()
        .map(|(title, used, panels)| sheet(title, used, panels))
        .collect()
}

fn sheet<T>(title: String, used: u32, panels: Vec<Placed<T>>) -> Sheet<T> {
    let cell = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    let panels = panels
        .into_iter()
        .map(|p| {
            let area = Area {
                x: cell(p.x),
                y: cell(p.y),
                w: cell(p.w),
                h: cell(p.h),
            };
            (p.item, area)
        })
        .collect();
    Sheet {
        title,
        rows: cell(used.clamp(MIN_ROWS, MAX_ROWS)),
        panels,
    }
}

/// `from` columns or rows become `to`: the edges are rounded, so that neighbours stay neighbours. At least one cell wide.
pub(crate) fn stretch(at: u16, length: u16, from: u16, to: u16) -> (u32, u32) {
    let edge = |e: u32| (e * u32::from(to) * 2 + u32::from(from)) / (2 * u32::from(from.max(1)));
    let begin = edge(u32::from(at)).min(u32::from(to).saturating_sub(1));
    let end = edge(u32::from(at) + u32::from(length));
    (begin, end.saturating_sub(begin).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: u32, y: u32, w: u32, h: u32) -> Placed<()> {
        Placed {
            item: (),
            x,
            y,
            w,
            h,
        }
    }

    #[test]
    fn places_become_valid() {
        let done = settle(vec![
            at(0, 100, 12, 5),
            at(6, 102, 12, 5),
            at(30, 900, 90, 400),
            at(0, 4_000_000, 0, 0),
        ]);
        let places: Vec<_> = done.iter().map(|p| (p.x, p.y, p.w, p.h)).collect();
        assert_eq!(
            places,
            [
                (0, 0, 12, 5),
                (6, 5, 12, 5),
                (0, 10, 24, 96),
                (0, 106, 1, 1)
            ]
        );
    }

    #[test]
    fn parts_are_cut_where_they_may() {
        let part = |title: &str, panels| Part {
            title: title.to_owned(),
            panels,
        };
        let tall = (0..6).map(|i| at(0, i * 10, 24, 10)).collect();
        let made = sheets(
            vec![
                part("a", vec![at(0, 0, 12, 8), at(12, 0, 12, 8)]),
                part("b", vec![at(0, 500, 24, 8)]),
                part("c", tall),
                part("d", vec![at(0, 0, 12, 50), at(12, 40, 12, 60)]),
            ],
            40,
        );
        let shape: Vec<_> = made
            .iter()
            .map(|s| (s.title.as_str(), s.rows, s.panels.len()))
            .collect();
        assert_eq!(shape, [("a", 18, 3), ("c", 40, 4), ("c", 36, 4)]);
        let below: Vec<_> = made[0].panels.iter().map(|(_, a)| a.y).collect();
        assert_eq!(below, [0, 0, 8]);
        for s in &made {
            assert!(s.panels.iter().all(|(_, a)| a.y + a.h <= s.rows));
        }
    }

    #[test]
    fn edges_are_rounded_the_same_on_both_sides() {
        let mut end = 0;
        for at in (0..48).step_by(3) {
            let (begin, length) = stretch(at, 3, 48, 24);
            assert_eq!(begin, end);
            end = begin + length;
        }
        assert_eq!(end, 24);
        assert_eq!(stretch(3, 5, 24, 24), (3, 5));
    }
}

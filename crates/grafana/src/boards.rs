//! A whole dashboard.

use crate::MAX_PANELS;
use crate::fault::{Loss, LossKind, Refused};
use crate::kinds::{self, Kind};
use crate::layout::{Part, Placed, Sheet, sheets};
use crate::panel::{Reader, slug};
use crate::read::{self, Losses, Node};
use crate::variables::Variables;
use model::board::variable::{Variable, variables_in};
use model::board::{Board, Panel};
use std::collections::{BTreeMap, BTreeSet};

/// How a dashboard is read.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Id of the board; made from the title when `None`. Further boards get `-2`, `-3`, ….
    pub id: Option<String>,
    /// Every query is asked of this source; of every source when `None`.
    pub source: Option<String>,
    /// Rows of a board at most (18 to 96). A dashboard's own row is 38 pixels high, so that 40 of them are still read on a screen
    /// of 1080 pixels.
    pub max_rows: u16,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            id: None,
            source: None,
            max_rows: 40,
        }
    }
}

/// What came of a dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The dashboard's title.
    pub title: String,
    /// One board or, where a dashboard does not fit a screen, several. None when nothing could be taken.
    pub boards: Vec<Board>,
    /// What could not be taken.
    pub losses: Vec<Loss>,
    /// Panels of the dashboard, headings not counted.
    pub found: usize,
    /// Panels of the boards.
    pub taken: usize,
}

/// A dashboard's JSON as boards.
///
/// # Errors
/// When the bytes are no dashboard at all.
pub fn import(bytes: &[u8], options: &ImportOptions) -> Result<Imported, Refused> {
    let root = read::parse(bytes)?;
    let dashboard = read::dashboard(&root)?;
    let mut losses = Losses::default();
    let window = window_seconds(dashboard.at(&["time", "from"]).text());
    let variables = Variables::read(&dashboard, window, &mut losses);
    let inputs = inputs(&dashboard, &mut losses);
    let elements = dashboard.get("__elements");
    let mut walk = Walk {
        reader: Reader {
            variables: &variables,
            inputs: &inputs,
            source: options.source.as_deref(),
            losses: &mut losses,
        },
        elements,
        ids: BTreeSet::new(),
        parts: Vec::new(),
        found: 0,
    };
    walk.dashboard(&dashboard);
    let (parts, found) = (walk.parts, walk.found);
    of_the_whole(&dashboard, &mut losses);
    let title = dashboard.get("title").words().unwrap_or_default();
    let frame = Frame {
        id: options
            .id
            .clone()
            .or_else(|| slug(&title, '-'))
            .unwrap_or_else(|| "dashboard".to_owned()),
        title: title.clone(),
        window_seconds: window,
        refresh_seconds: refresh_seconds(dashboard.get("refresh").text()),
        variables: &variables,
    };
    let taken = parts.iter().map(|p| p.panels.len()).sum();
    Ok(Imported {
        boards: frame.boards(sheets(parts, u32::from(options.max_rows))),
        title,
        losses: losses.all,
        found,
        taken,
    })
}

/// What all boards of a dashboard share.
struct Frame<'a> {
    variables: &'a Variables,
    id: String,
    title: String,
    window_seconds: u32,
    refresh_seconds: u32,
}

impl Frame<'_> {
    fn boards(&self, sheets: Vec<Sheet<(String, Panel)>>) -> Vec<Board> {
        let several = sheets.len() > 1;
        let board = |(i, sheet): (usize, Sheet<(String, Panel)>)| {
            let title = match sheet.title.as_str() {
                part if several && !part.is_empty() => format!("{} · {part}", self.title),
                _ => self.title.clone(),
            };
            let rows = sheet.rows;
            let panels = named(sheet);
            Board {
                id: if i == 0 {
                    self.id.clone()
                } else {
                    format!("{}-{}", self.id, i + 1)
                },
                title,
                window_seconds: self.window_seconds,
                refresh_seconds: self.refresh_seconds,
                columns: 24,
                rows,
                variables: self.used(&panels),
                marks: Vec::new(),
                panels,
            }
        };
        sheets.into_iter().enumerate().map(board).collect()
    }
}

impl Frame<'_> {
    /// The variables that these panels use, in the order of their names.
    fn used(&self, panels: &[Panel]) -> Vec<Variable> {
        let mut ids = BTreeSet::new();
        for panel in panels {
            ids.extend(variables_in(&panel.title));
            ids.extend(panel.queries.iter().flat_map(|q| variables_in(&q.expr)));
        }
        let known = &self.variables.kept;
        ids.iter().filter_map(|id| known.get(id).cloned()).collect()
    }
}

/// Panels with ids and places; the heading of their part beside the title where a board has several.
fn named(sheet: Sheet<(String, Panel)>) -> Vec<Panel> {
    let parts: BTreeSet<&str> = sheet.panels.iter().map(|((p, _), _)| p.as_str()).collect();
    let several = parts.len() > 1;
    let mut ids = BTreeSet::new();
    let mut out = Vec::with_capacity(sheet.panels.len());
    for ((part, mut panel), at) in sheet.panels {
        let base = slug(&panel.title, '_').unwrap_or_else(|| "panel".to_owned());
        let mut id = base.clone();
        let mut number = 1;
        while !ids.insert(id.clone()) {
            number += 1;
            id = format!("{base}_{number}");
        }
        panel.id = id;
        panel.at = at;
        panel.subtitle = Some(part).filter(|p| several && !p.is_empty() && *p != panel.title);
        out.push(panel);
    }
    out
}

struct Walk<'a, 'r> {
    reader: Reader<'r>,
    elements: Node<'a>,
    ids: BTreeSet<String>,
    parts: Vec<Part<(String, Panel)>>,
    found: usize,
}

impl<'a> Walk<'a, '_> {
    fn dashboard(&mut self, dashboard: &Node<'a>) {
        let rows = dashboard.get("rows").list(self.reader.losses, None);
        for row in rows.iter().take(MAX_PANELS) {
            self.begin(row.get("title").words().unwrap_or_default());
            self.old_row(row);
        }
        let mut panels = dashboard.get("panels").list(self.reader.losses, None);
        // The order of the file is the order of the grid in all but files that were written by hand.
        panels.sort_by_key(|p| {
            (
                p.at(&["gridPos", "y"]).cells().unwrap_or(0),
                p.at(&["gridPos", "x"]).cells().unwrap_or(0),
            )
        });
        self.begin(String::new());
        for panel in panels {
            if !self.has_room() {
                return;
            }
            let kind = panel.get("type").text().unwrap_or_default();
            if kinds::from_dashboard(kind, false) == Kind::Row {
                let title = panel.get("title").words().unwrap_or_default();
                let title = self.reader.variables.words(&title);
                if let Some(variable) = panel.get("repeat").words() {
                    let path = panel.get("repeat").path;
                    self.reader
                        .losses
                        .add(Some(&title), &path, LossKind::Repeat(variable));
                }
                self.begin(title);
                for inner in panel.get("panels").list(self.reader.losses, None) {
                    self.on_the_grid(&inner);
                }
            } else {
                self.on_the_grid(&panel);
            }
        }
    }

    fn has_room(&mut self) -> bool {
        if self.found < MAX_PANELS {
            return true;
        }
        let kind = LossKind::TooManyPanels(MAX_PANELS);
        self.reader.losses.add(None, "$.panels", kind);
        false
    }

    fn begin(&mut self, title: String) {
        self.parts.push(Part {
            title,
            panels: Vec::new(),
        });
    }

    fn on_the_grid(&mut self, panel: &Node<'a>) {
        let place = panel.get("gridPos");
        let cell = |key: &str, default| place.get(key).cells().unwrap_or(default);
        let at = (cell("x", 0), cell("y", 0), cell("w", 12), cell("h", 8));
        self.take(panel, at);
    }

    /// A row of the days before the grid: panels beside each other, spans in twelfths, a height in pixels for all.
    fn old_row(&mut self, row: &Node<'a>) {
        let pixels = |node: Node<'_>| {
            let text = node.text().map(|t| t.trim_end_matches("px").to_owned());
            node.number().or_else(|| text?.trim().parse().ok())
        };
        // A cell of the grid is 30 pixels with 8 between two.
        let cells = |pixels: f64| (pixels / 38.0).ceil().clamp(3.0, 96.0) as u32;
        let height = cells(pixels(row.get("height")).unwrap_or(250.0));
        let (mut x, mut y, mut tallest) = (0, 0, 0);
        for panel in row.get("panels").list(self.reader.losses, None) {
            if !self.has_room() {
                return;
            }
            let width = (panel.get("span").number().unwrap_or(4.0) * 2.0).round();
            let width = width.clamp(1.0, 24.0) as u32;
            let own = pixels(panel.get("height")).map(cells).unwrap_or(height);
            if x + width > 24 {
                y += tallest;
                (x, tallest) = (0, 0);
            }
            self.take(&panel, (x, y, width, own));
            x += width;
            tallest = tallest.max(own);
        }
    }

    fn take(&mut self, panel: &Node<'a>, (x, y, w, h): (u32, u32, u32, u32)) {
        self.found += 1;
        let id = panel.get("id");
        if id.is_there() && !self.ids.insert(id.value.to_string()) {
            let kind = LossKind::DuplicateId(id.value.to_string());
            let title = panel.get("title").words();
            self.reader.losses.add(title.as_deref(), &id.path, kind);
        }
        let Some(model) = self.model(panel) else {
            return;
        };
        let Some(taken) = self.reader.panel(&model) else {
            return;
        };
        if let Some(part) = self.parts.last_mut() {
            part.panels.push(Placed {
                item: (part.title.clone(), taken),
                x,
                y,
                w,
                h,
            });
        }
    }

    /// The panel itself, or what the library has under its name.
    fn model(&mut self, panel: &Node<'a>) -> Option<Node<'a>> {
        let library = panel.get("libraryPanel");
        let has_own = panel
            .get("type")
            .text()
            .is_some_and(|t| t != "library-panel-ref")
            && panel.get("targets").count() > 0;
        if !library.is_there() || has_own {
            return Some(panel.clone());
        }
        let uid = library.get("uid").text().unwrap_or_default();
        let found = [self.elements.get(uid).get("model"), library.get("model")];
        if let Some(model) = found.into_iter().find(Node::is_there) {
            return Some(model);
        }
        let name = library
            .get("name")
            .words()
            .unwrap_or_else(|| uid.to_owned());
        let title = panel.get("title").words().unwrap_or_else(|| name.clone());
        let kind = LossKind::LibraryPanel(name);
        self.reader.losses.add(Some(&title), &library.path, kind);
        None
    }
}

/// Names under which a file made for sharing asks for data sources, with their kinds.
fn inputs(dashboard: &Node<'_>, losses: &mut Losses) -> BTreeMap<String, String> {
    let list = dashboard.get("__inputs").list(losses, None);
    let pair = |n: &Node<'_>| Some((n.get("name").words()?, n.get("pluginId").words()?));
    list.iter().filter_map(pair).collect()
}

fn of_the_whole(dashboard: &Node<'_>, losses: &mut Losses) {
    let place = dashboard.at(&["annotations", "list"]);
    let own = |n: &&Node<'_>| n.get("builtIn").number() != Some(1.0) && !n.get("builtIn").is_true();
    let count = place.list(losses, None).iter().filter(own).count();
    if count > 0 {
        losses.add(None, &place.path, LossKind::Annotations(count));
    }
    let links = dashboard.get("links");
    if links.count() > 0 {
        losses.add(None, &links.path, LossKind::Links(links.count()));
    }
}

/// Seconds of `5m`, `6h`, `now-7d`; months have 30 days.
fn seconds(text: &str) -> Option<u64> {
    let text = text
        .trim()
        .trim_start_matches("now")
        .trim_start_matches('-');
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text.get(..end)?.parse().ok()?;
    // `now-1d/d` begins at the day's begin; its length is what counts here.
    let unit = text.get(end..)?.split('/').next()?;
    let each = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "M" => 30 * 86_400,
        "y" => 365 * 86_400,
        _ => return None,
    };
    number.checked_mul(each)
}

fn window_seconds(from: Option<&str>) -> u32 {
    let found = from.and_then(seconds).unwrap_or(3_600);
    u32::try_from(found.clamp(60, 90 * 86_400)).unwrap_or(3_600)
}

fn refresh_seconds(text: Option<&str>) -> u32 {
    let found = text.and_then(seconds).unwrap_or(15);
    u32::try_from(found.clamp(1, 3_600)).unwrap_or(15)
}

#[cfg(test)]
#[path = "boards_tests.rs"]
mod tests;

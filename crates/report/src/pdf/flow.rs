//! A document set into pages: what stands where. Points from the upper left corner of an A4 page.

use super::paper::{HEIGHT, WIDTH};
use crate::ReportError;
use crate::document::{Block, Cell, Chart, Document, KeyFigure, Table};
use crate::html::{mark, picture, spark};
use chart::panel::{Grade, Theme, panel_inks};
use chart::{Colour, Ink, width, wrapped};

const LEFT: f64 = 42.0;
const TOP: f64 = 46.0;
const ROOM: f64 = WIDTH - 2.0 * LEFT;
/// Nothing but the foot stands below.
const END: f64 = HEIGHT - 52.0;
const GAP: f64 = 10.0;
/// Charts are drawn this much larger and set smaller, because their places are whole pixels.
const FINE: f64 = 4.0;
/// Points of a chart's unit of design.
const UNIT: f64 = 0.52;
const INK: Theme = Theme::PAPER;

type Page = Vec<Ink>;

/// Pages that are being filled.
pub struct Flow {
    pages: Vec<Page>,
    page: Page,
    y: f64,
}

/// Words whose upper edge is at `y`.
fn words(page: &mut Page, text: &str, (x, y): (f64, f64), em: f64, colour: Colour) {
    if !text.is_empty() {
        // 0.88 of an em above the base line is where Han characters begin.
        let at = (x, y + em * 0.88);
        page.push(Ink::Words {
            text: text.to_owned(),
            at,
            em,
            colour,
        });
    }
}

fn words_right(page: &mut Page, text: &str, (x, y): (f64, f64), em: f64, colour: Colour) {
    words(page, text, (x - width(text) * em, y), em, colour);
}

fn hair(page: &mut Page, from: (f64, f64), to: (f64, f64), thick: f64, colour: Colour) {
    page.push(Ink::Stroke {
        points: vec![from, to],
        width: thick,
        colour,
        opacity: 1.0,
    });
}

fn field(page: &mut Page, (x, y): (f64, f64), (w, h): (f64, f64), colour: Colour) {
    let points = vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h)];
    page.push(Ink::Shape {
        points,
        colour,
        opacity: 1.0,
    });
}

fn colour(grade: Grade) -> Colour {
    if grade == Grade::Normal {
        INK.text
    } else {
        INK.grade(grade)
    }
}

/// One line that fits.
fn fit(text: &str, room: f64, em: f64) -> String {
    wrapped(text, room / em, 1).pop().unwrap_or_default()
}

/// The foot of a page.
pub fn foot(page: &mut Page, text: &str, number: usize, of: usize) {
    let y = HEIGHT - 36.0;
    hair(page, (LEFT, y), (WIDTH - LEFT, y), 0.5, INK.hair);
    words(page, text, (LEFT, y + 6.0), 8.0, INK.text_3);
    words_right(
        page,
        &format!("{number} / {of}"),
        (WIDTH - LEFT, y + 6.0),
        8.0,
        INK.text_3,
    );
}

impl Flow {
    /// An empty first page.
    pub fn new() -> Self {
        Self {
            pages: Vec::new(),
            page: Vec::new(),
            y: TOP,
        }
    }

    /// The pages.
    pub fn finish(mut self) -> Vec<Page> {
        if !self.page.is_empty() || self.pages.is_empty() {
            self.pages.push(self.page);
        }
        self.pages
    }

    fn turn(&mut self) {
        self.pages.push(std::mem::take(&mut self.page));
        self.y = TOP;
    }

    /// A new page when less than this is left.
    fn need(&mut self, height: f64) {
        if self.y + height > END && self.y > TOP {
            self.turn();
        }
    }

    /// The whole document.
    ///
    /// # Errors
    /// When a chart cannot be drawn.
    pub fn document(&mut self, document: &Document) -> Result<(), ReportError> {
        self.head(document);
        self.figures(&document.figures);
        for section in &document.sections {
            let first = section.blocks.first().map_or(0.0, least);
            self.need(40.0 + first.min(END - TOP - 40.0));
            self.y += 14.0;
            words(
                &mut self.page,
                &section.title,
                (LEFT, self.y),
                14.0,
                INK.text,
            );
            self.y += 20.0;
            hair(
                &mut self.page,
                (LEFT, self.y),
                (LEFT + ROOM, self.y),
                0.8,
                INK.hair,
            );
            self.y += 8.0;
            for block in &section.blocks {
                self.block(block)?;
            }
        }
        Ok(())
    }

    fn head(&mut self, document: &Document) {
        let page = &mut self.page;
        words(page, &document.subtitle, (LEFT, self.y), 10.5, INK.text_2);
        words(page, &document.title, (LEFT, self.y + 18.0), 24.0, INK.text);
        let good = if document.grade == Grade::Normal {
            INK.good
        } else {
            INK.grade(document.grade)
        };
        let verdict = format!("{}{}", mark(document.grade), document.verdict);
        words(page, &verdict, (LEFT, self.y + 52.0), 13.0, good);
        self.y += 76.0;
        hair(page, (LEFT, self.y), (LEFT + ROOM, self.y), 1.4, INK.text);
        self.y += 12.0;
        for sentence in &document.lead {
            field(&mut self.page, (LEFT, self.y + 4.5), (3.5, 3.5), INK.text_3);
            self.paragraph(sentence, 10.5, INK.text, 12.0);
        }
        self.y += 6.0;
    }

    fn paragraph(&mut self, text: &str, em: f64, colour: Colour, indent: f64) {
        let line = em * 1.6;
        for part in wrapped(text, (ROOM - indent) / em, 60) {
            self.need(line);
            words(&mut self.page, &part, (LEFT + indent, self.y), em, colour);
            self.y += line;
        }
        self.y += 2.0;
    }

    /// The great numbers, four in a row.
    fn figures(&mut self, figures: &[KeyFigure]) {
        const COLUMNS: usize = 4;
        let (w, h) = ((ROOM - 3.0 * GAP) / COLUMNS as f64, 78.0);
        for row in figures.chunks(COLUMNS) {
            self.need(h + GAP);
            for (i, figure) in row.iter().enumerate() {
                let x = LEFT + i as f64 * (w + GAP);
                self.figure(figure, (x, self.y), (w, h));
            }
            self.y += h + GAP;
        }
    }

    fn figure(&mut self, figure: &KeyFigure, (x, y): (f64, f64), (w, h): (f64, f64)) {
        let page = &mut self.page;
        let edge = if figure.grade == Grade::Normal {
            INK.hair
        } else {
            INK.grade(figure.grade)
        };
        let corners = vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        page.push(Ink::Stroke {
            points: corners,
            width: 0.6,
            colour: INK.hair,
            opacity: 1.0,
        });
        field(page, (x, y), (w, 2.0), edge);
        let inner = x + 9.0;
        words(
            page,
            &fit(&figure.name, w - 18.0, 9.0),
            (inner, y + 9.0),
            9.0,
            INK.text_2,
        );
        let mut em = 19.0;
        let unit = width(&figure.unit) * 9.5 + 4.0;
        while em > 11.0 && width(&figure.text) * em + unit > w - 18.0 {
            em -= 1.0;
        }
        words(
            page,
            &figure.text,
            (inner, y + 24.0 + (19.0 - em) * 0.8),
            em,
            colour(figure.grade),
        );
        let after = inner + width(&figure.text) * em + 3.0;
        words(page, &figure.unit, (after, y + 32.5), 9.5, INK.text_2);
        words(
            page,
            &fit(&figure.note, w - 18.0, 8.0),
            (inner, y + 49.0),
            8.0,
            INK.text_2,
        );
        for run in spark(&figure.course, w - 18.0, 11.0) {
            let points = run
                .into_iter()
                .map(|(px, py)| (inner + px, y + h - 15.0 + py))
                .collect();
            page.push(Ink::Stroke {
                points,
                width: 0.9,
                colour: INK.series[0],
                opacity: 1.0,
            });
        }
    }

    fn block(&mut self, block: &Block) -> Result<(), ReportError> {
        match block {
            Block::Text(text) => self.paragraph(text, 10.0, INK.text, 0.0),
            Block::Note(text) => self.paragraph(text, 8.5, INK.text_3, 0.0),
            Block::Chart(one) => {
                let height = ROOM * one.height;
                self.need(height + GAP);
                self.chart(one, LEFT, (ROOM, height))?;
                self.y += height + GAP;
            }
            Block::Pair(left, right) => {
                let w = (ROOM - GAP) / 2.0;
                let height = w * left.height.max(right.height);
                self.need(height + GAP);
                self.chart(left, LEFT, (w, height))?;
                self.chart(right, LEFT + w + GAP, (w, height))?;
                self.y += height + GAP;
            }
            Block::Table(table) => self.table(table),
        }
        Ok(())
    }

    fn chart(&mut self, chart: &Chart, x: f64, (w, h): (f64, f64)) -> Result<(), ReportError> {
        let size = ((w * FINE) as u32, (h * FINE) as u32);
        let inks = panel_inks(&picture(chart), &INK, size, UNIT * FINE)?;
        let y = self.y;
        let place = |(px, py): (f64, f64)| (x + px / FINE, y + py / FINE);
        let moved = inks.into_iter().map(|ink| match ink {
            Ink::Stroke {
                points,
                width,
                colour,
                opacity,
            } => Ink::Stroke {
                points: points.into_iter().map(place).collect(),
                width: width / FINE,
                colour,
                opacity,
            },
            Ink::Shape {
                points,
                colour,
                opacity,
            } => Ink::Shape {
                points: points.into_iter().map(place).collect(),
                colour,
                opacity,
            },
            Ink::Words {
                text,
                at,
                em,
                colour,
            } => Ink::Words {
                text,
                at: place(at),
                em: em / FINE,
                colour,
            },
        });
        self.page.extend(moved);
        Ok(())
    }

    fn table(&mut self, table: &Table) {
        let columns = widths(table);
        let (line, head) = (17.0, 16.0);
        self.need(head + line * 2.0);
        self.table_head(table, &columns);
        for row in &table.rows {
            if self.y + line > END {
                self.turn();
                self.table_head(table, &columns);
            }
            let mut x = LEFT;
            for (i, (Cell { text, grade }, w)) in row.iter().zip(&columns).enumerate() {
                let said = fit(&format!("{}{text}", mark(*grade)), w - 6.0, 9.0);
                if i == 0 {
                    words(
                        &mut self.page,
                        &said,
                        (x, self.y + 3.5),
                        9.0,
                        colour(*grade),
                    );
                } else {
                    words_right(
                        &mut self.page,
                        &said,
                        (x + w, self.y + 3.5),
                        9.0,
                        colour(*grade),
                    );
                }
                x += w;
            }
            self.y += line;
            hair(
                &mut self.page,
                (LEFT, self.y),
                (LEFT + ROOM, self.y),
                0.4,
                INK.hair,
            );
        }
        self.y += GAP;
    }

    fn table_head(&mut self, table: &Table, columns: &[f64]) {
        let mut x = LEFT;
        for (i, (name, w)) in table.head.iter().zip(columns).enumerate() {
            let said = fit(name, w - 6.0, 8.5);
            if i == 0 {
                words(&mut self.page, &said, (x, self.y + 2.0), 8.5, INK.text_3);
            } else {
                words_right(
                    &mut self.page,
                    &said,
                    (x + w, self.y + 2.0),
                    8.5,
                    INK.text_3,
                );
            }
            x += w;
        }
        self.y += 16.0;
        hair(
            &mut self.page,
            (LEFT, self.y),
            (LEFT + ROOM, self.y),
            0.8,
            INK.text_3,
        );
    }
}

/// How much room a block's beginning needs, so that a head never stands alone.
fn least(block: &Block) -> f64 {
    match block {
        Block::Text(_) | Block::Note(_) => 20.0,
        Block::Chart(one) => ROOM * one.height,
        Block::Pair(left, right) => (ROOM - GAP) / 2.0 * left.height.max(right.height),
        Block::Table(_) => 60.0,
    }
}

/// Widths of columns by their longest texts; together the page's.
fn widths(table: &Table) -> Vec<f64> {
    let columns = table.head.len().max(1);
    let mut wanted: Vec<f64> = table.head.iter().map(|h| width(h) * 8.5 + 12.0).collect();
    for row in &table.rows {
        for (i, cell) in row.iter().enumerate() {
            if let Some(w) = wanted.get_mut(i) {
                let marked = width(mark(cell.grade)) * 9.0;
                *w = w.max(width(&cell.text) * 9.0 + marked + 14.0);
            }
        }
    }
    let all: f64 = wanted.iter().sum();
    let first = wanted.first().copied().unwrap_or(ROOM);
    if all <= ROOM {
        // What is left over stands between the columns.
        let more = (ROOM - all) / columns as f64;
        return wanted.into_iter().map(|w| w + more).collect();
    }
    // The first column, whose texts come from outside, gives way first.
    let others = all - first;
    let kept = (ROOM - others).max(ROOM * 0.2).min(first);
    let scale = (ROOM - kept) / others.max(1.0);
    let mut out: Vec<f64> = wanted.into_iter().map(|w| w * scale).collect();
    if let Some(w) = out.first_mut() {
        *w = kept;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_page_and_names_give_way() {
        assert!(chart::face::install());
        let cell = |text: &str| Cell::from(text.to_owned());
        let table = |name: &str| Table {
            head: vec!["规则".into(), "次数".into(), "平均".into()],
            rows: vec![vec![cell(name), cell("128"), cell("4 分 32 秒")]],
        };
        for name in ["短", &"很长的规则名称".repeat(20)] {
            let all = widths(&table(name));
            assert!((all.iter().sum::<f64>() - ROOM).abs() < 0.01, "{all:?}");
            assert!(
                all[2] >= width("4 分 32 秒") * 9.0,
                "figures are whole: {all:?}"
            );
        }
    }

    #[test]
    fn a_long_table_goes_on_with_its_head() {
        assert!(chart::face::install());
        let row = |n: usize| vec![Cell::from(format!("r{n}")), Cell::from(n.to_string())];
        let table = Table {
            head: vec!["头".into(), "数".into()],
            rows: (0..120).map(row).collect(),
        };
        let mut flow = Flow::new();
        flow.table(&table);
        let pages = flow.finish();
        assert!(pages.len() >= 3, "{}", pages.len());
        for page in &pages {
            let heads = page
                .iter()
                .filter(|i| matches!(i, Ink::Words { text, .. } if text == "头"))
                .count();
            assert_eq!(heads, 1);
            let low = page.iter().filter_map(|i| match i {
                Ink::Words { at, .. } => Some(at.1),
                _ => None,
            });
            assert!(low.fold(0.0, f64::max) <= END);
        }
    }
}

//! A figure, its target, and the report of all.

use crate::paths;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write;

/// What a figure is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
    /// Nothing; it is told for information.
    None,
}

impl Limit {
    /// Whether `value` reaches it; `None` when there is nothing to reach. A value that is no number reaches
    /// nothing.
    pub fn reached(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(l) => Some(value <= l),
            Self::AtLeast(l) => Some(value >= l),
            Self::None => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(l) => format!("≤ {l}"),
            Self::AtLeast(l) => format!("≥ {l}"),
            Self::None => String::new(),
        }
    }
}

/// One measured number.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The measurement it belongs to.
    pub bench: &'static str,
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// Its target.
    pub limit: Limit,
}

impl Figure {
    fn json(&self) -> String {
        let (at_most, at_least) = match self.limit {
            Limit::AtMost(l) => (Some(l), None),
            Limit::AtLeast(l) => (None, Some(l)),
            Limit::None => (None, None),
        };
        json!({
            "bench": self.bench, "name": self.name, "value": self.value, "unit": self.unit,
            "at_most": at_most, "at_least": at_least, "reached": self.limit.reached(self.value),
        })
        .to_string()
    }

    fn row(&self) -> String {
        let verdict = match self.limit.reached(self.value) {
            Some(true) => "达标 · reached",
            Some(false) => "未达标 · missed",
            None => "",
        };
        let value = if self.value.abs() >= 1000.0 {
            format!("{:.0}", self.value)
        } else {
            format!("{:.3}", self.value)
        };
        format!(
            "{:<14} {:<44} {:>12} {:<18} {:<10} {verdict}",
            self.bench,
            self.name,
            value,
            self.unit,
            self.limit.text()
        )
    }
}

/// All figures of a run: each as a line of JSON on standard output and in `target/bench.jsonl` as soon as it is
/// known, together as a table at the end.
#[derive(Debug)]
pub struct Report {
    file: File,
    figures: Vec<Figure>,
}

impl Report {
    /// An empty one; the file of the last run is replaced.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new() -> Result<Self> {
        fs::create_dir_all(paths::output())?;
        Ok(Self {
            file: File::create(paths::output().join("bench.jsonl"))?,
            figures: Vec::new(),
        })
    }

    /// Adds a figure.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, figure: Figure) -> Result<()> {
        let line = figure.json();
        println!("{line}");
        writeln!(self.file, "{line}")?;
        self.figures.push(figure);
        Ok(())
    }

    /// Prints the table.
    pub fn table(&self) {
        println!();
        for figure in &self.figures {
            println!("{}", figure.row());
        }
    }
}

/// Takes the JSON lines that a bench of another crate printed: each number of each object becomes a figure,
/// called by the object's texts and the number's key. `limits` says what is to be reached, by key.
///
/// # Errors
/// When there was not a single figure.
pub(super) fn take_lines(
    report: &mut Report,
    bench: &'static str,
    text: &str,
    limits: &[(&str, Limit)],
) -> Result<()> {
    let before = report.figures.len();
    for line in text.lines() {
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let label: Vec<&str> = object
            .values()
            .filter_map(Value::as_str)
            .filter(|t| *t != bench)
            .collect();
        for (key, value) in object.iter().filter_map(|(k, v)| Some((k, v.as_f64()?))) {
            let name = [&label[..], &[key.as_str()]].concat().join(" ");
            let limit = limits
                .iter()
                .find(|(k, _)| k == key)
                .map_or(Limit::None, |(_, l)| *l);
            report.add(Figure {
                bench,
                name,
                value,
                unit: String::new(),
                limit,
            })?;
        }
    }
    if report.figures.len() == before {
        bail!("{bench} 没有给出数据 · {bench} gave no figure:\n{text}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_it_reached_its_target() {
        assert_eq!(Limit::AtMost(5.0).reached(5.0), Some(true));
        assert_eq!(Limit::AtLeast(3.0).reached(2.9), Some(false));
        assert_eq!(Limit::AtMost(5.0).reached(f64::NAN), Some(false));
        assert_eq!(Limit::None.reached(1.0), None);
        let figure = Figure {
            bench: "wall",
            name: "cpu".into(),
            value: 6.0,
            unit: "%".into(),
            limit: Limit::AtMost(5.0),
        };
        assert!(figure.row().contains("未达标") && figure.row().contains("≤ 5"));
        let json: serde_json::Value = serde_json::from_str(&figure.json()).unwrap();
        assert_eq!(json["reached"], false);
        assert_eq!(json["at_most"], 5.0);
    }
}

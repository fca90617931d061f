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

/// Takes the JSON lines that a bench of another crate printed: each number becomes a figure,
/// called by the keys that lead to it and the texts beside it. `limits` says what is to be reached, by key.
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
        if let Ok(object @ Value::Object(_)) = serde_json::from_str(line) {
            let mut found = Vec::new();
            numbers(&object, &mut Vec::new(), &mut found);
            for (path, value) in found {
                let limit = limits
                    .iter()
                    .find(|(k, _)| path.last().is_some_and(|p| p == k));
                report.add(Figure {
                    bench,
                    name: path.join(" "),
                    value,
                    unit: String::new(),
                    limit: limit.map_or(Limit::None, |(_, l)| *l),
                })?;
            }
        }
    }
    if report.figures.len() == before {
        bail!("{bench} 没有给出数据 · {bench} gave no figure:\n{text}");
    }
    Ok(())
}

/// All numbers below `value`, each with the keys that lead to it; the texts of an object are part of the way.
fn numbers(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, f64)>) {
    let Value::Object(object) = value else { return };
    let depth = path.len();
    path.extend(object.values().filter_map(Value::as_str).map(str::to_owned));
    for (key, inside) in object {
        path.push(key.clone());
        match inside.as_f64() {
            Some(number) => found.push((path.clone(), number)),
            None => numbers(inside, path, found),
        }
        path.pop();
    }
    path.truncate(depth);
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

    #[test]
    fn numbers_are_found_with_their_way() {
        let value = json!({"case": "short", "inner": {"ratio": 7.5}, "ms": 3});
        let mut found = Vec::new();
        numbers(&value, &mut Vec::new(), &mut found);
        let named: Vec<_> = found.iter().map(|(p, v)| (p.join(" "), *v)).collect();
        assert_eq!(
            named,
            [
                ("short inner ratio".to_owned(), 7.5),
                ("short ms".to_owned(), 3.0)
            ]
        );
    }
}

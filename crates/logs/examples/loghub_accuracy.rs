//! How well messages are grouped into patterns, on logs whose true groups are known.
//!
//! ```text
//! git clone https://github.com/logpai/loghub
//! cargo run --release -p logs --example loghub_accuracy -- loghub
//! ```
//!
//! The folder is searched for `<name>_2k.log_structured.csv`, as LogHub has them (Zhu et al.: "Loghub: A Large Collection of System Log
//! Datasets for AI-driven Log Analytics", ISSRE 2023; its logs may be used for research and are not part of this repository): a line with its
//! number of each of 2,000 messages, `Content`, and the template that people gave it, `EventId`. LogHub's folders `<name>/` are such a
//! folder, and so is the older `loghub_2k` of logpai/logparser.
//!
//! Printed for each set, as a line of JSON: the grouping accuracy (share of messages whose group has exactly the messages of a true one) and the F1
//! of groups (a group counts when it is exactly a true one). The means are of the sets on which the thresholds were tuned and of those
//! that were held back; all sets are grouped with the same configuration.

use logs::patterns::Miner;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Sets on which the thresholds were tuned; all others were held back.
const TUNED: [&str; 8] = [
    "Android",
    "BGL",
    "HDFS",
    "HealthApp",
    "Linux",
    "OpenSSH",
    "Proxifier",
    "Spark",
];
const ENDING: &str = "_2k.log_structured.csv";

/// Records of a CSV file: quoted fields may hold commas, line feeds and doubled quotes.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut chars) = (
        false,
        text.trim_start_matches('\u{feff}').chars().peekable(),
    );
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                all.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        all.push(record);
    }
    all
}

/// Messages and the names of their true groups.
fn read(path: &Path) -> Result<Vec<(String, String)>, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let mut all = records(&text).into_iter();
    let head = all.next().ok_or("an empty file")?;
    let column = |name: &str| {
        let found = head.iter().position(|h| h.trim() == name);
        found.ok_or_else(|| format!("no column {name}"))
    };
    let (content, event) = (column("Content")?, column("EventId")?);
    let pair = |record: Vec<String>| {
        let at = |i: usize| record.get(i).cloned();
        Some((at(content)?, at(event)?))
    };
    Ok(all.filter_map(pair).collect())
}

/// Grouping accuracy, and F1 of groups.
fn judge(lines: &[(String, String)]) -> (f64, f64) {
    let mut miner = Miner::new();
    let ids: Vec<_> = lines
        .iter()
        .map(|(message, _)| miner.add(message))
        .collect();
    let mut found: BTreeMap<_, BTreeSet<usize>> = BTreeMap::new();
    let mut truth: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (n, (id, (_, event))) in ids.iter().zip(lines).enumerate() {
        found.entry(miner.resolve(*id)).or_default().insert(n);
        truth.entry(event).or_default().insert(n);
    }
    let exact: BTreeSet<&BTreeSet<usize>> = truth.values().collect();
    let right: Vec<usize> = found
        .values()
        .filter(|group| exact.contains(group))
        .map(BTreeSet::len)
        .collect();
    let accuracy = right.iter().sum::<usize>() as f64 / lines.len().max(1) as f64;
    // 2PR / (P + R) with P = right / found and R = right / true.
    let groups = (found.len() + truth.len()).max(1);
    (accuracy, 2.0 * right.len() as f64 / groups as f64)
}

/// All files of that name below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|e| e.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.to_string_lossy().ends_with(ENDING) {
            found.push(path);
        }
    }
}

fn mean(of: &[(f64, f64)]) -> (f64, f64) {
    let n = of.len().max(1) as f64;
    let sum = |part: fn(&(f64, f64)) -> f64| of.iter().map(part).sum::<f64>() / n;
    (sum(|f| f.0), sum(|f| f.1))
}

fn say(name: &str, (accuracy, f1): (f64, f64), more: &str) {
    println!("{{\"set\":\"{name}\",\"accuracy\":{accuracy:.3},\"f1\":{f1:.3}{more}}}");
}

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1);
    let folder =
        folder.ok_or("which folder? for example a clone of https://github.com/logpai/loghub")?;
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    paths.sort();
    if paths.is_empty() {
        return Err(format!("no file *{ENDING} below {folder}"));
    }
    let (mut tuned, mut held_back) = (Vec::new(), Vec::new());
    for path in &paths {
        let lines = read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.trim_end_matches(ENDING);
        let figures = judge(&lines);
        say(name, figures, &format!(",\"lines\":{}", lines.len()));
        if TUNED.contains(&name) {
            tuned.push(figures);
        } else {
            held_back.push(figures);
        }
    }
    for (name, of) in [
        ("mean of the tuned", tuned),
        ("mean of those held back", held_back),
    ] {
        if !of.is_empty() {
            say(name, mean(&of), &format!(",\"sets\":{}", of.len()));
        }
    }
    Ok(())
}

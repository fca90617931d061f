//! Lines into a file below the data directory.

use super::scope::{refuse, store_error};
use super::views;
use crate::clock;
use model::log::{Direction, Field, LogLevel, LogLine, LogRange, PageAsk};
use source::Logs;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};
use wire::{ErrorView, LogExportAsk, LogExportFormat, LogExportView};

/// Lines of a file, of one question to the store.
const LINES: usize = 200_000;
const PAGE: usize = 2_000;
/// Bytes of a file.
const BYTES: u64 = 1 << 30;
/// Below the data directory.
const FOLDER: &str = "exports";

/// Writes the newest lines of the range, the newest first. A file that could not be finished is removed.
///
/// # Errors
/// What the store answers, or the disk.
pub(super) async fn write(
    store: Arc<dyn Logs>,
    range: LogRange,
    ask: LogExportAsk,
    data: PathBuf,
) -> Result<LogExportView, ErrorView> {
    let columns = views::columns(&ask.columns);
    let folder = data.join(FOLDER);
    let disk = |e: std::io::Error| refuse("not_written").with("detail", e);
    tokio::fs::create_dir_all(&folder).await.map_err(disk)?;
    let (ending, head) = match ask.format {
        LogExportFormat::Ndjson => ("ndjson", String::new()),
        LogExportFormat::Csv => ("csv", csv_head(&columns)),
    };
    let path = folder.join(format!("logs-{}.{ending}", clock::now_ms()));
    let half = Half::new(&path);
    let mut out = BufWriter::new(File::create(&half.0).await.map_err(disk)?);
    out.write_all(head.as_bytes()).await.map_err(disk)?;
    let most = (ask.limit as usize).clamp(1, LINES);
    let (mut lines, mut bytes, mut beyond) = (0, 0, None);
    let whole = loop {
        let page = PageAsk {
            beyond,
            direction: Direction::Older,
            limit: PAGE.min(most - lines),
        };
        let asked = store.page(&range, page).await;
        let page = asked.map_err(|e| store_error(&e))?.value;
        let text = match ask.format {
            LogExportFormat::Ndjson => ndjson(&page.lines),
            LogExportFormat::Csv => csv(&page.lines, &columns),
        };
        out.write_all(text.as_bytes()).await.map_err(disk)?;
        lines += page.lines.len();
        bytes += text.len() as u64;
        beyond = page.lines.last().map(|l| l.position);
        if !page.more || page.lines.is_empty() {
            break !page.more;
        }
        if lines >= most || bytes >= BYTES {
            break false;
        }
    };
    out.flush().await.map_err(disk)?;
    out.get_ref().sync_all().await.map_err(disk)?;
    half.finish(&path).map_err(disk)?;
    Ok(LogExportView {
        path: path.display().to_string(),
        lines: lines as f64,
        whole,
    })
}

/// A file that is not finished yet; gone when it never is, also when the question is given up.
struct Half(PathBuf);

impl Half {
    fn new(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        Self(name.into())
    }

    fn finish(self, path: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.0, path)
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // After finishing there is nothing left to remove.
        drop(std::fs::remove_file(&self.0));
    }
}

fn ndjson(lines: &[LogLine]) -> String {
    let mut out = String::new();
    for line in lines {
        // writing to a String cannot fail
        let _ = writeln!(out, "{}", views::object(line));
    }
    out
}

/// Names of the columns, after the mark by which spreadsheets know UTF-8.
fn csv_head(columns: &[Field]) -> String {
    let own = [
        "time", "level", "category", "service", "host", "message", "trace_id", "span_id",
    ];
    let names = own
        .iter()
        .map(|n| (*n).to_owned())
        .chain(columns.iter().map(Field::to_string));
    format!(
        "\u{feff}{}\r\n",
        names.map(|n| cell(&n)).collect::<Vec<_>>().join(",")
    )
}

fn csv(lines: &[LogLine], columns: &[Field]) -> String {
    let mut out = String::new();
    for line in lines {
        let own = [
            views::time(line.position.at_ns),
            line.level.map_or("", LogLevel::name).to_owned(),
            line.category.name().to_owned(),
            line.service.clone(),
            line.host.clone(),
            line.message.clone(),
            line.trace_id.clone(),
            line.span_id.clone(),
        ];
        let more = columns
            .iter()
            .map(|f| logs::field_text(line, f).unwrap_or_default().into_owned());
        let cells: Vec<String> = own.into_iter().chain(more).map(|c| cell(&c)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A cell of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.contains(['"', ',', '\n', '\r']);
    match (formula, quoted) {
        (false, false) => text.to_owned(),
        (true, false) => format!("'{text}"),
        (formula, true) => {
            let mark = if formula { "'" } else { "" };
            format!("\"{mark}{}\"", text.replace('"', "\"\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_and_formulas_are_text() {
        assert_eq!(cell("下单"), "下单");
        assert_eq!(cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@SUM(A1,B1)"), "\"'@SUM(A1,B1)\"");
    }

    #[test]
    fn one_line_of_the_file_is_one_line_of_the_log() {
        let line = LogLine {
            message: "第一行\n第二行".into(),
            attrs: json!({"http": {"status": 502}})
                .as_object()
                .cloned()
                .unwrap_or_default(),
            ..LogLine::default()
        };
        let text = ndjson(&[line.clone(), line.clone()]);
        assert_eq!(text.lines().count(), 2);
        for row in text.lines() {
            let read: serde_json::Value = serde_json::from_str(row).expect("JSON");
            assert_eq!(read["message"], "第一行\n第二行");
            assert_eq!(read["attrs"]["http"]["status"], 502);
        }
        let status = Field::named("http.status");
        assert!(csv_head(std::slice::from_ref(&status)).ends_with("span_id,http.status\r\n"));
        assert!(csv(&[line], &[status]).ends_with(",502\r\n"));
    }
}

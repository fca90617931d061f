//! `logs import`: log files as programs wrote them into a database. Forms, encodings and stack traces are found out by
//! [`logs::raw`]; nothing in a file can fail the rest of it.

use super::logs::{Outcome, pick, refused};
use super::output::{error_line, fail, line, sentence};
use crate::clock;
use crate::config::{Loaded, data_dir};
use crate::logs::postgres;
use crate::sources;
use ::logs::raw::{MAX_RECORD, Origin, Splitter, Start, read};
use clap::ArgMatches;
use model::log::{LogCategory, LogLine};
use source::LogSink;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;
/// Lines, and bytes of their messages, that are written at once.
const BATCH: usize = 2_000;
const BATCH_BYTES: usize = 8 << 20;

/// What has been written.
#[derive(Default)]
struct Written {
    lines: u64,
    /// Records of which something was left out because they were too long.
    cut: u64,
}

/// Lines on their way.
struct Import<'a> {
    sink: Arc<dyn LogSink>,
    origin: Origin,
    batch: Vec<LogLine>,
    bytes: usize,
    written: Written,
    locale: &'a str,
}

impl Import<'_> {
    async fn take(&mut self, records: Vec<::logs::raw::Record>) -> Outcome<()> {
        for record in records {
            self.written.cut += u64::from(record.left_out > 0);
            self.origin.received_ns = clock::now_ms().saturating_mul(1_000_000);
            let line = read(&record.bytes, &self.origin);
            self.bytes += record.bytes.len();
            self.batch.push(line);
            if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> Outcome<()> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let kept = self.sink.append(batch).await;
        let failed = |e: source::SourceError| {
            let params = [
                ("lines", self.written.lines.to_string()),
                ("detail", e.to_string()),
            ];
            fail(self.locale, "cli.logs_import_failed", &params)
        };
        self.written.lines += kept.map_err(failed)?.value as u64;
        Ok(())
    }
}

/// Reads a file, or what is piped in, to its end.
pub(super) async fn run(
    arguments: &ArgMatches,
    loaded: &Loaded,
    locale: &str,
) -> Outcome<ExitCode> {
    let config = &loaded.config;
    let store = pick(arguments, config, locale)?;
    let data = data_dir(config);
    let secrets = sources::secrets(config, data.as_deref()).await;
    let sink = postgres::writer(store, &secrets).map_err(|e| refused(&e, locale))?;
    let name = store.name.clone();
    let Some(sink) = sink else {
        return Err(fail(locale, "cli.logs_no_writer", &[("store", name)]));
    };
    let text = |name: &str| arguments.get_one::<String>(name).cloned();
    let path = text("file").unwrap_or_default();
    let unreadable = |e: &std::io::Error| {
        let params = [("path", path.clone()), ("detail", e.to_string())];
        fail(locale, "pglogs.io", &params)
    };
    let mut input: Box<dyn Read> = if path == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(&path).map_err(|e| unreadable(&e))?)
    };
    let zone = config
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Asia::Shanghai);
    let category: Option<LogCategory> = text("category").and_then(|c| c.parse().ok());
    let mut import = Import {
        sink,
        origin: Origin {
            service: text("service").unwrap_or_default(),
            host: text("host").unwrap_or_default(),
            category: category.unwrap_or_default(),
            ..Origin::new(zone, 0)
        },
        batch: Vec::new(),
        bytes: 0,
        written: Written::default(),
        locale,
    };
    let mut records = Splitter::with_limits(Start::Trace, Splitter::MAX_LINES, MAX_RECORD);
    let mut chunk = vec![0; CHUNK];
    loop {
        let got = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(got) => got,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(&e)),
        };
        let complete = records.push(chunk.get(..got).unwrap_or_default());
        import.take(complete).await?;
    }
    import.take(records.finish()).await?;
    import.write().await?;
    let Written { lines, cut } = import.written;
    line(&sentence(
        locale,
        "cli.logs_imported",
        &[("lines", lines.to_string()), ("store", name)],
    ));
    if cut > 0 {
        error_line(&sentence(
            locale,
            "cli.logs_import_cut",
            &[("records", cut.to_string())],
        ));
    }
    Ok(ExitCode::SUCCESS)
}

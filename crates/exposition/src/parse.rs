//! A page becomes samples and metadata.

use crate::error::{ParseError, Problem, excerpt};
use crate::scan::Scan;
use crate::{ExposedSample, Exposition, Format, Kind, Limits, Metadata};
use model::Labels;
use model::labels::METRIC_NAME;
use std::collections::HashMap;

/// Reads a page. Exemplars are read over; a page with one bad line is refused as a whole.
///
/// # Errors
/// The first thing that is wrong, with its line and column.
pub fn parse(body: &[u8], format: Format, limits: &Limits) -> Result<Exposition, ParseError> {
    if body.len() > limits.body {
        return Err(ParseError {
            line: 1,
            column: 1,
            problem: Problem::BodyTooLarge { limit: limits.body },
        });
    }
    if looks_like_html(body) {
        return Err(ParseError {
            line: 1,
            column: 1,
            problem: Problem::Html,
        });
    }
    let mut page = Page {
        format,
        limits,
        out: Exposition::default(),
        families: HashMap::new(),
        ended: false,
    };
    let mut number = 0;
    for raw in body.split(|b| *b == b'\n') {
        number += 1;
        if raw.len() > limits.line {
            return Err(page.too_long(raw, number));
        }
        let line = std::str::from_utf8(raw).map_err(|e| ParseError {
            line: number,
            column: e.valid_up_to() + 1,
            problem: Problem::NotUtf8,
        })?;
        page.line(line.strip_suffix('\r').unwrap_or(line), number)?;
    }
    if format == Format::OpenMetrics && !page.ended {
        return Err(ParseError {
            line: number,
            column: 1,
            problem: Problem::MissingEof,
        });
    }
    Ok(page.out)
}

fn looks_like_html(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    start.starts_with(b"<")
}

struct Page<'l> {
    format: Format,
    limits: &'l Limits,
    out: Exposition,
    families: HashMap<String, usize>,
    ended: bool,
}

impl Page<'_> {
    /// A line over the limit: if a label's value made it so, say which one.
    fn too_long(&self, raw: &[u8], number: usize) -> ParseError {
        let plain = ParseError {
            line: number,
            column: self.limits.line + 1,
            problem: Problem::LineTooLong {
                length: raw.len(),
                limit: self.limits.line,
            },
        };
        let head = raw.get(..self.limits.line).unwrap_or(raw);
        let text = match std::str::from_utf8(head) {
            Ok(text) => text,
            Err(e) => head
                .get(..e.valid_up_to())
                .and_then(|h| std::str::from_utf8(h).ok())
                .unwrap_or(""),
        };
        if text.trim_start().starts_with('#') {
            return plain;
        }
        match self.sample(text, number) {
            Err(e)
                if matches!(
                    e.problem,
                    Problem::LabelValueTooLong { .. }
                        | Problem::TooManyLabels { .. }
                        | Problem::NameTooLong { .. }
                ) =>
            {
                e
            }
            _ => plain,
        }
    }

    fn line(&mut self, line: &str, number: usize) -> Result<(), ParseError> {
        let mut scan = Scan::new(line, number);
        scan.skip_blanks();
        if scan.rest().is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(scan.error(Problem::AfterEof));
        }
        if scan.take('#') {
            return self.comment(&mut scan);
        }
        let sample = self.sample(line, number)?;
        if self.out.samples.len() >= self.limits.samples {
            return Err(scan.error(Problem::TooManySamples {
                limit: self.limits.samples,
            }));
        }
        self.out.samples.push(sample);
        Ok(())
    }

    fn comment(&mut self, scan: &mut Scan<'_>) -> Result<(), ParseError> {
        scan.skip_blanks();
        let open_metrics = self.format == Format::OpenMetrics;
        match scan.word() {
            "EOF" if open_metrics => self.ended = true,
            "TYPE" => {
                let family = self.family(scan)?;
                scan.skip_blanks();
                let word = scan.rest().trim_end();
                let kind = Kind::from_word(word).ok_or_else(|| {
                    scan.error(Problem::Type {
                        text: excerpt(word),
                    })
                })?;
                family.kind = kind;
            }
            "HELP" => {
                let family = self.family(scan)?;
                scan.skip_blanks();
                family.help = unescape_help(scan.rest(), open_metrics);
            }
            "UNIT" if open_metrics => {
                let family = self.family(scan)?;
                scan.skip_blanks();
                family.unit = scan.rest().trim_end().to_owned();
            }
            _ => {}
        }
        Ok(())
    }

    fn family(&mut self, scan: &mut Scan<'_>) -> Result<&mut Metadata, ParseError> {
        scan.skip_blanks();
        let name = scan.name(true, self.limits.name, "the name of a metric")?;
        let next = self.out.metadata.len();
        let index = match self.families.get(name) {
            Some(index) => *index,
            None if next >= self.limits.families => {
                return Err(scan.error(Problem::TooManyFamilies {
                    limit: self.limits.families,
                }));
            }
            None => {
                self.families.insert(name.to_owned(), next);
                self.out.metadata.push(Metadata {
                    name: name.to_owned(),
                    ..Metadata::default()
                });
                next
            }
        };
        self.out
            .metadata
            .get_mut(index)
            .ok_or_else(|| scan.expected("the name of a metric"))
    }

    fn sample(&self, line: &str, number: usize) -> Result<ExposedSample, ParseError> {
        let mut scan = Scan::new(line, number);
        scan.skip_blanks();
        let name = scan.name(true, self.limits.name, "the name of a metric")?;
        let mut pairs: Vec<(Box<str>, Box<str>)> = vec![(METRIC_NAME.into(), name.into())];
        scan.skip_blanks();
        if scan.take('{') {
            self.labels(&mut scan, &mut pairs)?;
        }
        scan.skip_blanks();
        if scan.rest().is_empty() {
            return Err(scan.expected("a value"));
        }
        let value = number_of(&mut scan)?;
        scan.skip_blanks();
        let timestamp_ms = self.timestamp(&mut scan)?;
        scan.skip_blanks();
        // what follows ` # ` is an exemplar: read over, as said in the function's description
        let exemplar = self.format == Format::OpenMetrics && scan.rest().starts_with('#');
        if !scan.rest().is_empty() && !exemplar {
            return Err(scan.expected("the end of the line"));
        }
        Ok(ExposedSample {
            labels: Labels::from_pairs(pairs),
            value,
            timestamp_ms,
        })
    }

    fn labels(
        &self,
        scan: &mut Scan<'_>,
        pairs: &mut Vec<(Box<str>, Box<str>)>,
    ) -> Result<(), ParseError> {
        loop {
            scan.skip_blanks();
            if scan.take('}') {
                return Ok(());
            }
            let name = scan.name(false, self.limits.name, "the name of a label, or `}`")?;
            if pairs.iter().any(|(n, _)| &**n == name) {
                return Err(scan.error(Problem::DuplicateLabel {
                    label: excerpt(name),
                }));
            }
            if pairs.len() > self.limits.labels {
                return Err(scan.error(Problem::TooManyLabels {
                    limit: self.limits.labels,
                }));
            }
            scan.skip_blanks();
            if !scan.take('=') {
                return Err(scan.expected("`=`"));
            }
            scan.skip_blanks();
            if !scan.take('"') {
                return Err(scan.expected("`\"`"));
            }
            let value = scan.quoted(name, self.limits.label_value)?;
            pairs.push((name.into(), value.into()));
            scan.skip_blanks();
            if !scan.take(',') && !scan.rest().starts_with('}') {
                return Err(scan.expected("`,` or `}`"));
            }
        }
    }

    fn timestamp(&self, scan: &mut Scan<'_>) -> Result<Option<i64>, ParseError> {
        if scan.rest().is_empty()
            || (self.format == Format::OpenMetrics && scan.rest().starts_with('#'))
        {
            return Ok(None);
        }
        let before = scan.error(Problem::Timestamp {
            text: String::new(),
        });
        let text = scan.word();
        let bad = || ParseError {
            problem: Problem::Timestamp {
                text: excerpt(text),
            },
            ..before.clone()
        };
        match self.format {
            Format::Text => text.parse().map(Some).map_err(|_| bad()),
            Format::OpenMetrics => {
                let seconds: f64 = text.parse().map_err(|_| bad())?;
                let ms = seconds * 1000.0;
                // beyond ±9e15 ms a float no longer tells milliseconds apart, and an i64 cast would hide an overflow
                if !ms.is_finite() || ms.abs() > 9e15 {
                    return Err(bad());
                }
                Ok(Some(ms.round() as i64))
            }
        }
    }
}

fn number_of(scan: &mut Scan<'_>) -> Result<f64, ParseError> {
    let before = scan.error(Problem::Value {
        text: String::new(),
    });
    let text = scan.word();
    text.parse().map_err(|_| ParseError {
        problem: Problem::Value {
            text: excerpt(text),
        },
        ..before
    })
}

fn unescape_help(text: &str, quotes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('\\') => out.push('\\'),
            Some('"') if quotes => out.push('"'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

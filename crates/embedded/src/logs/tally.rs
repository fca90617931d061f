//! What is counted: histograms, numbers, facets, fields.

use super::bits::Bits;
use super::columns::LineKind;
use super::day::DAY_NS;
use super::eval::{Stretch, Wanted};
use super::page::newest;
use super::plan::{Plan, is_of_kind, looks_at_attrs, plan};
use super::read::{Question, Snapshot, Stop};
use super::{Contents, ReadError};
use model::log::{Attrs, Counted, Facet, FacetValue, Field, Histogram, LogLine, LogRange};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::HashMap;

/// Blocks that are looked at together.
const BLOCKS: usize = 256;
/// Buckets of a histogram.
const MAX_BUCKETS: usize = 50_000;
/// Lines that facets of attributes look at.
const FACET_LINES: usize = 10_000;
/// The longest value that a facet shows, bytes.
const MAX_VALUE: usize = 256;
/// Lines that [`fields`] looks at, and fields that it answers.
const FIELD_LINES: usize = 1_000;
const MAX_FIELDS: usize = 500;
const MAX_DEPTH: usize = 6;

/// Calls `take` with the wanted rows of each stretch of the range. False when the time was up before the end.
fn walk(
    question: &Question,
    range: &LogRange,
    mut take: impl FnMut(&Stretch<'_>, &Bits) -> Result<(), Stop>,
) -> Result<bool, Stop> {
    let attrs = looks_at_attrs(&range.filter);
    for file in question.days(range.from_ns, range.to_ns) {
        let day = question.snapshot(&file)?;
        let plan = plan(&range.filter, &day)?;
        let wanted = Wanted {
            plan: &plan,
            filter: &range.filter,
            from: range.from_ns.saturating_sub(day.day_ns).max(0),
            to: range.to_ns.saturating_sub(day.day_ns).min(DAY_NS),
            rows: (0, i64::MAX),
            attrs,
        };
        let mut blocks = day.blocks.clone();
        blocks.retain(|b| b.max_at >= wanted.from && b.min_at < wanted.to);
        if matches!(plan, Plan::Const(false)) {
            continue;
        }
        for some in blocks.chunks(BLOCKS) {
            if question.is_over() {
                return Ok(false);
            }
            let stretch = Stretch::new(&day, some);
            let done = stretch
                .decide(question, &wanted)
                .and_then(|rows| take(&stretch, &rows));
            match done {
                Ok(()) => {}
                Err(Stop::Ended) => return Ok(false),
                Err(e) => return Err(e),
            }
        }
    }
    Ok(true)
}

/// Lines by time and level.
pub(super) fn histogram(
    question: &Question,
    range: &LogRange,
    step_ns: i64,
) -> Result<Histogram, Stop> {
    if step_ns <= 0 {
        return Err(Stop::Failed(ReadError::Invalid(
            "a histogram's step must be more than nothing",
        )));
    }
    let start_ns = range.from_ns.div_euclid(step_ns).saturating_mul(step_ns);
    let length = i128::from(range.to_ns) - i128::from(start_ns);
    let step = i128::from(step_ns);
    let buckets = usize::try_from((length + step - 1).div_euclid(step).max(0));
    let buckets = buckets.ok().filter(|n| *n <= MAX_BUCKETS);
    let Some(buckets) = buckets else {
        return Err(Stop::Failed(ReadError::TooMuch {
            what: "buckets of a histogram",
            limit: MAX_BUCKETS,
        }));
    };
    let mut counts = vec![[0_u64; 7]; buckets];
    let exact = walk(question, range, |stretch, rows| {
        let day = stretch.day.day_ns.saturating_sub(start_ns);
        stretch.each(rows, |_, entry| {
            let bucket = usize::try_from((day + entry.at) / step_ns).unwrap_or(usize::MAX);
            let slot = counts.get_mut(bucket);
            if let Some(slot) = slot.and_then(|row| row.get_mut(entry.kind.column())) {
                *slot += 1;
            }
        })
    })?;
    Ok(Histogram {
        start_ns,
        step_ns,
        counts,
        exact,
    })
}

/// How many lines.
pub(super) fn count(question: &Question, range: &LogRange) -> Result<Counted, Stop> {
    let mut lines = 0;
    let exact = walk(question, range, |_, rows| {
        lines += rows.count() as u64;
        Ok(())
    })?;
    Ok(Counted { lines, exact })
}

type Values = HashMap<String, u64>;

/// The most frequent values.
pub(super) fn facets(
    question: &Question,
    range: &LogRange,
    fields: &[Field],
    limit: usize,
) -> Result<Vec<Facet>, Stop> {
    let of_kind: Vec<&Field> = fields.iter().filter(|f| is_of_kind(f)).collect();
    let mut counted: Vec<Values> = vec![Values::new(); of_kind.len()];
    let mut all = true;
    if !of_kind.is_empty() {
        all = walk(question, range, |stretch, rows| {
            by_kind(stretch, rows, &of_kind, &mut counted)
        })?;
    }
    let mut sample = Vec::new();
    let mut whole = true;
    if of_kind.len() < fields.len() {
        (sample, whole) = newest(question, range, FACET_LINES)?;
    }
    let mut counted = counted.into_iter();
    let facet = |field: &Field| {
        let kind = is_of_kind(field);
        let values = if kind {
            counted.next().unwrap_or_default()
        } else {
            of_lines(&sample, field)
        };
        Facet {
            field: field.clone(),
            values: top(values, limit),
            exact: if kind { all } else { whole },
            estimated: false,
        }
    };
    Ok(fields.iter().map(facet).collect())
}

fn by_kind(
    stretch: &Stretch<'_>,
    rows: &Bits,
    fields: &[&Field],
    counted: &mut [Values],
) -> Result<(), Stop> {
    let mut kinds = vec![0_u64; stretch.day.streams.len() * 8];
    stretch.each(rows, |_, entry| {
        if let Some(n) = kinds.get_mut(entry.kind.index()) {
            *n += 1;
        }
    })?;
    for (kind, lines) in kinds.into_iter().enumerate().filter(|(_, n)| *n > 0) {
        let line = line_of(stretch.day, LineKind(kind as u64));
        for (field, values) in fields.iter().zip(counted.iter_mut()) {
            add(values, logs::field_text(&line, field).as_deref(), lines);
        }
    }
    Ok(())
}

fn line_of(day: &Snapshot, kind: LineKind) -> LogLine {
    let mut line = LogLine {
        level: kind.level(),
        ..LogLine::default()
    };
    if let Some(stream) = day.streams.get(kind.stream()) {
        line.category = stream.category;
        line.service.clone_from(&stream.service);
        line.host.clone_from(&stream.host);
    }
    line
}

fn of_lines(lines: &[LogLine], field: &Field) -> Values {
    let mut values = Values::new();
    for line in lines {
        add(&mut values, logs::field_text(line, field).as_deref(), 1);
    }
    values
}

fn add(values: &mut Values, value: Option<&str>, lines: u64) {
    let Some(value) = value.filter(|v| !v.is_empty() && v.len() <= MAX_VALUE) else {
        return;
    };
    match values.get_mut(value) {
        Some(n) => *n += lines,
        None => _ = values.insert(value.to_owned(), lines),
    }
}

fn top(values: Values, limit: usize) -> Vec<FacetValue> {
    let mut values: Vec<FacetValue> = values
        .into_iter()
        .map(|(value, lines)| FacetValue { value, lines })
        .collect();
    values.sort_unstable_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.value.cmp(&b.value)));
    values.truncate(limit);
    values
}

/// The fields that the newest lines have.
pub(super) fn fields(question: &Question, range: &LogRange) -> Result<Vec<Field>, Stop> {
    let (lines, _) = newest(question, range, FIELD_LINES)?;
    let mut seen: BTreeMap<Field, usize> = BTreeMap::new();
    for line in &lines {
        for field in Field::OWN.iter().filter(|f| logs::is_there(line, f)) {
            *seen.entry(field.clone()).or_default() += 1;
        }
        attr_fields(&line.attrs, &mut Vec::new(), &mut seen);
    }
    let mut fields: Vec<(Field, usize)> = seen.into_iter().collect();
    fields.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    fields.truncate(MAX_FIELDS);
    Ok(fields.into_iter().map(|(f, _)| f).collect())
}

fn attr_fields(attrs: &Attrs, path: &mut Vec<String>, seen: &mut BTreeMap<Field, usize>) {
    for (key, value) in attrs {
        path.push(key.clone());
        match value {
            Value::Null => {}
            Value::Object(inner) if path.len() < MAX_DEPTH => attr_fields(inner, path, seen),
            _ => *seen.entry(Field::Attr(path.clone())).or_default() += 1,
        }
        path.pop();
    }
}

/// What the store holds.
pub(super) fn contents(question: &Question) -> Result<Contents, Stop> {
    let mut contents = Contents {
        bytes: question.folder.bytes(),
        ..Contents::default()
    };
    for file in question.folder.days() {
        let day = question.snapshot(&file)?;
        let lines: i64 = day.blocks.iter().map(|b| b.lines).sum();
        contents.lines += lines.unsigned_abs();
        let oldest = day.blocks.iter().map(|b| b.min_at).min();
        contents.oldest_ns = contents
            .oldest_ns
            .or(oldest.map(|at| day.day_ns.saturating_add(at)));
    }
    Ok(contents)
}

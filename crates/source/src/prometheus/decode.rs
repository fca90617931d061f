//! Answers of `/api/v1/query` and `/api/v1/query_range` (Prometheus' "HTTP API" page), read in one pass over the
//! bytes, straight into columns. Unknown fields are skipped, native histograms are left out.

use super::number;
use super::scan::{Fault, Scan, Text};
use crate::connection::Limits;
use crate::error::{Capacity, QueryFault, SourceError};
use model::sample::stale_marker;
use model::{InstantValue, Labels, RangeFrame, Sample, Series};

/// Warnings kept of one answer.
const MAX_WARNINGS: usize = 20;

/// A value with what stood around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<T> {
    /// The value.
    pub value: T,
    /// The source's warnings, as they stood.
    pub warnings: Vec<String>,
    /// VictoriaMetrics' `isPartial`.
    pub partial: bool,
}

/// The grid of a range query: `start`, `start + step`, …, as many as fit up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    start_ms: i64,
    step_ms: i64,
    len: usize,
}

impl Grid {
    /// The grid, or why there is none: `end_ms` before `start_ms`, a step that is not positive, or more points than
    /// `limits` allow.
    ///
    /// # Errors
    /// [`SourceError::Query`] or [`SourceError::Limit`].
    pub fn new(
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        let invalid = |message: &str| SourceError::Query {
            fault: QueryFault::Invalid,
            message: message.to_owned(),
        };
        if step_ms <= 0 {
            return Err(invalid("the step must be greater than 0"));
        }
        let length = end_ms
            .checked_sub(start_ms)
            .filter(|length| *length >= 0)
            .ok_or_else(|| invalid("the end lies before the start"))?;
        let len = usize::try_from(length / step_ms).unwrap_or(usize::MAX);
        if len >= limits.points {
            return Err(SourceError::Limit {
                what: Capacity::Points,
                limit: limits.points as u64,
            });
        }
        Ok(Self {
            start_ms,
            step_ms,
            len: len + 1,
        })
    }

    /// The point nearest to `t`, if it lies within half a step of the grid.
    fn slot(&self, t: i64) -> Option<usize> {
        let distance = t
            .checked_sub(self.start_ms)?
            .checked_add(self.step_ms / 2)?;
        usize::try_from(distance.div_euclid(self.step_ms))
            .ok()
            .filter(|slot| *slot < self.len)
    }
}

/// A range answer as columns on `grid`. Points that the source does not have are stale markers.
///
/// # Errors
/// [`SourceError::Truncated`], [`SourceError::Malformed`], [`SourceError::Limit`], or [`SourceError::Query`] when the
/// body is the API's own error.
pub fn range(body: &[u8], grid: Grid, limits: &Limits) -> Result<Decoded<RangeFrame>, SourceError> {
    let decoded = envelope(body, |kind, scan| {
        if kind != Kind::Matrix {
            return Err(scan.wrong("a matrix"));
        }
        let mut series: Vec<(Labels, Vec<f64>)> = Vec::new();
        let mut element = |scan: &mut Scan<'_>| {
            let mut column = Vec::new();
            let mut some = false;
            let labels = member(scan, limits, b"values", |scan| {
                column = vec![stale_marker(); grid.len];
                some = fill(scan, &grid, &mut column)?;
                Ok(())
            })?;
            if !some {
                return Ok(()); // native histograms alone, or no points at all
            }
            bound(
                series.len() < limits.series,
                Capacity::Series,
                limits.series,
            )?;
            let values = (series.len() + 1).saturating_mul(grid.len);
            bound(values <= limits.values, Capacity::Values, limits.values)?;
            series.push((labels, column));
            Ok(())
        };
        list(scan, &mut element)?;
        Ok(series)
    })?;
    Ok(Decoded {
        value: RangeFrame {
            start_ms: grid.start_ms,
            step_ms: grid.step_ms,
            len: grid.len,
            series: decoded.value,
        },
        warnings: decoded.warnings,
        partial: decoded.partial,
    })
}

/// An instant answer of any type.
///
/// # Errors
/// As [`range`].
pub fn instant(body: &[u8], limits: &Limits) -> Result<Decoded<InstantValue>, SourceError> {
    envelope(body, |kind, scan| match kind {
        Kind::Scalar => point(scan).map(|(t, v)| InstantValue::Scalar(Sample { t, v })),
        Kind::Text => {
            scan.expect(b'[', "[time, text]")?;
            let t = time(scan)?;
            scan.expect(b',', "comma")?;
            let text = scan.text()?;
            scan.expect(b']', "end of [time, text]")?;
            bound(
                text.raw.len() <= limits.label_bytes,
                Capacity::LabelBytes,
                limits.label_bytes,
            )?;
            Ok(InstantValue::Text(t, text.decode()?.into_owned()))
        }
        Kind::Vector => vector(scan, limits),
        Kind::Matrix => matrix(scan, limits),
    })
}

fn vector(scan: &mut Scan<'_>, limits: &Limits) -> Result<InstantValue, Fault> {
    let mut all: Vec<(Labels, Sample)> = Vec::new();
    let mut element = |scan: &mut Scan<'_>| {
        let mut sample = None;
        let labels = member(scan, limits, b"value", |scan| {
            let (t, v) = point(scan)?;
            sample = Some(Sample { t, v });
            Ok(())
        })?;
        if let Some(sample) = sample {
            bound(all.len() < limits.series, Capacity::Series, limits.series)?;
            all.push((labels, sample));
        }
        Ok(())
    };
    list(scan, &mut element)?;
    Ok(InstantValue::Vector(all))
}

fn matrix(scan: &mut Scan<'_>, limits: &Limits) -> Result<InstantValue, Fault> {
    let mut all: Vec<Series> = Vec::new();
    let mut total = 0_usize;
    let mut element = |scan: &mut Scan<'_>| {
        let mut samples = Vec::new();
        let labels = member(scan, limits, b"values", |scan| {
            list(scan, &mut |scan: &mut Scan<'_>| {
                let (t, v) = point(scan)?;
                total += 1;
                bound(total <= limits.values, Capacity::Values, limits.values)?;
                samples.push(Sample { t, v });
                Ok(())
            })
        })?;
        if !samples.is_empty() {
            bound(all.len() < limits.series, Capacity::Series, limits.series)?;
            all.push(Series { labels, samples });
        }
        Ok(())
    };
    list(scan, &mut element)?;
    Ok(InstantValue::Matrix(all))
}

/// `[time, "value"]`
#[inline]
fn point(scan: &mut Scan<'_>) -> Result<(i64, f64), Fault> {
    match scan.compact_point() {
        Some(point) => Ok(point),
        None => unusual_point(scan),
    }
}

#[cold]
fn unusual_point(scan: &mut Scan<'_>) -> Result<(i64, f64), Fault> {
    scan.expect(b'[', "[time, \"value\"]")?;
    let t = time(scan)?;
    scan.expect(b',', "comma")?;
    scan.expect(b'"', "value in quotes")?;
    let at = scan.position();
    let raw = scan.until_quote()?;
    let v = number::value(raw).ok_or(Fault::Malformed(at, "a number, NaN, +Inf or -Inf"))?;
    scan.expect(b']', "end of [time, \"value\"]")?;
    Ok((t, v))
}

fn time(scan: &mut Scan<'_>) -> Result<i64, Fault> {
    let at = scan.position();
    number::time_ms(scan.number()?).ok_or(Fault::Malformed(at, "a time in seconds"))
}

/// The points of one series into their places in `column`; whether there were any.
fn fill(scan: &mut Scan<'_>, grid: &Grid, column: &mut [f64]) -> Result<bool, Fault> {
    // points come in order and rarely with gaps: the next one is guessed before it is computed
    let mut next = 0_usize;
    let mut next_ms = grid.start_ms;
    let mut some = false;
    list(scan, &mut |scan: &mut Scan<'_>| {
        let (t, v) = point(scan)?;
        let slot = if t == next_ms {
            Some(next)
        } else {
            grid.slot(t)
        };
        if let Some(slot) = slot
            && let Some(cell) = column.get_mut(slot)
        {
            *cell = v;
            some = true;
            next = slot + 1;
            next_ms = t.saturating_add(grid.step_ms);
        }
        Ok(())
    })?;
    Ok(some)
}

/// One element of a result: its labels; `data` reads the field `field`, everything else is skipped.
fn member(
    scan: &mut Scan<'_>,
    limits: &Limits,
    field: &[u8],
    mut data: impl FnMut(&mut Scan<'_>) -> Result<(), Fault>,
) -> Result<Labels, Fault> {
    let mut labels = Labels::default();
    object(scan, |key, scan| {
        if key.raw == b"metric" {
            labels = read_labels(scan, limits)?;
            Ok(())
        } else if key.raw == field {
            data(scan)
        } else {
            scan.skip()
        }
    })?;
    Ok(labels)
}

fn read_labels(scan: &mut Scan<'_>, limits: &Limits) -> Result<Labels, Fault> {
    let mut pairs = Vec::with_capacity(8);
    object(scan, |name, scan| {
        let value = scan.text()?;
        let longest = name.raw.len().max(value.raw.len());
        bound(
            longest <= limits.label_bytes,
            Capacity::LabelBytes,
            limits.label_bytes,
        )?;
        bound(pairs.len() < limits.labels, Capacity::Labels, limits.labels)?;
        pairs.push((name.decode()?, value.decode()?));
        Ok(())
    })?;
    Ok(Labels::from_pairs(pairs))
}

fn bound(within: bool, what: Capacity, limit: usize) -> Result<(), Fault> {
    if within {
        Ok(())
    } else {
        Err(Fault::Limit(what, limit))
    }
}

#[inline]
fn list<'a>(
    scan: &mut Scan<'a>,
    element: &mut impl FnMut(&mut Scan<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    scan.expect(b'[', "a list")?;
    if scan.closes(b']')? {
        return Ok(());
    }
    loop {
        element(scan)?;
        if !scan.more(b']')? {
            return Ok(());
        }
    }
}

fn object<'a>(
    scan: &mut Scan<'a>,
    mut field: impl FnMut(Text<'a>, &mut Scan<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    scan.expect(b'{', "an object")?;
    if scan.closes(b'}')? {
        return Ok(());
    }
    loop {
        let key = scan.key()?;
        field(key, scan)?;
        if !scan.more(b'}')? {
            return Ok(());
        }
    }
}

/// `resultType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scalar,
    Text,
    Vector,
    Matrix,
}

fn kind(scan: &mut Scan<'_>) -> Result<Kind, Fault> {
    let text = scan.text()?;
    match text.raw {
        b"scalar" => Ok(Kind::Scalar),
        b"string" => Ok(Kind::Text),
        b"vector" => Ok(Kind::Vector),
        b"matrix" => Ok(Kind::Matrix),
        _ => Err(Fault::Malformed(
            text.at,
            "resultType scalar, string, vector or matrix",
        )),
    }
}

/// What every answer has around its data.
#[derive(Default)]
struct Head {
    failed: bool,
    error: Option<String>,
    error_type: Option<String>,
    warnings: Vec<String>,
    partial: bool,
}

fn envelope<T>(
    body: &[u8],
    mut result: impl FnMut(Kind, &mut Scan<'_>) -> Result<T, Fault>,
) -> Result<Decoded<T>, SourceError> {
    let mut head = Head::default();
    let mut value = None;
    let mut scan = Scan::new(body);
    object(&mut scan, |key, scan| {
        match key.raw {
            b"status" => head.failed = scan.text()?.raw == b"error",
            b"data" if scan.peek()? == b'{' => value = data(scan, &mut result)?,
            b"error" => head.error = Some(scan.text()?.decode()?.into_owned()),
            b"errorType" => head.error_type = Some(scan.text()?.decode()?.into_owned()),
            b"isPartial" => head.partial = scan.boolean()?,
            b"warnings" if scan.peek()? == b'[' => warnings(scan, &mut head.warnings)?,
            _ => scan.skip()?,
        }
        Ok(())
    })
    .and_then(|()| scan.end())
    .map_err(source_error)?;
    if head.failed {
        return Err(SourceError::Query {
            fault: super::api::query_fault(head.error_type.as_deref().unwrap_or_default(), 200),
            message: head.error.unwrap_or_default(),
        });
    }
    let value = value.ok_or(SourceError::Malformed {
        at: body.len(),
        what: "data with result and resultType",
    })?;
    Ok(Decoded {
        value,
        warnings: head.warnings,
        partial: head.partial,
    })
}

/// `{"resultType": …, "result": …}` in any order; a result that comes first is skipped and read afterwards.
fn data<T>(
    scan: &mut Scan<'_>,
    result: &mut impl FnMut(Kind, &mut Scan<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut known = None;
    let mut skipped = None;
    let mut value = None;
    object(scan, |key, scan| {
        match (key.raw, known) {
            (b"resultType", _) => known = Some(kind(scan)?),
            (b"result", Some(kind)) => value = Some(result(kind, scan)?),
            (b"result", None) => {
                skipped = Some(scan.position());
                scan.skip()?;
            }
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    if let (None, Some(at), Some(kind)) = (&value, skipped, known) {
        value = Some(result(kind, &mut scan.from(at))?);
    }
    Ok(value)
}

fn warnings(scan: &mut Scan<'_>, out: &mut Vec<String>) -> Result<(), Fault> {
    list(scan, &mut |scan: &mut Scan<'_>| {
        let text = scan.text()?;
        if out.len() < MAX_WARNINGS {
            out.push(text.decode()?.into_owned());
        }
        Ok(())
    })
}

fn source_error(fault: Fault) -> SourceError {
    match fault {
        Fault::Truncated => SourceError::Truncated,
        Fault::Malformed(at, what) => SourceError::Malformed { at, what },
        Fault::Limit(what, limit) => SourceError::Limit {
            what,
            limit: limit as u64,
        },
    }
}

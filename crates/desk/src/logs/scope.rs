//! Which lines a page means: from its words to a range of the model.

use model::log::{Field, Filter, LogCategory, LogPosition, LogRange};
use source::SourceError;
use wire::{ErrorCode, ErrorView, LogCategoryView, LogScope, LogTermView};

/// Terms beside a query at most.
const TERMS: usize = 50;
/// Characters of a value that a term compares with.
const VALUE: usize = 4_000;
/// Days that one question to files without an index may go over.
const COLD_DAYS: i64 = 31;
/// ns in a ms.
pub(super) const MS: i64 = 1_000_000;

/// A refusal that the page says by this key.
pub(super) fn refuse(reason: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Refused).with("reason_key", format!("logs.refused.{reason}"))
}

/// A store's error for a person.
pub(super) fn store_error(e: &SourceError) -> ErrorView {
    crate::frames::error_view(&crate::driver::failure(e))
}

/// The kind of log in the model's words.
pub(super) fn category(view: LogCategoryView) -> LogCategory {
    match view {
        LogCategoryView::App => LogCategory::App,
        LogCategoryView::System => LogCategory::System,
        LogCategoryView::Security => LogCategory::Security,
    }
}

/// Milliseconds of a page as nanoseconds; nothing for what is no time.
fn ns(ms: f64) -> Option<i64> {
    // Beyond these a number of ns has no room for it.
    (ms.is_finite() && ms.abs() < 9.2e12).then(|| (ms.floor() as i64).saturating_mul(MS))
}

fn term(term: &LogTermView) -> Filter {
    let value = term.value.chars().take(VALUE).collect();
    let filter = Filter::Is(Field::named(&term.field), value);
    if term.exclude {
        Filter::Not(Box::new(filter))
    } else {
        filter
    }
}

/// The query's filter with category and terms.
///
/// # Errors
/// [`ErrorCode::LogQuery`] with where and what.
pub(super) fn filter(scope: &LogScope) -> Result<Filter, ErrorView> {
    let asked = super::complete::parse(&scope.query)?;
    let category = scope.category.map_or(Filter::All, |c| {
        Filter::Is(Field::Category, category(c).name().to_owned())
    });
    let terms = scope.terms.iter().take(TERMS).map(term);
    Ok(terms.fold(category, Filter::and).and(asked))
}

/// The lines that a page means.
///
/// # Errors
/// When the query cannot be understood or the times are none.
pub(super) fn range(scope: &LogScope) -> Result<LogRange, ErrorView> {
    let (Some(from_ns), Some(to_ns)) = (ns(scope.from), ns(scope.to)) else {
        return Err(refuse("time"));
    };
    if from_ns >= to_ns {
        return Err(refuse("time"));
    }
    Ok(LogRange {
        from_ns,
        to_ns,
        filter: filter(scope)?,
    })
}

/// Files without an index are searched for a stretch of time that somebody meant, not for everything.
///
/// # Errors
/// When it is longer than that.
pub(super) fn bounded(range: &LogRange) -> Result<(), ErrorView> {
    if range.to_ns.saturating_sub(range.from_ns) <= COLD_DAYS * 86_400_000 * MS {
        return Ok(());
    }
    Err(refuse("cold_range").with("days", COLD_DAYS))
}

/// A place as it crosses the wire.
pub(super) fn place(at: LogPosition) -> String {
    format!("{}.{}", at.at_ns, at.seq)
}

/// A place that came back.
///
/// # Errors
/// When it is none.
pub(super) fn position(place: &str) -> Result<LogPosition, ErrorView> {
    let read = || {
        let (at, seq) = place.split_once('.')?;
        Some(LogPosition {
            at_ns: at.parse().ok()?,
            seq: seq.parse().ok()?,
        })
    };
    read().ok_or_else(|| refuse("place"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> LogScope {
        LogScope {
            from: 1_000.0,
            to: 2_000.5,
            ..LogScope::default()
        }
    }

    #[test]
    fn a_range_is_what_the_page_means() {
        let scope = LogScope {
            category: Some(LogCategoryView::Security),
            query: "level:error".into(),
            terms: vec![LogTermView {
                field: "http.status".into(),
                value: "502".into(),
                exclude: true,
            }],
            ..scope()
        };
        let range = range(&scope).expect("a range");
        assert_eq!((range.from_ns, range.to_ns), (1_000_000_000, 2_000_000_000));
        let status = Field::Attr(vec!["http".into(), "status".into()]);
        let Filter::And(all) = range.filter else {
            panic!("{:?}", range.filter)
        };
        assert_eq!(all.len(), 3);
        assert!(all.contains(&Filter::Is(Field::Category, "security".into())));
        assert!(all.contains(&Filter::Not(Box::new(Filter::Is(status, "502".into())))));
        assert!(all.contains(&Filter::Is(Field::Level, "error".into())));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (from, to) in [(f64::NAN, 1.0), (2.0, 1.0), (1.0, 1.0), (0.0, 1e300)] {
            let scope = LogScope {
                from,
                to,
                ..scope()
            };
            assert_eq!(
                range(&scope).map_err(|e| e.code),
                Err(ErrorCode::Refused),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn places_come_back_as_they_went() {
        let at = LogPosition {
            at_ns: 1_795_000_000_123_456_789,
            seq: u64::MAX,
        };
        assert_eq!(position(&place(at)), Ok(at));
        for bad in ["", "1", "1.", ".1", "1.-1", "a.b", "1.2.3"] {
            assert!(position(bad).is_err(), "{bad}");
        }
    }
}

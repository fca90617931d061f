//! What the store refuses, and how it says so.

use model::Labels;

/// Bounds on what is taken in. Everything beyond is refused with an [`AppendError`] and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most series at a time, in memory and in the file together.
    pub max_series: usize,
    /// Most labels of a series, the metric's name included.
    pub max_labels: usize,
    /// Longest label name and metric name in bytes.
    pub max_name_bytes: usize,
    /// Longest label value in bytes.
    pub max_value_bytes: usize,
    /// How far in the future of the store's clock a sample may lie, in milliseconds (Prometheus' scrapes: 10 min).
    pub max_ahead_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_series: 500_000,
            max_labels: 64,
            max_name_bytes: 512,
            max_value_bytes: 8 * 1024,
            max_ahead_ms: 10 * 60 * 1000,
        }
    }
}

/// Why a sample was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The series has a later sample already.
    #[error("out of order sample: {t} is before {last}, the series' last")]
    OutOfOrder {
        /// The sample's time, milliseconds.
        t: i64,
        /// The time of the series' last sample, milliseconds.
        last: i64,
    },
    /// The series has another value at the same time.
    #[error("duplicate sample for timestamp {t}")]
    Duplicate {
        /// The sample's time, milliseconds.
        t: i64,
    },
    /// Older than the retention: it would be deleted at once.
    #[error("out of bounds: {t} is older than the retention, which begins at {oldest}")]
    TooOld {
        /// The sample's time, milliseconds.
        t: i64,
        /// The earliest time that is kept, milliseconds.
        oldest: i64,
    },
    /// Too far in the future; the sender's clock is probably wrong.
    #[error(
        "out of bounds: {t} is too far in the future, the latest time taken is {latest}; is the sender's clock right?"
    )]
    TooFarAhead {
        /// The sample's time, milliseconds.
        t: i64,
        /// The latest time that is taken, milliseconds.
        latest: i64,
    },
    /// The store has as many series as it may have.
    #[error(
        "the store is full: it has {max} series; drop labels with many values or raise the limit"
    )]
    TooManySeries {
        /// The limit.
        max: usize,
    },
    /// No label at all.
    #[error("a series needs at least one label")]
    NoLabels,
    /// More labels than allowed.
    #[error("{count} labels, at most {max} are allowed")]
    TooManyLabels {
        /// How many there are.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// A name that is no metric or label name (`[a-zA-Z_:][a-zA-Z0-9_:]*`, labels without `:`); cut to 64 bytes.
    #[error("{name:?} is no valid metric or label name")]
    InvalidName {
        /// The beginning of the name.
        name: String,
    },
    /// A name longer than allowed.
    #[error("a name of {bytes} bytes, at most {max} are allowed")]
    NameTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A value longer than allowed.
    #[error("the value of label {name:?} has {bytes} bytes, at most {max} are allowed")]
    ValueTooLong {
        /// The label.
        name: String,
        /// The value's length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The series behind a `SeriesRef` is gone (retention removed its last sample): ask for a new one.
    #[error("the series reference is stale: ask for a new one")]
    StaleRef,
}

/// The first sample of a batch that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the batch.
    pub index: usize,
    /// Why.
    pub error: AppendError,
}

/// What became of a batch. The good samples of a batch are stored even when others are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendReport {
    /// Stored, or known already with the same value.
    pub accepted: usize,
    /// Refused with [`AppendError::OutOfOrder`].
    pub out_of_order: usize,
    /// Refused with [`AppendError::Duplicate`].
    pub duplicate: usize,
    /// Refused with [`AppendError::TooOld`] or [`AppendError::TooFarAhead`].
    pub out_of_bounds: usize,
    /// Refused with [`AppendError::TooManySeries`].
    pub over_series_limit: usize,
    /// Refused because the labels are not acceptable.
    pub invalid_labels: usize,
    /// Refused with [`AppendError::StaleRef`].
    pub stale_ref: usize,
    /// The first refusal.
    pub first: Option<Refused>,
}

impl AppendReport {
    /// How many samples were refused.
    pub fn refused(&self) -> usize {
        self.out_of_order
            + self.duplicate
            + self.out_of_bounds
            + self.over_series_limit
            + self.invalid_labels
            + self.stale_ref
    }

    /// Adds the counts of a later batch; its first refusal counts only when there was none before, and keeps the
    /// place it had in its own batch.
    pub fn add(&mut self, later: &Self) {
        self.accepted += later.accepted;
        self.out_of_order += later.out_of_order;
        self.duplicate += later.duplicate;
        self.out_of_bounds += later.out_of_bounds;
        self.over_series_limit += later.over_series_limit;
        self.invalid_labels += later.invalid_labels;
        self.stale_ref += later.stale_ref;
        if self.first.is_none() {
            self.first.clone_from(&later.first);
        }
    }

    pub(super) fn refuse(&mut self, index: usize, error: AppendError) {
        *match error {
            AppendError::OutOfOrder { .. } => &mut self.out_of_order,
            AppendError::Duplicate { .. } => &mut self.duplicate,
            AppendError::TooOld { .. } | AppendError::TooFarAhead { .. } => &mut self.out_of_bounds,
            AppendError::TooManySeries { .. } => &mut self.over_series_limit,
            AppendError::StaleRef => &mut self.stale_ref,
            AppendError::NoLabels
            | AppendError::TooManyLabels { .. }
            | AppendError::InvalidName { .. }
            | AppendError::NameTooLong { .. }
            | AppendError::ValueTooLong { .. } => &mut self.invalid_labels,
        } += 1;
        if self.first.as_ref().is_none_or(|f| index < f.index) {
            self.first = Some(Refused { index, error });
        }
    }
}

/// Which times are taken, both inclusive, milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) oldest: i64,
    pub(super) latest: i64,
}

impl Bounds {
    pub(super) fn check(&self, t: i64) -> Result<(), AppendError> {
        if t < self.oldest {
            Err(AppendError::TooOld {
                t,
                oldest: self.oldest,
            })
        } else if t > self.latest {
            Err(AppendError::TooFarAhead {
                t,
                latest: self.latest,
            })
        } else {
            Ok(())
        }
    }
}

fn is_name(name: &str, colon: bool) -> bool {
    let ok = |b: u8| b.is_ascii_alphabetic() || b == b'_' || (colon && b == b':');
    let mut bytes = name.bytes();
    bytes.next().is_some_and(ok) && bytes.all(|b| ok(b) || b.is_ascii_digit())
}

/// The first at most 64 bytes, cut between characters.
fn beginning(text: &str) -> String {
    text.get(..text.floor_char_boundary(64))
        .unwrap_or_default()
        .to_owned()
}

impl Limits {
    /// Whether a series may be called so.
    pub(super) fn check(&self, labels: &Labels) -> Result<(), AppendError> {
        if labels.is_empty() {
            return Err(AppendError::NoLabels);
        }
        if labels.len() > self.max_labels {
            return Err(AppendError::TooManyLabels {
                count: labels.len(),
                max: self.max_labels,
            });
        }
        for (name, value) in labels.iter() {
            let metric = name == model::labels::METRIC_NAME;
            for name in [name].into_iter().chain(metric.then_some(value)) {
                if name.len() > self.max_name_bytes {
                    return Err(AppendError::NameTooLong {
                        bytes: name.len(),
                        max: self.max_name_bytes,
                    });
                }
            }
            if !is_name(name, false) {
                return Err(AppendError::InvalidName {
                    name: beginning(name),
                });
            }
            if metric && !is_name(value, true) {
                return Err(AppendError::InvalidName {
                    name: beginning(value),
                });
            }
            if value.len() > self.max_value_bytes {
                return Err(AppendError::ValueTooLong {
                    name: beginning(name),
                    bytes: value.len(),
                    max: self.max_value_bytes,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)]) -> Result<(), AppendError> {
        Limits::default().check(&Labels::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn absurd_labels_are_refused_by_name() {
        assert_eq!(check(&[("__name__", "a:b"), ("x", "中文 <b>")]), Ok(()));
        assert_eq!(check(&[]), Err(AppendError::NoLabels));
        let markup = "<img src=x onerror=alert(1)>";
        assert_eq!(
            check(&[("__name__", markup)]),
            Err(AppendError::InvalidName {
                name: markup.into()
            })
        );
        assert_eq!(
            check(&[("a:b", "x")]),
            Err(AppendError::InvalidName { name: "a:b".into() })
        );
        assert_eq!(
            check(&[("1a", "x")]),
            Err(AppendError::InvalidName { name: "1a".into() })
        );
        let chinese = "标".repeat(100);
        let Err(AppendError::InvalidName { name }) = check(&[(&chinese, "x")]) else {
            panic!("taken")
        };
        assert_eq!(name, "标".repeat(21), "cut between characters");
        let huge = "x".repeat(10 << 20);
        assert_eq!(
            check(&[("a", &huge)]),
            Err(AppendError::ValueTooLong {
                name: "a".into(),
                bytes: 10 << 20,
                max: 8192
            })
        );
        assert_eq!(
            check(&[(&huge, "a")]),
            Err(AppendError::NameTooLong {
                bytes: 10 << 20,
                max: 512
            })
        );
        assert_eq!(
            check(&[("__name__", &huge)]),
            Err(AppendError::NameTooLong {
                bytes: 10 << 20,
                max: 512
            })
        );
        let many: Vec<(String, String)> = (0..65).map(|i| (format!("l{i}"), "x".into())).collect();
        assert_eq!(
            Limits::default().check(&Labels::from_pairs(many)),
            Err(AppendError::TooManyLabels { count: 65, max: 64 })
        );
    }
}

//! What is to be done.

use super::state::{ColdPart, Partition, State};
use crate::schema::INDEXES;
use chrono::{Days, NaiveDate};
use serde::Serialize;

/// How long lines stay what they are, in days of age; today's are 0 days old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Younger than this: all indexes.
    pub hot_days: u32,
    /// Younger than this: in the database, without the indexes for searching.
    pub warm_days: u32,
    /// Younger than this: in files. Older: gone.
    pub cold_days: u32,
    /// Days after today that have their partition already.
    pub ahead_days: u32,
    /// Whether lines of days without a partition are given one.
    pub move_default: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hot_days: 7,
            warm_days: 30,
            cold_days: 90,
            ahead_days: 3,
            move_default: false,
        }
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Make the partition of a day; lines of that day that came before it move into it.
    Create {
        /// The day, UTC.
        day: NaiveDate,
        /// Whether with the indexes for searching.
        search: bool,
        /// Lines that wait for it among those without a partition.
        waiting: u64,
    },
    /// Make an index that a partition lacks, without keeping anybody from writing.
    Index {
        /// The day.
        day: NaiveDate,
        /// Which: `ts`, `service`, `level`, `trace`, `id`.
        index: &'static str,
    },
    /// Take the indexes for searching away: the partition is warm.
    Unindex {
        /// The day.
        day: NaiveDate,
    },
    /// Write all lines of a partition into files: it is cold.
    Export {
        /// The day.
        day: NaiveDate,
    },
    /// Read the files back and compare them with their manifest.
    Verify {
        /// The day.
        day: NaiveDate,
    },
    /// Take the partition out of the table, if it still has the lines of its files.
    Detach {
        /// The day.
        day: NaiveDate,
    },
    /// Remove the table that was taken out.
    Drop {
        /// The day.
        day: NaiveDate,
    },
    /// Remove a partition that is older than files are kept.
    Discard {
        /// The day.
        day: NaiveDate,
    },
    /// Remove files that are older than they are kept.
    Forget {
        /// The day.
        day: NaiveDate,
        /// Which of the day's folders.
        part: u32,
    },
    /// Remove what a step that was cut off left of a day's folder.
    Sweep {
        /// The day.
        day: NaiveDate,
        /// Which of the day's folders.
        part: u32,
    },
}

impl Step {
    /// The code: stable, snake case, locale key `pglogs.step_<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Index { .. } => "index",
            Self::Unindex { .. } => "unindex",
            Self::Export { .. } => "export",
            Self::Verify { .. } => "verify",
            Self::Detach { .. } => "detach",
            Self::Drop { .. } => "drop",
            Self::Discard { .. } => "discard",
            Self::Forget { .. } => "forget",
            Self::Sweep { .. } => "sweep",
        }
    }

    /// The day that it is about.
    pub fn day(&self) -> NaiveDate {
        match self {
            Self::Create { day, .. }
            | Self::Index { day, .. }
            | Self::Unindex { day }
            | Self::Export { day }
            | Self::Verify { day }
            | Self::Detach { day }
            | Self::Drop { day }
            | Self::Discard { day }
            | Self::Forget { day, .. }
            | Self::Sweep { day, .. } => *day,
        }
    }
}

/// What somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// There are lines of days that have no partition: late, from the future, or nobody made partitions.
    DefaultNotEmpty {
        /// How many.
        lines: u64,
        /// Of how many days.
        days: usize,
        /// The oldest of them.
        oldest: NaiveDate,
        /// The newest.
        newest: NaiveDate,
    },
    /// Fewer days have their partition than should.
    NotAhead {
        /// The first day without one.
        day: NaiveDate,
    },
    /// A table that was taken out, and no verified files of it: it is left alone.
    Detached {
        /// The day.
        day: NaiveDate,
    },
    /// Files whose manifest cannot be read: they are neither searched nor compared until somebody has repaired or removed them.
    Damaged {
        /// The day.
        day: NaiveDate,
        /// Which of the day's folders.
        part: u32,
        /// What is wrong.
        detail: String,
    },
}

impl Finding {
    /// The code: stable, snake case, locale key `pglogs.finding_<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DefaultNotEmpty { .. } => "default_not_empty",
            Self::NotAhead { .. } => "not_ahead",
            Self::Detached { .. } => "detached",
            Self::Damaged { .. } => "damaged",
        }
    }
}

/// Days between; negative for the future.
fn age(day: NaiveDate, today: NaiveDate) -> i64 {
    today.signed_duration_since(day).num_days()
}

fn wanted(policy: &Policy, today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let ahead = u64::from(policy.ahead_days);
    (0..=ahead).filter_map(move |n| today.checked_add_days(Days::new(n)))
}

fn files<'a>(state: &'a State, partition: &Partition) -> Option<&'a ColdPart> {
    state
        .cold
        .iter()
        .find(|c| c.day == partition.day && c.oid == partition.oid)
}

/// What is to be done, in this order. Nothing when all is as it should be.
pub fn plan(state: &State, policy: &Policy, today: NaiveDate) -> Vec<Step> {
    let mut steps = Vec::new();
    let waiting = |day: NaiveDate| {
        let found = state.default.iter().find(|d| d.day == day);
        found.map_or(0, |d| d.lines)
    };
    let exists = |day: NaiveDate| state.partitions.iter().any(|p| p.day == day);
    let hot = |day: NaiveDate| age(day, today) < i64::from(policy.hot_days);
    // new lines first: nothing else is as urgent
    let mut create: Vec<NaiveDate> = wanted(policy, today).filter(|d| !exists(*d)).collect();
    if policy.move_default {
        let more = state.default.iter().map(|d| d.day).filter(|d| !exists(*d));
        create.extend(
            more.filter(|d| !wanted(policy, today).any(|w| w == *d))
                .collect::<Vec<_>>(),
        );
    }
    steps.extend(create.into_iter().map(|day| Step::Create {
        day,
        search: hot(day),
        waiting: waiting(day),
    }));
    // what was cut off takes room that the next export may need
    steps.extend(state.unfinished.iter().map(|left| Step::Sweep {
        day: left.day,
        part: left.part,
    }));
    for partition in &state.partitions {
        let old = age(partition.day, today);
        if old >= i64::from(policy.cold_days) {
            discard(state, partition, &mut steps);
        } else if old >= i64::from(policy.warm_days) {
            cool(state, partition, &mut steps);
        } else if partition.attached {
            index(partition, hot(partition.day), &mut steps);
        }
    }
    // files that cannot be read are not kept longer than others
    let readable = state.cold.iter().map(|c| (c.day, c.part));
    let files = readable.chain(state.damaged.iter().map(|d| (d.day, d.part)));
    for (day, part) in files {
        if age(day, today) >= i64::from(policy.cold_days) {
            steps.push(Step::Forget { day, part });
        }
    }
    steps
}

fn index(partition: &Partition, hot: bool, steps: &mut Vec<Step>) {
    let day = partition.day;
    let has = |suffix: &str| partition.indexes.iter().any(|i| i == suffix);
    for index in INDEXES
        .iter()
        .filter(|i| (hot || !i.search) && !has(i.suffix))
    {
        steps.push(Step::Index {
            day,
            index: index.suffix,
        });
    }
    if !hot && INDEXES.iter().any(|i| i.search && has(i.suffix)) {
        steps.push(Step::Unindex { day });
    }
}

fn cool(state: &State, partition: &Partition, steps: &mut Vec<Step>) {
    let day = partition.day;
    let files = files(state, partition);
    match (partition.attached, files) {
        (false, Some(files)) if files.verified => steps.push(Step::Drop { day }),
        // somebody took it out by hand; it is theirs
        (false, _) => {}
        (true, files) => {
            if files.is_none() {
                steps.push(Step::Export { day });
            }
            if !files.is_some_and(|f| f.verified) {
                steps.push(Step::Verify { day });
            }
            steps.extend([Step::Detach { day }, Step::Drop { day }]);
        }
    }
}

fn discard(state: &State, partition: &Partition, steps: &mut Vec<Step>) {
    let day = partition.day;
    let verified = files(state, partition).is_some_and(|f| f.verified);
    match (partition.attached, verified) {
        (true, _) => steps.push(Step::Discard { day }),
        (false, true) => steps.push(Step::Drop { day }),
        (false, false) => {}
    }
}

/// What somebody should know about this state.
pub fn findings(state: &State, policy: &Policy, today: NaiveDate) -> Vec<Finding> {
    let mut all = Vec::new();
    let days = || state.default.iter().map(|d| d.day);
    if let (Some(oldest), Some(newest)) = (days().min(), days().max()) {
        all.push(Finding::DefaultNotEmpty {
            lines: state.default.iter().map(|d| d.lines).sum(),
            days: state.default.len(),
            oldest,
            newest,
        });
    }
    let attached = |day: NaiveDate| state.partitions.iter().any(|p| p.day == day && p.attached);
    if let Some(day) = wanted(policy, today).find(|d| !attached(*d)) {
        all.push(Finding::NotAhead { day });
    }
    for partition in state.partitions.iter().filter(|p| !p.attached) {
        if !files(state, partition).is_some_and(|f| f.verified) {
            all.push(Finding::Detached { day: partition.day });
        }
    }
    all.extend(state.damaged.iter().map(|files| Finding::Damaged {
        day: files.day,
        part: files.part,
        detail: files.detail.clone(),
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::{Damaged, DefaultDay, Unfinished};

    const POLICY: Policy = Policy {
        hot_days: 7,
        warm_days: 30,
        cold_days: 90,
        ahead_days: 3,
        move_default: false,
    };

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    fn back(days: u64) -> NaiveDate {
        today().checked_sub_days(Days::new(days)).expect("a day")
    }

    fn partition(day: NaiveDate, indexes: &[&str]) -> Partition {
        Partition {
            day,
            oid: 7,
            attached: true,
            lines: 1,
            bytes: 1,
            indexes: indexes.iter().map(|i| (*i).to_owned()).collect(),
        }
    }

    fn all_indexes() -> Vec<&'static str> {
        INDEXES.iter().map(|i| i.suffix).collect()
    }

    fn settled() -> State {
        let ahead = (0..=3).filter_map(|n| today().checked_add_days(Days::new(n)));
        State {
            partitions: ahead.map(|d| partition(d, &all_indexes())).collect(),
            ..State::default()
        }
    }

    #[test]
    fn an_empty_table_gets_today_and_three_days() {
        let steps = plan(&State::default(), &POLICY, today());
        let days: Vec<NaiveDate> = steps.iter().map(Step::day).collect();
        assert_eq!(days.len(), 4);
        assert_eq!(days[0], today());
        assert!(steps.iter().all(|s| matches!(
            s,
            Step::Create {
                search: true,
                waiting: 0,
                ..
            }
        )));
        assert_eq!(plan(&settled(), &POLICY, today()), []);
        assert_eq!(findings(&settled(), &POLICY, today()), []);
    }

    #[test]
    fn ages_decide() {
        let mut state = settled();
        for (days, indexes) in [(6, vec!["ts", "id"]), (7, all_indexes()), (29, vec!["ts"])] {
            state.partitions.push(partition(back(days), &indexes));
        }
        let steps = plan(&state, &POLICY, today());
        let index = |index| Step::Index {
            day: back(6),
            index,
        };
        assert_eq!(
            steps,
            [
                index("service"),
                index("level"),
                index("trace"),
                Step::Unindex { day: back(7) }
            ]
        );
    }

    /// Each state in which a kill can leave a cold day, and what is left to do.
    #[test]
    fn what_was_done_of_a_cold_day_is_not_done_again() {
        let day = back(30);
        let mut state = settled();
        state.partitions.push(partition(day, &["ts"]));
        let rest = |state: &State| -> Vec<&'static str> {
            plan(state, &POLICY, today())
                .iter()
                .map(Step::code)
                .collect()
        };
        assert_eq!(rest(&state), ["export", "verify", "detach", "drop"]);
        let files = |oid, verified| ColdPart {
            day,
            part: 1,
            oid,
            lines: 1,
            bytes: 1,
            verified,
        };
        state.cold = vec![files(7, false)];
        assert_eq!(rest(&state), ["verify", "detach", "drop"]);
        state.cold = vec![files(7, true)];
        assert_eq!(rest(&state), ["detach", "drop"]);
        state.partitions.last_mut().expect("one").attached = false;
        assert_eq!(rest(&state), ["drop"]);
        state.cold = vec![files(7, false)];
        assert!(rest(&state).is_empty());
        assert_eq!(
            findings(&state, &POLICY, today()),
            [Finding::Detached { day }]
        );
        // files of a partition of that day that is gone are not this one's
        state.partitions.last_mut().expect("one").attached = true;
        state.cold = vec![files(6, true)];
        assert_eq!(rest(&state), ["export", "verify", "detach", "drop"]);
        state.partitions.pop();
        assert!(rest(&state).is_empty());
    }

    #[test]
    fn what_is_older_than_all_goes() {
        let day = back(90);
        let mut state = settled();
        state.partitions.push(partition(day, &["ts"]));
        state.cold.push(ColdPart {
            day,
            part: 2,
            oid: 1,
            lines: 1,
            bytes: 1,
            verified: true,
        });
        let steps = plan(&state, &POLICY, today());
        assert_eq!(
            steps,
            [Step::Discard { day }, Step::Forget { day, part: 2 }]
        );
    }

    #[test]
    fn damaged_files_are_a_finding_and_stop_nothing() {
        let damaged = |days| Damaged {
            day: back(days),
            part: 1,
            detail: "manifest unreadable".to_owned(),
        };
        let state = State {
            damaged: vec![damaged(100), damaged(40)],
            ..State::default()
        };
        let codes: Vec<&str> = plan(&state, &POLICY, today())
            .iter()
            .map(Step::code)
            .collect();
        assert_eq!(codes, ["create", "create", "create", "create", "forget"]);
        let codes: Vec<&str> = findings(&state, &POLICY, today())
            .iter()
            .map(Finding::code)
            .collect();
        assert_eq!(codes, ["not_ahead", "damaged", "damaged"]);
    }

    #[test]
    fn what_was_cut_off_is_swept() {
        let day = back(50);
        let mut state = settled();
        state.unfinished.push(Unfinished { day, part: 3 });
        assert_eq!(
            plan(&state, &POLICY, today()),
            [Step::Sweep { day, part: 3 }]
        );
    }

    #[test]
    fn lines_without_a_partition_are_a_finding_and_moved_on_request() {
        let mut state = settled();
        state.default.push(DefaultDay {
            day: back(40),
            lines: 5,
        });
        assert_eq!(plan(&state, &POLICY, today()), []);
        assert!(matches!(
            findings(&state, &POLICY, today())[..],
            [Finding::DefaultNotEmpty {
                lines: 5,
                days: 1,
                ..
            }]
        ));
        let asked = Policy {
            move_default: true,
            ..POLICY
        };
        assert_eq!(
            plan(&state, &asked, today()),
            [Step::Create {
                day: back(40),
                search: false,
                waiting: 5
            }]
        );
    }

    #[test]
    fn a_day_that_has_no_partition_is_found() {
        let mut state = settled();
        state.partitions.remove(1);
        assert!(
            matches!(findings(&state, &POLICY, today())[..], [Finding::NotAhead { day }] if day == today().succ_opt().expect("a day"))
        );
    }
}

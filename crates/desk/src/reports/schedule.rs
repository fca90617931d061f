//! Reports on schedule: when one is due, what is done then. A report that is there is not made again, so that nothing has to be
//! remembered; one that was missed (the machine slept) is made once, late, and says so.

use super::files::Format;
use super::handle::{Inner, ReportsHandle};
use super::making::{Job, Made};
use super::shelf;
use crate::clock;
use crate::config::report::Report as Wanted;
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use notify::mail::{Attachment, Letter, Mailer};
use report::{Kind, Period};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wire::{ReportBy, ReportSent, ReportSheet};

/// It is looked at the clock this often.
const LOOK: Duration = Duration::from_secs(20);
/// Days that are looked at, back for the last time that a report was due, and on for the next.
const DAYS: u64 = 40;
/// A mail that the server puts off is tried this often, and this far apart.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_secs(300);

/// One report that is made again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which.
    pub kind: Kind,
    /// At which time of the day.
    pub at: NaiveTime,
    /// On which day of the week (weekly), 0 is Monday.
    pub weekday: u32,
    /// On which day of the month (monthly); the last one of a shorter month.
    pub day: u32,
    /// Written as.
    pub formats: Vec<Format>,
    /// Written to.
    pub folder: PathBuf,
    /// Sent to.
    pub mail_to: Vec<String>,
    /// Periods whose files stay.
    pub keep: usize,
    /// The promised share of time, percent.
    pub promise: f64,
}

/// A report that is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// Since when, ms.
    pub at: i64,
    /// About when.
    pub period: Period,
}

impl Plan {
    /// From the configuration, which is checked; `None`: it is not. `folder` is where files go without a say.
    pub fn of(wanted: &Wanted, folder: &Path) -> Option<Self> {
        let formats = wanted
            .formats
            .iter()
            .map(|f| Format::named(f))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            kind: Kind::named(&wanted.kind)?,
            at: NaiveTime::parse_from_str(&wanted.at, "%H:%M").ok()?,
            weekday: wanted.weekday.clamp(1, 7) - 1,
            day: wanted.day.clamp(1, 31),
            formats,
            folder: wanted.folder.clone().unwrap_or_else(|| folder.to_owned()),
            mail_to: wanted.mail_to.clone(),
            keep: usize::try_from(wanted.keep).unwrap_or(1).max(1),
            promise: wanted.promise,
        })
    }

    fn is_day(&self, date: NaiveDate) -> bool {
        match self.kind {
            Kind::Daily => true,
            Kind::Weekly => date.weekday().num_days_from_monday() == self.weekday,
            Kind::Monthly => {
                let next = date.checked_add_days(Days::new(1));
                let last = next.is_none_or(|n| n.month() != date.month());
                date.day() == self.day || (last && date.day() < self.day)
            }
        }
    }

    /// The last time it was due at `now`, ms, and about which period.
    pub fn due(&self, now: i64, zone: Tz) -> Option<Due> {
        let today = DateTime::<Utc>::from_timestamp_millis(now)?
            .with_timezone(&zone)
            .date_naive();
        (0..DAYS).find_map(|back| {
            let date = today.checked_sub_days(Days::new(back))?;
            let at = self.moment(date, zone).filter(|at| *at <= now)?;
            Some(Due {
                at,
                period: Period::last_over(self.kind, at, zone)?,
            })
        })
    }

    /// When it is due next after `now`, ms.
    pub fn next(&self, now: i64, zone: Tz) -> Option<i64> {
        let today = DateTime::<Utc>::from_timestamp_millis(now)?
            .with_timezone(&zone)
            .date_naive();
        (0..DAYS).find_map(|on| {
            let date = today.checked_add_days(Days::new(on))?;
            self.moment(date, zone).filter(|at| *at > now)
        })
    }

    /// When it is due on a day, ms; `None`: not on this one.
    fn moment(&self, date: NaiveDate, zone: Tz) -> Option<i64> {
        let local = zone.from_local_datetime(&date.and_time(self.at));
        let at = local.earliest()?.timestamp_millis();
        self.is_day(date).then_some(at)
    }

    /// Whether its files are there.
    fn is_made(&self, period: &Period) -> bool {
        let path = |f: &Format| {
            self.folder
                .join(format!("{}.{}", period.file_stem(), f.ending()))
        };
        self.formats.iter().all(|f| path(f).exists())
    }

    /// Takes away files of older periods beyond those that stay; only files that a report of this kind has made.
    fn prune(&self) {
        let prefix = format!("shouwang-{}-", self.kind.name());
        for format in &self.formats {
            let ours = |p: &PathBuf| {
                let name = p
                    .file_name()
                    .map(|n| n.to_string_lossy().into_owned())
                    .unwrap_or_default();
                name.starts_with(&prefix) && p.extension().is_some_and(|e| e == format.ending())
            };
            let Ok(entries) = std::fs::read_dir(&self.folder) else {
                return;
            };
            let mut paths: Vec<PathBuf> =
                entries.flatten().map(|e| e.path()).filter(ours).collect();
            paths.sort();
            let old = paths.len().saturating_sub(self.keep);
            for path in paths.into_iter().take(old) {
                if let Err(e) = std::fs::remove_file(&path) {
                    tracing::warn!(path = %path.display(), error = %e, "an old report stays");
                }
            }
        }
        shelf::tidy(&self.folder);
    }
}

/// The letter that a report goes along with: its head and what a reader in a hurry has to know, the files attached. A report that was made
/// anew (`made_at`, ms) is another letter.
pub(super) fn letter(
    to: Vec<String>,
    sheet: &ReportSheet,
    paths: &[PathBuf],
    stem: &str,
    made_at: i64,
) -> Letter {
    let attachments = paths.iter().filter_map(|path| {
        let pdf = path.extension().is_some_and(|e| e == "pdf");
        Some(Attachment {
            name: path.file_name()?.to_string_lossy().into_owned(),
            kind: if pdf {
                "application/pdf"
            } else {
                "text/html; charset=utf-8"
            }
            .to_owned(),
            bytes: std::fs::read(path).ok()?,
        })
    });
    let lines = sheet
        .lead
        .iter()
        .map(|line| format!("<li>{}</li>", report::escape(line)));
    Letter {
        to,
        subject: format!("{} {} · {}", sheet.title, sheet.subtitle, sheet.verdict),
        text: format!("{}\n\n{}", sheet.verdict, sheet.lead.join("\n")),
        html: format!(
            "<!doctype html><html><body style=\"font-family:sans-serif;color:#17212a\"><h2>{}</h2><p>{}</p><ul>{}</ul></body></html>",
            report::escape(&format!("{} {}", sheet.title, sheet.subtitle)),
            report::escape(&sheet.verdict),
            lines.collect::<String>()
        ),
        attachments: attachments.collect(),
        id: Some(format!("{stem}-{made_at}")),
    }
}

/// Sends a letter; true when the server has taken it.
async fn post(mailer: &Mailer, letter: &Letter) -> bool {
    for _ in 0..TRIES {
        match mailer.post(letter).await {
            Ok(()) => {
                tracing::info!(subject = letter.subject, "a report was sent");
                return true;
            }
            Err(e) if e.retry_after().is_some() => {
                tracing::warn!(error = %e, "a report could not be sent yet");
                tokio::time::sleep(BETWEEN.max(e.retry_after().unwrap_or_default())).await;
            }
            Err(e) => {
                tracing::error!(error = %e, "a report was not sent");
                return false;
            }
        }
    }
    tracing::error!(
        subject = letter.subject,
        "a report was not sent: the mail server went on putting it off"
    );
    false
}

impl Plan {
    fn job(&self, due: Due) -> Job {
        Job {
            period: due.period,
            formats: self.formats.clone(),
            folder: self.folder.clone(),
            promise: self.promise,
            by: ReportBy::Schedule,
            due: Some(due.at),
            locale: None,
        }
    }
}

/// Makes what is due until it is stopped. A report that fails is tried again after an hour.
pub async fn run(reports: ReportsHandle) {
    let parts = &reports.0.parts;
    let mut not_before = vec![i64::MIN; parts.plans.len()];
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = parts.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for (i, (plan, wait)) in parts.plans.iter().zip(&mut not_before).enumerate() {
            let now = clock::now_ms();
            let Some(due) = plan.due(now, parts.ground.zone()) else {
                continue;
            };
            if now < *wait || plan.is_made(&due.period) {
                continue;
            }
            match reports.0.on_schedule(i, &plan.job(due)).await {
                Ok(made) => {
                    tracing::info!(kind = plan.kind.name(), "a report was made");
                    let done = plan.clone();
                    // What could not be taken away is in the log.
                    drop(tokio::task::spawn_blocking(move || done.prune()).await);
                    if let Some(mailer) = parts.mailer.clone() {
                        tokio::spawn(deliver(mailer, plan.clone(), due.period.file_stem(), made));
                    }
                }
                Err(e) => {
                    tracing::error!(kind = plan.kind.name(), error = %e, "a report was not made");
                    *wait = now + 3_600_000;
                }
            }
        }
    }
}

async fn deliver(mailer: Arc<Mailer>, plan: Plan, stem: String, made: Made) {
    if plan.mail_to.is_empty() {
        return;
    }
    let to = plan.mail_to.clone();
    let letter = letter(to.clone(), &made.sheet, &made.paths, &stem, made.at);
    if post(&mailer, &letter).await {
        let at = clock::now_ms();
        Inner::was_sent(&plan.folder, &stem, ReportSent { at, to });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(kind: Kind, folder: &Path) -> Plan {
        let wanted = Wanted {
            kind: kind.name().into(),
            at: "08:30".into(),
            weekday: 1,
            day: 31,
            keep: 2,
            ..Wanted::default()
        };
        Plan::of(&wanted, folder).expect("a good plan")
    }

    fn at(text: &str) -> i64 {
        let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
        chrono_tz::Asia::Shanghai
            .from_local_datetime(&local)
            .single()
            .expect("one")
            .timestamp_millis()
    }

    #[test]
    fn what_is_due_is_the_last_one_and_only_from_its_time_on() {
        let zone = chrono_tz::Asia::Shanghai;
        let due = |kind, now: &str| {
            let due = plan(kind, Path::new("x")).due(at(now), zone).expect("due");
            (due.at, due.period.first.to_string())
        };
        // 2026-11-16 is a Monday.
        assert_eq!(
            due(Kind::Daily, "2026-11-17 08:29"),
            (at("2026-11-16 08:30"), "2026-11-15".into())
        );
        assert_eq!(
            due(Kind::Daily, "2026-11-17 08:30"),
            (at("2026-11-17 08:30"), "2026-11-16".into())
        );
        assert_eq!(
            due(Kind::Weekly, "2026-11-20 12:00"),
            (at("2026-11-16 08:30"), "2026-11-09".into())
        );
        // The 31st of a month that has 30 days is its last.
        assert_eq!(
            due(Kind::Monthly, "2026-11-30 09:00"),
            (at("2026-11-30 08:30"), "2026-10-01".into())
        );
        assert_eq!(
            due(Kind::Monthly, "2026-11-29 09:00"),
            (at("2026-10-31 08:30"), "2026-09-01".into())
        );
    }

    #[test]
    fn the_next_one_comes_after_now() {
        let next = |kind, now: &str| {
            let zone = chrono_tz::Asia::Shanghai;
            plan(kind, Path::new("x")).next(at(now), zone)
        };
        let cases = [
            (Kind::Daily, "2026-11-17 08:29", "2026-11-17 08:30"),
            (Kind::Daily, "2026-11-17 08:30", "2026-11-18 08:30"),
            (Kind::Weekly, "2026-11-17 08:00", "2026-11-23 08:30"),
            (Kind::Monthly, "2026-11-17 08:00", "2026-11-30 08:30"),
            (Kind::Monthly, "2026-12-31 09:00", "2027-01-31 08:30"),
        ];
        for (kind, now, expected) in cases {
            assert_eq!(next(kind, now), Some(at(expected)), "{now}");
        }
    }

    #[test]
    fn what_is_there_is_not_made_again_and_old_ones_go() {
        let dir = tempfile::tempdir().expect("a folder");
        let plan = plan(Kind::Daily, dir.path());
        let due = plan
            .due(at("2026-11-17 09:00"), chrono_tz::Asia::Shanghai)
            .expect("due");
        assert!(!plan.is_made(&due.period));
        let names = [
            "shouwang-daily-2026-11-13.pdf",
            "shouwang-daily-2026-11-15.pdf",
            "shouwang-daily-2026-11-16.pdf",
            "shouwang-daily-2026-11-16.html",
            "mine.pdf",
            "shouwang-weekly-2026-11-02.pdf",
        ];
        for name in names {
            std::fs::write(dir.path().join(name), "x").expect("written");
        }
        assert!(plan.is_made(&due.period));
        plan.prune();
        let left = |name: &str| dir.path().join(name).exists();
        assert!(
            !left(names[0]) && names[1..].iter().all(|n| left(n)),
            "only what is too old and ours"
        );
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_none() {
        for wanted in [
            Wanted {
                kind: "yearly".into(),
                ..Wanted::default()
            },
            Wanted {
                kind: "daily".into(),
                at: "25:00".into(),
                ..Wanted::default()
            },
            Wanted {
                kind: "daily".into(),
                formats: vec!["doc".into()],
                ..Wanted::default()
            },
        ] {
            assert_eq!(Plan::of(&wanted, Path::new("x")), None, "{wanted:?}");
        }
    }
}

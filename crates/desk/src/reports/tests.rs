use super::files::{self, Format};
use super::*;
use crate::sources;
use embedded::tsdb::{Options, Tsdb};
use engine::SourceSpec;
use model::{Labels, Sample};
use report::Kind;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{ErrorView, ReportBy, ReportKind, ReportMake, ReportOutcome, ReportsPage};

/// 2026-11-17 00:00 in Shanghai, a Tuesday.
const NOW: i64 = 1_794_844_800_000;
const DAY: i64 = 86_400_000;

/// Two days: 600 orders a minute and 3 of 100 payments lost, the day before 500 and none; a disk that fills by 2 % a day.
fn store() -> Arc<Tsdb> {
    filled(2, 60_000)
}

/// So many days up to now in which only the last one is another, a sample each `step` ms.
fn filled(days: i64, step: i64) -> Arc<Tsdb> {
    let store = Tsdb::in_memory(Options {
        retention_ms: 90 * DAY,
        ..Options::new(Arc::new(|| NOW))
    });
    let (mut orders, mut ok, mut lost) = (0.0, 0.0, 0.0);
    let labels = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied());
    let minutes = step as f64 / 60_000.0;
    for i in 0..=days * DAY / step {
        let t = NOW - days * DAY + i * step;
        let today = t > NOW - DAY;
        orders += minutes * if today { 600.0 } else { 500.0 };
        (ok, lost) = if today {
            (ok + 97.0 * minutes, lost + 3.0 * minutes)
        } else {
            (ok + 100.0 * minutes, lost)
        };
        // A disk that fills: 4 % in the last two days of them.
        let used = 0.64 + 0.02 * ((t - NOW) as f64 / DAY as f64).max(-30.0);
        let disk = |name| {
            labels(&[
                ("__name__", name),
                ("instance", "db"),
                ("mountpoint", "/data"),
                ("fstype", "ext4"),
            ])
        };
        store.append(&[
            (
                labels(&[("__name__", "orders_created_total"), ("channel", "app")]),
                Sample { t, v: orders },
            ),
            (
                labels(&[
                    ("__name__", "payment_attempts_total"),
                    ("result", "ok"),
                    ("channel", "alipay"),
                ]),
                Sample { t, v: ok },
            ),
            (
                labels(&[
                    ("__name__", "payment_attempts_total"),
                    ("result", "failed"),
                    ("channel", "alipay"),
                ]),
                Sample { t, v: lost },
            ),
            (
                labels(&[("__name__", "node_uname_info"), ("instance", "db")]),
                Sample { t, v: 1.0 },
            ),
            (
                disk("node_filesystem_avail_bytes"),
                Sample {
                    t,
                    v: (1.0 - used) * 1e12,
                },
            ),
            (disk("node_filesystem_size_bytes"), Sample { t, v: 1e12 }),
        ]);
    }
    Arc::new(store)
}

fn from(database: Option<PathBuf>) -> From {
    over(store(), database)
}

fn over(store: Arc<Tsdb>, database: Option<PathBuf>) -> From {
    let spec = SourceSpec {
        name: "s".into(),
        kind: "embedded".into(),
        address: String::new(),
        demo: true,
        budget: sources::budget(15.0),
        langs: &[model::Lang::Promql],
    };
    let metrics = crate::local::LocalMetrics::new("embedded", store, Arc::new(|| NOW));
    From {
        library: crate::boards::load(None),
        clients: vec![(spec, Ok(Arc::new(metrics)))],
        database,
        zone: chrono_tz::Asia::Shanghai,
        locale: "zh-CN".into(),
        promise: PROMISE,
    }
}

fn yesterday() -> Period {
    Period::last_over(Kind::Daily, NOW, chrono_tz::Asia::Shanghai).expect("a day")
}

#[tokio::test]
async fn a_day_is_asked_of_the_sources_and_compared_with_the_one_before() {
    let data = gather(&from(None), yesterday(), NOW).await;
    assert_eq!(data.faults, Vec::<String>::new());
    assert!(data.demo && data.alerts.is_none() && data.rota.is_none());
    let of = |id: &str| {
        data.measures
            .iter()
            .find(|m| m.measure.id == id)
            .expect("asked")
    };
    let orders = of("orders").now.summary().expect("values");
    assert!((orders.mean - 600.0).abs() < 2.0, "{orders:?}");
    assert!((of("orders").before.summary().expect("values").mean - 500.0).abs() < 2.0);
    assert_eq!(of("orders").now.points.len(), 1_440);
    assert_eq!(of("orders").parts.len(), 1);
    let success = of("payment_success").now.summary().expect("values");
    assert!((success.min - 97.0).abs() < 0.1, "{success:?}");
    assert!(
        of("users").now.summary().is_none(),
        "nobody knows it, and it is no fault"
    );
    let fit = data.disks[0].used.fit().expect("a line");
    assert!((fit.per_day - 2.0).abs() < 0.05, "{fit:?}");
    assert_eq!(data.disks[0].name, "db /data");
    // The built-in board of orders promises 98.5 % of payments; 97 of 100 were good.
    let objective = data
        .objectives
        .iter()
        .find(|o| o.of == Some("payment_success"));
    let objective = objective.expect("an objective about payments");
    assert_eq!(objective.promised, 98.5);
    assert!(
        (objective.good.expect("events") - 97.0).abs() < 0.1,
        "{objective:?}"
    );
    let document = report::compose(&data);
    let lead = document.lead.join("\n");
    assert!(
        lead.contains("支付成功率（成功占比 97") && lead.contains("目标 98.5%"),
        "{lead}"
    );
    assert!(lead.contains("磁盘 db /data"), "{lead}");
    assert!(document.sections.iter().all(|s| s.title != "告警与响应"));
}

#[tokio::test]
async fn an_alert_desks_database_is_read_beside_the_desk() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("desk.db");
    let key = store::AuditKey::new(&[7; 32]);
    let open = store::Store::open(&path, &key, NOW)
        .await
        .expect("a database");
    let data = gather(&from(Some(path)), yesterday(), NOW).await;
    assert_eq!(
        data.alerts.as_ref().map(report::data::Alerts::fired),
        Some(0)
    );
    assert!(data.rota.is_none(), "there is no rota");
    open.close().await;
    let nowhere = gather(&from(Some(dir.path().join("none.db"))), yesterday(), NOW).await;
    assert!(nowhere.alerts.is_none() && nowhere.faults.is_empty());
    std::fs::write(dir.path().join("bad.db"), "not a database").expect("written");
    let bad = gather(&from(Some(dir.path().join("bad.db"))), yesterday(), NOW).await;
    assert_eq!(bad.faults.len(), 1, "it is told: {:?}", bad.faults);
}

#[tokio::test]
async fn files_are_there_whole_and_named_by_their_day() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = gather(&from(None), yesterday(), NOW).await;
    let document = report::compose(&data);
    let formats = [Format::Pdf, Format::Html];
    let written =
        files::write(&document, &data.period, &formats, &dir.path().join("a/b")).expect("written");
    let names: Vec<String> = written
        .iter()
        .map(|p| {
            p.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        names,
        [
            "shouwang-daily-2026-11-16.pdf",
            "shouwang-daily-2026-11-16.html"
        ]
    );
    let count = std::fs::read_dir(dir.path().join("a/b"))
        .expect("a folder")
        .count();
    assert_eq!(count, 2, "nothing is left beside them");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    let error = files::write(&document, &data.period, &formats, &file).expect_err("no folder");
    assert!(error.to_string().contains("shouwang-daily"), "{error}");
}

/// Reports over the store, with `plans`, in this folder.
fn handle(dir: &Path, plans: Vec<Plan>) -> ReportsHandle {
    let mut config = Config::default();
    config.demo.enabled = Some(false);
    ReportsHandle::new(Parts {
        ground: Ground::new(config, from(None).clients, None),
        plans,
        mailer: None,
        data: Some(dir.to_owned()),
        stop: CancellationToken::new(),
    })
}

fn daily(folder: &Path) -> Plan {
    let wanted = crate::config::report::Report {
        kind: "daily".into(),
        // Due at any time of the day.
        at: "00:00".into(),
        mail_to: vec!["boss@example.com".into()],
        ..Default::default()
    };
    Plan::of(&wanted, folder).expect("a plan")
}

fn asked(day: &str) -> ReportMake {
    ReportMake {
        kind: ReportKind::Daily,
        day: Some(day.into()),
        locale: "en".into(),
    }
}

/// The page as soon as it is as wanted.
async fn until(handle: &ReportsHandle, wanted: impl Fn(&ReportsPage) -> bool) -> ReportsPage {
    let waited = async {
        loop {
            let page = handle.page().await.expect("a page");
            if wanted(&page) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let page = tokio::time::timeout(Duration::from_secs(120), waited).await;
    page.expect("it comes to that")
}

fn reason(error: &ErrorView) -> &str {
    let key = error.params.get("reason_key").map(String::as_str);
    key.and_then(|k| k.strip_prefix("reports_page.reason."))
        .unwrap_or_default()
}

#[tokio::test]
async fn a_report_made_by_hand_is_listed_opened_and_copied() {
    let dir = tempfile::tempdir().expect("a folder");
    let handle = handle(dir.path(), Vec::new());
    let empty = handle.page().await.expect("a page");
    assert!(empty.rows.is_empty() && empty.outcome.is_none() && !empty.mail);
    // The store knows of 2026-11-16; this day is empty, and over whatever the clock of this machine says.
    handle.make(&asked("2020-02-03")).expect("it is begun");
    let busy = handle
        .make(&asked("2020-02-03"))
        .expect_err("one at a time");
    assert_eq!(reason(&busy), "busy");
    let page = until(&handle, |p| p.count == 1 && p.making.is_none()).await;
    let id = "0/shouwang-daily-2020-02-03";
    assert_eq!(page.outcome, Some(ReportOutcome::Made { id: id.into() }));
    let row = &page.rows[0];
    assert_eq!(
        (row.id.as_str(), row.by, row.readable),
        (id, Some(ReportBy::Hand), true)
    );
    assert_eq!(
        (row.first.as_str(), row.last.as_str()),
        ("2020-02-03", "2020-02-03")
    );
    assert!(row.files.len() == 2 && row.files.iter().all(|f| f.bytes > 1_000));
    let sheet = handle.open(id.into()).await.expect("it can be read");
    assert_eq!(sheet.locale, "en", "in the language of who asked");
    assert_eq!(sheet.subtitle, "2020-02-03 Monday");
    assert!(!sheet.sections.is_empty());
    let saved = handle.save(id.into()).await.expect("copied");
    for path in &saved.paths {
        assert!(
            Path::new(path).starts_with(dir.path().join("exports")),
            "{path}"
        );
        assert!(Path::new(path).is_file());
    }
    assert_eq!(saved.paths.len(), 2);
    for wrong in ["0/shouwang-daily-2020-02-04", "0/../../etc/passwd", "x"] {
        assert!(handle.open(wrong.into()).await.is_err(), "{wrong}");
        assert!(handle.save(wrong.into()).await.is_err(), "{wrong}");
    }
    let sent = handle.send(id.into(), vec!["a@b.cn".into()]).await;
    assert_eq!(reason(&sent.expect_err("no server")), "no_mail");
}

#[tokio::test]
async fn a_report_that_cannot_be_written_says_where_and_why() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("reports"), "a file").expect("written");
    let handle = handle(dir.path(), Vec::new());
    handle.make(&asked("2020-02-03")).expect("it is begun");
    let page = until(&handle, |p| p.outcome.is_some()).await;
    let Some(ReportOutcome::Failed { error }) = page.outcome else {
        panic!("made into a file: {page:?}");
    };
    assert_eq!(reason(&error), "not_written");
    assert!(error.params["path"].contains("shouwang-daily-2020-02-03"));
    assert!(page.rows.is_empty());
}

#[tokio::test]
async fn the_schedules_reports_are_listed_and_a_failure_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    let plans = vec![daily(&dir.path().join("mine")), daily(&file)];
    let handle = handle(dir.path(), plans);
    let running = tokio::spawn(schedule::run(handle.clone()));
    let page = until(&handle, |p| {
        !p.rows.is_empty() && p.plans[1].failed.is_some()
    })
    .await;
    let row = &page.rows[0];
    assert_eq!(row.by, Some(ReportBy::Schedule));
    assert_eq!(row.receivers, ["boss@example.com"]);
    assert!(
        dir.path()
            .join("mine")
            .read_dir()
            .expect("its folder")
            .count()
            >= 2
    );
    assert_eq!(page.plans[0].failed, None);
    assert_eq!(page.plans[0].mail_to, ["boss@example.com"]);
    assert!(page.plans[0].next.is_some_and(|next| next > page.now));
    let failed = page.plans[1].failed.as_ref().expect("why");
    assert_eq!(reason(failed), "not_written");
    running.abort();
}

#[tokio::test]
async fn a_month_is_composed_from_its_days_and_written_whole() {
    // The 47 days up to 2026-11-17: October has 30 of its days, and 16 of September are known of none.
    let store = tokio::task::spawn_blocking(|| filled(47, 140_000)).await;
    let from = over(store.expect("filled"), None);
    let zone = chrono_tz::Asia::Shanghai;
    let october = Period::last_over(Kind::Monthly, NOW, zone).expect("a month");
    assert_eq!(october.file_stem(), "shouwang-monthly-2026-10");
    let data = gather(&from, october, NOW).await;
    assert_eq!(data.faults, Vec::<String>::new());
    let orders = data.measures.iter().find(|m| m.measure.id == "orders");
    let orders = orders.expect("asked");
    let summary = orders.now.summary().expect("values");
    assert!((summary.mean - 500.0).abs() < 2.0, "{summary:?}");
    assert!(summary.coverage > 0.95, "{summary:?}");
    assert!(
        orders.before.summary().is_none(),
        "nothing is known of September"
    );
    let fit = data.disks[0].used.fit().expect("a line over weeks");
    assert!(fit.per_day > 0.0, "{fit:?}");
    let document = report::compose(&data);
    let titles: Vec<&str> = document.sections.iter().map(|s| s.title.as_str()).collect();
    assert!(titles.len() >= 3, "{titles:?}");
    assert!(document.title.contains("月报"), "{}", document.title);
    assert!(
        document.subtitle.contains("2026-10"),
        "{}",
        document.subtitle
    );
    let lead = document.lead.join("\n");
    assert!(lead.contains("支付成功率"), "{lead}");
    let dir = tempfile::tempdir().expect("a folder");
    let formats = [Format::Pdf, Format::Html];
    let written = files::write(&document, &october, &formats, dir.path()).expect("written");
    let pdf = std::fs::read(&written[0]).expect("a PDF");
    assert!(
        pdf.starts_with(b"%PDF-") && pdf.len() > 20_000,
        "{}",
        pdf.len()
    );
    let html = std::fs::read_to_string(&written[1]).expect("HTML");
    assert!(html.contains("月报") && html.contains("2026-10"));
    // This month is not over: it is composed up to now.
    let november = Period::of(Kind::Monthly, "2026-11-10".parse().expect("a day"), zone);
    let data = gather(&from, november.expect("a month"), NOW).await;
    let orders = data.measures.iter().find(|m| m.measure.id == "orders");
    assert!(orders.expect("asked").before.summary().is_some());
    assert!(!report::compose(&data).sections.is_empty());
}

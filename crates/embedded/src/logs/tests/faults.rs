//! Damaged files, full disks, hostile lines, time limits.

use super::*;
use crate::logs::{AppendError, OpenError, ReadError, Why};
use model::log::{Field, PageAsk};
use std::fs;
use std::time::Duration;

const ONE: PageAsk = PageAsk {
    beyond: None,
    direction: model::log::Direction::Older,
    limit: 100,
};

async fn messages(store: &LogStore, filter: Filter) -> Vec<String> {
    let page = store.page(&all_of(filter), ONE).await.expect("a page");
    page.lines.into_iter().map(|l| l.message).collect()
}

fn day_file(folder: &Path, date: &str) -> std::path::PathBuf {
    folder.join(format!("logs-{date}.db"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_day_is_put_aside_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let lines = vec![line(NOW, "今天"), line(NOW - 24 * HOUR, "昨天")];
    store.append(lines).await.expect("kept");
    let mark = store
        .tail(&all_of(Filter::All), None, 1)
        .await
        .expect("a mark")
        .mark;
    drop(store);
    let today = day_file(folder.path(), "2026-11-21");
    fs::write(&today, vec![7_u8; 100_000]).expect("damaged");

    let store = open(folder.path());
    assert_eq!(messages(&store, Filter::All).await, ["昨天"]);
    let health = store.health();
    let aside = &health.set_aside[0];
    assert!(
        aside
            .to
            .to_string_lossy()
            .contains("logs-2026-11-21.db.corrupt-")
    );
    assert!(aside.to.exists());
    store
        .append(vec![line(NOW, "新的")])
        .await
        .expect("kept in a new file");
    assert_eq!(messages(&store, Filter::All).await, ["新的", "昨天"]);
    let tail = store
        .tail(&all_of(Filter::All), Some(&mark), 9)
        .await
        .expect("a tail");
    assert_eq!(
        tail.lines.len(),
        1,
        "numbers of arrivals are not given twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_a_reader_meets() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let many = |at: i64| {
        (0..3_000)
            .map(move |i| line(at, &format!("超时 {i}")))
            .collect()
    };
    store.append(many(NOW)).await.expect("kept");
    store.append(many(NOW - 24 * HOUR)).await.expect("kept");
    drop(store);
    // the file's head stays whole, what lies behind it does not
    let yesterday = day_file(folder.path(), "2026-11-20");
    let store = open(folder.path());
    let mut bytes = fs::read(&yesterday).expect("read");
    let from = 8_192 * 4;
    bytes[from..].fill(0xa5);
    fs::write(&yesterday, bytes).expect("damaged");
    let counted = store.count(&all_of(text("超时"))).await.expect("a number");
    assert_eq!(counted.lines, 3_000, "today's");
    store
        .append(vec![line(NOW - 24 * HOUR, "昨天又有")])
        .await
        .expect("kept");
    assert_eq!(messages(&store, text("昨天又有")).await.len(), 1);
    assert_eq!(store.health().set_aside.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_is_a_typed_error_and_loses_nothing_silently() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut small = options(folder.path());
    small.max_bytes = 2 << 20;
    let store = LogStore::open(small).expect("the store opens");
    let batch = || {
        (0..500)
            .map(|i| line(NOW, &format!("{i} {}", "很长的一行".repeat(30))))
            .collect()
    };
    let mut kept = 0;
    let refused = loop {
        match store.append(batch()).await {
            Ok(n) => kept += n,
            Err(e) => break e,
        }
        assert!(kept < 100_000, "it must fill up");
    };
    assert!(
        matches!(refused, AppendError::Full { kept: 0, .. }),
        "{refused:?}"
    );
    let health = store.health();
    assert_eq!((health.kept, health.refused), (kept as u64, 500));
    assert_eq!(health.failing, Some(refused));
    let counted = store.count(&all_of(Filter::All)).await.expect("a number");
    assert_eq!(counted.lines, kept as u64);
    // another day's file has room
    store
        .append(vec![line(NOW - 24 * HOUR, "还行")])
        .await
        .expect("kept");
    assert_eq!(store.health().failing, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_dropped_by_age_and_by_size_the_oldest_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, now) = clock(NOW_MS);
    let mut some = options(folder.path());
    some.clock = clock;
    some.max_days = 4;
    let store = LogStore::open(some).expect("the store opens");
    let days = (0..4)
        .map(|d| line(NOW - d * 24 * HOUR, &format!("{d} 天前")))
        .collect();
    store.append(days).await.expect("kept");
    assert_eq!(messages(&store, text("天前")).await.len(), 4);
    now.store(NOW_MS + 24 * 3_600_000, Ordering::Relaxed);
    store.retain().await.expect("a round");
    assert_eq!(
        messages(&store, text("天前")).await,
        ["0 天前", "1 天前", "2 天前"]
    );
    let dropped = store.health().dropped;
    assert_eq!(
        (dropped[0].date.as_str(), dropped[0].why),
        ("2026-11-18", Why::Age)
    );
    assert!(dropped[0].bytes > 0);
    assert!(!day_file(folder.path(), "2026-11-18").exists());
    drop(store);

    let mut small = options(folder.path());
    small.max_bytes = 1;
    let store = LogStore::open(small).expect("the store opens");
    store.retain().await.expect("a round");
    assert_eq!(
        messages(&store, text("天前")).await,
        ["0 天前"],
        "never the newest"
    );
    let why: Vec<Why> = store.health().dropped.iter().map(|d| d.why).collect();
    assert_eq!(why, [Why::Size, Why::Size]);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_out_of_all_bounds_become_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let lines = vec![
        line(0, "1970"),
        line(i64::MAX, "2262"),
        line(NOW + HOUR, "soon"),
        line(i64::MIN, "1677"),
    ];
    assert_eq!(store.append(lines).await, Ok(4));
    let page = store.page(&all_of(Filter::All), ONE).await.expect("a page");
    let told: Vec<(&str, i64, Option<&str>)> = page
        .lines
        .iter()
        .map(|l| {
            (
                l.message.as_str(),
                l.position.at_ns,
                l.attrs.get("time_replaced").and_then(|v| v.as_str()),
            )
        })
        .collect();
    assert_eq!(told[0], ("soon", NOW + HOUR, None));
    assert_eq!(told[3], ("1970", NOW, Some("1970-01-01T00:00:00+00:00")));
    assert_eq!(store.health().times_replaced, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_lines_are_kept_and_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let huge = format!("{} 尾巴 tail-end", "超长 message ".repeat(700_000));
    let deep = (0..1_000).fold(json!(1), |inner, _| json!([inner]));
    let mut odd = line(
        NOW,
        "NUL \0 <img src=x> \u{202e}\u{1f363} \"quoted\" AND (OR) NEAR* -- ~!=",
    );
    odd.attrs = json!({"deep": deep, "": "empty key", "a\u{0}b": "'; DROP TABLE lines; --"})
        .as_object()
        .cloned()
        .expect("an object");
    odd.service = "s\u{0}\"*".into();
    let long_word = line(NOW, &"x".repeat(100_000));
    store
        .append(vec![line(NOW, &huge), odd, long_word])
        .await
        .expect("kept");
    for (phrase, lines) in [
        ("尾巴", 1),
        ("tail-end", 1),
        ("DROP", 0),
        ("\0", 1),
        ("\"quoted\" AND (", 1),
        ("🍣", 1),
        ("xxxxxx", 1),
        ("~!=", 1),
        ("\"", 1),
        ("*", 1),
    ] {
        let counted = store.count(&all_of(text(phrase))).await.expect("a number");
        assert_eq!(counted.lines, lines, "{phrase:?}");
    }
    let is = |field: Field, value: &str| all_of(Filter::Is(field, value.into()));
    let key = Field::Attr(vec!["a\0b".into()]);
    let found = store.count(&is(key, "'; drop table lines; --")).await;
    assert_eq!(found.expect("a number").lines, 1);
    let found = store.count(&is(Field::Service, "S\0\"*")).await;
    assert_eq!(found.expect("a number").lines, 1);
    let page = store.page(&all_of(text("NUL")), ONE).await.expect("a page");
    assert!(page.lines[0].attrs["deep"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_words_than_the_list_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let name = |mut i: u32| -> String {
        std::iter::repeat_with(|| {
            let letter = char::from(b'a' + (i % 26) as u8);
            i /= 26;
            letter
        })
        .take(5)
        .collect()
    };
    let of = |block: u32| {
        let words: Vec<String> = (block * 1_500..(block + 1) * 1_500).map(name).collect();
        line(NOW + i64::from(block), &words.join(" "))
    };
    store
        .append((0..140).map(of).collect())
        .await
        .expect("kept");
    store
        .append(vec![line(NOW, "unmistakable")])
        .await
        .expect("kept");
    let counted = store
        .count(&all_of(text("mistak")))
        .await
        .expect("a number");
    assert_eq!(
        (counted.lines, counted.exact),
        (1, true),
        "found without the list"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_ends_when_its_time_is_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hasty = options(folder.path());
    hasty.read_limit = Duration::from_millis(1);
    let store = LogStore::open(hasty).expect("the store opens");
    let many = (0..20_000)
        .map(|i| line(NOW, &format!("line {i}")))
        .collect();
    store.append(many).await.expect("kept");
    let never = all_of(Filter::Has(Field::named("nothing")));
    assert_eq!(
        store.page(&never, ONE).await,
        Err(ReadError::TimedOut {
            after: Duration::from_millis(1)
        })
    );
    let counted = store.count(&never).await;
    assert!(
        counted.as_ref().is_ok_and(|c| !c.exact) || counted.is_err(),
        "{counted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_nobody_waits_for_makes_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let many = (0..50_000)
        .map(|i| line(NOW, &format!("line {i}")))
        .collect();
    store.append(many).await.expect("kept");
    let slow = all_of(Filter::Has(Field::named("nothing")));
    let mut dropped = 0;
    for _ in 0..200 {
        // more than can be asked at once; nearly each is dropped when it has just begun (a machine that stands still for a moment may
        // see one answered)
        let asked = tokio::time::timeout(Duration::from_millis(1), store.count(&slow)).await;
        dropped += usize::from(asked.is_err());
    }
    assert!(dropped > 100, "{dropped} would take longer");
    let counted = store.count(&all_of(text("line"))).await.expect("a number");
    assert_eq!(counted.lines, 50_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_without_meaning() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let all = all_of(Filter::All);
    assert!(matches!(
        store.histogram(&all, 0).await,
        Err(ReadError::Invalid(_))
    ));
    assert!(matches!(
        store.histogram(&all, 1).await,
        Err(ReadError::TooMuch { .. })
    ));
    let backwards = LogRange {
        from_ns: 5,
        to_ns: 3,
        filter: Filter::All,
    };
    assert_eq!(
        store
            .histogram(&backwards, 10)
            .await
            .expect("empty")
            .total(),
        0
    );
    assert_eq!(store.count(&backwards).await.expect("empty").lines, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let second = LogStore::open(options(folder.path()));
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    drop(store);
    let path = day_file(folder.path(), "2026-11-20");
    let foreign = rusqlite::Connection::open(&path).expect("a file");
    foreign
        .execute_batch("CREATE TABLE theirs(x)")
        .expect("a table");
    drop(foreign);
    let before = fs::read(&path).expect("read");
    assert!(matches!(
        LogStore::open(options(folder.path())),
        Err(OpenError::Foreign { .. })
    ));
    assert_eq!(fs::read(&path).expect("read"), before, "untouched");
    let later = rusqlite::Connection::open(&path).expect("a file");
    later
        .execute_batch("PRAGMA application_id = 1398238311; PRAGMA user_version = 99")
        .expect("set");
    drop(later);
    assert!(matches!(
        LogStore::open(options(folder.path())),
        Err(OpenError::Newer { .. })
    ));
}

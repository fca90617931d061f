//! What has arrived since.

use super::*;
use model::log::{LogTail, TailMark};

async fn since(store: &LogStore, filter: Filter, mark: &TailMark, limit: usize) -> LogTail {
    store
        .tail(&all_of(filter), Some(mark), limit)
        .await
        .expect("a tail")
}

fn messages(tail: &LogTail) -> Vec<&str> {
    tail.lines.iter().map(|l| l.message.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_arrival_late_lines_included_and_marks_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    store.append(vec![line(NOW, "before")]).await.expect("kept");
    let start = store
        .tail(&all_of(Filter::All), None, 10)
        .await
        .expect("a mark");
    assert!(start.lines.is_empty());

    let late = line(NOW - 26 * HOUR, "迟到 late");
    let lines = vec![line(NOW, "one"), late, line(NOW - SECOND, "two")];
    store.append(lines).await.expect("kept");
    let tail = since(&store, Filter::All, &start.mark, 10).await;
    assert_eq!(
        messages(&tail),
        ["one", "two", "迟到 late"],
        "the newest first"
    );
    assert_eq!(tail.left_out, 0);
    assert_eq!(
        messages(&since(&store, text("迟到"), &start.mark, 10).await),
        ["迟到 late"]
    );
    let cut = since(&store, Filter::All, &start.mark, 2).await;
    assert_eq!((messages(&cut), cut.left_out), (vec!["one", "two"], 1));
    assert!(
        since(&store, Filter::All, &tail.mark, 10)
            .await
            .lines
            .is_empty()
    );

    drop(store);
    let store = open(folder.path());
    assert_eq!(since(&store, Filter::All, &tail.mark, 10).await.lines, []);
    store
        .append(vec![line(NOW - 50 * HOUR, "after")])
        .await
        .expect("kept");
    assert_eq!(
        messages(&since(&store, Filter::All, &tail.mark, 10).await),
        ["after"]
    );
    assert_eq!(
        messages(&since(&store, Filter::All, &start.mark, 10).await).len(),
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_told_once_while_lines_arrive() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let mut mark = store
        .tail(&all_of(Filter::All), None, 1)
        .await
        .expect("a mark")
        .mark;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for batch in 0..40 {
                let of = |i: i64| line(NOW - i % 3 * 24 * HOUR, &format!("超时 {batch} {i}"));
                store.append((0..60).map(of).collect()).await.expect("kept");
            }
        }
    });
    let mut seen = Vec::new();
    while seen.len() < 40 * 60 {
        let tail = since(&store, text("超时"), &mark, 10_000).await;
        assert_eq!(tail.left_out, 0);
        seen.extend(tail.lines.into_iter().map(|l| l.message));
        mark = tail.mark;
    }
    writer.await.expect("it ends");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 40 * 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_marks() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    store.append(vec![line(NOW, "a")]).await.expect("kept");
    let of = |text: &str| TailMark(text.into());
    assert!(
        store
            .tail(&all_of(Filter::All), Some(&of("x")), 1)
            .await
            .is_err()
    );
    let ahead = since(&store, Filter::All, &of("9000000000"), 1).await;
    assert_eq!(
        (ahead.lines.len(), ahead.mark.0.as_str()),
        (0, "1025"),
        "begins now"
    );
    assert_eq!(
        since(&store, Filter::All, &of("-5"), 9).await.lines.len(),
        1
    );
}

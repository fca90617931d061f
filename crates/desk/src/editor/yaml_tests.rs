use super::*;
use crate::boards;

const FILE: &str = "# the kitchen's board
id: kitchen
title: Kitchen     # as it is called
window_seconds: 7200
panels:
  # ---- ovens ----
  - id: a
    kind: gauge
    title: Oven    # the big one
    at: {x: 0, y: 0, w: 4, h: 4}
    unit: celsius
    queries:
      - expr: 'max(oven)'   # never #2

  # ---- doors ----
  - id: b
    kind: stat
    title: Doors
    at:
      x: 4
      y: 0
      w: 4
      h: 4
    queries:
      - {id: a, expr: 'sum(door)', thresholds: {warning: 3}}
";

fn kitchen() -> Board {
    read(FILE).unwrap()
}

#[test]
fn a_board_that_did_not_change_keeps_every_letter() {
    let written = write(&kitchen(), Some(FILE)).unwrap();
    assert_eq!((written.text.as_str(), written.comments_lost), (FILE, 0));
}

#[test]
fn only_what_changed_is_written_anew() {
    let mut board = kitchen();
    board.panels[0].at.w = 3;
    let written = write(&board, Some(FILE)).unwrap();
    assert_eq!(written.comments_lost, 2);
    let (head, doors) = (
        FILE.split("  - id: a").next().unwrap(),
        FILE.split("\n\n").nth(1).unwrap(),
    );
    assert_eq!(
        written.text,
        format!(
            "{head}  - id: a\n    kind: gauge\n    title: Oven\n    at: {{x: 0, y: 0, w: 3, h: 4}}\n    unit: celsius\n    queries:\n      - {{id: a, expr: 'max(oven)'}}\n\n{doors}"
        )
    );
}

#[test]
fn panels_come_and_go_and_headings_stay() {
    let mut board = kitchen();
    let mut new = board.panels.remove(0);
    new.id = "c".to_owned();
    new.at.x = 12;
    board.panels.push(new);
    let written = write(&board, Some(FILE)).unwrap();
    assert_eq!(written.comments_lost, 2);
    let places: Vec<usize> = [
        "# the kitchen",
        "# ---- ovens",
        "# ---- doors",
        "- id: b",
        "- id: c",
    ]
    .iter()
    .map(|part| {
        written
            .text
            .find(part)
            .unwrap_or_else(|| panic!("{part} in {}", written.text))
    })
    .collect();
    assert!(places.is_sorted(), "{}", written.text);
    board.title = "Other".to_owned();
    let written = write(&board, Some(FILE)).unwrap();
    assert!(
        written.text.starts_with(
            "# the kitchen's board\nid: kitchen\ntitle: Other\nwindow_seconds: 7200\n"
        )
    );
    assert_eq!(written.comments_lost, 3);
}

#[test]
fn without_a_file_it_is_written_as_a_person_does() {
    let written = write(&kitchen(), None).unwrap();
    assert_eq!(
        written.text,
        "id: kitchen\ntitle: Kitchen\nwindow_seconds: 7200\ncolumns: 24\nrows: 20\npanels:\n  - id: a\n    kind: gauge\n    title: Oven\n    at: {x: 0, y: 0, w: 4, h: 4}\n    unit: celsius\n    queries:\n      - {id: a, expr: 'max(oven)'}\n  - id: b\n    kind: stat\n    title: Doors\n    at: {x: 4, y: 0, w: 4, h: 4}\n    queries:\n      - {id: a, expr: 'sum(door)', thresholds: {warning: 3}}\n"
    );
}

#[test]
fn every_built_in_board_is_written_and_read_back() {
    for (id, board) in boards::load(None).boards {
        let written = write(&board, None).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(read(&written.text).unwrap(), board, "{id}");
    }
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    let mut board = kitchen();
    for title in [
        "no",
        "1e3",
        "~",
        "a: b",
        "# x",
        "- x",
        "it's",
        "a\nb\t\u{7}",
        "",
        " x ",
        "{a}",
        "总览 · 服务器",
        "0x10",
        "null",
        "&a",
        "!x",
        "%d",
        "@",
        "\u{2028}",
    ] {
        board.title = title.to_owned();
        board.panels[1].title = title.to_owned();
        board.panels[1].queries[0].legend = Some(title.to_owned());
        for before in [None, Some(FILE)] {
            let written = write(&board, before).unwrap_or_else(|e| panic!("{title:?}: {e}"));
            assert_eq!(read(&written.text).unwrap(), board, "{title:?}");
        }
    }
}

#[test]
fn a_number_that_no_file_can_say_is_refused() {
    let mut board = kitchen();
    board.panels[0].min = Some(f64::NAN);
    // JSON's null for it reads back as "not given"
    assert!(matches!(
        write(&board, None),
        Err(WriteError::ReadsOtherwise(_))
    ));
}

#[test]
fn all_that_a_board_can_say_is_written_and_read_back() {
    let text = "id: kitchen
title: Kitchen
variables:
  - {id: host, label: board.v.host, query: 'label_values(${host_uptime}, instance)', multi: true, default: [a, 'b,c']}
  - {id: shop, values: [北京, 上海]}
marks:
  - {id: started, kind: deployment, expr: process_start_time_seconds, legend: '{{service}} 启动'}
panels:
  - id: a
    kind: forecast
    title: A
    at: {x: 0, y: 0, w: 4, h: 4}
    window_seconds: 3600
    step_seconds: 60
    forecast: {method: linear, ahead_seconds: 3600, season_seconds: 86400}
    links:
      - {to: board, target: server, variables: {host: $instance}}
      - {to: logs, target: 'host:$instance.host'}
    queries:
      - {id: a, expr: up, thresholds: {}, refresh_seconds: 5}
      - {id: b, expr: 'SELECT 1 WHERE $from $to', lang: sql}
  - id: b
    kind: slo
    title: B
    at: {x: 4, y: 0, w: 4, h: 4}
    slo: {objective: 99.5, days: 7}
    queries:
      - {id: a, expr: 'bad[$window]'}
  - id: c
    kind: topology
    title: C
    at: {x: 8, y: 0, w: 4, h: 4}
    ends: {from: client, to: server}
    queries:
      - {id: a, expr: calls}
";
    let board = read(text).unwrap();
    let written = write(&board, None).unwrap();
    assert_eq!(read(&written.text).unwrap(), board);
    for said in [
        "    window_seconds: 3600\n",
        "refresh_seconds: 5}",
        "thresholds: {}",
        "default: [a, 'b,c']",
        "{to: logs, target: 'host:$instance.host'}",
        "slo: {objective: 99.5, days: 7}",
    ] {
        assert!(written.text.contains(said), "{said} in {}", written.text);
    }
    assert!(
        !written
            .text
            .starts_with("id: kitchen\ntitle: Kitchen\nwindow_seconds")
    );
}

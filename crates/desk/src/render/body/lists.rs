//! Lists whose rows come from elsewhere than metrics: alerts and lines of logs.

use super::How;
use super::rows::rest;
use crate::render::words::level_grade;
use chart::panel::{Body, Grade, Item, List};
use model::board::{Panel, Unit};
use wire::{AlertRow, LogLevelView, LogLineView};

fn limit(panel: &Panel) -> usize {
    usize::from(panel.limit.unwrap_or(8).max(1))
}

pub(super) fn alerts(panel: &Panel, how: &How) -> Body {
    let Some(all) = &how.beside.alerts else {
        return nothing(how.words.plain("ui.alert_list.unknown"));
    };
    let filter = panel.filter.as_deref().unwrap_or_default();
    let all: Vec<&AlertRow> = all.iter().filter(|row| is_chosen(row, filter)).collect();
    if all.is_empty() {
        return nothing(how.words.plain("ui.alert_list.none"));
    }
    let item = |row: &&AlertRow| {
        let level = format!("{:?}", row.level).to_uppercase();
        let since = (how.at as f64 - row.starts_at).max(0.0) / 1_000.0;
        let who = row
            .acked_by
            .as_deref()
            .map(|who| how.words.with("alert.handling", "who", who));
        let mut end = vec![how.words.line(since, Unit::Seconds)];
        end.extend(who);
        end.extend(row.demo.then(|| how.words.plain("ui.demo.mark")));
        let title = [&row.title, &row.rule];
        let title = title.into_iter().find(|t| !t.is_empty());
        Item {
            grade: level_grade(row.level.into()),
            lead: vec![level],
            text: title.map_or_else(|| how.words.plain("alert.untitled"), Clone::clone),
            place: row.place.join(" · "),
            end: end.join(" · "),
        }
    };
    let shown = all.len().min(limit(panel));
    Body::List(List {
        items: all.iter().take(shown).map(item).collect(),
        rest: rest(all.len() - shown, 0, shown, how),
    })
}

fn nothing(words: String) -> Body {
    Body::List(List {
        items: Vec::new(),
        rest: words,
    })
}

/// As the wall's list chooses: each word must stand in title, rule or place, `!word` in none of them; `level<=P1` keeps P1 and what is
/// more urgent.
fn is_chosen(row: &AlertRow, filter: &str) -> bool {
    let mut text = format!("{}\n{}\n{}", row.title, row.rule, row.place.join("\n"));
    text = text.to_lowercase();
    let own = format!("{:?}", row.level).to_lowercase();
    filter.to_lowercase().split_whitespace().all(|term| {
        // P0 is before P1 as text as well.
        let of = |sign: &str| {
            term.strip_prefix("level")?
                .strip_prefix(sign)
                .map(str::to_owned)
        };
        if let Some(limit) = of("<=") {
            own <= limit
        } else if let Some(limit) = of(">=") {
            own >= limit
        } else if let Some(limit) = of("=") {
            own == limit
        } else if let Some(word) = term.strip_prefix('!') {
            !text.contains(word)
        } else {
            text.contains(term)
        }
    })
}

pub(super) fn lines(panel: &Panel, how: &How) -> Body {
    match how.beside.lines.get(&panel.id) {
        None => nothing(how.words.plain("ui.log_stream.none")),
        Some(Err(why)) => Body::Words(vec![how.words.plain("ui.state.failed"), why.clone()]),
        Some(Ok(lines)) if lines.is_empty() => nothing(how.words.plain("ui.log_stream.none")),
        Some(Ok(lines)) => {
            let clock = how.words.clock(0.0);
            let item = |line: &LogLineView| Item {
                grade: match line.level {
                    Some(LogLevelView::Error | LogLevelView::Fatal) => Grade::Critical,
                    Some(LogLevelView::Warn) => Grade::Warning,
                    _ => Grade::Normal,
                },
                lead: vec![
                    line.level
                        .map_or_else(|| "–".to_owned(), |l| format!("{l:?}").to_uppercase()),
                    clock.write(line.at),
                    line.service.clone(),
                ],
                text: line.message.replace(char::is_control, " "),
                ..Item::default()
            };
            // As many as there is room for: how many that is shows when they are drawn.
            Body::List(List {
                items: lines.iter().map(item).collect(),
                rest: String::new(),
            })
        }
    }
}

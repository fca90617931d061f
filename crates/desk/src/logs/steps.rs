//! Steps and findings of the life of partitions as sentences: the same on the command line, on the page and in an alert.

use crate::duty::sentences::{With, sentence, text};
use engine::Failure;
use pglogs::PgLogsError;
use pglogs::lifecycle::{Finding, Step};
use wire::{Param, Sentence};

fn said(key: &str, params: Vec<(&'static str, String)>) -> Sentence {
    let put = |said: Sentence, (name, value): (&'static str, String)| said.with(name, text(&value));
    params.into_iter().fold(sentence(key), put)
}

/// What a step does.
pub fn step(step: &Step) -> Sentence {
    let mut params = vec![("day", step.day().to_string())];
    match step {
        Step::Create { waiting, .. } => params.push(("lines", waiting.to_string())),
        Step::Index { index, .. } => params.push(("index", (*index).to_owned())),
        Step::Forget { part, .. } | Step::Sweep { part, .. } => {
            params.push(("part", part.to_string()));
        }
        _ => {}
    }
    match step {
        Step::Create { waiting: 1.., .. } => said("pglogs.step_create_move", params),
        _ => said(&format!("pglogs.step_{}", step.code()), params),
    }
}

/// What somebody should know.
pub fn finding(finding: &Finding) -> Sentence {
    let params = match finding {
        Finding::DefaultNotEmpty {
            lines,
            days,
            oldest,
            newest,
        } => vec![
            ("lines", lines.to_string()),
            ("days", days.to_string()),
            ("oldest", oldest.to_string()),
            ("newest", newest.to_string()),
        ],
        Finding::NotAhead { day } | Finding::Detached { day } => vec![("day", day.to_string())],
        Finding::Damaged { day, part, detail } => vec![
            ("day", day.to_string()),
            ("part", part.to_string()),
            ("detail", detail.clone()),
        ],
    };
    said(&format!("pglogs.finding_{}", finding.code()), params)
}

/// What two findings have in common that are the same one at two times: its kind, and the day where it is about one.
pub fn about(finding: &Finding) -> (&'static str, String) {
    let of = match finding {
        Finding::DefaultNotEmpty { .. } | Finding::NotAhead { .. } => String::new(),
        Finding::Detached { day } => day.to_string(),
        Finding::Damaged { day, part, .. } => format!("{day}.{part}"),
    };
    (finding.code(), of)
}

/// What kept a step from being done.
pub fn error(error: &PgLogsError) -> Sentence {
    said(&format!("pglogs.{}", error.code()), error.params())
}

/// What the configuration lacks.
pub fn failure(failure: &Failure) -> Sentence {
    said(&format!("error.{}", failure.code), failure.params.clone())
}

/// A sentence's values as plain texts; those of this module have no others.
pub fn plain(sentence: &Sentence) -> Vec<(&str, String)> {
    let text = |param: &Param| match param {
        Param::Text(text) => text.clone(),
        _ => String::new(),
    };
    let params = sentence.params.iter();
    params.map(|(n, p)| (n.as_str(), text(p))).collect()
}

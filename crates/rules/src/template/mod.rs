//! Templates of labels and annotations: the part of Go's `text/template` that alert texts use, with Prometheus' functions.
//!
//! Known: texts, comments and trimming; pipelines, variables, `if`/`else if`/`with`/`range`/`break`/`continue`; `$labels`, `$value`,
//! `$externalLabels`, `$externalURL` and their `.Labels` forms; Go's own `and or not len index print printf println html urlquery` and
//! comparisons; Prometheus' `humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime title toUpper toLower
//! match reReplaceAll stripPort stripDomain graphLink tableLink parseDuration safeHtml externalURL pathPrefix`.
//! What asks a further question of the database (`query` and what reads its answer) is not: see [`check`].
//! Reference: <https://prometheus.io/docs/prometheus/latest/configuration/template_reference/> and Go's `text/template`.

mod ast;
mod exec;
mod format;
mod functions;
mod humanize;
mod lex;
mod literal;
mod parse;
mod printf;
mod value;

use ast::List;
use model::Labels;
use std::collections::BTreeSet;
use std::fmt;

/// Longest text that a template may write, bytes.
pub const MAX_OUTPUT: usize = 1024 * 1024;

/// What Prometheus puts before every text, so that `$labels` and `$value` are known.
const PREFIX: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// Why a template cannot be read or expanded; the words are Go's and Prometheus'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

/// What a template can say something about.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Labels of the expression's result, before those of the rule.
    pub labels: Labels,
    /// The value of the expression.
    pub value: f64,
    /// Labels that all of this desk's alerts have.
    pub external_labels: Labels,
    /// Address of this desk.
    pub external_url: String,
}

/// A template that was read.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
    /// With the prefix.
    text: String,
    nodes: List,
    /// Neither action nor comment in it: it is its own expansion.
    plain: bool,
}

impl Template {
    /// Reads `text`, a label's or annotation's value of the rule `alert`.
    ///
    /// # Errors
    /// As Go says it: `template: __alert_Name:1: function "x" not defined`.
    pub fn parse(alert: &str, text: &str) -> Result<Self, TemplateError> {
        let name = format!("__alert_{alert}");
        let plain = !text.contains("{{");
        let all = format!("{PREFIX}{text}");
        let nodes = if plain {
            Vec::new()
        } else {
            parse::parse(&name, &all)?
        };
        Ok(Self {
            name,
            text: all,
            nodes,
            plain,
        })
    }

    /// Fills it in.
    ///
    /// # Errors
    /// As Go says it, with the place.
    pub fn expand(&self, data: &Data) -> Result<String, TemplateError> {
        if self.plain {
            return Ok(self.text.get(PREFIX.len()..).unwrap_or("").to_owned());
        }
        exec::execute(&self.name, &self.text, &self.nodes, data)
    }

    /// Fills it in; what goes wrong becomes the text, as Prometheus writes it.
    pub fn expand_or_say(&self, data: &Data) -> String {
        self.expand(data).unwrap_or_else(|e| {
            format!(
                "<error expanding template: error executing template {}: {e}>",
                self.name
            )
        })
    }
}

/// Reads `text` as [`Template::parse`] and answers the functions it calls that Prometheus has and this desk has not; each call of one
/// ends the expansion with an error in the text.
///
/// # Errors
/// As [`Template::parse`].
pub fn check(alert: &str, text: &str) -> Result<Vec<String>, TemplateError> {
    let template = Template::parse(alert, text)?;
    let mut found = BTreeSet::new();
    ast::functions(&template.nodes, &mut |name| {
        if functions::find(name).is_none() {
            found.insert(name.to_owned());
        }
    });
    Ok(found.into_iter().collect())
}

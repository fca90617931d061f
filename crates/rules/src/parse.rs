//! From the text of a rule file to [`RuleFile`], with all that is wrong.

use crate::duration;
use crate::error::{Problem, RuleError};
use crate::file::{Group, Kind, Rule, RuleFile};
use crate::template;
use promql_parser::parser::value::ValueType;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// Largest file that is read, bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most groups of a file.
const MAX_GROUPS: usize = 1000;
/// Most rules of a file.
const MAX_RULES: usize = 10_000;
/// Most labels, and most annotations, of a rule.
const MAX_LABELS: usize = 100;
/// Longest text (name, label, annotation), bytes.
const MAX_TEXT: usize = 64 * 1024;

/// A file that can be used, and what should nevertheless be said of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The rules.
    pub file: RuleFile,
    /// Duplicates, recording rules, functions that are not available here.
    pub warnings: Vec<RuleError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    groups: Option<Vec<RawGroup>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    #[serde(default)]
    name: Option<Spanned<String>>,
    #[serde(default)]
    interval: Option<Spanned<String>>,
    #[serde(default)]
    query_offset: Option<Spanned<String>>,
    #[serde(default)]
    limit: Option<Spanned<i64>>,
    #[serde(default)]
    labels: Option<Texts>,
    #[serde(default)]
    rules: Option<Vec<RawRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    #[serde(default)]
    record: Option<Spanned<String>>,
    #[serde(default)]
    alert: Option<Spanned<String>>,
    #[serde(default)]
    expr: Option<Spanned<String>>,
    #[serde(default, rename = "for")]
    hold: Option<Spanned<String>>,
    #[serde(default)]
    keep_firing_for: Option<Spanned<String>>,
    #[serde(default)]
    labels: Option<Texts>,
    #[serde(default)]
    annotations: Option<Texts>,
}

type Texts = BTreeMap<String, Spanned<Option<String>>>;

/// Reads a rule file as Prometheus reads it. `name` is only repeated in what is said.
///
/// # Errors
/// All that is wrong, when anything is.
pub fn parse(name: &str, text: &str) -> Result<Loaded, Vec<RuleError>> {
    let mut reader = Reader::new(name);
    if text.len() > MAX_BYTES {
        reader.too_large(0, "bytes", text.len(), MAX_BYTES);
        return Err(reader.problems);
    }
    let only_comments = text
        .lines()
        .all(|l| matches!(l.trim(), "" | "---") || l.trim().starts_with('#'));
    let raw = if only_comments {
        RawFile { groups: None }
    } else {
        match serde_saphyr::from_str(text) {
            Ok(raw) => raw,
            Err(e) => {
                let line = e.location().map_or(0, |l| l.line());
                reader.add(line, "", Problem::Yaml(e.without_snippet().to_string()));
                return Err(reader.problems);
            }
        }
    };
    let groups = reader.groups(raw.groups.unwrap_or_default());
    let (warnings, errors): (Vec<_>, Vec<_>) = reader
        .problems
        .into_iter()
        .partition(|e| e.problem.is_warning());
    if errors.is_empty() {
        Ok(Loaded {
            file: RuleFile {
                name: name.to_owned(),
                groups,
            },
            warnings,
        })
    } else {
        Err(errors)
    }
}

struct Reader<'a> {
    file: &'a str,
    group: String,
    rule: String,
    rules: usize,
    problems: Vec<RuleError>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            group: String::new(),
            rule: String::new(),
            rules: 0,
            problems: Vec::new(),
        }
    }

    fn add(&mut self, line: u64, field: &str, problem: Problem) {
        self.problems.push(RuleError {
            file: self.file.to_owned(),
            line,
            group: self.group.clone(),
            rule: self.rule.clone(),
            field: field.to_owned(),
            problem,
        });
    }

    fn too_large(&mut self, line: u64, what: &'static str, is: usize, max: usize) {
        self.add(line, "", Problem::TooLarge { what, is, max });
    }

    fn groups(&mut self, raw: Vec<RawGroup>) -> Vec<Group> {
        if raw.len() > MAX_GROUPS {
            self.too_large(0, "groups", raw.len(), MAX_GROUPS);
            return Vec::new();
        }
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut groups = Vec::with_capacity(raw.len());
        for (i, raw) in raw.into_iter().enumerate() {
            let line = raw.name.as_ref().map_or(0, line);
            self.rule.clear();
            self.group = text_of(raw.name.as_ref());
            if self.group.is_empty() {
                self.group = format!("#{}", i + 1);
                self.add(line, "name", Problem::GroupWithoutName);
            } else if !names.insert(self.group.clone()) {
                self.add(line, "name", Problem::GroupTwice);
            }
            self.bounded(line, "name", self.group.len());
            groups.push(self.one_group(raw, &mut seen));
        }
        groups
    }

    fn one_group(&mut self, raw: RawGroup, seen: &mut BTreeSet<String>) -> Group {
        let limit = raw.limit.as_ref().map_or(0, |l| {
            if l.value < 0 {
                self.add(line(l), "limit", Problem::Negative);
            }
            usize::try_from(l.value).unwrap_or(0)
        });
        let mut group = Group {
            name: self.group.clone(),
            interval_ms: raw
                .interval
                .as_ref()
                .map(|d| self.duration("interval", Some(d)))
                .filter(|ms| *ms > 0),
            limit,
            query_offset_ms: self.duration("query_offset", raw.query_offset.as_ref()),
            labels: self.texts("labels", raw.labels, true),
            rules: Vec::new(),
        };
        for raw in raw.rules.unwrap_or_default() {
            self.rules += 1;
            if self.rules > MAX_RULES {
                self.too_large(0, "rules", self.rules, MAX_RULES);
                break;
            }
            if let Some(rule) = self.one_rule(raw) {
                let mut key = format!("{:?} {:?}", rule.kind, rule.name);
                for (n, v) in &group.labels_of(&rule) {
                    key.push_str(&format!(" {n:?}={v:?}"));
                }
                if !seen.insert(key) {
                    self.add(rule.line, "", Problem::Duplicate);
                }
                group.rules.push(rule);
            }
        }
        group
    }

    fn one_rule(&mut self, raw: RawRule) -> Option<Rule> {
        let (alert, record) = (text_of(raw.alert.as_ref()), text_of(raw.record.as_ref()));
        let at = raw
            .alert
            .as_ref()
            .or(raw.record.as_ref())
            .or(raw.expr.as_ref())
            .map_or(0, line);
        let (kind, name) = match (alert.is_empty(), record.is_empty()) {
            (false, true) => (Kind::Alert, alert),
            (true, false) => (Kind::Record, record),
            _ => {
                self.rule = format!("{alert}{record}");
                self.add(at, "alert", Problem::AlertOrRecord);
                return None;
            }
        };
        self.rule.clone_from(&name);
        self.bounded(at, "alert", name.len());
        let recording = kind == Kind::Record;
        let rule = Rule {
            kind,
            name,
            expr: self.expression(at, raw.expr.as_ref()),
            for_ms: self.duration("for", raw.hold.as_ref()),
            keep_firing_for_ms: self.duration("keep_firing_for", raw.keep_firing_for.as_ref()),
            labels: self.texts("labels", raw.labels, true),
            annotations: self.texts("annotations", raw.annotations, false),
            line: at,
        };
        if recording {
            self.recording(&rule);
        } else {
            self.templates(&rule);
        }
        Some(rule)
    }

    fn recording(&mut self, rule: &Rule) {
        let wrong = [
            ("for", rule.for_ms != 0),
            ("keep_firing_for", rule.keep_firing_for_ms != 0),
            ("annotations", !rule.annotations.is_empty()),
        ];
        for (field, _) in wrong.into_iter().filter(|(_, wrong)| *wrong) {
            self.add(rule.line, field, Problem::NotForRecording);
        }
        if !is_metric_name(&rule.name) {
            self.add(rule.line, "record", Problem::MetricName(rule.name.clone()));
        }
        self.add(rule.line, "record", Problem::RecordingNotEvaluated);
    }

    fn templates(&mut self, rule: &Rule) {
        let all = [("labels", &rule.labels), ("annotations", &rule.annotations)];
        for (key, texts) in all {
            for (name, text) in texts {
                let field = format!("{key}.{name}");
                match template::check(&rule.name, text) {
                    Ok(unavailable) => {
                        for function in unavailable {
                            self.add(rule.line, &field, Problem::TemplateFunction(function));
                        }
                    }
                    Err(e) => self.add(rule.line, &field, Problem::Template(e.to_string())),
                }
            }
        }
    }

    fn expression(&mut self, at: u64, raw: Option<&Spanned<String>>) -> String {
        let text = text_of(raw);
        let at = raw.map_or(at, line);
        if text.is_empty() {
            self.add(at, "expr", Problem::NoExpression);
            return text;
        }
        match promql::selectors(&text) {
            Err(e) => self.add(at, "expr", Problem::Expression(e.to_string())),
            // the parser's own reading suffices for the type: what the guard rewrites has the same one
            Ok(_) => {
                if let Ok(expr) = promql_parser::parser::parse(&text) {
                    let of = expr.value_type();
                    if matches!(of, ValueType::Matrix | ValueType::String) {
                        self.add(at, "expr", Problem::ExpressionType(of.to_string()));
                    }
                }
            }
        }
        text
    }

    fn duration(&mut self, field: &str, raw: Option<&Spanned<String>>) -> i64 {
        let Some(raw) = raw else { return 0 };
        duration::parse(&raw.value).unwrap_or_else(|_| {
            let wrong = raw.value.chars().take(100).collect();
            self.add(line(raw), field, Problem::Duration(wrong));
            0
        })
    }

    fn texts(&mut self, key: &str, raw: Option<Texts>, labels: bool) -> BTreeMap<String, String> {
        let raw = raw.unwrap_or_default();
        if raw.len() > MAX_LABELS {
            self.too_large(0, "labels", raw.len(), MAX_LABELS);
            return BTreeMap::new();
        }
        let mut out = BTreeMap::new();
        for (name, value) in raw {
            let at = line(&value);
            if !is_label_name(&name) || (labels && name == "__name__") {
                self.add(
                    at,
                    &format!("{key}.{name}"),
                    Problem::LabelName(name.clone()),
                );
            }
            let text = value.value.unwrap_or_default();
            self.bounded(at, &format!("{key}.{name}"), text.len().max(name.len()));
            out.insert(name, text);
        }
        out
    }

    fn bounded(&mut self, at: u64, field: &str, is: usize) {
        if is > MAX_TEXT {
            let what = "text";
            let max = MAX_TEXT;
            self.add(at, field, Problem::TooLarge { what, is, max });
        }
    }
}

fn text_of(raw: Option<&Spanned<String>>) -> String {
    raw.map_or_else(String::new, |s| s.value.clone())
}

fn line<T>(spanned: &Spanned<T>) -> u64 {
    spanned.referenced.line()
}

fn is_label_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_metric_name(name: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    let mut chars = name.chars();
    chars.next().is_some_and(ok) && chars.all(|c| ok(c) || c.is_ascii_digit())
}

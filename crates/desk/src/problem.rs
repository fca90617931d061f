//! What is wrong in a file that a person wrote: where, what, and what to do.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use wire::ErrorText;

/// One problem. The sentence is locale key `problem.<key>`; it contains the remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The file, as the person named it.
    pub file: String,
    /// Line from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Code of the sentence.
    pub key: &'static str,
    /// Values of the sentence.
    pub params: BTreeMap<String, String>,
}

impl Problem {
    /// A problem of the whole file.
    pub fn new(file: &Path, key: &'static str) -> Self {
        Self {
            file: file.display().to_string(),
            line: 0,
            key,
            params: BTreeMap::new(),
        }
    }

    /// At this line.
    pub fn at(mut self, line: usize) -> Self {
        self.line = line;
        self
    }

    /// With a value of the sentence, cut at 300 characters.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(
            name.to_owned(),
            value.to_string().chars().take(300).collect(),
        );
        self
    }

    /// `file:line: sentence`.
    pub fn say(&self, locale: &str) -> String {
        let place = if self.line > 0 {
            format!("{}:{}", self.file, self.line)
        } else {
            self.file.clone()
        };
        format!(
            "{place}: {}",
            crate::texts::say(locale, &format!("problem.{}", self.key), &self.params)
        )
    }

    /// For the page.
    pub fn view(&self) -> ErrorText {
        ErrorText {
            file: self.file.clone(),
            line: u32::try_from(self.line).unwrap_or(u32::MAX),
            key: self.key.to_owned(),
            params: self.params.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} {:?}",
            self.file, self.line, self.key, self.params
        )
    }
}

/// Line (from 1) of byte `at` in `text`.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(at)
        .filter(|b| **b == b'\n')
        .count()
        + 1
}

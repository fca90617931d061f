//! A scenario: seed and incidents, from a small TOML file or from words on the command line.

use crate::incident::{DEFAULT_DURATION_MS, Planned, SpecError, parse_duration_ms, parse_severity};
use model::Severity;
use serde::Deserialize;

/// What the platform will live through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The same seed gives the same platform.
    pub seed: u64,
    /// Whether a gentle incident comes by itself now and then.
    pub ambient: bool,
    /// Incidents at given times.
    pub incidents: Vec<Planned>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 42,
            ambient: true,
            incidents: Vec::new(),
        }
    }
}

/// Why a scenario's file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, or with keys that do not exist; the text has line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// An incident's name, severity or time is wrong.
    #[error("incident {number}: {source}")]
    Incident {
        /// From 1, in the file's order.
        number: usize,
        /// What is wrong with it.
        source: SpecError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    ambient: Option<bool>,
    #[serde(default)]
    incident: Vec<FileIncident>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIncident {
    name: String,
    after: Option<String>,
    duration: Option<String>,
    severity: Option<String>,
}

impl Scenario {
    /// Reads a scenario's file:
    ///
    /// ```toml
    /// seed = 7
    /// ambient = false
    /// [[incident]]
    /// name = "replica-lag"
    /// after = "5m"          # default: at once
    /// duration = "10m"      # default: 12m
    /// severity = "critical" # default; warning, emergency
    /// ```
    ///
    /// # Errors
    /// When it is not TOML, has unknown keys, or an incident is wrong.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let file: File = toml::from_str(text)?;
        let default = Self::default();
        let mut incidents = Vec::with_capacity(file.incident.len());
        for (i, entry) in file.incident.iter().enumerate() {
            let planned = entry.planned().map_err(|source| ScenarioError::Incident {
                number: i + 1,
                source,
            })?;
            incidents.push(planned);
        }
        Ok(Self {
            seed: file.seed.unwrap_or(default.seed),
            ambient: file.ambient.unwrap_or(default.ambient),
            incidents,
        })
    }
}

impl FileIncident {
    fn planned(&self) -> Result<Planned, SpecError> {
        Ok(Planned {
            kind: self.name.parse()?,
            after_ms: match self.after.as_deref() {
                None | Some("0" | "0s") => 0,
                Some(text) => parse_duration_ms(text)?,
            },
            duration_ms: self
                .duration
                .as_deref()
                .map_or(Ok(DEFAULT_DURATION_MS), parse_duration_ms)?,
            severity: self
                .severity
                .as_deref()
                .map_or(Ok(Severity::Critical), parse_severity)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::IncidentKind;

    #[test]
    fn a_file_is_read_and_its_mistakes_are_placed() {
        let s = Scenario::from_toml(
            "seed = 7\nambient = false\n[[incident]]\nname = \"replica-lag\"\nafter = \"5m\"\n",
        )
        .unwrap();
        assert_eq!((s.seed, s.ambient, s.incidents.len()), (7, false, 1));
        assert_eq!(
            (s.incidents[0].kind, s.incidents[0].after_ms),
            (IncidentKind::ReplicaLag, 300_000)
        );
        assert_eq!(Scenario::from_toml("").unwrap(), Scenario::default());
        let e = Scenario::from_toml("[[incident]]\nname = \"fire\"\n").unwrap_err();
        assert!(matches!(
            e,
            ScenarioError::Incident {
                number: 1,
                source: SpecError::UnknownIncident(_)
            }
        ));
        let e = Scenario::from_toml("\nsead = 7\n").unwrap_err().to_string();
        assert!(e.contains("line 2") && e.contains("sead"), "{e}");
    }
}

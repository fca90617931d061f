//! How bad a value is.

use serde::{Deserialize, Serialize};

/// Ordered from harmless to worst; the seed's three levels above normal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Inside its band.
    #[default]
    Normal,
    /// 警告
    Warning,
    /// 严重
    Critical,
    /// 紧急
    Emergency,
}

/// Which side of a threshold is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Greater than the threshold is bad (CPU %).
    #[default]
    Above,
    /// Less than the threshold is bad (success rate).
    Below,
}

/// Limits in the unit of the value. A value equal to a limit is still inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Where 警告 begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<f64>,
    /// Where 严重 begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<f64>,
    /// Where 紧急 begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<f64>,
    /// Which side is bad.
    #[serde(default)]
    pub direction: Direction,
}

impl Thresholds {
    /// How bad `value` is. NaN says nothing and is [`Severity::Normal`].
    pub fn severity(&self, value: f64) -> Severity {
        let beyond = |limit: Option<f64>| {
            limit.is_some_and(|l| match self.direction {
                Direction::Above => value > l,
                Direction::Below => value < l,
            })
        };
        if beyond(self.emergency) {
            Severity::Emergency
        } else if beyond(self.critical) {
            Severity::Critical
        } else if beyond(self.warning) {
            Severity::Warning
        } else {
            Severity::Normal
        }
    }

    /// Whether any limit is set.
    pub fn is_set(&self) -> bool {
        self.warning.is_some() || self.critical.is_some() || self.emergency.is_some()
    }

    /// Whether the limits that are set get worse in the bad direction.
    pub fn is_ordered(&self) -> bool {
        let set: Vec<f64> = [self.warning, self.critical, self.emergency]
            .into_iter()
            .flatten()
            .collect();
        set.windows(2).all(|w| match self.direction {
            Direction::Above => w[0] <= w[1],
            Direction::Below => w[0] >= w[1],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exclusive_and_the_worst_wins() {
        let cpu = Thresholds {
            warning: Some(70.0),
            critical: Some(85.0),
            emergency: Some(95.0),
            direction: Direction::Above,
        };
        assert_eq!(cpu.severity(70.0), Severity::Normal);
        assert_eq!(cpu.severity(70.1), Severity::Warning);
        assert_eq!(cpu.severity(96.0), Severity::Emergency);
        assert_eq!(cpu.severity(f64::NAN), Severity::Normal);
        let success = Thresholds {
            warning: Some(98.0),
            critical: Some(95.0),
            direction: Direction::Below,
            ..Default::default()
        };
        assert_eq!(success.severity(94.9), Severity::Critical);
        assert!(success.is_ordered() && cpu.is_ordered());
        assert!(
            !Thresholds {
                warning: Some(9.0),
                critical: Some(5.0),
                ..Default::default()
            }
            .is_ordered()
        );
    }
}

//! How labels become a level.

use super::setup::LevelMapping;
use model::duty::LevelReason;
use model::{Labels, Level};

impl LevelMapping {
    /// The level of an alert with these labels, and by what.
    pub fn level_of(&self, labels: &Labels) -> (Level, LevelReason) {
        if let Some(value) = labels.get(&self.priority_label)
            && let Some(level) = Level::parse(value)
        {
            let label = self.priority_label.clone();
            let value = value.to_string();
            return (level, LevelReason::PriorityLabel { label, value });
        }
        let mut known: Option<(&str, &str)> = None; // most lines ask for the same label
        for (label, wanted, level) in &self.lines {
            let value = match known {
                Some((name, value)) if name == label => value,
                _ => labels.get(label).unwrap_or(""),
            };
            known = Some((label, value));
            if !value.is_empty() && value.eq_ignore_ascii_case(wanted) {
                let (label, value) = (label.clone(), value.to_string());
                return (*level, LevelReason::Mapping { label, value });
            }
        }
        (self.otherwise, LevelReason::Default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_know_the_usual_words() {
        let mapping = LevelMapping::default();
        let of = |s: &str| mapping.level_of(&Labels::from_pairs([("severity", s)])).0;
        let got = [
            "Critical", "disaster", "high", "error", "warning", "info", "none", "??",
        ]
        .map(of);
        let want = [0, 0, 1, 1, 2, 3, 3, 2];
        assert_eq!(got.map(Level::number), want);
    }

    #[test]
    fn a_priority_label_wins_and_nonsense_in_it_does_not() {
        let mapping = LevelMapping::default();
        let labels = Labels::from_pairs([("priority", "p0"), ("severity", "info")]);
        assert_eq!(mapping.level_of(&labels).0, Level::P0);
        let labels = Labels::from_pairs([("priority", "soon"), ("severity", "info")]);
        let (level, reason) = mapping.level_of(&labels);
        assert_eq!(level, Level::P3);
        assert!(matches!(reason, LevelReason::Mapping { label, .. } if label == "severity"));
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let line = |l: &str, v: &str, level| (l.to_string(), v.to_string(), level);
        let mapping = LevelMapping {
            lines: vec![
                line("team", "pay", Level::P0),
                line("severity", "info", Level::P3),
            ],
            ..LevelMapping::default()
        };
        let labels = Labels::from_pairs([("team", "pay"), ("severity", "info")]);
        assert_eq!(mapping.level_of(&labels).0, Level::P0);
    }
}

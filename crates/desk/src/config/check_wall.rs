//! What the schema cannot say of the wall's part: hours, days, grids, and screens that are named twice.

use super::check::Walk;
use super::check_duty::time_of_day;
use super::{Config, Screen};
use crate::kiosk::MOST_SCREENS;
use std::collections::BTreeSet;

impl Walk<'_> {
    pub(super) fn wall(&mut self, config: &mut Config) {
        let wall = &mut config.wall;
        if !self.hours("wall", "dim", &wall.dim_from, &wall.dim_to) {
            wall.dim_from.clear();
        }
        let days = self.days("wall.off_weekdays", "wall.off_weekdays", &wall.off_weekdays);
        if !(self.hours("wall", "off", &wall.off_from, &wall.off_to) & days) {
            wall.off_from.clear();
        }
        let mut i = 0;
        wall.rotation.retain(|stop| {
            let place = format!("wall.rotation.{i}");
            i += 1;
            self.required(&place, "wall.rotation.board", &stop.board)
                & self.between(
                    [&format!("{place}.from"), &format!("{place}.to")],
                    ["wall.rotation.from", "wall.rotation.to"],
                    [&stop.from, &stop.to],
                )
                & self.days(
                    &format!("{place}.weekdays"),
                    "wall.rotation.weekdays",
                    &stop.weekdays,
                )
        });
        let mut i = 0;
        let mut names = BTreeSet::new();
        wall.screen.retain(|screen| {
            let place = format!("wall.screen.{i}");
            i += 1;
            let good = self.required(&place, "wall.screen.output", &screen.output)
                && self.unique(&place, "wall.screen.output", &screen.output, &names)
                && self.part(&place, screen);
            names.insert(screen.output.clone());
            good
        });
        if wall.screen.len() > MOST_SCREENS {
            let line = self.line(&format!("wall.screen.{MOST_SCREENS}"));
            let params = [
                ("max", MOST_SCREENS.to_string()),
                ("count", wall.screen.len().to_string()),
            ];
            self.add("config_screens", line, "wall.screen", &params);
            wall.screen.truncate(MOST_SCREENS);
        }
    }

    fn hours(&mut self, table: &str, what: &str, from: &str, to: &str) -> bool {
        let keys = [format!("{table}.{what}_from"), format!("{table}.{what}_to")];
        let [first, second] = [keys[0].as_str(), keys[1].as_str()];
        self.between([first, second], [first, second], [from, to])
    }

    /// Both are times of the day, or both are empty.
    fn between(&mut self, places: [&str; 2], paths: [&str; 2], values: [&str; 2]) -> bool {
        if values.iter().all(|v| v.is_empty()) {
            return true;
        }
        let mut good = true;
        for ((place, path), value) in places.into_iter().zip(paths).zip(values) {
            if time_of_day(value).is_none() {
                let line = self.line(place);
                let params = [("value", value.to_owned())];
                self.add("config_time_of_day", line, path, &params);
                good = false;
            }
        }
        good
    }

    fn days(&mut self, place: &str, path: &str, days: &[String]) -> bool {
        let good = days.iter().all(|d| d.parse::<chrono::Weekday>().is_ok());
        if !good {
            let line = self.line(place);
            self.add("config_weekday", line, path, &[("value", days.join(", "))]);
        }
        good
    }

    fn part(&mut self, place: &str, screen: &Screen) -> bool {
        let good = crate::kiosk::part(&screen.grid, &screen.cell).is_some();
        if !good {
            let line = self.line(&format!("{place}.grid"));
            let params = [("value", format!("{} {}", screen.grid, screen.cell))];
            self.add("config_grid", line, "wall.screen.grid", &params);
        }
        good
    }
}

//! From the configuration to what stands where.

use crate::config::{Config, RotationStop, Screen};
use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;
use engine::kiosk::{Hours, Limits, NightPlan, Plan, Stop, Surface};
use model::Level;
use wire::PartView;

/// Screens beside or above each other that one board may be spread over.
const MOST_PARTS: u16 = 16;

/// A window of the wall: where it stands and what it shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The output's name, or its number from 1; empty: wherever the window system puts the window.
    pub name: String,
    /// Index of its surface.
    pub surface: usize,
    /// Which part of the board.
    pub part: PartView,
}

/// `3x2` and `1,1` as a part; empty texts are the whole. `None` when they cannot be read or the part lies outside.
pub fn part(grid: &str, cell: &str) -> Option<PartView> {
    let pair = |text: &str, between: char, empty: (u16, u16)| {
        if text.is_empty() {
            return Some(empty);
        }
        let (a, b) = text.split_once(between)?;
        Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
    };
    let (columns, rows): (u16, u16) = pair(grid, 'x', (1, 1))?;
    let (column, row): (u16, u16) = pair(cell, ',', (1, 1))?;
    let sizes = [columns, rows].iter().all(|n| (1..=MOST_PARTS).contains(n));
    let inside = (1..=columns).contains(&column) && (1..=rows).contains(&row);
    (sizes && inside).then(|| PartView {
        columns,
        rows,
        column: column - 1,
        row: row - 1,
    })
}

fn hours(from: &str, to: &str, weekdays: &[String]) -> Hours {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    Hours {
        between: time(from).zip(time(to)),
        weekdays: weekdays
            .iter()
            .filter_map(|d| d.parse::<Weekday>().ok())
            .collect(),
    }
}

/// Milliseconds of a number of seconds within the schema's bounds.
fn ms(seconds: f64) -> i64 {
    (seconds * 1_000.0) as i64
}

fn stop(config: &Config, rotation: &RotationStop) -> Stop {
    let seconds = rotation.dwell_seconds.unwrap_or(config.wall.dwell_seconds);
    Stop {
        board: rotation.board.clone(),
        dwell_ms: ms(seconds),
        hours: hours(&rotation.from, &rotation.to, &rotation.weekdays),
    }
}

/// The boards of a screen: its own, else the rotation's entries for it, else those for every screen, else the configured board.
fn stops(config: &Config, screen: Option<&Screen>) -> Vec<Stop> {
    let named = |board: &String| {
        stop(
            config,
            &RotationStop {
                board: board.clone(),
                ..RotationStop::default()
            },
        )
    };
    let of = |name: &str| -> Vec<Stop> {
        let entries = config.wall.rotation.iter();
        entries
            .filter(|r| r.screen == name)
            .map(|r| stop(config, r))
            .collect()
    };
    let own: Vec<Stop> = screen.map_or_else(Vec::new, |s| s.boards.iter().map(named).collect());
    let output = screen.map_or("", |s| s.output.as_str());
    [own, of(output), of("")]
        .into_iter()
        .find(|stops| !stops.is_empty())
        .unwrap_or_else(|| vec![named(&config.board)])
}

/// Surfaces and windows as the configuration says.
pub fn plan(config: &Config, zone: Tz) -> (Plan, Vec<Output>) {
    let wall = &config.wall;
    let mut surfaces: Vec<Surface> = Vec::new();
    let mut outputs = Vec::new();
    let mut shared: Vec<(String, Vec<String>, usize)> = Vec::new();
    let screens: Vec<Option<&Screen>> = if wall.screen.is_empty() {
        vec![None]
    } else {
        wall.screen.iter().map(Some).collect()
    };
    let only = screens.len() == 1;
    for screen in screens {
        let whole = PartView::default();
        let part = screen.and_then(|s| part(&s.grid, &s.cell)).unwrap_or(whole);
        let spread = (part.columns, part.rows) != (1, 1);
        let key = screen
            .filter(|_| spread)
            .map(|s| (s.grid.clone(), s.boards.clone()));
        let known = key.as_ref().and_then(|(grid, boards)| {
            let same = shared.iter().find(|(g, b, _)| g == grid && b == boards);
            same.map(|(_, _, surface)| *surface)
        });
        let name = screen.map_or_else(String::new, |s| s.output.clone());
        let surface = known.unwrap_or_else(|| {
            let stops = stops(config, screen);
            let follows = screen.and_then(|s| s.director);
            surfaces.push(Surface {
                name: name.clone(),
                follows: follows.unwrap_or(only || stops.len() > 1),
                stops,
            });
            surfaces.len() - 1
        });
        if let Some((grid, boards)) = key.filter(|_| known.is_none()) {
            shared.push((grid, boards, surface));
        }
        outputs.push(Output {
            name,
            surface,
            part,
        });
    }
    // A wall on which nothing follows would hide what fails.
    if surfaces.iter().all(|s| !s.follows)
        && wall.screen.iter().all(|s| s.director.is_none())
        && let Some(first) = surfaces.first_mut()
    {
        first.follows = true;
    }
    let plan = Plan {
        surfaces,
        director: Level::parse(&wall.director),
        stay_acknowledged: wall.stay_acknowledged,
        return_after_ms: ms(wall.return_seconds),
        zone,
    };
    (plan, outputs)
}

/// The wall's windows, as the configuration says.
pub fn outputs(config: &Config) -> Vec<Output> {
    plan(config, Tz::UTC).1
}

/// Brightness and the picture's place, as the configuration says. The picture stands still in a window that somebody sits before.
pub fn night(config: &Config, zone: Tz) -> NightPlan {
    let wall = &config.wall;
    let some = |from: &str, to: &str, days: &[String]| {
        let read = hours(from, to, days);
        read.between.is_some().then_some(read)
    };
    NightPlan {
        dim: some(&wall.dim_from, &wall.dim_to, &[]),
        brightness: wall.brightness,
        off: some(&wall.off_from, &wall.off_to, &wall.off_weekdays),
        shift_every_ms: ms(wall.shift_minutes * 60.0),
        shift_pixels: wall.shift_pixels,
        zone,
    }
}

/// Limits of the pages, as the configuration says.
pub fn limits(config: &Config) -> Limits {
    Limits {
        soft_bytes: config.wall.soft_mib << 20,
        hard_bytes: config.wall.hard_mib << 20,
        ..Limits::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(toml: &str) -> (Plan, Vec<Output>) {
        let (config, problems) = crate::config::check::parse(Path::new("c.toml"), toml);
        assert!(problems.is_empty(), "{problems:?}");
        plan(&config, chrono_tz::Asia::Shanghai)
    }

    fn boards(surface: &Surface) -> Vec<&str> {
        surface.stops.iter().map(|s| s.board.as_str()).collect()
    }

    #[test]
    fn without_a_word_there_is_one_screen_with_the_configured_board() {
        let (plan, outputs) = read("board = \"hosts\"\n");
        assert_eq!((plan.surfaces.len(), outputs.len()), (1, 1));
        assert_eq!(boards(&plan.surfaces[0]), ["hosts"]);
        assert!(plan.surfaces[0].follows);
        assert_eq!(plan.director, Some(Level::P1));
    }

    #[test]
    fn screens_have_their_boards_and_the_rotation_fills_the_others() {
        let (plan, outputs) = read(
            "[wall]\ndirector = \"off\"\n[[wall.rotation]]\nboard = \"a\"\ndwell_seconds = 60\nfrom = \"08:00\"\nto = \"20:00\"\n\
             [[wall.rotation]]\nboard = \"b\"\n[[wall.rotation]]\nboard = \"c\"\nscreen = \"DP-2\"\n\
             [[wall.screen]]\noutput = \"HDMI-1\"\nboards = [\"overview\"]\n[[wall.screen]]\noutput = \"DP-1\"\n\
             [[wall.screen]]\noutput = \"DP-2\"\n",
        );
        let all: Vec<Vec<&str>> = plan.surfaces.iter().map(boards).collect();
        assert_eq!(all, [vec!["overview"], vec!["a", "b"], vec!["c"]]);
        let follow: Vec<bool> = plan.surfaces.iter().map(|s| s.follows).collect();
        assert_eq!(follow, [false, true, false]);
        assert_eq!(plan.surfaces[1].stops[0].dwell_ms, 60_000);
        assert!(plan.surfaces[1].stops[0].hours.between.is_some());
        assert_eq!((plan.director, outputs.len()), (None, 3));
    }

    #[test]
    fn one_board_is_spread_over_a_video_wall() {
        let cell = |output: &str, cell: &str| {
            format!(
                "[[wall.screen]]\noutput = \"{output}\"\nboards = [\"overview\"]\ngrid = \"2x1\"\ncell = \"{cell}\"\n"
            )
        };
        let (plan, outputs) = read(&format!("{}{}", cell("1", "1,1"), cell("2", "2,1")));
        assert_eq!(
            (plan.surfaces.len(), outputs.len()),
            (1, 2),
            "they move together"
        );
        assert_eq!((outputs[1].surface, outputs[1].part.column), (0, 1));
        assert!(plan.surfaces[0].follows, "something must");
    }

    #[test]
    fn nonsense_is_said_with_its_line_and_left_out() {
        let text = "[wall]\ndim_from = \"25:00\"\ndim_to = \"07:00\"\n[[wall.rotation]]\nboard = \"a\"\nfrom = \"8\"\nto = \"9:00\"\n\
             [[wall.screen]]\noutput = \"1\"\ngrid = \"2x2\"\ncell = \"3,1\"\n[[wall.screen]]\noutput = \"2\"\n[[wall.screen]]\noutput = \"2\"\n";
        let (config, problems) = crate::config::check::parse(Path::new("c.toml"), text);
        let said: Vec<(&str, usize)> = problems.iter().map(|p| (p.key, p.line)).collect();
        assert_eq!(
            said,
            [
                ("config_time_of_day", 2),
                ("config_time_of_day", 6),
                ("config_grid", 10),
                ("config_name_twice", 14),
            ]
        );
        assert!(config.wall.rotation.is_empty() && config.wall.dim_from.is_empty());
        assert_eq!(config.wall.screen.len(), 1);
    }

    #[test]
    fn more_screens_than_windows_can_be_are_said() {
        let screen = |n: usize| format!("[[wall.screen]]\noutput = \"{n}\"\n");
        let text: String = (1..=crate::kiosk::MOST_SCREENS + 2).map(screen).collect();
        let (config, problems) = crate::config::check::parse(Path::new("c.toml"), &text);
        assert_eq!(config.wall.screen.len(), crate::kiosk::MOST_SCREENS);
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}");
        };
        assert_eq!((problem.key, problem.line), ("config_screens", 33));
        assert_eq!(problem.params["count"], "18");
    }
}

//! `shouwang render`: a board or a panel as PNG or SVG, without a display.

use super::output::{error_line, fail, line, sentence};
use super::say::Speaker;
use crate::config::Loaded;
use crate::render::{self, Beside, How, View, Words};
use crate::{boards, clock};
use chart::panel::Theme;
use clap::{Arg, ArgMatches, Command, value_parser};
use engine::machine::Chosen;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Sizes that can be drawn, pixels: from a thumbnail to 8K.
const WIDTHS: std::ops::RangeInclusive<u32> = 160..=7680;
const HEIGHTS: std::ops::RangeInclusive<u32> = 120..=4320;

/// The command and its arguments.
pub fn command(t: &dyn Fn(&str) -> String) -> Command {
    let value = |name: &'static str, shown: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(shown)
            .help(t(&format!("render_{name}")))
    };
    Command::new("render")
        .about(t("render"))
        .next_help_heading(t("heading_options"))
        .arg(
            Arg::new("target")
                .value_name("BOARD[/PANEL]")
                .required(true)
                .help(t("render_target")),
        )
        .arg(
            value("output", "FILE")
                .short('o')
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(value("at", "TIME"))
        .arg(value("range", "DURATION"))
        .arg(
            value("var", "NAME=VALUE")
                .action(clap::ArgAction::Append)
                .value_parser(clap::builder::NonEmptyStringValueParser::new()),
        )
        .arg(value("size", "WxH").default_value("1920x1080"))
        .arg(value("theme", "THEME").value_parser(["dark", "calm"]))
        .arg(value("locale", "LOCALE").value_parser(crate::texts::LOCALES))
}

/// Width and height of `1920x1080`.
fn size(text: &str) -> Option<(u32, u32)> {
    let (w, h) = text.split_once(['x', 'X', '×'])?;
    let (w, h) = (w.trim().parse().ok()?, h.trim().parse().ok()?);
    (WIDTHS.contains(&w) && HEIGHTS.contains(&h)).then_some((w, h))
}

/// What is wanted, or what of it cannot be read.
fn wanted(
    arguments: &ArgMatches,
    loaded: &Loaded,
    locale: &str,
    now: i64,
) -> Result<(View, How), ExitCode> {
    let text = |name: &str| arguments.get_one::<String>(name).cloned();
    let bad = |key: &str, text: String| fail(locale, key, &[("text", text)]);
    let config = &loaded.config;
    let target = text("target").unwrap_or_default();
    let (board, panel) = match target.split_once('/') {
        Some((board, panel)) => (board.to_owned(), Some(panel.to_owned())),
        None => (target, None),
    };
    let at = match text("at") {
        None => now,
        Some(text) => Speaker::new(locale, &config.time_zone)
            .moment(&text)
            .ok_or_else(|| bad("cli.query_bad_time", text))?,
    };
    let range = match text("range") {
        None => None,
        Some(text) => Some(
            simulator::incident::parse_duration_ms(&text)
                .map_err(|_| bad("cli.query_bad_time", text))?,
        ),
    };
    let mut chosen = Chosen::new();
    for text in arguments.get_many::<String>("var").unwrap_or_default() {
        let Some((name, value)) = text.split_once('=') else {
            return Err(bad("cli.render_bad_variable", text.clone()));
        };
        // Nothing behind the sign stands for everything.
        let values = chosen.entry(name.trim().to_owned()).or_default();
        values.extend((!value.is_empty()).then(|| value.to_owned()));
    }
    let shape = text("size").unwrap_or_default();
    let size = size(&shape).ok_or_else(|| bad("cli.render_bad_size", shape))?;
    let theme = text("theme").unwrap_or_else(|| config.theme.clone());
    let view = View {
        board,
        panel,
        at,
        range,
        chosen,
    };
    let how = How {
        size,
        theme: Theme::named(&theme).unwrap_or(Theme::DARK),
        words: Words {
            locale: text("locale").unwrap_or_else(|| config.locale.clone()),
            zone: config
                .time_zone
                .parse()
                .unwrap_or(chrono_tz::Asia::Shanghai),
        },
        at,
        beside: Beside::default(),
    };
    Ok((view, how))
}

/// Draws and writes.
pub async fn run(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    for problem in &loaded.problems {
        error_line(&problem.say(locale));
    }
    let (view, mut how) = match wanted(arguments, loaded, locale, clock::now_ms()) {
        Ok(wanted) => wanted,
        Err(code) => return code,
    };
    let output = arguments
        .get_one::<PathBuf>("output")
        .cloned()
        .unwrap_or_default();
    let ending = output
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    let svg = match ending.as_deref() {
        Some("svg") => true,
        Some("png") => false,
        _ => {
            return fail(
                locale,
                "cli.render_bad_file",
                &[("file", output.display().to_string())],
            );
        }
    };
    let library = boards::load(loaded.config.boards_dir.as_deref());
    let setup = match render::setup(&library, &view) {
        Ok(setup) => setup,
        Err(e) => {
            let (key, params) = e.sentence();
            return fail(locale, key, &params);
        }
    };
    let stop = CancellationToken::new();
    let clients = render::clients(&loaded.config, &stop).await;
    let shown = setup.boards.get(&setup.open).cloned().unwrap_or_default();
    let (engine, beside) = tokio::join!(
        render::look(setup, clients, view.at, render::PATIENCE),
        render::gather(&loaded.config, &shown, view.at, &how.words),
    );
    stop.cancel();
    how.beside = beside.with_marks(&engine);
    chart::face::install();
    let sheet = render::sheet(&engine, &how);
    let drawn = if svg {
        chart::panel::svg(&sheet).map(String::into_bytes)
    } else {
        chart::panel::png(&sheet)
    };
    let bytes = match drawn {
        Ok(bytes) => bytes,
        Err(chart::ChartError::NoFace) => return fail(locale, "cli.render_no_face", &[]),
        Err(e) => return fail(locale, "cli.render_failed", &[("detail", e.to_string())]),
    };
    if let Err(e) = std::fs::write(&output, bytes) {
        let params = [
            ("file", output.display().to_string()),
            ("detail", e.to_string()),
        ];
        return fail(locale, "cli.render_not_written", &params);
    }
    line(&sentence(
        locale,
        "cli.render_done",
        &[("file", output.display().to_string())],
    ));
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_bounded() {
        assert_eq!(size("1920x1080"), Some((1920, 1080)));
        assert_eq!(size("800 × 600"), Some((800, 600)));
        for bad in ["", "1920", "0x0", "99999x1080", "1920x99999", "axb", "-1x5"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }
}

//! `wall` and `autostart`: the wall that runs on this machine, from its command line.

use super::output::{error_line, fail, line, sentence, table};
use super::say::Speaker;
use crate::config::{self, Loaded};
use crate::duty::control::Control;
use crate::kiosk::{self, Autostart, PinError};
use crate::secret_store::Store;
use crate::texts::plain;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::process::ExitCode;
use wire::{KioskMode, WallCommand, WallStatus};

/// The commands' part of the command line.
pub fn commands(t: &dyn Fn(&str) -> String) -> Vec<Command> {
    let sub = |name: &'static str, help: &str| {
        Command::new(name)
            .about(t(help))
            .help_template(super::template(t))
            .next_help_heading(t("heading_options"))
    };
    let parent = |name: &'static str| {
        sub(name, name)
            .subcommand_help_heading(t("heading_commands"))
            .subcommand_required(true)
            .arg_required_else_help(true)
    };
    let screen = || {
        Arg::new("screen")
            .long("screen")
            .value_name("N")
            .help(t("wall_screen"))
    };
    let value = |name: &'static str, shown: &'static str, help: &str| {
        Arg::new(name)
            .value_name(shown)
            .required(true)
            .help(t(help))
    };
    let json = Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help(t("json"));
    let pin = sub("pin", "wall_pin")
        .subcommand_help_heading(t("heading_commands"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(sub("set", "wall_pin_set"))
        .subcommand(sub("remove", "wall_pin_remove"));
    let wall = parent("wall")
        .subcommand(
            sub("show", "wall_show")
                .arg(value("board", "BOARD", "wall_board"))
                .arg(screen()),
        )
        .subcommand(sub("next", "wall_next").arg(screen()))
        .subcommand(sub("previous", "wall_previous").arg(screen()))
        .subcommand(sub("pause", "wall_pause").arg(screen()))
        .subcommand(sub("resume", "wall_resume").arg(screen()))
        .subcommand(
            sub("theme", "wall_theme")
                .arg(value("theme", "THEME", "wall_theme_value").value_parser(["dark", "calm"])),
        )
        .subcommand(sub("language", "wall_language").arg(
            value("locale", "LOCALE", "wall_language_value").value_parser(crate::texts::LOCALES),
        ))
        .subcommand(sub("status", "wall_status").arg(json))
        .subcommand(pin);
    let autostart = parent("autostart")
        .subcommand(sub("on", "autostart_on"))
        .subcommand(sub("off", "autostart_off"))
        .subcommand(sub("status", "autostart_status"));
    vec![wall, autostart]
}

/// Carries out `wall …`.
pub async fn run(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let Some((name, arguments)) = arguments.subcommand() else {
        return ExitCode::from(2);
    };
    let Some(data) = config::data_dir(&loaded.config) else {
        return fail(locale, "cli.desk_no_data", &[]);
    };
    if name == "pin" {
        return pin(arguments, &data, locale).await;
    }
    let Some(control) = Control::find(&data).await else {
        let place = data.display().to_string();
        return fail(locale, "cli.desk_not_running", &[("data", place)]);
    };
    let speaker = Speaker::new(locale, &loaded.config.time_zone);
    let done = match command(name, arguments) {
        Some(command) => control.ask::<_, ()>("wall", &command).await,
        None => match control.ask::<_, WallStatus>("wall_status", &()).await {
            Ok(status) if arguments.get_flag("json") => {
                line(&serde_json::to_string_pretty(&status).unwrap_or_default());
                return ExitCode::SUCCESS;
            }
            Ok(status) => {
                show(&status, &speaker);
                return ExitCode::SUCCESS;
            }
            Err(e) => Err(e),
        },
    };
    match done {
        Ok(()) => {
            line(&plain(locale, "cli.wall_done"));
            ExitCode::SUCCESS
        }
        Err(e) => {
            error_line(&speaker.error(&e));
            ExitCode::FAILURE
        }
    }
}

fn command(name: &str, arguments: &ArgMatches) -> Option<WallCommand> {
    let text = |id: &str| arguments.get_one::<String>(id).cloned();
    let given = |id: &str| text(id).unwrap_or_default();
    Some(match name {
        "show" => WallCommand::Show {
            board: given("board"),
            screen: text("screen"),
        },
        "next" => WallCommand::Next {
            screen: text("screen"),
        },
        "previous" => WallCommand::Previous {
            screen: text("screen"),
        },
        "pause" => WallCommand::Pause {
            screen: text("screen"),
        },
        "resume" => WallCommand::Resume {
            screen: text("screen"),
        },
        "theme" => WallCommand::Theme {
            theme: given("theme"),
        },
        "language" => WallCommand::Language {
            locale: given("locale"),
        },
        _ => return None,
    })
}

fn mode(mode: KioskMode) -> &'static str {
    match mode {
        KioskMode::Single => "single",
        KioskMode::Rotating => "rotating",
        KioskMode::Paused => "paused",
        KioskMode::Held => "held",
        KioskMode::Failing => "failing",
    }
}

fn show(status: &WallStatus, speaker: &Speaker<'_>) {
    let say = |key: &str| speaker.plain(&format!("cli.wall_column_{key}"));
    let head = ["screen", "board", "place", "mode", "until", "why"].map(say);
    let rows = status.screens.iter().map(|s| {
        let k = &s.kiosk;
        let name = if k.screen.is_empty() {
            s.number.to_string()
        } else {
            format!("{} {}", s.number, k.screen)
        };
        vec![
            name,
            format!("{} {}", s.board, speaker.plain(&s.title)),
            format!("{}/{}", k.index + 1, k.of),
            speaker.plain(&format!("ui.kiosk.mode.{}", mode(k.mode))),
            k.until.map(|t| speaker.time(t)).unwrap_or_default(),
            k.why.as_ref().map(|w| w.title.clone()).unwrap_or_default(),
        ]
    });
    let lines: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    table(&lines);
    let say = |key: &str| speaker.plain(&format!("cli.wall_page_{key}"));
    let head = [
        "window", "painted", "process", "memory", "revived", "recycled",
    ]
    .map(say);
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let rows = status.pages.iter().map(|p| {
        vec![
            p.window.clone(),
            p.painted.to_string(),
            p.process.map(|p| p.to_string()).unwrap_or_default(),
            p.memory.map(mib).unwrap_or_default(),
            p.revived.to_string(),
            p.recycled.to_string(),
        ]
    });
    let lines: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    table(&lines);
    let locked = status.screens.iter().any(|s| s.kiosk.locked);
    let key = match (status.kiosk, locked) {
        (true, true) => "cli.wall_kiosk_locked",
        (true, false) => "cli.wall_kiosk_open",
        (false, _) => "cli.wall_no_kiosk",
    };
    line(&speaker.plain(key));
}

async fn pin(arguments: &ArgMatches, data: &std::path::Path, locale: &str) -> ExitCode {
    let store = Store::open(Some(data)).await;
    let done = if arguments.subcommand_name() == Some("set") {
        let pin = match super::commands::read_secret(kiosk::PIN_SECRET, locale) {
            Ok(pin) => pin,
            Err(code) => return code,
        };
        let set = kiosk::set_pin(&store, pin.expose()).await;
        set.map(|()| "cli.wall_pin_is_set")
    } else {
        let removed = store.delete(kiosk::PIN_SECRET).await;
        removed
            .map(|_| "cli.wall_pin_is_removed")
            .map_err(PinError::from)
    };
    match done {
        Ok(key) => {
            // A wall that does not run reads it when it starts. One that is starting may have looked already: it is found only now.
            if let Some(control) = Control::find(data).await
                && let Err(e) = control.ask::<_, ()>("wall_pin", &()).await
            {
                tracing::warn!(code = ?e.code, "the running wall does not know of the new PIN");
            }
            line(&plain(locale, key));
            line(&store.describe(locale));
            ExitCode::SUCCESS
        }
        Err(PinError::Length) => fail(locale, "cli.wall_pin_length", &[]),
        Err(PinError::Hash) => fail(locale, "cli.wall_pin_hash", &[]),
        Err(PinError::Store(e)) => fail(locale, "cli.secret_failed", &[("detail", e.say(locale))]),
    }
}

/// Carries out `autostart …`.
pub fn autostart(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let failed = |detail: String| fail(locale, "cli.autostart_failed", &[("detail", detail)]);
    let entry = match Autostart::of_user() {
        Ok(entry) => entry,
        Err(e) => return failed(e.to_string()),
    };
    let file = [("file", entry.file().display().to_string())];
    let said = match arguments.subcommand_name() {
        Some("on") => {
            let config = loaded.file.as_deref().map(std::path::absolute).transpose();
            let on = std::env::current_exe().and_then(|program| Ok((program, config?)));
            match on.map(|(program, config)| entry.on(&program, config.as_deref())) {
                Ok(Ok(())) => "cli.autostart_is_on",
                Ok(Err(e)) => return failed(e.to_string()),
                Err(e) => return failed(e.to_string()),
            }
        }
        Some("off") => match entry.off() {
            Ok(_) => "cli.autostart_is_off",
            Err(e) => return failed(e.to_string()),
        },
        _ if entry.is_on() => "cli.autostart_is_on",
        _ => "cli.autostart_is_off",
    };
    line(&sentence(locale, said, &file));
    ExitCode::SUCCESS
}

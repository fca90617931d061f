//! The command line: `shouwang` shows the wall, its subcommands work without one.

mod board;
mod commands;
mod desk;
mod keep;
mod logs;
mod logs_import;
mod output;
mod query;
mod render;
mod report;
pub(crate) mod say;
mod wall;

use crate::config::{self, Loaded};
use crate::texts::{from_environment, plain};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use simulator::Planned;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is to be done.
pub enum Action {
    /// The command is over; this is its result.
    Done(ExitCode),
    /// Show the wall.
    Wall(Box<WallArguments>),
}

/// How the wall was asked for.
pub struct WallArguments {
    /// The configuration.
    pub loaded: Loaded,
    /// The first board.
    pub board: Option<String>,
    /// Incidents of the simulated platform, from now on.
    pub incidents: Vec<Planned>,
    /// End by itself after so many seconds.
    pub seconds: Option<u64>,
    /// 告警台 instead of the wall, or beside what else is asked for.
    pub desk: bool,
    /// The same for 掌上告警.
    pub pocket: bool,
    kiosk: bool,
}

impl WallArguments {
    /// Full screen, no cursor: by the command line or the configuration.
    pub fn kiosk(&self) -> bool {
        self.kiosk || self.loaded.config.wall.kiosk
    }
}

/// Reads the arguments, and carries out everything that needs no window.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Action {
    let locale = from_environment(|name| std::env::var(name).ok());
    let matches = match command(locale).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(e) => return Action::Done(refuse(&e, locale)),
    };
    log_to_stderr(if matches.subcommand_name().is_some() {
        "warn"
    } else {
        "info"
    });
    let file = matches.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let loaded = config::load(file);
    match matches.subcommand() {
        None => {
            let incidents = match commands::incidents(&matches, locale) {
                Ok(incidents) => incidents,
                Err(code) => return Action::Done(code),
            };
            for problem in &loaded.problems {
                tracing::warn!("{}", problem.say(locale));
            }
            Action::Wall(Box::new(WallArguments {
                loaded,
                board: matches.get_one("board").cloned(),
                incidents,
                seconds: matches.get_one("seconds").copied(),
                desk: matches.get_flag("desk"),
                pocket: matches.get_flag("pocket"),
                kiosk: matches.get_flag("kiosk"),
            }))
        }
        Some((name, arguments)) => Action::Done(run(name, arguments, loaded, locale)),
    }
}

fn run(name: &str, arguments: &ArgMatches, loaded: Loaded, locale: &'static str) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => return output::fail(locale, "cli.no_threads", &[("detail", e.to_string())]),
    };
    match name {
        "check" => runtime.block_on(commands::check(&loaded, locale)),
        "boards" => commands::boards(&loaded, locale),
        "board" => board::run(arguments, &loaded, locale),
        "secret" => runtime.block_on(commands::secret(arguments, &loaded, locale)),
        "simulator" => runtime.block_on(commands::simulator(arguments, locale)),
        "alerts" | "ack" | "silence" | "explain" | "oncall" => {
            runtime.block_on(desk::run(name, arguments, &loaded, locale))
        }
        "audit" => {
            let json = arguments
                .subcommand()
                .is_some_and(|(_, m)| m.get_flag("json"));
            runtime.block_on(keep::audit(&loaded, json, locale))
        }
        "backup" => runtime.block_on(keep::backup(arguments, &loaded, locale)),
        "restore" => runtime.block_on(keep::restore(arguments, &loaded, locale)),
        "logs" => runtime.block_on(logs::run(arguments, &loaded, locale)),
        "render" => runtime.block_on(render::run(arguments, &loaded, locale)),
        "report" => runtime.block_on(report::run(arguments, &loaded, locale)),
        "rules" => keep::rules(arguments, &loaded, locale),
        "wall" => runtime.block_on(wall::run(arguments, &loaded, locale)),
        "autostart" => wall::autostart(arguments, &loaded, locale),
        _ => runtime.block_on(query::run(arguments, loaded, locale)),
    }
}

/// Help and version as clap writes them; everything else in our own words, because clap speaks English only.
fn refuse(e: &clap::Error, locale: &str) -> ExitCode {
    use clap::error::{ContextKind, ErrorKind};
    if matches!(
        e.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        // Nowhere to write the message: the exit code still tells.
        let _ = e.print();
        return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
    }
    let context = |kind| e.get(kind).map(ToString::to_string).unwrap_or_default();
    let key = match e.kind() {
        ErrorKind::UnknownArgument => "cli.usage_unknown",
        ErrorKind::InvalidSubcommand => "cli.usage_command",
        ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand => "cli.usage_missing",
        ErrorKind::ArgumentConflict => "cli.usage_conflict",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::NoEquals => {
            "cli.usage_value"
        }
        _ => "cli.usage_other",
    };
    let argument = match e.kind() {
        ErrorKind::InvalidSubcommand => context(ContextKind::InvalidSubcommand),
        _ => context(ContextKind::InvalidArg),
    };
    output::error_line(&output::sentence(
        locale,
        key,
        &[
            ("arg", argument),
            ("value", context(ContextKind::InvalidValue)),
        ],
    ));
    output::error_line(&plain(locale, "cli.usage_hint"));
    ExitCode::from(2)
}

fn log_to_stderr(level: &str) {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
    // A second call (tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

/// The whole command line, its help in `locale`.
pub fn command(locale: &str) -> Command {
    let t = |key: &str| plain(locale, &format!("cli.{key}"));
    let value = |name: &'static str, shown: &'static str, help: &str| {
        Arg::new(name).long(name).value_name(shown).help(t(help))
    };
    let flag = |name: &'static str, help: &str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(t(help))
    };
    Command::new("shouwang")
        .version(env!("CARGO_PKG_VERSION"))
        .about(t("about"))
        .subcommand_help_heading(t("heading_commands"))
        .next_help_heading(t("heading_options"))
        .help_template(template(&t))
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .global(true)
                .help(t("help")),
        )
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(t("version")),
        )
        .arg(
            value("config", "FILE", "config")
                .global(true)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(flag("desk", "desk_window"))
        .arg(flag("pocket", "pocket_window"))
        .arg(flag("kiosk", "kiosk"))
        .arg(value("board", "ID", "board"))
        .arg(value("incident", "SPEC", "simulator_incident").action(ArgAction::Append))
        .arg(value("seconds", "N", "seconds").value_parser(value_parser!(u64)))
        .subcommand(
            Command::new("check")
                .about(t("check"))
                .help_template(template(&t)),
        )
        .subcommand(
            Command::new("boards")
                .about(t("boards"))
                .help_template(template(&t)),
        )
        .subcommand(board_command(&t))
        .subcommands(desk_commands(&t))
        .subcommands(keep_commands(&t))
        .subcommands(wall::commands(&t))
        .subcommand(logs_command(&t))
        .subcommand(query_command(&t))
        .subcommand(render::command(&t).help_template(template(&t)))
        .subcommand(report::command(&t).help_template(template(&t)))
        .subcommand(secret_command(&t))
        .subcommand(simulator_command(&t))
}

fn template(t: &dyn Fn(&str) -> String) -> String {
    format!(
        "{{about}}\n\n{}{{usage}}\n\n{{all-args}}",
        t("heading_usage")
    )
}

fn board_command(t: &dyn Fn(&str) -> String) -> Command {
    let command = |name: &'static str, help: &str| {
        Command::new(name)
            .about(t(help))
            .help_template(template(t))
            .next_help_heading(t("heading_options"))
    };
    let output = || {
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FILE")
            .allow_hyphen_values(true)
    };
    let required = |name: &'static str, shown: &'static str, help: &str| {
        Arg::new(name)
            .value_name(shown)
            .required(true)
            .help(t(help))
    };
    let import = command("import", "board_import")
        .arg(required("file", "FILE", "board_import_file"))
        .arg(output().help(t("board_import_output")))
        .arg(
            Arg::new("source")
                .long("source")
                .value_name("NAME")
                .help(t("board_import_source")),
        )
        .arg(
            Arg::new("force")
                .long("force")
                .action(ArgAction::SetTrue)
                .help(t("board_import_force")),
        );
    let export = command("export", "board_export")
        .arg(required("board", "BOARD", "board_export_board"))
        .arg(output().help(t("board_export_output")));
    command("board", "board_command")
        .subcommand_help_heading(t("heading_commands"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(command("list", "boards"))
        .subcommand(import)
        .subcommand(export)
}

fn json_flag(t: &dyn Fn(&str) -> String) -> Arg {
    Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help(t("json"))
}

fn desk_commands(t: &dyn Fn(&str) -> String) -> Vec<Command> {
    let command = |name: &'static str| {
        Command::new(name)
            .about(t(name))
            .help_template(template(t))
            .next_help_heading(t("heading_options"))
            .arg(json_flag(t))
    };
    let value = |name: &'static str, shown: &'static str, help: &str| {
        Arg::new(name).long(name).value_name(shown).help(t(help))
    };
    let many = |name: &'static str, shown: &'static str, help: &str| {
        Arg::new(name)
            .value_name(shown)
            .num_args(0..)
            .action(ArgAction::Append)
            .help(t(help))
    };
    let comment = || value("comment", "TEXT", "desk_comment");
    let tabs = ["open", "unacked", "mine", "suppressed", "resolved"];
    vec![
        command("alerts")
            .arg(many("search", "SEARCH", "alerts_search"))
            .arg(value("tab", "TAB", "alerts_tab").value_parser(tabs))
            .arg(value("limit", "N", "alerts_limit").value_parser(value_parser!(u64))),
        command("ack")
            .arg(many("id", "ID", "desk_id").required(true))
            .arg(comment())
            .arg(value("for", "DURATION", "ack_for"))
            .arg(
                Arg::new("undo")
                    .long("undo")
                    .action(ArgAction::SetTrue)
                    .help(t("ack_undo")),
            ),
        command("silence")
            .arg(many("matcher", "MATCHER", "silence_matcher"))
            .arg(comment())
            .arg(value("for", "DURATION", "silence_for"))
            .arg(
                value("end", "ID", "silence_end")
                    .value_parser(value_parser!(i64))
                    .conflicts_with("matcher"),
            )
            .arg(
                Arg::new("dry-run")
                    .long("dry-run")
                    .action(ArgAction::SetTrue)
                    .help(t("silence_dry_run")),
            ),
        command("explain").arg(many("id", "ID", "desk_id").required(true)),
        command("oncall")
            .arg(value("at", "TIME", "oncall_at"))
            .arg(value("rota", "ID", "oncall_rota")),
    ]
}

fn keep_commands(t: &dyn Fn(&str) -> String) -> Vec<Command> {
    let command = |name: &'static str, help: &str| {
        Command::new(name)
            .about(t(help))
            .help_template(template(t))
            .subcommand_help_heading(t("heading_commands"))
            .next_help_heading(t("heading_options"))
    };
    let file = |help: &str| {
        Arg::new("file")
            .value_name("FILE")
            .required(true)
            .value_parser(value_parser!(PathBuf))
            .help(t(help))
    };
    let parent = |name, help: &str| {
        command(name, help)
            .subcommand_required(true)
            .arg_required_else_help(true)
    };
    vec![
        parent("audit", "audit").subcommand(command("verify", "audit_verify").arg(json_flag(t))),
        command("backup", "backup").arg(file("backup_file")),
        command("restore", "restore").arg(file("restore_file")).arg(
            Arg::new("other-machine")
                .long("other-machine")
                .action(ArgAction::SetTrue)
                .help(t("restore_other_machine")),
        ),
        parent("rules", "rules")
            .subcommand(command("export", "rules_export"))
            .subcommand(command("check", "rules_check")),
    ]
}

fn logs_command(t: &dyn Fn(&str) -> String) -> Command {
    let flag = |name: &'static str, help: &str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(t(help))
    };
    let value = |name: &'static str, shown: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(shown)
            .help(t(&format!("logs_{name}")))
    };
    let command = |name: &'static str| {
        Command::new(name)
            .about(t(&format!("logs_{name}")))
            .help_template(template(t))
            .next_help_heading(t("heading_options"))
            .arg(value("store", "NAME"))
    };
    Command::new("logs")
        .about(t("logs"))
        .help_template(template(t))
        .subcommand_help_heading(t("heading_commands"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            command("prepare")
                .arg(value("user", "NAME"))
                .arg(flag("sql", "logs_sql")),
        )
        .subcommand(command("status").arg(json_flag(t)))
        .subcommand(
            command("retain")
                .arg(flag("dry-run", "logs_dry_run"))
                .arg(flag("move-default", "logs_move_default"))
                .arg(json_flag(t)),
        )
        .subcommand(command("verify"))
        .subcommand(
            command("import")
                .arg(
                    Arg::new("file")
                        .value_name("FILE")
                        .required(true)
                        .help(t("logs_file")),
                )
                .arg(value("service", "NAME"))
                .arg(value("host", "NAME"))
                .arg(value("category", "KIND").value_parser(["app", "system", "security"])),
        )
        .subcommand(
            command("search")
                .arg(
                    Arg::new("query")
                        .value_name("QUERY")
                        .help(t("logs_query_words")),
                )
                .arg(value("from", "TIME"))
                .arg(value("to", "TIME"))
                .arg(value("limit", "N").value_parser(value_parser!(u64))),
        )
}

fn query_command(t: &dyn Fn(&str) -> String) -> Command {
    let value = |name: &'static str, shown: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(shown)
            .help(t(&format!("query_{name}")))
    };
    Command::new("query")
        .about(t("query"))
        .help_template(template(t))
        .next_help_heading(t("heading_options"))
        .arg(
            Arg::new("expr")
                .value_name("EXPR")
                .required(true)
                .help(t("query_expr")),
        )
        .arg(value("source", "NAME"))
        .arg(value("at", "TIME").conflicts_with("range"))
        .arg(value("range", "DURATION"))
        .arg(value("step", "DURATION").requires("range"))
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help(t("query_json")),
        )
}

fn secret_command(t: &dyn Fn(&str) -> String) -> Command {
    let sub = |name: &'static str| {
        Command::new(name)
            .about(t(&format!("secret_{name}")))
            .help_template(template(t))
    };
    let name = || {
        Arg::new("name")
            .value_name("NAME")
            .required(true)
            .help(t("secret_name"))
    };
    Command::new("secret")
        .about(t("secret"))
        .help_template(template(t))
        .subcommand_help_heading(t("heading_commands"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(sub("set").arg(name()))
        .subcommand(sub("delete").arg(name()))
        .subcommand(sub("list"))
}

fn simulator_command(t: &dyn Fn(&str) -> String) -> Command {
    let value = |name: &'static str, shown: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(shown)
            .help(t(&format!("simulator_{name}")))
    };
    Command::new("simulator")
        .about(t("simulator"))
        .help_template(template(t))
        .next_help_heading(t("heading_options"))
        .arg(value("listen", "ADDRESS").default_value("127.0.0.1:9500"))
        .arg(
            value("seed", "N")
                .value_parser(value_parser!(u64))
                .default_value("42"),
        )
        .arg(value("incident", "SPEC").action(ArgAction::Append))
        .arg(
            value("speed", "X")
                .value_parser(value_parser!(f64))
                .default_value("1"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_is_complete_in_both_languages() {
        for locale in crate::texts::LOCALES {
            let mut command = command(locale);
            command.build();
            let mut all = vec![command.render_long_help().to_string()];
            for sub in command.get_subcommands_mut() {
                all.push(sub.render_long_help().to_string());
                for subsub in sub.get_subcommands_mut() {
                    all.push(subsub.render_long_help().to_string());
                }
            }
            for help in all {
                assert!(!help.contains("cli."), "{locale}: {help}");
            }
        }
        assert!(command("zh-CN").render_help().to_string().contains("大屏"));
    }

    #[test]
    fn the_command_line_is_sound() {
        for locale in crate::texts::LOCALES {
            command(locale).debug_assert();
        }
    }
}

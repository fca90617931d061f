//! `check`, `boards`, `secret`, `simulator`.

use super::output::{error_line, fail, line, sentence, table};
use crate::boards;
use crate::config::{self, Loaded};
use crate::secret_store::Store;
use crate::start::store_clock;
use crate::texts::plain;
use clap::ArgMatches;
use model::Secret;
use simulator::{Planned, Scenario, server};
use std::process::ExitCode;

/// Longest secret that is taken from standard input.
const MAX_SECRET: usize = 64 * 1024;

/// Checks configuration, boards and concepts; every problem on a line of its own.
pub async fn check(loaded: &Loaded, locale: &str) -> ExitCode {
    match &loaded.file {
        Some(file) => line(&sentence(
            locale,
            "cli.check_file",
            &[("file", file.display().to_string())],
        )),
        None => {
            let place = config::default_file()
                .map(|p| p.display().to_string())
                .unwrap_or_default();
            line(&sentence(locale, "cli.check_no_file", &[("file", place)]));
        }
    }
    let library = boards::load(config::boards_dir(&loaded.config).as_deref());
    let rotas = crate::rota::checked(loaded).await;
    let problems = loaded.problems.iter().chain(&rotas);
    let problems: Vec<_> = problems.chain(&library.problems).collect();
    for problem in &problems {
        error_line(&problem.say(locale));
    }
    let mut bad = problems.len();
    if !library.boards.contains_key(&loaded.config.board) {
        bad += 1;
        let known: Vec<&str> = library.boards.keys().map(String::as_str).collect();
        error_line(&sentence(
            locale,
            "cli.check_board",
            &[
                ("board", loaded.config.board.clone()),
                ("known", known.join(", ")),
            ],
        ));
    }
    let counts = [
        ("sources", loaded.config.source.len().to_string()),
        ("boards", library.boards.len().to_string()),
        ("concepts", library.concepts.len().to_string()),
    ];
    line(&sentence(locale, "cli.check_counts", &counts));
    if bad == 0 {
        line(&plain(locale, "cli.check_good"));
        ExitCode::SUCCESS
    } else {
        fail(locale, "cli.check_bad", &[("count", bad.to_string())])
    }
}

/// Lists the boards.
pub fn boards(loaded: &Loaded, locale: &str) -> ExitCode {
    let library = boards::load(config::boards_dir(&loaded.config).as_deref());
    let heads =
        ["id", "title", "panels", "window"].map(|h| plain(locale, &format!("cli.boards_{h}")));
    let mut rows = vec![heads.to_vec()];
    for board in library.boards.values() {
        rows.push(vec![
            board.id.clone(),
            plain(locale, &board.title),
            board.panels.len().to_string(),
            format!("{} min", board.window_seconds / 60),
        ]);
    }
    table(&rows);
    for problem in &library.problems {
        error_line(&problem.say(locale));
    }
    if library.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Stores, deletes or lists secrets.
pub async fn secret(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let data = config::data_dir(&loaded.config);
    let store = Store::open(data.as_deref()).await;
    let name = |m: &ArgMatches| m.get_one::<String>("name").cloned().unwrap_or_default();
    let result = match arguments.subcommand() {
        Some(("set", m)) => {
            let text = match read_secret(&name(m), locale) {
                Ok(text) => text,
                Err(code) => return code,
            };
            store
                .set(&name(m), text)
                .await
                .map(|()| sentence(locale, "cli.secret_stored", &[("name", name(m))]))
        }
        Some(("delete", m)) => store.delete(&name(m)).await.map(|there| {
            let key = if there {
                "cli.secret_deleted"
            } else {
                "cli.secret_absent"
            };
            sentence(locale, key, &[("name", name(m))])
        }),
        _ => store.list().await.map(|names| names.join("\n")),
    };
    match result {
        Ok(said) => {
            if !said.is_empty() {
                line(&said);
            }
            line(&store.describe(locale));
            ExitCode::SUCCESS
        }
        Err(e) => fail(locale, "cli.secret_failed", &[("detail", e.say(locale))]),
    }
}

/// Typed without echo at a terminal; otherwise standard input to its end, without the last line break.
pub(super) fn read_secret(name: &str, locale: &str) -> Result<Secret, ExitCode> {
    use std::io::{IsTerminal, Read};
    let cannot =
        |e: std::io::Error| fail(locale, "cli.secret_failed", &[("detail", e.to_string())]);
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(sentence(
            locale,
            "cli.secret_prompt",
            &[("name", name.to_owned())],
        ))
        .map_err(cannot)
        .and_then(|typed| {
            // A terminal gives one line, and of a key in PEM that is its first.
            if typed.trim_start().starts_with("-----BEGIN") {
                Err(fail(
                    locale,
                    "cli.secret_many_lines",
                    &[("name", name.to_owned())],
                ))
            } else {
                Ok(typed)
            }
        })?
    } else {
        let mut text = String::new();
        std::io::stdin()
            .take(MAX_SECRET as u64 + 1)
            .read_to_string(&mut text)
            .map_err(cannot)?;
        text.trim_end_matches(['\r', '\n']).to_owned()
    };
    if text.is_empty() || text.len() > MAX_SECRET {
        return Err(fail(
            locale,
            "cli.secret_size",
            &[("max", MAX_SECRET.to_string())],
        ));
    }
    Ok(Secret::new(text))
}

/// The incidents given by `--incident`.
pub fn incidents(arguments: &ArgMatches, locale: &str) -> Result<Vec<Planned>, ExitCode> {
    let mut incidents = Vec::new();
    for text in arguments
        .get_many::<String>("incident")
        .into_iter()
        .flatten()
    {
        match text.parse::<Planned>() {
            Ok(planned) => incidents.push(planned),
            Err(e) => {
                let params = [("text", text.clone()), ("detail", e.to_string())];
                return Err(fail(locale, "cli.simulator_bad_incident", &params));
            }
        }
    }
    Ok(incidents)
}

/// Serves the simulated platform's metrics until a signal comes.
pub async fn simulator(arguments: &ArgMatches, locale: &str) -> ExitCode {
    let incidents = match incidents(arguments, locale) {
        Ok(incidents) => incidents,
        Err(code) => return code,
    };
    let scenario = Scenario {
        seed: arguments.get_one("seed").copied().unwrap_or(42),
        ambient: incidents.is_empty(),
        incidents,
    };
    let options = server::Options {
        scenario,
        speed: arguments.get_one("speed").copied().unwrap_or(1.0),
    };
    let address = arguments
        .get_one::<String>("listen")
        .cloned()
        .unwrap_or_default();
    let listener = match tokio::net::TcpListener::bind(&address).await {
        Ok(listener) => listener,
        Err(e) => {
            return fail(
                locale,
                "cli.simulator_listen_failed",
                &[("address", address), ("detail", e.to_string())],
            );
        }
    };
    let actual = listener.local_addr().map_or(address, |a| a.to_string());
    line(&sentence(
        locale,
        "cli.simulator_listening",
        &[("address", actual)],
    ));
    let stop = async {
        // Without signals it runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    match server::serve(listener, options, store_clock(), stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(
            locale,
            "cli.simulator_listen_failed",
            &[("address", String::new()), ("detail", e.to_string())],
        ),
    }
}

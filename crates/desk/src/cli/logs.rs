//! `logs`: looks after stores of logs in PostgreSQL.

use super::logs_import;
use super::output::{error_line, fail, line, sentence, table};
use crate::config::{Config, Loaded, LogStore};
use crate::logs::{postgres, steps};
use crate::sources::{self, Secrets};
use clap::ArgMatches;
use engine::Failure;
use model::Secret;
use model::log::LogRange;
use pglogs::lifecycle::{Maintainer, Policy, Progress, State, Step, findings, plan};
use pglogs::{Credentials, PgLogsError, cold};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Lines that a search of files shows unless told otherwise.
const FOUND: usize = 100;

/// One store with what is needed to look after it.
struct Kept<'a> {
    store: &'a LogStore,
    options: pglogs::Options,
    who: Credentials,
    folder: PathBuf,
}

/// Says what went wrong; `Err` carries the exit code.
pub(super) type Outcome<T> = Result<T, ExitCode>;

fn failed(e: &PgLogsError, locale: &str) -> ExitCode {
    let params = e.params();
    fail(locale, &format!("pglogs.{}", e.code()), &params)
}

pub(super) fn refused(e: &Failure, locale: &str) -> ExitCode {
    fail(locale, &format!("error.{}", e.code), &e.params)
}

/// Carries out the subcommand.
pub async fn run(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let done = match arguments.subcommand() {
        Some(("retain", a)) => retain(a, loaded, locale).await,
        Some(("status", a)) => status(a, loaded, locale).await,
        Some(("prepare", a)) => prepare(a, loaded, locale).await,
        Some(("verify", a)) => verify(a, loaded, locale),
        Some(("search", a)) => search(a, loaded, locale),
        Some(("import", a)) => logs_import::run(a, loaded, locale).await,
        _ => Err(ExitCode::from(2)),
    };
    match done {
        Ok(code) | Err(code) => code,
    }
}

/// The store of this name; without a name the only one.
pub(super) fn pick<'a>(
    arguments: &ArgMatches,
    config: &'a Config,
    locale: &str,
) -> Outcome<&'a LogStore> {
    let name = arguments.get_one::<String>("store");
    let of_kind = |s: &&LogStore| s.kind == postgres::KIND && s.table.is_none();
    let mut all = config.log_store.iter().filter(of_kind);
    let found = match name {
        Some(name) => all.find(|s| s.name == *name),
        None => all.next().filter(|_| all.next().is_none()),
    };
    let known: Vec<&str> = config
        .log_store
        .iter()
        .filter(of_kind)
        .map(|s| s.name.as_str())
        .collect();
    found.ok_or_else(|| fail(locale, "cli.logs_which", &[("known", known.join(", "))]))
}

fn folder(config: &Config, store: &LogStore, locale: &str) -> Outcome<PathBuf> {
    postgres::cold_folder(config, store).ok_or_else(|| failed(&PgLogsError::NoFolder, locale))
}

async fn kept<'a>(arguments: &ArgMatches, loaded: &'a Loaded, locale: &str) -> Outcome<Kept<'a>> {
    let config = &loaded.config;
    let store = pick(arguments, config, locale)?;
    let data = crate::config::data_dir(config);
    let secrets = sources::secrets(config, data.as_deref()).await;
    let keeper = postgres::keeper(store, &secrets).map_err(|e| refused(&e, locale))?;
    let Some((options, who)) = keeper else {
        let name = store.name.clone();
        return Err(fail(locale, "cli.logs_no_keeper", &[("store", name)]));
    };
    Ok(Kept {
        store,
        options,
        who,
        folder: folder(config, store, locale)?,
    })
}

async fn connect(kept: &Kept<'_>, locale: &str) -> Outcome<Maintainer> {
    let Kept {
        options,
        who,
        folder,
        ..
    } = kept;
    let connecting = Maintainer::connect(options, who, folder, postgres::clock()).await;
    connecting.map_err(|e| failed(&e, locale))
}

fn say(said: &wire::Sentence, locale: &str) -> String {
    sentence(locale, &said.key, &steps::plain(said))
}

/// Plans, and unless only that was asked for, does one step after the other. What is left is planned anew until nothing is: lines that
/// were given a partition may be old enough to leave it at once.
async fn retain(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    let kept = kept(arguments, loaded, locale).await?;
    let json = arguments.get_flag("json");
    let mut policy = postgres::policy(kept.store, arguments.get_flag("move-default"));
    let mut keeper = connect(&kept, locale).await?;
    let mut any = false;
    for _ in 0..3 {
        let state = keeper.state().await.map_err(|e| failed(&e, locale))?;
        let steps = plan(&state, &policy, postgres::today());
        if arguments.get_flag("dry-run") {
            return Ok(show_plan(&steps, &state, &policy, json, locale));
        }
        if steps.is_empty() {
            break;
        }
        any = true;
        for (i, step) in steps.iter().enumerate() {
            carry_out(&mut keeper, step, (i + 1, steps.len()), json, locale).await?;
        }
        // what arrives in the meantime is for the next run
        policy.move_default = false;
    }
    let state = keeper.state().await.map_err(|e| failed(&e, locale))?;
    if !json {
        let done = if any {
            "cli.logs_done"
        } else {
            "cli.logs_nothing"
        };
        line(&sentence(locale, done, &[]));
    }
    tell_findings(&state, &policy, json, locale);
    Ok(ExitCode::SUCCESS)
}

fn show_plan(steps: &[Step], state: &State, policy: &Policy, json: bool, locale: &str) -> ExitCode {
    if json {
        let found = findings(state, policy, postgres::today());
        line(&json!({"steps": steps, "findings": found}).to_string());
        return ExitCode::SUCCESS;
    }
    for (i, step) in steps.iter().enumerate() {
        line(&format!(
            "{}/{} {}",
            i + 1,
            steps.len(),
            say(&steps::step(step), locale)
        ));
    }
    if steps.is_empty() {
        line(&sentence(locale, "cli.logs_nothing", &[]));
    }
    tell_findings(state, policy, false, locale);
    ExitCode::SUCCESS
}

fn tell_findings(state: &State, policy: &Policy, json: bool, locale: &str) {
    for finding in findings(state, policy, postgres::today()) {
        if json {
            line(&json!({"event": "finding", "what": finding}).to_string());
        } else {
            error_line(&say(&steps::finding(&finding), locale));
        }
    }
}

async fn carry_out(
    keeper: &mut Maintainer,
    step: &Step,
    (number, of): (usize, usize),
    json: bool,
    locale: &str,
) -> Outcome<()> {
    let event = |event: &str, more: serde_json::Value| {
        line(
            &json!({"event": event, "number": number, "of": of, "what": step, "more": more})
                .to_string(),
        );
    };
    if json {
        event("begun", json!({}));
    } else {
        line(&format!(
            "{number}/{of} {}",
            say(&steps::step(step), locale)
        ));
    }
    let mut told = |p: Progress| {
        if json {
            event("progress", json!({"lines": p.lines, "of": p.of}));
        } else {
            let params = [("lines", p.lines.to_string()), ("of", p.of.to_string())];
            line(&sentence(locale, "cli.logs_progress", &params));
        }
    };
    let done = keeper.run(step, &mut told).await;
    if json {
        match &done {
            Ok(()) => event("done", json!({})),
            Err(e) => event("failed", json!({"code": e.code()})),
        }
    }
    done.map_err(|e| failed(&e, locale))
}

async fn status(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    let kept = kept(arguments, loaded, locale).await?;
    let state = connect(&kept, locale).await?.state().await;
    let state = state.map_err(|e| failed(&e, locale))?;
    let policy = postgres::policy(kept.store, false);
    if arguments.get_flag("json") {
        let found = findings(&state, &policy, postgres::today());
        line(&json!({"state": state, "findings": found}).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let t = |key: &str| sentence(locale, key, &[]);
    let head =
        ["day", "where", "lines", "size", "indexes"].map(|k| t(&format!("cli.logs_head_{k}")));
    let mut rows = vec![head.to_vec()];
    for part in &state.cold {
        let place = if part.verified {
            "cli.logs_in_files"
        } else {
            "cli.logs_in_files_unverified"
        };
        rows.push(vec![
            part.day.to_string(),
            t(place),
            part.lines.to_string(),
            size(part.bytes),
            String::new(),
        ]);
    }
    for p in &state.partitions {
        let place = if p.attached {
            "cli.logs_in_table"
        } else {
            "cli.logs_detached"
        };
        rows.push(vec![
            p.day.to_string(),
            t(place),
            format!("≈{}", p.lines),
            size(p.bytes),
            p.indexes.join(" "),
        ]);
    }
    for d in &state.default {
        rows.push(vec![
            d.day.to_string(),
            t("cli.logs_in_default"),
            d.lines.to_string(),
            String::new(),
            String::new(),
        ]);
    }
    table(&rows);
    tell_findings(&state, &policy, false, locale);
    Ok(ExitCode::SUCCESS)
}

fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 => format!("{:.1} GiB", b as f64 / f64::from(1 << 30)),
        b => format!("{:.1} MiB", b as f64 / f64::from(1 << 20)),
    }
}

/// Makes the schema, or shows the SQL that would.
async fn prepare(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    if arguments.get_flag("sql") {
        line(&pglogs::schema::script());
        return Ok(ExitCode::SUCCESS);
    }
    let config = &loaded.config;
    let store = pick(arguments, config, locale)?;
    let data = crate::config::data_dir(config);
    let secrets = sources::secrets(config, data.as_deref()).await;
    let as_user = arguments.get_one::<String>("user");
    let (options, who) = match as_user {
        Some(user) => {
            let typed = rpassword::prompt_password(sentence(
                locale,
                "cli.logs_password",
                &[("user", user.clone())],
            ));
            let typed = typed.unwrap_or_default();
            let options = postgres::options(store, &secrets as &dyn Secrets)
                .map_err(|e| refused(&e, locale))?;
            let password = (!typed.is_empty()).then(|| Secret::new(typed));
            (
                options,
                Credentials {
                    user: user.clone(),
                    password,
                },
            )
        }
        None => {
            let kept = kept(arguments, loaded, locale).await?;
            (kept.options, kept.who)
        }
    };
    let applied = pglogs::schema::prepare(&options, &who)
        .await
        .map_err(|e| failed(&e, locale))?;
    let key = if applied.is_empty() {
        "cli.logs_prepared_already"
    } else {
        "cli.logs_prepared"
    };
    line(&sentence(
        locale,
        key,
        &[("version", pglogs::schema::VERSION.to_string())],
    ));
    Ok(ExitCode::SUCCESS)
}

/// Reads all files back.
fn verify(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    let folder = folder(
        &loaded.config,
        pick(arguments, &loaded.config, locale)?,
        locale,
    )?;
    let found = cold::survey(&folder).map_err(|e| failed(&e, locale))?;
    let mut good = found.damaged.is_empty();
    for (_, _, e) in &found.damaged {
        failed(e, locale);
    }
    for (path, manifest) in &found.parts {
        let params = [
            ("path", path.display().to_string()),
            ("lines", manifest.lines.to_string()),
        ];
        match cold::verify(path, &|_| ()) {
            Ok(()) => line(&sentence(locale, "cli.logs_good", &params)),
            Err(e) => {
                good = false;
                failed(&e, locale);
            }
        }
    }
    if found.parts.is_empty() && good {
        line(&sentence(
            locale,
            "cli.logs_no_files",
            &[("path", folder.display().to_string())],
        ));
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Looks through the files for lines of a query.
fn search(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> Outcome<ExitCode> {
    let folder = folder(
        &loaded.config,
        pick(arguments, &loaded.config, locale)?,
        locale,
    )?;
    let words = arguments
        .get_one::<String>("query")
        .map_or("", String::as_str);
    let filter = logs::query::parse(words)
        .map_err(|e| fail(locale, "cli.logs_query", &[("detail", e.to_string())]))?;
    let moment = |name: &str, usual: i64| match arguments.get_one::<String>(name) {
        Some(text) => super::query::moment(text)
            .map(|ms| ms.saturating_mul(1_000_000))
            .ok_or_else(|| fail(locale, "cli.logs_time", &[("value", text.clone())])),
        None => Ok(usual),
    };
    let range = LogRange {
        from_ns: moment("from", i64::MIN)?,
        to_ns: moment("to", i64::MAX)?,
        filter,
    };
    let limit = arguments
        .get_one::<u64>("limit")
        .and_then(|n| usize::try_from(*n).ok())
        .unwrap_or(FOUND);
    let found = look(&folder, &range, limit, locale)?;
    for l in &found.lines {
        line(&serde_json::to_string(l).unwrap_or_default());
    }
    if found.more {
        error_line(&sentence(
            locale,
            "cli.logs_more",
            &[("limit", limit.to_string())],
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn look(
    folder: &Path,
    range: &LogRange,
    limit: usize,
    locale: &str,
) -> Outcome<model::log::LogPage> {
    let mut told = 0;
    let mut tell = |looked: u64| {
        // a word each million lines: enough to see that it goes on
        if looked / 1_000_000 > told {
            told = looked / 1_000_000;
            error_line(&sentence(
                locale,
                "cli.logs_looked",
                &[("lines", looked.to_string())],
            ));
        }
    };
    cold::search(folder, range, limit.min(100_000), &mut tell).map_err(|e| failed(&e, locale))
}

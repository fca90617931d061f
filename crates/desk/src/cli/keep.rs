//! `audit`, `backup`, `restore`, `rules`: over the database and the rule files, with or without a running desk.

use super::output::{error_line, fail, line, sentence};
use super::say::Speaker;
use crate::clock;
use crate::config::{self, Loaded};
use crate::duty::{own_rules, start};
use clap::ArgMatches;
use model::duty::{Actor, Via};
use std::path::PathBuf;
use std::process::ExitCode;

fn place(loaded: &Loaded, locale: &str) -> Result<PathBuf, ExitCode> {
    config::data_dir(&loaded.config).ok_or_else(|| fail(locale, "cli.desk_no_data", &[]))
}

fn failed(e: &store::StoreError, locale: &str) -> ExitCode {
    let speaker = Speaker::new(locale, "UTC");
    error_line(&speaker.error(&crate::duty::store_error(e)));
    ExitCode::FAILURE
}

/// Checks the audit log's chain.
pub async fn audit(loaded: &Loaded, json: bool, locale: &str) -> ExitCode {
    let data = match place(loaded, locale) {
        Ok(data) => data,
        Err(code) => return code,
    };
    let key = start::audit_key(&data).await;
    let report = match store::Store::open_read_only(&data.join(start::DATABASE)).await {
        Ok(store) => store.verify(&key).await,
        Err(e) => Err(e),
    };
    let report = match report {
        Ok(report) => report,
        Err(e) => return failed(&e, locale),
    };
    if json {
        line(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        for fault in &report.faults {
            let params = [("seq", fault.seq.to_string())];
            error_line(&sentence(
                locale,
                &format!("cli.audit_{}", fault.kind.code()),
                &params,
            ));
        }
        let params = [
            ("entries", report.entries.to_string()),
            ("head", report.head.clone()),
        ];
        line(&sentence(
            locale,
            if report.is_whole() {
                "cli.audit_good"
            } else {
                "cli.audit_bad"
            },
            &params,
        ));
    }
    if report.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Copies the database, also while a desk writes it.
pub async fn backup(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let data = match place(loaded, locale) {
        Ok(data) => data,
        Err(code) => return code,
    };
    let to = arguments
        .get_one::<PathBuf>("file")
        .cloned()
        .unwrap_or_default();
    let key = start::audit_key(&data).await;
    let made = match store::Store::open_read_only(&data.join(start::DATABASE)).await {
        Ok(store) => store.backup(&to, &key, clock::now_ms()).await,
        Err(e) => Err(e),
    };
    match made {
        Ok(_) => {
            line(&sentence(
                locale,
                "cli.backup_done",
                &[("file", to.display().to_string())],
            ));
            ExitCode::SUCCESS
        }
        Err(e) => failed(&e, locale),
    }
}

/// Puts a backup in the place of the database of a desk that does not run.
pub async fn restore(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let data = match place(loaded, locale) {
        Ok(data) => data,
        Err(code) => return code,
    };
    let from = arguments
        .get_one::<PathBuf>("file")
        .cloned()
        .unwrap_or_default();
    let key = start::audit_key(&data).await;
    let me = start::me(&loaded.config);
    let by = Actor {
        id: me.id,
        name: me.name,
        via: Via::CommandLine,
    };
    let trust = if arguments.get_flag("other-machine") {
        store::backup::Trust::Any
    } else {
        store::backup::Trust::Ours
    };
    let to = data.join(start::DATABASE);
    match store::backup::restore(&from, &to, &key, trust, &by, clock::now_ms()).await {
        Ok(_) => {
            line(&sentence(
                locale,
                "cli.restore_done",
                &[("file", from.display().to_string())],
            ));
            ExitCode::SUCCESS
        }
        Err(e) => failed(&e, locale),
    }
}

/// Writes the rules for a Prometheus, or checks them.
pub fn rules(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let mut config = loaded.config.clone();
    config.duty.builtin_rules = Some(true);
    let (rules, problems) = own_rules::load(&config);
    for problem in &problems {
        error_line(&problem.say(locale));
    }
    match arguments.subcommand() {
        Some(("export", _)) => {
            let groups: Vec<_> = rules.files().flat_map(|f| f.groups.clone()).collect();
            line(::rules::export(&groups).trim_end());
            ExitCode::SUCCESS
        }
        _ => {
            let all = rules.files().flat_map(|f| &f.groups);
            let (groups, count) = all.fold((0, 0), |(g, r), group| (g + 1, r + group.rules.len()));
            let params = [("groups", groups.to_string()), ("rules", count.to_string())];
            line(&sentence(locale, "cli.rules_counts", &params));
            if problems.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

//! `shouwang report`: a day, a week or a month, as PDF and HTML.

use super::output::{error_line, fail, line, sentence};
use crate::config::{self, Config, Loaded};
use crate::duty::start::DATABASE;
use crate::reports::files::{self, FilesError, Format};
use crate::reports::{self, Ground, Question, post};
use crate::{clock, render, sources, texts};
use chrono::NaiveDate;
use clap::{Arg, ArgMatches, Command, value_parser};
use report::{Document, Kind, Period, ReportError};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// The command and its arguments.
pub fn command(t: &dyn Fn(&str) -> String) -> Command {
    let value = |name: &'static str, shown: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(shown)
            .help(t(&format!("report_{name}")))
    };
    let kinds = Kind::ALL.map(Kind::name);
    Command::new("report")
        .about(t("report"))
        .next_help_heading(t("heading_options"))
        .arg(
            Arg::new("kind")
                .value_name("KIND")
                .required(true)
                .value_parser(kinds)
                .help(t("report_kind")),
        )
        .arg(value("at", "DAY"))
        .arg(
            value("output", "DIR")
                .short('o')
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(value("format", "FORMATS").default_value("pdf,html"))
        .arg(
            value("mail", "ADDRESS")
                .action(clap::ArgAction::Append)
                .value_delimiter(','),
        )
        .arg(value("locale", "LOCALE").value_parser(crate::texts::LOCALES))
}

/// Gathers, writes, and says where.
pub async fn run(arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    for problem in &loaded.problems {
        error_line(&problem.say(locale));
    }
    let config = &loaded.config;
    let text = |name: &str| arguments.get_one::<String>(name).cloned();
    let zone = config
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Asia::Shanghai);
    let now = clock::now_ms();
    let kind = text("kind")
        .and_then(|k| Kind::named(&k))
        .unwrap_or(Kind::Daily);
    let period = match text("at") {
        None => Period::last_over(kind, now, zone),
        Some(day) => match day.parse::<NaiveDate>() {
            Ok(day) => Period::of(kind, day, zone),
            Err(_) => return fail(locale, "cli.report_bad_day", &[("text", day)]),
        },
    };
    let Some(period) = period.filter(|p| p.from < now) else {
        return fail(
            locale,
            "cli.report_bad_day",
            &[("text", text("at").unwrap_or_default())],
        );
    };
    let formats = text("format").unwrap_or_default();
    let Some(formats) = formats
        .split(',')
        .map(Format::named)
        .collect::<Option<Vec<_>>>()
    else {
        return fail(locale, "cli.report_bad_format", &[("text", formats)]);
    };
    let to: Vec<String> = arguments
        .get_many::<String>("mail")
        .map(|all| all.cloned().collect())
        .unwrap_or_default();
    // Said before minutes of asking.
    if !to.is_empty() && config.mail.host.is_empty() {
        return fail(locale, "cli.report_no_mail", &[]);
    }
    let stop = CancellationToken::new();
    // The simulated platform lives through the report's period; its last hours, which pictures look at, are not needed.
    let mut sources = config.clone();
    sources.demo.enabled = Some(false);
    let clients = render::clients(&sources, &stop).await;
    let database = config::data_dir(config).map(|dir| dir.join(DATABASE));
    let ground = Ground::new(config.clone(), clients, database);
    let locale_of = text("locale");
    let question = Question {
        period,
        locale: locale_of.as_deref(),
        promise: reports::PROMISE,
    };
    let data = ground.gather(question, now, &stop).await;
    stop.cancel();
    for fault in &data.faults {
        error_line(fault);
    }
    let dir = arguments
        .get_one::<PathBuf>("output")
        .cloned()
        .unwrap_or_default();
    let document = report::compose(&data);
    match files::write(&document, &period, &formats, &dir) {
        Ok(written) => {
            for path in &written {
                line(&sentence(
                    locale,
                    "cli.render_done",
                    &[("file", path.display().to_string())],
                ));
            }
            if to.is_empty() {
                return ExitCode::SUCCESS;
            }
            let made = (&document, written.as_slice());
            mail(config, made, &period, (to, now), locale).await
        }
        Err(FilesError::Report(ReportError::Chart(chart::ChartError::NoFace))) => {
            fail(locale, "cli.render_no_face", &[])
        }
        Err(e) => fail(locale, "cli.render_failed", &[("detail", e.to_string())]),
    }
}

/// Sends what was written, by the mail server of the configuration, and says so.
async fn mail(
    config: &Config,
    (document, written): (&Document, &[PathBuf]),
    period: &Period,
    (to, now): (Vec<String>, i64),
    locale: &str,
) -> ExitCode {
    let secrets = sources::secrets(config, config::data_dir(config).as_deref()).await;
    let failed = |detail: String| fail(locale, "cli.report_not_mailed", &[("detail", detail)]);
    let mailer = match post::mailer(&config.mail, &secrets) {
        Some(Ok(mailer)) => mailer,
        Some(Err(e)) => return failed(e.to_string()),
        None => return fail(locale, "cli.report_no_mail", &[]),
    };
    let receivers = to.join(", ");
    let letter = match post::letter(to, document, written, period, now) {
        Ok(letter) => letter,
        Err(e) => return failed(e.to_string()),
    };
    if let Err(e) = mailer.post(&letter).await {
        let why = texts::say(locale, &e.code.locale_key(), &e.params);
        return failed(why);
    }
    line(&sentence(locale, "cli.report_mailed", &[("to", receivers)]));
    ExitCode::SUCCESS
}

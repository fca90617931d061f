//! The command line. Its texts are in `locales/`, under `simulator:`.

use crate::feed::{self, Feed};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use rust_i18n::t;
use simulator::incident::{IncidentKind, Planned, parse_severity};
use simulator::server::{self, IncidentView, Options, Simulation};
use simulator::{Scenario, incident};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Milliseconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the program's clock; the platform gets time as a parameter"
)]
fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as i64)
}

/// Where it listens unless told otherwise; `shouwang simulator` listens there too.
const LISTEN: &str = "127.0.0.1:9500";

/// What the command line could not do, as a sentence for a person.
pub(crate) struct Failure(pub(crate) String);

/// Runs the program; errors go to stderr.
pub async fn run() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    rust_i18n::set_locale(locale(&args));
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(e) => return refuse(&e),
    };
    let done = match matches.subcommand() {
        Some(("incident", sub)) => control(sub).await,
        _ => simulate(&matches).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Help and version as clap writes them; a mistake in our own words, because clap speaks English only.
fn refuse(e: &clap::Error) -> ExitCode {
    use clap::error::{ContextKind, ErrorKind};
    let about = |kind| e.get(kind).map(ToString::to_string).unwrap_or_default();
    let key = match e.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // Nowhere to write the help: the exit code still tells.
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
        ErrorKind::UnknownArgument => "cli.usage_unknown",
        ErrorKind::InvalidSubcommand => "cli.usage_command",
        ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand => "cli.usage_missing",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "cli.usage_value",
        _ => "cli.usage_other",
    };
    let argument = match e.kind() {
        ErrorKind::InvalidSubcommand => about(ContextKind::InvalidSubcommand),
        _ => about(ContextKind::InvalidArg),
    };
    eprintln!(
        "{}",
        t!(
            key,
            arg = argument,
            value = about(ContextKind::InvalidValue)
        )
    );
    eprintln!("{}", t!("cli.usage_hint"));
    ExitCode::from(2)
}

/// `--lang`, then the environment; Chinese unless English is asked for.
fn locale(args: &[String]) -> &'static str {
    let asked = args
        .iter()
        .enumerate()
        .find_map(|(i, a)| {
            a.strip_prefix("--lang=").or_else(|| {
                if a == "--lang" {
                    args.get(i + 1).map(String::as_str)
                } else {
                    None
                }
            })
        })
        .map(str::to_owned);
    let environment = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|v| std::env::var(v).ok().filter(|s| !s.is_empty()))
    };
    match asked.or_else(environment) {
        Some(l) if l.starts_with("en") => "en",
        _ => "zh-CN",
    }
}

fn command() -> Command {
    let template = format!(
        "{{about}}\n\n{}{{usage}}\n\n{{all-args}}",
        t!("cli.heading_usage")
    );
    let said = |command: Command| {
        command
            .help_template(template.clone())
            .subcommand_help_heading(t!("cli.heading_commands").into_owned())
            .next_help_heading(t!("cli.heading_options").into_owned())
            .disable_help_subcommand(true)
    };
    let name = || {
        Arg::new("name")
            .required(true)
            .help(t!("simulator.arg.name", names = names()).into_owned())
    };
    let to = || {
        Arg::new("to")
            .long("to")
            .default_value(format!("http://{LISTEN}"))
            .help(t!("simulator.arg.to").into_owned())
    };
    let incident = said(Command::new("incident"))
        .about(t!("simulator.incident.about").into_owned())
        .subcommand_required(true)
        .subcommand(
            said(Command::new("start"))
                .about(t!("simulator.incident.start").into_owned())
                .arg(name())
                .arg(to()),
        )
        .subcommand(
            said(Command::new("stop"))
                .about(t!("simulator.incident.stop").into_owned())
                .arg(name())
                .arg(to()),
        )
        .subcommand(
            said(Command::new("list"))
                .about(t!("simulator.incident.list").into_owned())
                .arg(to()),
        );
    said(Command::new("shouwang-simulator"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(t!("simulator.about").into_owned())
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .global(true)
                .help(t!("cli.help").into_owned()),
        )
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(t!("cli.version").into_owned()),
        )
        .arg(
            Arg::new("lang")
                .long("lang")
                .global(true)
                .value_parser(["zh-CN", "en"])
                .help(t!("simulator.arg.lang").into_owned()),
        )
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_parser(value_parser!(SocketAddr))
                .default_value(LISTEN)
                .help(t!("simulator.arg.listen").into_owned()),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_parser(value_parser!(u64))
                .help(t!("simulator.arg.seed").into_owned()),
        )
        .arg(
            Arg::new("scenario")
                .long("scenario")
                .value_parser(value_parser!(PathBuf))
                .help(t!("simulator.arg.scenario").into_owned()),
        )
        .arg(
            Arg::new("incident")
                .long("incident")
                .action(ArgAction::Append)
                .value_name("NAME[:SEVERITY][@DELAY][+DURATION]")
                .help(t!("simulator.arg.incident", names = names()).into_owned()),
        )
        .arg(
            Arg::new("calm")
                .long("calm")
                .action(ArgAction::SetTrue)
                .help(t!("simulator.arg.calm").into_owned()),
        )
        .arg(
            Arg::new("speed")
                .long("speed")
                .value_parser(value_parser!(f64))
                .default_value("1")
                .help(t!("simulator.arg.speed").into_owned()),
        )
        .args(feed::args())
        .subcommand(incident)
}

fn names() -> String {
    IncidentKind::ALL.map(IncidentKind::as_str).join(", ")
}

async fn simulate(matches: &ArgMatches) -> Result<(), Failure> {
    let scenario = scenario(matches)?;
    let speed = matches.get_one::<f64>("speed").copied().unwrap_or(1.0);
    let address = matches
        .get_one::<SocketAddr>("listen")
        .copied()
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9500)));
    let failed = |error: &std::io::Error| {
        Failure(t!("simulator.error.listen", address = address, error = error).into_owned())
    };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|e| failed(&e))?;
    let bound = listener.local_addr().map_err(|e| failed(&e))?;
    let seed = scenario.seed;
    let ambient = scenario.ambient;
    let simulation = Simulation::new(&Options { scenario, speed }, Arc::new(now_ms));
    let feed = Feed::start(matches, seed, ambient, &simulation).await?;
    feed.tell(&t!(
        "simulator.serving",
        url = format!("http://{bound}/metrics"),
        seed = seed
    ));
    let stop = async {
        // without a handler for the signal the program ends at once, which is as good
        let _ = tokio::signal::ctrl_c().await;
    };
    let served = server::serve_of(listener, simulation, stop).await;
    feed.end().await;
    served.map_err(|e| failed(&e))
}

fn scenario(matches: &ArgMatches) -> Result<Scenario, Failure> {
    let mut scenario = match matches.get_one::<PathBuf>("scenario") {
        None => Scenario::default(),
        Some(path) => {
            let wrong = |error: &dyn std::fmt::Display| {
                Failure(
                    t!(
                        "simulator.error.scenario",
                        path = path.display(),
                        error = error
                    )
                    .into_owned(),
                )
            };
            let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
            Scenario::from_toml(&text).map_err(|e| wrong(&e))?
        }
    };
    if let Some(seed) = matches.get_one::<u64>("seed") {
        scenario.seed = *seed;
    }
    if matches.get_flag("calm") {
        scenario.ambient = false;
    }
    for text in matches.get_many::<String>("incident").unwrap_or_default() {
        scenario
            .incidents
            .push(text.parse::<Planned>().map_err(|e| wrong_incident(&e))?);
    }
    Ok(scenario)
}

fn wrong_incident(error: &incident::SpecError) -> Failure {
    use incident::SpecError::{Duration, UnknownIncident, UnknownSeverity};
    Failure(match error {
        UnknownIncident(name) => t!(
            "simulator.error.unknown_incident",
            name = name,
            names = names()
        )
        .into_owned(),
        UnknownSeverity(text) => t!("simulator.error.unknown_severity", text = text).into_owned(),
        Duration(text) => t!("simulator.error.duration", text = text).into_owned(),
    })
}

async fn control(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((action, sub)) = matches.subcommand() else {
        return Ok(());
    };
    let to = sub
        .get_one::<String>("to")
        .map(String::as_str)
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    let base = format!("{to}/-/incidents");
    let name = sub
        .try_get_one::<String>("name")
        .ok()
        .flatten()
        .cloned()
        .unwrap_or_default();
    let unreachable = |e: &dyn std::fmt::Display| {
        Failure(t!("simulator.error.unreachable", url = to, error = e).into_owned())
    };
    // reqwest is built without a provider of its own; an error means that there is one already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10));
    if to.starts_with("http://") {
        // a bare system without authorities must not keep us from a simulator without TLS
        builder = builder.tls_certs_only([]);
    }
    let client = builder.build().map_err(|e| unreachable(&e))?;
    let request = match action {
        "start" => {
            name.parse::<Planned>().map_err(|e| wrong_incident(&e))?;
            client.post(&base).body(name)
        }
        "stop" => {
            let kind: IncidentKind = name.parse().map_err(|e| wrong_incident(&e))?;
            client.delete(format!("{base}/{kind}"))
        }
        _ => client.get(&base),
    };
    let answer = request
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|e| unreachable(&e))?;
    let list: Vec<IncidentView> = answer.json().await.map_err(|e| unreachable(&e))?;
    print_list(&list);
    Ok(())
}

fn print_list(list: &[IncidentView]) {
    if list.is_empty() {
        println!("{}", t!("simulator.list.none"));
    }
    for i in list {
        let severity = format!("{:?}", i.severity).to_lowercase();
        let severity = if parse_severity(&severity).is_ok() {
            t!(format!("severity.{severity}")).into_owned()
        } else {
            severity
        };
        let state = if i.level > 0.0 {
            t!("simulator.list.running")
        } else {
            t!("simulator.list.planned")
        };
        println!(
            "{}",
            t!(
                "simulator.list.line",
                name = i.name,
                severity = severity,
                state = state,
                minutes = (i.end_ms - i.start_ms + 59_999) / 60_000
            )
        );
    }
}

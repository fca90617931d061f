//! `alerts`, `ack`, `silence`, `explain`: over the desk that runs on this machine.

use super::output::{error_line, fail, line, sentence, table};
use super::say::Speaker;
use crate::config::{self, Loaded};
use crate::duty::control::Control;
use clap::ArgMatches;
use model::Matcher;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::ExitCode;
use wire::{
    AlertAct, AlertDetail, AlertItem, AlertPage, AlertQuery, AlertRow, AlertTab, ErrorView,
    MatcherView, MuteView, OnDutyView, PreviewView,
};

/// What a command ends with: nothing, or what it has already said.
type Ended = Result<(), ExitCode>;

struct Client<'a> {
    control: Control,
    speaker: Speaker<'a>,
    json: bool,
}

/// Carries out one of the desk's commands.
pub async fn run(name: &str, arguments: &ArgMatches, loaded: &Loaded, locale: &str) -> ExitCode {
    let Some(data) = config::data_dir(&loaded.config) else {
        return fail(locale, "cli.desk_no_data", &[]);
    };
    let Some(control) = Control::find(&data).await else {
        let place = data.display().to_string();
        return fail(locale, "cli.desk_not_running", &[("data", place)]);
    };
    let client = Client {
        control,
        speaker: Speaker::new(locale, &loaded.config.time_zone),
        json: arguments.get_flag("json"),
    };
    let ended = match name {
        "alerts" => client.alerts(arguments).await,
        "ack" => client.ack(arguments).await,
        "silence" => client.silence(arguments).await,
        "oncall" => client.oncall(arguments).await,
        _ => client.explain(arguments).await,
    };
    ended.err().unwrap_or(ExitCode::SUCCESS)
}

fn texts(arguments: &ArgMatches, name: &str) -> Vec<String> {
    arguments
        .get_many::<String>(name)
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

fn text(arguments: &ArgMatches, name: &str) -> String {
    arguments
        .get_one::<String>(name)
        .cloned()
        .unwrap_or_default()
}

impl Client<'_> {
    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        what: &str,
        q: &Q,
    ) -> Result<A, ExitCode> {
        self.control.ask(what, q).await.map_err(|e| self.failed(&e))
    }

    fn failed(&self, e: &ErrorView) -> ExitCode {
        error_line(&self.speaker.error(e));
        ExitCode::FAILURE
    }

    fn print<T: Serialize>(&self, value: &T) -> Ended {
        match serde_json::to_string_pretty(value) {
            Ok(text) => {
                line(&text);
                Ok(())
            }
            Err(e) => Err(fail(
                self.speaker.locale,
                "error.internal",
                &[("detail", e.to_string())],
            )),
        }
    }

    fn duration(&self, arguments: &ArgMatches) -> Result<Option<f64>, ExitCode> {
        let Some(text) = arguments.get_one::<String>("for") else {
            return Ok(None);
        };
        let ms = simulator::incident::parse_duration_ms(text);
        ms.map(|ms| Some(ms as f64)).map_err(|_| {
            fail(
                self.speaker.locale,
                "cli.query_bad_time",
                &[("text", text.clone())],
            )
        })
    }

    // ---- the rota ---------------------------------------------------------------------------------------------------------

    async fn oncall(&self, arguments: &ArgMatches) -> Ended {
        let at = match arguments.get_one::<String>("at") {
            None => None,
            Some(text) => Some(self.speaker.moment(text).ok_or_else(|| {
                let params = [("text", text.clone())];
                fail(self.speaker.locale, "cli.oncall_bad_time", &params)
            })?),
        };
        let rota = arguments.get_one::<String>("rota").cloned();
        let all: Vec<OnDutyView> = self.ask("oncall", &(at, rota)).await?;
        if self.json {
            return self.print(&all);
        }
        let now = at.unwrap_or_else(crate::clock::now_ms) as f64;
        let say = |key: &str| self.speaker.plain(&format!("cli.oncall_{key}"));
        if all.is_empty() {
            line(&say("nobody"));
            return Ok(());
        }
        // Nobody follows as far as anybody has looked: that is no end.
        let until = |d: &OnDutyView| match d.next.as_slice() {
            [] if d.until - now > 30.0 * 86_400_000.0 => say("long"),
            _ => self.speaker.time(d.until),
        };
        let head = ["table", "role", "person", "since", "until", "next", "why"].map(say);
        let rows = all.iter().map(|d| {
            let role = crate::rota::role_name(self.speaker.locale, &d.role);
            vec![
                d.rota.clone(),
                role,
                d.name.clone(),
                self.speaker.time(d.from),
                until(d),
                d.next.join(" "),
                self.speaker.say(&d.why),
            ]
        });
        let lines: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
        table(&lines);
        Ok(())
    }

    // ---- alerts -----------------------------------------------------------------------------------------------------------

    async fn rows(
        &self,
        search: String,
        tab: AlertTab,
        limit: usize,
    ) -> Result<Vec<AlertRow>, ExitCode> {
        let mut rows: Vec<AlertRow> = Vec::new();
        loop {
            let query = AlertQuery {
                tab,
                text: search.clone(),
                offset: u32::try_from(rows.len()).unwrap_or(u32::MAX),
                limit: 200,
                ..AlertQuery::default()
            };
            let page: AlertPage = self.ask("alerts", &query).await?;
            if let Some(e) = &page.error {
                return Err(self.failed(e));
            }
            let items = page.items.unwrap_or_default();
            // An offset behind the end is answered with the end again.
            if items.is_empty() || (page.offset as usize) < rows.len() {
                break;
            }
            rows.extend(items.into_iter().filter_map(|i| match i {
                AlertItem::Alert { row } => Some(*row),
                AlertItem::Group { .. } => None,
            }));
            if rows.len() >= limit.min(page.total as usize) {
                break;
            }
        }
        rows.truncate(limit);
        Ok(rows)
    }

    async fn alerts(&self, arguments: &ArgMatches) -> Ended {
        let tab = match text(arguments, "tab").as_str() {
            "unacked" => AlertTab::Unacked,
            "mine" => AlertTab::Mine,
            "suppressed" => AlertTab::Suppressed,
            "resolved" => AlertTab::Resolved,
            _ => AlertTab::Open,
        };
        let limit = arguments.get_one::<u64>("limit").copied().unwrap_or(100);
        let search = texts(arguments, "search").join(" ");
        let rows = self
            .rows(search, tab, usize::try_from(limit).unwrap_or(usize::MAX))
            .await?;
        if self.json {
            return self.print(&rows);
        }
        if rows.is_empty() {
            line(&self.speaker.plain("cli.alerts_none"));
            return Ok(());
        }
        let heads = ["id", "level", "title", "place", "since", "state"];
        let mut lines = vec![
            heads
                .map(|h| self.speaker.plain(&format!("cli.alerts_{h}")))
                .to_vec(),
        ];
        lines.extend(rows.iter().map(|r| self.row(r)));
        table(&lines);
        Ok(())
    }

    fn row(&self, row: &AlertRow) -> Vec<String> {
        vec![
            row.id.to_string(),
            model::Level::from(row.level).to_string(),
            row.title.clone(),
            row.place.join(" · "),
            self.speaker.time(row.starts_at),
            self.state(row),
        ]
    }

    fn state(&self, row: &AlertRow) -> String {
        if let Some(at) = row.resolved_at {
            return self.speaker.with_time("cli.alerts_resolved", at);
        }
        if let Some(by) = &row.acked_by {
            return sentence(
                self.speaker.locale,
                "cli.alerts_acked",
                &[("by", by.clone())],
            );
        }
        if let Some(quiet) = &row.quiet {
            return self.speaker.say(quiet);
        }
        match &row.next {
            Some(next) => format!(
                "{} {}",
                self.speaker.time(next.at),
                self.speaker.say(&next.what)
            ),
            None => self.speaker.plain("cli.alerts_open"),
        }
    }

    /// Episodes by number, or by fingerprint.
    async fn ids(&self, arguments: &ArgMatches) -> Result<Vec<i64>, ExitCode> {
        let mut ids = Vec::new();
        for name in texts(arguments, "id") {
            if name.parse::<model::Fingerprint>().is_ok() {
                let all = self.rows(String::new(), AlertTab::Open, usize::MAX).await?;
                let quiet = self
                    .rows(String::new(), AlertTab::Suppressed, usize::MAX)
                    .await?;
                let found = all
                    .iter()
                    .chain(&quiet)
                    .find(|r| r.fingerprint == name)
                    .map(|r| r.id);
                ids.extend(found);
                if found.is_some() {
                    continue;
                }
            } else if let Ok(id) = name.trim_start_matches('#').parse() {
                ids.push(id);
                continue;
            }
            return Err(fail(
                self.speaker.locale,
                "error.unknown_alert",
                &[("id", name)],
            ));
        }
        Ok(ids)
    }

    // ---- what is done -----------------------------------------------------------------------------------------------------

    async fn act(&self, act: AlertAct, done: &str, count: usize) -> Ended {
        let () = self.ask("act", &act).await?;
        if self.json {
            return self.print(&serde_json::json!({ "done": true, "alerts": count }));
        }
        line(&sentence(
            self.speaker.locale,
            done,
            &[("count", count.to_string())],
        ));
        Ok(())
    }

    async fn ack(&self, arguments: &ArgMatches) -> Ended {
        let alerts = self.ids(arguments).await?;
        let count = alerts.len();
        if arguments.get_flag("undo") {
            return self
                .act(AlertAct::Unack { alerts }, "cli.ack_undone", count)
                .await;
        }
        let act = AlertAct::Ack {
            alerts,
            comment: text(arguments, "comment"),
            for_ms: self.duration(arguments)?,
            mirror: None,
        };
        self.act(act, "cli.ack_done", count).await
    }

    async fn silence(&self, arguments: &ArgMatches) -> Ended {
        if let Some(id) = arguments.get_one::<i64>("end") {
            return self
                .act(AlertAct::Unmute { id: *id }, "cli.silence_ended", 0)
                .await;
        }
        let mut matchers: Vec<MatcherView> = Vec::new();
        for written in texts(arguments, "matcher") {
            let Ok(m) = written.parse::<Matcher>() else {
                let params = [("text", written)];
                return Err(fail(
                    self.speaker.locale,
                    "cli.silence_bad_matcher",
                    &params,
                ));
            };
            matchers.push(MatcherView {
                name: m.name,
                value: m.value,
                is_regex: m.is_regex,
                is_equal: m.is_equal,
            });
        }
        if matchers.is_empty() {
            return self.mutes().await;
        }
        let hidden: PreviewView = self.ask("preview", &matchers).await?;
        if arguments.get_flag("dry-run") {
            return self.hidden(&hidden);
        }
        let length = self.duration(arguments)?.unwrap_or(2.0 * 3_600_000.0);
        let act = AlertAct::Mute {
            maintenance: false,
            matchers,
            from: None,
            until: crate::clock::now_ms() as f64 + length,
            comment: text(arguments, "comment"),
        };
        self.act(act, "cli.silence_done", hidden.total as usize)
            .await
    }

    fn hidden(&self, hidden: &PreviewView) -> Ended {
        if self.json {
            return self.print(hidden);
        }
        let count = [("count", hidden.total.to_string())];
        line(&sentence(self.speaker.locale, "cli.silence_would", &count));
        table(&hidden.rows.iter().map(|r| self.row(r)).collect::<Vec<_>>());
        Ok(())
    }

    async fn mutes(&self) -> Ended {
        let mutes: Vec<MuteView> = self.ask("mutes", &()).await?;
        if self.json {
            return self.print(&mutes);
        }
        if mutes.is_empty() {
            line(&self.speaker.plain("cli.silence_none"));
        }
        let rows = mutes.iter().map(|m| {
            let matchers: Vec<String> = m
                .matchers
                .iter()
                .map(|m| crate::duty::matcher(m.clone()).to_string())
                .collect();
            vec![
                m.id.to_string(),
                matchers.join(" "),
                self.speaker.time(m.until),
                m.by.clone(),
                m.comment.clone(),
            ]
        });
        table(&rows.collect::<Vec<_>>());
        Ok(())
    }

    // ---- explain ----------------------------------------------------------------------------------------------------------

    async fn explain(&self, arguments: &ArgMatches) -> Ended {
        for id in self.ids(arguments).await? {
            let detail: AlertDetail = self.ask("detail", &id).await?;
            if self.json {
                self.print(&detail)?;
            } else {
                self.explained(&detail);
            }
        }
        Ok(())
    }

    fn explained(&self, d: &AlertDetail) {
        let level = model::Level::from(d.row.level);
        line(&format!("#{} {level} {}", d.row.id, d.row.title));
        line(&self.speaker.plain("cli.explain_why"));
        for f in &d.findings {
            let mark = match f.verdict.as_str() {
                "for" => "+",
                "against" => "-",
                _ => " ",
            };
            let at = f.at.map(|at| self.speaker.time(at)).unwrap_or_default();
            let stage = self.speaker.plain(&format!("alert.stage.{}", f.stage));
            line(&format!(
                "  {mark} {stage}  {at}  {}",
                self.speaker.say(&f.what)
            ));
        }
        line(&self.speaker.plain("cli.explain_timeline"));
        for t in &d.timeline {
            let comment = t
                .comment
                .as_ref()
                .map(|c| format!("  “{c}”"))
                .unwrap_or_default();
            line(&format!(
                "  {}  {}{comment}",
                self.speaker.time(t.at),
                self.speaker.say(&t.what)
            ));
        }
        for next in &d.steps {
            line(&format!(
                "  {}  {}",
                self.speaker.time(next.at),
                self.speaker.say(&next.what)
            ));
        }
    }
}

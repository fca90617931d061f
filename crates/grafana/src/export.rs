//! A board as a dashboard's JSON (schemaVersion 39, which every Grafana since version 10 reads and newer ones bring up to date).

use crate::fault::{Loss, LossKind};
use crate::read::Losses;
use crate::{kinds, layout, thresholds, units};
use model::Lang;
use model::board::{
    Board, Concept, Dialect, Link, LinkTo, Panel, PanelKind, Query, Reduce, Role, WINDOW,
    concepts_in, expand,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of a board that are written one to one; higher ones are brought to a screen of Grafana's (27 rows of 38 pixels).
const SAME_ROWS: u16 = 40;
const SCREEN_ROWS: u16 = 27;

/// What a dashboard needs to know that a board does not say itself.
pub struct ExportOptions<'a> {
    /// Concepts by id, for the expressions behind `${concept}`.
    pub concepts: &'a BTreeMap<String, Concept>,
    /// The dialect of each concept, by its index; the first one where there is none.
    pub bound: &'a BTreeMap<String, usize>,
    /// The words of a locale key; a text that is no key is returned as it is.
    pub words: &'a dyn Fn(&str) -> String,
}

/// A dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// Its JSON.
    pub dashboard: Value,
    /// What it cannot say.
    pub losses: Vec<Loss>,
}

/// A board as a dashboard.
pub fn export(board: &Board, options: &ExportOptions<'_>) -> Exported {
    let mut writer = Writer {
        options,
        losses: Losses::default(),
    };
    let rows = if board.rows <= SAME_ROWS {
        board.rows
    } else {
        SCREEN_ROWS
    };
    let panels: Vec<Value> = board
        .panels
        .iter()
        .enumerate()
        .map(|(i, panel)| writer.panel(i, panel, (board.columns, board.rows), rows))
        .collect();
    let annotations: Vec<Value> = board
        .marks
        .iter()
        .filter_map(|mark| writer.annotation(mark))
        .collect();
    let variables = writer.templating(board);
    let dashboard = json!({
        "id": null,
        "uid": uid(&board.id),
        "title": (options.words)(&board.title),
        "tags": ["shouwang"],
        "timezone": "browser",
        "editable": true,
        "graphTooltip": 1,
        "schemaVersion": 39,
        "version": 1,
        "refresh": format!("{}s", board.refresh_seconds),
        "time": {"from": format!("now-{}s", board.window_seconds), "to": "now"},
        "timepicker": {},
        "annotations": {"list": annotations},
        // A board has no links of its own: those of its panels are theirs.
        "links": [],
        "templating": {"list": variables},
        "panels": panels,
    });
    Exported {
        dashboard,
        losses: writer.losses.all,
    }
}

/// What a variable begins with; nothing chosen stands for everything.
fn chosen(variable: &model::board::Variable) -> Value {
    match variable.default.as_slice() {
        [] => json!({"text": "All", "value": "$__all"}),
        [one] if !variable.multi => json!({"text": one, "value": one}),
        several => json!({"text": several, "value": several}),
    }
}

/// `?var-host=…` of a way to another board. `$label` of a row is what Grafana calls a field's label.
fn parameters(link: &Link) -> String {
    let mut out = String::new();
    for (name, value) in &link.variables {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str("var-");
        out.push_str(&percent(name));
        out.push('=');
        let label = value
            .strip_prefix('$')
            .filter(|l| model::board::variable::is_name(l));
        match label {
            Some(label) => out.push_str(&format!("${{__field.labels.{label}}}")),
            None => out.push_str(&percent(value)),
        }
    }
    out
}

/// A text as it may stand in an address.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// At most 40 letters, digits, `-` and `_`: what a dashboard's uid may be. `null` lets Grafana make one.
fn uid(id: &str) -> Value {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !id.is_empty() && id.len() <= 40 && id.chars().all(plain) {
        json!(id)
    } else {
        Value::Null
    }
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

struct Writer<'a> {
    options: &'a ExportOptions<'a>,
    losses: Losses,
}

impl Writer<'_> {
    /// The data source, and the board's variables.
    fn templating(&mut self, board: &Board) -> Vec<Value> {
        let mut out = vec![json!({
            "name": "datasource",
            "label": "Prometheus",
            "type": "datasource",
            "query": "prometheus",
            "regex": "",
            "refresh": 1,
            "hide": 0,
            "multi": false,
            "includeAll": false,
            "options": [],
            "current": {},
        })];
        for variable in &board.variables {
            let label = variable.label.as_deref().map(|l| (self.options.words)(l));
            let mut one = json!({
                "name": variable.id,
                "label": label,
                "multi": variable.multi,
                // Nothing chosen stands for everything, as on the board.
                "includeAll": true,
                "allValue": ".*",
                "current": chosen(variable),
            });
            match &variable.query {
                Some(query) => {
                    let path = format!("variables.{}", variable.id);
                    let Some(bound) = self.bound(query, None, &path) else {
                        continue;
                    };
                    let query = expand(query, &bound).unwrap_or_default();
                    one["type"] = json!("query");
                    one["datasource"] = source();
                    one["query"] = json!({"query": query, "refId": variable.id});
                    one["definition"] = json!(query);
                    one["refresh"] = json!(2);
                }
                None => {
                    one["type"] = json!("custom");
                    one["query"] = json!(variable.values.join(","));
                }
            }
            out.push(one);
        }
        out
    }

    /// When something happened: there as here a question whose values are times, there in milliseconds.
    fn annotation(&mut self, mark: &model::board::Mark) -> Option<Value> {
        let path = format!("marks.{}", mark.id);
        let bound = self.bound(&mark.expr, None, &path)?;
        let expr = expand(&mark.expr, &bound).ok()?;
        Some(json!({
            "name": mark.id,
            "datasource": source(),
            "enable": true,
            "hide": false,
            "iconColor": "blue",
            "expr": format!("({expr}) * 1000"),
            "titleFormat": mark.legend.clone().unwrap_or_default(),
            "tagKeys": "",
            "useValueForTime": true,
        }))
    }

    /// The words of each concept of an expression, in PromQL and under the labels that boards know; `None` when one has none.
    fn bound(
        &mut self,
        expr: &str,
        title: Option<&str>,
        path: &str,
    ) -> Option<BTreeMap<String, String>> {
        let mut bound = BTreeMap::new();
        for id in concepts_in(expr) {
            let Some(concept) = self.options.concepts.get(&id) else {
                self.losses.add(title, path, LossKind::Concept(id));
                return None;
            };
            let index = self.options.bound.get(&id).copied().unwrap_or(0);
            let in_promql = |d: &&Dialect| d.lang == Lang::Promql;
            let chosen = concept.dialects.get(index).filter(in_promql);
            let Some(dialect) = chosen.or_else(|| concept.dialects.iter().find(in_promql)) else {
                self.losses.add(title, path, LossKind::Language(id));
                return None;
            };
            if concept.dialects.len() > 1 {
                let kind = LossKind::Dialect(id.clone(), dialect.name.clone());
                self.losses.add(None, "concepts", kind);
            }
            bound.insert(id, dialect.in_promql());
        }
        Some(bound)
    }

    /// Ways of a panel: those of the panel itself, and those of its values, which know the labels.
    fn links(&mut self, panel: &Panel, title: &str) -> (Vec<Value>, Vec<Value>) {
        let (mut own, mut of_values) = (Vec::new(), Vec::new());
        for (i, link) in panel.links.iter().enumerate() {
            let address = uid(&link.target);
            let (LinkTo::Board, Some(target)) = (link.to, address.as_str()) else {
                let path = format!("panels.{}.links[{i}]", panel.id);
                let kind = LossKind::LinkTo(link.target.clone());
                self.losses.add(Some(title), &path, kind);
                continue;
            };
            let knows_labels = link.variables.values().any(|v| v.contains('$'));
            let written = json!({
                "title": link.target,
                "url": format!("/d/{target}{}", parameters(link)),
                "targetBlank": false,
            });
            if knows_labels {
                &mut of_values
            } else {
                &mut own
            }
            .push(written);
        }
        (own, of_values)
    }

    /// What of a panel has no place in a dashboard.
    fn left_out(&mut self, panel: &Panel, title: &str) {
        let path = format!("panels.{}", panel.id);
        if panel.abnormal_only {
            self.losses.add(Some(title), &path, LossKind::AbnormalOnly);
        }
        if let Some(filter) = panel.filter.as_ref().filter(|f| !f.trim().is_empty()) {
            let kind = LossKind::Filter(filter.clone());
            self.losses.add(Some(title), &path, kind);
        }
        for query in &panel.queries {
            let path = format!("{path}.queries.{}", query.id);
            if let Some(source) = &query.source {
                let kind = LossKind::Source(source.clone());
                self.losses.add(Some(title), &path, kind);
            }
            if let Some(seconds) = query.refresh_seconds {
                self.losses
                    .add(Some(title), &path, LossKind::Refresh(seconds));
            }
        }
    }

    fn panel(&mut self, index: usize, panel: &Panel, grid: (u16, u16), rows: u16) -> Value {
        let (x, w) = layout::stretch(panel.at.x, panel.at.w, grid.0, 24);
        let (y, h) = layout::stretch(panel.at.y, panel.at.h, grid.1, rows);
        let (name, same) = kinds::to_dashboard(panel.kind);
        let title = (self.options.words)(&panel.title);
        let path = format!("panels.{}", panel.id);
        if !same {
            let kind = LossKind::OtherKind(name.to_owned());
            self.losses.add(Some(&title), &path, kind);
        }
        let mut out = json!({
            "id": index + 1,
            "type": name,
            "title": title,
            "gridPos": {"x": x, "y": y, "w": w, "h": h},
        });
        if let Some(subtitle) = &panel.subtitle {
            out["description"] = json!((self.options.words)(subtitle));
        }
        self.left_out(panel, &title);
        let (own, of_values) = self.links(panel, &title);
        if !own.is_empty() {
            out["links"] = json!(own);
        }
        if panel.kind == PanelKind::AlertList {
            out["options"] = json!({"viewMode": "list", "maxItems": panel.limit.unwrap_or(8)});
            return out;
        }
        if panel.kind == PanelKind::Text {
            let text = panel.text.as_deref().unwrap_or_default();
            // Plain words in a Markdown panel are plain words there too.
            out["options"] = json!({"mode": "markdown", "content": (self.options.words)(text)});
            return out;
        }
        let targets: Vec<Value> = panel
            .queries
            .iter()
            .enumerate()
            .filter_map(|(i, query)| self.target(i, query, panel, &title))
            .collect();
        out["datasource"] = source();
        out["targets"] = json!(targets);
        out["fieldConfig"] = self.field(panel, &title);
        if !of_values.is_empty() {
            out["fieldConfig"]["defaults"]["links"] = json!(of_values);
        }
        if let Some(seconds) = panel.window_seconds.or_else(|| panel.kind.own_window()) {
            out["timeFrom"] = json!(format!("{seconds}s"));
        }
        if let Some(seconds) = panel.step_seconds.or_else(|| panel.kind.own_step()) {
            out["interval"] = json!(format!("{seconds}s"));
        }
        out["options"] = options(panel.kind);
        out
    }

    fn field(&mut self, panel: &Panel, title: &str) -> Value {
        let limits = self.limits(panel);
        let mut defaults = json!({
            "unit": units::to_dashboard(panel.unit),
            "thresholds": thresholds::to_field(limits.as_ref()),
        });
        let has_limits = limits.is_some_and(|t| t.is_set());
        match panel.kind {
            PanelKind::Timeseries | PanelKind::Forecast => {
                defaults["color"] = json!({"mode": "palette-classic"});
                let mode = if has_limits { "line" } else { "off" };
                defaults["custom"] =
                    json!({"thresholdsStyle": {"mode": mode}, "lineWidth": 1, "fillOpacity": 0});
            }
            PanelKind::Table | PanelKind::SparkTable => {
                defaults["color"] = json!({"mode": "thresholds"});
                let cell = if has_limits { "color-text" } else { "auto" };
                defaults["custom"] = json!({"cellOptions": {"type": cell}});
            }
            _ => defaults["color"] = json!({"mode": "thresholds"}),
        }
        for (key, value) in [("min", panel.min), ("max", panel.max)] {
            if let Some(value) = value {
                defaults[key] = json!(value);
            }
        }
        let mut overrides = Vec::new();
        for (i, query) in panel.queries.iter().enumerate() {
            if let Some(unit) = query.unit.filter(|u| *u != panel.unit) {
                overrides.push(json!({
                    "matcher": {"id": "byFrameRefID", "options": reference(i)},
                    "properties": [{"id": "unit", "value": units::to_dashboard(unit)}],
                }));
            }
            if query.reduce != Reduce::Worst && query.role == Role::Main {
                let name = format!("{:?}", query.reduce).to_lowercase();
                let path = format!("panels.{}.queries.{}", panel.id, query.id);
                self.losses.add(Some(title), &path, LossKind::Reduce(name));
            }
        }
        json!({"defaults": defaults, "overrides": overrides})
    }

    /// The limits in force: the panel's, those of the first query, those of the only concept it uses.
    fn limits(&self, panel: &Panel) -> Option<model::Thresholds> {
        let first = panel.queries.first();
        let own = panel.thresholds.or_else(|| first?.thresholds);
        own.or_else(|| {
            let ids = concepts_in(&first?.expr);
            match ids.as_slice() {
                [only] => self.options.concepts.get(only)?.thresholds,
                _ => None,
            }
        })
    }

    fn target(&mut self, i: usize, query: &Query, panel: &Panel, title: &str) -> Option<Value> {
        let path = format!("panels.{}.queries.{}", panel.id, query.id);
        if query.lang != Lang::Promql {
            let kind = LossKind::Language(query.expr.clone());
            self.losses.add(Some(title), &path, kind);
            return None;
        }
        let bound = self.bound(&query.expr, Some(title), &path)?;
        let expr = expand(&query.expr, &bound)
            .ok()?
            .replace(WINDOW, "$__range");
        let check = query.role == Role::Check;
        if check {
            let kind = LossKind::Check(query.id.clone());
            self.losses.add(Some(title), &path, kind);
        }
        let label = query.label.as_deref().map(|l| (self.options.words)(l));
        let legend = query.legend.clone().or(label);
        let past = panel.kind.needs_history();
        Some(json!({
            "refId": reference(i),
            "datasource": source(),
            "editorMode": "code",
            "expr": expr,
            "legendFormat": legend.unwrap_or_else(|| "__auto".to_owned()),
            "range": past,
            "instant": !past,
            "format": if matches!(panel.kind, PanelKind::Table | PanelKind::SparkTable) { "table" } else { "time_series" },
            "hide": check,
        }))
    }
}

/// `A` to `Z`, then `Q27`, ….
fn reference(i: usize) -> String {
    let letter = u32::try_from(i).ok().filter(|i| *i < 26);
    letter
        .and_then(|i| char::from_u32(u32::from('A') + i))
        .map_or_else(|| format!("Q{}", i + 1), String::from)
}

fn options(kind: PanelKind) -> Value {
    let reduce = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
    match kind {
        PanelKind::Tile | PanelKind::Stat | PanelKind::Slo => {
            json!({"reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "textMode": "auto"})
        }
        PanelKind::Gauge => json!({"reduceOptions": reduce, "showThresholdMarkers": true}),
        PanelKind::Ring => {
            json!({"reduceOptions": reduce, "pieType": "donut", "legend": {"displayMode": "table", "values": ["value", "percent"]}})
        }
        PanelKind::BarList | PanelKind::BarGauge => {
            json!({"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "basic"})
        }
        PanelKind::Timeseries | PanelKind::Forecast => {
            json!({"legend": {"displayMode": "list", "placement": "bottom", "showLegend": true}, "tooltip": {"mode": "multi"}})
        }
        PanelKind::StateTimeline => json!({"mergeValues": true, "showValue": "never"}),
        PanelKind::Table | PanelKind::SparkTable => json!({"showHeader": true}),
        // Grafana tells buckets by the label `le` when it is not to compute any.
        PanelKind::Heatmap => json!({"calculate": false, "yAxis": {"axisPlacement": "left"}}),
        _ => json!({}),
    }
}

//! One panel of a dashboard.

use crate::fault::LossKind;
use crate::kinds::{self, Kind};
use crate::read::{Losses, Node};
use crate::variables::Variables;
use crate::{thresholds, units};
use model::Thresholds;
use model::board::{Panel, PanelKind, Query, Role, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// Queries of one panel that are taken.
const MAX_QUERIES: usize = 26;
/// Characters of a text panel.
const MAX_CONTENT: usize = 2_000;

/// What reads panels.
pub(crate) struct Reader<'a> {
    pub variables: &'a Variables,
    /// Kinds of sources by the names under which an exported file asks for them.
    pub inputs: &'a BTreeMap<String, String>,
    /// Every query is asked of this source.
    pub source: Option<&'a str>,
    pub losses: &'a mut Losses,
}

/// What of a panel every query needs.
struct Look {
    name: String,
    title: String,
    kind: PanelKind,
    unit: Unit,
    factor: f64,
}

impl Reader<'_> {
    /// The panel, without an id and a place; `None` when it cannot be taken, which is listed.
    pub fn panel(&mut self, node: &Node<'_>) -> Option<Panel> {
        let name = node.get("type").text().unwrap_or_default().to_owned();
        let title = self.title(node, &name);
        let single_gauge = node.at(&["gauge", "show"]).is_true();
        let Kind::Ours(kind) = kinds::from_dashboard(&name, single_gauge) else {
            self.lose(&title, &node.path, LossKind::PanelKind(name));
            return None;
        };
        if kind == PanelKind::Text {
            return self.text(node, title);
        }
        if !kind.needs_query() {
            return Some(bare(kind, title));
        }
        let (unit, factor) = self.unit(node, &name, &title);
        let mut look = Look {
            name,
            title,
            kind,
            unit,
            factor,
        };
        let queries = self.queries(node, &look);
        if queries.is_empty() {
            self.lose(&look.title, &node.path, LossKind::NoQuery);
            return None;
        }
        if self.says_up_and_down(node, &look) {
            look.unit = Unit::UpDown;
        }
        self.leftovers(node, &look);
        let (min, max) = ends(node, factor);
        let limits = self.thresholds(node, &look, (min, max));
        Some(Panel {
            unit: look.unit,
            thresholds: limits,
            min,
            max,
            queries,
            ..bare(kind, look.title)
        })
    }

    fn lose(&mut self, title: &str, path: &str, kind: LossKind) {
        self.losses.add(Some(title), path, kind);
    }

    /// The title without variables; a panel without one is called by what it shows.
    fn title(&self, node: &Node<'_>, name: &str) -> String {
        let first = node.get("targets").value.get(0);
        let legend = first.and_then(|t| t.get("legendFormat")?.as_str());
        node.get("title")
            .words()
            .or_else(|| legend.map(str::to_owned))
            .map(|t| self.variables.words(&t))
            .filter(|t| !t.trim().is_empty())
            .unwrap_or_else(|| name.to_owned())
    }

    fn text(&mut self, node: &Node<'_>, title: String) -> Option<Panel> {
        let new = node.at(&["options", "content"]);
        let content = new.text().or_else(|| node.get("content").text());
        let (words, changed) = plain(content.unwrap_or_default());
        if words.is_empty() {
            self.lose(&title, &node.path, LossKind::NoQuery);
            return None;
        }
        if changed {
            self.lose(&title, &new.path, LossKind::Markup);
        }
        Some(Panel {
            text: Some(self.variables.words(&words)),
            ..bare(PanelKind::Text, title)
        })
    }

    fn unit(&mut self, node: &Node<'_>, name: &str, title: &str) -> (Unit, f64) {
        let place = match name {
            "graph" => Node {
                value: node
                    .get("yaxes")
                    .value
                    .get(0)
                    .and_then(|a| a.get("format"))
                    .unwrap_or(&serde_json::Value::Null),
                path: format!("{}.yaxes[0].format", node.path),
            },
            "singlestat" => node.get("format"),
            _ => defaults(node).get("unit"),
        };
        let id = place.text().unwrap_or_default();
        units::from_dashboard(id).unwrap_or_else(|| {
            self.lose(title, &place.path, LossKind::Unit(id.to_owned()));
            (Unit::Count, 1.0)
        })
    }

    /// Limits, where the panel shows them: most panels carry some that nobody ever sees.
    fn thresholds(
        &mut self,
        node: &Node<'_>,
        look: &Look,
        ends: (Option<f64>, Option<f64>),
    ) -> Option<Thresholds> {
        let field = defaults(node);
        let by_limits = matches!(
            field.at(&["color", "mode"]).text(),
            None | Some("thresholds")
        );
        let shown = match look.name.as_str() {
            "graph" => {
                let found =
                    thresholds::from_graph(&node.get("thresholds"), &look.title, self.losses);
                return found.map(|t| thresholds::scaled(t, look.factor));
            }
            "singlestat" => {
                let shown = ["colorBackground", "colorValue"]
                    .iter()
                    .any(|k| node.get(k).is_true());
                if !shown && !node.at(&["gauge", "show"]).is_true() {
                    return None;
                }
                let found = thresholds::from_single(node, &look.title, self.losses);
                return found.map(|t| thresholds::scaled(t, look.factor));
            }
            "timeseries" | "trend" => field
                .at(&["custom", "thresholdsStyle", "mode"])
                .text()
                .is_some_and(|m| m != "off"),
            "stat" => by_limits && node.at(&["options", "colorMode"]).text() != Some("none"),
            "gauge" => true,
            "table" => {
                let cell = field.at(&["custom", "cellOptions", "type"]);
                let cell = cell.text().or(field.at(&["custom", "displayMode"]).text());
                cell.is_some_and(|c| c.contains("color") || c.contains("gauge"))
            }
            _ => by_limits,
        };
        if !shown {
            return None;
        }
        let mut place = field.get("thresholds");
        if !place.is_there() {
            place = node.at(&["options", "fieldOptions"]);
            let list = place.get("thresholds");
            if list.value.is_array() {
                // Before version 7 the steps stood there by themselves.
                let steps = serde_json::json!({ "steps": list.value });
                let node = Node {
                    value: &steps,
                    path: list.path,
                };
                let found = thresholds::from_field(&node, ends, &look.title, self.losses);
                return found.map(|t| thresholds::scaled(t, look.factor));
            }
        }
        // The ends of the axis are in our unit already, and so are limits in percent of them.
        let in_percent = place.get("mode").text() == Some("percentage");
        let found = thresholds::from_field(&place, ends, &look.title, self.losses)?;
        let factor = if in_percent { 1.0 } else { look.factor };
        Some(thresholds::scaled(found, factor))
    }

    /// What is meant by 1 and 0, when it is up and down and nothing else.
    fn says_up_and_down(&mut self, node: &Node<'_>, look: &Look) -> bool {
        let new = defaults(node).get("mappings");
        let place = if new.is_there() {
            new
        } else {
            node.get("valueMaps")
        };
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut others = 0;
        for mapping in place.list(self.losses, Some(&look.title)) {
            match (mapping.get("type").text(), mapping.get("options").value) {
                (Some("value"), serde_json::Value::Object(all)) => {
                    for (value, result) in all {
                        let text = result.get("text").and_then(|t| t.as_str());
                        texts.insert(value.clone(), text.unwrap_or_default().to_lowercase());
                    }
                }
                // "no value is shown as N/A" is what every panel of ours does.
                (Some("special"), _) => {}
                _ if mapping.get("value").text() == Some("null") => {}
                _ => others += 1,
            }
        }
        let says = |value: &str, words: [&str; 6]| {
            texts
                .get(value)
                .is_some_and(|t| words.contains(&t.as_str()))
        };
        let up = ["up", "online", "healthy", "ok", "在线", "正常"];
        let down = ["down", "offline", "unhealthy", "nok", "离线", "异常"];
        let both = look.unit == Unit::Count && others == 0 && says("1", up) && says("0", down);
        if !both && (others > 0 || !texts.is_empty()) {
            self.lose(&look.title, &place.path, LossKind::Mappings);
        }
        both
    }

    /// Everything else that a board cannot say.
    fn leftovers(&mut self, node: &Node<'_>, look: &Look) {
        let title = look.title.as_str();
        if let Some(variable) = node.get("repeat").words() {
            self.lose(title, &node.get("repeat").path, LossKind::Repeat(variable));
        }
        for key in ["timeFrom", "timeShift"] {
            if node.get(key).words().is_some() {
                self.lose(title, &node.get(key).path, LossKind::OwnTime);
            }
        }
        if node.get("alert").value.is_object() {
            self.lose(title, &node.get("alert").path, LossKind::AlertRule);
        }
        for links in [node.get("links"), defaults(node).get("links")] {
            if links.count() > 0 {
                self.lose(title, &links.path, LossKind::Links(links.count()));
            }
        }
        let place = node.get("transformations");
        let steps: Vec<String> = place
            .list(self.losses, Some(title))
            .iter()
            .filter(|t| !t.get("disabled").is_true())
            .filter_map(|t| t.get("id").words())
            .take(20)
            .collect();
        if !steps.is_empty() {
            let kind = LossKind::Transformations(steps.join(", "));
            self.lose(title, &place.path, kind);
        }
        let stacking = defaults(node).at(&["custom", "stacking", "mode"]);
        let stacked = stacking.text().is_some_and(|m| m != "none");
        if stacked || (look.name == "graph" && node.get("stack").is_true()) {
            self.lose(title, &node.path, LossKind::Stacked);
        }
        self.calculation(node, look);
        self.overrides(node, look);
    }

    /// One value of many points: ours is the last.
    fn calculation(&mut self, node: &Node<'_>, look: &Look) {
        let place = match look.kind {
            PanelKind::Stat
            | PanelKind::Gauge
            | PanelKind::BarList
            | PanelKind::BarGauge
            | PanelKind::Ring => {
                if look.name == "singlestat" {
                    node.get("valueName")
                } else {
                    node.at(&["options", "reduceOptions", "calcs"])
                }
            }
            _ => return,
        };
        let first = place.value.get(0).and_then(|c| c.as_str());
        let name = first.or_else(|| place.text());
        if let Some(name) = name.filter(|n| !["last", "lastNotNull", "current"].contains(n)) {
            let kind = LossKind::Calculation(name.chars().take(60).collect());
            self.lose(&look.title, &place.path, kind);
        }
    }

    /// Settings of single series; units of a query are taken by [`override_unit`], all others are counted.
    fn overrides(&mut self, node: &Node<'_>, look: &Look) {
        let place = node.at(&["fieldConfig", "overrides"]);
        let mut left = 0;
        for rule in place.list(self.losses, Some(&look.title)) {
            let properties = rule.get("properties").list(self.losses, Some(&look.title));
            left += properties
                .iter()
                .filter(|p| {
                    let id = p.get("id").text().unwrap_or_default();
                    let taken =
                        id == "unit" && rule.at(&["matcher", "id"]).text() == Some("byFrameRefID");
                    // Colours, lines, widths, names and places are looks.
                    let look = [
                        "color",
                        "displayName",
                        "custom.line",
                        "custom.fill",
                        "custom.point",
                        "custom.width",
                        "custom.axisP",
                        "custom.hide",
                        "custom.align",
                        "custom.stack",
                        "custom.dashes",
                        "custom.gradient",
                        "custom.drawStyle",
                        "custom.legend",
                        "custom.minWidth",
                        "decimals",
                        "noValue",
                    ];
                    !taken && !look.iter().any(|l| id.starts_with(l))
                })
                .count();
        }
        if left > 0 {
            self.lose(&look.title, &place.path, LossKind::Overrides(left));
        }
        let right = node.get("seriesOverrides").value.as_array();
        let uses_right = |o: &serde_json::Value| o.get("yaxis").and_then(|y| y.as_u64()) == Some(2);
        if look.name == "graph" && right.is_some_and(|all| all.iter().any(uses_right)) {
            let axes = node.get("yaxes").value;
            let unit = axes.get(1).and_then(|a| a.get("format")?.as_str());
            let unit = unit.unwrap_or("short");
            if units::from_dashboard(unit) != Some((look.unit, look.factor)) {
                let path = format!("{}.yaxes[1]", node.path);
                self.lose(&look.title, &path, LossKind::RightAxis(unit.to_owned()));
            }
        }
    }

    fn queries(&mut self, node: &Node<'_>, look: &Look) -> Vec<Query> {
        let targets = node.get("targets").list(self.losses, Some(&look.title));
        let mut out: Vec<Query> = Vec::new();
        let mut ids = BTreeSet::new();
        for target in targets.iter().take(MAX_QUERIES) {
            let Some((expr, legend)) = self.target(node, target, look) else {
                continue;
            };
            let reference = target.get("refId").words().unwrap_or_default();
            let own = override_unit(node, &reference);
            let (unit, factor) = own.map_or((None, look.factor), |(u, f)| (Some(u), f));
            let unit = unit.filter(|u| *u != look.unit);
            let mut id = slug(&reference, '_').unwrap_or_else(|| format!("q{}", out.len() + 1));
            while !ids.insert(id.clone()) {
                id.push('_');
            }
            let role = match look.kind {
                PanelKind::Stat if !out.is_empty() => Role::Note,
                _ => Role::Main,
            };
            let plain = legend.clone().filter(|l| !l.contains("{{"));
            let label = match (look.kind, role) {
                (PanelKind::Table, _) | (_, Role::Note) => Some(plain.unwrap_or(reference)),
                (PanelKind::BarList | PanelKind::BarGauge | PanelKind::Ring, _)
                    if targets.len() > 1 =>
                {
                    plain
                }
                _ => None,
            };
            out.push(Query {
                id,
                expr: units::scaled(&expr, factor),
                label: label.filter(|l| !l.is_empty()),
                legend,
                role,
                unit,
                source: self.source.map(str::to_owned),
                ..Query::default()
            });
        }
        out
    }

    /// A target's PromQL and legend.
    fn target(
        &mut self,
        panel: &Node<'_>,
        target: &Node<'_>,
        look: &Look,
    ) -> Option<(String, Option<String>)> {
        let title = look.title.as_str();
        if target.get("hide").is_true() {
            self.lose(title, &target.path, LossKind::Hidden);
            return None;
        }
        let own = self.source_kind(&target.get("datasource"));
        let kind = own.or_else(|| self.source_kind(&panel.get("datasource")));
        let expr = target.get("expr").text().unwrap_or_default().trim();
        if let Some(kind) = kind.filter(|k| !speaks_promql(k)) {
            self.lose(title, &target.path, LossKind::DataSource(kind));
            return None;
        }
        if expr.is_empty() {
            let asks = [
                "query",
                "rawSql",
                "rawQuery",
                "queryText",
                "target",
                "expression",
            ];
            if asks.iter().any(|k| target.get(k).is_there()) {
                self.lose(title, &target.path, LossKind::DataSource("?".to_owned()));
            }
            return None;
        }
        let place = target.get("expr").path;
        let filled = match self.variables.expression(expr) {
            Ok(filled) => filled,
            Err(kind) => {
                self.lose(title, &place, kind);
                return None;
            }
        };
        if let Err(detail) = promql_parser::parser::parse(&filled.text) {
            self.lose(title, &place, LossKind::Expression(detail));
            return None;
        }
        for name in filled.widened {
            self.losses
                .add(None, "$.templating", LossKind::VariableWidened(name));
        }
        let legend = target.get("legendFormat").words();
        let legend = legend
            .filter(|l| l != "__auto")
            .map(|l| self.variables.words(&l));
        Some((filled.text, legend))
    }

    /// The kind of a data source, as far as the file tells it.
    fn source_kind(&self, node: &Node<'_>) -> Option<String> {
        if let Some(kind) = node.get("type").words().filter(|k| k != "datasource") {
            return Some(kind);
        }
        let name = node.text().or_else(|| node.value.get("uid")?.as_str())?;
        let bare = name
            .trim_start_matches('$')
            .trim_start_matches('{')
            .trim_end_matches('}');
        let known = self.variables.sources.get(bare);
        known.or_else(|| self.inputs.get(bare)).cloned()
    }
}

/// A panel of nothing but its kind and title.
fn bare(kind: PanelKind, title: String) -> Panel {
    Panel {
        kind,
        title,
        ..Panel::default()
    }
}

/// Field settings of all series: of version 7 on, or of the one before.
fn defaults<'a>(node: &Node<'a>) -> Node<'a> {
    let new = node.at(&["fieldConfig", "defaults"]);
    if new.is_there() {
        new
    } else {
        node.at(&["options", "fieldOptions", "defaults"])
    }
}

fn ends(node: &Node<'_>, factor: f64) -> (Option<f64>, Option<f64>) {
    let axis = node.get("yaxes").value.get(0);
    let of_axis = |key: &str| {
        let value = axis.and_then(|a| a.get(key))?;
        let path = String::new();
        Node { value, path }.number()
    };
    let (field, gauge) = (defaults(node), node.get("gauge"));
    let gauge = |key: &str| {
        gauge
            .get("show")
            .is_true()
            .then(|| gauge.get(key).number())
            .flatten()
    };
    let min = field
        .get("min")
        .number()
        .or_else(|| of_axis("min"))
        .or_else(|| gauge("minValue"));
    let max = field
        .get("max")
        .number()
        .or_else(|| of_axis("max"))
        .or_else(|| gauge("maxValue"));
    let (min, max) = (min.map(|m| m * factor), max.map(|m| m * factor));
    if min.zip(max).is_some_and(|(min, max)| min >= max) {
        return (None, None);
    }
    (min, max)
}

/// The unit that an override gives to one query.
fn override_unit(node: &Node<'_>, reference: &str) -> Option<(Unit, f64)> {
    let rules = node.at(&["fieldConfig", "overrides"]).value.as_array()?;
    let rule = rules.iter().find(|r| {
        let matcher = r.get("matcher");
        let text = |key: &str| matcher.and_then(|m| m.get(key)?.as_str());
        text("id") == Some("byFrameRefID") && text("options") == Some(reference)
    })?;
    let properties = rule.get("properties")?.as_array()?;
    let unit = properties
        .iter()
        .find(|p| p.get("id").and_then(|i| i.as_str()) == Some("unit"))?;
    units::from_dashboard(unit.get("value")?.as_str()?)
}

fn speaks_promql(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["prometheus", "victoriametrics", "mimir", "thanos"]
        .iter()
        .any(|k| kind.contains(k))
        || kind.starts_with("-- ")
}

/// A short name from a title: letters and digits (of any script), the rest as `joint`.
pub(crate) fn slug(text: &str, joint: char) -> Option<String> {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with(joint) {
            out.push(joint);
        }
        if out.chars().count() >= 40 {
            break;
        }
    }
    let out = out.trim_end_matches(joint).to_owned();
    (!out.is_empty()).then_some(out)
}

/// The words of Markdown or HTML, and whether anything but words was there.
fn plain(content: &str) -> (String, bool) {
    let mut out = String::new();
    let (mut inside_tag, mut changed) = (false, false);
    for c in content.chars().take(MAX_CONTENT) {
        match c {
            '<' => (inside_tag, changed) = (true, true),
            '>' if inside_tag => inside_tag = false,
            _ if inside_tag => {}
            '#' | '*' | '`' | '|' => changed = true,
            c if c.is_control() && c != '\n' => {}
            c => out.push(c),
        }
    }
    let lines: Vec<&str> = out
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    (lines.join("\n"), changed)
}

//! The alerts that a Prometheus itself holds (`/api/v1/alerts`), for sites without an Alertmanager. Pending ones are not
//! reported. That answer has neither expressions nor external labels: the expressions come from `/api/v1/rules`, the
//! external labels from our configuration.

use super::{LARGE, Prometheus, api};
use crate::alertmanager::fields::Descend;
use crate::alertmanager::raw::{List, Reader};
use crate::alerts::{
    AlertLimits, AlertList, AlertOptions, AlertSourceInfo, Alerts, Oddities, SilenceRequest,
    SourceSilence, bounded, time_ms, unsupported,
};
use crate::connection::{ConfigError, Connection};
use crate::error::SourceError;
use crate::metrics::{Answer, Ask, Metrics};
use futures::FutureExt as _;
use model::Labels;
use model::alert::{ALERT_NAME, Fingerprint, Matcher, Observation};
use serde::Deserialize;
use serde::de::DeserializeSeed;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Rules are asked for no more often than this.
const RULES_EVERY: Duration = Duration::from_secs(60);
/// What silences are called in [`SourceError::Unsupported`].
const SILENCES: &str = "silences";

/// A client for the alerts of one Prometheus.
#[derive(Debug)]
pub struct PrometheusAlerts {
    prometheus: Prometheus,
    limits: AlertLimits,
    external_labels: Labels,
    rules: Mutex<Known>,
}

/// The rules when they were asked for last.
#[derive(Debug, Default)]
struct Known {
    rules: Arc<Rules>,
    asked: Option<Instant>,
}

impl PrometheusAlerts {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &AlertOptions) -> Result<Self, ConfigError> {
        Ok(Self {
            prometheus: Prometheus::new(&bounded(connection, &options.limits))?,
            limits: options.limits,
            external_labels: options.external_labels.clone(),
            rules: Mutex::default(),
        })
    }

    async fn list(&self) -> Result<Answer<AlertList>, SourceError> {
        let http = &self.prometheus.http;
        let reply = http.get(&["api", "v1", "alerts"], &[]).await?;
        let reply = self.prometheus.accept(reply)?;
        let (took, bytes, server_time_ms) =
            (reply.took, reply.body.len() as u64, reply.server_time_ms);
        let rules = self.rules().await;
        let (limits, external) = (self.limits, self.external_labels.clone());
        let read = move || {
            let (mut alerts, oddities) = decode(&reply.body, &limits)?;
            for alert in &mut alerts {
                alert.expr = rules.expr(&alert.labels);
                alert.labels = with_external(&alert.labels, &external);
            }
            Ok((alerts, oddities))
        };
        let decoded = if bytes > LARGE as u64 {
            tokio::task::spawn_blocking(read)
                .await
                .map_err(|e| SourceError::Internal {
                    detail: e.to_string(),
                })?
        } else {
            read()
        };
        let (alerts, oddities) = decoded.map_err(|e| self.prometheus.cleaned(e))?;
        Ok(Answer {
            warnings: oddities.warnings(),
            partial: oddities.refused() > 0,
            value: AlertList {
                alerts,
                oddities,
                started_at_ms: self.started().await,
                took,
            },
            bytes,
            server_time_ms,
        })
    }

    /// The rules, asked for again when they are old. Without them the alerts have no expressions, which is no failure.
    async fn rules(&self) -> Arc<Rules> {
        let now = Instant::now();
        {
            let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            let old = known
                .asked
                .is_none_or(|asked| now.duration_since(asked) >= RULES_EVERY);
            if !old {
                return known.rules.clone();
            }
            known.asked = Some(now);
        }
        match self.ask_rules().await {
            Ok(rules) => {
                let rules = Arc::new(rules);
                let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
                known.rules = rules.clone();
                rules
            }
            Err(e) => {
                tracing::debug!(
                    code = e.code(),
                    "rules cannot be read: alerts stay without expressions"
                );
                let known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
                known.rules.clone()
            }
        }
    }

    async fn ask_rules(&self) -> Result<Rules, SourceError> {
        let params = [
            ("type", "alert".to_owned()),
            ("exclude_alerts", "true".to_owned()), // newer servers; older ones ignore it
        ];
        let reply = self
            .prometheus
            .http
            .get(&["api", "v1", "rules"], &params)
            .await?;
        let groups = self
            .prometheus
            .decoded(reply, api::decode::<Groups>)
            .await?;
        Ok(Rules::new(groups.value, &self.limits))
    }

    /// When the process started; others that speak this API do not tell.
    async fn started(&self) -> Option<i64> {
        let path = ["api", "v1", "status", "runtimeinfo"];
        let reply = self.prometheus.http.get(&path, &[]).await.ok()?;
        let info = self
            .prometheus
            .decoded(reply, api::decode::<RuntimeInfo>)
            .await
            .ok()?;
        time_ms(&info.value.start_time).ok().flatten()
    }

    async fn ask_who(&self) -> Result<Answer<AlertSourceInfo>, SourceError> {
        let info = self.prometheus.probe().await?;
        let started_at_ms = self.started().await;
        Ok(info.map(|info| AlertSourceInfo {
            version: info.version,
            started_at_ms,
            ready: info.ready,
            silences: false,
        }))
    }
}

impl Alerts for PrometheusAlerts {
    fn kind(&self) -> &'static str {
        "prometheus"
    }

    fn alerts(&self) -> Ask<'_, AlertList> {
        self.list().boxed()
    }

    fn matching<'a>(&'a self, _: &'a [Matcher]) -> Ask<'a, Vec<Fingerprint>> {
        unsupported(SILENCES)
    }

    fn probe(&self) -> Ask<'_, AlertSourceInfo> {
        self.ask_who().boxed()
    }

    fn can_silence(&self) -> bool {
        false
    }

    fn silence<'a>(&'a self, _: &'a SilenceRequest) -> Ask<'a, String> {
        unsupported(SILENCES)
    }

    fn expire_silence<'a>(&'a self, _: &'a str) -> Ask<'a, ()> {
        unsupported(SILENCES)
    }

    fn silences(&self) -> Ask<'_, Vec<SourceSilence>> {
        unsupported(SILENCES)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeInfo {
    start_time: String,
}

/// Answer of `/api/v1/alerts`, pending ones left out.
///
/// # Errors
/// [`SourceError::Query`] with the server's own words, [`SourceError::Truncated`], [`SourceError::Malformed`] or
/// [`SourceError::Limit`].
pub fn decode(
    body: &[u8],
    limits: &AlertLimits,
) -> Result<(Vec<Observation>, Oddities), SourceError> {
    if let Some((fault, message)) = api::api_error(body, 200) {
        return Err(SourceError::Query { fault, message });
    }
    let mut reader = Reader::new(limits);
    let mut json = serde_json::Deserializer::from_slice(body);
    let seed = Descend {
        path: &["data", "alerts"],
        seed: List(&mut reader),
    };
    let read = seed
        .deserialize(&mut json)
        .and_then(|all| json.end().map(|()| all));
    match read {
        Ok(Some(all)) => Ok((all, reader.oddities)),
        Ok(None) => Err(SourceError::Malformed {
            at: body.len(),
            what: "data.alerts",
        }),
        Err(e) => Err(reader.fault(body, &e, "alerts as Prometheus' API has them")),
    }
}

/// As Prometheus adds them when it sends: a label that the alert has stays.
fn with_external(labels: &Labels, external: &Labels) -> Labels {
    if external.is_empty() {
        return labels.clone();
    }
    Labels::from_pairs(external.iter().chain(labels.iter()))
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    name: String,
    query: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Rules by their alert's name.
#[derive(Debug, Default)]
struct Rules(HashMap<String, Vec<Rule>>);

impl Rules {
    fn new(groups: Groups, limits: &AlertLimits) -> Self {
        let mut all: HashMap<String, Vec<Rule>> = HashMap::new();
        let rules = groups.groups.into_iter().flat_map(|g| g.rules);
        for mut rule in rules.filter(|r| r.query.len() <= limits.annotation_bytes) {
            // a template may have become anything
            rule.labels
                .retain(|_, v| !v.contains("{{") && !v.is_empty());
            all.entry(rule.name.clone()).or_default().push(rule);
        }
        Self(all)
    }

    /// The expression of the rule that made an alert with these labels, if it can only be one.
    fn expr(&self, labels: &Labels) -> Option<String> {
        let named = self.0.get(labels.get(ALERT_NAME)?)?;
        let mut fitting = named.iter().filter(|r| {
            r.labels
                .iter()
                .all(|(n, v)| labels.get(n) == Some(v.as_str()))
        });
        let first = fitting.next()?;
        fitting
            .all(|r| r.query == first.query)
            .then(|| first.query.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::QueryFault;
    use model::alert::Reported;

    const BODY: &str = r#"{"status":"success","data":{"alerts":[
        {"labels":{"alertname":"High","shop":"上海"},"annotations":{"summary":"<b>"},"state":"firing","activeAt":"2026-11-21T11:25:28.922123Z","value":"1.5e+02"},
        {"labels":{"alertname":"Soon"},"annotations":{},"state":"pending","activeAt":"2026-11-21T11:25:28Z","value":"NaN"},
        {"labels":{"alertname":"Inf"},"annotations":{},"state":"firing","activeAt":"2026-11-21T11:25:28Z","value":"+Inf"}
    ]}}"#;

    #[test]
    fn firing_ones_with_their_values() {
        let (alerts, odd) = decode(BODY.as_bytes(), &AlertLimits::default()).expect("alerts");
        assert_eq!(odd, Oddities::default());
        let names: Vec<_> = alerts.iter().map(|a| a.labels.get(ALERT_NAME)).collect();
        assert_eq!(names, [Some("High"), Some("Inf")]);
        let high = &alerts[0];
        assert_eq!(high.value, Some(150.0));
        assert_eq!(
            (high.state, high.starts_at),
            (Reported::Firing, 1_795_260_328_922)
        );
        assert_eq!(alerts[1].value, Some(f64::INFINITY));
    }

    #[test]
    fn errors_of_the_api_and_bodies_of_others() {
        let limits = AlertLimits::default();
        let read = |body: &str| decode(body.as_bytes(), &limits).map(|_| ());
        let error = r#"{"status":"error","errorType":"internal","error":"no"}"#;
        assert_eq!(
            read(error),
            Err(SourceError::Query {
                fault: QueryFault::Internal,
                message: "no".into()
            })
        );
        assert!(matches!(
            read(r#"{"status":"success","data":{}}"#),
            Err(SourceError::Malformed { .. })
        ));
        assert!(matches!(
            read(r#"{"status":"success","data":{"alerts":[{"labels":7}]}}"#),
            Err(SourceError::Malformed { at: 48, .. })
        ));
        assert_eq!(read(&BODY[..200]), Err(SourceError::Truncated));
        let few = AlertLimits {
            alerts: 2,
            ..limits
        };
        assert!(matches!(
            decode(BODY.as_bytes(), &few),
            Err(SourceError::Limit { limit: 2, .. })
        ));
    }

    #[test]
    fn the_expression_of_the_only_rule_that_fits() {
        let groups: Groups = serde_json::from_str(
            r#"{"groups":[{"rules":[
                {"name":"Disk","query":"free < 5","labels":{"severity":"critical"}},
                {"name":"Disk","query":"free < 20","labels":{"severity":"warning","who":"{{ $labels.who }}"}},
                {"name":"Twice","query":"a"},{"name":"Twice","query":"b"}]}]}"#,
        )
        .expect("rules");
        let rules = Rules::new(groups, &AlertLimits::default());
        let of = |pairs: &[(&str, &str)]| rules.expr(&Labels::from_pairs(pairs.iter().copied()));
        assert_eq!(
            of(&[("alertname", "Disk"), ("severity", "warning"), ("who", "x")]).as_deref(),
            Some("free < 20")
        );
        assert_eq!(of(&[("alertname", "Disk")]), None);
        assert_eq!(of(&[("alertname", "Twice")]), None);
    }

    #[test]
    fn external_labels_do_not_replace() {
        let own = Labels::from_pairs([("alertname", "A"), ("site", "here")]);
        let external = Labels::from_pairs([("site", "there"), ("replica", "1")]);
        let sent = with_external(&own, &external);
        assert_eq!(sent.get("site"), Some("here"));
        assert_eq!(sent.get("replica"), Some("1"));
    }
}

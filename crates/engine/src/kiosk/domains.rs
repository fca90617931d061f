//! From an alert to the board that shows what fails.

use model::board::{Board, Concept, Domain, concepts_in};
use model::{Labels, Level};
use std::collections::BTreeMap;

/// An open alert that may move the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The episode.
    pub id: i64,
    /// How urgent.
    pub level: Level,
    /// What it is about, if it is known.
    pub domain: Option<Domain>,
    /// The board that it names itself (label `board`).
    pub board: Option<String>,
    /// What it says, from outside.
    pub title: String,
    /// Since when, ms.
    pub since: i64,
    /// Somebody has it.
    pub acked: bool,
}

/// Words in a service, job or rule that say what it is about; the first that is found counts, so the telling ones stand first.
const WORDS: &[(&str, Domain)] = &[
    ("payment", Domain::Payment),
    ("alipay", Domain::Payment),
    ("wechat", Domain::Payment),
    ("支付", Domain::Payment),
    ("recommend", Domain::Recommendation),
    ("推荐", Domain::Recommendation),
    ("consult", Domain::Consultation),
    ("nutrition", Domain::Consultation),
    ("咨询", Domain::Consultation),
    ("rabbit", Domain::Queue),
    ("kafka", Domain::Queue),
    ("queue", Domain::Queue),
    ("redis", Domain::Cache),
    ("memcache", Domain::Cache),
    ("cache", Domain::Cache),
    ("postgres", Domain::Database),
    ("mysql", Domain::Database),
    ("database", Domain::Database),
    ("replication", Domain::Database),
    ("order", Domain::Order),
    ("订单", Domain::Order),
    ("kube", Domain::Container),
    ("container", Domain::Container),
    ("pod", Domain::Container),
    ("deployment", Domain::Container),
    ("switch", Domain::Network),
    ("router", Domain::Network),
    ("firewall", Domain::Network),
    ("snmp", Domain::Network),
    ("loadbalancer", Domain::Network),
    ("haproxy", Domain::Network),
    ("apdex", Domain::Experience),
    ("pageload", Domain::Experience),
    ("frontend", Domain::Experience),
    ("login", Domain::User),
    ("user", Domain::User),
    ("prometheus", Domain::Pipeline),
    ("alertmanager", Domain::Pipeline),
    ("collector", Domain::Pipeline),
    ("gateway", Domain::Api),
    ("nginx", Domain::Api),
    ("http", Domain::Api),
    ("api", Domain::Api),
    ("jvm", Domain::Api),
    ("node", Domain::Server),
    ("host", Domain::Server),
    ("disk", Domain::Server),
    ("cpu", Domain::Server),
    ("memory", Domain::Server),
];

fn named(name: &str) -> Option<Domain> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

/// What an alert is about: its label `domain`, as the built-in rules set it; without one, a telling word in the labels that say where it
/// comes from, the service before the rule's name before the job.
pub fn domain_of(labels: &Labels) -> Option<Domain> {
    if let Some(domain) = labels.get("domain").and_then(named) {
        return Some(domain);
    }
    let words = ["service", "component", "alertname", "job"];
    words
        .into_iter()
        .filter_map(|l| labels.get(l))
        .find_map(|value| {
            let value = value.to_lowercase();
            let found = WORDS.iter().find(|(word, _)| value.contains(word));
            found.map(|(_, domain)| *domain)
        })
}

/// How much of a board is about `domain`: panels about it, of all that are about something.
fn share(board: &Board, concepts: &BTreeMap<String, Concept>, domain: Domain) -> (usize, usize) {
    let about = board.panels.iter().map(|panel| {
        panel.domain.or_else(|| {
            let mut used = panel.queries.iter().flat_map(|q| concepts_in(&q.expr));
            used.find_map(|c| concepts.get(&c).map(|c| c.domain))
        })
    });
    about.flatten().fold((0, 0), |(hits, all), found| {
        (hits + usize::from(found == domain), all + 1)
    })
}

/// The board that is most about `domain`: the greatest share of its panels, of equals the one with more of them; `None` when no board has
/// a panel about it.
pub fn board_for<'a>(
    boards: &'a BTreeMap<String, Board>,
    concepts: &BTreeMap<String, Concept>,
    domain: Domain,
) -> Option<&'a str> {
    let scored = boards.iter().filter_map(|(id, board)| {
        let (hits, all) = share(board, concepts, domain);
        (hits > 0).then_some((hits, all, id))
    });
    let best = scored.reduce(|a, b| {
        // a/b by cross-multiplication: no rounding
        let (left, right) = (a.0 * b.1, b.0 * a.1);
        if (right, b.0) > (left, a.0) { b } else { a }
    });
    best.map(|(_, _, id)| id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::board::{Area, Panel, PanelKind};

    fn panel(domain: Option<Domain>) -> Panel {
        let json = serde_json::json!({
            "id": "p", "kind": "tile", "title": "t", "at": {"x": 0, "y": 0, "w": 1, "h": 1},
        });
        let panel: Panel = serde_json::from_value(json).unwrap();
        assert_eq!(
            (panel.kind, panel.at),
            (
                PanelKind::Tile,
                Area {
                    x: 0,
                    y: 0,
                    w: 1,
                    h: 1
                }
            )
        );
        Panel { domain, ..panel }
    }

    fn board(id: &str, domains: &[Domain]) -> (String, Board) {
        let json = serde_json::json!({"id": id, "title": id, "panels": []});
        let mut board: Board = serde_json::from_value(json).unwrap();
        board.panels = domains.iter().map(|d| panel(Some(*d))).collect();
        board.panels.push(panel(None));
        (id.to_owned(), board)
    }

    #[test]
    fn the_label_counts_before_any_word() {
        let labels = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied());
        let of = |pairs: &[(&str, &str)]| domain_of(&labels(pairs));
        assert_eq!(
            of(&[("domain", "cache"), ("service", "payment")]),
            Some(Domain::Cache)
        );
        assert_eq!(
            of(&[("domain", "nonsense"), ("service", "Payment-API")]),
            Some(Domain::Payment)
        );
        assert_eq!(
            of(&[("alertname", "RedisDown"), ("job", "node")]),
            Some(Domain::Cache)
        );
        assert_eq!(of(&[("alertname", "Watchdog")]), None);
    }

    #[test]
    fn the_board_of_a_domain_is_the_one_that_is_most_about_it() {
        use Domain::{Cache, Database, Order, Payment};
        let boards: BTreeMap<String, Board> = [
            board("business", &[Order, Order, Payment]),
            board("overview", &[Order, Payment, Cache, Database]),
            board("payments", &[Payment, Payment]),
        ]
        .into();
        let of = |d| board_for(&boards, &BTreeMap::new(), d);
        assert_eq!(of(Payment), Some("payments"));
        assert_eq!(of(Order), Some("business"));
        assert_eq!(of(Cache), Some("overview"));
        assert_eq!(of(Domain::Network), None);
    }
}

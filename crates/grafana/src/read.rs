//! JSON from outside: bounded, and every value knows its path.

use crate::fault::{Loss, LossKind, MAX_LOSSES, Refused};
use serde_json::Value;

/// Bytes of a dashboard that are read. The largest that people share have one or two million; parsed, a hostile file of this size
/// stays below 200 MB.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Characters of a title, a name, a legend.
const MAX_TEXT: usize = 200;

static NULL: Value = Value::Null;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub value: &'a Value,
    pub path: String,
}

/// What is being listed while a dashboard is read.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    pub all: Vec<Loss>,
}

impl Losses {
    pub fn add(&mut self, panel: Option<&str>, path: &str, kind: LossKind) {
        let loss = Loss {
            panel: panel.map(str::to_owned),
            path: path.to_owned(),
            kind,
        };
        if self.all.len() < MAX_LOSSES && !self.all.contains(&loss) {
            self.all.push(loss);
        }
    }
}

pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The JSON of a file.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Refused> {
    if bytes.len() > MAX_BYTES {
        return Err(Refused::TooLarge {
            bytes: bytes.len(),
            max: MAX_BYTES,
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let detail = e.to_string();
        // serde_json has no category of its own for its limit of 128 levels.
        if detail.starts_with("recursion limit") {
            return Refused::TooDeep { line, column };
        }
        let end = detail.find(" at line ").unwrap_or(detail.len());
        Refused::Json {
            line,
            column,
            detail: detail.get(..end).unwrap_or_default().to_owned(),
        }
    })
}

/// The dashboard of a file: the file itself, or what the HTTP API or a Kubernetes resource wraps round it.
pub(crate) fn dashboard(root: &Value) -> Result<Node<'_>, Refused> {
    let root = Node {
        value: root,
        path: "$".to_owned(),
    };
    if !root.value.is_object() {
        return Err(Refused::WrongType {
            path: root.path,
            wanted: "object",
            found: type_name(root.value),
        });
    }
    let inner = [
        root.get("dashboard"),
        root.get("spec"),
        root.get("dashboard").get("spec"),
    ];
    for node in std::iter::once(root.clone()).chain(inner) {
        if node.get("elements").value.is_object() && node.get("layout").value.is_object() {
            return Err(Refused::NewSchema { path: node.path });
        }
        for key in ["panels", "rows"] {
            let list = node.get(key);
            if list.value.is_array() {
                return Ok(node);
            }
            if !list.value.is_null() {
                return Err(Refused::WrongType {
                    found: type_name(list.value),
                    path: list.path,
                    wanted: "list",
                });
            }
        }
    }
    Err(Refused::NotADashboard { path: root.path })
}

impl<'a> Node<'a> {
    /// The value of a key; null where there is none.
    pub fn get(&self, key: &str) -> Node<'a> {
        Node {
            value: self.value.get(key).unwrap_or(&NULL),
            path: format!("{}.{key}", self.path),
        }
    }

    /// The value at the end of several keys.
    pub fn at(&self, keys: &[&str]) -> Node<'a> {
        keys.iter().fold(self.clone(), |node, key| node.get(key))
    }

    pub fn is_there(&self) -> bool {
        !self.value.is_null()
    }

    pub fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// A text for people, cut, without control characters.
    pub fn words(&self) -> Option<String> {
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        let text: String = self.text()?.chars().map(clean).take(MAX_TEXT).collect();
        Some(text.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// A number; dashboards write many as text.
    pub fn number(&self) -> Option<f64> {
        let number = match self.value {
            Value::Number(n) => n.as_f64(),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        number.filter(|n: &f64| n.is_finite())
    }

    /// A number of grid cells.
    pub fn cells(&self) -> Option<u32> {
        let number = self.number()?;
        // Float to integer saturates, and the bound is far below u32's.
        Some(number.round().clamp(0.0, 1_000_000.0) as u32)
    }

    pub fn is_true(&self) -> bool {
        self.value == &Value::Bool(true)
    }

    /// The parts of a list. Anything else but null is noted as having the wrong type.
    pub fn list(&self, losses: &mut Losses, panel: Option<&str>) -> Vec<Node<'a>> {
        match self.value {
            Value::Null => Vec::new(),
            Value::Array(all) => all
                .iter()
                .enumerate()
                .map(|(i, value)| Node {
                    value,
                    path: format!("{}[{i}]", self.path),
                })
                .collect(),
            other => {
                let kind = LossKind::WrongType {
                    wanted: "list",
                    found: type_name(other),
                };
                losses.add(panel, &self.path, kind);
                Vec::new()
            }
        }
    }

    /// How many parts a list has.
    pub fn count(&self) -> usize {
        self.value.as_array().map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_json_is_refused_with_its_place() {
        let large = vec![b' '; 100 << 20];
        assert_eq!(
            parse(&large),
            Err(Refused::TooLarge {
                bytes: 100 << 20,
                max: MAX_BYTES
            })
        );
        let deep = format!("{{\"panels\":{}", "[".repeat(1_000));
        assert!(matches!(
            parse(deep.as_bytes()),
            Err(Refused::TooDeep { line: 1, column }) if column > 100
        ));
        let Err(Refused::Json { line, detail, .. }) = parse(b"{\n\"a\": 1,\n}") else {
            panic!("it is no JSON");
        };
        assert_eq!((line, detail.as_str()), (3, "trailing comma"));
        assert!(matches!(parse(b"\xff"), Err(Refused::Json { .. })));
    }

    #[test]
    fn what_is_no_dashboard_says_where() {
        let refused = |text: &str| dashboard(&parse(text.as_bytes()).unwrap()).unwrap_err();
        assert_eq!(
            refused("[]"),
            Refused::WrongType {
                path: "$".into(),
                wanted: "object",
                found: "list"
            }
        );
        assert_eq!(
            refused(r#"{"dashboard": {"panels": 7}}"#),
            Refused::WrongType {
                path: "$.dashboard.panels".into(),
                wanted: "list",
                found: "number"
            }
        );
        assert_eq!(refused("{}"), Refused::NotADashboard { path: "$".into() });
        let v2 = r#"{"kind": "Dashboard", "spec": {"elements": {}, "layout": {}}}"#;
        assert_eq!(
            refused(v2),
            Refused::NewSchema {
                path: "$.spec".into()
            }
        );
        for wrapped in [
            r#"{"dashboard": {"panels": []}, "meta": {}}"#,
            r#"{"apiVersion": "dashboard.grafana.app/v1beta1", "spec": {"panels": []}}"#,
        ] {
            assert!(dashboard(&parse(wrapped.as_bytes()).unwrap()).is_ok());
        }
    }
}

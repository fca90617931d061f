//! The short answers of both APIs: services, operations, dependencies, summaries, errors.

use super::ids;
use super::loose::{Each, ListOrNot, Loose, scalars_are, skip_map, skip_seq};
use crate::http::clean;
use model::trace::{Dependency, Operation, ServiceShare, SpanKind, TraceSummary};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// Warnings and errors of one list that are kept.
const TEXTS: usize = 20;
/// Characters of each.
const TEXT: usize = 500;
/// Entries of a list that are kept.
const ENTRIES: usize = 100_000;
/// Characters of a service's or an operation's name.
const NAME: usize = 1_024;

/// What a server says went wrong, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// An HTTP status, where it says one.
    pub code: Option<i64>,
    pub message: String,
}

/// A list of texts, bounded; anything else is no text.
pub(super) fn texts<'de>() -> impl DeserializeSeed<'de, Value = Vec<String>> {
    struct Texts(Vec<String>);
    impl<'de> DeserializeSeed<'de> for &mut Texts {
        type Value = ();
        fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
            let text = Loose::deserialize(d)?;
            if let (Some(text), true) = (text.text(), self.0.len() < TEXTS) {
                self.0.push(clean(text, TEXT));
            }
            Ok(())
        }
    }
    struct List;
    impl<'de> DeserializeSeed<'de> for List {
        type Value = Vec<String>;
        fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Vec<String>, D::Error> {
            let mut all = Texts(Vec::new());
            Each(&mut all).deserialize(d)?;
            Ok(all.0)
        }
    }
    List
}

/// `errors` of the classic envelope.
pub(super) struct FaultList<'r>(pub &'r mut Vec<Fault>);

impl<'de> DeserializeSeed<'de> for FaultList<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(mut self, d: D) -> Result<(), D::Error> {
        Each(&mut self).deserialize(d)
    }
}

impl<'de> DeserializeSeed<'de> for &mut FaultList<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        let fault = Fault::deserialize(d)?;
        if self.0.len() < TEXTS && fault != Fault::default() {
            self.0.push(fault);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Fault {
    /// `{"code":…,"msg":…,"traceID":…}` or `{"httpCode":…,"message":…}`; anything else says nothing.
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Fault;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an error")
            }
            scalars_are!(Fault::default());
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Fault, A::Error> {
                skip_seq(seq).map(|()| Fault::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fault, A::Error> {
                let mut fault = Fault::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                    let value: Loose<'_> = map.next_value()?;
                    match &*key {
                        "code" | "httpCode" => fault.code = value.int().filter(|c| *c != 0),
                        "msg" | "message" => {
                            fault.message = clean(value.text().unwrap_or_default(), TEXT);
                        }
                        _ => {}
                    }
                }
                Ok(fault)
            }
        }
        d.deserialize_any(Read)
    }
}

/// The server's own words in an answer of either API that is an error: the body counts, not its content type.
pub(super) fn refusal(body: &[u8]) -> Option<Fault> {
    struct Read;
    impl<'de> Visitor<'de> for Read {
        type Value = Option<Fault>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an error")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                match &*key {
                    "errors" => {
                        let mut all = Vec::new();
                        map.next_value_seed(FaultList(&mut all))?;
                        found = found.or(all.into_iter().next());
                    }
                    "error" => found = Some(map.next_value()?),
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(found.filter(|f: &Fault| *f != Fault::default()))
        }
    }
    let text = String::from_utf8_lossy(body);
    serde_json::Deserializer::from_str(&text)
        .deserialize_map(Read)
        .ok()
        .flatten()
}

/// A list of any form under one of the keys, each of whose elements is read as `T`; those that cannot be are passed over.
/// `None` when none of the keys is there and `required` says that one must be.
struct Under<'k, T> {
    keys: &'k [&'k str],
    all: Vec<T>,
    found: bool,
}

impl<'de, T: Lenient> DeserializeSeed<'de> for &mut Under<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        if let (Some(one), true) = (T::read(d)?, self.all.len() < ENTRIES) {
            self.all.push(one);
        }
        Ok(())
    }
}

impl<'de, T: Lenient> Visitor<'de> for &mut Under<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    /// Some compatible stores answer the bare list.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.found = true;
        while seq.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if self.keys.contains(&&*key) {
                self.found |= map.next_value_seed(ListOrNot(&mut *self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Something that is read from any JSON, or not at all.
trait Lenient: Sized {
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error>;
}

/// The list under one of `keys`, and whether there was one: absent is not the same as empty, and `null` is empty.
fn under<T: Lenient>(body: &[u8], keys: &[&str]) -> Result<(Vec<T>, bool), serde_json::Error> {
    let text = std::str::from_utf8(body).map_err(serde_json::Error::custom)?;
    let mut read = Under {
        keys,
        all: Vec::new(),
        found: false,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_any(&mut read)?;
    json.end()?;
    Ok((read.all, read.found))
}

impl Lenient for String {
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        Ok(Loose::deserialize(d)?.text().map(name))
    }
}

fn name(text: &str) -> String {
    match text.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Services, sorted, of either API.
pub(super) fn services(body: &[u8]) -> Result<(Vec<String>, bool), serde_json::Error> {
    let (mut all, found) = under::<String>(body, &["data", "services"])?;
    all.sort();
    all.dedup();
    Ok((all, found))
}

/// An object's scalar fields; others are passed over.
fn fields<'de, D: Deserializer<'de>>(
    d: D,
) -> Result<BTreeMap<std::borrow::Cow<'de, str>, Loose<'de>>, D::Error> {
    struct Read;
    impl<'de> Visitor<'de> for Read {
        type Value = BTreeMap<std::borrow::Cow<'de, str>, Loose<'de>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        scalars_are!(BTreeMap::new());
        fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Self::Value, E> {
            // the old list of operations is one of bare names
            Ok([("name".into(), Loose::Text(v.into()))].into())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            skip_seq(seq).map(|()| BTreeMap::new())
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = BTreeMap::new();
            while let Some((key, value)) = map.next_entry()? {
                if all.len() < 64 {
                    all.insert(key, value);
                }
            }
            Ok(all)
        }
    }
    d.deserialize_any(Read)
}

impl Lenient for Operation {
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        let fields = fields(d)?;
        let text = |key: &str| fields.get(key).and_then(Loose::text);
        let kind = text("spanKind").or(text("span_kind")).unwrap_or_default();
        Ok(text("name").map(|operation| Self {
            name: name(operation),
            kind: (!kind.is_empty()).then(|| SpanKind::named(kind)),
        }))
    }
}

/// Operations, sorted, of either API.
pub(super) fn operations(body: &[u8]) -> Result<(Vec<Operation>, bool), serde_json::Error> {
    let (mut all, found) = under::<Operation>(body, &["data", "operations"])?;
    all.sort();
    all.dedup();
    Ok((all, found))
}

impl Lenient for Dependency {
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        let fields = fields(d)?;
        let text = |key: &str| fields.get(key).and_then(Loose::text).map(name);
        let calls = fields.get("callCount").and_then(Loose::int).unwrap_or(0);
        Ok(match (text("parent"), text("child")) {
            (None, None) => None,
            (parent, child) => Some(Self {
                parent: parent.unwrap_or_default(),
                child: child.unwrap_or_default(),
                calls: u64::try_from(calls).unwrap_or(0),
            }),
        })
    }
}

/// Who calls whom: sorted, each pair once. The server's order is random and a pair may come once for each day.
pub(super) fn dependencies(body: &[u8]) -> Result<(Vec<Dependency>, bool), serde_json::Error> {
    let (all, found) = under::<Dependency>(body, &["data"])?;
    let mut merged: BTreeMap<(String, String), u64> = BTreeMap::new();
    for d in all {
        let calls = merged.entry((d.parent, d.child)).or_default();
        *calls = calls.saturating_add(d.calls);
    }
    let all = merged
        .into_iter()
        .map(|((parent, child), calls)| Dependency {
            parent,
            child,
            calls,
        })
        .collect();
    Ok((all, found))
}

struct Shares(Vec<ServiceShare>);

impl<'de> DeserializeSeed<'de> for &mut Shares {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        let fields = fields(d)?;
        if let (Some(service), true) = (
            fields.get("name").and_then(Loose::text),
            self.0.len() < ENTRIES,
        ) {
            self.0.push(ServiceShare {
                name: name(service),
                spans: count(fields.get("spanCount")),
                errors: count(fields.get("errorSpanCount")),
            });
        }
        Ok(())
    }
}

fn count(value: Option<&Loose<'_>>) -> u32 {
    let n = value.and_then(Loose::int).unwrap_or(0);
    u32::try_from(n.max(0)).unwrap_or(u32::MAX)
}

impl Lenient for TraceSummary {
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Option<TraceSummary>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a summary")
            }
            scalars_are!(None);
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                skip_seq(seq).map(|()| None)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut of, mut id, mut end) = (TraceSummary::default(), None, None);
                while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                    if key == "services" {
                        let mut shares = Shares(Vec::new());
                        map.next_value_seed(Each(&mut shares))?;
                        of.services = shares.0;
                        continue;
                    }
                    let value: Loose<'_> = map.next_value()?;
                    let text = || name(value.text().unwrap_or_default());
                    match &*key {
                        "traceId" | "traceID" => id = value.text().and_then(ids::trace),
                        "rootServiceName" => of.root_service = text(),
                        "rootOperationName" => of.root_operation = text(),
                        "minStartTimeUnixNano" => of.start_ns = value.int().unwrap_or(0),
                        "maxEndTimeUnixNano" => end = value.int(),
                        "spanCount" => of.spans = count(Some(&value)),
                        "errorSpanCount" => of.errors = count(Some(&value)),
                        "orphanSpanCount" => of.orphans = count(Some(&value)),
                        _ => {}
                    }
                }
                let end = end.unwrap_or(of.start_ns);
                of.duration_ns = end.saturating_sub(of.start_ns);
                of.services
                    .sort_by(|a, b| b.spans.cmp(&a.spans).then_with(|| a.name.cmp(&b.name)));
                Ok(id.map(|id| TraceSummary { id, ..of }))
            }
        }
        d.deserialize_any(Read)
    }
}

/// Summaries of `/api/v3/trace-summaries`, in the server's order.
pub(super) fn summaries(body: &[u8]) -> Result<(Vec<TraceSummary>, bool), serde_json::Error> {
    under(body, &["summaries"])
}

/// Whether a body is `{}`, as JSON of protobuf writes an object all of whose lists are empty.
pub(super) fn is_empty_object(body: &[u8]) -> bool {
    let mut bytes = body.iter().filter(|b| !b.is_ascii_whitespace());
    bytes.next() == Some(&b'{') && bytes.next() == Some(&b'}') && bytes.next().is_none()
}

/// Whether a body is a JSON object at all; `skip_map` proves it to its end.
pub(super) fn is_object(body: &[u8]) -> bool {
    struct Read;
    impl<'de> Visitor<'de> for Read {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
            skip_map(map)
        }
    }
    std::str::from_utf8(body).is_ok_and(|text| {
        serde_json::Deserializer::from_str(text)
            .deserialize_map(Read)
            .is_ok()
    })
}

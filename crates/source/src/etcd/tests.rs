use super::after;
use super::decode::{self, KeyValue, Watched};
use crate::error::SourceError;
use crate::services::{InstanceHealth, KeyEvent};

#[test]
fn the_end_of_a_prefix_is_the_next_key() {
    assert_eq!(after(b"/a/"), b"/a0");
    assert_eq!(after(&[b'a', 0xff]), b"b");
    assert_eq!(after(&[0xff, 0xff]), [0]);
    assert_eq!(after(b""), [0]);
}

#[test]
fn ranges_are_read_with_numbers_as_texts() {
    let body = br#"{"header":{"cluster_id":"1","revision":"7"},"kvs":[{"key":"L2EvYg==","create_revision":"3","mod_revision":"7","version":"2","value":"eA=="}],"count":"1"}"#;
    let range = decode::range(body).unwrap();
    assert_eq!((range.revision, range.keys[0].mod_revision), (7, 7));
    assert_eq!(range.keys[0].key, b"/a/b");
    assert_eq!(
        decode::range(b"{\"header\":{\"rev").unwrap_err(),
        SourceError::Truncated
    );
    assert_eq!(decode::range(b"[]").unwrap_err().code(), "malformed");
    assert_eq!(
        decode::range(br#"{"header":{"revision":"-1"}}"#)
            .unwrap_err()
            .code(),
        "malformed"
    );
}

#[test]
fn a_watch_tells_events_and_its_end() {
    let begun = br#"{"result":{"header":{"revision":"5"},"created":true}}"#;
    assert!(!decode::is_news(begun));
    let line = br#"{"result":{"header":{"revision":"9"},"events":[
        {"kv":{"key":"YQ==","create_revision":"8","mod_revision":"8","value":"c2VjcmV0"}},
        {"kv":{"key":"YQ==","create_revision":"8","mod_revision":"9","value":"eA==","lease":"255"}},
        {"type":"DELETE","kv":{"key":"Yg==","mod_revision":"9"}}]}}"#;
    assert!(decode::is_news(line));
    let Watched::Events(events) = decode::watch(line).unwrap() else {
        panic!("events")
    };
    let told: Vec<_> = events.into_iter().map(|e| e.change(false)).collect();
    assert_eq!(
        told.iter().map(|c| c.event).collect::<Vec<_>>(),
        [KeyEvent::Created, KeyEvent::Changed, KeyEvent::Deleted]
    );
    assert_eq!(told[1].by.as_deref(), Some("lease ff"));
    assert!(told.iter().all(|c| c.value.is_none()));
    let compacted = br#"{"result":{"canceled":true,"compact_revision":"40"}}"#;
    assert!(matches!(
        decode::watch(compacted),
        Ok(Watched::Compacted(40))
    ));
    let denied =
        br#"{"error":{"grpc_code":7,"http_code":403,"message":"etcdserver: permission denied"}}"#;
    assert_eq!(decode::watch(denied).unwrap_err(), SourceError::Forbidden);
    assert!(decode::watch(b"<html>").is_err());
}

#[test]
fn instances_are_read_in_the_usual_ways() {
    let kv = |key: &str, value: &str| KeyValue {
        key: key.into(),
        value: value.into(),
        ..KeyValue::default()
    };
    let read = |key: &str, value: &str| decode::instance("/services/", &kv(key, value));
    let plain = read("/services/order/1", "10.0.0.1:8080").unwrap();
    assert_eq!(
        (
            plain.service.as_str(),
            plain.id.as_str(),
            plain.address.as_str()
        ),
        ("order", "1", "10.0.0.1:8080")
    );
    let grpc = read(
        "/services/order/10.0.0.1:1",
        r#"{"Op":0,"Addr":"10.0.0.1:1","Metadata":{"zone":"a","weight":3}}"#,
    )
    .unwrap();
    assert_eq!(
        (grpc.address.as_str(), grpc.meta.as_slice()),
        ("10.0.0.1:1", &[("zone".to_owned(), "a".to_owned())][..])
    );
    let sick = read(
        "/services/pay/x",
        r#"{"host":"h","port":9,"healthy":false}"#,
    )
    .unwrap();
    assert_eq!(
        (sick.address.as_str(), sick.health),
        ("h:9", InstanceHealth::Critical)
    );
    assert_eq!(read("/services/order", "x"), None);
    assert_eq!(read("/other/order/1", "x"), None);
}

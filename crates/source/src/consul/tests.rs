use super::{decode, next_index};
use crate::error::SourceError;
use crate::services::InstanceHealth;

#[test]
fn an_index_that_goes_back_begins_anew() {
    assert_eq!(next_index(None, 7), Some(7));
    assert_eq!(next_index(Some(7), 7), Some(7));
    assert_eq!(next_index(Some(7), 9), Some(9));
    assert_eq!(next_index(Some(7), 3), None);
    assert_eq!(next_index(None, 0), Some(1));
}

#[test]
fn an_instance_is_as_bad_as_its_worst_check() {
    let body = br#"[{"Node":{"Node":"n1","Address":"10.0.0.1"},
        "Service":{"ID":"order-1","Service":"order","Tags":["v2"],"Address":"","Port":8080,"Meta":{"zone":"a"}},
        "Checks":[{"Status":"passing"},{"Status":"critical"},{"Status":"warning"}]},
        {"Node":{"Address":"10.0.0.1"},"Service":{"ID":"order-2","Service":"order","Tags":null,"Address":"::1","Port":1,"Meta":null},"Checks":[]}]"#;
    let all = decode::instances(body).unwrap();
    assert_eq!(
        (all[0].address.as_str(), all[0].health),
        ("10.0.0.1:8080", InstanceHealth::Critical)
    );
    assert_eq!(
        (all[1].address.as_str(), all[1].health),
        ("[::1]:1", InstanceHealth::Passing)
    );
    assert_eq!(
        decode::services(br#"{"order":["v2"],"consul":[]}"#).unwrap(),
        ["consul", "order"]
    );
}

#[test]
fn broken_answers_are_told() {
    assert_eq!(
        decode::instances(b"[{\"Node\"").unwrap_err(),
        SourceError::Truncated
    );
    assert_eq!(decode::keys(b"{}").unwrap_err().code(), "malformed");
    assert_eq!(decode::services(b"[]").unwrap_err().code(), "malformed");
    let keys = decode::keys(br#"[{"Key":"config/a","ModifyIndex":5,"CreateIndex":4,"LockIndex":0,"Flags":0,"Value":"eA=="},{"Key":"config/","ModifyIndex":2,"Value":null}]"#).unwrap();
    assert_eq!(keys[0].text().as_deref(), Some("x"));
    assert_eq!(keys[1].text(), None);
}

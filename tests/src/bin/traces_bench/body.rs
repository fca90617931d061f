//! A large trace as Jaeger's classic API answers it.

use std::fmt::Write as _;

/// Its id.
pub const ID: &str = "0000000000000000b19b0000b19b0000";
/// Services that take part.
const SERVICES: usize = 24;
/// What they do.
const OPERATIONS: [&str; 6] = [
    "POST /api/v1/orders/{id}/items",
    "SELECT orders",
    "GET /api/v1/menu/recommendations",
    "redis GET session",
    "payment.authorize",
    "rabbitmq publish order.created",
];

/// Their names.
pub fn services() -> Vec<String> {
    (0..SERVICES).map(|n| format!("service-{n:02}")).collect()
}

/// The answer with `spans` spans, about 800 bytes each. Half of them are wide (many children of one span), half of them deep.
pub fn classic(spans: usize, begin_us: i64) -> Vec<u8> {
    let mut out = String::with_capacity(spans * 850);
    out.push_str(r#"{"data":[{"traceID":""#);
    out.push_str(ID);
    out.push_str(r#"","spans":["#);
    for n in 0..spans {
        if n > 0 {
            out.push(',');
        }
        span(&mut out, n, begin_us);
    }
    out.push_str(r#"],"processes":{"#);
    for (n, service) in services().iter().enumerate() {
        let comma = if n > 0 { "," } else { "" };
        // writing to a String cannot fail
        let _ = write!(
            out,
            r#"{comma}"p{n}":{{"serviceName":"{service}","tags":[{{"key":"host.name","type":"string","value":"node-{}"}},{{"key":"service.version","type":"string","value":"2.14.{n}"}}]}}"#,
            n % 5
        );
    }
    out.push_str(r#"},"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}"#);
    out.into_bytes()
}

fn span(out: &mut String, n: usize, begin_us: i64) {
    let parent = match n {
        0 => None,
        // every hundredth begins a chain of twenty, the others are children of it or of the root
        n if n % 100 == 0 => Some(0),
        n if n % 100 < 20 => Some(n - 1),
        n => Some(n - n % 100),
    };
    let start = begin_us + (n as i64) * 40;
    let duration = if n == 0 {
        2_100_000
    } else {
        9_000 - (n % 100) as i64 * 80
    };
    let references = parent.map_or(String::new(), |p| {
        format!(
            r#"{{"refType":"CHILD_OF","traceID":"{ID}","spanID":"{:016x}"}}"#,
            p + 1
        )
    });
    let failed = if n % 997 == 3 { "true" } else { "false" };
    // writing to a String cannot fail
    let _ = write!(
        out,
        r#"{{"traceID":"{ID}","spanID":"{:016x}","operationName":"{}","references":[{references}],"startTime":{start},"duration":{duration},"tags":[{{"key":"span.kind","type":"string","value":"{}"}},{{"key":"http.request.method","type":"string","value":"POST"}},{{"key":"url.path","type":"string","value":"/api/v1/orders/{n}/items"}},{{"key":"http.response.status_code","type":"int64","value":200}},{{"key":"user.id","type":"string","value":"u-{:08}"}},{{"key":"error","type":"bool","value":{failed}}},{{"key":"net.peer.name","type":"string","value":"service-{:02}.prod.svc.cluster.local"}}],"logs":[{{"timestamp":{start},"fields":[{{"key":"event","type":"string","value":"库存已锁定"}},{{"key":"sku","type":"string","value":"sku-{n}"}}]}}],"processID":"p{}","warnings":null}}"#,
        n + 1,
        OPERATIONS[n % OPERATIONS.len()],
        if n.is_multiple_of(2) {
            "server"
        } else {
            "client"
        },
        n * 7919 % 100_000_000,
        (n + 1) % SERVICES,
        n * 31 / 7 % SERVICES,
    );
}

//! What each service did in a trace.

use crate::Arrangement;
use hashbrown::HashMap;
use std::sync::Arc;

/// A service's part in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTotals {
    /// Its name.
    pub service: Arc<str>,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// The sum of their durations, ns; spans within spans count twice.
    pub total_ns: i64,
    /// The sum of their self times, ns.
    pub self_ns: i64,
    /// How much of the critical path is its own work, ns.
    pub critical_ns: i64,
}

impl Arrangement {
    /// The services, the one with most self time first, then by name.
    pub fn services(&self) -> Vec<ServiceTotals> {
        let mut all: HashMap<&str, ServiceTotals> = HashMap::new();
        for row in 0..self.len() {
            let span = &self.trace.spans[self.span[row] as usize];
            let name = self.trace.processes.get(span.process as usize);
            let name = name.map(|p| p.service.clone()).unwrap_or_default();
            let of = all
                .entry(self.trace.service(span))
                .or_insert_with(|| ServiceTotals {
                    service: name,
                    spans: 0,
                    errors: 0,
                    total_ns: 0,
                    self_ns: 0,
                    critical_ns: 0,
                });
            of.spans += 1;
            of.errors += u32::from(span.error);
            let took = self.end[row].saturating_sub(self.start[row]);
            of.total_ns = of.total_ns.saturating_add(took);
            of.self_ns = of.self_ns.saturating_add(self.own[row]);
        }
        for piece in self.critical.segments() {
            let service = self.span(piece.row).map(|s| self.trace.service(s));
            if let Some(of) = service.and_then(|s| all.get_mut(s)) {
                of.critical_ns = of.critical_ns.saturating_add(piece.duration_ns());
            }
        }
        let mut out: Vec<ServiceTotals> = all.into_values().collect();
        out.sort_by(|a, b| (b.self_ns, &a.service).cmp(&(a.self_ns, &b.service)));
        out
    }
}

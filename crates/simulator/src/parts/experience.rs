//! What users feel: pages (web vitals) and the apps. Names are those of the platform's own specification.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Flow};
use crate::world::World;

const LIMITS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 8.0];
const APP_LIMITS: &[f64] = &[0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0];

pub(crate) fn build(b: &mut Builder) {
    let mut s = b.scope(&[("job", "rum"), ("instance", "rum-collector:9410")]);
    // the server's part of what a page takes
    let server = |w: &World| 0.75 + 0.25 * w.slowness.min(12.0);
    for (page, share) in [("home", 0.42), ("menu", 0.37), ("order", 0.21)] {
        let labels = [("page", page)];
        for (name, help, median) in [
            ("page_load_seconds", "Time until a page has loaded.", 1.05),
            (
                "page_first_paint_seconds",
                "Time until a page first paints.",
                0.52,
            ),
            (
                "page_interaction_seconds",
                "Time until a page answers to a tap.",
                0.075,
            ),
        ] {
            s.histogram(name, help, &labels, LIMITS, move |w, k| Flow {
                rate: w.online * 0.02 * share,
                median: median * server(w) * w.wobble(k, 120.0, 0.05),
                shape: 2.8,
            });
        }
    }
    for (kind, median) in [("image", 0.19), ("script", 0.13)] {
        s.histogram(
            "resource_load_seconds",
            "Time to load a resource of a page.",
            &[("type", kind)],
            LIMITS,
            move |w, k| Flow {
                rate: w.online * 0.1,
                median: median * w.wobble(k, 120.0, 0.06),
                shape: 2.6,
            },
        );
    }
    for (os, start, share) in [("ios", 0.92, 0.19), ("android", 1.28, 0.20)] {
        let labels = [("os", os)];
        for (name, help, median, slow) in [
            (
                "app_start_seconds",
                "Time to start the app cold.",
                start,
                false,
            ),
            (
                "app_page_switch_seconds",
                "Time to switch between pages of the app.",
                0.16,
                false,
            ),
            (
                "app_network_request_seconds",
                "Time of the app's requests as the phone sees it.",
                0.21,
                true,
            ),
        ] {
            s.histogram(name, help, &labels, APP_LIMITS, move |w, k| Flow {
                rate: w.online * share * 0.01,
                median: median * if slow { server(w) } else { 1.0 } * w.wobble(k, 120.0, 0.05),
                shape: 2.9,
            });
        }
        s.gauge(
            "app_battery_drain_percent_per_hour",
            "Battery that the app uses in the foreground.",
            &labels,
            move |w, k| {
                3.4 + start * 0.5
                    + 0.3 * w.noise(k, 1800.0)
                    + 0.2 * w.level(IncidentKind::EventLoopLag)
            },
        );
    }
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}

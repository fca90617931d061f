//! Scripts that measure inside the page. Each leaves its result in a variable of the window, which is waited for.

use serde_json::Value;
use shouwang_tests::window::Wall;
use std::time::Duration;

/// How long any of them may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Notes when the list has `total` entries and a row of them has been painted: in the frame after the one in which both were true.
pub fn watch_painted(wall: &Wall, total: usize) {
    wall.js(&format!(
        "window.__painted = 0;
         const look = () => {{
           const list = document.querySelector('[data-list]');
           if (list !== null && Number(list.dataset.total) >= {total} && document.querySelector('[data-alert]') !== null)
             requestAnimationFrame(() => {{ window.__painted = Date.now() }});
           else requestAnimationFrame(look);
         }};
         requestAnimationFrame(look);"
    ));
}

/// When that was, ms since the epoch.
pub fn painted_at(wall: &Wall) -> f64 {
    let at = wall.until("the list painted", PATIENCE, "return window.__painted");
    at.as_f64().unwrap_or(f64::NAN)
}

/// Scrolls by `step` pixels with every frame for five seconds (to and fro at the ends); times between frames, ms.
pub fn scroll(wall: &Wall, step: f64) -> Vec<f64> {
    wall.js(&format!(
        "window.__frames = null;
         const box = document.querySelector('[data-list]');
         const times = []; let last = 0, begun = 0, step = {step};
         const go = (t) => {{
           if (last > 0) times.push(t - last); else begun = t;
           last = t;
           const before = box.scrollTop;
           box.scrollTop = before + step;
           if (box.scrollTop === before) step = -step;
           if (t - begun < 5000) requestAnimationFrame(go);
           else {{ box.scrollTop = 0; window.__frames = times; }}
         }};
         requestAnimationFrame(go);"
    ));
    numbers(&wall.until(
        "five seconds of scrolling",
        PATIENCE,
        "return window.__frames",
    ))
}

/// Types each text into the search as if by its last key; times from the input event until the list's total is another one, ms. Every
/// text must change the total. A second without a change counts as ten.
pub fn type_texts(wall: &Wall, texts: &[String]) -> Vec<f64> {
    wall.js(&format!(
        "window.__typed = null;
         const field = document.querySelector('[data-search]'), list = document.querySelector('[data-list]');
         const put = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
         const out = [];
         const one = (text) => new Promise((done) => {{
           const before = list.dataset.total, begun = performance.now();
           let timer = 0;
           const end = (ms) => {{ seen.disconnect(); clearTimeout(timer); out.push(ms); setTimeout(done, 130); }};
           const seen = new MutationObserver(() => {{ if (list.dataset.total !== before) end(performance.now() - begun); }});
           seen.observe(list, {{ attributes: true, attributeFilter: ['data-total'] }});
           timer = setTimeout(() => end(10000), 1000);
           put.call(field, text);
           field.dispatchEvent(new InputEvent('input', {{ bubbles: true, data: text.slice(-1) }}));
         }});
         (async () => {{ for (const text of {}) await one(text); window.__typed = out; }})();",
        Value::from(texts.to_vec())
    ));
    numbers(&wall.until("the search to be typed", PATIENCE, "return window.__typed"))
}

/// Acknowledges the first open alert of the list `n` times by its detail's button; times from the click until the page shows it taken (its
/// row, or its detail when the row has left what is shown), ms.
pub fn acknowledge(wall: &Wall, n: usize) -> Vec<f64> {
    wall.js(&format!(
        "window.__acked = null;
         const out = [];
         const pause = (ms) => new Promise((done) => setTimeout(done, ms));
         const until = async (what) => {{
           for (let i = 0; i < 2000; i += 1) {{ const found = what(); if (found) return found; await pause(5); }}
           throw new Error('not in time: ' + what);
         }};
         const one = async (i) => {{
           const row = await until(() => [...document.querySelectorAll('[data-alert][data-look=open]')]
             .sort((a, b) => a.dataset.row - b.dataset.row)[0]);
           const id = row.dataset.alert;
           row.click();
           await until(() => document.querySelector(`[data-detail=\"${{id}}\"] [data-do=ack]`));
           // at another moment of the second each time: the page also asks by itself
           await pause(400 + (i * 137) % 1000);
           const button = document.querySelector(`[data-detail=\"${{id}}\"] [data-do=ack]`);
           const taken = () => {{
             const row = document.querySelector(`[data-alert=\"${{id}}\"]`);
             // The page goes on to the next alert once this one is taken: then its detail is gone as well.
             const detail = document.querySelector(`[data-detail=\"${{id}}\"]`);
             if (row !== null) return row.dataset.look === 'acked';
             return detail === null || detail.querySelector('[data-acked]') !== null;
           }};
           const begun = performance.now();
           await new Promise((done) => {{
             const seen = new MutationObserver(() => {{ if (taken()) {{ seen.disconnect(); out.push(performance.now() - begun); done(); }} }});
             seen.observe(document.body, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             button.click();
           }});
         }};
         (async () => {{ for (let i = 0; i < {n}; i += 1) await one(i); window.__acked = out; }})()
           .catch((e) => {{ window.__acked = [NaN]; console.error(e); }});"
    ));
    numbers(&wall.until("acknowledgements", PATIENCE, "return window.__acked"))
}

/// `NaN` of a page arrives as null.
fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

//! The rota in the real window: made, dragged, broken and mended, swapped, handed over.

use shouwang_tests::now_ms;
use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
const DESK: &str = "/index.html#desk";
const POCKET: &str = "/index.html#pocket";

const CONFIG: &str = "[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
                      [[person]]\nid = \"lisi\"\nname = \"李四\"\n[[person]]\nid = \"zhangsan\"\nname = \"张三\"\n";

/// What a command answers; an error is a text.
fn invoke(wall: &Wall, command: &str, args: &str) -> serde_json::Value {
    wall.js(&format!(
        "window.__said = undefined;
         window.__TAURI_INTERNALS__.invoke('{command}', {args})
           .then((a) => {{ window.__said = [a] }}, (e) => {{ window.__said = [JSON.stringify(e)] }});"
    ));
    let said = wall.until("the command's answer", SOON, "return window.__said ?? null");
    said.get(0).cloned().unwrap_or_default()
}

fn edit(wall: &Wall, edit: &str) {
    let said = invoke(wall, "rota_edit", &format!("{{edit: {edit}}}"));
    assert!(said.is_null(), "{edit}: {said}");
}

fn people(wall: &Wall) {
    for (id, name) in [
        ("lisi", "李四"),
        ("zhangsan", "张三"),
        ("zhaoliu", "赵六"),
        ("wang", "王经理"),
    ] {
        edit(
            wall,
            &format!(
                "{{edit: 'put_member', member: {{id: '{id}', name: '{name}', phone: '13800131234', email: null, dingtalk: null, wecom: null, zone: null, roles: [], teams: []}}}}"
            ),
        );
    }
}

fn i_am(wall: &Wall, person: &str) {
    let said = invoke(
        wall,
        "alert_act",
        &format!("{{act: {{do: 'me', person: '{person}'}}}}"),
    );
    assert!(said.is_null(), "{said}");
}

fn write(wall: &Wall, css: &str, text: &str) {
    wall.js(&format!(
        "const field = document.querySelector('{css}');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, '{text}');
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ));
}

fn there(wall: &Wall, css: &str) {
    wall.until(
        css,
        SOON,
        &format!("return document.querySelector(`{css}`) !== null"),
    );
}

fn gone(wall: &Wall, css: &str) {
    wall.until(
        &format!("no {css}"),
        SOON,
        &format!("return document.querySelector(`{css}`) === null"),
    );
}

/// The middle of what is shown of an element.
fn middle(wall: &Wall, css: &str) -> (i64, i64) {
    let at = wall.js(&format!(
        "const e = document.querySelector(`{css}`); e.scrollIntoView({{block: 'nearest'}});
         const r = e.getBoundingClientRect(); return [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)]"
    ));
    let one = |i: usize| at[i].as_i64().expect("a place");
    (one(0), one(1))
}

fn drag(wall: &Wall, from: &str, to: &str) {
    // What is scrolled to first may move the other.
    middle(wall, from);
    let to = middle(wall, to);
    wall.drag(middle(wall, from), to);
}

/// A whole shift of a person as primary in the month shown, which is the next one in Shanghai: its `data-slot`.
fn first_shift(wall: &Wall, person: &str) -> String {
    let month = wall.js(
        "const at = new Date(Date.now() + 8 * 3600000); at.setUTCDate(15); at.setUTCMonth(at.getUTCMonth() + 1); return at.toISOString().slice(0, 8) + '02'",
    );
    let query = format!(
        "{{query: {{rota: 'platform', from: {month}, days: 24, count_from: null, count_days: 0, have: null}}}}"
    );
    let page = invoke(wall, "rota_page", &query);
    let edge = page["days"][0]["from"].as_f64().expect("a day");
    let shifts = page["shifts"].as_array().expect("shifts");
    let shift = shifts
        .iter()
        .find(|s| {
            s["person"] == person && s["role"] == "primary" && s["from"].as_f64() > Some(edge)
        })
        .unwrap_or_else(|| panic!("no shift of {person} among {}", shifts.len()));
    let from = shift["from"].as_f64().expect("a begin");
    format!("primary/{from}/{person}")
}

fn slot(key: &str) -> String {
    format!("[data-calendar] [data-slot=\"{key}\"]")
}

#[test]
fn a_rota_is_made_dragged_broken_mended_and_swapped() {
    let options = Options::new("rota").config(CONFIG).args(&["--desk"]);
    let wall = Wall::open(options);
    wall.enter(DESK);
    people(&wall);

    // Made, with the handbook's four shifts.
    wall.click("[data-nav=rota]");
    there(&wall, "[data-no-rota]");
    wall.click("[data-new-rota]");
    there(&wall, "[data-rota-id]");
    write(&wall, "[data-rota-name]", "平台值班");
    write(&wall, "[data-rota-id]", "platform");
    for person in ["lisi", "zhangsan", "zhaoliu"] {
        wall.click(&format!("[data-new-people] [data-pick={person}]"));
    }
    wall.click("[data-new-managers] [data-pick=wang]");
    wall.click("[data-dialog] [data-submit]");
    there(&wall, "[data-calendar] [data-lane=primary] [data-person]");
    gone(&wall, "[data-problem=gap]");
    // A year without holidays is told across every page, which moves all that is beneath.
    let told = "{query: {rota: 'platform', from: null, days: 1, count_from: null, count_days: 0, have: null}}";
    let told = invoke(&wall, "rota_page", told);
    for _ in told["warnings"].as_array().expect("warnings") {
        there(&wall, "[data-rota-warning]");
    }
    wall.click("[data-next]");
    // Until the next month is there the places of this one stay, and nothing can be dropped on them.
    there(&wall, "[data-calendar][aria-busy=false]");
    let made = wall.picture("made");

    // Dragged: a person onto somebody else's shift, looked at, saved.
    let theirs = first_shift(&wall, "lisi");
    drag(&wall, "[data-drag=zhangsan]", &slot(&theirs));
    there(&wall, "[data-draft] [data-save]");
    wall.picture("dragged");
    wall.click("[data-save]");
    gone(&wall, "[data-draft]");
    there(
        &wall,
        "[data-calendar] [data-by=override][data-person=zhangsan]",
    );
    // … and taken back by the keyboard.
    wall.js("document.body.focus(); window.dispatchEvent(new KeyboardEvent('keydown', {key: 'z', ctrlKey: true, bubbles: true}))");
    there(&wall, &slot(&theirs));
    gone(&wall, "[data-calendar] [data-by=override]");

    // A shift dragged onto somebody else's: the two change places, and back.
    let one = first_shift(&wall, "lisi");
    let other = first_shift(&wall, "zhangsan");
    drag(&wall, &slot(&one), &slot(&other));
    there(&wall, "[data-draft] [data-save]");
    wall.click("[data-save]");
    gone(&wall, "[data-draft]");
    let changed = |key: &str, from: &str, to: &str| slot(&key.replace(from, to));
    there(&wall, &changed(&one, "lisi", "zhangsan"));
    there(&wall, &changed(&other, "zhangsan", "lisi"));
    wall.click("[data-rota-undo]");
    there(&wall, &slot(&one));

    // Broken: somebody is away, and the gap is seen; mended by a drag onto it.
    let theirs = first_shift(&wall, "zhaoliu");
    wall.click(&slot(&theirs));
    there(&wall, "[data-dialog] [data-command=absence]");
    wall.click("[data-dialog] [data-command=absence]");
    // The dialog has the shift's own times, and shows in red what that would leave before anything is kept.
    there(&wall, "[data-dialog] [data-begin]");
    there(&wall, "[data-dialog] [data-verdict-of-edit=wrong]");
    wall.picture("absence");
    gone(&wall, "[data-problem=gap]");
    wall.click("[data-dialog] [data-submit]");
    there(&wall, "[data-problem=gap]");
    there(&wall, "[data-calendar] [data-lane=primary] [data-kind=gap]");
    let gap = wall.picture("gap");
    // The page may change while the window shows what it was: a cursor in a text field once stopped all painting.
    let bytes = |file| std::fs::read(file).expect("a picture");
    assert!(bytes(made) != bytes(gap), "the window shows what it did");
    drag(
        &wall,
        "[data-drag=lisi]",
        "[data-calendar] [data-lane=primary] [data-kind=gap]",
    );
    there(&wall, "[data-draft] [data-save]");
    wall.click("[data-save]");
    gone(&wall, "[data-draft]");
    gone(&wall, "[data-problem=gap]");

    // Swapped: asked by one, agreed to by the other.
    let mine = first_shift(&wall, "lisi");
    wall.click(&slot(&mine));
    there(&wall, "[data-dialog] [data-command=swap]");
    wall.click("[data-dialog] [data-command=swap]");
    there(&wall, "[data-dialog] [data-pick=zhangsan]");
    wall.click("[data-dialog] [data-pick=zhangsan]");
    wall.click("[data-dialog] [data-submit]");
    there(&wall, "[data-swap][data-state=requested]");
    i_am(&wall, "zhangsan");
    // Not before what agreeing would do is said, which moves the buttons.
    there(&wall, "[data-swap] [data-accept]:not([disabled])");
    wall.picture("asked");
    wall.click("[data-swap] [data-accept]");
    there(
        &wall,
        "[data-calendar] [data-by=swap][data-person=zhangsan]",
    );
    wall.picture("swapped");
    let log = invoke(&wall, "rota_log", "{rota: 'platform', before: null}");
    let done: Vec<&str> = log
        .as_array()
        .expect("the log")
        .iter()
        .filter_map(|line| line["what"]["key"].as_str()?.strip_prefix("rota.change."))
        .take(8)
        .collect();
    let wanted = [
        "accept_swap",
        "request_swap",
        "put_override",
        "put_absence",
        "undo",
        "exchange",
        "undo",
        "put_override",
    ];
    assert_eq!(done, wanted);

    // Removed as a whole only after it is said who would be missing from now on.
    wall.click("[data-rota-tab=rules]");
    there(&wall, "[data-begin-removal]");
    wall.click("[data-begin-removal]");
    there(&wall, "[data-rules] [data-verdict-of-edit=wrong]");
    let said = wall.text("[data-rules] [data-verdict-of-edit=wrong]");
    assert!(said.contains("没有主值"), "{said}");
    wall.picture("removal");
    wall.click("[data-remove-rota]");
    there(&wall, "[data-no-rota]");
}

fn clock(ms: i64) -> String {
    let utc = chrono::DateTime::from_timestamp_millis(ms).expect("a time");
    utc.with_timezone(&chrono_tz::Asia::Shanghai)
        .format("%H:%M")
        .to_string()
}

#[test]
fn a_handover_is_signed_at_the_desk_and_in_the_pocket() {
    let options = Options::new("handover").config(CONFIG).args(&["--desk"]);
    let wall = Wall::open(options);
    wall.enter(DESK);
    people(&wall);
    let soon = clock(now_ms() + 20 * 60_000);
    edit(
        &wall,
        &format!(
            "{{edit: 'put_rota', rota: {{id: 'daily', name: '日班', zone: 'Asia/Shanghai', calendar: null, required: ['primary'], grace_minutes: 30, layers: [{{
               id: 0, name: '全天', role: 'primary', priority: 0, kinds: [], weekdays: [], from: '00:00', to: '00:00', handoff: '{soon}', first_day: '2026-01-01',
               last_day: null, zone: null, calendar: null, rotation: {{kind: 'turns', turns: [['lisi'], ['zhangsan']], cadence: {{every: 'days', days: 1}}}}}}]}}}}"
        ),
    );
    edit(
        &wall,
        "{edit: 'add_note', rota: 'daily', text: '磁盘阵列在换盘', alerts: [], tags: ['磁盘']}",
    );
    wall.click("[data-nav=rota]");
    there(&wall, "[data-rota-tab=handover]");
    wall.click("[data-rota-tab=handover]");
    there(&wall, "[data-handover=coming]");
    let from = wall.text("[data-side=giving]");
    let (old, new) = if from.contains("李四") {
        ("lisi", "zhangsan")
    } else {
        ("zhangsan", "lisi")
    };
    i_am(&wall, old);
    there(&wall, "[data-sign=giving]");
    wall.picture("pack");
    wall.click("[data-sign=giving]");
    gone(&wall, "[data-sign=giving]");

    i_am(&wall, new);
    let opened = invoke(&wall, "open_window", "{kind: 'pocket', alert: null}");
    assert!(opened.is_null(), "{opened}");
    wall.until_windows(&[DESK, POCKET], SOON);
    wall.enter(POCKET);
    there(&wall, "[data-pocket-tab=duty]");
    wall.click("[data-pocket-tab=duty]");
    there(&wall, "[data-pocket-duty] [data-sign=taking]");
    wall.picture("pocket");
    wall.click("[data-sign=taking]");
    gone(&wall, "[data-pocket-duty] [data-sign=taking]");
    wall.enter(DESK);
    there(&wall, "[data-handover=signed]");
    wall.picture("signed");
}

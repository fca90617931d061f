//! The rota at 1080p and in the pocket, as README shows it: everybody on duty with name, since when and who is next, readable where it stands.
//! `cargo xtask screenshots` takes its pictures from here.

use shouwang_tests::window::{self, Options, Wall};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use xtask::display::Size;

const SOON: Duration = Duration::from_secs(30);
const DESK: &str = "/index.html#desk";

const CONFIG: &str = "[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
                      [[person]]\nid = \"lisi\"\nname = \"李四\"\n[[person]]\nid = \"zhangsan\"\nname = \"张三\"\n";

fn edit(wall: &Wall, edit: &str) {
    wall.js(&format!(
        "window.__said = undefined;
         window.__TAURI_INTERNALS__.invoke('rota_edit', {{edit: {edit}}})
           .then((a) => {{ window.__said = [a] }}, (e) => {{ window.__said = [JSON.stringify(e)] }});"
    ));
    let said = wall.until("the command's answer", SOON, "return window.__said ?? null");
    assert!(said.get(0).is_none_or(|a| a.is_null()), "{edit}: {said}");
}

/// Four people take turns and are each other's secondary; 王经理 stands behind them.
fn platform(wall: &Wall) {
    for (id, name) in [
        ("lisi", "李四"),
        ("zhangsan", "张三"),
        ("zhaoliu", "赵六"),
        ("sunqi", "孙七"),
        ("wang", "王经理"),
    ] {
        edit(
            wall,
            &format!(
                "{{edit: 'put_member', member: {{id: '{id}', name: '{name}', phone: '13800131234', email: null, dingtalk: null, wecom: null, zone: null, roles: [], teams: []}}}}"
            ),
        );
    }
    edit(
        wall,
        "{edit: 'begin_rota', id: 'platform', name: '平台值班', people: ['lisi', 'zhangsan', 'zhaoliu', 'sunqi'], managers: ['wang']}",
    );
}

fn there(wall: &Wall, css: &str) {
    wall.until(
        css,
        SOON,
        &format!("return document.querySelector(`{css}`) !== null"),
    );
}

/// What of these elements is cut off, or smaller than can be read: a text and why.
fn unreadable(wall: &Wall, css: &str, least: f64) -> String {
    let found = wall.js(&format!(
        "return [...document.querySelectorAll(`{css}`)].flatMap((e) => {{
           const r = e.getBoundingClientRect(), size = parseFloat(getComputedStyle(e).fontSize);
           const wrong = [];
           if (r.width < 4 || r.left < 0 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) wrong.push(`outside: ${{r.left}},${{r.right}},${{r.bottom}}`);
           if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow !== 'visible') wrong.push(`cut: ${{e.scrollWidth}} in ${{e.clientWidth}}`);
           if (size < {least}) wrong.push(`small: ${{size}}`);
           return wrong.map((why) => `${{e.textContent.trim()}} ${{why}}`)
         }}).join('; ')"
    ));
    found.as_str().unwrap_or("no answer").to_owned()
}

/// Beside the tests' own pictures, into the folder that `cargo xtask screenshots` names.
fn keep(picture: &Path, name: &str) {
    let Some(folder) = std::env::var_os("SHOUWANG_PICTURES").map(PathBuf::from) else {
        return;
    };
    std::fs::copy(picture, folder.join(name)).expect("the picture can be kept");
}

#[test]
fn at_1080p_the_desk_says_name_since_and_next() {
    let options = Options::new("rota-1080p").config(CONFIG).args(&["--desk"]);
    let wall = Wall::open(options);
    wall.enter(DESK);
    platform(&wall);
    wall.click("[data-nav=rota]");
    there(&wall, "[data-calendar] [data-lane=primary] [data-person]");
    for place in [
        "[data-on-duty=primary] [data-since]",
        "[data-on-duty=primary] [data-next-shift]",
        "[data-on-duty=secondary] [data-next-shift]",
        "[data-on=primary] [data-since]",
        "[data-on=primary] .next",
    ] {
        there(&wall, place);
        assert_eq!(unreadable(&wall, place, 12.0), "", "{place}");
    }
    let counted = wall.text("[data-counted]");
    assert!(counted.contains('至'), "{counted}");
    keep(&wall.picture("month"), "rota.png");
}

#[test]
fn at_1080p_the_walls_header_says_name_since_and_next() {
    let wall = Wall::open(Options::new("rota-wall").config(CONFIG));
    // The rota is made at the desk; the wall may only show it.
    let first = wall.js("return location.pathname + location.hash");
    let mut desk = Command::new(window::program());
    desk.arg("--config")
        .arg(wall.dir().join("config.toml"))
        .args(["--desk", "--seconds", "60"])
        .env("SHOUWANG_DATA", wall.dir().join("data"))
        .env("HOME", wall.dir())
        .env("LANG", "zh_CN.UTF-8")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    wall.display().apply(&mut desk);
    assert!(desk.status().expect("it starts").success());
    wall.enter(DESK);
    platform(&wall);
    wall.enter(first.as_str().expect("an address"));
    there(&wall, "header [data-post=primary] [data-next-shift]");
    there(&wall, "header [data-post=secondary] [data-next-shift]");
    let parts = "header [data-post] b, header [data-next-shift]";
    assert_eq!(unreadable(&wall, parts, 14.0), "");
    let said = wall.text("header [data-post=primary]");
    assert!(
        said.contains("主值") && said.contains("起，") && said.contains('交'),
        "{said}"
    );
    let over = wall.js(
        "const r = (css) => document.querySelector(css).getBoundingClientRect();
         const duty = r('[data-on-duty]'), head = r('header'), verdict = r('[data-verdict]');
         return duty.top < head.top - 1 || duty.bottom > head.bottom + 1 || verdict.right > duty.left + 1",
    );
    assert_eq!(over, false, "the header has room for it");
    wall.picture("header");
}

#[test]
fn the_pocket_says_who_is_on_and_when_it_is_my_turn() {
    let options = Options::new("rota-pocket").config(CONFIG);
    let wall = Wall::open(options.size(Size::PHONE).args(&["--pocket"]));
    platform(&wall);
    there(&wall, "[data-pocket-tab=duty]");
    wall.click("[data-pocket-tab=duty]");
    there(&wall, "[data-pocket-duty] [data-on=primary]");
    assert_eq!(
        unreadable(&wall, "[data-pocket-duty] [data-on] b", 14.0),
        ""
    );
    keep(&wall.picture("duty"), "pocket-duty.png");
}

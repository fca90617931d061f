//! 现场 in the real window: the pop-up's button opens it, everything is there, and it becomes a picture.

use shouwang_tests::notifications::{Manner, NotificationServer};
use shouwang_tests::window::{Options, Wall};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use xtask::display::TempDir;

const SOON: Duration = Duration::from_secs(60);

/// Fires without a server a few seconds after the start; a series of one is drawn.
const RULE: &str = "groups:
- name: test
  interval: 1s
  rules:
  - alert: PaymentFailing
    expr: vector(1) > 0
    for: 5s
    labels: {severity: high, service: payment-service}
    annotations:
      summary: 微信支付大量失败 <b>现在</b>
      description: 支付渠道没有应答，先看渠道状态，再切换备用渠道。
      runbook_url: https://runbooks.example.cn/pay
  - alert: PaymentSlow
    expr: vector(2) > 1
    for: 5s
    labels: {severity: low, service: payment-service}
    annotations: {summary: 微信支付变慢}
";

/// Sends a change of the rota.
fn edit(wall: &Wall, edit: &str) {
    wall.js(&format!(
        "window.__said = undefined;
         window.__TAURI_INTERNALS__.invoke('rota_edit', {{ edit: {edit} }})
           .then((a) => {{ window.__said = [a ?? null] }}, (e) => {{ window.__said = [JSON.stringify(e)] }});"
    ));
    let said = wall.until("the rota's answer", SOON, "return window.__said ?? null");
    assert!(said[0].is_null(), "{edit}: {said}");
}

/// 李四 is on duty the day round.
fn on_duty(wall: &Wall) {
    edit(
        wall,
        "{edit: 'put_member', member: {id: 'lisi', name: '李四', phone: '13800131234', email: null, dingtalk: null, wecom: null, zone: null, roles: [], teams: []}}",
    );
    edit(
        wall,
        "{edit: 'put_rota', rota: {id: 'daily', name: '日班', zone: 'Asia/Shanghai', calendar: null, required: ['primary'], grace_minutes: 30, layers: [{
           id: 0, name: '全天', role: 'primary', priority: 0, kinds: [], weekdays: [], from: '00:00', to: '00:00', handoff: '00:00', first_day: '2026-01-01',
           last_day: null, zone: null, calendar: null, rotation: {kind: 'turns', turns: [['lisi']], cadence: {every: 'days', days: 1}}}]}}",
    );
}

/// The address of the bus that the program is on.
fn bus(wall: &Wall) -> String {
    let mut command = Command::new("true");
    wall.display().apply(&mut command);
    let found = command
        .get_envs()
        .find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
    let (_, address) = found.expect("the display has a bus");
    address.expect("an address").to_string_lossy().into_owned()
}

/// Has the page written as a picture. It is gathered anew for that, and on a busy machine may be given up: that is said, and
/// a person would press again. Returns the file.
fn export(wall: &Wall) -> PathBuf {
    let mut said = Vec::new();
    for _ in 0..5 {
        wall.click("[data-do=picture]");
        let toast = wall.until(
            "what became of the picture",
            SOON,
            "return document.querySelector('[role=status].toasts')?.innerText",
        );
        let toast = toast.as_str().unwrap_or_default().to_owned();
        // Which of the two alerts is the first is not settled, so neither is the number in the name.
        if let Some(at) = toast.find('/').filter(|_| toast.ends_with(".png")) {
            return PathBuf::from(&toast[at..]);
        }
        said.push(toast);
        wall.until(
            "the message to go",
            SOON,
            "return document.querySelector('[role=status].toasts')?.innerText === ''",
        );
    }
    panic!("the picture was not written: {said:?}");
}

#[test]
fn the_pop_ups_button_opens_everything_about_the_alert() {
    let dir = TempDir::new("investigation-rules").expect("a directory");
    std::fs::write(dir.path().join("test.yaml"), RULE).expect("rules can be written");
    let config = format!(
        "[duty]\nbuiltin_rules = false\nrules_dir = {:?}\nrules_interval_seconds = 1\n\
         [demo]\nincidents = false\nlog_lines_per_second = 20.0\n",
        dir.path().display().to_string()
    );
    let options = Options::new("investigation").config(config).args(&[
        "--desk",
        "--incident",
        "payment-channel-failing",
    ]);
    let wall = Wall::open(options);
    on_duty(&wall);
    let server = NotificationServer::start(&bus(&wall), Manner::able());
    let note = server.wait_titled("微信支付大量失败");
    server.press(note.id, "view");
    // All at once, after one gathering. The platform has just begun: its first payments may still be on their way, and on
    // a machine that is busy with other tests a part may be given up at the deadline; both come when it is gathered again.
    let from = wall.until(
        "everything to be gathered",
        SOON * 2,
        "const all = (css) => document.querySelectorAll(css)
         const text = (css) => document.querySelector(css)?.textContent ?? ''
         const page = document.querySelector('[data-investigation]')
         if (page === null || page.dataset.investigation === 'loading') {
           document.querySelector('[data-do=again]:enabled')?.click()
           return false
         }
         const missing = []
         const must = (what, holds) => { if (!holds) missing.push(what) }
         must('every part is answered', all('[data-part-error]').length === 0)
         must('nothing is given up', all('[data-gap]').length === 0)
         must('a chart', all('[data-chart=drawn]').length === 1)
         must('a day and a week before', all('[data-ghost]').length === 2)
         must('traces of that time', all('[data-trace]').length > 0)
         // The platform has lived through the hour before, without the incident: its circuit breaker was silent. Which lines
         // are new is tested without a window.
         must('a pattern that is new', all('[data-pattern=new]').length > 0)
         must('the lines are of the demonstration', all('[data-part=logs] .demo').length === 1)
         must('what else fired', text('[data-other]').includes('微信支付变慢'))
         must('who is on duty', text('[data-on-duty]').includes('李四'))
         if (missing.length === 0) return [...all('[data-from]')].map((e) => e.textContent)
         document.querySelector('[data-do=again]:enabled')?.click()
         throw new Error(`missing: ${missing.join(', ')}`)",
    );
    assert!(
        from.as_array().is_some_and(|from| from.len() == 2)
            && from[0].as_str().is_some_and(|s| s.contains("日志库："))
            && from[1].as_str().is_some_and(|s| s.contains("链路数据源：")),
        "whose lines and traces these are: {from}"
    );
    assert!(
        wall.text("[data-runbook]")
            .contains("runbooks.example.cn/pay")
    );
    assert_eq!(
        wall.count("[data-investigation] b"),
        wall.count("[data-investigation] .legend b"),
        "markup stays text"
    );
    wall.picture("gathered");

    let path = export(&wall);
    assert!(
        path.starts_with(wall.dir().join("data/exports")),
        "{}",
        path.display()
    );
    let png = std::fs::read(&path).expect("a picture was written");
    assert!(
        png.starts_with(b"\x89PNG") && png.len() > 20_000,
        "{} bytes",
        png.len()
    );

    wall.until(
        "a trace to be opened",
        SOON,
        "const trace = document.querySelector('[data-trace]')
         const next = trace ?? document.querySelector('[data-do=again]:enabled')
         next?.click()
         return trace !== null",
    );
    wall.until(
        "the trace",
        SOON,
        "return document.querySelector('[data-page=traces]') !== null",
    );
    wall.picture("trace");
}

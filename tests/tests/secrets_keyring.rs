//! Secrets in a real gnome-keyring on a private bus, and what happens where there is none, a locked or a dead one.
//!
//! The keyring's client belongs to the process (its bus comes from the environment), so every scenario runs in a
//! process of its own: the test starts this same test program again, with the scenario's name in a variable.

use model::Secret;
use secrets::{Options, SecretStore};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const SCENARIO: &str = "SHOUWANG_KEYRING_SCENARIO";
const HOME: &str = "SHOUWANG_KEYRING_HOME";
const VALUE: &str = "密码 hunter2 \"'\\";

/// The part that runs inside a scenario's own process and bus; what it prints is judged by the test.
fn inside(scenario: &str) {
    let home = std::env::var(HOME).expect("the scenario's folder");
    let options = Options {
        service: "shouwang-test".into(),
        keyring_timeout: Duration::from_secs(5),
        ..Options::new(Path::new(&home).join("vault"))
    };
    let (store, took) = timed(|| SecretStore::open(&options).expect("a store"));
    assert!(took < Duration::from_secs(8), "opening took {took:?}");
    println!("backend={:?}", store.backend());
    let get = |name: &str| {
        let found = store.get(name).expect("an answer");
        found.map(|s| s.expose().to_owned())
    };
    match scenario {
        "store" => {
            assert_eq!(get("token"), None);
            store.set("token", &Secret::new("first")).expect("stored");
            store
                .set("token", &Secret::new(VALUE))
                .expect("stored over");
            store.set("other", &Secret::new("x")).expect("stored");
            assert_eq!(get("token").as_deref(), Some(VALUE));
            assert_eq!(store.list().expect("names"), ["other", "token"]);
            assert!(store.delete("other").expect("deleted"));
            assert!(!store.delete("other").expect("it is gone"));
            assert_eq!(store.list().expect("names"), ["token"]);
        }
        "read" => println!("token={:?} ssh={:?}", get("token"), get("ssh")),
        "fall back" => {
            store
                .set("ssh", &Secret::new("kept in the vault"))
                .expect("stored");
            assert_eq!(get("ssh").as_deref(), Some("kept in the vault"));
        }
        other => panic!("no scenario {other}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a real keyring takes real time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = work();
    (result, begun.elapsed())
}

/// This program again, for one test, with a home of its own, no display and no bus.
fn again(test: &str, scenario: &str, home: &Path) -> Command {
    let program = std::env::current_exe().expect("this program");
    let runtime = home.join("runtime");
    std::fs::create_dir_all(&runtime).expect("a folder");
    let mut command = Command::new("dbus-run-session");
    command
        .arg("--")
        .args(["bash", "-c"])
        .arg("if [ -n \"$KEYRING\" ]; then eval \"$KEYRING\" >/dev/null || exit 7; fi; exec \"$0\" \"$@\"")
        .arg(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .env(HOME, home)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_RUNTIME_DIR", runtime)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

const UNLOCKED: &str =
    "echo -n 'login password' | gnome-keyring-daemon --unlock --components=secrets";
const LOCKED: &str = "gnome-keyring-daemon --start --components=secrets";

fn output(command: &mut Command) -> (String, Output) {
    let output = command.output().expect(
        "dbus-run-session starts; it comes from a package of the system: run `cargo xtask setup`",
    );
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (text, output)
}

fn passes(command: &mut Command) -> String {
    let (text, output) = output(command);
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn an_open_keyring_keeps_secrets_and_a_locked_one_never_asks() {
    const ME: &str = "an_open_keyring_keeps_secrets_and_a_locked_one_never_asks";
    if let Ok(scenario) = std::env::var(SCENARIO) {
        return inside(&scenario);
    }
    let home = tempfile::tempdir().expect("a folder");
    let run = |scenario: &str, keyring: &str| {
        passes(again(ME, scenario, home.path()).env("KEYRING", keyring))
    };
    let text = run("store", UNLOCKED);
    assert!(text.contains("backend=Keyring"), "{text}");
    assert!(
        !home.path().join("vault").exists(),
        "nothing is in the vault"
    );

    // another session, another program: it is really there
    let mut tool = Command::new("dbus-run-session");
    tool.args(["--", "bash", "-c"])
        .arg(format!(
            "{UNLOCKED} >/dev/null; secret-tool lookup service shouwang-test username token"
        ))
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path().join("runtime"))
        .env_remove("DISPLAY")
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    assert!(passes(&mut tool).contains(VALUE));

    // the same keyring, locked: the vault is used and says why; nothing waits for a person
    let text = run("fall back", LOCKED);
    assert!(text.contains("backend=Vault { because: Locked }"), "{text}");

    // open again: what is in the keyring is found, and what went into the vault meanwhile
    let text = run("read", UNLOCKED);
    let found = format!("token={:?} ssh=Some(\"kept in the vault\")", Some(VALUE));
    assert!(
        text.contains("backend=Keyring") && text.contains(&found),
        "{text}"
    );
}

#[test]
fn a_keyring_that_was_never_made() {
    const ME: &str = "a_keyring_that_was_never_made";
    if let Ok(scenario) = std::env::var(SCENARIO) {
        return inside(&scenario);
    }
    let home = tempfile::tempdir().expect("a folder");
    let text = passes(again(ME, "fall back", home.path()).env("KEYRING", LOCKED));
    assert!(text.contains("because: NoCollection"), "{text}");
    let files = std::fs::read_dir(home.path().join("vault")).expect("the vault's folder");
    assert!(files.flatten().any(|f| f.file_name() == "secrets.vault"));
}

#[test]
fn no_bus_at_all() {
    const ME: &str = "no_bus_at_all";
    if let Ok(scenario) = std::env::var(SCENARIO) {
        return inside(&scenario);
    }
    let home = tempfile::tempdir().expect("a folder");
    let missing = format!("unix:path={}/no-such-bus", home.path().display());
    let unset = "unset DBUS_SESSION_BUS_ADDRESS";
    let elsewhere = format!("export DBUS_SESSION_BUS_ADDRESS={missing}");
    for keyring in [unset, &elsewhere] {
        let text = passes(again(ME, "fall back", home.path()).env("KEYRING", keyring));
        assert!(text.contains("because: Absent"), "{text}");
    }
}

#[test]
fn a_bus_that_never_answers() {
    const ME: &str = "a_bus_that_never_answers";
    if let Ok(scenario) = std::env::var(SCENARIO) {
        return inside(&scenario);
    }
    let home = tempfile::tempdir().expect("a folder");
    let socket = home.path().join("dead-bus");
    let _dead = UnixListener::bind(&socket).expect("a socket that nobody serves");
    let dead = format!(
        "export DBUS_SESSION_BUS_ADDRESS=unix:path={}",
        socket.display()
    );
    let text = passes(again(ME, "fall back", home.path()).env("KEYRING", dead));
    assert!(text.contains("because: Timeout"), "{text}");
}

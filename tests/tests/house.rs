//! The house's rules, read from the files themselves: who may depend on whom, what the page may not do, what
//! both languages must say.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the checkout")
        .to_owned()
}

/// Folders that hold what is built or fetched, not what is written.
const NOT_OURS: [&str; 6] = [
    "target",
    "node_modules",
    ".git",
    "dist",
    "gen",
    ".cargo-home",
];

/// All files below `dir` that we wrote.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir)
            .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
            .flatten()
        {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if NOT_OURS.contains(&name.as_str()) {
                // in a work tree of git's, `.git` is a file
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn with_ending<'a>(all: &'a [PathBuf], endings: &'a [&str]) -> impl Iterator<Item = &'a PathBuf> {
    all.iter().filter(|p| {
        p.extension()
            .is_some_and(|e| endings.iter().any(|w| e == *w))
    })
}

/// What is compiled here; packages of other systems need not even be there.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let out = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let line = text.lines().find_map(|l| l.strip_prefix("host: "));
    line.expect("rustc names its host").to_owned()
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", &host()])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).expect("cargo metadata is JSON")
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Names of all that `package` needs to be compiled into a program (neither tests nor build scripts).
fn needs(metadata: &Value, package: &str) -> BTreeSet<String> {
    let names: BTreeMap<&str, &str> = items(metadata, "packages")
        .iter()
        .map(|p| (string(p, "id"), string(p, "name")))
        .collect();
    let nodes: BTreeMap<&str, &Value> = items(&metadata["resolve"], "nodes")
        .iter()
        .map(|n| (string(n, "id"), n))
        .collect();
    let members: Vec<&str> = items(metadata, "workspace_members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let start = members.iter().find(|id| names.get(*id) == Some(&package));
    let mut open = vec![*start.unwrap_or_else(|| panic!("no crate {package}"))];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        for dep in nodes.get(id).map(|n| items(n, "deps")).unwrap_or_default() {
            let normal = items(dep, "dep_kinds").iter().any(|k| k["kind"].is_null());
            let id = string(dep, "pkg");
            if normal && seen.insert(id) {
                open.push(id);
            }
        }
    }
    seen.iter()
        .filter_map(|id| names.get(id))
        .map(|n| (*n).to_owned())
        .collect()
}

#[test]
fn what_decides_knows_no_runtime_no_database_and_no_network() {
    let metadata = metadata();
    for pure in [
        "model",
        "engine",
        "wire",
        "promql",
        "rules",
        "interchange",
        "grafana",
        "logs",
        "traces",
    ] {
        let needs = needs(&metadata, pure);
        for forbidden in [
            "tokio",
            "sqlx",
            "reqwest",
            "hyper",
            "axum",
            "tauri",
            "async-std",
            "smol",
        ] {
            assert!(
                !needs.contains(forbidden),
                "{pure} must not depend on {forbidden}"
            );
        }
    }
    assert!(
        needs(&metadata, "source").contains("reqwest"),
        "the test sees dependencies at all"
    );
}

/// Crates that decide, read texts or draw: what they know comes in by parameters, what they find out goes back.
const WITHOUT_INPUT_AND_OUTPUT: [&str; 12] = [
    "model",
    "engine",
    "wire",
    "promql",
    "rules",
    "interchange",
    "grafana",
    "logs",
    "traces",
    "report",
    "exposition",
    "chart",
];

/// What of a file is compiled into the program: all before its tests.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

#[test]
fn what_decides_touches_no_file_no_network_and_no_other_thread() {
    let mut seen = 0;
    for name in WITHOUT_INPUT_AND_OUTPUT {
        let all = files(&root().join("crates").join(name).join("src"));
        let is_test = |p: &&PathBuf| {
            let p = p.to_string_lossy();
            p.contains("tests") || p.ends_with("_test.rs")
        };
        for path in with_ending(&all, &["rs"]).filter(|p| !is_test(p)) {
            seen += 1;
            let text = text(path);
            for bad in [
                "std::fs",
                "std::net::Tcp",
                "std::net::Udp",
                "std::process",
                "std::thread",
                "std::env",
                "std::io::stdin",
                "std::io::stdout",
                "println!(",
            ] {
                assert!(
                    !shipped(&text).contains(bad),
                    "{} has {bad}",
                    path.display()
                );
            }
        }
    }
    assert!(seen > 100, "the crates' files are found: {seen}");
}

#[test]
fn one_loop_owns_each_engine() {
    // name of the engine, where it may be made: one loop each, and whoever wants something of it sends a message
    let engines = [
        (
            "Engine::new(",
            vec!["crates/desk/src/core.rs", "crates/desk/src/render/mod.rs"],
        ),
        ("Duty::new(", vec!["crates/desk/src/duty/core.rs"]),
    ];
    let mut all = files(&root().join("crates/desk/src"));
    all.extend(files(&root().join("src-tauri/src")));
    let is_test = |p: &&PathBuf| p.to_string_lossy().ends_with("tests.rs");
    for (made, allowed) in engines {
        let mut found = BTreeSet::new();
        for path in with_ending(&all, &["rs"]).filter(|p| !is_test(p)) {
            let text = text(path);
            let code = shipped(&text);
            let own = code
                .match_indices(made)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            if own {
                let short = path.strip_prefix(root()).expect("below the root");
                found.insert(short.to_string_lossy().into_owned());
            }
            for shared in [
                "Mutex<Engine>",
                "RwLock<Engine>",
                "Mutex<Duty>",
                "RwLock<Duty>",
            ] {
                assert!(!code.contains(shared), "{} has {shared}", path.display());
            }
        }
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, allowed, "{made}");
    }
}

#[test]
fn tauri_is_known_to_the_shell_alone() {
    let metadata = metadata();
    let members: Vec<&str> = items(&metadata, "workspace_members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut knows = Vec::new();
    for package in items(&metadata, "packages")
        .iter()
        .filter(|p| members.contains(&string(p, "id")))
    {
        let tauri = |d: &&Value| {
            let name = string(d, "name");
            name == "tauri" || name.starts_with("tauri-") || name == "wry" || name == "tao"
        };
        if items(package, "dependencies").iter().any(|d| tauri(&d)) {
            knows.push(string(package, "name"));
        }
    }
    assert_eq!(knows, ["shouwang"]);
}

#[test]
fn every_crate_keeps_the_lints_and_the_clock_is_banned() {
    let clippy = text(&root().join("clippy.toml"));
    for banned in [
        "chrono::Utc::now",
        "chrono::Local::now",
        "std::time::Instant::now",
        "std::time::SystemTime::now",
    ] {
        assert!(
            clippy.contains(banned),
            "clippy.toml no longer bans {banned}"
        );
    }
    let workspace = text(&root().join("Cargo.toml"));
    assert!(
        workspace.contains("disallowed_methods = \"deny\"")
            && workspace.contains("unsafe_code = \"deny\"")
    );
    for manifest in files(&root()).iter().filter(|p| p.ends_with("Cargo.toml")) {
        let text = text(manifest);
        assert!(
            text.contains("[workspace]") || text.contains("[lints]\nworkspace = true"),
            "{} does not inherit the lints",
            manifest.display()
        );
    }
}

#[test]
fn nothing_is_silenced_or_left_for_later() {
    // written in two parts, so that this file does not find itself
    let forbidden = [
        concat!("#[", "ignore"),
        concat!("allow(", "dead_code"),
        concat!("allow(", "unused"),
        concat!("expect(", "dead_code"),
        concat!("expect(", "unused"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    let all = files(&root());
    for path in with_ending(&all, &["rs"]) {
        let text = text(path);
        for bad in forbidden {
            assert!(!text.contains(bad), "{} has {bad}", path.display());
        }
    }
}

#[test]
fn the_page_writes_text_and_never_markup() {
    let all = files(&root().join("ui/src"));
    assert!(
        with_ending(&all, &["svelte"]).count() > 5,
        "the page's components are found"
    );
    // tests of the page look at the markup that came out; they are not part of it
    let shipped = |p: &&PathBuf| !p.to_string_lossy().ends_with(".test.ts");
    for path in with_ending(&all, &["ts", "svelte", "js"]).filter(shipped) {
        let text = text(path);
        for bad in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "{@html",
            "document.write",
            "eval(",
            "new Function(",
        ] {
            assert!(!text.contains(bad), "{} has {bad}", path.display());
        }
        let api = path.starts_with(root().join("ui/src/api"));
        assert!(
            api || !text.contains("@tauri-apps"),
            "{} imports @tauri-apps; only ui/src/api may",
            path.display()
        );
    }
}

#[test]
fn each_window_has_one_file_of_capabilities_and_nothing_remote_has_any() {
    let folder = root().join("src-tauri/capabilities");
    let mut windows = BTreeSet::new();
    for path in files(&folder) {
        let name = path.display();
        let value: Value =
            serde_json::from_str(&text(&path)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            value.get("remote").is_none(),
            "{name} lets a remote page in"
        );
        let of: Vec<&str> = items(&value, "windows")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            of.len(),
            1,
            "{name} must be about one window: several files of a window add up"
        );
        assert!(!of[0].contains('*'), "{name} names no single window");
        assert!(
            windows.insert(of[0].to_owned()),
            "{name}: window {} has a file already",
            of[0]
        );
    }
    assert!(windows.contains("wall"));
    // the wall's other screens, and the pages that take their places, may what the wall may
    let may = |window: &str| -> Value {
        let path = folder.join(format!("{window}.json"));
        serde_json::from_str::<Value>(&text(&path)).expect("JSON")["permissions"].clone()
    };
    for window in windows.iter().filter(|w| w.starts_with("wall-")) {
        assert_eq!(may(window), may("wall"), "{window}");
    }
    let config: Value =
        serde_json::from_str(&text(&root().join("src-tauri/tauri.conf.json"))).expect("JSON");
    let security = &config["app"]["security"];
    assert_eq!(config["app"]["withGlobalTauri"], false);
    let csp = string(security, "csp");
    assert!(
        csp.contains("default-src 'none'") && !csp.contains("unsafe-eval"),
        "{csp}"
    );
    let script = csp
        .split(';')
        .find(|d| d.trim().starts_with("script-src"))
        .expect("script-src");
    assert!(
        !script.contains("unsafe") && !script.contains("http"),
        "{script}"
    );
}

/// Full key to text.
fn flatten(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, inside) in map {
                let full = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(inside, &full, into);
            }
        }
        Value::String(text) => {
            into.insert(path.to_owned(), text.clone());
        }
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("%{")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

fn locale(name: &str) -> BTreeMap<String, String> {
    let path = root().join("locales").join(name);
    let value: Value =
        serde_saphyr::from_str(&text(&path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut out = BTreeMap::new();
    flatten(&value, "", &mut out);
    out
}

#[test]
fn both_languages_say_the_same() {
    let (zh, en) = (locale("zh-CN.yml"), locale("en.yml"));
    assert!(zh.len() > 100, "the texts are found");
    let keys = |l: &BTreeMap<String, String>| l.keys().cloned().collect::<BTreeSet<_>>();
    let (zh_keys, en_keys) = (keys(&zh), keys(&en));
    let missing_in_en: Vec<_> = zh_keys.difference(&en_keys).collect();
    let missing_in_zh: Vec<_> = en_keys.difference(&zh_keys).collect();
    assert!(missing_in_en.is_empty(), "en.yml lacks {missing_in_en:?}");
    assert!(
        missing_in_zh.is_empty(),
        "zh-CN.yml lacks {missing_in_zh:?}"
    );
    for (key, text) in &zh {
        assert!(!text.trim().is_empty(), "{key} is empty");
        assert_eq!(
            placeholders(text),
            placeholders(&en[key]),
            "placeholders of {key} differ"
        );
    }
}

#[test]
fn why_a_source_failed_is_said_without_details_too() {
    let texts = locale("zh-CN.yml");
    let file = text(&root().join("crates/source/src/error.rs"));
    let (_, after) = file
        .split_once("pub fn code(&self)")
        .expect("the codes of a source");
    let (body, _) = after.split_once("\n    }").expect("its end");
    let codes: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        let said = texts.get(&format!("cause.{code}"));
        let said = said.unwrap_or_else(|| panic!("no cause.{code}"));
        assert!(placeholders(said).is_empty(), "{said}");
    }
}

#[test]
fn the_map_shows_every_crate() {
    let map = text(&root().join("docs/ARCHITECTURE.md"));
    let mut crates: Vec<String> = fs::read_dir(root().join("crates"))
        .expect("crates/")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    crates.extend([
        "src-tauri".to_owned(),
        "tests".to_owned(),
        "xtask".to_owned(),
    ]);
    for name in crates {
        assert!(
            map.contains(&format!("{name}/")),
            "docs/ARCHITECTURE.md does not show {name}/"
        );
        let source = root().join(&name).join("src");
        let source = if source.is_dir() {
            source
        } else {
            root().join("crates").join(&name).join("src")
        };
        let lines: usize = files(&source).iter().map(|p| text(p).lines().count()).sum();
        assert!(lines > 30, "{name} is an empty crate");
    }
}

#[test]
fn nothing_names_a_place_of_one_machine() {
    let forbidden = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    let all = files(&root());
    let endings = [
        "rs", "toml", "md", "yml", "yaml", "json", "ts", "svelte", "css", "html", "sh", "sql",
        "lock", "js", "txt",
    ];
    for path in with_ending(&all, &endings).chain(all.iter().filter(|p| p.extension().is_none())) {
        let text = text(path);
        for (number, line) in text.lines().enumerate() {
            for bad in forbidden {
                assert!(
                    !line.contains(bad),
                    "{}:{} names {bad}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

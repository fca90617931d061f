//! The command line as a person types it: the program itself, in both languages, without a window and without a session bus.

use serde_json::Value;
use shouwang_tests::now_ms;
use shouwang_tests::servers::{self, PrometheusOptions};
use shouwang_tests::window::program;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What was said and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A person at a terminal of a machine on which nothing else is set up.
struct Person {
    home: TempDir,
    locale: &'static str,
}

impl Person {
    fn speaking(locale: &'static str) -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
            locale,
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_string_lossy().into_owned()
    }

    fn types(&self, args: &[&str]) -> Said {
        self.types_with(args, "")
    }

    fn types_with(&self, args: &[&str], input: &str) -> Said {
        let mut command = Command::new(program());
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("SHOUWANG_DATA", self.home.path().join("data"))
            .env("LANG", self.locale)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input");
        // a command that reads nothing may have ended already
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("it ends").into()
    }
}

const ZH: &str = "zh_CN.UTF-8";
const EN: &str = "en_US.UTF-8";

/// What a help text calls its commands: the first word of each line below the heading.
fn commands(help: &str, heading: &str) -> Vec<String> {
    help.lines()
        .skip_while(|l| !l.starts_with(heading))
        .skip(1)
        .take_while(|l| l.starts_with("  "))
        .filter(|l| !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn help_of_all(person: &Person, above: &[String], heading: &str, each: &mut impl FnMut(&str)) {
    let mut args: Vec<&str> = above.iter().map(String::as_str).collect();
    args.push("--help");
    let said = person.types(&args);
    assert_eq!(said.code, Some(0), "{args:?}: {}", said.err);
    each(&said.out);
    for name in commands(&said.out, heading) {
        help_of_all(person, &[above, &[name]].concat(), heading, each);
    }
}

#[test]
fn every_command_helps_in_the_language_of_the_person() {
    let mut chinese = 0;
    help_of_all(&Person::speaking(ZH), &[], "命令", &mut |help| {
        chinese += 1;
        assert!(help.contains("用法："), "{help}");
        for english in ["Usage", "Options:", "Commands:", "Print help", "cli."] {
            assert!(!help.contains(english), "{help}");
        }
    });
    let mut english = 0;
    help_of_all(&Person::speaking(EN), &[], "Commands", &mut |help| {
        english += 1;
        let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        assert!(help.contains("Usage:") && !help.contains(han), "{help}");
        assert!(!help.contains("cli."), "{help}");
    });
    assert_eq!(chinese, english);
    assert!(
        chinese > 30,
        "the commands below commands are found: {chinese}"
    );
}

#[test]
fn mistakes_in_typing_are_told_in_the_persons_language() {
    for (locale, args, words) in [
        (ZH, &["--kiosc"][..], "没有 --kiosc 这个选项"),
        (ZH, &["chek"], "没有 chek 这个命令"),
        (ZH, &["query"], "缺少"),
        (ZH, &["--seconds", "soon"], "的值 soon 不对"),
        (EN, &["--kiosc"], "--kiosc"),
    ] {
        let said = Person::speaking(locale).types(args);
        assert_eq!(said.code, Some(2), "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
}

#[test]
fn a_configuration_with_mistakes_is_told_by_file_line_key_and_remedy() {
    let text = "locale = \"zh-CN\"\n[wall]\nviewing_distence = 6\ndwell_seconds = \"long\"\n\
                [[source]]\nname = \"p\"\nkind = \"promethius\"\nurl = \"http://127.0.0.1:9090\"\n";
    for (locale, remedies) in [
        (ZH, ["viewing_distance", "3 到 86400", "prometheus"]),
        (EN, ["viewing_distance", "from 3 to 86400", "prometheus"]),
    ] {
        let person = Person::speaking(locale);
        let file = person.file("shouwang.toml", text);
        let said = person.types(&["check", "--config", &file]);
        assert_eq!(said.code, Some(1), "{}", said.err);
        let all = format!("{}{}", said.out, said.err);
        let places = [
            (3, "viewing_distence"),
            (4, "dwell_seconds"),
            (7, "source.kind"),
        ];
        for ((line, key), remedy) in places.into_iter().zip(remedies) {
            let told = all
                .lines()
                .find(|l| l.contains(&format!("{file}:{line}")))
                .unwrap_or_else(|| panic!("{locale}: line {line} is not named in\n{all}"));
            assert!(told.contains(key), "{locale}: {key} in {told}");
            assert!(told.contains(remedy), "{locale}: {remedy} in {told}");
        }
    }
}

#[test]
fn a_sound_configuration_passes() {
    let person = Person::speaking(ZH);
    let file = person.file("shouwang.toml", "locale = \"zh-CN\"\n");
    let said = person.types(&["check", "--config", &file]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let nowhere = person.types(&["check", "--config", "/nowhere/at/all.toml"]);
    assert_eq!(nowhere.code, Some(1));
    let told = format!("{}{}", nowhere.out, nowhere.err);
    assert!(told.contains("/nowhere/at/all.toml"), "{told}");
}

#[test]
fn the_boards_are_listed_and_one_with_a_mistake_is_named() {
    let person = Person::speaking(ZH);
    let folder = person.home.path().join("boards");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("mine.yaml"), "id: mine\ntitle: [\n").expect("a file");
    let config = format!("boards_dir = {:?}\n", folder.to_string_lossy());
    let file = person.file("shouwang.toml", &config);
    let said = person.types(&["boards", "--config", &file]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(
        said.out.contains("overview") && said.out.contains("总览"),
        "{}",
        said.out
    );
    assert!(said.err.contains("mine.yaml"), "{}", said.err);
}

#[test]
fn a_real_prometheus_is_asked_at_a_time_and_over_a_range() {
    let server = servers::prometheus(PrometheusOptions::default());
    let person = Person::speaking(ZH);
    let source = format!(
        "[[source]]\nname = \"main\"\nkind = \"prometheus\"\nurl = \"{}\"\n",
        server.url()
    );
    let file = person.file("shouwang.toml", &source);
    let ask = |args: &[&str]| person.types(&[&["query", "--config", &file], args].concat());

    let table = ask(&["label_replace(vector(42.5), \"店\", \"徐家汇\", \"\", \"\")"]);
    // Prometheus 2.42 refuses names of labels that are no ASCII; the sentence is its own
    assert_eq!(table.code, Some(1));
    assert!(table.err.contains("店"), "{}", table.err);
    let table = ask(&["label_replace(vector(42.5), \"shop\", \"徐家汇\", \"\", \"\")"]);
    assert_eq!(table.code, Some(0), "{}", table.err);
    assert!(
        table.out.contains("徐家汇") && table.out.contains("42.5"),
        "{}",
        table.out
    );

    let at = (now_ms() / 1000 - 600).to_string();
    let then = ask(&["time()", "--at", &at, "--json"]);
    let json: Value = serde_json::from_str(&then.out).expect("JSON");
    assert!(json.to_string().contains(&at), "{json}");

    let range = ask(&["time()", "--range", "10m", "--step", "1m", "--json"]);
    let json: Value = serde_json::from_str(&range.out).expect("JSON");
    assert!(json.to_string().len() > 100, "{json}");

    let wrong = ask(&["sum(rate(up[5m])"]);
    assert_eq!(wrong.code, Some(1));
    assert!(!wrong.err.trim().is_empty() && wrong.out.is_empty());
    let nobody = ask(&["up", "--source", "other"]);
    assert!(
        nobody.code == Some(1) && nobody.err.contains("other"),
        "{}",
        nobody.err
    );
    let when = ask(&["up", "--at", "yesterday"]);
    assert!(
        when.code == Some(1) && when.err.contains("yesterday"),
        "{}",
        when.err
    );
}

#[test]
fn secrets_go_to_the_vault_where_there_is_no_keyring_and_are_never_shown() {
    const WORD: &str = "a-word-nobody-may-see";
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let person = Person::speaking(ZH);
    let stored = person.types_with(&["secret", "set", "main"], WORD);
    assert_eq!(stored.code, Some(0), "{}", stored.err);
    assert!(
        stored.out.contains("加密") || stored.out.contains("保险"),
        "{}",
        stored.out
    );
    let key = person.types_with(&["secret", "set", "key"], pem);
    assert_eq!(key.code, Some(0), "{}", key.err);
    let listed = person.types(&["secret", "list"]);
    assert!(
        listed.out.contains("main") && listed.out.contains("key"),
        "{}",
        listed.out
    );
    let gone = person.types(&["secret", "delete", "main"]);
    assert_eq!(gone.code, Some(0), "{}", gone.err);
    let left = person.types(&["secret", "list"]);
    assert!(
        !left.out.contains("main") && left.out.contains("key"),
        "{}",
        left.out
    );
    for said in [stored, key, listed, gone, left] {
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.contains(WORD) && !all.contains("AAAA"), "{all}");
    }
    nothing_holds(person.home.path(), WORD.as_bytes());
    let empty = person.types_with(&["secret", "set", "main"], "\n");
    assert_eq!(empty.code, Some(1));
}

fn nothing_holds(dir: &Path, word: &[u8]) {
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            nothing_holds(&path, word);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            let found = bytes.windows(word.len()).any(|w| w == word);
            assert!(!found, "{} holds the secret as it is", path.display());
        }
    }
}

#[test]
fn the_simulated_platform_is_served_with_every_incident() {
    for kind in simulator::incident::IncidentKind::ALL {
        let spec = format!("{kind}:critical+10m");
        let args = ["simulator", "--listen", "127.0.0.1:0", "--incident", &spec];
        let mut child = Command::new(program())
            .args(args)
            .env("LANG", ZH)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = String::new();
        let out = child.stdout.take().expect("its output");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut first)
            .expect("a first line");
        let url = first.split("http://").nth(1).unwrap_or_default();
        let port: u16 = url
            .split(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')
            .next()
            .and_then(|host| host.rsplit(':').next()?.parse().ok())
            .unwrap_or_else(|| panic!("no address in {first:?}"));
        let page = shouwang_tests::http::get(port, "/metrics");
        let ended = child.kill().and_then(|()| child.wait());
        assert!(ended.is_ok());
        let page = page.expect("a page");
        assert_eq!(page.status, 200, "{kind}");
        assert!(page.text().contains("node_cpu_seconds_total"), "{kind}");
    }
}

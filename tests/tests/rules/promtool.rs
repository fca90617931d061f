//! `promtool`, which comes with Prometheus: `check rules` and `test rules`, the latter Prometheus' own rule evaluation on given samples.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// What it said, and whether it was content.
pub struct Said {
    pub ok: bool,
    pub text: String,
}

fn run(args: &[&str], dir: &Path) -> Said {
    let out = Command::new("promtool")
        .args(args)
        .current_dir(dir)
        .output()
        .expect("promtool comes with Prometheus");
    Said {
        ok: out.status.success(),
        text: format!(
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        ),
    }
}

/// `promtool check rules` on a file with this text.
pub fn check(text: &str) -> Said {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("rules.yml"), text).expect("the rules are written");
    run(&["check", "rules", "rules.yml"], dir.path())
}

/// `promtool test rules` with these rules and this test.
pub fn test(rules: &str, test: &str) -> Said {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("rules.yml"), rules).expect("the rules are written");
    std::fs::write(dir.path().join("test.yml"), test).expect("the test is written");
    run(&["test", "rules", "test.yml"], dir.path())
}

/// A text as a YAML scalar.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

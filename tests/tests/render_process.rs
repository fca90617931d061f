//! `shouwang render` and `shouwang report` as a person without a display runs them: the program's own process, its files, its words.

use shouwang_tests::servers::{Ready, Server, Spec};
use shouwang_tests::window;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use xtask::procs;

/// The program over a folder of its own, without any display.
fn shouwang(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(window::program());
    command
        .args(args)
        .arg("--config")
        .arg(folder.join("config.toml"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("SHOUWANG_DATA", folder.join("data"))
        .env("HOME", folder)
        .env("LANG", "zh_CN.UTF-8");
    command.output().expect("the program runs")
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    said
}

/// Colours of a part of a picture that are seen in at least a few of its pixels.
fn colours(picture: &Path, part: &str) -> usize {
    let mut convert = Command::new("convert");
    convert
        .arg(picture)
        .args(["-crop", part, "+repage", "-colors", "32"])
        .args(["-format", "%c", "histogram:info:"]);
    let said = procs::output(&mut convert).unwrap_or_else(|e| panic!("{e:#}"));
    let count = |line: &str| line.split(':').next()?.trim().parse::<u64>().ok();
    said.lines().filter_map(count).filter(|n| *n > 8).count()
}

/// Few boards that have every kind of panel among them: each process lives through the simulated platform's past anew.
fn boards_of_all_kinds() -> Vec<model::board::Board> {
    let library = desk::boards::load(None);
    let kinds = |b: &model::board::Board| -> BTreeSet<String> {
        b.panels.iter().map(|p| format!("{:?}", p.kind)).collect()
    };
    let mut missing: BTreeSet<String> = library.boards.values().flat_map(kinds).collect();
    assert!(missing.len() >= 16, "{missing:?}");
    let mut chosen = Vec::new();
    while !missing.is_empty() {
        let most = |b: &&model::board::Board| kinds(b).intersection(&missing).count();
        let Some(best) = library.boards.values().max_by_key(most) else {
            break;
        };
        missing = missing.difference(&kinds(best)).cloned().collect();
        chosen.push(best.clone());
    }
    chosen
}

/// Where a panel stands in the picture of its board at 1920×1080, as ImageMagick names it; a little inside of its frame.
fn place(board: &model::board::Board, at: model::board::Area) -> String {
    let (left, top, width, height, gap) = (18, 62, 1_884, 1_004, 10);
    let edge = |n: u16, of: u16, length: i32| i32::from(n) * (length + gap) / i32::from(of);
    let (x, y) = (
        edge(at.x, board.columns, width),
        edge(at.y, board.rows, height),
    );
    let right = edge(at.x + at.w, board.columns, width) - gap;
    let bottom = edge(at.y + at.h, board.rows, height) - gap;
    // Under the head, where what the panel shows begins.
    let (x, y, w, h) = (left + x + 3, top + y + 36, right - x - 6, bottom - y - 39);
    format!("{w}x{h}+{x}+{y}")
}

#[test]
fn panels_of_every_kind_have_ink_in_both_formats_without_a_display() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("config.toml"),
        "[embedded]\nhost = false\n",
    )
    .expect("written");
    let kept = xtask::paths::output().join("render");
    std::fs::create_dir_all(&kept).expect("a folder");
    for board in boards_of_all_kinds() {
        let png = kept.join(format!("{}.png", board.id));
        let at = png.display().to_string();
        done(&shouwang(folder.path(), &["render", &board.id, "-o", &at]));
        assert!(
            std::fs::read(&png)
                .expect("a picture")
                .starts_with(b"\x89PNG")
        );
        for panel in &board.panels {
            let found = colours(&png, &place(&board, panel.at));
            println!(
                "{}/{}: {:?}, {found} colours",
                board.id, panel.id, panel.kind
            );
            // Nothing but the ground is one colour; words and a line are more.
            assert!(found >= 2, "{}/{} is empty: {at}", board.id, panel.id);
        }
    }
    let svg = kept.join("board.svg");
    let at = svg.display().to_string();
    done(&shouwang(folder.path(), &["render", "overview", "-o", &at]));
    let text = std::fs::read_to_string(&svg).expect("an SVG");
    assert!(text.contains("<svg") && text.matches("<text").count() > 40);
    let wrong = shouwang(
        folder.path(),
        &["render", "overview", "--var", "nope=1", "-o", &at],
    );
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("nope"));
}

/// A mail server that keeps what it takes in `mail/new`.
fn mail_server() -> Server {
    let args = [
        "-m",
        "aiosmtpd",
        "-n",
        "-l",
        "127.0.0.1:{port}",
        "-c",
        "aiosmtpd.handlers.Mailbox",
        "{dir}/mail",
    ];
    Server::start(Spec {
        program: "/usr/bin/python3".to_owned(),
        args: args.map(str::to_owned).into(),
        env: Vec::new(),
        files: Vec::new(),
        ready: Ready::Port,
        scheme: "smtp",
    })
}

fn mails(server: &Server) -> Vec<PathBuf> {
    let read = std::fs::read_dir(server.dir().join("mail/new"));
    read.into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .collect()
}

#[test]
fn a_report_is_written_and_mailed_by_one_command() {
    let server = mail_server();
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[embedded]\nhost = false\n[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"守望 <watch@example.com>\"\n",
        server.port()
    );
    std::fs::write(folder.path().join("config.toml"), config).expect("written");
    let out = folder.path().join("reports");
    let at = out.display().to_string();
    let args = [
        "report",
        "daily",
        "-o",
        &at,
        "--mail",
        "manager@example.com",
    ];
    let said = done(&shouwang(folder.path(), &args));
    assert!(said.contains("manager@example.com"), "{said}");
    let mut names: Vec<String> = std::fs::read_dir(&out)
        .expect("its folder")
        .map(|e| {
            e.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].ends_with(".html") && names[1].ends_with(".pdf"));
    let begun = procs::now();
    while mails(&server).is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{}",
            server.log()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let mail = std::fs::read_to_string(&mails(&server)[0]).expect("a mail");
    assert!(
        mail.contains("To: manager@example.com"),
        "{}",
        &mail[..mail.len().min(2_000)]
    );
    assert!(mail.contains(&names[1]) && mail.contains("application/pdf"));

    // Without a mail server nothing is made in vain.
    std::fs::write(
        folder.path().join("config.toml"),
        "[embedded]\nhost = false\n",
    )
    .expect("written");
    let other = folder.path().join("other");
    let at = other.display().to_string();
    let refused = shouwang(
        folder.path(),
        &["report", "daily", "-o", &at, "--mail", "a@b.cn"],
    );
    assert!(!refused.status.success() && !other.exists());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("[mail]"));
}

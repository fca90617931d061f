//! `cargo xtask`: what README's commands and `.ci/run` call.

use anyhow::{Result, bail};
use std::process::ExitCode;
use xtask::args::Args;
use xtask::{bench, codegen, procs, run, say, screenshots, setup, soak, test};

/// One command of `cargo xtask`.
struct Command {
    name: &'static str,
    usage: &'static str,
    zh: &'static str,
    en: &'static str,
    go: fn(Args) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "run",
        usage: "[--release] [--config FILE] [--kiosk] [--board ID] [--seconds N]",
        zh: "装好缺少的软件，构建并打开大屏；没有显示器时用虚拟显示，每 10 秒把画面存到 target/wall.png",
        en: "install what is missing, build, open the wall; without a display a virtual one, pictured in target/wall.png",
        go: run::main,
    },
    Command {
        name: "test",
        usage: "[fmt] [ui] [clippy] [build] [rust]",
        zh: "全部检查：格式、界面、clippy、单元与属性测试、真实服务器测试、真实窗口测试",
        en: "all checks: format, UI, clippy, unit and property tests, real servers, a real window",
        go: test::main,
    },
    Command {
        name: "setup",
        usage: "[--check] [run|test]",
        zh: "检查并安装系统软件包；--check 只检查",
        en: "check for and install the system's packages; --check only checks",
        go: setup::main,
    },
    Command {
        name: "codegen",
        usage: "",
        zh: "重新生成由代码导出的文件（界面类型、配置说明）",
        en: "write the generated files anew (the page's types, the configuration reference)",
        go: codegen::main,
    },
    Command {
        name: "screenshots",
        usage: "[--debug] [--alerts] [--rota] [--boards] [BOARD]…",
        zh: "由程序自己拍摄 docs/images 里的画面",
        en: "let the program take the pictures in docs/images",
        go: screenshots::main,
    },
    Command {
        name: "bench",
        usage: "[NAME]… [--quick]",
        zh: "测量（发布版）并与目标比较",
        en: "measure (release build) and compare with the targets",
        go: bench::main,
    },
    Command {
        name: "soak",
        usage: "[--rotate] [--minutes 60]",
        zh: "长时间运行（--rotate：16 块大屏轮播），每 5 秒记录内存，判断是否增长",
        en: "run for long (--rotate: 16 boards in turn), note memory every 5 s, judge whether it grows",
        go: soak::main,
    },
];

fn main() -> ExitCode {
    if let Err(e) = procs::listen_for_interrupt() {
        eprintln!("{e:#}");
    }
    let mut given = std::env::args().skip(1);
    let result = match given.next().as_deref() {
        None | Some("help" | "--help" | "-h") => {
            list();
            Ok(())
        }
        Some(name) => match COMMANDS.iter().find(|c| c.name == name) {
            Some(command) => (command.go)(Args::new(given)),
            None => {
                list();
                unknown(name)
            }
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            say::problem(&e);
            ExitCode::FAILURE
        }
    }
}

fn unknown(name: &str) -> Result<()> {
    bail!("没有命令 {name} · there is no command {name}")
}

fn list() {
    println!("cargo xtask <命令 · command>\n");
    for c in COMMANDS {
        println!("  {} {}\n      {}\n      {}", c.name, c.usage, c.zh, c.en);
    }
}

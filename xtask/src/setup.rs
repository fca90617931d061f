//! `cargo xtask setup`: says what is missing and what for, then installs it on Debian; elsewhere says what to
//! install.

use crate::args::Args;
use crate::packages::{self, Need, Package};
use crate::{paths, procs, say};
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A script that Debian's packages ask before they start a service: 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_MARK: &str = "# put here by cargo xtask setup while it installs; removed afterwards";
/// What the page's build tool runs on: from the first of each pair's minor version on, and everything newer (`engines` of vite 8).
const NODE: [(u32, u32); 2] = [(20, 19), (22, 12)];

/// `cargo xtask setup [--check] [run|test]`.
///
/// # Errors
/// When something is missing that could not be installed.
pub fn main(mut args: Args) -> Result<()> {
    let only_check = args.flag("--check");
    let words = args.words(&["run", "test"])?;
    args.finish()?;
    let need = match words.first().map(String::as_str) {
        Some("run") if has_display() => Need::Run,
        Some("run") => Need::RunVirtual,
        _ => Need::Test,
    };
    if only_check {
        let missing = missing_packages(&need.packages())?;
        tell_missing(&missing);
        if missing.is_empty() && has_chinese_locale() {
            say::note("系统软件包齐全", "all of the system's packages are there");
            return Ok(());
        }
        bail!("还缺少软件 · something is missing");
    }
    ensure(need)?;
    say::note("环境就绪", "everything needed is there");
    Ok(())
}

/// Whether this session has a display that answers: a variable that is left over from a session that has ended is none.
pub fn has_display() -> bool {
    let named = |v| std::env::var(v).ok().filter(|d: &String| !d.is_empty());
    !cfg!(target_os = "linux")
        || named("WAYLAND_DISPLAY").is_some()
        || named("DISPLAY").is_some_and(|d| x_answers(&d))
}

/// Whether an X server of this machine takes a connection; one of another machine is believed.
#[cfg(target_os = "linux")]
fn x_answers(display: &str) -> bool {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};
    let Some(number) = display
        .strip_prefix(':')
        .or_else(|| display.strip_prefix("unix:"))
        .and_then(|n| n.split('.').next())
    else {
        return true;
    };
    let path = format!("/tmp/.X11-unix/X{number}");
    UnixStream::connect(&path).is_ok()
        || SocketAddr::from_abstract_name(&path).is_ok_and(|a| UnixStream::connect_addr(&a).is_ok())
}

#[cfg(not(target_os = "linux"))]
fn x_answers(_display: &str) -> bool {
    true
}

/// Installs what `need` needs and is not there; quick and silent when nothing is missing.
///
/// # Errors
/// When something is missing that could not be installed; says what to do.
pub fn ensure(need: Need) -> Result<()> {
    node()?;
    rust_components(need)?;
    let os = Os::read();
    if !os.is_debian() {
        return elsewhere(&os, need);
    }
    let missing = missing_packages(&need.packages())?;
    if !missing.is_empty() {
        tell_missing(&missing);
        install(&missing)?;
        let still = missing_packages(&need.packages())?;
        if !still.is_empty() {
            tell_missing(&still);
            bail!("安装后仍缺少软件包 · packages are still missing after the installation");
        }
    }
    if !has_chinese_locale() {
        say::step(
            "生成区域设置 zh_CN.UTF-8",
            "generating the locale zh_CN.UTF-8",
        );
        procs::step(
            as_root(&["localedef", "-i", "zh_CN", "-f", "UTF-8", "zh_CN.UTF-8"])?.as_mut(),
        )?;
    }
    Ok(())
}

fn node() -> Result<()> {
    let version = procs::output(Command::new("node").arg("--version")).unwrap_or_default();
    if !node_will_do(&version) || !(paths::on_path("npm") || cfg!(windows)) {
        bail!(
            "需要 Node 20.19 以上、22.12 以上或更新版本（含 npm），现在是 {0}；请从 https://nodejs.org 安装 · \
             Node from 20.19, from 22.12 or newer is needed, with npm; found {0}; install it from https://nodejs.org",
            if version.is_empty() {
                "—"
            } else {
                version.trim()
            }
        );
    }
    Ok(())
}

/// Whether the page can be built with the Node that says of itself `version` (`v20.19.2`).
fn node_will_do(version: &str) -> bool {
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map_while(|n| n.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return false;
    };
    let [old, new] = NODE;
    (major == old.0 && minor >= old.1) || (major, minor) >= new
}

/// rustup's minimal profile has neither rustfmt nor clippy.
fn rust_components(need: Need) -> Result<()> {
    if need != Need::Test {
        return Ok(());
    }
    let there = |name: &str| procs::output(Command::new("cargo").args([name, "--version"])).is_ok();
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .iter()
        .filter(|(command, _)| !there(command))
        .map(|(_, component)| *component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say::step(
        "安装 Rust 组件：检查格式与代码",
        "installing Rust components: to check format and code",
    );
    procs::step(
        Command::new("rustup")
            .args(["component", "add"])
            .args(&missing),
    )
    .with_context(|| format!("请安装 · please install: {}", missing.join(" ")))
}

/// `/etc/os-release`, as far as it is needed.
struct Os {
    id: String,
    like: String,
}

impl Os {
    fn read() -> Self {
        let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let get = |key: &str| {
            text.lines()
                .find_map(|l| l.strip_prefix(key)?.strip_prefix('='))
                .map(|v| v.trim_matches('"').to_owned())
                .unwrap_or_default()
        };
        let id = match get("ID") {
            id if id.is_empty() => std::env::consts::OS.to_owned(),
            id => id,
        };
        Self {
            id,
            like: get("ID_LIKE"),
        }
    }

    fn is_debian(&self) -> bool {
        self.id == "debian" && paths::on_path("dpkg-query")
    }

    fn advice(&self) -> &'static str {
        let ids: Vec<&str> = std::iter::once(self.id.as_str())
            .chain(self.like.split_whitespace())
            .collect();
        packages::advice(&ids)
    }
}

/// Not Debian: nothing is installed. What can be looked for is; the build goes on when it is there.
fn elsewhere(os: &Os, need: Need) -> Result<()> {
    let mut missing = Vec::new();
    if cfg!(target_os = "linux") {
        let webkit = Command::new("pkg-config")
            .args(["--exists", "webkit2gtk-4.1"])
            .status();
        if !webkit.is_ok_and(|s| s.success()) {
            missing.push("webkit2gtk-4.1 (pkg-config)");
        }
        let display: &[&str] = &["Xvfb", "openbox", "dbus-daemon", "import"];
        let tests: &[&str] = &[
            "WebKitWebDriver",
            "prometheus",
            "promtool",
            "prometheus-alertmanager",
            "victoria-metrics",
            "influxd",
            "etcd",
        ];
        let wanted: Vec<&str> = match need {
            Need::Run => Vec::new(),
            Need::RunVirtual => display.to_vec(),
            Need::Bench | Need::Test => [display, tests].concat(),
        };
        missing.extend(wanted.into_iter().filter(|name| !paths::on_path(name)));
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "这个系统（{id}）上需要自行安装，缺少：{list}\n   例如 · for example: {advice}\n   \
         on this system ({id}) please install by hand what is missing: {list}",
        id = os.id,
        list = missing.join("、"),
        advice = os.advice()
    )
}

fn missing_packages(wanted: &[Package]) -> Result<Vec<Package>> {
    // dpkg-query fails when it does not know one of the names, and still tells about the others
    let out = Command::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status} ${Package}\n"])
        .args(wanted.iter().map(|p| p.name))
        .output()
        .context("dpkg-query")?;
    Ok(not_installed(wanted, &String::from_utf8_lossy(&out.stdout)))
}

fn not_installed(wanted: &[Package], told: &str) -> Vec<Package> {
    let there: Vec<&str> = told
        .lines()
        .filter_map(|l| l.strip_prefix("installed "))
        .collect();
    wanted
        .iter()
        .filter(|p| !there.contains(&p.name))
        .copied()
        .collect()
}

fn has_chinese_locale() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    procs::output(Command::new("locale").arg("-a"))
        .is_ok_and(|all| all.lines().any(|l| l.eq_ignore_ascii_case("zh_CN.utf8")))
}

fn tell_missing(missing: &[Package]) {
    if missing.is_empty() {
        return;
    }
    say::step(
        "缺少下列系统软件包",
        "these packages of the system are missing",
    );
    for p in missing {
        eprintln!("   {:<26} {} · {}", p.name, p.zh, p.en);
    }
}

/// A command as root: as it is, or through sudo.
fn as_root(argv: &[&str]) -> Result<Box<Command>> {
    let (first, rest) = argv.split_first().context("no command")?;
    if is_root() {
        let mut command = Command::new(first);
        command.args(rest);
        return Ok(Box::new(command));
    }
    if !paths::on_path("sudo") {
        bail!(
            "需要管理员权限：请以 root 运行一次，或安装 sudo · root is needed: run this once as root, or install \
             sudo. Command: {}",
            argv.join(" ")
        );
    }
    let mut command = Command::new("sudo");
    if !std::io::stdin().is_terminal() {
        command.arg("-n"); // nobody is there to type a password
    }
    command.args(argv);
    Ok(Box::new(command))
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

fn install(missing: &[Package]) -> Result<()> {
    say::step(
        "用 apt-get 安装（不会启动任何服务）",
        "installing by apt-get (no service will be started)",
    );
    let _no_services = NoServices::begin()?;
    update()?;
    let mut argv = vec![
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-o",
        "DPkg::Lock::Timeout=600",
        "install",
        "-y",
        "--no-install-recommends",
    ];
    argv.extend(missing.iter().map(|p| p.name));
    procs::step(as_root(&argv)?.as_mut())
}

/// `apt-get update`; the lists have a lock of their own for which apt does not wait.
fn update() -> Result<()> {
    let argv = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "update"];
    for _ in 0..5 {
        match procs::step(as_root(&argv)?.as_mut()) {
            Ok(()) => return Ok(()),
            Err(e) => eprintln!("   {e:#}"),
        }
        procs::pause(Duration::from_secs(10))?;
    }
    // perhaps the lists at hand are good enough; the installation will tell
    Ok(())
}

/// While this lives, no package starts a service. The policy of the system, if it has one, stays as it is.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn begin() -> Result<Self> {
        let path = Path::new(POLICY);
        if path.exists() {
            let text = fs::read_to_string(path).unwrap_or_default();
            let forbids = text.contains("exit 101");
            if !forbids {
                let aside = format!("{POLICY}.before-xtask");
                procs::step(as_root(&["mv", POLICY, &aside])?.as_mut())?;
            } else if !text.contains(POLICY_MARK) {
                return Ok(Self { ours: false });
            }
        }
        let script = format!(
            "printf '#!/bin/sh\\n{POLICY_MARK}\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"
        );
        procs::step(as_root(&["sh", "-c", &script])?.as_mut())?;
        Ok(Self { ours: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if !self.ours {
            return;
        }
        let script = format!(
            "rm -f {POLICY}; if [ -e {POLICY}.before-xtask ]; then mv {POLICY}.before-xtask {POLICY}; fi"
        );
        // not through `step`: this must happen after an interrupt too
        let done = as_root(&["sh", "-c", &script]).map(|mut c| c.status());
        if !matches!(done, Ok(Ok(s)) if s.success()) {
            say::note(
                &format!("请手工删除 {POLICY}"),
                &format!("please remove {POLICY} by hand"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_but_configured_packages_count_as_missing() {
        let wanted: Vec<Package> = packages::DISPLAY.to_vec();
        let told = "installed xvfb\nconfig-files openbox\ninstalled dbus\n";
        let names: Vec<_> = not_installed(&wanted, told)
            .iter()
            .map(|p| p.name)
            .collect();
        assert_eq!(names, ["openbox", "imagemagick"]);
    }

    #[test]
    fn node_is_new_enough_from_the_minor_version_on() {
        for good in ["v20.19.0\n", "v20.19.5", "v22.12.0", "v24.0.1", "v23.1.0"] {
            assert!(node_will_do(good), "{good}");
        }
        for bad in [
            "", "v18.20.4", "v20.18.3", "v21.7.0", "v22.11.0", "v20", "node",
        ] {
            assert!(!node_will_do(bad), "{bad}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_display_that_is_gone_is_none() {
        assert!(!x_answers(":59731"));
        assert!(!x_answers("unix:59731.0"));
        assert!(x_answers("other-machine:0"));
    }
}

//! Which of the system's packages are needed, for what, and how they are called elsewhere.

/// A package of Debian 12 and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// Debian's name.
    pub name: &'static str,
    /// What for, in Chinese.
    pub zh: &'static str,
    /// What for, in English.
    pub en: &'static str,
}

const fn p(name: &'static str, zh: &'static str, en: &'static str) -> Package {
    Package { name, zh, en }
}

/// To compile and to show the window.
pub const BUILD: &[Package] = &[
    p(
        "build-essential",
        "C 编译器与链接器",
        "C compiler and linker",
    ),
    p("pkg-config", "查找系统库", "finds the system's libraries"),
    p(
        "libwebkit2gtk-4.1-dev",
        "窗口里的网页引擎",
        "the web engine of the window",
    ),
    p("libasound2-dev", "告警声音", "alarm sounds"),
    p(
        "libayatana-appindicator3-1",
        "托盘图标",
        "the icon in the tray",
    ),
    p("fonts-noto-cjk", "中文字体", "Chinese glyphs"),
    p(
        "locales",
        "中文区域设置 zh_CN.UTF-8",
        "the locale zh_CN.UTF-8",
    ),
];

/// To show a window where there is no display.
pub const DISPLAY: &[Package] = &[
    p("xvfb", "虚拟显示", "virtual display"),
    p("openbox", "窗口管理器", "window manager"),
    p("dbus", "私有会话总线", "private session bus"),
    p("imagemagick", "保存画面", "takes the pictures"),
];

/// To test in a real window.
pub const WINDOW_TESTS: &[Package] = &[
    p(
        "webkit2gtk-driver",
        "用 WebDriver 操作窗口",
        "drives the window by WebDriver",
    ),
    p(
        "xserver-xorg-core",
        "测试多个屏幕",
        "several screens in tests",
    ),
    p(
        "xserver-xorg-video-dummy",
        "测试里的屏幕",
        "the screens in tests",
    ),
    p(
        "x11-xserver-utils",
        "测试里插拔屏幕",
        "plugs the screens in tests in and out",
    ),
    p("gnome-keyring", "测试密钥环", "the keyring in tests"),
    p(
        "libsecret-tools",
        "查看密钥环里的内容",
        "looks into the keyring in tests",
    ),
];

/// Real servers to test and measure against. They are installed, never started as services.
pub const SERVERS: &[Package] = &[
    p(
        "prometheus",
        "真实的 Prometheus 与 promtool",
        "a real Prometheus, and promtool",
    ),
    p(
        "prometheus-alertmanager",
        "真实的 Alertmanager",
        "a real Alertmanager",
    ),
    p(
        "prometheus-node-exporter",
        "真实的 node exporter",
        "a real node exporter",
    ),
    p(
        "victoria-metrics",
        "真实的 VictoriaMetrics",
        "a real VictoriaMetrics",
    ),
    p("postgresql-15", "真实的 PostgreSQL", "a real PostgreSQL"),
    p("influxdb", "真实的 InfluxDB 1", "a real InfluxDB 1"),
    p("etcd-server", "真实的 etcd", "a real etcd"),
    p("python3-aiosmtpd", "真实的邮件服务器", "a real mail server"),
];

/// Other programs that read what we write, in tests.
pub const READERS: &[Package] = &[
    p(
        "python3-icalendar",
        "测试里读取导出的日历",
        "reads exported calendars in tests",
    ),
    p(
        "poppler-utils",
        "测试里读取 PDF 中的文字",
        "reads the words of a PDF in tests",
    ),
];

/// What is about to be done, and so what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Build and open the wall on the person's display.
    Run,
    /// The same on a virtual display.
    RunVirtual,
    /// Measure: a virtual display and the servers.
    Bench,
    /// All tests.
    Test,
}

impl Need {
    /// The packages for it.
    pub fn packages(self) -> Vec<Package> {
        let groups: &[&[Package]] = match self {
            Self::Run => &[BUILD],
            Self::RunVirtual => &[BUILD, DISPLAY],
            Self::Bench => &[BUILD, DISPLAY, WINDOW_TESTS, SERVERS],
            Self::Test => &[BUILD, DISPLAY, WINDOW_TESTS, SERVERS, READERS],
        };
        groups.concat()
    }
}

/// What to type on a system that this program does not install on by itself, by `/etc/os-release`'s ID and
/// ID_LIKE (or `macos`, `windows`).
pub fn advice(ids: &[&str]) -> &'static str {
    let is = |names: &[&str]| ids.iter().any(|id| names.contains(id));
    if is(&["ubuntu", "debian"]) {
        "sudo apt-get install build-essential pkg-config libwebkit2gtk-4.1-dev libasound2-dev libayatana-appindicator3-1 fonts-noto-cjk locales xvfb openbox \
         dbus imagemagick webkit2gtk-driver xserver-xorg-core xserver-xorg-video-dummy x11-xserver-utils gnome-keyring libsecret-tools prometheus prometheus-alertmanager \
         prometheus-node-exporter victoria-metrics postgresql influxdb etcd-server python3-aiosmtpd python3-icalendar poppler-utils"
    } else if is(&["fedora", "rhel", "centos"]) {
        "sudo dnf install gcc gcc-c++ make pkgconf webkit2gtk4.1-devel alsa-lib-devel libayatana-appindicator-gtk3 google-noto-sans-cjk-fonts \
         glibc-langpack-zh xorg-x11-server-Xvfb openbox dbus-daemon ImageMagick"
    } else if is(&["arch", "manjaro"]) {
        "sudo pacman -S base-devel webkit2gtk-4.1 alsa-lib libayatana-appindicator noto-fonts-cjk xorg-server-xvfb openbox dbus imagemagick"
    } else if is(&["opensuse", "suse"]) {
        "sudo zypper install gcc gcc-c++ make pkg-config webkit2gtk3-devel alsa-devel libayatana-appindicator3-1 google-noto-sans-cjk-fonts \
         xorg-x11-server-Xvfb openbox dbus-1 ImageMagick"
    } else if is(&["macos"]) {
        "xcode-select --install"
    } else if is(&["windows"]) {
        "Microsoft C++ Build Tools + WebView2 Runtime"
    } else {
        "a C compiler, pkg-config, WebKitGTK 4.1 and ALSA with their headers, libayatana-appindicator3, a CJK font; Xvfb, openbox, dbus-daemon and \
         ImageMagick where there is no display"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_asks_for_no_server_and_no_test_tool() {
        for need in [Need::Run, Need::RunVirtual] {
            let packages = need.packages();
            assert!(packages.iter().all(|p| !SERVERS.contains(p)
                && !WINDOW_TESTS.contains(p)
                && !READERS.contains(p)));
        }
        assert!(Need::Run.packages().iter().all(|p| !DISPLAY.contains(p)));
    }

    #[test]
    fn the_advice_for_debians_relatives_names_every_package() {
        let advice: Vec<&str> = advice(&["ubuntu"]).split_whitespace().collect();
        for package in Need::Test.packages() {
            // Elsewhere another version of it may be the one there is.
            let name = package.name.trim_end_matches("-15");
            assert!(advice.contains(&name), "{name}");
        }
    }

    #[test]
    fn tests_ask_for_everything_once() {
        let mut names: Vec<_> = Need::Test.packages().iter().map(|p| p.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(
            all,
            BUILD.len() + DISPLAY.len() + WINDOW_TESTS.len() + SERVERS.len() + READERS.len()
        );
    }

    #[test]
    fn each_family_gets_its_own_advice() {
        assert!(advice(&["ubuntu", "debian"]).contains("apt-get"));
        assert!(advice(&["linuxmint", "ubuntu"]).contains("apt-get"));
        assert!(advice(&["rocky", "rhel", "fedora"]).contains("dnf"));
        assert!(advice(&["nixos"]).contains("WebKitGTK 4.1"));
    }
}

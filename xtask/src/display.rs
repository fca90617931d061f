//! A private display: Xvfb, a session bus and a window manager, all ended on drop. The bus activates nothing
//! by itself, so that no keyring daemon asks for a password and no service outlives us.

use crate::procs::{self, Service};
use crate::screens;
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long each part may take to come up, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A session bus without service directories.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=@SOCKET@</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

impl Size {
    /// 1920×1080.
    pub const FULL_HD: Self = Self { w: 1920, h: 1080 };
    /// 3840×2160.
    pub const UHD: Self = Self { w: 3840, h: 2160 };
    /// 2560×1080, that is 21:9.
    pub const WIDE: Self = Self { w: 2560, h: 1080 };
    /// The pocket view of 390×844 with the frame of a window manager.
    pub const PHONE: Self = Self { w: 392, h: 868 };
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.w, self.h)
    }
}

/// A running display.
#[derive(Debug)]
pub struct Display {
    // dropped in this order: what needs the display first
    _window_manager: Service,
    bus: Service,
    xvfb: Service,
    dir: TempDir,
    number: String,
    size: Size,
}

impl Display {
    /// Starts one; Xvfb chooses a free number by itself.
    ///
    /// # Errors
    /// When a part is not installed or does not come up.
    pub fn start(size: Size) -> Result<Self> {
        let dir = TempDir::new("display")?;
        let (xvfb, number) = start_xvfb(size, &dir)?;
        Self::around(xvfb, number, dir, size)
    }

    /// Starts one that has several screens of this size beside each other, which can be unplugged ([`screens`](crate::screens)).
    ///
    /// # Errors
    /// When a part is not installed or does not come up.
    pub fn with_screens(size: Size, count: u32) -> Result<Self> {
        let dir = TempDir::new("screens")?;
        let mut command = screens::server(size, count, dir.path())?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log(&dir, "xorg")?);
        let mut server = Service::start("Xorg", &mut command)?;
        let number = first_line(&mut server).with_context(|| {
            let told = fs::read_to_string(dir.path().join("xorg.log"));
            format!("Xorg: {}", told.unwrap_or_default())
        })?;
        let all = Size {
            w: size.w * count,
            h: size.h,
        };
        let display = Self::around(server, format!(":{number}"), dir, all)?;
        screens::add_mode(&display, size)?;
        for screen in 0..count {
            screens::plug_in(&display, screen)?;
        }
        Ok(display)
    }

    fn around(xvfb: Service, number: String, dir: TempDir, size: Size) -> Result<Self> {
        let bus = start_bus(&number, &dir)?;
        let mut wm = procs::tied("openbox");
        wm.arg("--sm-disable")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(&dir, "openbox")?);
        set_env(&mut wm, &number, &dir);
        let mut window_manager = Service::start("openbox", &mut wm)?;
        window_manager.check()?;
        Ok(Self {
            _window_manager: window_manager,
            bus,
            xvfb,
            dir,
            number,
            size,
        })
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Its name for `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.number
    }

    /// Process id of the X server.
    pub fn xvfb_pid(&self) -> u32 {
        self.xvfb.pid()
    }

    /// Process id of the session bus.
    pub fn bus_pid(&self) -> u32 {
        self.bus.pid()
    }

    /// A directory that goes when the display goes.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Makes `command` show its windows here and know no other session.
    pub fn apply(&self, command: &mut Command) {
        set_env(command, &self.number, &self.dir);
    }

    /// What the screen shows now, as a PNG at `to`. A reader sees the old picture or the new one, never half of
    /// one.
    ///
    /// # Errors
    /// When the picture cannot be taken or written.
    pub fn picture(&self, to: &Path) -> Result<()> {
        let folder = to.parent().context("a folder for the picture")?;
        fs::create_dir_all(folder)?;
        let name = to
            .file_name()
            .context("a name for the picture")?
            .to_string_lossy();
        let half = folder.join(format!(".{name}.{}.part", std::process::id()));
        let mut import = Command::new("import");
        import
            .args(["-silent", "-window", "root", "-quality", "15"])
            .arg(format!("png:{}", half.display()));
        self.apply(&mut import);
        procs::output(&mut import)?;
        fs::rename(&half, to)?;
        Ok(())
    }
}

fn log(dir: &TempDir, name: &str) -> Result<fs::File> {
    Ok(fs::File::create(dir.path().join(format!("{name}.log")))?)
}

fn start_xvfb(size: Size, dir: &TempDir) -> Result<(Service, String)> {
    let mut command = procs::tied("Xvfb");
    command
        .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24")])
        .args(["-nolisten", "tcp", "-noreset"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log(dir, "xvfb")?);
    let mut xvfb = Service::start("Xvfb", &mut command)?;
    let number = first_line(&mut xvfb).with_context(|| {
        format!(
            "Xvfb: {}",
            fs::read_to_string(dir.path().join("xvfb.log")).unwrap_or_default()
        )
    })?;
    Ok((xvfb, format!(":{number}")))
}

fn start_bus(number: &str, dir: &TempDir) -> Result<Service> {
    let config = dir.path().join("bus.conf");
    let socket = dir.path().join("bus");
    fs::write(&config, BUS.replace("@SOCKET@", &socket.to_string_lossy()))?;
    let mut command = procs::tied("dbus-daemon");
    command
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .arg(format!("--config-file={}", config.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log(dir, "bus")?);
    set_env(&mut command, number, dir);
    let mut bus = Service::start("dbus-daemon", &mut command)?;
    first_line(&mut bus).with_context(|| {
        format!(
            "dbus-daemon: {}",
            fs::read_to_string(dir.path().join("bus.log")).unwrap_or_default()
        )
    })?;
    Ok(bus)
}

/// Waits for the first line that `service` writes. Each writes exactly one when it is ready.
fn first_line(service: &mut Service) -> Result<String> {
    let out = service.child().stdout.take().context("no pipe")?;
    let (send, line) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        if BufReader::new(out)
            .read_line(&mut text)
            .is_ok_and(|n| n > 0)
        {
            let _ = send.send(text.trim().to_owned());
        }
    });
    match line.recv_timeout(READY_WITHIN) {
        Ok(text) => Ok(text),
        Err(_) => {
            service.check()?;
            bail!("not ready within {READY_WITHIN:?}")
        }
    }
}

fn set_env(command: &mut Command, number: &str, dir: &TempDir) {
    command
        .env("DISPLAY", number)
        .env("XDG_RUNTIME_DIR", dir.path())
        .env(
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}", dir.path().join("bus").display()),
        )
        .env("GDK_BACKEND", "x11")
        .env("NO_AT_BRIDGE", "1")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("XAUTHORITY");
}

/// A directory of our own (0700) in the system's place for such, removed on drop. Short, because sockets in it
/// may have at most 107 bytes of path.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(what: &str) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "shouwang-{what}-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

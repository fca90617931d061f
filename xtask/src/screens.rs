//! Several screens on one display, for tests: the X server with the driver `dummy`, whose outputs DUMMY0, DUMMY1 … can be plugged in and
//! pulled out by `xrandr` as those of a graphics card can.

use crate::display::{Display, Size};
use crate::procs;
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The name of the mode that we add.
const MODE: &str = "shouwang";
const CONFIG: &str = "xorg.conf";
/// Past the wrapper that asks who sits at the console: this server needs none.
const SERVER: &str = "/usr/lib/xorg/Xorg";

/// The X server for so many screens beside each other, as it is to be started; writes its configuration into `dir`.
///
/// # Errors
/// When the configuration cannot be written.
pub fn server(size: Size, count: u32, dir: &Path) -> Result<Command> {
    fs::write(dir.join(CONFIG), config(size, count))?;
    let mut command = procs::tied(SERVER);
    // A seat of its own: then it touches no terminal. A relative path: only root may name another.
    command
        .current_dir(dir)
        .args(["-displayfd", "1", "-seat", "shouwang", "-noreset"])
        .args(["-nolisten", "tcp", "-config", CONFIG, "-logfile"])
        .arg(dir.join("xorg-server.log"));
    Ok(command)
}

fn config(size: Size, count: u32) -> String {
    let Size { w, h } = size;
    format!(
        r#"Section "ServerFlags"
 Option "AutoAddDevices" "false"
 Option "AutoEnableDevices" "false"
EndSection
Section "Device"
 Identifier "device"
 Driver "dummy"
 VideoRam 256000
EndSection
Section "Monitor"
 Identifier "monitor"
 HorizSync 5-1000
 VertRefresh 5-200
 {}
EndSection
Section "Screen"
 Identifier "screen"
 Device "device"
 Monitor "monitor"
 DefaultDepth 24
 SubSection "Display"
  Depth 24
  Modes "{w}x{h}"
  Virtual {} {h}
 EndSubSection
EndSection
"#,
        format_args!("Modeline \"{w}x{h}\" {}", timing(size)),
        w * count
    )
}

/// A mode line's numbers: nobody sees this picture, so any timing does.
fn timing(size: Size) -> String {
    let Size { w, h } = size;
    format!(
        "148.5 {w} {} {} {} {h} {} {} {}",
        w + 88,
        w + 132,
        w + 280,
        h + 4,
        h + 9,
        h + 45
    )
}

fn xrandr(display: &Display, args: &[&str]) -> Result<String> {
    let mut command = Command::new("xrandr");
    command.args(args);
    display.apply(&mut command);
    procs::output(&mut command)
}

/// The output of a screen, counted from 0.
pub fn name(screen: u32) -> String {
    format!("DUMMY{screen}")
}

pub(crate) fn add_mode(display: &Display, size: Size) -> Result<()> {
    let timing = timing(size);
    let mut args = vec!["--newmode", MODE];
    args.extend(timing.split(' '));
    xrandr(display, &args).map(drop)
}

/// Plugs a screen in, to the right of the one before it.
///
/// # Errors
/// When xrandr refuses.
pub fn plug_in(display: &Display, screen: u32) -> Result<()> {
    let (this, before) = (name(screen), name(screen.saturating_sub(1)));
    xrandr(display, &["--addmode", &this, MODE])?;
    let mut args = vec!["--output", &this, "--mode", MODE];
    if screen > 0 {
        args.extend(["--right-of", &before]);
    }
    xrandr(display, &args)?;
    look(display)
}

/// A plug that has been pulled or put in is only noticed when somebody asks the server to look.
fn look(display: &Display) -> Result<()> {
    xrandr(display, &["--query"]).map(drop)
}

/// Pulls a screen out.
///
/// # Errors
/// When xrandr refuses.
pub fn pull_out(display: &Display, screen: u32) -> Result<()> {
    let this = name(screen);
    xrandr(display, &["--output", &this, "--off"])?;
    xrandr(display, &["--delmode", &this, MODE])?;
    look(display)
}

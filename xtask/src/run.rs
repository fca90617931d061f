//! `cargo xtask run`: from a clone to the wall.

use crate::args::Args;
use crate::display::{Display, Size};
use crate::packages::Need;
use crate::procs::{self, Service};
use crate::{app, paths, say, setup};
use anyhow::{Result, bail};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// When pictures are taken after the start: early ones so that the wall can be seen at once, then every ten
/// seconds.
const PICTURES: [u64; 4] = [2, 4, 7, 10];
const PICTURE_EVERY: u64 = 10;
/// How long the program may take to start and to end beyond `--seconds`.
const OVERTIME: Duration = Duration::from_secs(30);

/// `cargo xtask run [--release] [--config FILE] [--kiosk] [--board ID] [--seconds N]`.
///
/// # Errors
/// When a build fails, or the program ends without success.
pub fn main(mut args: Args) -> Result<()> {
    let release = args.flag("--release");
    let kiosk = args.flag("--kiosk");
    let config = args.value("--config")?;
    let board = args.value("--board")?;
    let seconds = args.number("--seconds")?;
    args.finish()?;
    // relative to where the person is, not to the checkout
    let config = config.map(std::path::absolute).transpose()?;

    let virtual_display = !setup::has_display();
    setup::ensure(if virtual_display {
        Need::RunVirtual
    } else {
        Need::Run
    })?;
    let program = app::build(release)?;

    let mut command = Command::new(program);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    if let Some(board) = board {
        command.args(["--board", &board]);
    }
    if kiosk {
        command.arg("--kiosk");
    }
    if let Some(seconds) = seconds {
        command.args(["--seconds", &seconds.to_string()]);
    }
    open(command, virtual_display, seconds)
}

fn open(mut command: Command, virtual_display: bool, seconds: Option<u64>) -> Result<()> {
    let picture = paths::output().join("wall.png");
    let display = if virtual_display {
        let display = Display::start(Size::FULL_HD)?;
        display.apply(&mut command);
        // an old picture must not be taken for the new wall
        let _ = fs::remove_file(&picture);
        Some(display)
    } else {
        None
    };
    say::step(
        "打开大屏（Ctrl-C 结束）",
        "opening the wall (Ctrl-C ends it)",
    );
    if let Some(display) = &display {
        say::note(
            &format!(
                "没有显示器，使用虚拟显示 {}（{}）；画面每 10 秒写入 {}",
                display.name(),
                display.size(),
                picture.display()
            ),
            &format!(
                "there is no display, so a virtual one is used: {} ({}); its picture goes to {} every 10 seconds",
                display.name(),
                display.size(),
                picture.display()
            ),
        );
    }
    let mut service = Service::start("shouwang", &mut command)?;
    let limit = seconds.map(|s| Duration::from_secs(s) + OVERTIME);
    let status = watch(&mut service, display.as_ref(), &picture, limit)?;
    match status {
        None => Ok(()),
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("程序异常结束：{status} · the program ended with {status}"),
    }
}

/// Takes pictures until the program ends; `None` when the person ended it.
fn watch(
    service: &mut Service,
    display: Option<&Display>,
    picture: &Path,
    limit: Option<Duration>,
) -> Result<Option<ExitStatus>> {
    let begun = procs::now();
    let mut next = 0;
    loop {
        if let Some(status) = service.ended()? {
            return Ok(Some(status));
        }
        if procs::interrupted() {
            service.end();
            return Ok(None);
        }
        if limit.is_some_and(|l| begun.elapsed() > l) {
            service.end();
            bail!("程序没有按时结束 · the program did not end in time");
        }
        if let Some(display) = display
            && begun.elapsed() >= picture_at(next)
        {
            take(display, picture, begun, next == 0);
            next += 1;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn picture_at(index: usize) -> Duration {
    let seconds = PICTURES.get(index).copied().unwrap_or_else(|| {
        let more = (index - PICTURES.len() + 1) as u64;
        PICTURE_EVERY * (more + 1)
    });
    Duration::from_secs(seconds)
}

/// A picture that cannot be taken (the program is just ending) must not end the wall.
fn take(display: &Display, picture: &Path, begun: Instant, first: bool) {
    match display.picture(picture) {
        Ok(()) if first => say::note(
            &format!("第一张画面：{:.1} 秒后", begun.elapsed().as_secs_f64()),
            &format!("first picture after {:.1} s", begun.elapsed().as_secs_f64()),
        ),
        Ok(()) => {}
        Err(e) => eprintln!("   {e:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_early_and_then_every_ten_seconds() {
        let times: Vec<u64> = (0..7).map(|i| picture_at(i).as_secs()).collect();
        assert_eq!(times, [2, 4, 7, 10, 20, 30, 40]);
    }
}

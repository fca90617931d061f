//! CPU and memory of the wall with the fixture's boards, at 1920×1080 and 3840×2160.

use super::{Figure, Limit, Report};
use crate::app::{self, Running};
use crate::display::Size;
use crate::fixture::{self, Fixture, Layout};
use crate::procfs::Cost;
use crate::{procs, say};
use anyhow::Result;
use std::time::Duration;

/// MB in the sense of the target: 10^6 bytes.
const MB: f64 = 1e6;

/// What is measured, and what it may cost.
struct Target {
    bench: &'static str,
    layout: Layout,
    /// Percent of one core at 1920×1080 and at 3840×2160.
    cpu: [f64; 2],
    /// MB of PSS.
    memory: f64,
}

/// 24 panels.
pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let target = Target {
        bench: "wall",
        layout: Layout::ONE,
        cpu: [5.0, 7.0],
        memory: 330.0,
    };
    reach(report, quick, &target)
}

/// 48 panels.
pub(super) fn measure_full(report: &mut Report, quick: bool) -> Result<()> {
    let target = Target {
        bench: "wall-48",
        layout: Layout::FULL,
        cpu: [8.0, 12.0],
        memory: 400.0,
    };
    reach(report, quick, &target)
}

fn reach(report: &mut Report, quick: bool, target: &Target) -> Result<()> {
    let program = app::build(true)?;
    let fixture = Fixture::with(target.layout.panels)?;
    let args = fixture::configure(fixture.dir(), fixture.port(), target.layout)?;
    for (size, limit) in [Size::FULL_HD, Size::UHD].into_iter().zip(target.cpu) {
        let mut running = Running::start(&program, &args, size)?;
        running.painted()?;
        let sample = observe(&mut running, quick)?;
        let picture = crate::paths::output().join(format!("bench-{}-{size}.png", target.bench));
        running.display().picture(&picture)?;
        say::note(
            &format!("画面：{}", picture.display()),
            &format!("picture: {}", picture.display()),
        );
        tell(report, target, (size, limit), &sample)?;
    }
    Ok(())
}

/// What was seen over the time of measuring.
struct Observed {
    seconds: f64,
    before: Cost,
    after: Cost,
    /// Bytes, in the order of time.
    memory: Vec<u64>,
    xvfb: f64,
}

fn observe(running: &mut Running, quick: bool) -> Result<Observed> {
    let (settle, rounds) = if quick { (10, 4) } else { (30, 12) };
    procs::pause(Duration::from_secs(settle))?;
    let xvfb_pid = running.display().xvfb_pid();
    let xvfb_before = Cost::of_tree(xvfb_pid)?;
    let before = running.cost()?;
    let begun = procs::now();
    let mut memory = vec![before.pss_total()];
    for _ in 0..rounds {
        procs::pause(Duration::from_secs(5))?;
        running.check()?;
        memory.push(running.cost()?.pss_total());
    }
    let after = running.cost()?;
    let seconds = begun.elapsed().as_secs_f64();
    let xvfb = Cost::of_tree(xvfb_pid)?
        .cpu_since(&xvfb_before)
        .as_secs_f64()
        / seconds
        * 100.0;
    Ok(Observed {
        seconds,
        before,
        after,
        memory,
        xvfb,
    })
}

fn tell(
    report: &mut Report,
    target: &Target,
    (size, limit): (Size, f64),
    seen: &Observed,
) -> Result<()> {
    let percent = |t: Duration| t.as_secs_f64() / seen.seconds * 100.0;
    let mut add = |name: String, value: f64, unit: &str, limit: Limit| {
        report.add(Figure {
            bench: target.bench,
            name,
            value,
            unit: unit.into(),
            limit,
        })
    };
    let cpu = percent(seen.after.cpu_since(&seen.before));
    add(
        format!("cpu, all our processes, {size}"),
        cpu,
        "% of one core",
        Limit::AtMost(limit),
    )?;
    for (name, time) in seen.after.cpu_since_by_name(&seen.before) {
        add(
            format!("  of it {name}, {size}"),
            percent(time),
            "% of one core",
            Limit::None,
        )?;
    }
    add(
        format!("  (Xvfb, not ours), {size}"),
        seen.xvfb,
        "% of one core",
        Limit::None,
    )?;
    let mut sorted = seen.memory.clone();
    sorted.sort_unstable();
    let at = |i: usize| sorted.get(i).copied().unwrap_or_default() as f64 / MB;
    add(
        format!("memory (PSS), median, {size}"),
        at(sorted.len() / 2),
        "MB",
        Limit::AtMost(target.memory),
    )?;
    add(
        format!("memory (PSS), greatest, {size}"),
        at(sorted.len() - 1),
        "MB",
        Limit::None,
    )
}

//! `cargo xtask soak`: does memory grow? One update a second for an hour, or boards that follow each other for two.

use crate::app::{self, Running};
use crate::args::Args;
use crate::display::Size;
use crate::fixture::{self, Fixture, Layout};
use crate::packages::Need;
use crate::{paths, procs, say, setup};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(5);
const FLOOR_OVER: f64 = 300.0;
const JUDGED_OVER: f64 = 2400.0;
/// Sixteen boards have each been shown some times by then.
const WARMING: f64 = 600.0;
const MAY_RISE: f64 = 2.0;
/// The same for boards that follow each other.
const MAY_RISE_ROTATING: f64 = 5.0;

/// `cargo xtask soak [--rotate] [--minutes N]`: an hour of one board, or with `--rotate` two hours of sixteen boards of ten seconds each.
///
/// # Errors
/// When the program ends by itself, or memory rises too much.
pub fn main(mut args: Args) -> Result<()> {
    let rotate = args.flag("--rotate");
    let usual = if rotate { 120 } else { 60 };
    let minutes = args.number("--minutes")?.unwrap_or(usual);
    args.finish()?;
    if minutes < 15 {
        bail!("至少 15 分钟才能判断 · 15 minutes at least, or nothing can be judged");
    }
    setup::ensure(Need::Bench)?;
    let program = app::build(true)?;
    let fixture = Fixture::start()?;
    let (layout, may_rise, judged) = if rotate {
        (Layout::ROTATING, MAY_RISE_ROTATING, Judged::AfterWarming)
    } else {
        (Layout::ONE, MAY_RISE, Judged::Last(JUDGED_OVER))
    };
    let args = fixture::configure(fixture.dir(), fixture.port(), layout)?;
    let mut running = Running::start(&program, &args, Size::FULL_HD)?;
    running.painted()?;
    say::step(
        &format!("运行 {minutes} 分钟，每 5 秒记录内存"),
        &format!("running for {minutes} minutes, memory every 5 s"),
    );
    let samples = watch(&mut running, Duration::from_secs(minutes * 60))?;
    running
        .display()
        .picture(&paths::output().join("soak.png"))?;
    let verdict = judge(&samples, judged).context("too few samples")?;
    for (minute, floor) in &verdict.floors {
        println!("{{\"soak\":\"floor\",\"minute\":{minute},\"mb\":{floor:.2}}}");
    }
    let reached = verdict.rise <= may_rise;
    println!(
        "{{\"soak\":\"rise\",\"over_minutes\":{:.0},\"mb\":{:.2},\"at_most\":{may_rise},\"reached\":{reached}}}",
        verdict.over / 60.0,
        verdict.rise
    );
    say::note(
        &format!(
            "内存下限在最后 {:.0} 分钟上升 {:.2} MB（≤ {may_rise}）：{}",
            verdict.over / 60.0,
            verdict.rise,
            if reached { "达标" } else { "未达标" }
        ),
        &format!("the floor of memory rose by {:.2} MB", verdict.rise),
    );
    if !reached {
        bail!("内存在增长 · memory grows");
    }
    Ok(())
}

/// Seconds since the start, and MB of all our processes.
type Sample = (f64, f64);

fn watch(running: &mut Running, time: Duration) -> Result<Vec<Sample>> {
    fs::create_dir_all(paths::output())?;
    let mut csv = File::create(paths::output().join("soak.csv"))?;
    writeln!(csv, "seconds,pss_mb,cpu_seconds,by_process_mb")?;
    let first = running.cost()?;
    let begun = procs::now();
    let mut samples = Vec::new();
    while begun.elapsed() < time {
        procs::pause(EVERY)?;
        running.check()?;
        let cost = running.cost()?;
        let (seconds, mb) = (begun.elapsed().as_secs_f64(), cost.pss_total() as f64 / 1e6);
        let each: Vec<String> = cost
            .pss
            .iter()
            .map(|(pid, b)| {
                format!(
                    "{}={:.1}",
                    cost.names.get(pid).map_or("?", String::as_str),
                    *b as f64 / 1e6
                )
            })
            .collect();
        let cpu = cost.cpu_since(&first).as_secs_f64();
        writeln!(csv, "{seconds:.1},{mb:.3},{cpu:.2},{}", each.join(" "))?;
        samples.push((seconds, mb));
        if samples.len() % 60 == 0 {
            eprintln!(
                "   {:>4.0} min  {mb:.1} MB  {:.2} % CPU",
                seconds / 60.0,
                cpu / seconds * 100.0
            );
        }
    }
    Ok(samples)
}

/// What the samples say.
#[derive(Debug, PartialEq)]
struct Verdict {
    /// Minute in which each five minutes begin, and their smallest value in MB.
    floors: Vec<(u32, f64)>,
    /// The last floor minus the first of those judged, in MB.
    rise: f64,
    /// Seconds that are judged.
    over: f64,
}

/// What of a run is judged.
#[derive(Clone, Copy, Debug)]
enum Judged {
    /// The last so many seconds, or all but the first five minutes of a shorter run.
    Last(f64),
    /// Everything after [`WARMING`]: what grows only in the beginning grows all the same.
    AfterWarming,
}

/// The floor of each full five minutes, and the rise over what is judged.
fn judge(samples: &[Sample], what: Judged) -> Option<Verdict> {
    let end = samples.last()?.0;
    let whole = ((end + EVERY.as_secs_f64()) / FLOOR_OVER).floor() as u32;
    let floors: Vec<(u32, f64)> = (0..whole)
        .filter_map(|i| {
            let from = f64::from(i) * FLOOR_OVER;
            let inside = samples
                .iter()
                .filter(|(t, _)| *t >= from && *t < from + FLOOR_OVER);
            let least = inside.map(|(_, mb)| *mb).min_by(f64::total_cmp)?;
            Some((i * 5, least))
        })
        .collect();
    let from = match what {
        Judged::Last(seconds) => {
            let wanted = (seconds / FLOOR_OVER) as usize;
            1.max(floors.len().saturating_sub(wanted))
        }
        Judged::AfterWarming => (WARMING / FLOOR_OVER) as usize,
    };
    let judged = floors.get(from..)?;
    let (first, last) = (judged.first()?, judged.last()?);
    Some(Verdict {
        rise: last.1 - first.1,
        over: judged.len() as f64 * FLOOR_OVER,
        floors: floors.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Judged = Judged::Last(JUDGED_OVER);

    fn hour(mb: impl Fn(f64) -> f64) -> Vec<Sample> {
        (1..=720)
            .map(|i| (f64::from(i) * 5.0, mb(f64::from(i) * 5.0)))
            .collect()
    }

    #[test]
    fn a_saw_tooth_on_a_level_floor_does_not_rise() {
        let v = judge(&hour(|t| 200.0 + t % 100.0), LAST).unwrap();
        assert_eq!(v.floors.len(), 12);
        assert_eq!((v.rise, v.over), (0.0, 2400.0));
    }

    #[test]
    fn a_slow_leak_shows_and_warming_up_does_not() {
        let leak = judge(&hour(|t| 200.0 + t / 600.0 + t % 100.0), LAST).unwrap();
        assert!(leak.rise > 3.0 && leak.rise < 4.0, "{leak:?}");
        let warm = judge(&hour(|t| if t < 900.0 { 100.0 } else { 300.0 }), LAST).unwrap();
        assert_eq!(warm.rise, 0.0);
    }

    #[test]
    fn of_a_rotation_everything_after_the_warming_up_is_judged() {
        // It grows in the first twenty minutes alone: the last forty are level.
        let early = hour(|t| 200.0 + (t / 60.0).min(20.0) + t % 100.0);
        assert_eq!(judge(&early, LAST).unwrap().rise, 0.0);
        let whole = judge(&early, Judged::AfterWarming).unwrap();
        assert!(whole.rise > 9.0, "{whole:?}");
        assert_eq!(whole.over, 3_000.0);
    }

    #[test]
    fn a_run_that_is_too_short_is_not_judged() {
        assert_eq!(judge(&[], LAST), None);
        assert_eq!(judge(&[(5.0, 1.0)], LAST), None);
    }
}

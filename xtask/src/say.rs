//! Words for the person at the terminal: Chinese first, then English. All on standard error, so that
//! standard output stays with the figures.

use std::time::Duration;

/// One step begins.
pub fn step(zh: &str, en: &str) {
    eprintln!("\n== {zh} · {en}");
}

/// A line of information.
pub fn note(zh: &str, en: &str) {
    eprintln!("   {zh}\n   {en}");
}

/// Why the command ends without success.
pub fn problem(error: &anyhow::Error) {
    eprintln!("\n失败 · failed: {error:#}");
}

/// How long each step took.
pub fn times(steps: &[(&str, Duration)]) {
    let total: Duration = steps.iter().map(|(_, t)| *t).sum();
    eprintln!("\n== 用时 · time");
    for (name, time) in steps {
        eprintln!("   {:<12} {:>7.1} s", name, time.as_secs_f64());
    }
    eprintln!("   {:<12} {:>7.1} s", "总计 · all", total.as_secs_f64());
}

//! `cargo xtask screenshots`: the pictures of README and docs, taken of the program with its demonstration.

use crate::app::{self, Running};
use crate::args::Args;
use crate::display::{Size, TempDir};
use crate::packages::Need;
use crate::{paths, procs, say, setup};
use anyhow::Result;
use std::fs;
use std::time::Duration;

const SIZES: [(&str, Size); 3] = [
    ("1080p", Size::FULL_HD),
    ("4k", Size::UHD),
    ("21x9", Size::WIDE),
];
/// Each theme with the end of its pictures' names; the first is the default.
const THEMES: [(&str, &str); 2] = [("dark", ""), ("calm", "-calm")];
/// So long the demonstration runs before its picture is taken, so that rates over minutes have values.
const WARM: Duration = Duration::from_secs(20);

/// `cargo xtask screenshots [--debug]`.
///
/// # Errors
/// When the program does not paint.
pub fn main(mut args: Args) -> Result<()> {
    let release = !args.flag("--debug");
    args.finish()?;
    setup::ensure(Need::RunVirtual)?;
    let program = app::build(release)?;
    let folder = paths::root().join("docs/images");
    fs::create_dir_all(&folder)?;
    for (theme, ending) in THEMES {
        let dir = TempDir::new("screenshots")?;
        let config = dir.path().join("shouwang.toml");
        fs::write(&config, format!("theme = \"{theme}\"\n"))?;
        let args = [
            "--config".to_owned(),
            config.display().to_string(),
            "--kiosk".to_owned(),
        ];
        for (name, size) in SIZES {
            say::step(
                &format!("拍摄 {name} {theme}"),
                &format!("taking {name} {theme}"),
            );
            let mut running = Running::start(&program, &args, size)?;
            running.painted()?;
            procs::pause(WARM)?;
            running.check()?;
            let picture = folder.join(format!("wall-{name}{ending}.png"));
            running.display().picture(&picture)?;
            eprintln!("   {}", picture.display());
        }
    }
    Ok(())
}

//! The page: installed and built only when its sources changed, because npm alone would cost seconds at each
//! start.

use crate::{paths, procs, say};
use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// npm in the page's folder.
pub fn npm(args: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(args).current_dir(paths::ui());
    command
}

/// Installs the page's packages, if the lock file changed since the last time.
///
/// # Errors
/// When npm fails.
pub fn install() -> Result<()> {
    let ui = paths::ui();
    let stamp = ui.join("node_modules/.shouwang-stamp");
    let wanted = format!(
        "{:016x}",
        hash(&[ui.join("package.json"), ui.join("package-lock.json")])?
    );
    if fs::read_to_string(&stamp).is_ok_and(|s| s == wanted) {
        return Ok(());
    }
    say::step("安装界面的依赖", "installing the page's packages");
    procs::step(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, wanted).context("node_modules")
}

/// Builds the page, if its sources or its result changed since the last time.
///
/// # Errors
/// When npm fails.
pub fn build() -> Result<()> {
    let stamp = paths::output().join("xtask/ui.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|s| state().is_ok_and(|now| now == s)) {
        return Ok(());
    }
    install()?;
    say::step("构建界面", "building the page");
    procs::step(&mut npm(&["run", "build"]))?;
    fs::create_dir_all(paths::output().join("xtask"))?;
    fs::write(&stamp, state()?).context("target")
}

/// What the page is made of and what was made of it, as one short text.
fn state() -> Result<String> {
    let ui = paths::ui();
    let mut sources = vec![paths::root().join("locales")];
    for entry in fs::read_dir(&ui).context("ui")? {
        let path = entry?.path();
        if !["node_modules", "dist"].iter().any(|n| path.ends_with(n)) {
            sources.push(path);
        }
    }
    sources.sort();
    Ok(format!(
        "{:016x} {:016x}",
        hash(&sources)?,
        hash(&[ui.join("dist/index.html"), ui.join("dist")])?
    ))
}

/// Of names and contents of all files in `places`, in a fixed order.
fn hash(places: &[PathBuf]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for place in places {
        hash_into(place, &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn hash_into(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    hasher.write(path.as_os_str().as_encoded_bytes());
    if path.is_dir() {
        let mut inside = fs::read_dir(path)?
            .map(|e| e.map(|e| e.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        inside.sort();
        for p in inside {
            hash_into(&p, hasher)?;
        }
        return Ok(());
    }
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    hasher.write_usize(bytes.len());
    hasher.write(&bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_sees_content_names_and_order() {
        let dir = std::env::temp_dir().join(format!("xtask-hash-{}", std::process::id()));
        fs::create_dir_all(dir.join("a")).unwrap();
        fs::write(dir.join("a/x"), "1").unwrap();
        let first = hash(std::slice::from_ref(&dir)).unwrap();
        assert_eq!(first, hash(std::slice::from_ref(&dir)).unwrap());
        fs::write(dir.join("a/x"), "2").unwrap();
        let second = hash(std::slice::from_ref(&dir)).unwrap();
        assert_ne!(first, second);
        fs::rename(dir.join("a/x"), dir.join("a/y")).unwrap();
        assert_ne!(second, hash(std::slice::from_ref(&dir)).unwrap());
        assert!(hash(&[dir.join("none")]).is_err());
        fs::remove_dir_all(dir).unwrap();
    }
}

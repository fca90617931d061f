//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let mut up = here.as_path();
    loop {
        if up.join("Cargo.lock").is_file() {
            return up.to_owned();
        }
        match up.parent() {
            Some(parent) => up = parent,
            None => return here,
        }
    }
}

/// Where cargo builds.
pub fn cargo_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |d| root().join(d))
}

/// Where pictures, figures and logs for people go: always `target/` of the checkout.
pub fn output() -> PathBuf {
    root().join("target")
}

/// The program, built.
pub fn program(release: bool) -> PathBuf {
    let name = if cfg!(windows) {
        "shouwang.exe"
    } else {
        "shouwang"
    };
    cargo_target()
        .join(if release { "release" } else { "debug" })
        .join(name)
}

/// The page's sources.
pub fn ui() -> PathBuf {
    root().join("ui")
}

/// Whether `path` is a program on the search path.
pub fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|all| {
        std::env::split_paths(&all).any(|dir| Path::new(&dir).join(name).is_file())
    })
}

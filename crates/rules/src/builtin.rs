//! The rules inside the program: the folder `rules/` of the repository. How to add one: docs/how-to-add-a-rule.md.

use crate::error::RuleError;
use crate::parse::{Loaded, parse};
use include_dir::{Dir, include_dir};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../rules");

/// Name (`infrastructure.yaml`) and text of each file, by name.
pub fn files() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = BUILT_IN
        .files()
        .filter_map(|f| Some((f.path().to_str()?, f.contents_utf8()?)))
        .filter(|(name, _)| name.ends_with(".yaml"))
        .collect();
    all.sort_unstable();
    all
}

/// All of them, read and checked.
///
/// # Errors
/// When one is wrong; a test keeps that from happening.
pub fn load() -> Result<Vec<Loaded>, Vec<RuleError>> {
    files().into_iter().map(|(n, t)| parse(n, t)).collect()
}

//! Views that people have kept: a small JSON file with one writer.

use super::scope::refuse;
use crate::Problem;
use crate::config::read_bounded;
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;
use wire::{ErrorCode, ErrorView, LogSavedView, LogViewEdit};

/// Views at most; characters of a name, of a query; columns of one.
const VIEWS: usize = 200;
const NAME: usize = 60;
const QUERY: usize = 8_000;
const COLUMNS: usize = super::views::COLUMNS;
/// In the data directory.
const FILE: &str = "log-views.json";

/// The views and where they are kept.
#[derive(Debug)]
pub(super) struct Saved {
    file: Option<PathBuf>,
    views: Mutex<Vec<LogSavedView>>,
}

impl Saved {
    /// Those of the data directory; without one they are kept only as long as the program runs. A file that cannot be read is
    /// told and left alone until the next change, which sets it aside.
    pub fn open(data: Option<&Path>) -> (Self, Option<Problem>) {
        let file = data.map(|d| d.join(FILE));
        let read = file.as_deref().filter(|f| f.exists()).map(read);
        let (views, problem) = match read {
            Some(Err(problem)) => (Vec::new(), Some(problem)),
            Some(Ok(views)) => (views, None),
            None => (Vec::new(), None),
        };
        if let (Some(problem), Some(file)) = (&problem, &file) {
            let aside = file.with_extension("broken.json");
            let moved = std::fs::rename(file, &aside);
            tracing::warn!(%problem, aside = %aside.display(), ok = moved.is_ok(), "kept views cannot be read");
        }
        let views = Mutex::new(views);
        (Self { file, views }, problem)
    }

    /// All, by name.
    pub async fn all(&self) -> Vec<LogSavedView> {
        self.views.lock().await.clone()
    }

    /// Changes them; answered when it is on the disk.
    ///
    /// # Errors
    /// What is wrong with the view, or the disk's.
    pub async fn edit(&self, edit: LogViewEdit) -> Result<Vec<LogSavedView>, ErrorView> {
        // Held until it is written: one writer.
        let mut views = self.views.lock().await;
        let next = edited(&views, edit)?;
        if let Some(file) = self.file.clone() {
            let text = serde_json::to_vec_pretty(&next)
                .map_err(|e| ErrorView::new(ErrorCode::Internal).with("detail", e))?;
            let written = tokio::task::spawn_blocking(move || write(&file, &text)).await;
            let written = written.unwrap_or_else(|e| Err(std::io::Error::other(e)));
            written.map_err(|e| refuse("not_written").with("detail", e))?;
        }
        views.clone_from(&next);
        Ok(next)
    }
}

fn read(file: &Path) -> Result<Vec<LogSavedView>, Problem> {
    let text = read_bounded(file)?;
    let mut views: Vec<LogSavedView> = serde_json::from_str(&text).map_err(|e| {
        Problem::new(file, "log_views_broken")
            .at(e.line())
            .with("detail", e)
    })?;
    views.truncate(VIEWS);
    Ok(views)
}

/// Whole or not at all, also when the machine stops.
fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let half = file.with_extension("part");
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut out = std::fs::File::create(&half)?;
    std::io::Write::write_all(&mut out, text)?;
    out.sync_all()?;
    std::fs::rename(&half, file)
}

fn edited(views: &[LogSavedView], edit: LogViewEdit) -> Result<Vec<LogSavedView>, ErrorView> {
    let mut next = views.to_vec();
    match edit {
        LogViewEdit::Drop { name } => next.retain(|v| v.name != name),
        LogViewEdit::Keep { mut view } => {
            view.name = view.name.trim().to_owned();
            let named = (1..=NAME).contains(&view.name.chars().count());
            if !named || view.query.chars().count() > QUERY || view.columns.len() > COLUMNS {
                return Err(refuse("view_name").with("limit", NAME));
            }
            super::complete::parse(&view.query)?;
            if !view.back.is_finite() {
                view.back = 0.0;
            }
            next.retain(|v| v.name != view.name);
            if next.len() >= VIEWS {
                return Err(refuse("view_count").with("limit", VIEWS));
            }
            next.push(view);
            next.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, query: &str) -> LogSavedView {
        LogSavedView {
            name: name.into(),
            query: query.into(),
            ..LogSavedView::default()
        }
    }

    fn keep(name: &str, query: &str) -> LogViewEdit {
        let view = view(name, query);
        LogViewEdit::Keep { view }
    }

    #[tokio::test]
    async fn views_outlive_the_program_and_a_broken_file_is_set_aside() {
        let dir = tempfile::tempdir().expect("a directory");
        let (saved, problem) = Saved::open(Some(dir.path()));
        assert!(problem.is_none());
        saved.edit(keep("支付超时", "超时")).await.expect("kept");
        saved.edit(keep("慢", "level:warn")).await.expect("kept");
        let all = saved.edit(keep(" 慢 ", "level:error")).await.expect("kept");
        assert_eq!(all.len(), 2, "the same name replaces");
        let (again, _) = Saved::open(Some(dir.path()));
        assert_eq!(again.all().await, all);
        let name = "支付超时".into();
        let all = again
            .edit(LogViewEdit::Drop { name })
            .await
            .expect("dropped");
        assert_eq!(all, [view("慢", "level:error")]);

        std::fs::write(dir.path().join(FILE), "[{\n").expect("written");
        let (broken, problem) = Saved::open(Some(dir.path()));
        let problem = problem.expect("told");
        assert_eq!(problem.key, "log_views_broken");
        assert!(broken.all().await.is_empty());
        let aside = dir.path().join("log-views.broken.json");
        assert_eq!(std::fs::read_to_string(aside).expect("kept"), "[{\n");
    }

    #[test]
    fn names_queries_and_their_number_are_bounded() {
        let refused = |edit| edited(&[], edit).map_err(|e| e.code);
        assert_eq!(refused(keep("  ", "")), Err(ErrorCode::Refused));
        assert_eq!(refused(keep(&"长".repeat(61), "")), Err(ErrorCode::Refused));
        assert_eq!(refused(keep("a", "level:(")), Err(ErrorCode::LogQuery));
        let many: Vec<_> = (0..VIEWS).map(|i| view(&i.to_string(), "")).collect();
        assert!(edited(&many, keep("neu", "")).is_err());
        assert!(edited(&many, keep("7", "")).is_ok());
    }
}

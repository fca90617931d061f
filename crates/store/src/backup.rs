//! Backups.

/// Why a backup cannot be made or is not taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupFault {
    /// There is something at the place already.
    #[error("there is already a file of that name")]
    Exists,
}

impl BackupFault {
    /// Stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists => "backup_exists",
        }
    }
}

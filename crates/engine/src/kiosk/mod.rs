//! What a wall decides without anybody: which board stands on which screen, when its page is dead, how bright it is.
//!
//! Everything here is a function of what it is told and of `now`, ms since the epoch (the watchdog: ms of a clock that never jumps).

mod attempts;
mod director;
mod domains;
mod night;
mod plan;
mod process;
mod watch;

pub use attempts::Attempts;
pub use director::{Command, CommandError, Director, Mode, SurfaceState, Why};
pub use domains::{Failing, board_for, domain_of};
pub use night::{Night, NightPlan};
pub use plan::{Hours, Plan, Stop, Surface};
pub use process::{Page, assign};
pub use watch::{Action, Cause, Limits, Pulse, Watch};

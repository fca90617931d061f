//! The alert desk's brain in scenarios: who was told what, when and by which channel.

mod acts;
mod batches;
mod escalation;
mod explained;
mod intake;
mod properties;
mod quiet;
mod restarts;
mod world;

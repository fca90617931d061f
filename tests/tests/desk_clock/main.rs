//! The desk over minutes of the clock: what is said before an edit of the rota is kept, undoing, the rota where it is used, and the desk's own
//! board with something to say. Most of it waits for the next full minute, so all of it waits side by side.

mod before;
mod board;
#[path = "../desk_support/mod.rs"]
mod desk_support;
#[path = "../desk_support/rota.rs"]
mod rota_support;
mod support;
mod used;

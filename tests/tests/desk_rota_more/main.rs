//! The rota in the desk: what is said before an edit is kept, undoing, and the rota where it is used.

mod before;
mod support;
mod used;

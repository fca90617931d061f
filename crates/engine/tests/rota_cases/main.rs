//! The rota's decisions: who is on duty over years, holidays, summer time and midnight; edits, swaps, handovers, plans; and all of it against a
//! slow implementation that shares no code with the fast one.

mod before;
mod clocks;
mod edits;
mod fair;
mod handovers;
mod random;
mod reference;
mod sequences;
mod swaps;
mod world;
mod years;

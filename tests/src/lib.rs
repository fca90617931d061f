//! What tests against real servers share: the servers themselves ([`servers`]), a server that misbehaves
//! on purpose ([`hostile`]), certificates ([`certs`]) and samples by remote write ([`remote_write`]).
//!
//! Everything here is blocking and needs no runtime, so that it works in any test.
#![warn(missing_docs)]

pub mod certs;
pub mod hostile;
pub mod http;
pub mod remote_write;
pub mod servers;
pub mod window;

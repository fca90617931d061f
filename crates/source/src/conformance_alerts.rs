//! The suite that every implementation of [`Alerts`](crate::Alerts) has to pass, on the real system behind it.

//! Passwords and tokens: the OS keyring, or an encrypted vault where there is none.
#![warn(missing_docs)]

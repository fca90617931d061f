//! Sans-IO decisions: what to ask next, what is fresh, how bad it is.
#![warn(missing_docs)]

//! The only types the page sees, and the binary frame.
#![warn(missing_docs)]

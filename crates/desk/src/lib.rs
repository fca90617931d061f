//! The application: loop, driver, configuration, secrets, command line.
#![warn(missing_docs)]

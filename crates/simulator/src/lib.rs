//! The restaurant platform as metrics, with scripted incidents.
#![warn(missing_docs)]

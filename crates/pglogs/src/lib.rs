//! PostgreSQL as a store of logs.

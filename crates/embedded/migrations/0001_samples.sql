-- Samples of the embedded time-series store. Times are milliseconds since the epoch.

CREATE TABLE series (
    id     INTEGER PRIMARY KEY,
    labels TEXT NOT NULL                -- a JSON object
) STRICT;

-- A chunk lies within one bucket of two hours. Its id is (bucket << 32) + a number within the bucket, so that
-- retention deletes one range of keys and the file grows at its end.
CREATE TABLE chunks (
    id        INTEGER PRIMARY KEY,
    series_id INTEGER NOT NULL,
    start_ms  INTEGER NOT NULL,
    end_ms    INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    data      BLOB NOT NULL             -- Prometheus' XOR encoding without the leading count
) STRICT;

CREATE INDEX chunks_by_series ON chunks (series_id, start_ms);

CREATE TABLE metadata (
    metric TEXT PRIMARY KEY,
    body   TEXT NOT NULL                -- a JSON object: type, help, unit
) STRICT, WITHOUT ROWID;

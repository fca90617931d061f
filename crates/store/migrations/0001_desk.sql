-- What the alert desk keeps. Times are milliseconds since the epoch. `body` is the JSON of the type named beside it (model::duty); the other
-- columns repeat what is searched by and are written with it, never by themselves.

CREATE TABLE alerts (
    id           INTEGER PRIMARY KEY,   -- AlertId: one episode
    fingerprint  TEXT NOT NULL,         -- 16 hexadecimal digits
    name         TEXT NOT NULL,         -- label alertname, or empty
    level        INTEGER NOT NULL,      -- 0 to 3: P0 to P3
    first_seen   INTEGER NOT NULL,      -- when we first heard of it; history is ordered by it
    begins_at    INTEGER NOT NULL,      -- its start or first_seen, whichever is later: times of response and resolution count from here
    responded_at INTEGER,               -- when somebody first took it
    resolved_at  INTEGER,               -- NULL while it holds
    acknowledged INTEGER NOT NULL,      -- 1 while somebody has it
    quieted      INTEGER NOT NULL,      -- 1: a silence, maintenance, inhibition or the source kept it quiet at some time
    lingers      INTEGER NOT NULL,      -- 1: closed by hand while a source still reports it, so it must be known after a restart
    body         TEXT NOT NULL          -- Alert
) STRICT;

CREATE INDEX alerts_by_time ON alerts (first_seen, id);
CREATE INDEX alerts_by_name ON alerts (name, first_seen, id);
CREATE INDEX alerts_by_end  ON alerts (resolved_at);
CREATE INDEX alerts_linger  ON alerts (id) WHERE lingers = 1;

-- The timeline, in the order in which it was written.
CREATE TABLE transitions (
    seq   INTEGER PRIMARY KEY,
    alert INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    at    INTEGER NOT NULL,
    acked INTEGER NOT NULL,             -- 1: somebody acknowledged
    body  TEXT NOT NULL                 -- Transition
) STRICT;

CREATE INDEX transitions_by_alert ON transitions (alert, seq);
CREATE INDEX transitions_acked ON transitions (at) WHERE acked = 1;

-- The outbox.
CREATE TABLE notices (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,    -- NoticeId
    created_at INTEGER NOT NULL,
    open       INTEGER NOT NULL,        -- 1: waiting or being sent
    body       TEXT NOT NULL            -- Notice
) STRICT;

CREATE INDEX notices_open ON notices (number) WHERE open = 1;
CREATE INDEX notices_by_time ON notices (created_at);

-- What a notice is about. An alert may be unknown here: retention takes it first.
CREATE TABLE notice_alerts (
    alert  INTEGER NOT NULL,
    notice INTEGER NOT NULL REFERENCES notices (number) ON DELETE CASCADE,
    PRIMARY KEY (alert, notice)
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_alerts_by_notice ON notice_alerts (notice);

-- Who had to do with an alert, for the search by person. An alert may be unknown here, as in notice_alerts.
CREATE TABLE involved (
    person TEXT NOT NULL,               -- PersonId
    alert  INTEGER NOT NULL,
    role   INTEGER NOT NULL,            -- 0 acknowledged, 1 assigned, 2 told
    PRIMARY KEY (person, alert, role)
) STRICT, WITHOUT ROWID;

CREATE INDEX involved_by_alert ON involved (alert);

-- Silences and maintenance windows.
CREATE TABLE mutes (
    id        INTEGER PRIMARY KEY,      -- MuteId
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    body      TEXT NOT NULL             -- Mute
) STRICT;

CREATE INDEX mutes_by_end ON mutes (ends_at);

-- One row.
CREATE TABLE desk (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    identity   TEXT NOT NULL,           -- random; binds the audit log's anchor to this database
    alive_at   INTEGER,                 -- when the desk was last alive
    last_alert INTEGER NOT NULL,        -- largest ids ever given, also after retention
    last_mute  INTEGER NOT NULL
) STRICT;

INSERT INTO desk (one, identity, alive_at, last_alert, last_mute) VALUES (1, lower(hex(randomblob(16))), NULL, 0, 0);

-- The audit log: hash = SHA-256(prev, seq, at, length of entry, entry); the numbers as 8 bytes, big-endian. The first prev is 32 zeros.
CREATE TABLE audit (
    seq   INTEGER PRIMARY KEY,          -- 1, 2, 3, …
    at    INTEGER NOT NULL,
    entry TEXT NOT NULL,                -- AuditEntry, byte for byte as hashed
    prev  BLOB NOT NULL,
    hash  BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
CREATE TRIGGER audit_is_in_order BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;

-- What the rota keeps. Times are milliseconds since the epoch. `body` is the JSON of the type named beside it (model::rota); the other columns
-- repeat what is searched by and are written with it, never by themselves. Everything here comes from the changes in `rota_changes`.

CREATE TABLE members (
    id   TEXT PRIMARY KEY,              -- PersonId
    body TEXT NOT NULL                  -- Member: with telephone number and addresses, in the clear
) STRICT, WITHOUT ROWID;

CREATE TABLE rotas (
    id   TEXT PRIMARY KEY,              -- RotaId
    body TEXT NOT NULL                  -- Rota with its layers
) STRICT, WITHOUT ROWID;

CREATE TABLE calendars (
    id   TEXT PRIMARY KEY,              -- CalendarId
    body TEXT NOT NULL                  -- Calendar
) STRICT, WITHOUT ROWID;

CREATE TABLE absences (
    id       INTEGER PRIMARY KEY,       -- AbsenceId
    person   TEXT NOT NULL,
    from_at  INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    body     TEXT NOT NULL              -- Absence
) STRICT;

CREATE TABLE overrides (
    id       INTEGER PRIMARY KEY,       -- OverrideId
    person   TEXT NOT NULL,             -- who takes it
    from_at  INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    body     TEXT NOT NULL              -- Override
) STRICT;

CREATE TABLE swaps (
    id       INTEGER PRIMARY KEY,       -- SwapId
    person   TEXT NOT NULL,             -- who gives the shift away
    from_at  INTEGER NOT NULL,          -- of the shift that is given away
    until_at INTEGER NOT NULL,
    body     TEXT NOT NULL              -- Swap, in whichever state
) STRICT;

CREATE TABLE handovers (
    id     INTEGER PRIMARY KEY,         -- HandoverId
    rota   TEXT NOT NULL,
    at     INTEGER NOT NULL,            -- when the shift changes
    signed INTEGER NOT NULL,            -- 1: by both sides
    body   TEXT NOT NULL                -- Handover with its pack
) STRICT;

CREATE INDEX handovers_by_rota ON handovers (rota, at, id);
CREATE INDEX handovers_open ON handovers (id) WHERE signed = 0;
CREATE INDEX handovers_by_time ON handovers (at);

-- 值班记录.
CREATE TABLE duty_notes (
    id    INTEGER PRIMARY KEY,          -- NoteId
    rota  TEXT NOT NULL,
    at    INTEGER NOT NULL,
    by    TEXT NOT NULL,                -- PersonId
    words TEXT NOT NULL,                -- text and tags in lower case: what a search looks through
    body  TEXT NOT NULL                 -- DutyNote
) STRICT;

CREATE INDEX duty_notes_by_time ON duty_notes (at, id);
CREATE INDEX duty_notes_by_rota ON duty_notes (rota, at, id);
CREATE INDEX duty_notes_by_person ON duty_notes (by, at, id);

-- What a note is about. An alert may be unknown here: retention takes it first.
CREATE TABLE note_alerts (
    alert INTEGER NOT NULL,
    note  INTEGER NOT NULL REFERENCES duty_notes (id) ON DELETE CASCADE,
    PRIMARY KEY (alert, note)
) STRICT, WITHOUT ROWID;

CREATE INDEX note_alerts_by_note ON note_alerts (note);

-- Every change: who, when, what it was before and after. The audit log has an entry for each, with the SHA-256 of `body`.
CREATE TABLE rota_changes (
    id   INTEGER PRIMARY KEY,           -- ChangeId, ever larger
    at   INTEGER NOT NULL,
    rota TEXT,                          -- NULL: of no rota in particular
    kept INTEGER NOT NULL,              -- 1: for good; 0: about notes and handovers alone, and forgotten with them
    body TEXT NOT NULL                  -- RotaChange, byte for byte as hashed
) STRICT;

CREATE INDEX rota_changes_by_rota ON rota_changes (rota, id);
CREATE INDEX rota_changes_passing ON rota_changes (at) WHERE kept = 0;

CREATE TRIGGER rota_changes_are_not_edited BEFORE UPDATE ON rota_changes BEGIN SELECT RAISE(ABORT, 'the log of changes is only appended to'); END;
CREATE TRIGGER rota_changes_are_not_cut BEFORE DELETE ON rota_changes WHEN OLD.kept = 1
BEGIN SELECT RAISE(ABORT, 'the log of changes is only appended to'); END;

ALTER TABLE desk ADD COLUMN last_rota INTEGER NOT NULL DEFAULT 0; -- the largest number that the rota ever gave, also after retention

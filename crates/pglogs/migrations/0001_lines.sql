-- Lines of logs, a partition for each day (UTC), and beside them what is kept about them as they come in.
-- Run by a role that may create schemas here and is a member of shouwang_logs_owner, which owns everything.

CREATE SCHEMA shouwang_logs AUTHORIZATION shouwang_logs_owner;
SET LOCAL ROLE shouwang_logs_owner;

-- Which migrations have run.
CREATE TABLE shouwang_logs.migration (
    version int PRIMARY KEY,
    applied timestamptz NOT NULL DEFAULT now()
);

-- Many numbers at a time: a line's number costs no write of the sequence. Gaps do not matter.
CREATE SEQUENCE shouwang_logs.line_id CACHE 1000;

-- A line's place is (ts, ns, id). Text has the collation C: bytes are compared, lower() changes ASCII letters only, as everywhere
-- in the program. No text is null: what a line lacks is empty.
CREATE TABLE shouwang_logs.line (
    ts       timestamptz NOT NULL,               -- when it was written, to the microsecond below
    id       bigint      NOT NULL DEFAULT nextval('shouwang_logs.line_id'),
    ns       smallint    NOT NULL DEFAULT 0 CHECK (ns BETWEEN 0 AND 999),      -- nanoseconds beyond ts
    level    smallint    NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 6),     -- 0 none, 1 trace, 2 debug, 3 info, 4 warn, 5 error, 6 fatal
    category smallint    NOT NULL DEFAULT 0 CHECK (category BETWEEN 0 AND 2),  -- 0 app, 1 system, 2 security
    service  text COLLATE "C" NOT NULL DEFAULT '',
    host     text COLLATE "C" NOT NULL DEFAULT '',
    trace_id text COLLATE "C" NOT NULL DEFAULT '',
    span_id  text COLLATE "C" NOT NULL DEFAULT '',
    message  text COLLATE "C" NOT NULL,
    attrs    jsonb       NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (ts);

-- Lines of days that have no partition. It should be empty; the program says so when it is not.
CREATE TABLE shouwang_logs.line_default PARTITION OF shouwang_logs.line DEFAULT;
CREATE INDEX line_default_ts ON shouwang_logs.line_default (ts);

-- How many lines each minute, so that a histogram of a day reads some thousand rows and not all lines.
CREATE TABLE shouwang_logs.minute (
    minute   timestamptz NOT NULL,
    level    smallint    NOT NULL,
    category smallint    NOT NULL,
    service  text COLLATE "C" NOT NULL,
    lines    bigint      NOT NULL,
    PRIMARY KEY (minute, level, category, service)
) WITH (fillfactor = 70);

-- What came in together, in the order of commits: a live tail asks for those that its last snapshot could not see.
CREATE TABLE shouwang_logs.batch (
    xid      xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at       timestamptz NOT NULL DEFAULT now(),
    first_id bigint      NOT NULL,
    last_id  bigint      NOT NULL,
    first_ts timestamptz NOT NULL,
    last_ts  timestamptz NOT NULL,
    lines    bigint      NOT NULL
);
CREATE INDEX batch_xid ON shouwang_logs.batch (xid);
CREATE INDEX batch_at ON shouwang_logs.batch (at);

-- Both are written with the lines, in their transaction and whoever inserts. Rows of counters are taken in one order, so that
-- two writers wait for each other but never for good.
CREATE FUNCTION shouwang_logs.count_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO shouwang_logs.minute AS m (minute, level, category, service, lines)
    SELECT date_bin('1 minute', ts, timestamptz '2000-01-01 00:00:00+00'), level, category, service, count(*)
    FROM fresh GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (minute, level, category, service) DO UPDATE SET lines = m.lines + excluded.lines;
    INSERT INTO shouwang_logs.batch (first_id, last_id, first_ts, last_ts, lines)
    SELECT min(id), max(id), min(ts), max(ts), count(*) FROM fresh HAVING count(*) > 0;
    IF random() < 0.01 THEN
        DELETE FROM shouwang_logs.batch WHERE at < now() - interval '1 hour';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION shouwang_logs.count_lines() FROM public;
CREATE TRIGGER count_lines AFTER INSERT ON shouwang_logs.line
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION shouwang_logs.count_lines();

-- Whoever writes may add lines and nothing else, not even read them; whoever reads may read.
GRANT USAGE ON SCHEMA shouwang_logs TO shouwang_logs_writer, shouwang_logs_reader;
GRANT INSERT ON shouwang_logs.line TO shouwang_logs_writer;
GRANT USAGE ON SEQUENCE shouwang_logs.line_id TO shouwang_logs_writer;
GRANT SELECT ON shouwang_logs.line, shouwang_logs.minute, shouwang_logs.batch, shouwang_logs.migration TO shouwang_logs_reader;

INSERT INTO shouwang_logs.migration (version) VALUES (1);
RESET ROLE;

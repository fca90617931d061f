-- The counters of a minute without its services: what most histograms ask. A day of them is some thousand rows however many services there are.

SET LOCAL ROLE shouwang_logs_owner;

CREATE TABLE shouwang_logs.minute_level (
    minute   timestamptz NOT NULL,
    level    smallint    NOT NULL,
    category smallint    NOT NULL,
    lines    bigint      NOT NULL,
    PRIMARY KEY (minute, level, category)
) WITH (fillfactor = 70);

-- Nothing is inserted between the filling and the new trigger.
LOCK TABLE shouwang_logs.line IN SHARE MODE;
INSERT INTO shouwang_logs.minute_level (minute, level, category, lines)
SELECT minute, level, category, sum(lines) FROM shouwang_logs.minute GROUP BY 1, 2, 3;

-- Rows of `minute` are taken before those of `minute_level`, each in one order: writers wait for each other but never for good.
CREATE OR REPLACE FUNCTION shouwang_logs.count_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO shouwang_logs.minute AS m (minute, level, category, service, lines)
    SELECT date_bin('1 minute', ts, timestamptz '2000-01-01 00:00:00+00'), level, category, service, count(*)
    FROM fresh GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (minute, level, category, service) DO UPDATE SET lines = m.lines + excluded.lines;
    INSERT INTO shouwang_logs.minute_level AS m (minute, level, category, lines)
    SELECT date_bin('1 minute', ts, timestamptz '2000-01-01 00:00:00+00'), level, category, count(*)
    FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (minute, level, category) DO UPDATE SET lines = m.lines + excluded.lines;
    INSERT INTO shouwang_logs.batch (first_id, last_id, first_ts, last_ts, lines)
    SELECT min(id), max(id), min(ts), max(ts), count(*) FROM fresh HAVING count(*) > 0;
    IF random() < 0.01 THEN
        DELETE FROM shouwang_logs.batch WHERE at < now() - interval '1 hour';
    END IF;
    RETURN NULL;
END $$;

GRANT SELECT ON shouwang_logs.minute_level TO shouwang_logs_reader;

INSERT INTO shouwang_logs.migration (version) VALUES (2);
RESET ROLE;

-- The three roles, which are the whole cluster's. Nobody logs in as them; logins are made members of them.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['shouwang_logs_owner', 'shouwang_logs_writer', 'shouwang_logs_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    IF NOT pg_catalog.pg_has_role(current_user, 'shouwang_logs_owner', 'MEMBER') THEN
        EXECUTE format('GRANT shouwang_logs_owner TO %I', current_user);
    END IF;
END $$;

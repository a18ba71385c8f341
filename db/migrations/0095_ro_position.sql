-- Reading one's own writes on a standby: what the primary had written, as a
-- token; and whether the standby has got there, after half a second at most.
-- Who gets false reads on the primary.

SET ROLE taizhang_owner;
CREATE FUNCTION ro.position() RETURNS pg_lsn LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
    ELSE pg_current_wal_insert_lsn() END $$;
COMMENT ON FUNCTION ro.position IS
  'How far this server is; from the primary after a write: the token of it.';
-- The next statement of the session sees what it waited for.
CREATE FUNCTION ro.caught_up(token pg_lsn) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  until timestamptz := clock_timestamp() + interval '500 ms';
BEGIN
  WHILE ro.position() < token LOOP
    IF clock_timestamp() >= until THEN
      RETURN false;
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN true;
END $$;
COMMENT ON FUNCTION ro.caught_up IS
  'Whether what the token stands for can be read here; waits for half a second.';

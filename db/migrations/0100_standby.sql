-- Reads of the API on a streaming standby (api/standby.h): each batch passes
-- here first. Row-level security stands on the standby as it does on the
-- primary; whose session it is, only the primary says.

SET ROLE taizhang_owner;
CREATE FUNCTION standby_at(token pg_lsn, waits boolean) RETURNS pg_lsn
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  until timestamptz := clock_timestamp() + interval '500 ms';
BEGIN
  LOOP
    IF NOT pg_is_in_recovery() THEN
      RAISE 'this server is no standby' USING ERRCODE = 'TZ002';
    END IF;
    IF pg_last_wal_replay_lsn() >= token THEN
      RETURN pg_last_wal_replay_lsn();
    END IF;
    IF NOT waits OR clock_timestamp() >= until THEN
      RAISE 'the standby is behind' USING ERRCODE = 'TZ002';
    END IF;
    PERFORM pg_sleep(0.005);
  END LOOP;
END $$;
COMMENT ON FUNCTION standby_at IS
  'How far this standby is, at least as far as the token: what follows in the '
  'transaction sees that. Waits for half a second; raises TZ002.';

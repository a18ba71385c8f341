-- Whoever is narrowed by action, coverage, own rows or category is told of one
-- row at a time, and each was looked up by a statement made and planned for it,
-- a millisecond a row. Made once, for all tables, plans are kept.

SET ROLE taizhang_owner;

-- Whether the row $3 of a table is seen by whoever is narrowed as $1 says: of
-- what is shared as app_shares() has it, else as app_lets() has it.
CREATE FUNCTION narrow_exists(t regclass) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT format('EXISTS (SELECT FROM %s t WHERE t.id = $3 AND ', t)
    || CASE WHEN entity_shared(t::text) THEN
      format('narrow_shares($1, app_lo(), t.division_code, %s))', action)
    ELSE format('narrow_lets($1, t.division_code, %s, %s) AND %s)', action,
      narrow_owners(t, 't'),
      coalesce(narrow_categories(t, 't', '$1'), 'true')) END
  FROM (SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = t
    AND attname = 'action_id' AND NOT attisdropped)
    THEN 't.action_id' ELSE 'NULL' END) a (action) $$;

-- What has no place here is seen by nobody who is narrowed. An auditor's
-- session has no walls of the API's but others (0094), which this function
-- would look past: to him it says nothing.
CREATE FUNCTION narrow_sees_body() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT E'BEGIN\n  IF starts_with(session_user, ''audit_'') THEN\n'
    '    RETURN false;\n  END IF;\n  CASE $2\n'
    || string_agg(format(E'  WHEN %L THEN RETURN %s;\n', c.relname,
      narrow_exists(c.oid)), '' ORDER BY c.relname)
    || E'  ELSE RETURN false;\n  END CASE;\nEND '
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    AND c.relkind = 'r' AND (SELECT count(*) FROM pg_attribute
      WHERE attrelid = c.oid AND NOT attisdropped AND (attname = 'id'
      AND atttypid = 'uuid'::regtype OR attname = 'division_code')) = 2 $$;

-- To be called again when a table is new, or is shared, or has another owner,
-- category or parent.
CREATE PROCEDURE narrow_sees_make() LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION narrow_sees(n text[],
    entity text, row_id uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER SET search_path = public, pg_temp AS %L',
    narrow_sees_body());
END $$;
CALL narrow_sees_make();

-- As in 0110, and nothing to auditors.
CREATE OR REPLACE FUNCTION narrow_file(n text[], file uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  own text[];
  seen boolean;
BEGIN
  IF coalesce(n[5], '') = '' THEN
    RETURN true;
  END IF;
  IF starts_with(session_user, 'audit_') THEN
    RETURN false;
  END IF;
  own := walls_open();
  SELECT bool_or(narrow_sees(n, e.entity, e.row_id)) INTO seen FROM evidence e
    WHERE e.attachment_id = file;
  PERFORM walls_close(own);
  RETURN coalesce(seen, true);
END $$;

-- As in 0132. In plpgsql, which keeps plans; in sql each call made its own.
CREATE OR REPLACE FUNCTION history_before(what text, id uuid,
  moment timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT h.data FROM history h WHERE h.entity = $1 AND h.row_id = $2
    AND h.at < $3 ORDER BY h.rev DESC LIMIT 1);
END $$;
CREATE OR REPLACE FUNCTION reach_before(reach text[], what text, id uuid,
  to_rev bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT reach_held($1, $2, w.data, h.at)
    FROM history h JOIN history w ON w.entity = h.entity
      AND w.row_id = h.row_id AND w.rev = h.rev - 1
    WHERE h.entity = $2 AND h.row_id = $3 AND h.rev = $4);
END $$;
CREATE OR REPLACE FUNCTION reach_after(reach text[], what text, id uuid,
  to_rev bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT reach_held($1, $2, h.data, h.at + interval '1 us')
    FROM history h
    WHERE h.entity = $2 AND h.row_id = $3 AND h.rev = $4);
END $$;

-- It writes, past the walls: for the API, which was the only one to call it.
REVOKE EXECUTE ON FUNCTION sheet_bump FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sheet_bump TO taizhang_api;

RESET ROLE;

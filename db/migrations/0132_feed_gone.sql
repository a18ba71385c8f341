-- The change feed tells who is narrowed by action, coverage, own rows or
-- category (domain.md 5.1, 5.2) of a row that left what he sees, and nobody
-- of a row that he could not see.

SET ROLE taizhang_owner;

-- How far the caller reaches: {lo, hi, line, clearance, action, coverage, own,
-- category}, as walls_open() gives it. The same of a statement's parameters is
-- made in feed_sql.c.
CREATE FUNCTION app_reach() RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(SELECT coalesce(current_setting('app.' || name, true), '')
    FROM unnest(ARRAY['lo', 'hi', 'line', 'clearance', 'action', 'cover',
    'own', 'category']) WITH ORDINALITY AS w (name, n) ORDER BY n) $$;

-- A row as it stood before that moment.
CREATE FUNCTION history_before(what text, id uuid, moment timestamptz)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT h.data FROM history h WHERE h.entity = what AND h.row_id = id
    AND h.at < moment ORDER BY h.rev DESC LIMIT 1 $$;

-- Whether a row as it was lay within a reach, with what it then belonged to:
-- what narrow_lets(), narrow_owners() and narrow_categories() say of rows as
-- they are. Behind no walls: the row may have left them.
CREATE FUNCTION reach_held(reach text[], what text, was jsonb,
  moment timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
  n text[] := ARRAY['', reach[5], reach[6], '', reach[8]];
  lo bigint := reach[1];
  division bigint := was ->> 'division_code';
  up text[];
BEGIN
  IF entity_shared(what) THEN
    RETURN ((division BETWEEN lo AND reach[2]::bigint
        OR lo BETWEEN division AND division_hi(division))
      AND (was ->> 'sensitivity')::int <= reach[4]::int
      AND narrow_shares(n, lo, division, (was ->> 'action_id')::uuid)
      ) IS TRUE;
  END IF;
  IF (division BETWEEN lo AND reach[2]::bigint
      AND (reach[3] = '' OR was ->> 'competent_line' = reach[3])
      AND (was ->> 'sensitivity')::int <= reach[4]::int
      AND narrow_lets(n, division, (was ->> 'action_id')::uuid, '{}')
      ) IS NOT TRUE THEN
    RETURN false;
  END IF;
  IF reach[7] <> '' AND NOT EXISTS (SELECT FROM unnest(ARRAY['id',
      'project_id', 'household_id', 'operator_id', 'implementing_operator_id',
      'operating_operator_id', 'owner_operator_id', 'owner_household_id']) k
      WHERE was ->> k = ANY (reach[7]::text[])) THEN
    SELECT string_to_array(encode(tgargs, 'escape'), '\000') INTO up
      FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(what))
        AND tgname = 'parent' AND tgfoid = 'parent_scope'::regproc;
    IF NOT FOUND OR NOT reach_held(reach, up[1], history_before(up[1],
        (was ->> up[2])::uuid, moment), moment) THEN
      RETURN false;
    END IF;
  END IF;
  RETURN CASE
    WHEN reach[8] = '' THEN true
    WHEN what = 'issue' THEN
      narrow_category(n, division, was ->> 'category')
    WHEN what IN ('rectification_task', 'form_finding') THEN
      was ->> 'issue_id' IS NULL OR reach_held(reach, 'issue',
        history_before('issue', (was ->> 'issue_id')::uuid, moment), moment)
    WHEN what = 'attachment' THEN narrow_file(n, (was ->> 'id')::uuid)
    ELSE true END;
END $$;

-- Whether a row lay within a reach until that revision; and with it.
CREATE FUNCTION reach_before(reach text[], what text, id uuid, to_rev bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT reach_held(reach, what, w.data, h.at)
    FROM history h JOIN history w ON w.entity = h.entity
      AND w.row_id = h.row_id AND w.rev = h.rev - 1
    WHERE h.entity = what AND h.row_id = id AND h.rev = to_rev $$;
CREATE FUNCTION reach_after(reach text[], what text, id uuid, to_rev bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT reach_held(reach, what, h.data, h.at + interval '1 us')
    FROM history h
    WHERE h.entity = what AND h.row_id = id AND h.rev = to_rev $$;

-- Both ask past the caller's walls, which the row has left. A line of the feed
-- is his to read who saw the row before …
CREATE FUNCTION feed_saw(reach text[], what text, id uuid, to_rev bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  own text[];
  saw boolean := false;
BEGIN
  IF to_rev > 1 THEN
    own := walls_open();
    saw := reach_before(reach, what, id, to_rev);
    PERFORM walls_close(own);
  END IF;
  RETURN coalesce(saw, false);
END $$;
-- … and says that it left to whom it did so with that revision. Of the two
-- lines of a row that changed its place, the one with the place it left.
CREATE FUNCTION feed_left(reach text[], what text, id uuid, to_rev bigint,
  to_kind text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  own text[];
  gone boolean := false;
BEGIN
  IF to_rev > 1 THEN
    own := walls_open();
    gone := reach_before(reach, what, id, to_rev)
      AND NOT reach_after(reach, what, id, to_rev)
      AND (to_kind = 'gone' OR NOT EXISTS (SELECT FROM change c
        WHERE c.entity = what AND c.row_id = id AND c.rev = to_rev
        AND c.kind = 'gone'));
    PERFORM walls_close(own);
  END IF;
  RETURN coalesce(gone, false);
END $$;
REVOKE EXECUTE ON FUNCTION feed_saw, feed_left FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_saw, feed_left TO taizhang_api, taizhang_jobs;

-- Where a page of whoever is narrowed ends at the latest: at the n-th change of
-- his range, whatever he sees of them, or nowhere. Each width of scope has an
-- index, as in feed_sql.c.
CREATE FUNCTION feed_window(lo bigint, hi bigint, of_line text,
  INOUT pos bigint, INOUT seq bigint, n int) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  own text[] := walls_open();
  width text := CASE WHEN of_line <> '' THEN 'line = $3 AND line <> '''''
    WHEN lo / 1000 = hi / 1000 THEN 'unit_code = $1 - $1 % 1000'
    WHEN lo / 1000000 = hi / 1000000 THEN 'county_code = $1 - $1 % 1000000'
    ELSE 'true' END;
BEGIN
  EXECUTE format('SELECT pos, seq FROM change WHERE %s AND division_code
    BETWEEN $1 AND $2 AND (pos, seq) > ($4, $5) AND pos < feed_safe()
    ORDER BY pos, seq OFFSET $6 - 1 LIMIT 1', width)
    INTO feed_window.pos, feed_window.seq
    USING lo, hi, of_line, feed_window.pos, feed_window.seq, n;
  PERFORM walls_close(own);
  pos := coalesce(feed_window.pos, 9223372036854775807);
  seq := coalesce(feed_window.seq, 9223372036854775807);
END $$;
REVOKE EXECUTE ON FUNCTION feed_window FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_window TO taizhang_api, taizhang_jobs;

ALTER POLICY change_narrow ON change USING ((SELECT app_narrow()) IS NULL
  OR narrow_sees((SELECT app_narrow()), entity, row_id)
  OR feed_saw((SELECT app_reach()), entity, row_id, rev));

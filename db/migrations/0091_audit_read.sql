-- Reading the log: what a reader may see of it, and nothing else.

SET ROLE taizhang_audit;

-- Newest first, behind `after`. The reader's range twice, as everywhere: as
-- arguments, and as the settings that row-level security reads. filters holds
-- only names that are known here; what it lacks costs nothing.
CREATE FUNCTION audit.list(lo bigint, hi bigint, of_line text, clearance int,
    filters jsonb, after_at bigint, after_id uuid, n int)
RETURNS TABLE (event audit.event, pos bigint, fields text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  sql text := 'SELECT e, l.pos, l.fields FROM audit.event e LEFT JOIN
    audit.leaf l ON l.id = e.id WHERE e.division_code BETWEEN $1 AND $2
    AND e.division_code BETWEEN public.app_lo() AND public.app_hi()
    AND (public.app_narrow() IS NULL OR public.narrow_lets(
      public.app_narrow(), e.division_code, NULL, ARRAY[e.row_id]))
    AND ($3 = '''' OR e.line = $3) AND e.sensitivity <= $4';
  f record;
BEGIN
  FOR f IN SELECT * FROM jsonb_each_text(filters) LOOP
    sql := sql || CASE
      WHEN f.key IN ('verb', 'outcome', 'entity', 'request', 'route', 'batch')
        THEN format(' AND e.%I = %L', f.key, f.value)
      WHEN f.key IN ('actor', 'row_id', 'session', 'client', 'binding')
        THEN format(' AND e.%I = %L::uuid', f.key, f.value)
      WHEN f.key = 'from' THEN format(' AND e.at >= %L::timestamptz', f.value)
      WHEN f.key = 'to' THEN format(' AND e.at < %L::timestamptz', f.value)
      WHEN f.key = 'id' THEN coalesce((SELECT format(
          ' AND e.txid = %s AND e.id = %L', x.txid, x.id)
          FROM audit.leaf x WHERE x.id = f.value::uuid),
        format(' AND e.id = %L AND e.at > now() - interval ''1 day''',
          f.value)) END;
  END LOOP;
  IF after_id IS NOT NULL THEN
    sql := sql || format(' AND (e.at, e.id) < (timestamptz ''epoch''
      + %s * interval ''1 microsecond'', %L::uuid)', after_at, after_id);
  END IF;
  RETURN QUERY EXECUTE sql || ' ORDER BY e.at DESC, e.id DESC LIMIT $5'
    USING lo, hi, of_line, clearance, n;
END $$;

-- What an event's proof needs beside the event: its leaf, and the last head.
CREATE FUNCTION audit.sealed(event uuid) RETURNS TABLE (pos bigint, fields
  text, root text, size bigint, line text) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.pos, l.fields, encode(l.root, 'hex'), h.size, h.line
  FROM audit.leaf l, audit.head h
  WHERE l.id = sealed.event
    AND h.seq = (SELECT max(x.seq) FROM audit.head x) $$;

-- Heads are for everybody who reads the log, whatever his range: they tell
-- how long it is and nothing of what is in it.
CREATE FUNCTION audit.heads(after bigint, n int) RETURNS TABLE (seq bigint,
  line text) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.seq, h.line FROM audit.head h
  WHERE h.seq > coalesce(heads.after, (SELECT max(x.seq) FROM audit.head x)
    - 1) ORDER BY h.seq LIMIT n $$;

-- The head that a workbook carries away: the last one when it was made.
CREATE INDEX head_at ON audit.head (at);
CREATE FUNCTION audit.head_at(moment timestamptz) RETURNS text LANGUAGE sql
STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.line FROM audit.head h WHERE h.at <= moment
  ORDER BY h.at DESC LIMIT 1 $$;

REVOKE EXECUTE ON FUNCTION audit.list, audit.sealed, audit.heads, audit.head_at
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.list, audit.sealed, audit.heads, audit.head_at,
  audit.hashes TO taizhang_api;

-- Divisions that are merged, split, transferred or given another code
-- (domain.md 3.3.1, D3): every row, grant, person, organisation and ledger of
-- theirs goes along in one transaction; what was decided stays decided.

SET ROLE taizhang_owner;

CREATE TABLE reorganisation (
  id uuid PRIMARY KEY DEFAULT uuid7(),
  division_code bigint NOT NULL REFERENCES division,
  effective_on date NOT NULL,
  document text NOT NULL CHECK (char_length(document) BETWEEN 1 AND 200),
  moves jsonb NOT NULL,
  moved jsonb NOT NULL,
  kept jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  by uuid DEFAULT app_actor()
);
CREATE INDEX reorganisation_by_division ON reorganisation (division_code, id);
COMMENT ON TABLE reorganisation IS
  'Reorganisations of divisions that were carried out; never changed.';
COMMENT ON COLUMN reorganisation.id IS 'Identifier.';
COMMENT ON COLUMN reorganisation.division_code IS
  'The smallest division that all of it lies in.';
COMMENT ON COLUMN reorganisation.effective_on IS
  'First day on which the new codes hold.';
COMMENT ON COLUMN reorganisation.document IS
  'Number of the document that ordered it.';
COMMENT ON COLUMN reorganisation.moves IS 'Old code, new code, new name.';
COMMENT ON COLUMN reorganisation.moved IS 'Rows that went along, by table.';
COMMENT ON COLUMN reorganisation.kept IS
  'Rows that stay under the old code, by table: the new place has its own of '
  'the same key; who is above both sees them.';
COMMENT ON COLUMN reorganisation.at IS 'When it was carried out.';
COMMENT ON COLUMN reorganisation.by IS 'Who carried it out.';
ALTER TABLE reorganisation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY reorganisation_scope ON reorganisation USING (
  division_code BETWEEN app_lo() AND app_hi());
GRANT SELECT ON reorganisation TO taizhang_api;
CALL audit.watch('reorganisation');

-- The smallest division in which two codes lie.
CREATE FUNCTION division_common(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT a - a % w FROM unnest(ARRAY[1, 1000, 1000000, 100000000, 10000000000,
    1000000000000]) w WHERE a - a % w = b - b % w ORDER BY w LIMIT 1 $$;

-- The columns that say where a row is: those that refer to divisions and those
-- of the common name. Of history it is the place that reads it; what the row
-- was, with the place it had, stands in its data, under the log's seal. The
-- feed tells of the move as of any other.
CREATE VIEW division_column AS
  SELECT c.relname::text AS t, a.attname::text AS col
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    AND c.relname NOT IN ('division', 'change', 'reorganisation')
    AND (a.attname IN ('division_code', 'village_code') OR EXISTS (
      SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'
        AND k.confrelid = 'public.division'::regclass
        AND k.conkey = ARRAY[a.attnum]));
COMMENT ON COLUMN history.division_code IS
  'Division of the row then; if that has ended, the one it went into.';
COMMENT ON VIEW division_column IS
  'Table and column of everything that names the place of a row.';

-- What moves them is behind the same wall, opened for the transaction.
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT tablename FROM pg_policies WHERE tablename LIKE 'sheet\_%'
      AND policyname = tablename || '_scope' LOOP
    EXECUTE format('ALTER POLICY %I ON %I TO taizhang_api, taizhang_owner',
      t || '_scope', t);
  END LOOP;
END $$;

-- One table's rows from their old place to the new one; those that meet a row
-- of the same key there stay.
CREATE FUNCTION reorganise_column(t text, col text, plan jsonb,
  OUT moved bigint, OUT kept bigint) LANGUAGE plpgsql AS $$
DECLARE
  change text := format('UPDATE %1$I x SET %2$I = m."to"
    FROM jsonb_to_recordset($1) AS m ("from" bigint, "to" bigint, books bool)
    WHERE x.%2$I = m."from"%3$s', t, col,
    -- A book whose new place has one of its own stays, with all that is its.
    CASE WHEN t LIKE 'sheet\_%' OR t = 'agent_token' THEN ' AND m.books'
      ELSE '' END);
  one tid;
BEGIN
  kept := 0;
  BEGIN
    EXECUTE change USING plan;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN;
  EXCEPTION WHEN unique_violation OR exclusion_violation THEN
    moved := 0;
  END;
  FOR one IN EXECUTE format('SELECT x.ctid FROM %I x WHERE x.%I IN (SELECT
    (m->>''from'')::bigint FROM jsonb_array_elements($1) m)', t, col) USING plan
  LOOP
    BEGIN
      EXECUTE change || ' AND x.ctid = $2' USING plan, one;
      moved := moved + 1;
    EXCEPTION WHEN unique_violation OR exclusion_violation THEN
      kept := kept + 1;
    END;
  END LOOP;
END $$;

-- Issues are numbered within their unit and action: those that come are
-- numbered on behind those that are there.
CREATE FUNCTION reorganise_issues(plan jsonb) RETURNS bigint LANGUAGE sql AS $$
  WITH come AS (
    SELECT i.id, m."to" - m."to" % 1000 AS unit, i.action_id,
      row_number() OVER (PARTITION BY m."to" - m."to" % 1000, i.action_id
        ORDER BY i.unit_code, i.seq_no) AS n
    FROM issue i JOIN jsonb_to_recordset(plan)
      AS m ("from" bigint, "to" bigint) ON i.division_code = m."from"
    WHERE m."to" - m."to" % 1000 <> i.unit_code),
  counted AS (
    INSERT INTO issue_counter AS c (unit_code, action_id, last)
      SELECT unit, action_id, max(n) FROM come GROUP BY unit, action_id
    ON CONFLICT (unit_code, action_id) DO UPDATE
      SET last = c.last + excluded.last
    RETURNING unit_code, action_id, last),
  size AS (SELECT unit, action_id, max(n) AS n FROM come
    GROUP BY unit, action_id),
  gone AS (UPDATE issue i SET seq_no = counted.last - size.n + come.n,
      division_code = m."to"
    FROM come JOIN counted ON (counted.unit_code, counted.action_id)
        = (come.unit, come.action_id)
      JOIN size ON (size.unit, size.action_id) = (come.unit, come.action_id),
      jsonb_to_recordset(plan) AS m ("from" bigint, "to" bigint)
    WHERE i.id = come.id AND i.division_code = m."from" RETURNING i.id)
  SELECT count(*) FROM gone $$;

-- The division right above, by the code.
CREATE FUNCTION division_parent(code bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT code - code % CASE WHEN code % 1000 <> 0 THEN 1000
    WHEN code % 1000000 <> 0 THEN 1000000
    WHEN code % 100000000 <> 0 THEN 100000000
    WHEN code % 10000000000 <> 0 THEN 10000000000
    ELSE 1000000000000 END $$;

-- What is wrong with a plan: which move, and why.
CREATE FUNCTION reorganisation_faults(moves jsonb)
RETURNS TABLE (at bigint, code text, of bigint) LANGUAGE sql STABLE AS $$
  WITH m AS (SELECT n - 1 AS at, (v->>'from')::bigint AS f,
      (v->>'to')::bigint AS t FROM jsonb_array_elements(moves)
      WITH ORDINALITY x (v, n))
  SELECT m.at, 'unknown', m.f FROM m LEFT JOIN division d ON d.code = m.f
    WHERE (m.f BETWEEN app_lo() AND app_hi() AND d.code IS NOT NULL)
      IS NOT TRUE
  UNION ALL SELECT m.at, 'beyond', m.t FROM m
    WHERE (m.t BETWEEN app_lo() AND app_hi()) IS NOT TRUE
  UNION ALL SELECT m.at, 'ended', x.code FROM m
    JOIN division x ON x.code IN (m.f, m.t) AND x.valid_to IS NOT NULL
  UNION ALL SELECT m.at, 'other_level', m.t FROM m
    JOIN division d ON d.code = m.f
    WHERE division_hi(m.t) - m.t <> division_hi(m.f) - m.f
  UNION ALL SELECT m.at, 'twice', m.f FROM m JOIN m o ON o.f = m.f
    AND o.at < m.at
  UNION ALL SELECT m.at, 'chain', m.t FROM m JOIN m o ON o.f = m.t
  UNION ALL SELECT m.at, 'no_parent', m.t FROM m
    WHERE NOT EXISTS (SELECT FROM division p
        WHERE p.code = division_parent(m.t) AND p.valid_to IS NULL
          AND p.code NOT IN (SELECT f FROM m))
      AND division_parent(m.t) NOT IN (SELECT t FROM m)
  UNION ALL SELECT m.at, 'left_behind', c.code FROM m
    JOIN division c ON c.code BETWEEN m.f + 1 AND division_hi(m.f)
      AND c.valid_to IS NULL AND c.code NOT IN (SELECT f FROM m)
  ORDER BY 1, 2, 3 LIMIT 100 $$;

CREATE FUNCTION reorganise(moves jsonb, effective date, doc text)
RETURNS SETOF reorganisation LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  place bigint;
  plan jsonb;
  own text[];
  c record;
  n record;
  moved jsonb;
  kept jsonb := '{}';
BEGIN
  LOCK TABLE division IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM reorganisation_faults(moves)) THEN
    PERFORM must(false);
  END IF;
  own := walls_open();
  INSERT INTO division (code, name, short_name, level, kind, parent_code,
      valid_from, is_tuopin_county, is_tuopin_village, is_key_county,
      is_functional)
    SELECT DISTINCT ON (m."to") m."to", coalesce(m.name, d.name),
      CASE WHEN m.name IS NULL THEN d.short_name END, d.level, d.kind,
      division_parent(m."to"), effective, d.is_tuopin_county, d.is_tuopin_village,
      d.is_key_county, d.is_functional
    FROM jsonb_to_recordset(moves) AS m ("from" bigint, "to" bigint,
      name text) JOIN division d ON d.code = m."from"
    ORDER BY m."to", m.name
  ON CONFLICT (code) DO NOTHING;
  UPDATE division d SET valid_to = effective, successor_code = m."to",
      updated_at = now()
    FROM jsonb_to_recordset(moves) AS m ("from" bigint, "to" bigint)
    WHERE d.code = m."from";
  SELECT jsonb_agg(jsonb_build_object('from', m."from", 'to', m."to", 'books',
      NOT EXISTS (SELECT FROM sheet_ledger a JOIN sheet_ledger b
        USING (template_code, action_id) WHERE a.division_code = m."from"
        AND b.division_code = m."to")))
    INTO plan FROM jsonb_to_recordset(moves) AS m ("from" bigint,
      "to" bigint);
  UPDATE sheet_ledger l SET covers_lo = m."to",
      covers_hi = m."to" + (l.covers_hi - l.covers_lo)
    FROM jsonb_to_recordset(plan) AS m ("from" bigint, "to" bigint,
      books boolean)
    WHERE l.division_code = m."from" AND m.books
      AND l.covers_lo = m."from";
  SELECT jsonb_build_object('issue', x) INTO moved
    FROM reorganise_issues(plan) x WHERE x > 0;
  moved := coalesce(moved, '{}');
  FOR c IN SELECT * FROM division_column ORDER BY t, col LOOP
    SELECT * INTO n FROM reorganise_column(c.t, c.col, plan);
    IF n.moved > 0 THEN
      moved := moved || jsonb_build_object(c.t,
        coalesce((moved->>c.t)::bigint, 0) + n.moved);
    END IF;
    IF n.kept > 0 THEN
      kept := kept || jsonb_build_object(c.t,
        coalesce((kept->>c.t)::bigint, 0) + n.kept);
    END IF;
  END LOOP;
  -- Who had a part in both places keeps the one; offices that are two in one
  -- place end with the old code.
  UPDATE role_grant g SET valid_to = now() FROM jsonb_to_recordset(plan)
    AS m ("from" bigint) WHERE g.division_code = m."from"
    AND (g.valid_to IS NULL OR g.valid_to > now());
  UPDATE org_unit o SET valid_to = effective FROM jsonb_to_recordset(plan)
    AS m ("from" bigint) WHERE o.division_code = m."from"
    AND o.valid_to IS NULL;
  SELECT division_common(min(x), max(x)) INTO place FROM jsonb_to_recordset(
    moves) AS m ("from" bigint, "to" bigint), unnest(ARRAY[m."from", m."to"]) x;
  PERFORM walls_close(own);
  RETURN QUERY INSERT INTO reorganisation (division_code, effective_on,
      document, moves, moved, kept)
    VALUES (place, effective, doc, moves, moved, kept) RETURNING *;
END $$;
REVOKE EXECUTE ON FUNCTION reorganise, reorganise_column, reorganise_issues
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reorganise, reorganisation_faults TO taizhang_api;

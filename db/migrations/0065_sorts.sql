-- Lists cost the same for a village and for a prefecture: what each scope
-- reads in order, without sorting and without fetching rows beside it.

SET ROLE taizhang_owner;

-- The second wall. The caller's scope is read once for a statement, not for
-- every row; and the planner, which sees the scope in the statement itself,
-- takes no second measure of it here.
CREATE FUNCTION business_wall() RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'CASE WHEN division_code BETWEEN (SELECT app_lo()) AND
      (SELECT app_hi())
    THEN sensitivity <= (SELECT app_clearance())
      AND ((SELECT app_line()) = '''' OR competent_line = (SELECT app_line()))
    ELSE false END' $$;
DO $$
DECLARE p record;
BEGIN
  FOR p IN SELECT polname, polrelid::regclass AS t FROM pg_policy
    WHERE pg_get_expr(polqual, polrelid) = (SELECT pg_get_expr(polqual,
      polrelid) FROM pg_policy WHERE polname = 'issue_scope')
  LOOP
    EXECUTE format('ALTER POLICY %I ON %s USING (%s)', p.polname, p.t,
      business_wall());
  END LOOP;
END $$;

-- As before, but for the policy.
CREATE OR REPLACE PROCEDURE business_table(t text, action text DEFAULT 'optional')
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($f$ALTER TABLE %I
    ADD COLUMN division_code bigint NOT NULL REFERENCES division,
    ADD COLUMN unit_code bigint NOT NULL
      GENERATED ALWAYS AS (division_code - division_code %% 1000) STORED,
    ADD COLUMN action_id uuid REFERENCES action,
    ADD COLUMN filing_level smallint NOT NULL
      CHECK (filing_level BETWEEN 1 AND 5),
    ADD COLUMN reporting_org_id uuid REFERENCES org_unit,
    ADD COLUMN competent_org_id uuid REFERENCES org_unit,
    ADD COLUMN competent_line text NOT NULL DEFAULT '',
    ADD COLUMN on_behalf_of_org_id uuid REFERENCES org_unit,
    ADD COLUMN sensitivity smallint NOT NULL DEFAULT 1
      CHECK (sensitivity BETWEEN 0 AND 4),
    ADD COLUMN channel text NOT NULL DEFAULT app_channel(),
    ADD COLUMN extra jsonb NOT NULL DEFAULT '{}'
      CHECK (jsonb_typeof(extra) = 'object'),
    ADD COLUMN rev bigint NOT NULL DEFAULT 1,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN created_by uuid,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_by uuid,
    ADD COLUMN voided_at timestamptz,
    ADD COLUMN voided_by uuid,
    ADD COLUMN void_reason text$f$, t);
  IF action = 'required' THEN
    EXECUTE format('ALTER TABLE %I ALTER action_id SET NOT NULL', t);
  ELSIF action = 'none' THEN
    EXECUTE format('ALTER TABLE %I ADD CHECK (action_id IS NULL)', t);
  END IF;
  EXECUTE format('CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON %I
    FOR EACH ROW EXECUTE FUNCTION row_touch()', t);
  EXECUTE format('CREATE TRIGGER history_ins AFTER INSERT ON %I
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION history_write()', t);
  EXECUTE format('CREATE TRIGGER history_upd AFTER UPDATE ON %I
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION history_write()', t);
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
    FORCE ROW LEVEL SECURITY', t);
  EXECUTE format('CREATE POLICY %I ON %I USING (%s)', t || '_scope', t,
    business_wall());
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO taizhang_api', t);
  CALL business_sort(t, 'created_at');
  CALL business_sort(t, 'updated_at');
  CALL business_comments(t);
END $$;

-- A township reads (unit, sort); wider scopes read (sort) and
-- pass over others' entries inside the index, which therefore ends with the
-- division. What is missing sorts last, whatever its type.
CREATE OR REPLACE PROCEDURE business_sort(t text, col text)
LANGUAGE plpgsql AS $$
DECLARE expr text := quote_ident(col);
  kind text;
BEGIN
  SELECT atttypid::regtype::text INTO STRICT kind FROM pg_attribute
    WHERE attrelid = t::regclass AND attname = col;
  IF col NOT IN ('created_at', 'updated_at') THEN
    -- Not coalesce(): the planner keeps that one out of an index behind
    -- row-level security, and pages would read all that stands before them.
    expr := format('(CASE WHEN %1$I IS NULL THEN %2$s ELSE %1$I END)', col,
      CASE kind
      WHEN 'integer' THEN '2147483647'
      WHEN 'smallint' THEN '2147483647'
      WHEN 'bigint' THEN '9223372036854775807'
      WHEN 'text' THEN quote_literal(chr(1114111))
      ELSE quote_literal('infinity') END);
  END IF;
  EXECUTE format('CREATE INDEX %I ON %I (unit_code, %s, id, division_code)',
    t || '_by_' || col, t, expr);
  EXECUTE format('CREATE INDEX %I ON %I (%s, id, division_code)',
    t || '_' || col, t, expr);
  -- Downloads come by place; it also finds the few rows of a small county.
  IF col = 'created_at' THEN
    EXECUTE format('CREATE INDEX %I ON %I (division_code, created_at, id)',
      t || '_by_place', t);
  END IF;
END $$;

DROP INDEX issue_by_created, issue_by_updated, issue_by_seq, issue_by_due,
  issue_created, issue_updated, issue_seq_no, issue_due;
CALL business_sort('issue', 'created_at');
CALL business_sort('issue', 'updated_at');
CALL business_sort('issue', 'seq_no');
CALL business_sort('issue', 'due_on');

-- The tables that were made before this.
DO $$
DECLARE s record;
BEGIN
  FOR s IN SELECT c.relname AS t, a.attname AS col
    FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
      AND p.polname IN (c.relname || '_scope', c.relname || '_read')
    JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    JOIN pg_class i ON i.relname = c.relname || '_by_' || a.attname
      AND i.relnamespace = c.relnamespace
    JOIN pg_index x ON x.indexrelid = i.oid AND x.indrelid = c.oid
      AND x.indnatts = 3
    WHERE c.relname <> 'issue' AND c.relnamespace = 'public'::regnamespace
    ORDER BY 1, 2
  LOOP
    EXECUTE format('DROP INDEX %I', s.t || '_by_' || s.col);
    EXECUTE format('DROP INDEX %I', s.t || '_' || s.col);
    CALL business_sort(s.t, s.col);
  END LOOP;
END $$;

-- Disks without heads, and indexes that are in memory: an index in order is
-- never dearer than reading everything and sorting it.
RESET ROLE;
ALTER ROLE taizhang_api SET random_page_cost = 1.1;

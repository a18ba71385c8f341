-- What makes a table a business table (domain.md 3.1): called once by the
-- migration that creates it, after its own columns.

SET ROLE taizhang_owner;

-- The common columns, revision and history by trigger, both walls' policy, and
-- an index for every order each list offers. action: none, optional, required.
CREATE PROCEDURE business_table(t text, action text DEFAULT 'optional')
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
  EXECUTE format('CREATE POLICY %I ON %I USING (
    division_code BETWEEN app_lo() AND app_hi()
    AND (app_line() = '''' OR competent_line = app_line())
    AND sensitivity <= app_clearance())', t || '_scope', t);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO taizhang_api', t);
  CALL business_sort(t, 'created_at');
  CALL business_sort(t, 'updated_at');
  CALL business_comments(t);
END $$;

-- A sort of lists, for narrow scopes and for wide ones; a missing date is last.
CREATE PROCEDURE business_sort(t text, col text) LANGUAGE plpgsql AS $$
DECLARE expr text := quote_ident(col);
BEGIN
  IF (SELECT atttypid = 'date'::regtype FROM pg_attribute
      WHERE attrelid = t::regclass AND attname = col) THEN
    expr := format('(coalesce(%I, ''infinity''))', col);
  END IF;
  EXECUTE format('CREATE INDEX %I ON %I (division_code, %s, id)',
    t || '_by_' || col, t, expr);
  EXECUTE format('CREATE INDEX %I ON %I (%s, id)', t || '_' || col, t, expr);
END $$;

-- A natural key: unique among what exactly the same people see, so that a
-- refusal tells nobody of a row he cannot read.
CREATE PROCEDURE business_key(t text, VARIADIC cols text[])
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE UNIQUE INDEX %I ON %I (division_code, %s,
    competent_line, sensitivity) WHERE voided_at IS NULL', t || '_key', t,
    (SELECT string_agg(quote_ident(c), ', ' ORDER BY n)
     FROM unnest(cols) WITH ORDINALITY AS x (c, n)));
END $$;

-- A row that belongs to another: seen exactly when that one is.
CREATE FUNCTION parent_scope() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE p record;
BEGIN
  EXECUTE format('SELECT division_code, competent_line, sensitivity FROM %I
    WHERE id = $1', TG_ARGV[0]) INTO p
    USING (to_jsonb(NEW)->>TG_ARGV[1])::uuid;
  IF p IS NULL THEN
    RAISE insufficient_privilege USING MESSAGE = 'no such parent';
  END IF;
  NEW.division_code := p.division_code;
  NEW.competent_line := p.competent_line;
  NEW.sensitivity := greatest(NEW.sensitivity, p.sensitivity);
  RETURN NEW;
END $$;
CREATE FUNCTION child_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %I SET division_code = $1, competent_line = $2,
    sensitivity = greatest(sensitivity, $3) WHERE %I = $4', TG_ARGV[0],
    TG_ARGV[1])
    USING NEW.division_code, NEW.competent_line, NEW.sensitivity, NEW.id;
  RETURN NULL;
END $$;
CREATE PROCEDURE business_child(t text, col text, parent text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (%I) REFERENCES %I',
    t, col, parent);
  EXECUTE format('CREATE INDEX %I ON %I (%I)', t || '_of_' || parent, t, col);
  -- Before "touch", by name; a child of a child follows by its own parent.
  EXECUTE format('CREATE TRIGGER parent BEFORE INSERT OR UPDATE OF %I ON %I
    FOR EACH ROW EXECUTE FUNCTION parent_scope(%L, %L)', col, t, parent, col);
  EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I FOR EACH ROW
    WHEN ((OLD.division_code, OLD.competent_line, OLD.sensitivity)
      IS DISTINCT FROM (NEW.division_code, NEW.competent_line,
      NEW.sensitivity)) EXECUTE FUNCTION child_scope(%L, %L)',
    'child_' || t, parent, t, col);
END $$;

-- The common columns say the same everywhere: as they do for issues.
CREATE PROCEDURE business_comments(t text) LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
  FOR c IN SELECT o.attname, col_description('issue'::regclass, o.attnum) d
    FROM pg_attribute o JOIN pg_attribute n ON n.attname = o.attname
      AND n.attrelid = t::regclass
    WHERE o.attrelid = 'issue'::regclass AND o.attnum > 0
      AND NOT o.attisdropped AND o.attname IN ('id', 'division_code',
      'unit_code', 'action_id', 'filing_level', 'reporting_org_id',
      'competent_org_id', 'competent_line', 'on_behalf_of_org_id',
      'sensitivity', 'channel', 'extra', 'rev', 'created_at', 'created_by',
      'updated_at', 'updated_by', 'voided_at', 'voided_by', 'void_reason')
  LOOP
    EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', t, c.attname, c.d);
  END LOOP;
END $$;

-- Whoever works below an organisation may name it: a township's project has a
-- department of the county (Y8). Beside it, nobody knows of it.
DROP POLICY org_unit_scope ON org_unit;
CREATE POLICY org_unit_read ON org_unit FOR SELECT USING (
  division_code BETWEEN app_lo() AND app_hi()
  OR app_lo() BETWEEN division_code AND division_hi(division_code));
CREATE POLICY org_unit_write ON org_unit FOR INSERT
  WITH CHECK (division_code BETWEEN app_lo() AND app_hi());
CREATE POLICY org_unit_change ON org_unit FOR UPDATE
  USING (division_code BETWEEN app_lo() AND app_hi());

-- A parameter of an action, for the demands of commands.
CREATE FUNCTION action_param(action uuid, name text) RETURNS text
  LANGUAGE sql STABLE AS
  $$ SELECT value FROM action_param WHERE action_id = action AND key = name $$;

-- What a grant is narrowed to (domain.md 5.1): an action, what an
-- organisation covers, rows of its own; and when it counts.

CREATE EXTENSION IF NOT EXISTS btree_gist;
SET ROLE taizhang_owner;

ALTER TABLE role_grant
  ADD COLUMN action_id uuid REFERENCES action,
  ADD COLUMN cover_org_id uuid REFERENCES org_unit,
  ADD COLUMN own uuid[] CHECK (cardinality(own) <= 200),
  ADD COLUMN granted_by uuid DEFAULT app_actor(),
  ADD COLUMN part text NOT NULL DEFAULT 'business';
COMMENT ON COLUMN role_grant.action_id IS
  'The only action it is for; null = every action.';
COMMENT ON COLUMN role_grant.cover_org_id IS
  'Organisation whose coverage it is narrowed to.';
COMMENT ON COLUMN role_grant.own IS
  'Rows it is narrowed to: households or their helper, operators, projects.';
COMMENT ON COLUMN role_grant.granted_by IS 'Who granted it.';
COMMENT ON COLUMN role_grant.part IS 'Part of its role.';

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);
UPDATE role_grant g SET part = r.part FROM role r WHERE r.code = g.role
  AND r.part <> 'business';

CREATE FUNCTION role_grant_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.part := (SELECT part FROM role WHERE code = NEW.role);
  RETURN NEW;
END $$;
CREATE TRIGGER part BEFORE INSERT OR UPDATE OF role ON role_grant
  FOR EACH ROW EXECUTE FUNCTION role_grant_part();

-- Nobody is two of administrator, auditor and clerk at the same time, and has
-- the same grant twice: whoever wrote the rows, and whatever he sees.
ALTER TABLE role_grant
  DROP CONSTRAINT role_grant_user_id_role_division_code_line_code_key,
  ADD CONSTRAINT role_grant_times CHECK (valid_to >= valid_from),
  ADD CONSTRAINT role_grant_one_part EXCLUDE USING gist (user_id WITH =,
    part WITH <>, tstzrange(valid_from, valid_to) WITH &&),
  ADD CONSTRAINT role_grant_once EXCLUDE USING gist (user_id WITH =,
    role WITH =, division_code WITH =, line_code WITH =,
    (coalesce(action_id, '00000000-0000-0000-0000-000000000000')) WITH =,
    (coalesce(cover_org_id, '00000000-0000-0000-0000-000000000000')) WITH =,
    tstzrange(valid_from, valid_to) WITH &&);

-- What a grant reaches now. Empty coverage and empty hands reach nothing.
CREATE VIEW grant_reach WITH (security_invoker = true) AS
  SELECT g.*, r.own AS kind,
    g.valid_from <= now() AND (g.valid_to IS NULL OR g.valid_to > now())
      AND r.status = 'active' AS valid,
    CASE WHEN g.cover_org_id IS NULL THEN g.division_code
      ELSE coalesce(lower(c.m), 1) END AS lo,
    CASE WHEN g.cover_org_id IS NULL THEN division_hi(g.division_code)
      ELSE coalesce(upper(c.m) - 1, 0) END AS hi,
    CASE WHEN g.cover_org_id IS NOT NULL THEN coalesce(c.m, '{}') END
      AS cover,
    CASE r.own
      WHEN 'operator' THEN coalesce(g.own, '{}') || ARRAY(SELECT p.id
        FROM project p WHERE p.operating_operator_id = ANY (g.own)
        OR p.implementing_operator_id = ANY (g.own) LIMIT 500)
      WHEN 'assigned' THEN coalesce(g.own, '{}') || ARRAY(SELECT h.id
        FROM household h WHERE h.helper_contact_id = ANY (g.own) LIMIT 500)
      WHEN 'task' THEN coalesce(g.own, '{}')
      ELSE g.own END AS owned
  FROM role_grant g JOIN role r ON r.code = g.role
  LEFT JOIN LATERAL (
    SELECT range_agg(int8range(o.division_code,
        division_hi(o.division_code) + 1))
      * int8multirange(int8range(g.division_code,
        division_hi(g.division_code) + 1)) AS m
    FROM org_coverage o WHERE o.org_id = g.cover_org_id
      AND o.voided_at IS NULL
      AND coalesce(o.from_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date,
        true)
      AND coalesce(o.to_on >= (now() AT TIME ZONE 'Asia/Shanghai')::date,
        true)
      AND coalesce(o.action_id = g.action_id, true)) AS c ON true;
GRANT SELECT ON grant_reach TO taizhang_api;

-- A short OR of ranges (D3): more are a wider division.
CREATE FUNCTION org_coverage_few() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM (SELECT unnest(range_agg(int8range(division_code,
      division_hi(division_code) + 1))) FROM org_coverage
      WHERE org_id = NEW.org_id AND voided_at IS NULL) AS one) > 8 THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      TABLE = 'org_coverage', CONSTRAINT = 'org_coverage_few',
      MESSAGE = 'an organisation covers at most eight ranges';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER few AFTER INSERT OR UPDATE ON org_coverage
  FOR EACH ROW WHEN (NEW.voided_at IS NULL)
  EXECUTE FUNCTION org_coverage_few();
CREATE TRIGGER conf AFTER INSERT OR UPDATE ON org_coverage
  FOR EACH STATEMENT EXECUTE FUNCTION conf_changed();

-- A decision keeps the grant it was given under (R-25).
ALTER TABLE command ADD COLUMN grant_id uuid REFERENCES role_grant;
COMMENT ON COLUMN command.grant_id IS 'Grant it was given under.';

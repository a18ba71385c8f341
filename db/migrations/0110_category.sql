-- A special group is narrowed by issue category (domain.md 5.2, F12): the
-- categories that its organisation covers, each where it covers it. Beside
-- action, coverage and own rows (0084), and by the same mechanism.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);

ALTER TABLE role ADD COLUMN by_category boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN role.by_category IS
  'Whether a grant reaches only issues of the categories that its '
  'organisation covers.';
UPDATE role SET by_category = true,
  needs_line = needs_line AND code <> 'special_group'
  WHERE plays @> '{special_group}';
-- Nobody else reads the log or administers by category.
ALTER TABLE role
  ADD CONSTRAINT role_category_part CHECK (NOT by_category
    OR part = 'business'),
  ADD CONSTRAINT role_category_plays CHECK (by_category
    OR NOT plays @> '{special_group}');

-- As in 0083, and category: {code: ranges}, null = not narrowed by it. What is
-- covered of a category only is covered for nobody else.
DROP VIEW grant_reach;
CREATE VIEW grant_reach WITH (security_invoker = true) AS
  SELECT g.*, r.own AS kind,
    g.valid_from <= now() AND (g.valid_to IS NULL OR g.valid_to > now())
      AND r.status = 'active' AS valid,
    CASE WHEN covers.nothing_named THEN g.division_code
      ELSE coalesce(lower(c.m), 1) END AS lo,
    CASE WHEN covers.nothing_named THEN division_hi(g.division_code)
      ELSE coalesce(upper(c.m) - 1, 0) END AS hi,
    CASE WHEN NOT covers.nothing_named THEN coalesce(c.m, '{}') END AS cover,
    CASE WHEN r.by_category THEN coalesce(c.categories, '{}') END AS category,
    CASE r.own
      WHEN 'operator' THEN coalesce(g.own, '{}') || ARRAY(SELECT p.id
        FROM project p WHERE p.operating_operator_id = ANY (g.own)
        OR p.implementing_operator_id = ANY (g.own)
        ORDER BY p.id LIMIT 500)
      WHEN 'assigned' THEN coalesce(g.own, '{}') || ARRAY(SELECT h.id
        FROM household h WHERE h.helper_contact_id = ANY (g.own)
        ORDER BY h.id LIMIT 500)
      WHEN 'task' THEN coalesce(g.own, '{}')
      ELSE g.own END AS owned
  FROM role_grant g JOIN role r ON r.code = g.role
  CROSS JOIN LATERAL (SELECT g.cover_org_id IS NULL AND NOT r.by_category)
    AS covers (nothing_named)
  LEFT JOIN LATERAL (
    SELECT range_agg(one.m) AS m, jsonb_object_agg(one.category_code, one.m)
      FILTER (WHERE one.category_code IS NOT NULL) AS categories
    FROM (SELECT o.category_code, range_agg(int8range(o.division_code,
          division_hi(o.division_code) + 1))
        * int8multirange(int8range(g.division_code,
          division_hi(g.division_code) + 1)) AS m
      FROM org_coverage o WHERE o.org_id = g.cover_org_id
        AND o.voided_at IS NULL
        AND (r.by_category OR o.category_code IS NULL)
        AND coalesce(o.from_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date,
          true)
        AND coalesce(o.to_on >= (now() AT TIME ZONE 'Asia/Shanghai')::date,
          true)
        AND coalesce(o.action_id = g.action_id, true)
      GROUP BY o.category_code) AS one) AS c ON true;
GRANT SELECT ON grant_reach TO taizhang_api;

-- {line, action, coverage, own, category}
CREATE OR REPLACE FUNCTION app_narrow() RETURNS text[] LANGUAGE sql STABLE
PARALLEL SAFE
AS $$ SELECT CASE WHEN concat(current_setting('app.action', true),
    current_setting('app.cover', true), current_setting('app.own', true),
    current_setting('app.category', true)) <> ''
  THEN ARRAY['', coalesce(current_setting('app.action', true), ''),
    coalesce(current_setting('app.cover', true), ''),
    coalesce(current_setting('app.own', true), ''),
    coalesce(current_setting('app.category', true), '')] END $$;

-- Whether an issue is of a category covered there. Categories are a tree by
-- their codes: F-2 covers F-2-1. The same is scope_category() in scope.c.
CREATE FUNCTION narrow_category(n text[], division bigint, category text)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
  code text := category;
BEGIN
  IF coalesce(n[5], '') = '' THEN
    RETURN true;
  END IF;
  WHILE code IS NOT NULL LOOP
    IF division <@ (n[5]::jsonb ->> code)::int8multirange THEN
      RETURN true;
    END IF;
    code := substring(code FROM '^(.*)-[^-]*$');
  END LOOP;
  RETURN false;
END $$;

-- What is of an issue, and what is of none. In plpgsql as in 0084.
CREATE FUNCTION narrow_issue(n text[], of uuid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN coalesce(n[5], '') = '' OR of IS NULL OR EXISTS (SELECT FROM issue i
    WHERE i.id = of AND narrow_category(n, i.division_code, i.category));
END $$;

-- A file that is evidence is seen with what it is evidence of, whatever the
-- caller sees of that himself: so past his walls.
CREATE FUNCTION narrow_file(n text[], file uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  own text[];
  seen boolean;
BEGIN
  IF coalesce(n[5], '') = '' THEN
    RETURN true;
  END IF;
  own := walls_open();
  SELECT bool_or(narrow_sees(n, e.entity, e.row_id)) INTO seen FROM evidence e
    WHERE e.attachment_id = file;
  PERFORM walls_close(own);
  RETURN coalesce(seen, true);
END $$;

-- What of 5.2 is by category: issues, and what is of one issue. A task of no
-- issue is its plan's. The same is entity.category in the model.
CREATE FUNCTION narrow_categories(t regclass, alias text, n text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN t = 'issue'::regclass THEN
      format('narrow_category(%s, %I.division_code, %I.category)', n, alias,
        alias)
    WHEN t IN ('rectification_task'::regclass, 'form_finding'::regclass) THEN
      format('narrow_issue(%s, %I.issue_id)', n, alias)
    WHEN t = 'attachment'::regclass THEN
      format('narrow_file(%s, %I.id)', n, alias)
    END $$;

-- As in 0108, and by category.
CREATE OR REPLACE FUNCTION narrow_sees(n text[], entity text, row_id uuid)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  t regclass := to_regclass(quote_ident(entity));
  seen boolean;
BEGIN
  IF t IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE id = $1
    AND narrow_lets($2, division_code, %s, %s) AND %s)', t,
    CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = t
      AND attname = 'action_id' AND NOT attisdropped)
      THEN 'action_id' ELSE 'NULL' END, narrow_owners(t, 't'),
    coalesce(narrow_categories(t, 't', '$2'), 'true'))
    INTO seen USING row_id, n;
  RETURN seen;
END $$;

-- Whether the caller is narrowed by nothing of these: every statement asks it,
-- and app_narrow() written out in its plan, once for each use, cost a read by
-- id 5 % of PostgreSQL's time.
CREATE FUNCTION app_wide() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT (current_setting('app.action', true) <> ''
  OR current_setting('app.cover', true) <> ''
  OR current_setting('app.own', true) <> ''
  OR current_setting('app.category', true) <> '') IS NOT TRUE $$;
CREATE FUNCTION app_narrowed() RETURNS text[] LANGUAGE plpgsql STABLE
PARALLEL SAFE AS $$ BEGIN RETURN app_narrow(); END $$;

-- Within the wall that is there, as in 0084, and asked first: only those who
-- are narrowed come to it.
ALTER PROCEDURE business_narrow(text) RENAME TO business_narrow_wide;
CREATE PROCEDURE business_narrow(t text) LANGUAGE plpgsql AS $$
DECLARE
  categories text := narrow_categories(t::regclass, t, 'app_narrowed()');
  wall text;
BEGIN
  CALL business_narrow_wide(t);
  FOR wall IN SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
    WHERE polrelid = t::regclass AND polname = t || '_scope'
  LOOP
    wall := replace(wall, '( SELECT app_narrow() AS app_narrow) IS NULL',
      '( SELECT app_wide() AS app_wide)');
    wall := replace(wall, 'app_lets(', coalesce(categories || ' AND ', '')
      || 'app_lets(');
    EXECUTE format('ALTER POLICY %I ON %I USING (%s)', t || '_scope', t,
      wall);
  END LOOP;
END $$;
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT polrelid::regclass::text FROM pg_policy
    WHERE polname = polrelid::regclass || '_scope'
      AND pg_get_expr(polqual, polrelid) LIKE '%app_lets(%' LOOP
    CALL business_narrow(t);
  END LOOP;
END $$;

-- What is told of an issue is seen when the issue is; a header block is the
-- book's.
ALTER POLICY issue_progress_narrow ON issue_progress USING (
  (SELECT app_narrow()) IS NULL OR narrow_sees(app_narrow(), 'issue', issue_id));
ALTER POLICY issue_acceptance_narrow ON issue_acceptance USING (
  (SELECT app_narrow()) IS NULL OR narrow_sees(app_narrow(), 'issue', issue_id));
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT a.attrelid::regclass::text FROM pg_attribute a
    JOIN pg_policy p ON p.polrelid = a.attrelid
      AND p.polname = a.attrelid::regclass || '_narrow'
    WHERE a.attrelid::regclass::text LIKE 'sheet\_%'
      AND a.attname = 'row_id'
  LOOP
    EXECUTE format('ALTER POLICY %I ON %I USING (%s)', t || '_narrow', t,
      (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
        WHERE polrelid = t::regclass AND polname = t || '_narrow')
      || format(' AND ((SELECT app_narrow()) IS NULL
        OR EXISTS (SELECT FROM sheet_ledger b WHERE b.id = %I.row_id)
        OR narrow_sees(app_narrow(), ''issue'', %I.row_id))', t, t));
  END LOOP;
END $$;

-- A trigger that looks past the caller's walls looks past these too.
CREATE OR REPLACE FUNCTION walls_open() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  name text;
  own text[];
BEGIN
  FOREACH name IN ARRAY ARRAY['lo', 'hi', 'line', 'clearance', 'action',
    'cover', 'own', 'category'] LOOP
    own := own || coalesce(current_setting('app.' || name, true), '');
    PERFORM set_config('app.' || name, CASE name WHEN 'lo' THEN '0'
      WHEN 'hi' THEN '999999999999' WHEN 'clearance' THEN '4' ELSE '' END,
      true);
  END LOOP;
  RETURN own;
END $$;
CREATE OR REPLACE FUNCTION walls_close(own text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
  at int := 0;
BEGIN
  FOREACH name IN ARRAY ARRAY['lo', 'hi', 'line', 'clearance', 'action',
    'cover', 'own', 'category'] LOOP
    at := at + 1;
    PERFORM set_config('app.' || name, own[at], true);
  END LOOP;
END $$;

-- Of webhooks, as in 0103.
DROP FUNCTION webhook_scopes();
CREATE FUNCTION webhook_scopes() RETURNS TABLE (id uuid, lo bigint, hi bigint,
  line text, clearance int, action text, cover text, own text, category text,
  entities text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT w.id, greatest(w.division_code, g.lo),
    least(division_hi(w.division_code), g.hi), w.line,
    least(w.clearance, g.clearance), g.action_id::text, g.cover::text,
    g.owned::text, g.category::text, translate(w.entities::text, '[]', '{}')
  FROM webhook w JOIN grant_reach g ON g.id = w.grant_id AND g.valid
    AND g.role = w.role
    JOIN app_user u ON u.id = g.user_id AND u.status = 'active'
  WHERE w.active AND w.voided_at IS NULL ORDER BY w.id $$;
COMMENT ON FUNCTION webhook_scopes IS
  'What each webhook that is told of changes may be told of.';
REVOKE EXECUTE ON FUNCTION webhook_scopes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_scopes TO taizhang_jobs;

-- They go with every request of the group.
CREATE FUNCTION org_coverage_categories() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
  IF (SELECT count(*) FROM org_coverage WHERE org_id = NEW.org_id
      AND category_code IS NOT NULL AND voided_at IS NULL) > 100 THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      TABLE = 'org_coverage', CONSTRAINT = 'org_coverage_categories',
      MESSAGE = 'an organisation covers categories in a hundred rows at most';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER categories AFTER INSERT OR UPDATE ON org_coverage
  FOR EACH ROW WHEN (NEW.voided_at IS NULL AND NEW.category_code IS NOT NULL)
  EXECUTE FUNCTION org_coverage_categories();

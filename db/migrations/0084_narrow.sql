-- Both walls carry action, coverage and own rows. Most callers have none of
-- these: for them the second wall asks one question more in a statement.

SET ROLE taizhang_owner;

-- {line, action, coverage, own}, '' = not narrowed; null for most.
CREATE FUNCTION app_narrow() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN concat(current_setting('app.action', true),
    current_setting('app.cover', true), current_setting('app.own', true)) <> ''
  THEN ARRAY['', coalesce(current_setting('app.action', true), ''),
    coalesce(current_setting('app.cover', true), ''),
    coalesce(current_setting('app.own', true), '')] END $$;

-- A row without an action is seen under any. In plpgsql, so that the planner
-- does not write them out: those who are not narrowed would pay for that in
-- every statement (1 µs of a read by id this way, 4 µs the other).
CREATE FUNCTION narrow_lets(n text[], division bigint, action uuid,
  owners uuid[]) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$ BEGIN
  RETURN (n[2] = '' OR action IS NULL OR action = n[2]::uuid)
    AND (n[3] = '' OR division <@ n[3]::int8multirange)
    AND (n[4] = '' OR owners && n[4]::uuid[]);
END $$;
-- What is shared is seen from below, and is nobody's own.
CREATE FUNCTION narrow_shares(n text[], lo bigint, division bigint,
  action uuid) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$ BEGIN
  RETURN (n[2] = '' OR action IS NULL OR action = n[2]::uuid)
    AND (n[3] = '' OR division <@ n[3]::int8multirange
      OR lo BETWEEN division AND division_hi(division));
END $$;
-- The same of the caller, for the second wall.
CREATE FUNCTION app_lets(division bigint, action uuid, owners uuid[])
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$ BEGIN
  RETURN narrow_lets(app_narrow(), division, action, owners);
END $$;
CREATE FUNCTION app_shares(division bigint, action uuid)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$ BEGIN
  RETURN narrow_shares(app_narrow(), app_lo(), division, action);
END $$;

-- Columns that name whose a row is; the same list stands in query.c.
CREATE FUNCTION narrow_owners(t regclass) RETURNS text LANGUAGE sql STABLE
AS $$ SELECT 'ARRAY[' || string_agg(quote_ident(attname), ', '
    ORDER BY attnum) || ']' FROM pg_attribute
  WHERE attrelid = t AND NOT attisdropped AND attname IN ('id', 'project_id',
    'household_id', 'operator_id', 'implementing_operator_id',
    'operating_operator_id', 'owner_operator_id', 'owner_household_id') $$;

-- What is told of a row is seen when the row is.
CREATE FUNCTION narrow_sees(n text[], entity text, row_id uuid)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  t regclass := to_regclass(quote_ident(entity));
  seen boolean;
BEGIN
  IF t IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE id = $1
    AND narrow_lets($2, division_code, %s, %s))', t,
    CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = t
      AND attname = 'action_id' AND NOT attisdropped)
      THEN 'action_id' ELSE 'NULL' END, narrow_owners(t))
    INTO seen USING row_id, n;
  RETURN seen;
END $$;

-- The second wall: beside the range, line and clearance of every policy.
CREATE PROCEDURE business_narrow(t text) LANGUAGE plpgsql AS $$
DECLARE
  lets text := format('(SELECT app_narrow()) IS NULL OR app_lets(
    division_code, action_id, %s)',
    narrow_owners(t::regclass));
BEGIN
  -- Within the wall that is there: the planner would take a policy of its own
  -- for a filter that leaves a third of the rows, and sort what it could read
  -- in order (0065).
  IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t::regclass
      AND polname = t || '_read') THEN
    EXECUTE format('ALTER POLICY %I ON %I USING (%s)', t || '_scope', t,
      replace(business_wall(), 'ELSE false', format('AND (%s) ELSE false',
      lets)));
    RETURN;
  END IF;
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT USING (
    (SELECT app_narrow()) IS NULL OR app_shares(division_code, action_id))',
    t || '_narrow', t);
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR INSERT
    WITH CHECK (%s)', t || '_narrow_write', t, lets);
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR UPDATE
    USING (%s)', t || '_narrow_change', t, lets);
END $$;

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attname IN ('id', 'division_code', 'action_id', 'filing_level')
        AND NOT a.attisdropped) = 4
      AND c.relrowsecurity
  LOOP
    CALL business_narrow(t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['history', 'change', 'command', 'evidence']
  LOOP
    EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT USING (
      (SELECT app_narrow()) IS NULL
      OR narrow_sees(app_narrow(), entity, row_id))', t || '_narrow', t);
  END LOOP;
  -- People and places of work: by place alone.
  FOR t IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND (c.relname IN ('org_unit', 'app_user', 'role_grant', 'session',
        'agent_token', 'webhook', 'issue_progress', 'issue_acceptance'))
  LOOP
    EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT USING (
      (SELECT app_narrow()) IS NULL OR app_shares(division_code, NULL))', t || '_narrow', t);
  END LOOP;
  -- What the agents do is nobody's own, and a ledger is of an action.
  FOR t IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND c.relname LIKE 'sheet\_%' AND c.relname <> 'sheet_template'
      AND EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'division_code')
  LOOP
    EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT USING (
      (SELECT app_narrow()) IS NULL OR app_lets(division_code, %s,
      ''{}'')%s)', t || '_narrow', t,
      CASE WHEN t = 'sheet_ledger' THEN 'action_id' ELSE 'NULL' END,
      CASE WHEN EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = t::regclass AND a.attname = 'ledger_id')
        THEN format(' AND EXISTS (SELECT FROM sheet_ledger l
          WHERE l.id = %I.ledger_id)', t) ELSE '' END);
  END LOOP;
END $$;

-- A trigger that looks past the caller's walls looks past these too.
CREATE OR REPLACE FUNCTION walls_open() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  name text;
  own text[];
BEGIN
  FOREACH name IN ARRAY ARRAY['lo', 'hi', 'line', 'clearance', 'action',
    'cover', 'own'] LOOP
    own := own || coalesce(current_setting('app.' || name, true), '');
  END LOOP;
  PERFORM set_config('app.lo', '0', true),
    set_config('app.hi', '999999999999', true),
    set_config('app.line', '', true), set_config('app.clearance', '4', true),
    set_config('app.action', '', true), set_config('app.cover', '', true),
    set_config('app.own', '', true);
  RETURN own;
END $$;
CREATE OR REPLACE FUNCTION walls_close(own text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.lo', own[1], true),
    set_config('app.hi', own[2], true), set_config('app.line', own[3], true),
    set_config('app.clearance', own[4], true),
    set_config('app.action', own[5], true),
    set_config('app.cover', own[6], true),
    set_config('app.own', own[7], true);
END $$;

-- Whether a session still counts: also for those whose coverage does not
-- hold the place that their own grant is of.
CREATE FUNCTION session_counts(hash text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE own text[] := walls_open();
  counts boolean := EXISTS (SELECT FROM session s JOIN grant_reach g
    ON g.id = s.grant_id AND g.valid WHERE s.token_hash = hash
    AND s.revoked_at IS NULL AND s.expires_at > now());
BEGIN
  PERFORM walls_close(own);
  RETURN counts;
END $$;

-- Tables that come later are born with it.
ALTER PROCEDURE business_table(text, text) RENAME TO business_table_wide;
CREATE PROCEDURE business_table(t text, action text DEFAULT 'optional')
LANGUAGE plpgsql AS $$
BEGIN
  CALL business_table_wide(t, action);
  CALL business_narrow(t);
END $$;

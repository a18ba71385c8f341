-- What belongs to a row that is somebody's own is his own too, however deep:
-- the custody of the asset of an operator's project (domain.md 5.1, 5.2).

SET ROLE taizhang_owner;

-- Whose a row is: by columns of its own (0084) and of the rows it belongs to,
-- of which its trigger "parent" tells. The same is made in query_narrow.c.
CREATE FUNCTION narrow_owners(t regclass, alias text, depth int DEFAULT 1)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  own text;
  up text[];
BEGIN
  SELECT 'ARRAY[' || string_agg(format('%I.%I', alias, attname), ', '
      ORDER BY attnum) || ']' INTO own FROM pg_attribute
    WHERE attrelid = t AND NOT attisdropped AND attname IN ('id',
      'project_id', 'household_id', 'operator_id', 'implementing_operator_id',
      'operating_operator_id', 'owner_operator_id', 'owner_household_id');
  SELECT string_to_array(encode(tgargs, 'escape'), '\000') INTO up
    FROM pg_trigger WHERE tgrelid = t AND tgname = 'parent'
      AND tgfoid = 'parent_scope'::regproc;
  IF NOT FOUND THEN
    RETURN own;
  END IF;
  RETURN format('%s || (SELECT %s FROM %I o%s WHERE o%s.id = %I.%I)', own,
    narrow_owners(up[1]::regclass, 'o' || depth, depth + 1), up[1], depth,
    depth, alias, up[2]);
END $$;

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
    AND narrow_lets($2, division_code, %s, %s))', t,
    CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = t
      AND attname = 'action_id' AND NOT attisdropped)
      THEN 'action_id' ELSE 'NULL' END, narrow_owners(t, 't'))
    INTO seen USING row_id, n;
  RETURN seen;
END $$;

-- As in 0084, and once more when a table is found to have a parent.
CREATE OR REPLACE PROCEDURE business_narrow(t text) LANGUAGE plpgsql AS $$
DECLARE
  lets text := format('(SELECT app_narrow()) IS NULL OR app_lets(
    division_code, action_id, %s)', narrow_owners(t::regclass, t));
BEGIN
  IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t::regclass
      AND polname = t || '_read') THEN
    EXECUTE format('ALTER POLICY %I ON %I USING (%s)', t || '_scope', t,
      replace(business_wall(), 'ELSE false', format('AND (%s) ELSE false',
      lets)));
    RETURN;
  END IF;
  EXECUTE format('DROP POLICY IF EXISTS %I ON %I', t || '_narrow', t);
  EXECUTE format('DROP POLICY IF EXISTS %I ON %I', t || '_narrow_write', t);
  EXECUTE format('DROP POLICY IF EXISTS %I ON %I', t || '_narrow_change', t);
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT USING (
    (SELECT app_narrow()) IS NULL OR app_shares(division_code, action_id))',
    t || '_narrow', t);
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR INSERT
    WITH CHECK (%s)', t || '_narrow_write', t, lets);
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR UPDATE
    USING (%s)', t || '_narrow_change', t, lets);
END $$;
DROP FUNCTION narrow_owners(regclass);

ALTER PROCEDURE business_child(text, text, text) RENAME TO business_child_wide;
CREATE PROCEDURE business_child(t text, col text, parent text)
LANGUAGE plpgsql AS $$
BEGIN
  CALL business_child_wide(t, col, parent);
  CALL business_narrow(t);
END $$;

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT tgrelid::regclass::text FROM pg_trigger
    WHERE tgname = 'parent' AND tgfoid = 'parent_scope'::regproc LOOP
    CALL business_narrow(t);
  END LOOP;
END $$;

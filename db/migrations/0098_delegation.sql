-- Users are administered inside one's own subtree, and never above one's own
-- rights (issue 4.2): a security administrator's grant says where, on which
-- line, for which action, up to which clearance and until when he grants.
-- Held here too, whatever statement the API sends.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);

-- He reads no row by it: it is the most that he hands on. What is sensitive or
-- disciplinary (3, 4) is handed on by the installation's administrator, and by
-- those to whom he gave it.
UPDATE role SET clearance = 2 WHERE code = 'security_admin';
UPDATE role_grant SET clearance = CASE division_code WHEN 0 THEN 4 ELSE 2 END
  WHERE role = 'security_admin' AND clearance = 0;
COMMENT ON COLUMN role_grant.clearance IS
  'Sensitivity it reads up to; of a security administrator, hands on.';

-- 0 nation … 5 village, as division_hi() counts.
CREATE FUNCTION division_level(code bigint) RETURNS int
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT CASE
    WHEN code = 0 THEN 0
    WHEN code % 10000000000 = 0 THEN 1
    WHEN code % 100000000 = 0 THEN 2
    WHEN code % 1000000 = 0 THEN 3
    WHEN code % 1000 = 0 THEN 4
    ELSE 5 END $$;

-- What of a grant goes beyond the grant that an administrator acts under, by
-- the name of its member; null: nothing.
CREATE FUNCTION grant_beyond(mine uuid, code text, division bigint, line text,
  high int, action uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  own text[] := walls_open();
  m grant_reach;
  r role;
BEGIN
  SELECT * INTO m FROM grant_reach g WHERE g.id = mine AND g.valid
    AND g.part = 'security_admin';
  SELECT * INTO r FROM role x WHERE x.code = grant_beyond.code;
  PERFORM walls_close(own);
  RETURN CASE
    WHEN m.id IS NULL OR r.code IS NULL
      OR r.part IN ('agent', 'client', 'public') THEN 'role'
    WHEN division NOT BETWEEN m.lo AND m.hi OR division_hi(division) > m.hi
      OR NOT coalesce(int8range(division, division_hi(division) + 1)
        <@ m.cover, true)
      OR (r.level > 0 AND r.level <> division_level(division))
      THEN 'division_code'
    WHEN m.line_code NOT IN ('', line) THEN 'line_code'
    WHEN high > m.clearance THEN 'clearance'
    WHEN m.action_id IS NOT NULL AND action IS DISTINCT FROM m.action_id
      THEN 'action'
  END;
END $$;

-- The same of its time.
CREATE FUNCTION grant_longer(mine uuid, since timestamptz,
  until timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  own text[] := walls_open();
  m role_grant;
BEGIN
  SELECT * INTO m FROM role_grant g WHERE g.id = mine;
  PERFORM walls_close(own);
  RETURN CASE WHEN coalesce(until, 'infinity') >
      coalesce(m.valid_to, 'infinity') THEN 'valid_to'
    WHEN since < m.valid_from THEN 'valid_from' END;
END $$;

-- Whoever sets a password can be that person: so he administers those only
-- all of whose grants, wherever they are, he could give.
CREATE FUNCTION user_beyond(mine uuid, whose uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  own text[] := walls_open();
  beyond boolean := EXISTS (SELECT FROM role_grant g WHERE g.user_id = whose
    AND (g.valid_to IS NULL OR g.valid_to > now())
    AND grant_beyond(mine, g.role, g.division_code, g.line_code, g.clearance,
      g.action_id) IS NOT NULL);
BEGIN
  PERFORM walls_close(own);
  RETURN beyond;
END $$;

-- The grant that the caller acts under (audit.trail).
CREATE FUNCTION app_grant() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT nullif(split_part(current_setting('app.trail', true), '|', 5),
    '')::uuid $$;

CREATE FUNCTION role_grant_delegated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  beyond text;
BEGIN
  IF current_user <> 'taizhang_api' THEN -- of divisions that merge
    RETURN NEW;
  END IF;
  beyond := CASE WHEN NEW.user_id = app_actor() THEN 'oneself'
    WHEN user_beyond(app_grant(), NEW.user_id) THEN 'user' END;
  beyond := coalesce(beyond, grant_beyond(app_grant(), NEW.role,
    NEW.division_code, NEW.line_code, NEW.clearance, NEW.action_id));
  IF beyond IS NULL AND TG_OP = 'INSERT' THEN
    beyond := grant_longer(app_grant(), NEW.valid_from, NEW.valid_to);
  ELSIF beyond IS NULL AND OLD.user_id <> NEW.user_id THEN
    beyond := 'user';
  ELSIF beyond IS NULL AND (coalesce(NEW.valid_to, 'infinity') >
      coalesce(OLD.valid_to, 'infinity')
      OR NEW.valid_from < OLD.valid_from) THEN
    beyond := grant_longer(app_grant(), NEW.valid_from, NEW.valid_to);
  END IF;
  IF beyond IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'role_grant',
      CONSTRAINT = 'role_grant_beyond', MESSAGE = format(
      'beyond the grant of who grants: %s', beyond);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER delegated BEFORE INSERT OR UPDATE ON role_grant
  FOR EACH ROW EXECUTE FUNCTION role_grant_delegated();

-- Signing in has no actor; everybody changes his own password.
CREATE FUNCTION app_user_delegated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  fine boolean;
BEGIN
  IF current_user <> 'taizhang_api' OR app_actor() IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.id = app_actor() THEN
    fine := TG_OP = 'UPDATE' AND (NEW.login, NEW.name, NEW.division_code,
      NEW.status) = (OLD.login, OLD.name, OLD.division_code, OLD.status)
      AND NEW.org_id IS NOT DISTINCT FROM OLD.org_id;
  ELSE
    fine := EXISTS (SELECT FROM role_grant g WHERE g.id = app_grant()
        AND g.part = 'security_admin')
      AND NOT user_beyond(app_grant(), NEW.id);
  END IF;
  IF NOT fine THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'app_user',
      CONSTRAINT = 'app_user_beyond',
      MESSAGE = 'the user has grants beyond that of who administers';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER delegated BEFORE INSERT OR UPDATE ON app_user
  FOR EACH ROW EXECUTE FUNCTION app_user_delegated();

-- An application sees no more, and lasts no longer, than who admits it.
CREATE FUNCTION client_app_delegated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own text[];
  most int;
BEGIN
  IF current_user <> 'taizhang_api' THEN
    RETURN NEW;
  END IF;
  own := walls_open();
  SELECT clearance INTO most FROM role_grant WHERE id = app_grant()
    AND part = 'security_admin';
  PERFORM walls_close(own);
  IF most IS NULL OR NEW.clearance > most OR ((TG_OP = 'INSERT'
      OR NEW.valid_to > OLD.valid_to)
      AND grant_longer(app_grant(), NULL, NEW.valid_to) IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'client_app',
      CONSTRAINT = 'client_app_beyond',
      MESSAGE = 'the application goes beyond the grant of who admits it';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER delegated BEFORE INSERT OR UPDATE ON client_app
  FOR EACH ROW EXECUTE FUNCTION client_app_delegated();

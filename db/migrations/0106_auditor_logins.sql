-- Auditors' logins without a superuser. In PostgreSQL 15 whoever may create
-- roles may also make himself a member of nearly any, so that right is not the
-- owner's: it belongs to a role that nobody can be, taizhang_logins, which owns
-- two functions, and they make and end auditors' logins and nothing else.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_logins') THEN
    CREATE ROLE taizhang_logins NOLOGIN CREATEROLE NOBYPASSRLS;
  END IF;
  GRANT taizhang_auditor TO taizhang_logins WITH ADMIN OPTION;
  GRANT pg_signal_backend TO taizhang_logins; -- ends what is signed in
END $$;
-- What a login is made with, and does not change itself.
DO $$
BEGIN
  GRANT SET ON PARAMETER log_statement, app.lo, app.hi, app.line,
    app.clearance TO taizhang_logins;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'taizhangctl auditor add needs, once, by a superuser: %',
    'GRANT SET ON PARAMETER log_statement, app.lo, app.hi, app.line, '
    'app.clearance TO taizhang_logins';
END $$;
GRANT USAGE ON SCHEMA public TO taizhang_logins;

SET ROLE taizhang_owner;
GRANT SELECT, INSERT, UPDATE ON auditor_login TO taizhang_logins;
GRANT SELECT ON action TO taizhang_logins;
CREATE POLICY auditor_login_make ON auditor_login TO taizhang_logins
  USING (true) WITH CHECK (true);
CREATE POLICY auditor_login_list ON auditor_login FOR SELECT
  TO taizhang_owner USING (true);
RESET ROLE;

-- The bodies are those of 0094; what they read stands behind the walls.
ALTER FUNCTION auditor_login_add SECURITY DEFINER SET search_path = public,
  pg_temp SET app.lo = '0' SET app.hi = '999999999999' SET app.line = ''
  SET app.clearance = '4';
ALTER FUNCTION auditor_login_end SECURITY DEFINER SET search_path = public,
  pg_temp SET app.lo = '0' SET app.hi = '999999999999';
GRANT CREATE ON SCHEMA public TO taizhang_logins;
ALTER FUNCTION auditor_login_add OWNER TO taizhang_logins;
ALTER FUNCTION auditor_login_end OWNER TO taizhang_logins;
REVOKE CREATE ON SCHEMA public FROM taizhang_logins;
REVOKE EXECUTE ON FUNCTION auditor_login_add, auditor_login_end FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auditor_login_add, auditor_login_end
  TO taizhang_owner;

-- Upkeep of the log. A partition is made months ahead: whoever reads all of
-- the log for long is not waited for, with everybody else behind.
ALTER FUNCTION audit.partitions SET lock_timeout = '1s';

-- That something was erased is for audit.erase() to say, as what changed is
-- for the triggers.
SET ROLE taizhang_audit;
CREATE OR REPLACE FUNCTION audit.append(verb text, outcome text, entity text,
    row_id uuid, division bigint, actor uuid, trail text, detail jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF verb IN ('create', 'change', 'remove', 'baseline', 'erase') THEN
    RAISE insufficient_privilege USING MESSAGE = 'changes tell of themselves';
  END IF;
  PERFORM set_config('app.trail', trail, true);
  INSERT INTO audit.event (txid, verb, outcome, entity, row_id,
      division_code, actor, detail)
    VALUES (audit.here(), verb, outcome, entity, row_id,
      coalesce(division, public.app_lo(), 0), actor, detail);
END $$;
RESET ROLE;

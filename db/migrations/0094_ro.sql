-- What auditors' own tools may read by SQL (sync-and-security.md 4.2, issue 4.6):
-- the schema ro, one view for every business table, behind the same walls.
--
-- The API's walls stand on settings, which anybody who has a session can set.
-- So an auditor's login is made with settings that let everything through, and
-- a second policy, for auditors alone, narrows it to the pass in auditor_login
-- of the role that signed in: session_user, which no statement changes. What he
-- sets himself can only make him see less.
--
-- Columns with personal data he may not read at all; taizhang_mask, which
-- nobody can be, reads them for him in the views of ro_mask.

DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['taizhang_auditor', 'taizhang_mask'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', r);
    END IF;
  END LOOP;
  EXECUTE format('GRANT taizhang_mask, taizhang_auditor TO %I', current_user);
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC',
    current_database());
EXCEPTION WHEN invalid_grant_operation THEN NULL;
END $$;
SET client_min_messages = warning;
CREATE SCHEMA ro AUTHORIZATION taizhang_owner;
CREATE SCHEMA ro_mask AUTHORIZATION taizhang_mask;
GRANT USAGE ON SCHEMA ro TO taizhang_auditor, taizhang_mask;
GRANT USAGE ON SCHEMA ro_mask TO taizhang_owner;
SET ROLE taizhang_owner;

CREATE TABLE auditor_login (
  role name PRIMARY KEY CHECK (role ~ '^audit_[a-z0-9_]{2,40}$'),
  mandate text NOT NULL CHECK (char_length(mandate) BETWEEN 1 AND 200),
  division_code bigint NOT NULL REFERENCES division,
  line text NOT NULL DEFAULT '',
  clearance smallint NOT NULL DEFAULT 1 CHECK (clearance BETWEEN 0 AND 4),
  action_id uuid REFERENCES action,
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_to timestamptz NOT NULL,
  revoked_at timestamptz,
  made_by name NOT NULL DEFAULT session_user,
  CHECK (valid_to > valid_from AND valid_to <= valid_from + interval '400 days')
);
COMMENT ON TABLE auditor_login IS
  'Passes of auditors who read by SQL: which role, what, how long.';
COMMENT ON COLUMN auditor_login.role IS 'The role they sign in as.';
COMMENT ON COLUMN auditor_login.mandate IS 'The document that sends them.';
COMMENT ON COLUMN auditor_login.division_code IS 'Whose rows: it and below.';
COMMENT ON COLUMN auditor_login.line IS 'Sector line; empty = every line.';
COMMENT ON COLUMN auditor_login.clearance IS 'Rows and fields up to it.';
COMMENT ON COLUMN auditor_login.action_id IS 'Of this action and of none; null = all.';
COMMENT ON COLUMN auditor_login.valid_from IS 'From when.';
COMMENT ON COLUMN auditor_login.valid_to IS 'Until when.';
COMMENT ON COLUMN auditor_login.revoked_at IS 'Ended before its time.';
COMMENT ON COLUMN auditor_login.made_by IS 'Who made it.';
ALTER TABLE auditor_login ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- The functions below read the pass of whoever signed in, and no other.
CREATE POLICY auditor_login_own ON auditor_login FOR SELECT
  USING (role = session_user);

-- In a transaction that keeps its old snapshot a revoked pass would go on:
-- there it is good for five seconds. The clock is asked, not the transaction.
CREATE FUNCTION ro.pass() RETURNS auditor_login LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a FROM auditor_login a WHERE a.role = session_user
    AND a.revoked_at IS NULL AND a.valid_from <= clock_timestamp()
    AND a.valid_to > clock_timestamp()
    AND (current_setting('transaction_isolation') = 'read committed'
      OR clock_timestamp() < now() + interval '5 seconds') $$;
CREATE FUNCTION ro.lo() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT (ro.pass()).division_code $$;
CREATE FUNCTION ro.hi() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT public.division_hi((ro.pass()).division_code) $$;
CREATE FUNCTION ro.line() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT (ro.pass()).line $$;
CREATE FUNCTION ro.clearance() RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT (ro.pass()).clearance $$;
CREATE FUNCTION ro.action() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT (ro.pass()).action_id $$;

CALL audit.watch('auditor_login');

-- Fields that not everybody sees, as the model has them
-- (tool_model --clearance; tests/e2e/test_ro.py compares).
CREATE TABLE ro_clearance (
  tab text NOT NULL,
  col text NOT NULL,
  clearance smallint NOT NULL,
  PRIMARY KEY (tab, col)
);
COMMENT ON TABLE ro_clearance IS 'Columns that take a clearance.';
COMMENT ON COLUMN ro_clearance.tab IS 'Table.';
COMMENT ON COLUMN ro_clearance.col IS 'Column.';
COMMENT ON COLUMN ro_clearance.clearance IS 'Who may see it at all.';
ALTER TABLE ro_clearance ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY ro_clearance_read ON ro_clearance FOR SELECT USING (true);
CREATE POLICY ro_clearance_write ON ro_clearance FOR ALL TO taizhang_owner
  USING (true);
INSERT INTO ro_clearance (tab, col, clearance) VALUES
  ('issue', 'leader_name', 1),
  ('issue', 'leader_phone', 2),
  ('issue', 'person_name', 1),
  ('issue', 'person_contact', 2),
  ('issue', 'accountability_ref', 4),
  ('contact', 'name', 1),
  ('contact', 'phone', 2),
  ('contact', 'email', 2),
  ('operator', 'legal_person', 1),
  ('operator', 'phone', 2),
  ('expert', 'name', 1),
  ('expert', 'phone', 2),
  ('asset_feedback', 'receipt_name', 1),
  ('benefit_record', 'wage_fen', 1),
  ('benefit_record', 'sign_file_id', 2),
  ('household', 'household_no', 2),
  ('household', 'head_name', 2),
  ('household', 'types', 2),
  ('household', 'monitor_kind', 2),
  ('household', 'risk_removed', 2),
  ('household', 'risk_removed_on', 2),
  ('household', 'members', 2),
  ('household', 'labour', 2),
  ('household', 'low_income', 2),
  ('household', 'elderly', 2),
  ('household', 'is_petition', 2),
  ('household', 'remark', 2),
  ('household_year_fact', 'wage_income_fen', 2),
  ('household_year_fact', 'business_income_fen', 2),
  ('household_year_fact', 'transfer_income_fen', 2),
  ('household_year_fact', 'property_income_fen', 2),
  ('household_year_fact', 'net_income_fen', 2),
  ('household_year_fact', 'rigid_expense', 2),
  ('household_year_fact', 'education_fen', 2),
  ('household_year_fact', 'medical_fen', 2),
  ('household_year_fact', 'other_expense_text', 2),
  ('household_year_fact', 'loan_wanted_unmet', 2),
  ('household_year_fact', 'loan_misused', 2),
  ('person_flag', 'kind', 2),
  ('person_flag', 'note', 2),
  ('person_flag', 'valid_from', 2),
  ('person_flag', 'valid_to', 2),
  ('risk_assessment', 'assessor_names', 1),
  ('downgrade_application', 'site_team', 1),
  ('risk_episode', 'site_team', 1),
  ('classification_case', 'village_signer', 1),
  ('classification_case', 'township_signer', 1),
  ('classification_opinion', 'signer', 1),
  ('idle_fact', 'cause_nature', 2),
  ('supervision_order', 'target_person', 1),
  ('patrol_visit', 'visitors', 1),
  ('patrol_visit', 'geo', 1),
  ('accountability_case', 'case_no', 4),
  ('accountability_case', 'subject', 4),
  ('accountability_case', 'nature', 4),
  ('accountability_case', 'cause', 4),
  ('accountability_case', 'issue_id', 4),
  ('accountability_case', 'project_id', 4),
  ('accountability_case', 'order_id', 4),
  ('accountability_case', 'org_id', 4),
  ('accountability_case', 'person', 4),
  ('accountability_case', 'opened_on', 4),
  ('accountability_case', 'outcome', 4),
  ('accountability_case', 'doc_no', 4),
  ('accountability_case', 'decided_on', 4),
  ('accountability_case', 'decided_by', 4),
  ('accountability_case', 'state', 4),
  ('form_response', 'header', 1),
  ('form_response', 'answers', 1),
  ('form_response', 'notes', 1),
  ('form_response', 'surveyors', 1),
  ('form_response', 'geo', 2),
  ('form_response', 'warnings', 2),
  ('sign_off', 'signer_name', 1),
  ('sign_off', 'image_id', 2),
  ('report_submission', 'filled_by', 1),
  ('report_submission', 'filler_phone', 2),
  ('indicator_value', 'filler', 1),
  ('meeting_record', 'chaired_by', 1);
-- Class '' is not personal.
CREATE VIEW ro_personal AS
  SELECT coalesce(c.tab, p.entity) AS tab, coalesce(c.col, p.field) AS col,
    coalesce(p.class, '') AS class, coalesce(c.clearance, 0) AS clearance
  FROM ro_clearance c FULL JOIN pii_field p
    ON p.entity = c.tab AND p.field = c.col;
GRANT SELECT ON ro_personal TO taizhang_auditor, taizhang_mask;

-- What the API shows the role auditor (mask_field() of api/mask.c). Answers are
-- each of a class of their own, which only the API knows. mine is the reader's
-- clearance, asked once for all rows.
CREATE FUNCTION ro.masked(class text, clearance int, v text, mine int)
  RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN class = 'answers' THEN NULL
    WHEN clearance <= mine THEN
      CASE WHEN class = '' THEN v ELSE public.pii_mask(class, v, 'masked') END
    WHEN class = 'duty' THEN public.pii_mask('name', v, 'masked')
    WHEN class NOT IN ('', 'opinion') THEN
      public.pii_mask(class, v, 'masked')
  END $$;
-- Makes a table, or what has been added to it, readable: called by the
-- migration that makes or changes it.
CREATE PROCEDURE ro_wall(t text, cond text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DROP POLICY IF EXISTS %I ON %I', t || '_auditor', t);
  EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR SELECT
    TO taizhang_auditor, taizhang_mask USING (%s)', t || '_auditor', t, cond);
END $$;
CREATE FUNCTION ro_range(t text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT 'division_code BETWEEN (SELECT ro.lo()) AND (SELECT ro.hi())'
    || coalesce(max(CASE WHEN a.attname IN ('competent_line', 'line') THEN
      format(' AND ((SELECT ro.line()) = '''' OR %I = (SELECT ro.line()))',
        a.attname) END), '')
    || coalesce(max(CASE WHEN a.attname = 'sensitivity' THEN
      ' AND sensitivity <= (SELECT ro.clearance())' END), '')
    || coalesce(max(CASE WHEN a.attname = 'action_id' THEN
      ' AND (action_id IS NULL OR (SELECT ro.action()) IS NULL
        OR action_id = (SELECT ro.action()))' END), '')
  FROM pg_attribute a
  WHERE a.attrelid = t::regclass AND a.attnum > 0 AND NOT a.attisdropped $$;
CREATE PROCEDURE ro_expose(t text, hidden text[] DEFAULT '{}')
LANGUAGE plpgsql AS $$
DECLARE
  open text;	-- columns as they are
  personal text;
  shown text;
  above text := '';
BEGIN
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
      FILTER (WHERE p.col IS NULL),
    string_agg(format('ro.masked(%L, %s, %I::text, (SELECT ro.clearance()))
      AS %I', p.class, p.clearance, a.attname, a.attname),
      ', ' ORDER BY a.attnum)
      FILTER (WHERE p.col IS NOT NULL),
    string_agg(format('%s.%I', CASE WHEN p.col IS NULL THEN 't' ELSE 'm' END,
      a.attname), ', ' ORDER BY a.attnum)
    INTO open, personal, shown
  FROM pg_attribute a
    LEFT JOIN ro_personal p ON p.tab = t AND p.col = a.attname
  WHERE a.attrelid = t::regclass AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attname <> ALL (hidden);
  -- What is shared is read from below too.
  IF EXISTS (SELECT FROM pg_policy WHERE polrelid = t::regclass
      AND polname = t || '_read') THEN
    above := ' OR (SELECT ro.lo()) BETWEEN division_code
      AND division_hi(division_code)';
  END IF;
  CALL ro_wall(t, '(' || ro_range(t) || ')' || above);
  EXECUTE format('DROP VIEW IF EXISTS ro.%I', t);
  EXECUTE format('REVOKE ALL ON %I FROM taizhang_auditor', t);
  EXECUTE format('GRANT SELECT (%s) ON %I TO taizhang_auditor', open, t);
  IF personal IS NOT NULL THEN
    EXECUTE format('GRANT SELECT ON %I TO taizhang_mask', t);
    SET ROLE taizhang_mask;
    EXECUTE format('DROP VIEW IF EXISTS ro_mask.%I', t);
    EXECUTE format('CREATE VIEW ro_mask.%I WITH (security_barrier) AS
      SELECT id, %s FROM public.%I', t, personal, t);
    EXECUTE format('GRANT SELECT ON ro_mask.%I TO taizhang_auditor,
      taizhang_owner', t);
    SET ROLE taizhang_owner;
  END IF;
  EXECUTE format('CREATE VIEW ro.%I WITH (security_barrier, security_invoker)
    AS SELECT %s FROM public.%I t%s', t, shown, t, CASE WHEN personal IS NULL
      THEN '' ELSE format(' LEFT JOIN ro_mask.%I m ON m.id = t.id', t) END);
  EXECUTE format('GRANT SELECT ON ro.%I TO taizhang_auditor', t);
  EXECUTE format('COMMENT ON VIEW ro.%I IS %L', t,
    obj_description(t::regclass));
END $$;

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND (c.relname IN ('issue_progress', 'issue_acceptance', 'command',
          'attachment', 'org_unit', 'action')
        OR (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid
          AND a.attname IN ('id', 'division_code', 'action_id',
            'filing_level', 'competent_line') AND NOT a.attisdropped) = 5)
  LOOP
    CALL ro_expose(t);
  END LOOP;
END $$;

-- Names of places and codes are public, but not to a pass that has ended.
CALL ro_wall('division', '(SELECT ro.lo()) IS NOT NULL');
CALL ro_wall('code_item', '(SELECT ro.lo()) IS NOT NULL');
GRANT SELECT ON division, code_item TO taizhang_auditor;
CREATE VIEW ro.division WITH (security_barrier, security_invoker) AS
  SELECT * FROM public.division;
CREATE VIEW ro.code_item WITH (security_barrier, security_invoker) AS
  SELECT * FROM public.code_item;
COMMENT ON VIEW ro.division IS 'Administrative divisions.';
COMMENT ON VIEW ro.code_item IS 'Code sets: what is stored and what is printed.';
GRANT SELECT ON ro.division, ro.code_item TO taizhang_auditor;

-- History of what is readable here; a row's data is masked as the row is.
CALL ro_wall('history', ro_range('history')
  || ' AND ((SELECT ro.action()) IS NULL OR data->>''action_id'' IS NULL'
  || ' OR data->>''action_id'' = (SELECT ro.action())::text)');
GRANT SELECT (entity, row_id, rev, division_code, line, sensitivity, at, actor,
  channel, origin) ON history TO taizhang_auditor;
GRANT SELECT ON history TO taizhang_mask;
SET ROLE taizhang_mask;
-- What each entity's rows hold that is personal is looked up once, not for
-- every revision.
CREATE VIEW ro_mask.history WITH (security_barrier) AS
  WITH personal AS MATERIALIZED (
    SELECT tab, array_agg(p) AS fields FROM public.ro_personal p GROUP BY tab)
  SELECT h.entity, h.row_id, h.rev, h.data || coalesce((
      SELECT jsonb_object_agg(f.col, ro.masked(f.class, f.clearance,
        h.data ->> f.col, (SELECT ro.clearance())))
      FROM unnest(p.fields) f WHERE h.data ? f.col), '{}') AS data
  FROM public.history h LEFT JOIN personal p ON p.tab = h.entity
  WHERE h.entity IN (SELECT relname FROM pg_class
    WHERE relnamespace = 'ro'::regnamespace);
GRANT SELECT ON ro_mask.history TO taizhang_auditor, taizhang_owner;
SET ROLE taizhang_owner;
CREATE VIEW ro.history WITH (security_barrier, security_invoker) AS
  SELECT h.entity, h.row_id, h.rev, h.division_code, h.line, h.sensitivity,
    h.at, h.actor, h.channel, h.origin, m.data
  FROM public.history h JOIN ro_mask.history m USING (entity, row_id, rev);
COMMENT ON VIEW ro.history IS 'Every revision of every row as it stood.';
GRANT SELECT ON ro.history TO taizhang_auditor;

-- Rows as they stood at a time. A row that had left the pass's divisions by
-- then is not shown as it was before it left.
CREATE FUNCTION ro.rev_at(entity text, id uuid, moment timestamptz)
  RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp AS
  $$ SELECT history_at(entity, id, moment, ro.clearance())
    WHERE ro.lo() IS NOT NULL $$;
CREATE FUNCTION ro.as_of(entity text, moment timestamptz)
  RETURNS SETOF ro.history LANGUAGE sql STABLE AS $$
  SELECT h.* FROM (SELECT DISTINCT ON (h.row_id) h.* FROM ro.history h
    WHERE h.entity = as_of.entity AND h.at <= moment
    ORDER BY h.row_id, h.rev DESC) h
  WHERE h.rev = ro.rev_at(as_of.entity, h.row_id, moment) $$;

-- Makes an auditor's login; called by taizhangctl as an administrator of the
-- database. What it leaves to its owner (settings) cannot widen anything.
CREATE FUNCTION auditor_login_add(login name, secret text, mandate text,
  division bigint, line text, clearance int, action text, until timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  id uuid;
BEGIN
  IF action IS NOT NULL THEN
    SELECT a.id INTO STRICT id FROM action a WHERE a.code = action;
  END IF;
  INSERT INTO auditor_login (role, mandate, division_code, line, clearance,
      action_id, valid_to)
    VALUES (login, mandate, division, line, clearance, id, until);
  EXECUTE format('CREATE ROLE %I LOGIN INHERIT NOCREATEDB NOCREATEROLE
    NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4 PASSWORD %L VALID UNTIL %L',
    login, secret, until);
  EXECUTE format('GRANT taizhang_auditor TO %I', login);
  EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', login);
  EXECUTE format('ALTER ROLE %I SET statement_timeout = ''30s''', login);
  EXECUTE format('ALTER ROLE %I SET lock_timeout = ''2s''', login);
  EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout
    = ''60s''', login);
  EXECUTE format('ALTER ROLE %I SET search_path = ro, public', login);
  -- Every statement leaves its trace in the server's log; only superusers
  -- change this one.
  EXECUTE format('ALTER ROLE %I SET log_statement = ''all''', login);
  -- The API's walls let through what the policy for auditors then narrows.
  EXECUTE format('ALTER ROLE %I SET app.lo = ''0''', login);
  EXECUTE format('ALTER ROLE %I SET app.hi = ''999999999999''', login);
  EXECUTE format('ALTER ROLE %I SET app.line = ''''', login);
  EXECUTE format('ALTER ROLE %I SET app.clearance = ''4''', login);
END $$;
CREATE FUNCTION auditor_login_end(login name) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE auditor_login SET revoked_at = now()
    WHERE role = login AND revoked_at IS NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN', login);
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = login;
  RETURN true;
END $$;
REVOKE EXECUTE ON FUNCTION auditor_login_add, auditor_login_end FROM PUBLIC;

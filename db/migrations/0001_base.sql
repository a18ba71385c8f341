-- Roles, settings, places, organisations, people, action configuration, code
-- sets, sessions, idempotency and history: what every chapter stands on.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_owner') THEN
    CREATE ROLE taizhang_owner NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_api') THEN
    CREATE ROLE taizhang_api LOGIN NOBYPASSRLS NOINHERIT;
  END IF;
  EXECUTE format('GRANT taizhang_owner TO %I', current_user);
EXCEPTION WHEN invalid_grant_operation THEN NULL;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO taizhang_owner;
GRANT USAGE ON SCHEMA public TO taizhang_api;
GRANT SELECT ON schema_migration TO taizhang_api;
SET ROLE taizhang_owner;

-- The caller's scope, put there by the first statement of every batch. Unset
-- reads as NULL, and NULL lets nothing through.
CREATE FUNCTION app_lo() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.lo', true), '')::bigint $$;
CREATE FUNCTION app_hi() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.hi', true), '')::bigint $$;
CREATE FUNCTION app_line() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT current_setting('app.line', true) $$;
CREATE FUNCTION app_clearance() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.clearance', true), '')::int $$;
CREATE FUNCTION app_actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.actor', true), '')::uuid $$;
CREATE FUNCTION app_channel() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(nullif(current_setting('app.channel', true), ''),
    'sql') $$;
CREATE FUNCTION app_origin() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(current_setting('app.origin', true), '') $$;

-- The last code of a division's subtree: 430981107000 -> 430981107999.
CREATE FUNCTION division_hi(code bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT CASE
    WHEN code = 0 THEN 999999999999
    WHEN code % 10000000000 = 0 THEN code + 9999999999
    WHEN code % 100000000 = 0 THEN code + 99999999
    WHEN code % 1000000 = 0 THEN code + 999999
    WHEN code % 1000 = 0 THEN code + 999
    ELSE code END $$;

-- One revision more, by whom and when: not left to the callers.
CREATE FUNCTION row_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.rev := 1;
    NEW.created_at := now();
    NEW.created_by := app_actor();
  ELSE
    NEW.rev := OLD.rev + 1;
    NEW.created_at := OLD.created_at;
    NEW.created_by := OLD.created_by;
  END IF;
  NEW.updated_at := now();
  NEW.updated_by := app_actor();
  RETURN NEW;
END $$;

CREATE TABLE history (
  entity text NOT NULL,
  row_id uuid NOT NULL,
  rev bigint NOT NULL,
  division_code bigint NOT NULL,
  line text NOT NULL DEFAULT '',
  sensitivity smallint NOT NULL DEFAULT 0,
  at timestamptz NOT NULL DEFAULT now(),
  actor uuid,
  channel text NOT NULL,
  origin text NOT NULL DEFAULT '',
  data jsonb NOT NULL,
  PRIMARY KEY (entity, row_id, rev)
);
CREATE INDEX history_division ON history (division_code, entity, at DESC);
COMMENT ON TABLE history IS
  'Every revision of every business row as it stood; append-only.';
COMMENT ON COLUMN history.entity IS 'Table name of the row.';
COMMENT ON COLUMN history.row_id IS 'Id of the row.';
COMMENT ON COLUMN history.rev IS 'Revision that data shows.';
COMMENT ON COLUMN history.division_code IS 'Division of the row then.';
COMMENT ON COLUMN history.line IS 'Sector line of the row then.';
COMMENT ON COLUMN history.sensitivity IS 'Sensitivity of the row then.';
COMMENT ON COLUMN history.at IS 'Time of the transaction.';
COMMENT ON COLUMN history.actor IS 'User or client; null = the system.';
COMMENT ON COLUMN history.channel IS 'api, sheet, job or sql.';
COMMENT ON COLUMN history.origin IS 'Request id or sheet batch.';
COMMENT ON COLUMN history.data IS 'The whole row.';

-- Set-based: one insert per statement however many rows it changed.
CREATE FUNCTION history_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO history (entity, row_id, rev, division_code, line,
      sensitivity, at, actor, channel, origin, data)
    SELECT TG_TABLE_NAME, n.id, n.rev, n.division_code,
      coalesce(to_jsonb(n)->>'competent_line', ''),
      coalesce((to_jsonb(n)->>'sensitivity')::smallint, 0), now(),
      app_actor(), app_channel(), app_origin(), to_jsonb(n) - 'password'
    FROM new_rows n;
  RETURN NULL;
END $$;

-- What the server itself must remember: the age of its configuration and its
-- epoch, which changes when a backup is restored.
CREATE TABLE server_state (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  conf_seq bigint NOT NULL DEFAULT 1
);
INSERT INTO server_state DEFAULT VALUES;
COMMENT ON TABLE server_state IS 'The one row the server keeps about itself.';
COMMENT ON COLUMN server_state.one IS 'Only one row.';
COMMENT ON COLUMN server_state.epoch IS
  'Changes when a backup is restored; agents then send again.';
COMMENT ON COLUMN server_state.conf_seq IS
  'Grows with every change of actions, code sets or templates.';

CREATE FUNCTION conf_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE server_state SET conf_seq = conf_seq + 1;
  PERFORM pg_notify('conf', '');
  RETURN NULL;
END $$;

-- Places.
CREATE TABLE division (
  code bigint PRIMARY KEY CHECK (code BETWEEN 0 AND 999999999999),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  short_name text CHECK (char_length(short_name) <= 60),
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 5),
  kind text,
  parent_code bigint REFERENCES division,
  valid_from date NOT NULL DEFAULT '1949-10-01',
  valid_to date,
  successor_code bigint REFERENCES division,
  is_tuopin_county boolean,
  is_tuopin_village boolean,
  is_key_county boolean,
  is_functional boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX division_parent ON division (parent_code, code);

-- Organisations and people.
CREATE TABLE org_unit (
  id uuid PRIMARY KEY,
  code text NOT NULL,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  kind text NOT NULL,
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 5),
  division_code bigint NOT NULL REFERENCES division,
  parent_org_id uuid REFERENCES org_unit,
  line_code text,
  uscc text,
  valid_from date NOT NULL DEFAULT '1949-10-01',
  valid_to date,
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid,
  UNIQUE (division_code, code)
);

CREATE TABLE app_user (
  id uuid PRIMARY KEY,
  login text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  phone text CHECK (char_length(phone) <= 40),
  org_id uuid REFERENCES org_unit,
  division_code bigint NOT NULL REFERENCES division,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'locked')),
  password text NOT NULL,
  last_login_at timestamptz,
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);
CREATE INDEX app_user_division ON app_user (division_code, login);

CREATE TABLE role_grant (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user,
  role text NOT NULL,
  division_code bigint NOT NULL REFERENCES division,
  line_code text NOT NULL DEFAULT '',
  clearance smallint NOT NULL CHECK (clearance BETWEEN 0 AND 4),
  valid_from timestamptz NOT NULL DEFAULT now(),
  valid_to timestamptz,
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid,
  UNIQUE (user_id, role, division_code, line_code)
);
CREATE INDEX role_grant_division ON role_grant (division_code, user_id);

CREATE TABLE session (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user,
  grant_id uuid NOT NULL REFERENCES role_grant,
  division_code bigint NOT NULL,
  token_hash text NOT NULL UNIQUE,
  remote text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX session_division ON session (division_code, user_id);

CREATE TABLE agent_token (
  id uuid PRIMARY KEY,
  binding_id uuid NOT NULL,
  name text NOT NULL,
  org_id uuid REFERENCES org_unit,
  division_code bigint NOT NULL REFERENCES division,
  line_code text NOT NULL DEFAULT '',
  clearance smallint NOT NULL DEFAULT 2 CHECK (clearance BETWEEN 0 AND 4),
  token_hash text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT app_actor(),
  expires_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX agent_token_division ON agent_token (division_code, binding_id);

CREATE TABLE login_failure (
  key text PRIMARY KEY,
  failures int NOT NULL,
  last_at timestamptz NOT NULL DEFAULT now(),
  locked_until timestamptz
);

CREATE TABLE idempotency (
  actor uuid NOT NULL,
  key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
  path text NOT NULL,
  body_sha text NOT NULL,
  status int,
  etag text,
  reply text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (actor, key)
);

-- Actions and their configuration.
CREATE TABLE action (
  id uuid PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  short_name text,
  level smallint NOT NULL,
  division_code bigint NOT NULL REFERENCES division,
  year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  doc_no text NOT NULL,
  doc_title text NOT NULL,
  doc_issued_on date,
  doc_issuers jsonb NOT NULL DEFAULT '[]',
  doc_parents jsonb NOT NULL DEFAULT '[]',
  start_on date NOT NULL,
  end_on date,
  scope_from_date date,
  scope_fund_types jsonb NOT NULL DEFAULT '[]',
  lead_orgs jsonb NOT NULL DEFAULT '[]',
  status text NOT NULL DEFAULT 'active'
    CHECK (status IN ('draft', 'active', 'closed')),
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);
CREATE INDEX action_division ON action (division_code, code);

CREATE TABLE action_phase (
  action_id uuid NOT NULL REFERENCES action,
  seq smallint NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  start_on date NOT NULL,
  end_on date,
  source text,
  PRIMARY KEY (action_id, seq),
  CHECK (end_on >= start_on)
);

CREATE TABLE action_param (
  action_id uuid NOT NULL REFERENCES action,
  key text NOT NULL,
  value text NOT NULL,
  source text,
  PRIMARY KEY (action_id, key)
);

CREATE TABLE action_unit (
  action_id uuid NOT NULL REFERENCES action,
  division_code bigint NOT NULL REFERENCES division,
  duty text NOT NULL DEFAULT 'reporter',
  PRIMARY KEY (action_id, division_code, duty)
);

CREATE TABLE code_item (
  set_code text NOT NULL,
  code text NOT NULL,
  label text NOT NULL CHECK (char_length(label) BETWEEN 1 AND 100),
  sort int NOT NULL DEFAULT 0,
  PRIMARY KEY (set_code, code)
);

CREATE TABLE code_override (
  action_id uuid NOT NULL REFERENCES action,
  set_code text NOT NULL,
  code text NOT NULL,
  label text NOT NULL CHECK (char_length(label) BETWEEN 1 AND 100),
  sort int NOT NULL DEFAULT 0,
  PRIMARY KEY (action_id, set_code, code)
);

COMMENT ON TABLE division IS
  'Administrative divisions, from the nation to the village.';
COMMENT ON TABLE org_unit IS
  'Organisations: governments, departments, task forces.';
COMMENT ON TABLE app_user IS 'People who sign in.';
COMMENT ON TABLE role_grant IS
  'Roles of people: what, where, on which line.';
COMMENT ON TABLE session IS
  'Sign-ins; only the digest of a token is kept.';
COMMENT ON TABLE agent_token IS
  'Tokens of sheet agents, one per binding.';
COMMENT ON TABLE login_failure IS
  'Failed sign-ins, to lock accounts and addresses.';
COMMENT ON TABLE idempotency IS
  'POST requests and the replies they led to.';
COMMENT ON TABLE action IS
  'Campaigns (专项行动) with the documents they stand on.';
COMMENT ON TABLE action_phase IS
  'Phases of an action; they may overlap.';
COMMENT ON TABLE action_param IS 'Parameters the rules read.';
COMMENT ON TABLE action_unit IS
  'Divisions that take part in an action.';
COMMENT ON TABLE code_item IS
  'Code sets: what is stored and what is printed.';
COMMENT ON TABLE code_override IS
  'Code sets as one action words them.';

-- Triggers.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['org_unit', 'app_user', 'role_grant', 'action']
  LOOP
    EXECUTE format('CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON %I
      FOR EACH ROW EXECUTE FUNCTION row_touch()', t);
    EXECUTE format('CREATE TRIGGER history_ins AFTER INSERT ON %I
      REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION history_write()', t);
    EXECUTE format('CREATE TRIGGER history_upd AFTER UPDATE ON %I
      REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION history_write()', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['action', 'action_phase', 'action_param',
    'action_unit', 'code_item', 'code_override', 'division']
  LOOP
    EXECUTE format('CREATE TRIGGER conf AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION conf_changed()', t);
  END LOOP;
END $$;

-- Row-level security: the second wall. Forced, so the owner is behind it too.
ALTER TABLE history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY history_scope ON history USING (
  division_code BETWEEN app_lo() AND app_hi()
  AND (app_line() = '' OR line = app_line())
  AND sensitivity <= app_clearance());

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['org_unit', 'app_user', 'role_grant', 'session',
    'agent_token']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I USING (
      division_code BETWEEN app_lo() AND app_hi())', t || '_scope', t);
  END LOOP;
  -- Names of places and the wording of codes are public; changing is not.
  FOREACH t IN ARRAY ARRAY['division', 'code_item', 'code_override', 'action',
    'action_phase', 'action_param', 'action_unit', 'server_state',
    'login_failure', 'idempotency']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
  END LOOP;
  -- A part of an action is seen and changed with its action.
  FOREACH t IN ARRAY ARRAY['action_phase', 'action_param', 'action_unit',
    'code_override']
  LOOP
    EXECUTE format('CREATE POLICY %I ON %I USING (EXISTS (
      SELECT FROM action a WHERE a.id = action_id)) WITH CHECK (EXISTS (
      SELECT FROM action a WHERE a.id = action_id
        AND a.division_code BETWEEN app_lo() AND app_hi()))', t || '_scope', t);
  END LOOP;
END $$;
CREATE POLICY division_read ON division FOR SELECT USING (true);
CREATE POLICY division_write ON division FOR INSERT
  WITH CHECK (code BETWEEN app_lo() AND app_hi());
CREATE POLICY division_change ON division FOR UPDATE
  USING (code BETWEEN app_lo() AND app_hi());
-- An action is known to everybody below it and above it, not beside it.
CREATE POLICY action_read ON action FOR SELECT USING (
  division_code BETWEEN app_lo() AND app_hi()
  OR app_lo() BETWEEN division_code AND division_hi(division_code));
CREATE POLICY action_write ON action FOR INSERT
  WITH CHECK (division_code BETWEEN app_lo() AND app_hi());
CREATE POLICY action_change ON action FOR UPDATE
  USING (division_code BETWEEN app_lo() AND app_hi());
CREATE POLICY code_item_read ON code_item FOR SELECT USING (true);
CREATE POLICY code_item_write ON code_item FOR INSERT
  WITH CHECK (app_lo() = 0);
CREATE POLICY code_item_change ON code_item FOR UPDATE USING (app_lo() = 0);
CREATE POLICY server_state_all ON server_state USING (app_lo() IS NOT NULL);
CREATE POLICY login_failure_all ON login_failure USING (app_lo() = 0);
CREATE POLICY idempotency_own ON idempotency USING (actor = app_actor());

GRANT SELECT, INSERT, UPDATE ON division, org_unit, app_user, role_grant,
  session, agent_token, login_failure, idempotency, action, action_phase,
  action_param, action_unit, code_item, code_override TO taizhang_api;
GRANT DELETE ON action_phase, action_param, action_unit, code_override,
  idempotency, login_failure TO taizhang_api;
GRANT SELECT, INSERT ON history TO taizhang_api;
GRANT SELECT, UPDATE ON server_state TO taizhang_api;

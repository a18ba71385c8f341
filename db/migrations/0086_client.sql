-- Third-party applications and the tokens they are given (domain.md 5.2).

SET ROLE taizhang_owner;

CREATE TABLE client_app (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  org_id uuid REFERENCES org_unit,
  division_code bigint NOT NULL REFERENCES division,
  divisions bigint[] NOT NULL CHECK (cardinality(divisions) BETWEEN 1 AND 20),
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 100),
  clearance smallint NOT NULL DEFAULT 0 CHECK (clearance BETWEEN 0 AND 2),
  personal boolean NOT NULL DEFAULT false,
  rate int NOT NULL DEFAULT 100 CHECK (rate BETWEEN 1 AND 6000),
  export_rows int NOT NULL DEFAULT 0 CHECK (export_rows >= 0),
  status text NOT NULL DEFAULT 'active'
    CHECK (status IN ('active', 'suspended', 'ended')),
  valid_to timestamptz NOT NULL,
  secret_hash text NOT NULL,
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);
CREATE INDEX client_app_division ON client_app (division_code, id);
COMMENT ON TABLE client_app IS 'Third-party applications.';
COMMENT ON COLUMN client_app.id IS 'Its client_id.';
COMMENT ON COLUMN client_app.name IS 'What it is called.';
COMMENT ON COLUMN client_app.org_id IS 'Organisation that answers for it.';
COMMENT ON COLUMN client_app.division_code IS
  'Range of the administrator who granted it.';
COMMENT ON COLUMN client_app.divisions IS
  'Divisions that it reaches, each with everything below.';
COMMENT ON COLUMN client_app.scopes IS 'entity:verb[:action] each.';
COMMENT ON COLUMN client_app.clearance IS
  'The most it sees, whoever it acts for.';
COMMENT ON COLUMN client_app.personal IS
  'Sees the personal data that its user sees; else none.';
COMMENT ON COLUMN client_app.rate IS 'Requests within ten seconds.';
COMMENT ON COLUMN client_app.export_rows IS
  'Rows a day that it may take as files.';
COMMENT ON COLUMN client_app.status IS 'active, suspended or ended.';
COMMENT ON COLUMN client_app.valid_to IS 'Until when it counts.';
COMMENT ON COLUMN client_app.secret_hash IS 'Digest of its secret.';
COMMENT ON COLUMN client_app.rev IS 'Revision.';
COMMENT ON COLUMN client_app.created_at IS 'When it was made.';
COMMENT ON COLUMN client_app.created_by IS 'By whom.';
COMMENT ON COLUMN client_app.updated_at IS 'When it was changed last.';
COMMENT ON COLUMN client_app.updated_by IS 'By whom.';

CREATE TABLE client_token (
  id uuid PRIMARY KEY,
  client_id uuid NOT NULL REFERENCES client_app,
  session_id uuid REFERENCES session,
  lo bigint NOT NULL,
  hi bigint NOT NULL,
  scopes text[] NOT NULL,
  action_id uuid REFERENCES action,
  token_hash text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX client_token_client ON client_token (client_id);
COMMENT ON TABLE client_token IS
  'Tokens of applications; only the digest is kept.';
COMMENT ON COLUMN client_token.id IS 'Identifier.';
COMMENT ON COLUMN client_token.client_id IS 'Whose it is.';
COMMENT ON COLUMN client_token.session_id IS
  'Session of the person it acts for, with which it ends; none: nobody.';
COMMENT ON COLUMN client_token.lo IS 'First division code that it reaches.';
COMMENT ON COLUMN client_token.hi IS 'Last one.';
COMMENT ON COLUMN client_token.scopes IS 'What it may, of its application.';
COMMENT ON COLUMN client_token.action_id IS 'The only action it is for.';
COMMENT ON COLUMN client_token.token_hash IS 'Digest of the token.';
COMMENT ON COLUMN client_token.created_at IS 'When it was given.';
COMMENT ON COLUMN client_token.expires_at IS 'Until when it counts.';
COMMENT ON COLUMN client_token.revoked_at IS 'When it was ended before that.';

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['client_app', 'client_token']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO taizhang_api', t);
  END LOOP;
END $$;
CREATE POLICY client_app_scope ON client_app USING (
  division_code BETWEEN app_lo() AND app_hi());
CREATE POLICY client_token_all ON client_token USING (app_lo() = 0);
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON client_app
  FOR EACH ROW EXECUTE FUNCTION row_touch();

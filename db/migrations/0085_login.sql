-- Signing in: passwords that must be changed, a second factor, and by which
-- way and grant each session came.

SET ROLE taizhang_owner;

ALTER TABLE app_user
  ADD must_change boolean NOT NULL DEFAULT false,
  ADD password_set_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN app_user.must_change IS
  'The password must be changed before anything else.';
COMMENT ON COLUMN app_user.password_set_at IS
  'When the password was set last.';

ALTER TABLE session ADD method text NOT NULL DEFAULT 'password'
  CHECK (method IN ('password', 'wechat', 'oidc'));
COMMENT ON COLUMN session.method IS
  'How the person was known: password, wechat, oidc.';
CREATE INDEX session_of_user ON session (user_id, created_at);

-- The secret is sealed with a key that the database does not have.
CREATE TABLE user_totp (
  user_id uuid PRIMARY KEY REFERENCES app_user,
  secret bytea NOT NULL,
  confirmed_at timestamptz,
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE user_totp IS
  'The second factor of a person (RFC 6238).';
COMMENT ON COLUMN user_totp.user_id IS 'Whose it is.';
COMMENT ON COLUMN user_totp.secret IS
  'The shared secret, sealed with a key of the secrets folder.';
COMMENT ON COLUMN user_totp.confirmed_at IS
  'When its first code was shown; none: not yet asked for.';
COMMENT ON COLUMN user_totp.last_step IS
  'The last 30 seconds whose code was used; no earlier one is taken.';
COMMENT ON COLUMN user_totp.created_at IS 'When it was made.';

CREATE TABLE recovery_code (
  user_id uuid NOT NULL REFERENCES user_totp ON DELETE CASCADE,
  hash text NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (user_id, hash)
);
COMMENT ON TABLE recovery_code IS
  'Codes for who has lost the second factor; each is good once.';
COMMENT ON COLUMN recovery_code.user_id IS 'Whose it is.';
COMMENT ON COLUMN recovery_code.hash IS
  'Digest with a key of the secrets folder.';
COMMENT ON COLUMN recovery_code.used_at IS 'When it was used.';

CREATE TABLE user_identity (
  provider text NOT NULL CHECK (provider ~ '^[a-z0-9-]{1,40}$'),
  subject text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
  user_id uuid NOT NULL REFERENCES app_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, subject),
  UNIQUE (user_id, provider)
);
COMMENT ON TABLE user_identity IS
  'What other identity servers call a person.';
COMMENT ON COLUMN user_identity.provider IS 'wechat, or the OIDC server.';
COMMENT ON COLUMN user_identity.subject IS 'openid or sub there.';
COMMENT ON COLUMN user_identity.user_id IS 'Who it is here.';
COMMENT ON COLUMN user_identity.created_at IS 'When it was bound.';

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['user_totp', 'recovery_code', 'user_identity']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    -- Only the server itself, when somebody signs in: nobody reads these.
    EXECUTE format('CREATE POLICY %I ON %I USING (app_lo() = 0)', t || '_all',
      t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I
      TO taizhang_api', t);
  END LOOP;
END $$;

DROP TRIGGER identity_changed ON app_user;
CREATE TRIGGER identity_changed
  AFTER UPDATE OF status, org_id, name, must_change ON app_user
  FOR EACH STATEMENT EXECUTE FUNCTION identity_changed();
CREATE TRIGGER identity_changed
  AFTER UPDATE OF confirmed_at OR DELETE ON user_totp
  FOR EACH STATEMENT EXECUTE FUNCTION identity_changed();

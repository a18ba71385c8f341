-- Signing in through another identity server: what we asked it, until it is
-- answered.

SET ROLE taizhang_owner;

CREATE TABLE login_state (
  hash text PRIMARY KEY,
  nonce text NOT NULL,
  verifier text NOT NULL,
  expires_at timestamptz NOT NULL
);
COMMENT ON TABLE login_state IS
  'Questions to an identity server that wait for their answer; good once.';
COMMENT ON COLUMN login_state.hash IS 'Digest of the state.';
COMMENT ON COLUMN login_state.nonce IS 'What its token must repeat.';
COMMENT ON COLUMN login_state.verifier IS
  'What shows that we are who asked (RFC 7636).';
COMMENT ON COLUMN login_state.expires_at IS 'Until when an answer counts.';
ALTER TABLE login_state ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY login_state_all ON login_state USING (app_lo() = 0);
GRANT SELECT, INSERT, DELETE ON login_state TO taizhang_api;

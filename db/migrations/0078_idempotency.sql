-- Idempotency-Key on every POST: the place of what was made, replies sealed
-- (some hold a secret), and an end for keys.

SET ROLE taizhang_owner;

ALTER TABLE idempotency ADD location text;
COMMENT ON COLUMN idempotency.location IS 'Its Location.';
COMMENT ON COLUMN idempotency.body_sha IS
  'Keyed digest of its body and of who sent it.';
COMMENT ON COLUMN idempotency.reply IS
  'Body of the reply, sealed with a key that the database does not have.';

-- What was kept in clear; a repetition of those requests is refused.
ALTER TABLE idempotency NO FORCE ROW LEVEL SECURITY;
UPDATE idempotency SET reply = NULL WHERE reply IS NOT NULL;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;

-- The job runner forgets keys after 30 days.
CREATE INDEX idempotency_by_age ON idempotency (created_at);
GRANT SELECT (created_at), DELETE ON idempotency TO taizhang_jobs;
CREATE POLICY idempotency_old ON idempotency TO taizhang_jobs
  USING (created_at < now() - interval '30 days');

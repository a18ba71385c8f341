-- An administrator looks at what somebody else sees, for some minutes and
-- read-only (issue 4.7): such a session names who really looks, why, and under
-- which session of his own.

SET ROLE taizhang_owner;

ALTER TABLE session
  DROP CONSTRAINT session_method_check,
  ADD CONSTRAINT session_method_check
    CHECK (method IN ('password', 'wechat', 'oidc', 'view')),
  ADD viewer_id uuid REFERENCES app_user,
  ADD viewer_session uuid REFERENCES session,
  ADD reason text CHECK (char_length(reason) BETWEEN 1 AND 200),
  ADD CONSTRAINT session_view CHECK (num_nonnulls(viewer_id, viewer_session,
      reason) = CASE method WHEN 'view' THEN 3 ELSE 0 END
    AND viewer_id IS DISTINCT FROM user_id AND (viewer_id IS NULL
      OR expires_at <= created_at + interval '30 minutes'));
COMMENT ON COLUMN session.viewer_id IS
  'Administrator who looks as the user; the session only reads.';
COMMENT ON COLUMN session.viewer_session IS
  'His own session, with which it ends.';
COMMENT ON COLUMN session.reason IS 'Why he looks.';
CREATE INDEX session_of_viewer ON session (viewer_id, created_at)
  WHERE viewer_id IS NOT NULL;

-- Whether he may still look: his own session counts, and he could give the
-- grant that he looks under.
CREATE FUNCTION session_viewed(s session) RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS (SELECT FROM session v
    JOIN app_user u ON u.id = v.user_id AND u.status = 'active'
    JOIN role_grant g ON g.id = s.grant_id AND g.part = 'business'
    WHERE v.id = s.viewer_session AND v.user_id = s.viewer_id
    AND v.revoked_at IS NULL AND v.expires_at > now()
    AND NOT user_beyond(v.grant_id, s.user_id)) $$;

CREATE OR REPLACE FUNCTION session_counts(hash text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE own text[] := walls_open();
  counts boolean := EXISTS (SELECT FROM session s JOIN grant_reach g
    ON g.id = s.grant_id AND g.valid WHERE s.token_hash = hash
    AND s.revoked_at IS NULL AND s.expires_at > now()
    AND (s.viewer_id IS NULL OR session_viewed(s)));
BEGIN
  PERFORM walls_close(own);
  RETURN counts;
END $$;

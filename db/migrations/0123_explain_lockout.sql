-- An account with too many failed sign-ins is shut for a while; who asks why
-- somebody cannot work is told (issue 4.7). A session that is open goes on.

SET ROLE taizhang_owner;

CREATE FUNCTION login_shut(of_grant uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  own text[] := walls_open();
  shut timestamptz := (SELECT f.locked_until FROM role_grant g
    JOIN app_user u ON u.id = g.user_id
    JOIN login_failure f ON f.key = 'account:' || u.login
    WHERE g.id = of_grant AND f.locked_until > now() AND NOT EXISTS (
      SELECT FROM session s WHERE s.user_id = u.id AND s.grant_id = g.id
      AND s.viewer_id IS NULL AND s.revoked_at IS NULL
      AND s.expires_at > now()));
BEGIN
  PERFORM walls_close(own);
  RETURN shut;
END $$;
COMMENT ON FUNCTION login_shut(uuid) IS
  'Until when nobody signs in by the grant and no session of it is open.';
REVOKE EXECUTE ON FUNCTION login_shut FROM PUBLIC;
GRANT EXECUTE ON FUNCTION login_shut TO taizhang_api;

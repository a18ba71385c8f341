-- Workers remember for some seconds who a session is: what takes a right away
-- tells them to forget.

SET ROLE taizhang_owner;

CREATE FUNCTION identity_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('conf', 'identity');
  RETURN NULL;
END $$;

CREATE TRIGGER identity_changed
  AFTER UPDATE OF revoked_at, expires_at OR DELETE ON session
  FOR EACH STATEMENT EXECUTE FUNCTION identity_changed();
CREATE TRIGGER identity_changed
  AFTER INSERT OR UPDATE OR DELETE ON role_grant
  FOR EACH STATEMENT EXECUTE FUNCTION identity_changed();
CREATE TRIGGER identity_changed
  AFTER UPDATE OF status, org_id, name ON app_user
  FOR EACH STATEMENT EXECUTE FUNCTION identity_changed();

-- What an organisation covers in one action it covers for grants of that action
-- (domain.md 5.1): it counted for grants that name none, and gave them there
-- the rows of every action.

SET ROLE taizhang_owner;

DO $$
DECLARE
  was text := pg_get_viewdef('grant_reach');
  reach text := replace(was, 'COALESCE((o.action_id = g.action_id), true)',
    '(o.action_id IS NULL OR o.action_id = g.action_id)');
BEGIN
  IF reach = was THEN
    RAISE 'grant_reach says it otherwise';
  END IF;
  EXECUTE 'CREATE OR REPLACE VIEW grant_reach WITH (security_invoker = true)'
    ' AS ' || reach;
END $$;
COMMENT ON TABLE org_coverage IS
  'The division of the row is one the organisation covers; if the row names an '
  'action, for grants of that action only.';

-- Whom coverage concerns is asked with every session that is looked up.
CREATE INDEX role_grant_cover ON role_grant (user_id)
  WHERE cover_org_id IS NOT NULL;

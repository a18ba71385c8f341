-- What an organisation covers says how far others' grants reach (domain.md
-- 5.1, F12): a right of its own, apart from the address book. Those who lead
-- the action write it, and nobody says himself how far he reaches.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);

-- As each role, a county's own too, has had it with the contacts.
INSERT INTO role_right (role, entity_group, verbs, most)
  SELECT c.role, 'coverage', ARRAY(SELECT unnest(c.verbs)
      INTERSECT SELECT unnest(m.verbs)),
    ARRAY(SELECT unnest(c.most) INTERSECT SELECT unnest(m.verbs))
  FROM role_right c JOIN role r ON r.code = c.role
  CROSS JOIN LATERAL (SELECT CASE
    WHEN r.plays && ARRAY['lead_bureau', 'task_force']
      THEN ARRAY['read', 'create', 'change', 'move']
    ELSE ARRAY['read'] END) AS m (verbs)
  WHERE c.entity_group = 'contact';

-- Held here, whichever of his grants he acts under. What is made void reaches
-- less; divisions that merge take their rows along.
CREATE FUNCTION org_coverage_own() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own text[];
  his boolean;
BEGIN
  IF current_user <> 'taizhang_api' THEN
    RETURN NEW;
  END IF;
  own := walls_open();
  his := EXISTS (SELECT FROM role_grant g WHERE g.user_id = app_actor()
    AND g.cover_org_id = NEW.org_id
    AND (g.valid_to IS NULL OR g.valid_to > now()));
  PERFORM walls_close(own);
  IF his THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      TABLE = 'org_coverage', CONSTRAINT = 'org_coverage_own',
      MESSAGE = 'a grant of his own is narrowed to this coverage';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER own BEFORE INSERT OR UPDATE ON org_coverage
  FOR EACH ROW WHEN (NEW.voided_at IS NULL)
  EXECUTE FUNCTION org_coverage_own();

-- The treasury hands funds down, orders them arranged anew and keeps the
-- negative list; a department writes the payments of its own projects and no
-- more (domain.md 5.2, G6, G11, G14). So payments and what a project is funded
-- by are a right of their own.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);

-- As each role, a county's own too, has had it with the funds.
INSERT INTO role_right (role, entity_group, verbs, most)
  SELECT role, 'payment', verbs, most FROM role_right
  WHERE entity_group = 'fund';
UPDATE role_right g SET
    verbs = ARRAY(SELECT unnest(g.verbs) INTERSECT SELECT 'read'),
    most = ARRAY(SELECT unnest(g.most) INTERSECT SELECT 'read')
  FROM role r WHERE r.code = g.role AND g.entity_group = 'fund'
    AND r.plays && ARRAY['dept_clerk', 'dept_lead']
    AND NOT r.plays && ARRAY['finance'];

RESET ROLE;

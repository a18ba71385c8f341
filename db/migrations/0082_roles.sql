-- Roles as data (domain.md 5.2): who may do what is read from here by every
-- worker, and a county adds or narrows without a release.

SET ROLE taizhang_owner;

CREATE TABLE role (
  code text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{1,39}$'),
  sort int NOT NULL DEFAULT 1000,
  label text NOT NULL CHECK (char_length(label) BETWEEN 1 AND 40),
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 5),
  clearance smallint NOT NULL CHECK (clearance BETWEEN 0 AND 4),
  needs_line boolean NOT NULL DEFAULT false,
  part text NOT NULL DEFAULT 'business' CHECK (part IN ('business',
    'system_admin', 'security_admin', 'audit_admin', 'auditor', 'agent',
    'client', 'public')),
  plays text[] NOT NULL DEFAULT '{}',
  own text NOT NULL DEFAULT '' CHECK (own IN ('', 'assigned', 'operator',
    'task')),
  pii_profile text NOT NULL DEFAULT 'none' CHECK (pii_profile IN ('full',
    'township', 'masked', 'contacts', 'aggregate', 'none')),
  second_factor boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active',
    'retired')),
  shipped boolean NOT NULL DEFAULT false,
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);
COMMENT ON TABLE role IS 'What people, agents and applications may be.';
COMMENT ON COLUMN role.code IS 'Code of the role.';
COMMENT ON COLUMN role.sort IS 'Place among the others.';
COMMENT ON COLUMN role.label IS 'Name of the role.';
COMMENT ON COLUMN role.level IS
  'Level it files and decides at; 0 = that of the grant''s division.';
COMMENT ON COLUMN role.clearance IS 'Clearance of a grant that names none.';
COMMENT ON COLUMN role.needs_line IS
  'Whether a grant must name a sector line.';
COMMENT ON COLUMN role.part IS
  'Business, one of the administrators that exclude one another, or other.';
COMMENT ON COLUMN role.plays IS
  'Roles it stands for where a command says who gives it.';
COMMENT ON COLUMN role.own IS
  'Whether a grant is for rows of its own only: households assigned to a '
  'helper, those of an operator, projects of a task.';
COMMENT ON COLUMN role.pii_profile IS 'How much personal data it is shown.';
COMMENT ON COLUMN role.second_factor IS
  'Whether signing in takes a second factor.';
COMMENT ON COLUMN role.status IS 'A retired role is granted no more.';
COMMENT ON COLUMN role.shipped IS 'Came with the product.';
COMMENT ON COLUMN role.rev IS 'Revision.';
COMMENT ON COLUMN role.created_at IS 'When it was made.';
COMMENT ON COLUMN role.created_by IS 'Who made it.';
COMMENT ON COLUMN role.updated_at IS 'When it was last changed.';
COMMENT ON COLUMN role.updated_by IS 'Who last changed it.';

CREATE TABLE role_right (
  role text NOT NULL REFERENCES role,
  entity_group text NOT NULL,
  verbs text[] NOT NULL DEFAULT '{}' CHECK (verbs <@ ARRAY['read', 'create',
    'change', 'move', 'sync', 'configure', 'secure', 'audit']),
  most text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (role, entity_group),
  CONSTRAINT role_right_most CHECK (verbs <@ most)
);
COMMENT ON TABLE role_right IS
  'Verbs of a role on a group of entities (domain.md 5.2).';
COMMENT ON COLUMN role_right.role IS 'The role.';
COMMENT ON COLUMN role_right.entity_group IS 'Group of entities.';
COMMENT ON COLUMN role_right.verbs IS 'What it may do with their rows.';
COMMENT ON COLUMN role_right.most IS
  'What it came with: it can be narrowed, and not widened beyond this.';

-- Whoever audits reads; whoever administers does nothing else (5.1). Held
-- here too, whatever wrote the row.
CREATE FUNCTION role_right_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE p text := (SELECT part FROM role WHERE code = NEW.role);
BEGIN
  IF NEW.verbs && ARRAY['create', 'change', 'move']
      AND p IN ('auditor', 'security_admin', 'audit_admin', 'public')
    OR NEW.verbs @> '{configure}' AND p <> 'system_admin'
    OR NEW.verbs @> '{secure}' AND p <> 'security_admin'
    OR NEW.verbs @> '{audit}' AND p NOT IN ('audit_admin', 'auditor')
    OR NEW.verbs @> '{sync}' AND p <> 'agent' THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      CONSTRAINT = 'role_right_part',
      MESSAGE = format('a role of part %s has no such verb', p);
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER part BEFORE INSERT OR UPDATE ON role_right
  FOR EACH ROW EXECUTE FUNCTION role_right_part();
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON role
  FOR EACH ROW EXECUTE FUNCTION row_touch();
CREATE TRIGGER conf AFTER INSERT OR UPDATE OR DELETE ON role
  FOR EACH STATEMENT EXECUTE FUNCTION conf_changed();
CREATE TRIGGER conf AFTER INSERT OR UPDATE OR DELETE ON role_right
  FOR EACH STATEMENT EXECUTE FUNCTION conf_changed();

-- Like code sets: everybody reads them, the whole installation's
-- administrator changes them.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['role', 'role_right'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (true)',
      t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR INSERT WITH CHECK
      (app_lo() = 0)', t || '_write', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE USING (app_lo() = 0)',
      t || '_change', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO taizhang_api', t);
  END LOOP;
END $$;

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO role (code, sort, label, level, clearance, needs_line, part,
    own, pii_profile, second_factor) VALUES
  ('village_admin', 1, '村系统管理员', 5, 2, false, 'business', '', 'full',
    false),
  ('village_lead', 2, '村支书、第一书记', 5, 2, false, 'business', '', 'full',
    false),
  ('helper', 3, '帮扶责任人', 5, 2, false, 'business', 'assigned', 'full',
    false),
  ('township_clerk', 4, '乡镇经办', 4, 2, false, 'business', '', 'township',
    false),
  ('township_lead', 5, '乡镇领导', 4, 2, false, 'business', '', 'township',
    true),
  ('resident_group', 6, '驻乡镇工作组', 4, 1, false, 'business', '', 'masked',
    false),
  ('dept_clerk', 7, '行业主管部门经办', 3, 2, true, 'business', '', 'contacts',
    false),
  ('dept_lead', 8, '行业主管部门领导', 3, 2, true, 'business', '', 'contacts',
    true),
  ('lead_bureau', 9, '农业农村局、乡村振兴局', 3, 2, false, 'business', '', 'full',
    false),
  ('task_force', 10, '工作专班', 3, 2, false, 'business', '', 'masked',
    false),
  ('county_authority', 11, '县领导小组、县政府', 3, 1, false, 'business', '', 'masked',
    true),
  ('finance', 12, '财政局', 3, 1, false, 'business', '', 'none',
    false),
  ('war_zone', 13, '战区', 3, 1, false, 'business', '', 'masked',
    false),
  ('special_group', 14, '专项工作组', 3, 1, true, 'business', '', 'masked',
    false),
  ('patrol_group', 15, '督查巡查组', 3, 1, false, 'business', '', 'masked',
    false),
  ('pref_dept', 16, '市级行业部门', 2, 1, true, 'business', '', 'masked',
    false),
  ('pref_task_force', 17, '市级工作专班', 2, 1, false, 'business', '', 'masked',
    false),
  ('province', 18, '省级部门', 1, 1, false, 'business', '', 'aggregate',
    false),
  ('auditor', 19, '审计、巡视', 0, 1, false, 'auditor', '', 'masked',
    true),
  ('discipline', 20, '纪委监委', 0, 4, false, 'business', '', 'masked',
    true),
  ('evaluator', 21, '第三方评估', 0, 1, false, 'business', 'task', 'masked',
    false),
  ('operator_user', 22, '经营主体', 0, 1, false, 'business', 'operator', 'none',
    false),
  ('api_client', 23, '第三方应用', 0, 1, false, 'client', '', 'none',
    false),
  ('sheet_agent', 24, '同步代理', 0, 2, false, 'agent', '', 'full',
    false),
  ('sysadmin', 25, '系统管理员', 0, 0, false, 'system_admin', '', 'none',
    true),
  ('security_admin', 26, '安全管理员', 0, 0, false, 'security_admin', '', 'none',
    true),
  ('audit_admin', 27, '审计管理员', 0, 0, false, 'audit_admin', '', 'none',
    true),
  ('public', 28, '公众', 0, 0, false, 'public', '', 'aggregate',
    false);

-- R read, C create, U change, M move, S sync, F configure, E secure, A audit.
CREATE FUNCTION role_verbs(signs text) RETURNS text[] LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce(array_agg(v.name ORDER BY v.at), '{}')
  FROM (VALUES (1, 'R', 'read'), (2, 'C', 'create'), (3, 'U', 'change'),
    (4, 'M', 'move'), (5, 'S', 'sync'), (6, 'F', 'configure'),
    (7, 'E', 'secure'), (8, 'A', 'audit')) AS v (at, sign, name)
  WHERE strpos(signs, v.sign) > 0 $$;
INSERT INTO role_right (role, entity_group, verbs, most)
  SELECT m.role, split_part(p, ':', 1), role_verbs(split_part(p, ':', 2)),
    role_verbs(split_part(p, ':', 2))
  FROM (VALUES
    ('village_admin',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RCUM library:RCUM evaluation:R filing:R fund:R '
      'asset:RCUM benefit:RCUM operator:RCUM risk:R class:RCUM '
      'plan:RCUM issue:RCUM order:RM patrol:R form:RCUM archive:RCUM '
      'attachment:RCUM report:RCUM indicator:R household:RCUM'),
    ('village_lead',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:RM evaluation:R filing:R fund:R asset:RM '
      'benefit:R operator:R risk:R class:RM plan:RM issue:RM order:RM '
      'patrol:R form:RM archive:RM attachment:RC report:RM indicator:R '
      'household:R'),
    ('helper',
      'division:R org_unit:R action:R document:R template:R evidence:RC '
      'command:R issue_progress:R household:RU benefit:R issue:R plan:R '
      'form:RCUM attachment:RC'),
    ('township_clerk',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RCUM library:RCUM evaluation:RCUM filing:R fund:R '
      'asset:RCUM benefit:RCUM operator:RCUM risk:RCUM class:RCUM '
      'plan:RCUM issue:RCUM order:RM patrol:RCUM form:RCUM archive:RCUM '
      'attachment:RCUM report:RCUM indicator:R household:RCUM '
      'contact:RCUM'),
    ('township_lead',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:RM evaluation:R filing:R fund:R asset:RM '
      'benefit:R operator:R risk:RM class:RM plan:RM issue:RM order:RM '
      'patrol:R form:RM archive:RM attachment:RC report:RM indicator:R '
      'household:R contact:R'),
    ('resident_group',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:R filing:R fund:R asset:R '
      'benefit:R operator:R risk:R class:R plan:R issue:R order:R '
      'patrol:RCUM form:RCUM archive:R attachment:RC report:RCUM '
      'indicator:R contact:R'),
    ('dept_clerk',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RCUM library:RCUM evaluation:RCUM filing:R fund:RCUM '
      'asset:RCUM benefit:R operator:RCUM risk:RCUM class:RCUM '
      'plan:RCUM issue:RCUM order:RM patrol:RCUM form:R archive:RCUM '
      'attachment:RCUM report:RCUM indicator:R contact:RCUM'),
    ('dept_lead',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:RM evaluation:RM filing:R fund:RM asset:RM '
      'benefit:R operator:R risk:RM class:RM plan:RM issue:RM '
      'order:RCUM patrol:R form:R archive:RM attachment:RC report:RM '
      'indicator:R contact:R'),
    ('lead_bureau',
      'division:R org_unit:R action:R document:RCUM template:RCUM '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:RM evaluation:RM filing:RCUM fund:R asset:RM '
      'benefit:R operator:RCUM risk:RM class:RM plan:RM issue:RCM '
      'order:RCUM patrol:R form:RM archive:RM attachment:RC report:RCUM '
      'indicator:RCUM household:R contact:RCUM webhook:RCUM explain:R'),
    ('task_force',
      'division:R org_unit:R action:R document:RCUM template:RCUM '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:RM evaluation:R filing:RCUM fund:R asset:R '
      'benefit:R operator:R risk:RM class:RM plan:RM issue:RCM '
      'order:RCUM patrol:R form:RM archive:RM attachment:RC report:RCUM '
      'indicator:RCUM household:R contact:RCUM webhook:RCUM explain:R'),
    ('county_authority',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:RM evaluation:R filing:R fund:RM asset:RM '
      'benefit:R operator:R risk:R class:RM plan:R issue:RM order:RCUM '
      'patrol:R form:R archive:R attachment:RC report:RM indicator:RM '
      'webhook:RCUM explain:R'),
    ('finance',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:R issue_acceptance:R evidence:RC command:R '
      'evaluation:R plan:R issue:R archive:R indicator:R operator:R '
      'project:RM library:RM fund:RCUM asset:RM attachment:RC '
      'report:RCUM'),
    ('war_zone',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:R filing:R fund:R asset:R '
      'benefit:R operator:R risk:R class:R plan:R issue:R order:RCUM '
      'patrol:RCUM form:R archive:R attachment:RC report:RCUM '
      'indicator:R household:R contact:R'),
    ('special_group',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:R filing:R fund:R asset:R '
      'benefit:R operator:R risk:R class:R plan:R issue:RM order:RCUM '
      'patrol:R form:R archive:R attachment:RC report:RCUM indicator:R '
      'household:R contact:R'),
    ('patrol_group',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:R filing:R fund:R asset:R '
      'benefit:R operator:R risk:R class:R plan:R issue:RC order:RCUM '
      'patrol:RCUM form:R archive:R attachment:RC report:RCUM '
      'indicator:R household:R contact:R'),
    ('pref_dept',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:RCUM filing:RM fund:RM asset:R '
      'benefit:R operator:R risk:RM class:R plan:RM issue:RCM '
      'order:RCUM patrol:R archive:R attachment:RC report:RCUM '
      'indicator:RCUM webhook:RCUM explain:R'),
    ('pref_task_force',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:R filing:RM fund:RM asset:R '
      'benefit:R operator:R risk:RM class:R plan:RM issue:R order:RCUM '
      'patrol:RCUM archive:R attachment:RC report:RCUM indicator:RCUM '
      'household:R webhook:RCUM explain:R'),
    ('province',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:R issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:RCUM filing:R fund:R asset:R '
      'operator:R risk:RM class:R plan:RM issue:R order:RCUM patrol:R '
      'archive:R attachment:RC report:RM indicator:RM webhook:RCUM '
      'explain:R'),
    ('auditor',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:R issue_acceptance:R evidence:R command:R '
      'project:R library:R evaluation:R filing:R fund:R asset:R '
      'benefit:R operator:R risk:R class:R plan:R issue:R order:R '
      'patrol:R form:R archive:R attachment:R report:R indicator:R '
      'household:R contact:R explain:R audit:RA'),
    ('discipline',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:R issue_acceptance:R evidence:RC command:R '
      'project:R library:R evaluation:R filing:R fund:R asset:R '
      'benefit:R operator:R risk:R class:R plan:R issue:R order:R '
      'patrol:R form:R archive:R attachment:RC report:R indicator:R '
      'accountability:RCUM'),
    ('evaluator',
      'division:R org_unit:R action:R document:R template:R evidence:RC '
      'command:R project:R library:R evaluation:RCUM fund:R asset:R '
      'benefit:R attachment:RC report:RCUM'),
    ('operator_user',
      'division:R org_unit:R action:R document:R template:R '
      'issue_progress:RC issue_acceptance:R evidence:RC command:R '
      'project:RM library:R fund:R asset:R benefit:RCUM operator:R '
      'risk:R class:R plan:RM issue:RM order:RM attachment:RC'),
    ('api_client',
      'division:R org_unit:R action:R document:R template:R project:R '
      'library:R indicator:R report:R'),
    ('sheet_agent',
      'division:R org_unit:R action:R document:R template:R issue:RS'),
    ('sysadmin',
      'division:RF org_unit:RF action:RF document:RF template:RF '
      'webhook:RU'),
    ('security_admin',
      'division:R org_unit:R action:R user:RE'),
    ('audit_admin',
      'division:R org_unit:R action:R audit:RA'),
    ('public',
      'division:R')
  ) AS m (role, rights), regexp_split_to_table(m.rights, ' ') AS p;
DROP FUNCTION role_verbs(text);
UPDATE role SET shipped = true, plays = ARRAY[code];
ALTER TABLE role_grant ADD FOREIGN KEY (role) REFERENCES role;

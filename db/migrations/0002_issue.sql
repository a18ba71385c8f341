-- Issues (问题) with their progress, acceptances and evidence (domain.md 3.3,
-- 3.5.5), and the code sets they are written with.

SET ROLE taizhang_owner;

CREATE TABLE issue (
  id uuid PRIMARY KEY,
  -- own fields
  seq_no int,
  category text,
  subject_kind text,
  project_uid text,
  village_code bigint,
  unit_org_id uuid,
  description text,
  d_unit_or_project text,
  d_entity text,
  d_happened_on text,
  d_basic text,
  source text,
  source_ref text,
  source_year int,
  source_level text,
  found_in_phase int,
  found_on date,
  cause text,
  responsible_subject_kind text,
  responsible_org text,
  responsible_org_id uuid,
  leader_name text,
  leader_phone text,
  person_name text,
  person_contact text,
  task_force text,
  goal text,
  measures text,
  rectify_mode text,
  due_on date,
  progress_text text,
  is_completed boolean,
  incomplete_reason text,
  expected_on date,
  state text NOT NULL DEFAULT 'found',
  accepted boolean,
  accepted_on date,
  accepted_by uuid,
  acceptor_org text,
  self_verified boolean,
  closed boolean,
  closed_on date,
  closed_by uuid,
  submitted_on date,
  submitted_by uuid,
  attempt int NOT NULL DEFAULT 0,
  next_review_on date,
  merged_into_id uuid REFERENCES issue,
  accountability_ref text,
  -- common columns of every business row
  division_code bigint NOT NULL REFERENCES division,
  unit_code bigint NOT NULL
    GENERATED ALWAYS AS (division_code - division_code % 1000) STORED,
  action_id uuid NOT NULL REFERENCES action,
  filing_level smallint NOT NULL CHECK (filing_level BETWEEN 1 AND 5),
  reporting_org_id uuid,
  competent_org_id uuid,
  competent_line text NOT NULL DEFAULT '',
  on_behalf_of_org_id uuid,
  sensitivity smallint NOT NULL DEFAULT 1 CHECK (sensitivity BETWEEN 0 AND 4),
  channel text NOT NULL DEFAULT app_channel(),
  extra jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(extra) = 'object'),
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid,
  voided_at timestamptz,
  voided_by uuid,
  void_reason text,
  CONSTRAINT issue_y57 CHECK (closed IS NOT TRUE OR accepted IS TRUE),
  CONSTRAINT issue_state CHECK (state IN ('found', 'assigned', 'planned',
    'rectifying', 'completed', 'accepted', 'closed', 'suspended', 'voided',
    'merged')),
  CONSTRAINT issue_merged CHECK ((state = 'merged')
    = (merged_into_id IS NOT NULL)),
  -- The division comes first: another unit's numbers never collide with mine.
  CONSTRAINT issue_seq UNIQUE (unit_code, action_id, seq_no)
    DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX issue_by_created ON issue (division_code, created_at, id);
CREATE INDEX issue_by_updated ON issue (division_code, updated_at, id);
CREATE INDEX issue_by_seq ON issue (division_code, seq_no, id);
CREATE INDEX issue_by_due ON issue
  (division_code, (coalesce(due_on, 'infinity')), id);
CREATE INDEX issue_by_state ON issue (division_code, action_id, state);
-- Wide scopes read the same orders without sorting their whole range.
CREATE INDEX issue_created ON issue (created_at, id);
CREATE INDEX issue_updated ON issue (updated_at, id);
CREATE INDEX issue_seq_no ON issue (seq_no, id);
CREATE INDEX issue_due ON issue ((coalesce(due_on, 'infinity')), id);

-- The next number within a unit and an action; the counter row is the lock.
CREATE TABLE issue_counter (
  unit_code bigint NOT NULL,
  action_id uuid NOT NULL REFERENCES action,
  last int NOT NULL,
  PRIMARY KEY (unit_code, action_id)
);
COMMENT ON TABLE issue_counter IS 'Last issue number of a unit in an action.';
COMMENT ON COLUMN issue_counter.unit_code IS 'Township-level division.';
COMMENT ON COLUMN issue_counter.action_id IS 'Action.';
COMMENT ON COLUMN issue_counter.last IS 'Number given last.';

CREATE FUNCTION issue_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO issue_counter AS c (unit_code, action_id, last)
    VALUES (NEW.division_code - NEW.division_code % 1000, NEW.action_id, 1)
    ON CONFLICT (unit_code, action_id) DO UPDATE SET last = c.last + 1
    RETURNING last INTO NEW.seq_no;
  RETURN NEW;
END $$;
CREATE TRIGGER number BEFORE INSERT ON issue
  FOR EACH ROW WHEN (NEW.seq_no IS NULL) EXECUTE FUNCTION issue_number();
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON issue
  FOR EACH ROW EXECUTE FUNCTION row_touch();
CREATE TRIGGER history_ins AFTER INSERT ON issue
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION history_write();
CREATE TRIGGER history_upd AFTER UPDATE ON issue
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION history_write();

CREATE TABLE issue_progress (
  id uuid PRIMARY KEY,
  issue_id uuid NOT NULL REFERENCES issue,
  noted_on date NOT NULL,
  text text NOT NULL,
  percent int CHECK (percent BETWEEN 0 AND 100),
  division_code bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT app_actor()
);
CREATE INDEX issue_progress_by_issue
  ON issue_progress (division_code, issue_id, created_at);

CREATE TABLE issue_acceptance (
  id uuid PRIMARY KEY,
  issue_id uuid NOT NULL REFERENCES issue,
  attempt int NOT NULL,
  command text NOT NULL,
  result text NOT NULL,
  opinion text,
  requested_on date,
  requested_by uuid,
  self_verified boolean NOT NULL DEFAULT false,
  division_code bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT app_actor()
);
CREATE INDEX issue_acceptance_by_issue
  ON issue_acceptance (division_code, issue_id, created_at);

CREATE TABLE evidence (
  id uuid PRIMARY KEY,
  issue_id uuid NOT NULL REFERENCES issue,
  kind text NOT NULL,
  title text NOT NULL,
  reference text,
  sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  note text,
  division_code bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT app_actor()
);
CREATE INDEX evidence_by_issue
  ON evidence (division_code, issue_id, created_at);

COMMENT ON TABLE issue IS
  'Issues found in projects, from the report to the closure.';
COMMENT ON TABLE issue_progress IS
  'Notes on the progress of an issue; never changed.';
COMMENT ON TABLE issue_acceptance IS
  'Every attempt at acceptance, passed or not.';
COMMENT ON TABLE evidence IS
  'Evidence of an issue: what it is and where it lies.';

ALTER TABLE issue ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY issue_scope ON issue USING (
  division_code BETWEEN app_lo() AND app_hi()
  AND (app_line() = '' OR competent_line = app_line())
  AND sensitivity <= app_clearance());
ALTER TABLE issue_counter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- A village numbers within its township: the scope overlaps the unit.
CREATE POLICY issue_counter_scope ON issue_counter USING (
  app_lo() <= division_hi(unit_code) AND app_hi() >= unit_code);
-- What belongs to an issue is seen exactly when the issue is.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['issue_progress', 'issue_acceptance', 'evidence']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I USING (
      division_code BETWEEN app_lo() AND app_hi()
      AND EXISTS (SELECT FROM issue i WHERE i.id = issue_id
        AND i.division_code = %I.division_code))', t || '_scope', t, t);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON issue, issue_counter TO taizhang_api;
GRANT SELECT, INSERT ON issue_progress, issue_acceptance, evidence
  TO taizhang_api;

SELECT set_config('app.lo', '0', true), set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('issue_category', 'Y-1', '立项批复', 1),
  ('issue_category', 'Y-2', '实施推进', 2),
  ('issue_category', 'Y-3', '监督管理', 3),
  ('issue_category', 'Y-4', '联农带农', 4),
  ('issue_category', 'Y-5', '后期运维', 5),
  ('issue_category', 'Y-6', '其他', 6),
  ('issue_subject', 'project', '项目', 1),
  ('issue_subject', 'household', '农户', 2),
  ('issue_subject', 'village', '村', 3),
  ('issue_subject', 'unit', '单位', 4),
  ('issue_source', 'self_check', '自查自纠', 1),
  ('issue_source', 'dragnet', '拉网排查', 2),
  ('issue_source', 'key_check', '重点检查', 3),
  ('issue_source', 'patrol', '巡回排查', 4),
  ('issue_source', 'research', '调研暗访', 5),
  ('issue_source', 'assessment', '考核反馈', 6),
  ('issue_source', 'audit', '审计', 7),
  ('issue_source', 'inspection', '巡视', 8),
  ('issue_source', 'county_inspection', '巡察', 9),
  ('issue_source', 'discipline', '纪检', 10),
  ('issue_source', 'supervision', '监督检查', 11),
  ('issue_source', 'evaluation', '考核评估', 12),
  ('issue_source', 'monitoring', '部门监测', 13),
  ('issue_source', 'filing_review', '备案审查', 14),
  ('issue_source', 'questionnaire', '问卷', 15),
  ('issue_source', 'petition', '信访', 16),
  ('issue_source', 'rule', '规则计算', 17),
  ('issue_source', 'other', '其他', 18),
  ('division_level', '0', '国家', 0),
  ('division_level', '1', '省级', 1),
  ('division_level', '2', '地级', 2),
  ('division_level', '3', '县级', 3),
  ('division_level', '4', '乡级', 4),
  ('division_level', '5', '村级', 5),
  ('responsible_subject', 'implementing_entity', '项目实施主体', 1),
  ('responsible_subject', 'township', '乡镇（街道、中心）', 2),
  ('responsible_subject', 'sector_dept', '行业部门', 3),
  ('responsible_subject', 'county', '县级', 4),
  ('rectify_mode', 'immediate', '立行立改', 1),
  ('rectify_mode', 'limited', '限期整改', 2),
  ('rectify_mode', 'long_term', '长期坚持', 3),
  ('issue_state', 'found', '已发现', 1),
  ('issue_state', 'assigned', '已交办', 2),
  ('issue_state', 'planned', '已定方案', 3),
  ('issue_state', 'rectifying', '整改中', 4),
  ('issue_state', 'completed', '已完成待验收', 5),
  ('issue_state', 'accepted', '已验收', 6),
  ('issue_state', 'closed', '已销号', 7),
  ('issue_state', 'suspended', '长期坚持', 8),
  ('issue_state', 'voided', '已作废', 9),
  ('issue_state', 'merged', '已合并', 10),
  ('evidence_kind', 'photo', '照片', 1),
  ('evidence_kind', 'document', '文件', 2),
  ('evidence_kind', 'voucher', '凭证', 3),
  ('evidence_kind', 'record', '记录', 4),
  ('evidence_kind', 'other', '其他', 5),
  ('responsible_org', '镇人民政府', '镇人民政府', 1),
  ('responsible_org', '乡村振兴办', '乡村振兴办', 2),
  ('responsible_org', '农业综合服务中心', '农业综合服务中心', 3);

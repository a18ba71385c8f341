-- What belongs to a project: places, changes, funding, what operators say
-- (domain.md 3.3), and the code sets of projects.

SET ROLE taizhang_owner;

CREATE TABLE operator_feedback (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL REFERENCES operator,
  project_id uuid REFERENCES project,
  feedback_channel text NOT NULL,
  content text NOT NULL CHECK (char_length(content) <= 2000),
  raised_on date NOT NULL,
  handler_org_id uuid REFERENCES org_unit,
  reply text CHECK (char_length(reply) <= 2000),
  closed_on date,
  CONSTRAINT operator_feedback_days CHECK (closed_on >= raised_on)
);
CALL business_table('operator_feedback', 'optional');
CALL business_child('operator_feedback', 'operator_id', 'operator');
CALL business_sort('operator_feedback', 'raised_on');
COMMENT ON TABLE operator_feedback IS
  'What operators asked for or proposed, and what became of it.';
COMMENT ON COLUMN operator_feedback.operator_id IS 'Operator who spoke.';
COMMENT ON COLUMN operator_feedback.project_id IS 'Project it is about.';
COMMENT ON COLUMN operator_feedback.feedback_channel IS
  'How it reached the office.';
COMMENT ON COLUMN operator_feedback.content IS 'What was asked or proposed.';
COMMENT ON COLUMN operator_feedback.raised_on IS 'Day it was raised.';
COMMENT ON COLUMN operator_feedback.handler_org_id IS
  'Organisation that deals with it.';
COMMENT ON COLUMN operator_feedback.reply IS 'What was answered.';
COMMENT ON COLUMN operator_feedback.closed_on IS 'Day it was settled.';
CREATE INDEX operator_feedback_project ON operator_feedback (project_id);

CREATE TABLE project_location (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  place_code bigint NOT NULL REFERENCES division,
  share_text text CHECK (char_length(share_text) <= 300),
  is_primary boolean
);
CALL business_table('project_location', 'none');
CALL business_child('project_location', 'project_id', 'project');
CALL business_key('project_location', 'project_id', 'place_code');
COMMENT ON TABLE project_location IS
  'Places of a project that lies in several villages.';
COMMENT ON COLUMN project_location.project_id IS 'Project it belongs to.';
COMMENT ON COLUMN project_location.place_code IS
  'Division the project also lies in.';
COMMENT ON COLUMN project_location.share_text IS
  'What of the project lies there.';
COMMENT ON COLUMN project_location.is_primary IS
  'Whether it is the main place.';

CREATE TABLE project_change (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  content text NOT NULL CHECK (char_length(content) <= 2000),
  cause text CHECK (char_length(cause) <= 1000),
  requested_on date,
  approved_doc text CHECK (char_length(approved_doc) <= 100),
  approved_on date,
  applied_on date,
  CONSTRAINT project_change_days CHECK (approved_on >= requested_on)
);
CALL business_table('project_change', 'none');
CALL business_child('project_change', 'project_id', 'project');
COMMENT ON TABLE project_change IS
  'Changes of content asked for, with the document that allowed them.';
COMMENT ON COLUMN project_change.project_id IS 'Project it belongs to.';
COMMENT ON COLUMN project_change.content IS 'What is to be changed.';
COMMENT ON COLUMN project_change.cause IS 'Why it is to be changed.';
COMMENT ON COLUMN project_change.requested_on IS
  'Day the change was asked for.';
COMMENT ON COLUMN project_change.approved_doc IS
  'Number of the document that allows it.';
COMMENT ON COLUMN project_change.approved_on IS 'Day it was allowed.';
COMMENT ON COLUMN project_change.applied_on IS
  'Day the project was changed accordingly.';

CREATE TABLE project_funding (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  fund_type text NOT NULL,
  fund_level text NOT NULL,
  year int NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  batch text NOT NULL CHECK (char_length(batch) <= 40),
  planned_fen bigint NOT NULL
    CHECK (planned_fen BETWEEN 0 AND 9000000000000000),
  arrived_fen bigint CHECK (arrived_fen BETWEEN 0 AND 9000000000000000),
  doc_no text CHECK (char_length(doc_no) <= 60)
);
CALL business_table('project_funding', 'none');
CALL business_child('project_funding', 'project_id', 'project');
CALL business_key('project_funding', 'project_id', 'fund_type', 'fund_level',
  'year', 'batch');
CALL business_sort('project_funding', 'year');
COMMENT ON TABLE project_funding IS
  'Where a project''s money comes from: fund, level, year, batch.';
COMMENT ON COLUMN project_funding.project_id IS 'Project it belongs to.';
COMMENT ON COLUMN project_funding.fund_type IS 'Kind of fund.';
COMMENT ON COLUMN project_funding.fund_level IS 'Level the fund comes from.';
COMMENT ON COLUMN project_funding.year IS 'Year of the fund.';
COMMENT ON COLUMN project_funding.batch IS 'Batch of the fund.';
COMMENT ON COLUMN project_funding.planned_fen IS 'Amount planned.';
COMMENT ON COLUMN project_funding.arrived_fen IS 'Amount arrived.';
COMMENT ON COLUMN project_funding.doc_no IS
  'Number of the document of the fund.';
CREATE INDEX project_funding_by_fund ON project_funding
  (division_code, year, fund_type, fund_level);

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('project_type', 'industry', '产业发展', 1),
  ('project_type', 'jobs', '就业项目', 2),
  ('project_type', 'construction', '乡村建设行动', 3),
  ('project_type', 'relocation', '易地搬迁后扶', 4),
  ('project_type', 'guarantee', '巩固三保障成果', 5),
  ('project_type', 'governance', '乡村治理和精神文明建设', 6),
  ('project_type', 'management_fee', '项目管理费', 7),
  ('project_type', 'other', '其他', 8),
  ('construction_nature', 'new', '新建', 1),
  ('construction_nature', 'extend', '扩建', 2),
  ('construction_nature', 'rebuild', '改建', 3),
  ('construction_nature', 'continue', '续建', 4),
  ('project_tag', 'household', '到户到人产业', 1),
  ('project_tag', 'public_post', '公益性岗位', 2),
  ('project_tag', 'benefit', '联农带农效果好', 3),
  ('project_tag', 'ditch', '农田沟渠修复整治', 4),
  ('project_tag', 'work_relief', '以工代赈', 5),
  ('project_tag', 'lasting', '长效产业', 6),
  ('project_tag', 'attention', '社会关注度高', 7),
  ('project_tag', 'sensitive', '敏感', 8),
  ('project_tag', 'replacement', '替代项目', 9),
  ('co_account', 'yes', '是', 1),
  ('co_account', 'no', '否', 2),
  ('co_account', 'na', '不适用', 3),
  ('owner_kind', 'state', '国有', 1),
  ('owner_kind', 'township_coll', '乡镇集体', 2),
  ('owner_kind', 'village_coll', '村集体', 3),
  ('owner_kind', 'household', '农户', 4),
  ('owner_kind', 'enterprise', '企业', 5),
  ('owner_kind', 'mixed', '混合', 6),
  ('owner_kind', 'undecided', '未确权', 7),
  ('sensitive_kind', 'S1', '违法违规占用耕地', 1),
  ('sensitive_kind', 'S2', '“两高两道”沿线', 2),
  ('sensitive_kind', 'S3', '社会关注度高', 3),
  ('sensitive_kind', 'S9', '其他', 4),
  ('pretreatment', 'unlist', '摘牌', 1),
  ('pretreatment', 'replant', '复耕复种', 2),
  ('pretreatment', 'other', '其他', 3),
  ('farmland_flag', 'none', '不涉及', 1),
  ('farmland_flag', 'feiliang', '非粮化', 2),
  ('farmland_flag', 'feinong', '非农化', 3),
  ('farmland_flag', 'occupy', '违法占用耕地', 4),
  ('survival_state', 'lasting', '持续运营', 1),
  ('survival_state', 'intermittent', '间续运营', 2),
  ('survival_state', 'stopped', '已停产（可恢复）', 3),
  ('survival_state', 'gone', '已消亡', 4),
  ('performance_grade', 'excellent', '优', 1),
  ('performance_grade', 'good', '良', 2),
  ('performance_grade', 'fair', '中', 3),
  ('performance_grade', 'poor', '差', 4),
  ('revive_path', 'A', '贷款贴息纾困', 1),
  ('revive_path', 'B', '退出协议、引进新主体', 2),
  ('revive_path', 'C', '统一接管经营', 3),
  ('revive_path', 'D', '闲置设施再利用', 4),
  ('class4', 'C1', '优势类', 1),
  ('class4', 'C2', '薄弱类', 2),
  ('class4', 'C3', '闲置类', 3),
  ('class4', 'C4', '淘汰类', 4),
  ('batch4', 'K1', '巩固一批', 1),
  ('batch4', 'K2', '升级一批', 2),
  ('batch4', 'K3', '盘活一批', 3),
  ('batch4', 'K4', '调整一批', 4),
  ('project_state', 'planned', '谋划', 1),
  ('project_state', 'declared', '申报', 2),
  ('project_state', 'approved', '批复', 3),
  ('project_state', 'in_progress', '在建', 4),
  ('project_state', 'completed', '完工', 5),
  ('project_state', 'accepted', '验收', 6),
  ('project_state', 'settled', '结算决算', 7),
  ('project_state', 'transferred', '移交', 8),
  ('project_state', 'operating', '运营', 9),
  ('project_state', 'idle', '闲置', 10),
  ('project_state', 'eliminated', '淘汰退出', 11),
  ('project_state', 'cancelled', '取消', 12),
  ('fund_type', 'F01', '财政专项扶贫资金', 1),
  ('fund_type', 'F02', '统筹整合财政涉农资金', 2),
  ('fund_type', 'F03', '财政衔接推进乡村振兴补助资金', 3),
  ('fund_type', 'F04', '东西部协作资金', 4),
  ('fund_type', 'F05', '定点帮扶资金', 5),
  ('fund_type', 'F06', '彩票公益金', 6),
  ('fund_type', 'F07', '政府债券', 7),
  ('fund_type', 'F08', '行业扶贫资金', 8),
  ('fund_type', 'F09', '社会捐赠资金', 9),
  ('fund_type', 'F10', '省内对口及其他帮扶', 10),
  ('fund_type', 'F90', '企业自筹', 11),
  ('fund_type', 'F91', '村集体、农户自筹', 12),
  ('fund_type', 'F99', '其他', 13),
  ('fund_level', 'central', '中央', 1),
  ('fund_level', 'province', '省级', 2),
  ('fund_level', 'prefecture', '市（州）级', 3),
  ('fund_level', 'county', '县级', 4),
  ('fund_level', 'external', '帮扶方', 5)
ON CONFLICT DO NOTHING;

-- Indicators, meetings, rules, cases, rankings (domain.md 3.3, R-12).

SET ROLE taizhang_owner;

CREATE TABLE indicator (
  id uuid PRIMARY KEY,
  code text NOT NULL CHECK (char_length(code) <= 40),
  name text NOT NULL CHECK (char_length(name) <= 200),
  measure_unit text NOT NULL CHECK (char_length(measure_unit) <= 20),
  seven_action text,
  direction text,
  cycle text NOT NULL,
  formula text CHECK (char_length(formula) <= 1000),
  cumulative boolean,
  lead_orgs text CHECK (char_length(lead_orgs) <= 200),
  seq int CHECK (seq BETWEEN 1 AND 9999)
);
CALL business_table('indicator', 'optional');
CALL business_key('indicator', 'code');
CALL business_sort('indicator', 'seq');
COMMENT ON TABLE indicator IS 'What is counted, in which unit, how often.';
COMMENT ON COLUMN indicator.code IS 'Stable code of the indicator.';
COMMENT ON COLUMN indicator.name IS 'Name as printed.';
COMMENT ON COLUMN indicator.measure_unit IS 'Unit it is measured in.';
COMMENT ON COLUMN indicator.seven_action IS
  'Which of the seven actions it belongs to.';
COMMENT ON COLUMN indicator.direction IS 'Whether more or less is better.';
COMMENT ON COLUMN indicator.cycle IS 'How often it is counted.';
COMMENT ON COLUMN indicator.formula IS
  'How it is computed; none if it is entered.';
COMMENT ON COLUMN indicator.cumulative IS
  'Whether the values of a year add up.';
COMMENT ON COLUMN indicator.lead_orgs IS 'Leading organisations as printed.';
COMMENT ON COLUMN indicator.seq IS 'Place in the printed table.';

CREATE TABLE indicator_target (
  id uuid PRIMARY KEY,
  indicator_id uuid NOT NULL REFERENCES indicator,
  year int NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  op text NOT NULL,
  value numeric(18,4) NOT NULL,
  value_to numeric(18,4),
  doc_clause text CHECK (char_length(doc_clause) <= 200)
);
CALL business_table('indicator_target', 'optional');
CALL business_key('indicator_target', 'indicator_id', 'year');
CALL business_sort('indicator_target', 'year');
COMMENT ON TABLE indicator_target IS
  'What a place shall reach of an indicator in a year.';
COMMENT ON COLUMN indicator_target.indicator_id IS 'Indicator it is set for.';
COMMENT ON COLUMN indicator_target.year IS 'Year it is set for.';
COMMENT ON COLUMN indicator_target.op IS
  'At least, at most, exactly or between.';
COMMENT ON COLUMN indicator_target.value IS
  'Value to reach; the lower one of a range.';
COMMENT ON COLUMN indicator_target.value_to IS 'Upper value of a range.';
COMMENT ON COLUMN indicator_target.doc_clause IS
  'Document and clause that sets it.';

CREATE TABLE indicator_value (
  id uuid PRIMARY KEY,
  indicator_id uuid NOT NULL REFERENCES indicator,
  period text NOT NULL CHECK (char_length(period) <= 20),
  period_to date NOT NULL,
  value numeric(18,4) NOT NULL,
  source text,
  evidence_id uuid REFERENCES attachment,
  submission_id uuid REFERENCES report_submission,
  filler text CHECK (char_length(filler) <= 50),
  remark text CHECK (char_length(remark) <= 1000)
);
CALL business_table('indicator_value', 'optional');
CALL business_key('indicator_value', 'indicator_id', 'period');
CALL business_sort('indicator_value', 'period_to');
COMMENT ON TABLE indicator_value IS
  'What a place counted of an indicator in a period.';
COMMENT ON COLUMN indicator_value.indicator_id IS
  'Indicator that was counted.';
COMMENT ON COLUMN indicator_value.period IS
  'Period it was counted for, as 2025-Q1.';
COMMENT ON COLUMN indicator_value.period_to IS 'Last day of the period.';
COMMENT ON COLUMN indicator_value.value IS 'Value of the period.';
COMMENT ON COLUMN indicator_value.source IS 'Where the figure comes from.';
COMMENT ON COLUMN indicator_value.evidence_id IS 'File that shows it.';
COMMENT ON COLUMN indicator_value.submission_id IS 'Report it was sent with.';
COMMENT ON COLUMN indicator_value.filler IS 'Who filled it in.';
COMMENT ON COLUMN indicator_value.remark IS 'Remark.';

CREATE TABLE meeting_record (
  id uuid PRIMARY KEY,
  org_id uuid REFERENCES org_unit,
  level text NOT NULL,
  held_on date NOT NULL,
  topic text NOT NULL CHECK (char_length(topic) <= 500),
  doc_no text CHECK (char_length(doc_no) <= 60),
  chaired_by text CHECK (char_length(chaired_by) <= 50),
  decisions text CHECK (char_length(decisions) <= 4000),
  minutes_id uuid REFERENCES attachment
);
CALL business_table('meeting_record', 'optional');
CALL business_sort('meeting_record', 'held_on');
COMMENT ON TABLE meeting_record IS
  'Meetings that dealt with the work, with their minutes.';
COMMENT ON COLUMN meeting_record.org_id IS 'Organisation that held it.';
COMMENT ON COLUMN meeting_record.level IS 'Level of the meeting.';
COMMENT ON COLUMN meeting_record.held_on IS 'Day it was held.';
COMMENT ON COLUMN meeting_record.topic IS 'What was discussed.';
COMMENT ON COLUMN meeting_record.doc_no IS 'Number of the minutes.';
COMMENT ON COLUMN meeting_record.chaired_by IS 'Who was in the chair.';
COMMENT ON COLUMN meeting_record.decisions IS 'What was decided.';
COMMENT ON COLUMN meeting_record.minutes_id IS 'Minutes of the meeting.';

CREATE TABLE policy_doc (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  title text NOT NULL CHECK (char_length(title) <= 200),
  version text CHECK (char_length(version) <= 40),
  doc_no text CHECK (char_length(doc_no) <= 60),
  issued_on date,
  valid_to date,
  follows text CHECK (char_length(follows) <= 200),
  file_id uuid REFERENCES attachment
);
CALL business_table('policy_doc', 'optional');
CALL business_sort('policy_doc', 'issued_on');
COMMENT ON TABLE policy_doc IS
  'Rules and documents in force, by kind and version.';
COMMENT ON COLUMN policy_doc.kind IS 'Kind of rule or document.';
COMMENT ON COLUMN policy_doc.title IS 'Title.';
COMMENT ON COLUMN policy_doc.version IS 'Version, as 试行.';
COMMENT ON COLUMN policy_doc.doc_no IS 'Number of the document.';
COMMENT ON COLUMN policy_doc.issued_on IS 'Day of issue.';
COMMENT ON COLUMN policy_doc.valid_to IS 'Last day it is in force.';
COMMENT ON COLUMN policy_doc.follows IS 'Document it carries out.';
COMMENT ON COLUMN policy_doc.file_id IS 'The document itself.';

CREATE TABLE case_record (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  title text NOT NULL CHECK (char_length(title) <= 200),
  held_on date,
  project_id uuid,
  org_id uuid REFERENCES org_unit,
  attendance int CHECK (attendance BETWEEN 0 AND 100000),
  text text CHECK (char_length(text) <= 4000),
  file_id uuid REFERENCES attachment
);
CALL business_table('case_record', 'optional');
CALL business_sort('case_record', 'held_on');
COMMENT ON TABLE case_record IS
  'Model cases, trainings and inspections on site.';
COMMENT ON COLUMN case_record.kind IS 'Case, training or visit of inspection.';
COMMENT ON COLUMN case_record.title IS 'Title.';
COMMENT ON COLUMN case_record.held_on IS
  'Day it took place or was written up.';
COMMENT ON COLUMN case_record.project_id IS 'Project it is about.';
COMMENT ON COLUMN case_record.org_id IS
  'Organisation it is about or that held it.';
COMMENT ON COLUMN case_record.attendance IS 'How many took part.';
COMMENT ON COLUMN case_record.text IS 'What others can learn from it.';
COMMENT ON COLUMN case_record.file_id IS 'Document or pictures.';

CREATE TABLE ranking_run (
  id uuid PRIMARY KEY,
  scheme text NOT NULL,
  period text NOT NULL CHECK (char_length(period) <= 20),
  title text CHECK (char_length(title) <= 200),
  year_next int CHECK (year_next BETWEEN 2000 AND 2100),
  units int,
  computed_on date,
  published_on date,
  objection_until date,
  objections text CHECK (char_length(objections) <= 2000),
  doc_no text CHECK (char_length(doc_no) <= 60),
  applied_on date,
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'computed', 'published', 'objections_closed',
      'adjusted', 'applied'))
);
CALL business_table('ranking_run', 'optional');
CALL business_key('ranking_run', 'scheme', 'period');
CALL business_sort('ranking_run', 'published_on');
COMMENT ON TABLE ranking_run IS 'Rankings of units by a scheme for a period.';
COMMENT ON COLUMN ranking_run.scheme IS
  'Weekly ranking, or the yearly one that moves funds.';
COMMENT ON COLUMN ranking_run.period IS
  'Period it ranks, as 2025 or 2022-W30.';
COMMENT ON COLUMN ranking_run.title IS 'Title as printed.';
COMMENT ON COLUMN ranking_run.year_next IS 'Year whose funds are adjusted.';
COMMENT ON COLUMN ranking_run.units IS 'How many units were ranked.';
COMMENT ON COLUMN ranking_run.computed_on IS 'Day it was computed.';
COMMENT ON COLUMN ranking_run.published_on IS 'Day it was published.';
COMMENT ON COLUMN ranking_run.objection_until IS 'Last day for objections.';
COMMENT ON COLUMN ranking_run.objections IS
  'Objections and how they were settled.';
COMMENT ON COLUMN ranking_run.doc_no IS 'Document that adjusts the funds.';
COMMENT ON COLUMN ranking_run.applied_on IS 'Day the adjustment was applied.';
COMMENT ON COLUMN ranking_run.state IS 'State of the ranking.';

CREATE TABLE ranking_item (
  id uuid PRIMARY KEY,
  run_id uuid NOT NULL,
  ranked_code bigint NOT NULL REFERENCES division,
  org_id uuid REFERENCES org_unit,
  score numeric(18,4),
  survey_rate_bp int CHECK (survey_rate_bp BETWEEN 0 AND 10000),
  rectify_rate_bp int CHECK (rectify_rate_bp BETWEEN 0 AND 10000),
  closure_rate_bp int CHECK (closure_rate_bp BETWEEN 0 AND 10000),
  spend_rate_bp int CHECK (spend_rate_bp BETWEEN 0 AND 100000),
  overdue_count int CHECK (overdue_count BETWEEN 0 AND 1000000),
  tie_decision int CHECK (tie_decision BETWEEN 1 AND 999),
  rank int,
  adjustment_fen bigint,
  remark text CHECK (char_length(remark) <= 500)
);
CALL business_table('ranking_item', 'optional');
CALL business_child('ranking_item', 'run_id', 'ranking_run');
CALL business_key('ranking_item', 'run_id', 'ranked_code');
CALL business_sort('ranking_item', 'rank');
COMMENT ON TABLE ranking_item IS
  'Units of a ranking: score, place, adjustment.';
COMMENT ON COLUMN ranking_item.run_id IS 'Ranking it belongs to.';
COMMENT ON COLUMN ranking_item.ranked_code IS 'Division that is ranked.';
COMMENT ON COLUMN ranking_item.org_id IS
  'Organisation that is ranked, if not the division itself.';
COMMENT ON COLUMN ranking_item.score IS 'Score.';
COMMENT ON COLUMN ranking_item.survey_rate_bp IS
  'Share of the survey that is done.';
COMMENT ON COLUMN ranking_item.rectify_rate_bp IS
  'Share of issues that are completed.';
COMMENT ON COLUMN ranking_item.closure_rate_bp IS
  'Share of issues that are closed; second tie break.';
COMMENT ON COLUMN ranking_item.spend_rate_bp IS
  'Share of funds spent at the year''s end; first tie break.';
COMMENT ON COLUMN ranking_item.overdue_count IS 'How many duties are overdue.';
COMMENT ON COLUMN ranking_item.tie_decision IS
  'Order decided by hand when all else ties.';
COMMENT ON COLUMN ranking_item.rank IS 'Place in the ranking.';
COMMENT ON COLUMN ranking_item.adjustment_fen IS
  'What next year''s funds gain or lose.';
COMMENT ON COLUMN ranking_item.remark IS 'Remark.';

CALL business_shared('indicator');
CALL business_shared('policy_doc');
ALTER TABLE indicator_target
  ADD CONSTRAINT indicator_target_range
    CHECK ((op = 'between') = (value_to IS NOT NULL)),
  ADD CONSTRAINT indicator_target_order CHECK (value_to >= value);
CREATE INDEX indicator_value_indicator ON indicator_value
  (indicator_id, division_code, period_to);
CREATE INDEX ranking_item_code ON ranking_item (ranked_code);
ALTER TABLE ranking_run
  ADD CHECK (objection_until >= published_on),
  ADD CHECK (state <> 'applied' OR doc_no IS NOT NULL);

-- Once a ranking is published, what it rests on stands; only the place and
-- the amount are written by its own commands.
CREATE FUNCTION ranking_item_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (TG_OP = 'INSERT' OR (NEW.score, NEW.spend_rate_bp, NEW.closure_rate_bp,
      NEW.tie_decision, NEW.voided_at) IS DISTINCT FROM (OLD.score,
      OLD.spend_rate_bp, OLD.closure_rate_bp, OLD.tie_decision,
      OLD.voided_at)) AND (SELECT state FROM ranking_run
      WHERE id = NEW.run_id) NOT IN ('draft', 'computed') THEN
    PERFORM raise_faults('[{"pointer": "/run_id", "rule": "R-12",
      "code": "published", "zh": "排名已公布，须先退回修改",
      "en": "The ranking is published; revise it first."}]');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER standing BEFORE INSERT OR UPDATE ON ranking_item
  FOR EACH ROW EXECUTE FUNCTION ranking_item_check();

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('seven_action', 'industry', '特色产业提升', 1),
  ('seven_action', 'cluster', '产业集群打造', 2),
  ('seven_action', 'labour', '劳务协作提质', 3),
  ('seven_action', 'consumption', '消费帮扶增收', 4),
  ('seven_action', 'funds', '援助资金增效', 5),
  ('seven_action', 'tourism', '农文旅融合赋能', 6),
  ('seven_action', 'social', '社会力量协同', 7),
  ('indicator_direction', 'up', '越高越好', 1),
  ('indicator_direction', 'down', '越低越好', 2),
  ('target_op', 'at_least', '不低于', 1),
  ('target_op', 'at_most', '不高于', 2),
  ('target_op', 'exactly', '等于', 3),
  ('target_op', 'between', '介于', 4),
  ('target_op', 'has', '有', 5),
  ('indicator_source', 'reported', '填报', 1),
  ('indicator_source', 'computed', '系统计算', 2),
  ('indicator_source', 'external', '外部系统', 3),
  ('policy_kind', 'plan', '实施方案', 1),
  ('policy_kind', 'rule', '管理办法', 2),
  ('policy_kind', 'mechanism', '机制', 3),
  ('policy_kind', 'standard', '标准', 4),
  ('policy_kind', 'notice', '通知', 5),
  ('policy_kind', 'other', '其他', 6),
  ('case_kind', 'model', '典型案例', 1),
  ('case_kind', 'training', '业务培训', 2),
  ('case_kind', 'observation', '现场观摩', 3),
  ('ranking_scheme', 'weekly', '周调度排队', 1),
  ('ranking_scheme', 'annual', '年度绩效排名', 2),
  ('ranking_scheme', 'assessment', '考评排序', 3),
  ('ranking_run_state', 'draft', '草拟', 1),
  ('ranking_run_state', 'computed', '已计算', 2),
  ('ranking_run_state', 'published', '已公布', 3),
  ('ranking_run_state', 'objections_closed', '异议已处理', 4),
  ('ranking_run_state', 'adjusted', '已确定调整', 5),
  ('ranking_run_state', 'applied', '已应用', 6)
ON CONFLICT (set_code, code) DO NOTHING;

-- Supervision orders, patrols, notices, accountability (domain.md 3.3); and
-- what a place shares with those below it.

SET ROLE taizhang_owner;

CREATE TABLE supervision_order (
  id uuid PRIMARY KEY,
  order_no text NOT NULL CHECK (char_length(order_no) <= 40),
  kind text NOT NULL,
  issuer_org_id uuid REFERENCES org_unit,
  target_org_id uuid NOT NULL REFERENCES org_unit,
  target_person text CHECK (char_length(target_person) <= 100),
  source text,
  basis_visit_id uuid,
  content text NOT NULL CHECK (char_length(content) <= 4000),
  issued_on date,
  issued_by uuid,
  reply_due_on date NOT NULL,
  received_on date,
  received_by uuid,
  reply text CHECK (char_length(reply) <= 4000),
  replied_on date,
  replied_by uuid,
  verdict text,
  verify_opinion text CHECK (char_length(verify_opinion) <= 2000),
  verified_on date,
  verified_by uuid,
  escalated_on date,
  escalated_by uuid,
  escalated_to text CHECK (char_length(escalated_to) <= 200),
  is_notified boolean,
  remark text CHECK (char_length(remark) <= 1000),
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'issued', 'received', 'replied', 'closed',
      'escalated'))
);
CALL business_table('supervision_order', 'optional');
CALL business_key('supervision_order', 'order_no');
CALL business_sort('supervision_order', 'issued_on');
CALL business_sort('supervision_order', 'reply_due_on');
COMMENT ON TABLE supervision_order IS
  'Orders that hand a matter to an organisation and await a reply.';
COMMENT ON COLUMN supervision_order.order_no IS 'Number of the order.';
COMMENT ON COLUMN supervision_order.kind IS 'Kind of order.';
COMMENT ON COLUMN supervision_order.issuer_org_id IS
  'Organisation that issues it; of who makes it if not given.';
COMMENT ON COLUMN supervision_order.target_org_id IS
  'Organisation that must act.';
COMMENT ON COLUMN supervision_order.target_person IS
  'Person to whom it is handed.';
COMMENT ON COLUMN supervision_order.source IS 'How the matter was found.';
COMMENT ON COLUMN supervision_order.basis_visit_id IS
  'Visit in which it was found.';
COMMENT ON COLUMN supervision_order.content IS 'What shall be done.';
COMMENT ON COLUMN supervision_order.issued_on IS 'Day of issue.';
COMMENT ON COLUMN supervision_order.issued_by IS 'Who issued it.';
COMMENT ON COLUMN supervision_order.reply_due_on IS 'Last day for the reply.';
COMMENT ON COLUMN supervision_order.received_on IS 'Day it was received.';
COMMENT ON COLUMN supervision_order.received_by IS 'Who received it.';
COMMENT ON COLUMN supervision_order.reply IS 'What was done, as replied.';
COMMENT ON COLUMN supervision_order.replied_on IS 'Day of the reply.';
COMMENT ON COLUMN supervision_order.replied_by IS 'Who replied.';
COMMENT ON COLUMN supervision_order.verdict IS
  'What the check of the reply found.';
COMMENT ON COLUMN supervision_order.verify_opinion IS
  'Opinion of who checked the reply.';
COMMENT ON COLUMN supervision_order.verified_on IS
  'Day the reply was checked.';
COMMENT ON COLUMN supervision_order.verified_by IS 'Who checked the reply.';
COMMENT ON COLUMN supervision_order.escalated_on IS 'Day it was escalated.';
COMMENT ON COLUMN supervision_order.escalated_by IS 'Who escalated it.';
COMMENT ON COLUMN supervision_order.escalated_to IS
  'To whom it was escalated.';
COMMENT ON COLUMN supervision_order.is_notified IS
  'Whether a notice of criticism followed.';
COMMENT ON COLUMN supervision_order.remark IS 'Remark.';
COMMENT ON COLUMN supervision_order.state IS 'State of the lifecycle.';

CREATE TABLE order_subject (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL,
  issue_id uuid REFERENCES issue,
  project_id uuid,
  note text CHECK (char_length(note) <= 500)
);
CALL business_table('order_subject', 'optional');
CALL business_child('order_subject', 'order_id', 'supervision_order');
COMMENT ON TABLE order_subject IS
  'Issues and projects a supervision order is about.';
COMMENT ON COLUMN order_subject.order_id IS 'Order it belongs to.';
COMMENT ON COLUMN order_subject.issue_id IS 'Issue the order is about.';
COMMENT ON COLUMN order_subject.project_id IS 'Project the order is about.';
COMMENT ON COLUMN order_subject.note IS 'What of it is meant.';

CREATE TABLE patrol_visit (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  team_org_id uuid REFERENCES org_unit,
  visitors text CHECK (char_length(visitors) <= 200),
  visited_on date NOT NULL,
  place text NOT NULL CHECK (char_length(place) <= 200),
  findings text CHECK (char_length(findings) <= 4000),
  geo jsonb,
  handed_over text CHECK (char_length(handed_over) <= 1000),
  remark text CHECK (char_length(remark) <= 1000)
);
CALL business_table('patrol_visit', 'optional');
CALL business_sort('patrol_visit', 'visited_on');
COMMENT ON TABLE patrol_visit IS
  'Patrols, unannounced visits and field inspections.';
COMMENT ON COLUMN patrol_visit.kind IS 'Kind of visit.';
COMMENT ON COLUMN patrol_visit.team_org_id IS 'Organisation of the team.';
COMMENT ON COLUMN patrol_visit.visitors IS 'Who took part.';
COMMENT ON COLUMN patrol_visit.visited_on IS 'Day of the visit.';
COMMENT ON COLUMN patrol_visit.place IS 'Place as written.';
COMMENT ON COLUMN patrol_visit.findings IS 'What was found.';
COMMENT ON COLUMN patrol_visit.geo IS 'Where it was: longitude and latitude.';
COMMENT ON COLUMN patrol_visit.handed_over IS
  'How the findings were handed over.';
COMMENT ON COLUMN patrol_visit.remark IS 'Remark.';

CREATE TABLE patrol_subject (
  id uuid PRIMARY KEY,
  visit_id uuid NOT NULL,
  project_id uuid,
  household_id uuid,
  org_id uuid REFERENCES org_unit,
  subject_text text CHECK (char_length(subject_text) <= 200),
  risk_level text,
  found boolean,
  finding text CHECK (char_length(finding) <= 2000),
  issue_id uuid REFERENCES issue
);
CALL business_table('patrol_subject', 'optional');
CALL business_child('patrol_subject', 'visit_id', 'patrol_visit');
COMMENT ON TABLE patrol_subject IS
  'Projects, households and organisations seen on a visit.';
COMMENT ON COLUMN patrol_subject.visit_id IS 'Visit it belongs to.';
COMMENT ON COLUMN patrol_subject.project_id IS 'Project that was visited.';
COMMENT ON COLUMN patrol_subject.household_id IS 'Household that was visited.';
COMMENT ON COLUMN patrol_subject.org_id IS 'Organisation that was visited.';
COMMENT ON COLUMN patrol_subject.subject_text IS
  'What was visited, as written.';
COMMENT ON COLUMN patrol_subject.risk_level IS
  'Risk level of the project on that day.';
COMMENT ON COLUMN patrol_subject.found IS 'Whether a problem was found.';
COMMENT ON COLUMN patrol_subject.finding IS 'What was found there.';
COMMENT ON COLUMN patrol_subject.issue_id IS 'Issue that came of it.';

CREATE TABLE notice (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  title text NOT NULL CHECK (char_length(title) <= 200),
  period text CHECK (char_length(period) <= 40),
  units jsonb,
  criterion text CHECK (char_length(criterion) <= 1000),
  text text CHECK (char_length(text) <= 4000),
  doc_no text CHECK (char_length(doc_no) <= 60),
  issued_on date,
  file_id uuid REFERENCES attachment,
  order_id uuid REFERENCES supervision_order
);
CALL business_table('notice', 'optional');
CALL business_sort('notice', 'issued_on');
COMMENT ON TABLE notice IS 'Notices that praise, criticise or report.';
COMMENT ON COLUMN notice.kind IS
  'Praise, criticism or a report of the state of things.';
COMMENT ON COLUMN notice.title IS 'Title.';
COMMENT ON COLUMN notice.period IS 'Period it speaks of.';
COMMENT ON COLUMN notice.units IS
  'Divisions or organisations it names, a list.';
COMMENT ON COLUMN notice.criterion IS 'Criterion by which they are named.';
COMMENT ON COLUMN notice.text IS 'Text of the notice.';
COMMENT ON COLUMN notice.doc_no IS 'Number of the document.';
COMMENT ON COLUMN notice.issued_on IS 'Day of issue.';
COMMENT ON COLUMN notice.file_id IS 'The document itself.';
COMMENT ON COLUMN notice.order_id IS 'Order from which it followed.';

CREATE TABLE accountability_case (
  id uuid PRIMARY KEY,
  case_no text NOT NULL CHECK (char_length(case_no) <= 60),
  subject text NOT NULL CHECK (char_length(subject) <= 1000),
  nature text NOT NULL,
  cause text NOT NULL,
  issue_id uuid REFERENCES issue,
  project_id uuid,
  order_id uuid REFERENCES supervision_order,
  org_id uuid REFERENCES org_unit,
  person text CHECK (char_length(person) <= 100),
  opened_on date,
  outcome text CHECK (char_length(outcome) <= 2000),
  doc_no text CHECK (char_length(doc_no) <= 60),
  decided_on date,
  decided_by uuid,
  state text NOT NULL DEFAULT 'opened'
    CHECK (state IN ('opened', 'investigating', 'decided', 'closed'))
);
CALL business_table('accountability_case', 'optional');
CALL business_key('accountability_case', 'case_no');
CALL business_sort('accountability_case', 'opened_on');
COMMENT ON TABLE accountability_case IS
  'Cases of accountability and tolerance; for discipline only.';
COMMENT ON COLUMN accountability_case.case_no IS 'Number of the case.';
COMMENT ON COLUMN accountability_case.subject IS 'What it is about.';
COMMENT ON COLUMN accountability_case.nature IS
  'Accountability or tolerance of a fault.';
COMMENT ON COLUMN accountability_case.cause IS 'Cause found.';
COMMENT ON COLUMN accountability_case.issue_id IS 'Issue it came from.';
COMMENT ON COLUMN accountability_case.project_id IS 'Project it is about.';
COMMENT ON COLUMN accountability_case.order_id IS
  'Supervision order it came from.';
COMMENT ON COLUMN accountability_case.org_id IS
  'Organisation held to account.';
COMMENT ON COLUMN accountability_case.person IS 'Person held to account.';
COMMENT ON COLUMN accountability_case.opened_on IS 'Day it was taken up.';
COMMENT ON COLUMN accountability_case.outcome IS 'What was decided.';
COMMENT ON COLUMN accountability_case.doc_no IS 'Number of the decision.';
COMMENT ON COLUMN accountability_case.decided_on IS 'Day of the decision.';
COMMENT ON COLUMN accountability_case.decided_by IS
  'Who recorded the decision.';
COMMENT ON COLUMN accountability_case.state IS 'State of the case.';

-- Forms, definitions and rules are read by everybody below their division and
-- on every line, and written by the division itself.
CREATE PROCEDURE business_shared(t text) LANGUAGE plpgsql AS $$
DECLARE own text := 'division_code BETWEEN app_lo() AND app_hi()
  AND (app_line() = '''' OR competent_line = app_line())
  AND sensitivity <= app_clearance()';
BEGIN
  EXECUTE format('DROP POLICY %I ON %I', t || '_scope', t);
  EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (
    (division_code BETWEEN app_lo() AND app_hi()
    OR app_lo() BETWEEN division_code AND division_hi(division_code))
    AND sensitivity <= app_clearance())', t || '_read', t);
  EXECUTE format('CREATE POLICY %I ON %I FOR INSERT WITH CHECK (%s)',
    t || '_write', t, own);
  EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE USING (%s)',
    t || '_change', t, own);
END $$;

ALTER TABLE supervision_order
  ADD FOREIGN KEY (basis_visit_id) REFERENCES patrol_visit,
  ADD CONSTRAINT supervision_order_due CHECK (reply_due_on >= issued_on),
  ADD CONSTRAINT supervision_order_again CHECK (
    verdict IS DISTINCT FROM 'failed' OR reply_due_on >= verified_on),
  ADD CHECK (received_on >= issued_on),
  ADD CHECK (replied_on >= received_on),
  ADD CHECK (verdict IS NULL OR verify_opinion IS NOT NULL
    OR verdict = 'failed'),
  ADD CHECK (state = 'draft' OR issued_on IS NOT NULL),
  ADD CHECK (state <> 'replied' OR reply IS NOT NULL);
CREATE INDEX supervision_order_by_state ON supervision_order
  (division_code, state);
CREATE INDEX supervision_order_of_visit ON supervision_order (basis_visit_id)
  WHERE basis_visit_id IS NOT NULL;

-- An order is of whoever makes it, unless it says otherwise.
CREATE FUNCTION order_issuer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.issuer_org_id := coalesce(NEW.issuer_org_id, NEW.reporting_org_id);
  RETURN NEW;
END $$;
CREATE TRIGGER issuer BEFORE INSERT OR UPDATE ON supervision_order
  FOR EACH ROW EXECUTE FUNCTION order_issuer();

ALTER TABLE order_subject
  ADD CONSTRAINT order_subject_one
    CHECK (num_nonnulls(issue_id, project_id) = 1);
CREATE UNIQUE INDEX order_subject_issue ON order_subject (issue_id, order_id)
  WHERE issue_id IS NOT NULL AND voided_at IS NULL;
CREATE UNIQUE INDEX order_subject_project
  ON order_subject (project_id, order_id)
  WHERE project_id IS NOT NULL AND voided_at IS NULL;

ALTER TABLE patrol_subject
  ADD CONSTRAINT patrol_subject_one
    CHECK (num_nonnulls(project_id, household_id, org_id) <= 1),
  ADD CONSTRAINT patrol_subject_some CHECK (
    num_nonnulls(project_id, household_id, org_id, subject_text) > 0);
CREATE INDEX patrol_subject_project ON patrol_subject (project_id)
  WHERE project_id IS NOT NULL;
CREATE INDEX patrol_subject_issue ON patrol_subject (issue_id)
  WHERE issue_id IS NOT NULL;

-- Whatever is written here is for discipline only.
CREATE FUNCTION accountability_sensitivity() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.sensitivity := 4;
  RETURN NEW;
END $$;
CREATE TRIGGER secret BEFORE INSERT OR UPDATE ON accountability_case
  FOR EACH ROW EXECUTE FUNCTION accountability_sensitivity();
ALTER TABLE accountability_case
  ADD CHECK (sensitivity = 4),
  ADD CHECK (decided_on >= opened_on),
  ADD CHECK (state NOT IN ('decided', 'closed') OR outcome IS NOT NULL);

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('order_kind', 'supervise', '督办单', 1),
  ('order_kind', 'assign_list', '清单交办', 2),
  ('order_kind', 'rectify_notice', '整改通知', 3),
  ('order_kind', 'suggestion', '整改建议书', 4),
  ('order_kind', 'supervise_letter', '督办通知书', 5),
  ('order_kind', 'reminder', '提醒函', 6),
  ('order_kind', 'fund_rearrange', '资金重新安排令', 7),
  ('order_verdict', 'passed', '属实办结', 1),
  ('order_verdict', 'failed', '未达要求', 2),
  ('supervision_order_state', 'draft', '草拟', 1),
  ('supervision_order_state', 'issued', '已签发', 2),
  ('supervision_order_state', 'received', '已签收', 3),
  ('supervision_order_state', 'replied', '已回复', 4),
  ('supervision_order_state', 'closed', '已办结', 5),
  ('supervision_order_state', 'escalated', '已升级', 6),
  ('visit_kind', 'patrol', '巡回排查', 1),
  ('visit_kind', 'covert', '调研暗访', 2),
  ('visit_kind', 'four_nots', '四不两直', 3),
  ('visit_kind', 'war_zone', '战区观摩', 4),
  ('visit_kind', 'third_party', '第三方检查', 5),
  ('visit_kind', 'field', '实地督查', 6),
  ('visit_kind', 'random', '随机抽查', 7),
  ('risk_level', 'red', '红级', 1),
  ('risk_level', 'yellow', '黄级', 2),
  ('risk_level', 'green', '绿级', 3),
  ('notice_kind', 'praise', '表扬', 1),
  ('notice_kind', 'criticism', '批评', 2),
  ('notice_kind', 'situation', '情况', 3),
  ('accountability_nature', 'accountability', '追责', 1),
  ('accountability_nature', 'tolerance', '容错', 2),
  ('accountability_cause', 'leadership', '组织领导不力', 1),
  ('accountability_cause', 'execution', '政策执行不到位', 2),
  ('accountability_cause', 'absence', '人员不到岗', 3),
  ('accountability_cause', 'conduct', '作风不扎实', 4),
  ('accountability_cause', 'fraud', '骗取套取', 5),
  ('accountability_cause', 'embezzlement', '贪污挪用', 6),
  ('accountability_cause', 'force_majeure', '不可抗逆因素', 7),
  ('accountability_cause', 'other', '其他', 8),
  ('accountability_case_state', 'opened', '已受理', 1),
  ('accountability_case_state', 'investigating', '核查中', 2),
  ('accountability_case_state', 'decided', '已处理', 3),
  ('accountability_case_state', 'closed', '已结案', 4)
ON CONFLICT (set_code, code) DO NOTHING;

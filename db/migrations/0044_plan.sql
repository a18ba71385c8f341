-- Plans of rectification and their tasks.

SET ROLE taizhang_owner;

CREATE TABLE rectification_plan (
  id uuid PRIMARY KEY,
  subject_kind text NOT NULL,
  project_id uuid REFERENCES project,
  unit_org_id uuid REFERENCES org_unit,
  class4 text,
  title text NOT NULL
    CHECK (char_length(title) BETWEEN 1 AND 200),
  level_label text,
  start_on date,
  due_on date,
  goal text
    CHECK (char_length(goal) <= 2000),
  file_id uuid REFERENCES attachment,
  submitted_on date,
  approved_by_org text
    CHECK (char_length(approved_by_org) <= 100),
  approved_on date,
  recorded_by_org text
    CHECK (char_length(recorded_by_org) <= 100),
  recorded_on date,
  finished_on date,
  state text NOT NULL DEFAULT 'draft' CHECK (state IN (
    'draft', 'submitted', 'approved', 'executing', 'finished')),
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT rectification_plan_dates CHECK (due_on >= start_on),
  CONSTRAINT rectification_plan_project CHECK (subject_kind <> 'project' OR
    project_id IS NOT NULL),
  CONSTRAINT rectification_plan_unit CHECK (subject_kind <> 'unit' OR
    unit_org_id IS NOT NULL),
  CONSTRAINT rectification_plan_class CHECK (subject_kind <> 'class' OR
    class4 IS NOT NULL)
);
CALL business_table('rectification_plan', 'required');
CALL business_sort('rectification_plan', 'due_on');
CREATE INDEX rectification_plan_of_project ON rectification_plan (project_id);
CREATE INDEX rectification_plan_of_unit_org ON rectification_plan (unit_org_id);
COMMENT ON TABLE rectification_plan IS
  'Plans of rectification: of a project, of a unit or of a class.';
COMMENT ON COLUMN rectification_plan.subject_kind IS 'What the plan is of.';
COMMENT ON COLUMN rectification_plan.project_id IS 'Project, when of one.';
COMMENT ON COLUMN rectification_plan.unit_org_id IS
  'Organisation, when of one.';
COMMENT ON COLUMN rectification_plan.class4 IS 'Class, when of one.';
COMMENT ON COLUMN rectification_plan.title IS 'Title.';
COMMENT ON COLUMN rectification_plan.level_label IS 'Level shown in the title.';
COMMENT ON COLUMN rectification_plan.start_on IS 'First day.';
COMMENT ON COLUMN rectification_plan.due_on IS 'Last day.';
COMMENT ON COLUMN rectification_plan.goal IS 'What is to be reached.';
COMMENT ON COLUMN rectification_plan.file_id IS 'The plan itself.';
COMMENT ON COLUMN rectification_plan.submitted_on IS 'Day it was submitted.';
COMMENT ON COLUMN rectification_plan.approved_by_org IS 'Who approved.';
COMMENT ON COLUMN rectification_plan.approved_on IS 'Day of the approval.';
COMMENT ON COLUMN rectification_plan.recorded_by_org IS
  'Who recorded it above.';
COMMENT ON COLUMN rectification_plan.recorded_on IS
  'Day it was recorded above.';
COMMENT ON COLUMN rectification_plan.finished_on IS 'Day it was finished.';
COMMENT ON COLUMN rectification_plan.state IS 'Where the plan stands.';
COMMENT ON COLUMN rectification_plan.remark IS 'Remark.';

CREATE TABLE rectification_task (
  id uuid PRIMARY KEY,
  plan_id uuid NOT NULL REFERENCES rectification_plan,
  issue_id uuid REFERENCES issue,
  seq int NOT NULL CHECK (seq BETWEEN 1 AND 9999),
  problem text
    CHECK (char_length(problem) <= 2000),
  goal text
    CHECK (char_length(goal) <= 2000),
  measure text NOT NULL
    CHECK (char_length(measure) BETWEEN 1 AND 2000),
  due_on date NOT NULL,
  lead_org_id uuid REFERENCES org_unit,
  responsible_org_id uuid NOT NULL REFERENCES org_unit,
  responsible_contact_id uuid REFERENCES contact,
  progress text
    CHECK (char_length(progress) <= 2000),
  started_on date,
  done_on date,
  verified_on date,
  verified_by_org text
    CHECK (char_length(verified_by_org) <= 100),
  cancel_reason text
    CHECK (char_length(cancel_reason) <= 1000),
  state text NOT NULL DEFAULT 'open' CHECK (state IN (
    'open', 'doing', 'done', 'verified', 'cancelled')),
  remark text
    CHECK (char_length(remark) <= 500)
);
CALL business_table('rectification_task', 'required');
CALL business_child('rectification_task', 'plan_id', 'rectification_plan');
CALL business_key('rectification_task', 'plan_id', 'seq');
CALL business_sort('rectification_task', 'seq');
CALL business_sort('rectification_task', 'due_on');
CREATE INDEX rectification_task_of_issue ON rectification_task (issue_id);
CREATE INDEX rectification_task_of_lead_org ON rectification_task (lead_org_id);
CREATE INDEX rectification_task_of_responsible_org ON rectification_task
  (responsible_org_id);
CREATE INDEX rectification_task_of_responsible_contact ON rectification_task
  (responsible_contact_id);
COMMENT ON TABLE rectification_task IS
  'Tasks of a plan: who does what by when.';
COMMENT ON COLUMN rectification_task.plan_id IS 'Plan it belongs to.';
COMMENT ON COLUMN rectification_task.issue_id IS 'Issue it rectifies.';
COMMENT ON COLUMN rectification_task.seq IS 'Number within the plan.';
COMMENT ON COLUMN rectification_task.problem IS 'What is wrong.';
COMMENT ON COLUMN rectification_task.goal IS 'What is to be reached.';
COMMENT ON COLUMN rectification_task.measure IS 'What is to be done.';
COMMENT ON COLUMN rectification_task.due_on IS 'Last day.';
COMMENT ON COLUMN rectification_task.lead_org_id IS 'Who leads and verifies.';
COMMENT ON COLUMN rectification_task.responsible_org_id IS
  'Who carries it out.';
COMMENT ON COLUMN rectification_task.responsible_contact_id IS
  'Person responsible.';
COMMENT ON COLUMN rectification_task.progress IS 'Progress.';
COMMENT ON COLUMN rectification_task.started_on IS 'Day it was begun.';
COMMENT ON COLUMN rectification_task.done_on IS 'Day it was done.';
COMMENT ON COLUMN rectification_task.verified_on IS 'Day it was verified.';
COMMENT ON COLUMN rectification_task.verified_by_org IS 'Who verified.';
COMMENT ON COLUMN rectification_task.cancel_reason IS 'Why it was cancelled.';
COMMENT ON COLUMN rectification_task.state IS 'Where the task stands.';
COMMENT ON COLUMN rectification_task.remark IS 'Remark.';

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('plan_subject', 'project', '项目', 1),
  ('plan_subject', 'unit', '单位', 2),
  ('plan_subject', 'class', '类别', 3),
  ('rectification_plan_state', 'draft', '草稿', 1),
  ('rectification_plan_state', 'submitted', '已报送', 2),
  ('rectification_plan_state', 'approved', '已批准', 3),
  ('rectification_plan_state', 'executing', '实施中', 4),
  ('rectification_plan_state', 'finished', '已完成', 5),
  ('rectification_task_state', 'open', '未开始', 1),
  ('rectification_task_state', 'doing', '进行中', 2),
  ('rectification_task_state', 'done', '已完成待核实', 3),
  ('rectification_task_state', 'verified', '已核实', 4),
  ('rectification_task_state', 'cancelled', '已取消', 5);

-- The project library: entries, evaluations with their experts, filing reviews
-- (domain.md 3.3, 3.5.2, 3.5.11).

SET ROLE taizhang_owner;

CREATE TABLE library_entry (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  library_year int NOT NULL CHECK (library_year BETWEEN 2013 AND 2100),
  need_text text CHECK (char_length(need_text) <= 1000),
  related boolean,
  village_decision_on date,
  village_declared_on date,
  village_declared_by uuid,
  township_opinion text CHECK (char_length(township_opinion) <= 1000),
  township_reviewed_on date,
  township_reviewed_by uuid,
  check_content text,
  check_negative text,
  negative_list_version text CHECK (char_length(negative_list_version) <= 40),
  check_related text,
  check_benefit text,
  check_goal text,
  check_evaluation text,
  check_owner text,
  check_note text CHECK (char_length(check_note) <= 1000),
  checked_by uuid,
  finance_reviewed_on date,
  finance_reviewed_by uuid,
  dept_reviewed_on date,
  dept_reviewed_by uuid,
  minutes_no text CHECK (char_length(minutes_no) <= 60),
  minutes_on date,
  publicity_from date,
  publicity_to date,
  county_approved_on date,
  county_approved_by uuid,
  admitted_on date,
  in_annual_plan boolean,
  plan_year int CHECK (plan_year BETWEEN 2013 AND 2100),
  funds_agreed_on date,
  funds_agreed_by uuid,
  started_on date,
  finished_on date,
  remove_reason text,
  removal_list_no text CHECK (char_length(removal_list_no) <= 60),
  removed_on date,
  state text NOT NULL DEFAULT 'draft',
  CONSTRAINT library_entry_state CHECK (state IN ('draft', 'village_declared',
    'township_reviewed', 'dept_reviewed', 'admitted', 'planned',
    'implementing', 'done', 'removed')),
  CONSTRAINT library_entry_publicity CHECK (publicity_to >= publicity_from)
);
CALL business_table('library_entry', 'none');
CALL business_child('library_entry', 'project_id', 'project');
CALL business_key('library_entry', 'project_id', 'library_year');
CALL business_sort('library_entry', 'library_year');
CALL business_sort('library_entry', 'admitted_on');
CALL business_sort('library_entry', 'plan_year');
COMMENT ON TABLE library_entry IS
  'A project''s way into the library of a year, and its stay there.';
COMMENT ON COLUMN library_entry.project_id IS 'Project it belongs to.';
COMMENT ON COLUMN library_entry.library_year IS 'Year of the library.';
COMMENT ON COLUMN library_entry.need_text IS 'Why the village wants it.';
COMMENT ON COLUMN library_entry.related IS
  'Whether it serves consolidation and bridging.';
COMMENT ON COLUMN library_entry.village_decision_on IS
  'Day the village decided on it.';
COMMENT ON COLUMN library_entry.village_declared_on IS
  'Day the village declared it.';
COMMENT ON COLUMN library_entry.village_declared_by IS 'User who declared it.';
COMMENT ON COLUMN library_entry.township_opinion IS
  'Opinion of the township on place and scale.';
COMMENT ON COLUMN library_entry.township_reviewed_on IS
  'Day the township reviewed it.';
COMMENT ON COLUMN library_entry.township_reviewed_by IS 'User who reviewed it.';
COMMENT ON COLUMN library_entry.check_content IS
  'AD1: content, scale and investment are verified.';
COMMENT ON COLUMN library_entry.check_negative IS
  'AD2: it is not on the negative list.';
COMMENT ON COLUMN library_entry.negative_list_version IS
  'Version of the negative list it was checked against.';
COMMENT ON COLUMN library_entry.check_related IS
  'AD3: it serves consolidation and bridging.';
COMMENT ON COLUMN library_entry.check_benefit IS
  'AD4: there is a benefit mechanism.';
COMMENT ON COLUMN library_entry.check_goal IS 'AD5: performance goals are set.';
COMMENT ON COLUMN library_entry.check_evaluation IS
  'AD6: it was evaluated at the level it needs.';
COMMENT ON COLUMN library_entry.check_owner IS
  'AD7: the owner of the assets is laid down.';
COMMENT ON COLUMN library_entry.check_note IS 'Remarks on the checks.';
COMMENT ON COLUMN library_entry.checked_by IS 'User who made the checks.';
COMMENT ON COLUMN library_entry.finance_reviewed_on IS
  'Day the treasury agreed to the checks.';
COMMENT ON COLUMN library_entry.finance_reviewed_by IS
  'User of the treasury who agreed.';
COMMENT ON COLUMN library_entry.dept_reviewed_on IS
  'Day the department reviewed it.';
COMMENT ON COLUMN library_entry.dept_reviewed_by IS 'User who reviewed it.';
COMMENT ON COLUMN library_entry.minutes_no IS
  'Number of the minutes that admitted it.';
COMMENT ON COLUMN library_entry.minutes_on IS
  'Day of the meeting that admitted it.';
COMMENT ON COLUMN library_entry.publicity_from IS 'First day of its publicity.';
COMMENT ON COLUMN library_entry.publicity_to IS 'Last day of its publicity.';
COMMENT ON COLUMN library_entry.county_approved_on IS
  'Day the county approved it.';
COMMENT ON COLUMN library_entry.county_approved_by IS 'User who approved it.';
COMMENT ON COLUMN library_entry.admitted_on IS 'Day it was admitted.';
COMMENT ON COLUMN library_entry.in_annual_plan IS
  'Whether it is in a plan of the year.';
COMMENT ON COLUMN library_entry.plan_year IS 'Year of the plan it is in.';
COMMENT ON COLUMN library_entry.funds_agreed_on IS
  'Day the treasury agreed to the funding.';
COMMENT ON COLUMN library_entry.funds_agreed_by IS
  'User of the treasury who agreed.';
COMMENT ON COLUMN library_entry.started_on IS 'Day the project began.';
COMMENT ON COLUMN library_entry.finished_on IS 'Day the project was accepted.';
COMMENT ON COLUMN library_entry.remove_reason IS
  'Why it was listed for removal.';
COMMENT ON COLUMN library_entry.removal_list_no IS
  'Number of the list of removals.';
COMMENT ON COLUMN library_entry.removed_on IS 'Day it was removed.';
COMMENT ON COLUMN library_entry.state IS 'State of the lifecycle.';
CREATE INDEX library_entry_by_state ON library_entry (division_code, state);

-- Whoever is declared again is so for a later year (3.5.2).
CREATE FUNCTION library_entry_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE check_violation USING CONSTRAINT = 'library_entry_new_year',
    TABLE = 'library_entry', MESSAGE = 'declared again for the same year';
END $$;
CREATE TRIGGER new_year BEFORE UPDATE ON library_entry FOR EACH ROW
  WHEN (OLD.state = 'removed' AND NEW.state = 'draft'
    AND NEW.library_year <= OLD.library_year)
  EXECUTE FUNCTION library_entry_year();

CREATE TABLE expert (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) <= 50),
  org_name text CHECK (char_length(org_name) <= 100),
  specialties text[],
  phone text CHECK (char_length(phone) <= 40)
);
CALL business_table('expert', 'none');
COMMENT ON TABLE expert IS
  'Experts for evaluations: name, organisation, specialities.';
COMMENT ON COLUMN expert.name IS 'Name of the expert.';
COMMENT ON COLUMN expert.org_name IS 'Organisation of the expert.';
COMMENT ON COLUMN expert.specialties IS 'What the expert is good at.';
COMMENT ON COLUMN expert.phone IS 'Telephone of the expert.';

CREATE TABLE evaluation (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  level text NOT NULL,
  mode text NOT NULL,
  project_kind text NOT NULL,
  complex boolean NOT NULL,
  dim_direction text CHECK (char_length(dim_direction) <= 1000),
  dim_feasible text CHECK (char_length(dim_feasible) <= 1000),
  dim_content text CHECK (char_length(dim_content) <= 1000),
  dim_economic text CHECK (char_length(dim_economic) <= 1000),
  dim_social text CHECK (char_length(dim_social) <= 1000),
  dim_special text CHECK (char_length(dim_special) <= 2000),
  report_file_id uuid REFERENCES attachment,
  conclusion text,
  doc_no text CHECK (char_length(doc_no) <= 60),
  concluded_on date,
  concluded_by uuid,
  state text NOT NULL DEFAULT 'draft',
  CONSTRAINT evaluation_state CHECK (state IN ('draft', 'concluded')),
  -- What is complex or legally weighty is not the department's alone (G23).
  CONSTRAINT evaluation_mode CHECK (complex IS NOT TRUE OR mode <> 'dept')
);
CALL business_table('evaluation', 'none');
CALL business_child('evaluation', 'project_id', 'project');
COMMENT ON TABLE evaluation IS
  'Evaluations of a project before it is admitted.';
COMMENT ON COLUMN evaluation.project_id IS 'Project it belongs to.';
COMMENT ON COLUMN evaluation.level IS 'Level that evaluates.';
COMMENT ON COLUMN evaluation.mode IS 'Who evaluates.';
COMMENT ON COLUMN evaluation.project_kind IS
  'Kind of project, which decides what is judged.';
COMMENT ON COLUMN evaluation.complex IS
  'Technically complex, of heavy policy or legal weight.';
COMMENT ON COLUMN evaluation.dim_direction IS 'Where the money goes.';
COMMENT ON COLUMN evaluation.dim_feasible IS 'Whether it can be done.';
COMMENT ON COLUMN evaluation.dim_content IS 'Whether the content fits.';
COMMENT ON COLUMN evaluation.dim_economic IS 'Economic benefit.';
COMMENT ON COLUMN evaluation.dim_social IS 'Social benefit.';
COMMENT ON COLUMN evaluation.dim_special IS
  'What the kind of project needs judged besides.';
COMMENT ON COLUMN evaluation.report_file_id IS 'Report of the evaluation.';
COMMENT ON COLUMN evaluation.conclusion IS 'Conclusion of the evaluation.';
COMMENT ON COLUMN evaluation.doc_no IS 'Number of the conclusion.';
COMMENT ON COLUMN evaluation.concluded_on IS 'Day of the conclusion.';
COMMENT ON COLUMN evaluation.concluded_by IS 'User who concluded.';
COMMENT ON COLUMN evaluation.state IS 'State of the evaluation.';
-- The level that must evaluate an amount (R-08): 以上 includes the number.
CREATE FUNCTION evaluation_due(total bigint, action uuid) RETURNS text
  LANGUAGE sql STABLE AS $$ SELECT CASE
    WHEN total >= 1000000 * coalesce(action_param(action,
      'library.province_evaluation_wan'), '3000')::bigint THEN 'province'
    WHEN total >= 1000000 * coalesce(action_param(action,
      'library.prefecture_evaluation_wan'), '500')::bigint THEN 'prefecture'
    ELSE 'county' END $$;
-- Whether a project passed an evaluation at that level or above.
CREATE FUNCTION project_evaluated(project uuid) RETURNS boolean
  LANGUAGE sql STABLE AS $$ SELECT EXISTS (
    SELECT FROM project p JOIN evaluation v ON v.project_id = p.id
    WHERE p.id = project AND v.voided_at IS NULL AND v.state = 'concluded'
      AND v.conclusion IN ('passed', 'passed_amended')
      AND array_position(ARRAY['county', 'prefecture', 'province'], v.level)
        >= array_position(ARRAY['county', 'prefecture', 'province'],
          evaluation_due(p.total_investment_fen, p.action_id))) $$;

CREATE TABLE evaluation_expert (
  id uuid PRIMARY KEY,
  evaluation_id uuid NOT NULL REFERENCES evaluation,
  expert_id uuid NOT NULL REFERENCES expert,
  opinion text CHECK (char_length(opinion) <= 2000)
);
CALL business_table('evaluation_expert', 'none');
CALL business_child('evaluation_expert', 'evaluation_id', 'evaluation');
CALL business_key('evaluation_expert', 'evaluation_id', 'expert_id');
COMMENT ON TABLE evaluation_expert IS 'Experts who took part in an evaluation.';
COMMENT ON COLUMN evaluation_expert.evaluation_id IS
  'Evaluation the expert took part in.';
COMMENT ON COLUMN evaluation_expert.expert_id IS 'Expert who took part.';
COMMENT ON COLUMN evaluation_expert.opinion IS 'Opinion of the expert.';

CREATE TABLE filing_review (
  id uuid PRIMARY KEY,
  plan_year int NOT NULL CHECK (plan_year BETWEEN 2013 AND 2100),
  round int,
  plan_doc_no text NOT NULL CHECK (char_length(plan_doc_no) <= 60),
  plan_file_id uuid REFERENCES attachment,
  submitted_on date NOT NULL,
  reviewed_on date,
  reviewers text CHECK (char_length(reviewers) <= 300),
  result text,
  finding_kinds text[],
  findings text CHECK (char_length(findings) <= 4000),
  rectify_due_on date,
  refiled_on date,
  filed_on date,
  state text NOT NULL DEFAULT 'submitted',
  CONSTRAINT filing_review_state CHECK (state IN ('submitted', 'reviewed',
    'returned', 'filed'))
);
CALL business_table('filing_review', 'optional');
CALL business_key('filing_review', 'plan_year');
CALL business_sort('filing_review', 'plan_year');
CALL business_sort('filing_review', 'submitted_on');
COMMENT ON TABLE filing_review IS
  'Review of a county''s yearly project plan by the level above.';
COMMENT ON COLUMN filing_review.plan_year IS 'Year of the plan.';
COMMENT ON COLUMN filing_review.round IS 'Which round of review.';
COMMENT ON COLUMN filing_review.plan_doc_no IS
  'Number of the plan that was filed.';
COMMENT ON COLUMN filing_review.plan_file_id IS 'The plan itself.';
COMMENT ON COLUMN filing_review.submitted_on IS
  'Day the plan was filed for review.';
COMMENT ON COLUMN filing_review.reviewed_on IS 'Day of the review.';
COMMENT ON COLUMN filing_review.reviewers IS 'People who reviewed.';
COMMENT ON COLUMN filing_review.result IS 'Result of the review.';
COMMENT ON COLUMN filing_review.finding_kinds IS 'What the review found.';
COMMENT ON COLUMN filing_review.findings IS
  'Findings of the review, as written.';
COMMENT ON COLUMN filing_review.rectify_due_on IS
  'Last day to rectify and file anew.';
COMMENT ON COLUMN filing_review.refiled_on IS 'Day it was filed anew.';
COMMENT ON COLUMN filing_review.filed_on IS 'Day it was put on file.';
COMMENT ON COLUMN filing_review.state IS 'State of the review.';
ALTER TABLE filing_review ADD CONSTRAINT filing_review_county
  CHECK (division_code % 1000000 = 0);
CREATE FUNCTION filing_review_round() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.round := coalesce(NEW.round, 1);
  RETURN NEW;
END $$;
CREATE TRIGGER round BEFORE INSERT ON filing_review
  FOR EACH ROW EXECUTE FUNCTION filing_review_round();

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('check_result', 'pass', '合格', 1),
  ('check_result', 'fail', '不合格', 2),
  ('check_result', 'na', '不适用', 3),
  ('remove_reason', 'stale', '满两年未实施', 1),
  ('remove_reason', 'unrelated', '与巩固衔接无关', 2),
  ('remove_reason', 'negative_list', '负面清单', 3),
  ('remove_reason', 'other', '其他', 4),
  ('library_entry_state', 'draft', '草稿', 1),
  ('library_entry_state', 'village_declared', '村已申报', 2),
  ('library_entry_state', 'township_reviewed', '乡镇已审核', 3),
  ('library_entry_state', 'dept_reviewed', '部门已审查', 4),
  ('library_entry_state', 'admitted', '已入库', 5),
  ('library_entry_state', 'planned', '已列入计划', 6),
  ('library_entry_state', 'implementing', '实施中', 7),
  ('library_entry_state', 'done', '已完成', 8),
  ('library_entry_state', 'removed', '已清除', 9),
  ('expert_specialty', 'business', '业务', 1),
  ('expert_specialty', 'fund', '资金', 2),
  ('expert_specialty', 'project', '项目', 3),
  ('expert_specialty', 'performance', '绩效', 4),
  ('evaluation_level', 'county', '县级', 1),
  ('evaluation_level', 'prefecture', '市（州）级', 2),
  ('evaluation_level', 'province', '省级', 3),
  ('evaluation_mode', 'dept', '部门论证', 1),
  ('evaluation_mode', 'joint', '多部门联合', 2),
  ('evaluation_mode', 'third_party', '第三方', 3),
  ('evaluation_mode', 'expert', '专家', 4),
  ('evaluation_kind', 'household', '到户类', 1),
  ('evaluation_kind', 'infrastructure', '小型公益性基础设施', 2),
  ('evaluation_kind', 'industry', '帮扶产业', 3),
  ('evaluation_kind', 'other', '其他', 4),
  ('evaluation_conclusion', 'passed', '通过', 1),
  ('evaluation_conclusion', 'passed_amended', '修改后通过', 2),
  ('evaluation_conclusion', 'failed', '不通过', 3),
  ('evaluation_state', 'draft', '论证中', 1),
  ('evaluation_state', 'concluded', '已作结论', 2),
  ('filing_result', 'passed', '通过', 1),
  ('filing_result', 'rectify', '限期整改', 2),
  ('filing_finding', 'G-1', '不符合衔接资金使用范围', 1),
  ('filing_finding', 'G-2', '未开展评估论证', 2),
  ('filing_finding', 'G-3', '未建立利益联结机制', 3),
  ('filing_finding', 'G-9', '其他', 4),
  ('filing_review_state', 'submitted', '已报备', 1),
  ('filing_review_state', 'reviewed', '已审查', 2),
  ('filing_review_state', 'returned', '已退回', 3),
  ('filing_review_state', 'filed', '已备案', 4)
ON CONFLICT DO NOTHING;

-- Risk: episodes, surveys, milestones, applications to close.

SET ROLE taizhang_owner;

CREATE TABLE risk_episode (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  seq int,
  initial_level text
    CHECK (initial_level IN ('red', 'yellow', 'green')),
  initial_on date,
  amount_basis_fen bigint
    CHECK (amount_basis_fen BETWEEN 0 AND 9000000000000000),
  corrections int,
  tier text,
  supervise_level text,
  push_level text,
  implement_level text,
  current_level text
    CHECK (current_level IN ('red', 'yellow', 'green')),
  level_confirmed_on date,
  clock_start_on date,
  due_on date,
  state text NOT NULL DEFAULT 'suspected' CHECK (state IN (
    'suspected', 'confirmed_red', 'confirmed_yellow', 'confirmed_green',
    'rectifying', 'self_evaluated', 'applied', 'doc_reviewed',
    'site_evaluated', 'downgraded', 'reopened')),
  opened_on date,
  closed_on date,
  progress text
    CHECK (char_length(progress) <= 2000),
  standard_version text
    CHECK (char_length(standard_version) <= 40),
  line_results jsonb CONSTRAINT risk_episode_results
    CHECK (jsonb_typeof(line_results) = 'array'),
  self_eval_on date,
  self_eval_org text
    CHECK (char_length(self_eval_org) <= 100),
  applied_on date,
  prechecked_on date,
  doc_review_on date,
  doc_review_org text
    CHECK (char_length(doc_review_org) <= 100),
  site_eval_on date,
  line_verdicts jsonb
    CONSTRAINT risk_episode_verdicts CHECK (jsonb_typeof(line_verdicts) =
      'array'),
  site_team jsonb,
  site_report_id uuid REFERENCES attachment,
  decided_on date,
  decision_doc_no text
    CHECK (char_length(decision_doc_no) <= 60),
  level_before text,
  return_reason text
    CHECK (char_length(return_reason) <= 2000),
  return_due_on date,
  spot_checked_on date,
  spot_result text,
  responsible_contact_id uuid REFERENCES contact,
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT risk_episode_team CHECK (CASE WHEN jsonb_typeof(site_team) <>
    'array' THEN false ELSE jsonb_array_length(site_team) >= 2 END)
);
CALL business_table('risk_episode', 'required');
CALL business_child('risk_episode', 'project_id', 'project');
CALL business_sort('risk_episode', 'due_on');
CREATE INDEX risk_episode_of_responsible_contact ON risk_episode
  (responsible_contact_id);
COMMENT ON TABLE risk_episode IS
  'Risk of a project from suspicion to closing: its levels, its tier, who accepts.';
COMMENT ON COLUMN risk_episode.project_id IS 'Project.';
COMMENT ON COLUMN risk_episode.seq IS
  'Which episode of the project in the action.';
COMMENT ON COLUMN risk_episode.initial_level IS
  'Level first confirmed; never changes.';
COMMENT ON COLUMN risk_episode.initial_on IS 'Day it was first confirmed.';
COMMENT ON COLUMN risk_episode.amount_basis_fen IS
  'Amount the tier was computed from.';
COMMENT ON COLUMN risk_episode.corrections IS
  'Times the tier was computed anew after a correction.';
COMMENT ON COLUMN risk_episode.tier IS 'Tier by amount and initial level.';
COMMENT ON COLUMN risk_episode.supervise_level IS 'Who supervises.';
COMMENT ON COLUMN risk_episode.push_level IS 'Who pushes it forward.';
COMMENT ON COLUMN risk_episode.implement_level IS 'Who carries it out.';
COMMENT ON COLUMN risk_episode.current_level IS 'Level now.';
COMMENT ON COLUMN risk_episode.level_confirmed_on IS
  'Day the present level was confirmed.';
COMMENT ON COLUMN risk_episode.clock_start_on IS
  'Day from which the limits run.';
COMMENT ON COLUMN risk_episode.due_on IS 'Last day of the rectification.';
COMMENT ON COLUMN risk_episode.state IS 'Where the episode stands.';
COMMENT ON COLUMN risk_episode.opened_on IS 'Day it was opened.';
COMMENT ON COLUMN risk_episode.closed_on IS 'Day it ended.';
COMMENT ON COLUMN risk_episode.progress IS 'Progress of the rectification.';
COMMENT ON COLUMN risk_episode.standard_version IS
  'Version of the standard of closing.';
COMMENT ON COLUMN risk_episode.line_results IS
  'List of line, result, evidence and note, by those who rectified.';
COMMENT ON COLUMN risk_episode.self_eval_on IS 'Day of the self-evaluation.';
COMMENT ON COLUMN risk_episode.self_eval_org IS 'Who evaluated itself.';
COMMENT ON COLUMN risk_episode.applied_on IS 'Day of the application.';
COMMENT ON COLUMN risk_episode.prechecked_on IS
  'Day of the check before a province accepts.';
COMMENT ON COLUMN risk_episode.doc_review_on IS 'Day the papers were reviewed.';
COMMENT ON COLUMN risk_episode.doc_review_org IS 'Who reviewed the papers.';
COMMENT ON COLUMN risk_episode.site_eval_on IS 'Day of the evaluation on site.';
COMMENT ON COLUMN risk_episode.line_verdicts IS
  'List of line, result and note, by those who accept.';
COMMENT ON COLUMN risk_episode.site_team IS
  'Names of those who evaluated, two at least.';
COMMENT ON COLUMN risk_episode.site_report_id IS 'Report of that evaluation.';
COMMENT ON COLUMN risk_episode.decided_on IS 'Day of the decision.';
COMMENT ON COLUMN risk_episode.decision_doc_no IS 'Number of the decision.';
COMMENT ON COLUMN risk_episode.level_before IS
  'Level before it was lowered to green.';
COMMENT ON COLUMN risk_episode.return_reason IS 'Why it was returned last.';
COMMENT ON COLUMN risk_episode.return_due_on IS 'New limit after a return.';
COMMENT ON COLUMN risk_episode.spot_checked_on IS 'Day of the spot check.';
COMMENT ON COLUMN risk_episode.spot_result IS 'What the spot check found.';
COMMENT ON COLUMN risk_episode.responsible_contact_id IS 'Person responsible.';
COMMENT ON COLUMN risk_episode.remark IS 'Remark.';

CREATE TABLE risk_assessment (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  episode_id uuid REFERENCES risk_episode,
  assessed_on date NOT NULL,
  assessor_org_id uuid NOT NULL REFERENCES org_unit,
  assessor_names text
    CHECK (char_length(assessor_names) <= 100),
  three_not text[],
  other_risk text[],
  sensitive text[],
  flag_notes jsonb
    CONSTRAINT risk_assessment_notes CHECK (jsonb_typeof(flag_notes) =
      'object'),
  farmland_area_mu numeric(18,4)
    CHECK (farmland_area_mu >= 0),
  due_ratio_bp int CHECK (due_ratio_bp BETWEEN 0 AND 10000),
  paid_ratio_bp int CHECK (paid_ratio_bp BETWEEN 0 AND 10000),
  pretreatment text,
  pretreated_on date,
  dept_opinion text
    CHECK (char_length(dept_opinion) <= 1000),
  level_suggested text,
  level_confirmed text,
  confirmed_by_org text
    CHECK (char_length(confirmed_by_org) <= 100),
  confirmed_on date,
  is_initial boolean,
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT risk_assessment_pretreated CHECK (pretreated_on IS NULL OR
    pretreatment IS NOT NULL)
);
CALL business_table('risk_assessment', 'required');
CALL business_child('risk_assessment', 'project_id', 'project');
CALL business_sort('risk_assessment', 'assessed_on');
CREATE INDEX risk_assessment_of_episode ON risk_assessment (episode_id);
CREATE INDEX risk_assessment_of_assessor_org ON risk_assessment
  (assessor_org_id);
COMMENT ON TABLE risk_assessment IS
  'Surveys of the risks of a project; the first of a run opens an episode.';
COMMENT ON COLUMN risk_assessment.project_id IS 'Project.';
COMMENT ON COLUMN risk_assessment.episode_id IS
  'Episode it belongs to, found or opened by the server.';
COMMENT ON COLUMN risk_assessment.assessed_on IS 'Day of the survey.';
COMMENT ON COLUMN risk_assessment.assessor_org_id IS 'Who surveyed.';
COMMENT ON COLUMN risk_assessment.assessor_names IS 'The people who surveyed.';
COMMENT ON COLUMN risk_assessment.three_not IS
  'Built but not finished, finished but not used, used but not well.';
COMMENT ON COLUMN risk_assessment.other_risk IS 'Other risks that were found.';
COMMENT ON COLUMN risk_assessment.sensitive IS
  'What makes the project sensitive.';
COMMENT ON COLUMN risk_assessment.flag_notes IS
  'An object: code of a flag, its facts.';
COMMENT ON COLUMN risk_assessment.farmland_area_mu IS
  'Farmland occupied, in mu.';
COMMENT ON COLUMN risk_assessment.due_ratio_bp IS 'Share the enterprise owes.';
COMMENT ON COLUMN risk_assessment.paid_ratio_bp IS
  'Share the enterprise has paid.';
COMMENT ON COLUMN risk_assessment.pretreatment IS 'What was done at once.';
COMMENT ON COLUMN risk_assessment.pretreated_on IS 'Day that was done.';
COMMENT ON COLUMN risk_assessment.dept_opinion IS
  'Opinion of the competent department.';
COMMENT ON COLUMN risk_assessment.level_suggested IS
  'Level by the rule of colours, computed.';
COMMENT ON COLUMN risk_assessment.level_confirmed IS
  'Level that the task force confirmed.';
COMMENT ON COLUMN risk_assessment.confirmed_by_org IS 'Who confirmed.';
COMMENT ON COLUMN risk_assessment.confirmed_on IS 'Day of the confirmation.';
COMMENT ON COLUMN risk_assessment.is_initial IS
  'Whether it fixed the initial level.';
COMMENT ON COLUMN risk_assessment.remark IS 'Remark.';

CREATE TABLE risk_milestone (
  id uuid PRIMARY KEY,
  episode_id uuid NOT NULL REFERENCES risk_episode,
  kind text,
  due_on date NOT NULL,
  met_on date,
  verdict text
    CHECK (char_length(verdict) <= 1000),
  state text NOT NULL DEFAULT 'open' CHECK (state IN (
    'open', 'met', 'dropped'))
);
CALL business_table('risk_milestone', 'required');
CALL business_child('risk_milestone', 'episode_id', 'risk_episode');
CALL business_sort('risk_milestone', 'due_on');
COMMENT ON TABLE risk_milestone IS
  'Days by which a rectification must show results, set by the level.';
COMMENT ON COLUMN risk_milestone.episode_id IS 'Episode.';
COMMENT ON COLUMN risk_milestone.kind IS 'Which milestone.';
COMMENT ON COLUMN risk_milestone.due_on IS 'Last day.';
COMMENT ON COLUMN risk_milestone.met_on IS 'Day it was met.';
COMMENT ON COLUMN risk_milestone.verdict IS 'Why it counts as met.';
COMMENT ON COLUMN risk_milestone.state IS 'Whether it is met.';
-- One of a kind is open at a time; dropped ones stay.
CREATE UNIQUE INDEX risk_milestone_open ON risk_milestone
  (episode_id, kind, competent_line, sensitivity)
  WHERE voided_at IS NULL AND state = 'open';

CREATE TABLE downgrade_application (
  id uuid PRIMARY KEY,
  episode_id uuid NOT NULL REFERENCES risk_episode,
  seq int,
  self_eval_on date,
  self_eval_org text
    CHECK (char_length(self_eval_org) <= 100),
  applied_on date NOT NULL,
  standard_version text
    CHECK (char_length(standard_version) <= 40),
  line_results jsonb,
  line_verdicts jsonb,
  doc_review_on date,
  doc_review_org text
    CHECK (char_length(doc_review_org) <= 100),
  site_eval_on date,
  site_team jsonb,
  decided_on date,
  decision text,
  reason text
    CHECK (char_length(reason) <= 2000),
  spot_checked_on date,
  spot_result text
);
CALL business_table('downgrade_application', 'required');
CALL business_child('downgrade_application', 'episode_id', 'risk_episode');
CALL business_key('downgrade_application', 'episode_id', 'seq');
CALL business_sort('downgrade_application', 'applied_on');
COMMENT ON TABLE downgrade_application IS
  'Applications to lower a project to green, one per attempt, kept by the commands.';
COMMENT ON COLUMN downgrade_application.episode_id IS 'Episode.';
COMMENT ON COLUMN downgrade_application.seq IS
  'Which application of the episode.';
COMMENT ON COLUMN downgrade_application.self_eval_on IS
  'Day of the self-evaluation.';
COMMENT ON COLUMN downgrade_application.self_eval_org IS
  'Who evaluated itself.';
COMMENT ON COLUMN downgrade_application.applied_on IS 'Day of the application.';
COMMENT ON COLUMN downgrade_application.standard_version IS
  'Version of the standard.';
COMMENT ON COLUMN downgrade_application.line_results IS
  'List of line, result, evidence and note.';
COMMENT ON COLUMN downgrade_application.line_verdicts IS
  'List of line, result and note, by those who accept.';
COMMENT ON COLUMN downgrade_application.doc_review_on IS
  'Day the papers were reviewed.';
COMMENT ON COLUMN downgrade_application.doc_review_org IS
  'Who reviewed the papers.';
COMMENT ON COLUMN downgrade_application.site_eval_on IS
  'Day of the evaluation on site.';
COMMENT ON COLUMN downgrade_application.site_team IS
  'Names of those who evaluated.';
COMMENT ON COLUMN downgrade_application.decided_on IS 'Day of the decision.';
COMMENT ON COLUMN downgrade_application.decision IS 'Closed or returned.';
COMMENT ON COLUMN downgrade_application.reason IS 'Why it was returned.';
COMMENT ON COLUMN downgrade_application.spot_checked_on IS
  'Day of the spot check.';
COMMENT ON COLUMN downgrade_application.spot_result IS
  'What the spot check found.';

-- One episode of a project in an action is open at a time.
CREATE UNIQUE INDEX risk_episode_open ON risk_episode
  (project_id, action_id, competent_line, sensitivity)
  WHERE voided_at IS NULL AND closed_on IS NULL;
CREATE UNIQUE INDEX risk_episode_seq ON risk_episode
  (project_id, action_id, seq, competent_line, sensitivity)
  WHERE voided_at IS NULL;

-- R-02. Suspicion is enough for red; whatever else was found makes yellow.
CREATE FUNCTION risk_colour(three_not text[], other_risk text[],
  sensitive text[], pretreated_on date) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE
    WHEN cardinality(three_not) > 0 THEN 'red'
    WHEN cardinality(other_risk) > 0
      OR cardinality(sensitive) > 0 AND pretreated_on IS NULL THEN 'yellow'
    ELSE 'green' END $$;

-- R-01, with thresholds that an action may set.
CREATE FUNCTION risk_tier(action uuid, amount_fen bigint, initial text)
  RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE
    WHEN initial = 'green' THEN 'T0'
    WHEN initial = 'red' AND amount_fen >= 1000000
      * coalesce(action_param(action, 'risk.tier1_wan')::bigint, 3000)
      THEN 'T1'
    WHEN amount_fen >= 1000000
      * coalesce(action_param(action, 'risk.tier2_wan')::bigint, 1000)
      THEN 'T2'
    ELSE 'T3' END $$;

-- Months until a level's last milestone; a green project has none (R-03).
CREATE FUNCTION risk_due(action uuid, level text, start_on date)
  RETURNS date LANGUAGE sql STABLE AS $$ SELECT (start_on + CASE level
    WHEN 'red' THEN make_interval(months =>
      coalesce(action_param(action, 'risk.m3_months')::int, 3))
    WHEN 'yellow' THEN make_interval(months =>
      coalesce(action_param(action, 'risk.y1_months')::int, 1))
    END)::date $$;

-- The clock starts when the level is confirmed, but not before the phase of
-- rectification does (R-03).
CREATE FUNCTION risk_clock(action uuid, confirmed_on date) RETURNS date
  LANGUAGE sql STABLE AS $$ SELECT greatest(confirmed_on,
    (SELECT min(start_on) FROM action_phase
     WHERE action_id = action AND kind = '整治')) $$;

CREATE FUNCTION risk_episode_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.seq := 1 + (SELECT count(*) FROM risk_episode
    WHERE project_id = NEW.project_id AND action_id = NEW.action_id);
  NEW.opened_on := app_today();
  RETURN NEW;
END $$;
CREATE TRIGGER begin BEFORE INSERT ON risk_episode
  FOR EACH ROW EXECUTE FUNCTION risk_episode_begin();

-- What follows from a confirmed level. The tier hangs on the initial one and
-- stays with the episode (B20).
CREATE FUNCTION risk_episode_level() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.initial_level IS NOT NULL THEN
    NEW.initial_level := OLD.initial_level;
    NEW.initial_on := OLD.initial_on;
  END IF;
  IF NEW.initial_level IS DISTINCT FROM OLD.initial_level
      OR NEW.corrections IS DISTINCT FROM OLD.corrections THEN
    SELECT CASE action_param(NEW.action_id, 'risk.amount_basis')
      WHEN 'support_fund' THEN p.support_fund_fen
      ELSE p.total_investment_fen END INTO NEW.amount_basis_fen
      FROM project p WHERE p.id = NEW.project_id;
    NEW.tier := risk_tier(NEW.action_id, NEW.amount_basis_fen,
      NEW.initial_level);
    NEW.supervise_level := CASE NEW.tier WHEN 'T1' THEN 'province'
      WHEN 'T2' THEN 'prefecture' WHEN 'T3' THEN 'county_task_force'
      ELSE 'sector_dept' END;
    NEW.push_level := CASE NEW.tier WHEN 'T1' THEN 'prefecture'
      ELSE 'none' END;
    NEW.implement_level := CASE WHEN NEW.tier IN ('T1', 'T2') THEN 'county'
      ELSE 'sector_dept' END;
  END IF;
  IF NEW.state = 'downgraded' AND OLD.state <> 'downgraded' THEN
    NEW.level_before := OLD.current_level;
  ELSIF NEW.state = 'reopened' AND OLD.state <> 'reopened' THEN
    NEW.current_level := NEW.level_before;
  END IF;
  IF NEW.level_confirmed_on IS DISTINCT FROM OLD.level_confirmed_on
      OR NEW.current_level IS DISTINCT FROM OLD.current_level THEN
    NEW.clock_start_on := risk_clock(NEW.action_id, NEW.level_confirmed_on);
    NEW.due_on := risk_due(NEW.action_id, NEW.current_level,
      NEW.clock_start_on);
  END IF;
  IF NEW.return_due_on IS DISTINCT FROM OLD.return_due_on
      AND NEW.return_due_on IS NOT NULL THEN
    NEW.due_on := NEW.return_due_on;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER level BEFORE UPDATE ON risk_episode
  FOR EACH ROW EXECUTE FUNCTION risk_episode_level();

-- A survey belongs to the open episode of its project, or opens one
-- (3.5.4 assess); its suggested level is computed, and what was confirmed is
-- not rewritten.
CREATE FUNCTION risk_assessment_assess() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.level_suggested := risk_colour(NEW.three_not, NEW.other_risk,
    NEW.sensitive, NEW.pretreated_on);
  IF TG_OP = 'UPDATE' THEN
    IF OLD.level_confirmed IS NOT NULL AND (NEW.level_suggested,
        NEW.assessed_on) IS DISTINCT FROM (OLD.level_suggested,
        OLD.assessed_on) THEN
      RAISE check_violation USING
        MESSAGE = 'a confirmed survey is not rewritten',
        CONSTRAINT = 'risk_assessment_confirmed';
    END IF;
    RETURN NEW;
  END IF;
  SELECT id INTO NEW.episode_id FROM risk_episode
    WHERE project_id = NEW.project_id AND action_id = NEW.action_id
      AND voided_at IS NULL AND closed_on IS NULL;
  IF NEW.episode_id IS NULL THEN
    NEW.episode_id := uuid7();
    INSERT INTO risk_episode (id, project_id, action_id, division_code,
        filing_level, reporting_org_id, competent_org_id, competent_line,
        sensitivity)
      VALUES (NEW.episode_id, NEW.project_id, NEW.action_id,
        NEW.division_code, NEW.filing_level, NEW.reporting_org_id,
        NEW.competent_org_id, NEW.competent_line, NEW.sensitivity);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER assess BEFORE INSERT OR UPDATE ON risk_assessment
  FOR EACH ROW EXECUTE FUNCTION risk_assessment_assess();

CREATE FUNCTION downgrade_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.seq := 1 + (SELECT count(*) FROM downgrade_application
    WHERE episode_id = NEW.episode_id);
  RETURN NEW;
END $$;
CREATE TRIGGER number BEFORE INSERT ON downgrade_application
  FOR EACH ROW EXECUTE FUNCTION downgrade_number();


SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('three_not', 'N1', '建而不成', 1),
  ('three_not', 'N2', '成而不用', 2),
  ('three_not', 'N3', '用而不好', 3),
  ('other_risk', 'R1', '可行性研究不符合要求', 1),
  ('other_risk', 'R2', '尽职调查不符合要求', 2),
  ('other_risk', 'R3', '风险评估不符合要求', 3),
  ('other_risk', 'R4', '入库程序不规范', 4),
  ('other_risk', 'R5', '完工未及时验收', 5),
  ('other_risk', 'R6', '完工未及时结算', 6),
  ('other_risk', 'R7', '资产确权登记不规范', 7),
  ('other_risk', 'R8', '企业出资比例不足', 8),
  ('other_risk', 'R9', '未设立共管账户', 9),
  ('other_risk', 'R10', '财政资金存在风险隐患', 10),
  ('other_risk', 'R99', '其他', 11),
  ('risk_tier', 'T0', '主管部门监测', 1),
  ('risk_tier', 'T1', '省级督办', 2),
  ('risk_tier', 'T2', '市级督办', 3),
  ('risk_tier', 'T3', '县级专班督办', 4),
  ('risk_duty', 'province', '省级', 1),
  ('risk_duty', 'prefecture', '市级', 2),
  ('risk_duty', 'county', '县级', 3),
  ('risk_duty', 'county_task_force', '县级工作专班', 4),
  ('risk_duty', 'sector_dept', '项目主管部门', 5),
  ('risk_duty', 'none', '无', 6),
  ('risk_episode_state', 'suspected', '疑似', 1),
  ('risk_episode_state', 'confirmed_red', '审定红级', 2),
  ('risk_episode_state', 'confirmed_yellow', '审定黄级', 3),
  ('risk_episode_state', 'confirmed_green', '审定绿级', 4),
  ('risk_episode_state', 'rectifying', '整治中', 5),
  ('risk_episode_state', 'self_evaluated', '已自评', 6),
  ('risk_episode_state', 'applied', '已申请降级', 7),
  ('risk_episode_state', 'doc_reviewed', '资料已审核', 8),
  ('risk_episode_state', 'site_evaluated', '已实地评估', 9),
  ('risk_episode_state', 'downgraded', '已降级销号', 10),
  ('risk_episode_state', 'reopened', '抽查退回', 11),
  ('risk_milestone_state', 'open', '未达成', 1),
  ('risk_milestone_state', 'met', '已达成', 2),
  ('risk_milestone_state', 'dropped', '已取消', 3),
  ('milestone_kind', 'M1', '1个月有实质性进展', 1),
  ('milestone_kind', 'M3', '3个月达标', 2),
  ('milestone_kind', 'Y1', '1个月完成整改', 3),
  ('standard_result', 'pass', '达标', 1),
  ('standard_result', 'fail', '不达标', 2),
  ('standard_result', 'na', '不适用', 3),
  ('downgrade_decision', 'closed', '销号', 1),
  ('downgrade_decision', 'returned', '退回', 2);

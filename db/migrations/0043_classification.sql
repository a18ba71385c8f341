-- The four batches: cases, opinions, facts and steps.

SET ROLE taizhang_owner;

CREATE TABLE classification_case (
  id uuid PRIMARY KEY,
  project_id uuid REFERENCES project,
  bundle_id uuid REFERENCES project_bundle,
  round int,
  round_reason text
    CHECK (char_length(round_reason) <= 1000),
  dims jsonb
    CONSTRAINT classification_case_dims CHECK (jsonb_typeof(dims) = 'object'),
  consultations jsonb
    CONSTRAINT classification_case_consulted CHECK
      (jsonb_typeof(consultations) = 'array'),
  measures text
    CHECK (char_length(measures) <= 2000),
  due_on date,
  responsible_org_id uuid REFERENCES org_unit,
  responsible_contact_id uuid REFERENCES contact,
  effect_text text
    CHECK (char_length(effect_text) <= 2000),
  problems text
    CHECK (char_length(problems) <= 2000),
  village_class4 text,
  village_on date,
  village_signer text
    CHECK (char_length(village_signer) <= 50),
  village_seal_id uuid REFERENCES attachment,
  township_class4 text,
  township_on date,
  township_signer text
    CHECK (char_length(township_signer) <= 50),
  township_seal_id uuid REFERENCES attachment,
  township_reason text
    CHECK (char_length(township_reason) <= 1000),
  self_checked_on date,
  self_check_file_id uuid REFERENCES attachment,
  dept_class4 text,
  dept_on date,
  verify_method text,
  truthful boolean,
  dept_opinion text
    CHECK (char_length(dept_opinion) <= 2000),
  disposal_proposal text
    CHECK (char_length(disposal_proposal) <= 2000),
  report_id uuid REFERENCES attachment,
  filed_on date,
  receipt_no text
    CHECK (char_length(receipt_no) <= 60),
  determined_on date,
  county_class4 text,
  minutes_no text
    CHECK (char_length(minutes_no) <= 60),
  opined_on date,
  final_class4 text,
  final_batch4 text,
  batch_reason text
    CHECK (char_length(batch_reason) <= 1000),
  effective_on date,
  closed_on date,
  state text NOT NULL DEFAULT 'draft' CHECK (state IN (
    'draft', 'village_prelim', 'township_determined', 'self_checked',
    'dept_evaluated', 'filed', 'county_determined', 'task_force_opined',
    'effective', 'executing', 'closed')),
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT classification_case_subject CHECK (num_nonnulls(project_id,
    bundle_id) = 1),
  CONSTRAINT classification_case_reason CHECK (township_class4 IS NOT
    DISTINCT FROM village_class4 OR township_class4 IS NULL OR township_reason
    IS NOT NULL),
  CONSTRAINT classification_case_method CHECK (dept_class4 NOT IN ('C3',
    'C4') OR (verify_method = 'full' AND truthful IS NOT NULL AND
    disposal_proposal IS NOT NULL)),
  CONSTRAINT classification_case_batch CHECK (final_batch4 =
    replace(final_class4, 'C', 'K') OR batch_reason IS NOT NULL)
);
CALL business_table('classification_case', 'required');
CALL business_sort('classification_case', 'due_on');
CALL business_sort('classification_case', 'effective_on');
CREATE INDEX classification_case_of_project ON classification_case (project_id);
CREATE INDEX classification_case_of_bundle ON classification_case (bundle_id);
CREATE INDEX classification_case_of_responsible_org ON classification_case
  (responsible_org_id);
CREATE INDEX classification_case_of_responsible_contact ON classification_case
  (responsible_contact_id);
COMMENT ON TABLE classification_case IS
  'The classing of a project or a bundle into one of four, through village, township, department and county.';
COMMENT ON COLUMN classification_case.project_id IS
  'Project; none for a bundle.';
COMMENT ON COLUMN classification_case.bundle_id IS
  'Bundle; none for a single project.';
COMMENT ON COLUMN classification_case.round IS 'Which round.';
COMMENT ON COLUMN classification_case.round_reason IS
  'Why a new round was begun.';
COMMENT ON COLUMN classification_case.dims IS
  'An object: each of the five dimensions, score or words.';
COMMENT ON COLUMN classification_case.consultations IS
  'List of who, on and opinion.';
COMMENT ON COLUMN classification_case.measures IS 'Measures.';
COMMENT ON COLUMN classification_case.due_on IS 'Last day of the measures.';
COMMENT ON COLUMN classification_case.responsible_org_id IS
  'Who carries them out.';
COMMENT ON COLUMN classification_case.responsible_contact_id IS
  'Person responsible.';
COMMENT ON COLUMN classification_case.effect_text IS 'What came of it.';
COMMENT ON COLUMN classification_case.problems IS 'Problems that remain.';
COMMENT ON COLUMN classification_case.village_class4 IS 'Class by the village.';
COMMENT ON COLUMN classification_case.village_on IS
  'Day the village determined.';
COMMENT ON COLUMN classification_case.village_signer IS
  'Who signed for the village.';
COMMENT ON COLUMN classification_case.village_seal_id IS
  'Sealed form of the village.';
COMMENT ON COLUMN classification_case.township_class4 IS
  'Class by the township.';
COMMENT ON COLUMN classification_case.township_on IS
  'Day the township determined.';
COMMENT ON COLUMN classification_case.township_signer IS
  'Who signed for the township.';
COMMENT ON COLUMN classification_case.township_seal_id IS
  'Sealed form of the township.';
COMMENT ON COLUMN classification_case.township_reason IS
  'Why it differs from the village.';
COMMENT ON COLUMN classification_case.self_checked_on IS
  'Day of the self-check.';
COMMENT ON COLUMN classification_case.self_check_file_id IS
  'Report of the self-check.';
COMMENT ON COLUMN classification_case.dept_class4 IS 'Class by the department.';
COMMENT ON COLUMN classification_case.dept_on IS
  'Day the department evaluated.';
COMMENT ON COLUMN classification_case.verify_method IS
  'How the department verified.';
COMMENT ON COLUMN classification_case.truthful IS
  'Whether the self-check was true.';
COMMENT ON COLUMN classification_case.dept_opinion IS
  'Opinion of the department.';
COMMENT ON COLUMN classification_case.disposal_proposal IS
  'What the department proposes.';
COMMENT ON COLUMN classification_case.report_id IS 'Report of the evaluation.';
COMMENT ON COLUMN classification_case.filed_on IS 'Day it was filed.';
COMMENT ON COLUMN classification_case.receipt_no IS 'Number of the receipt.';
COMMENT ON COLUMN classification_case.determined_on IS
  'Day of the county''s meeting.';
COMMENT ON COLUMN classification_case.county_class4 IS
  'Class by the county government.';
COMMENT ON COLUMN classification_case.minutes_no IS 'Number of the minutes.';
COMMENT ON COLUMN classification_case.opined_on IS
  'Day of the task force''s opinion.';
COMMENT ON COLUMN classification_case.final_class4 IS 'Final class.';
COMMENT ON COLUMN classification_case.final_batch4 IS 'Final batch.';
COMMENT ON COLUMN classification_case.batch_reason IS
  'Why the batch is not that of the class.';
COMMENT ON COLUMN classification_case.effective_on IS 'Day it took effect.';
COMMENT ON COLUMN classification_case.closed_on IS 'Day it was closed.';
COMMENT ON COLUMN classification_case.state IS 'Where the case stands.';
COMMENT ON COLUMN classification_case.remark IS 'Remark.';

CREATE TABLE classification_opinion (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES classification_case,
  round int,
  stage text,
  class4 text,
  batch4 text,
  text text
    CHECK (char_length(text) <= 4000),
  method text,
  truthful boolean,
  org_id uuid REFERENCES org_unit,
  signer text
    CHECK (char_length(signer) <= 50),
  seal_file_id uuid REFERENCES attachment,
  opined_on date NOT NULL
);
CALL business_table('classification_opinion', 'required');
CALL business_child('classification_opinion', 'case_id', 'classification_case');
CALL business_key('classification_opinion', 'case_id', 'round', 'stage');
CALL business_sort('classification_opinion', 'opined_on');
CREATE INDEX classification_opinion_of_org ON classification_opinion (org_id);
COMMENT ON TABLE classification_opinion IS
  'Opinions of each stage of a case, kept by the commands; a return voids them.';
COMMENT ON COLUMN classification_opinion.case_id IS 'Case.';
COMMENT ON COLUMN classification_opinion.round IS 'Round it was given in.';
COMMENT ON COLUMN classification_opinion.stage IS 'Stage that gave it.';
COMMENT ON COLUMN classification_opinion.class4 IS 'Class it determined.';
COMMENT ON COLUMN classification_opinion.batch4 IS 'Batch it determined.';
COMMENT ON COLUMN classification_opinion.text IS 'The opinion.';
COMMENT ON COLUMN classification_opinion.method IS 'How it was verified.';
COMMENT ON COLUMN classification_opinion.truthful IS
  'Whether the self-check was true.';
COMMENT ON COLUMN classification_opinion.org_id IS 'Organisation that gave it.';
COMMENT ON COLUMN classification_opinion.signer IS 'Who signed.';
COMMENT ON COLUMN classification_opinion.seal_file_id IS 'Sealed form.';
COMMENT ON COLUMN classification_opinion.opined_on IS 'Day of the opinion.';

CREATE TABLE idle_fact (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES classification_case,
  causes text[] NOT NULL,
  cause_text text
    CHECK (char_length(cause_text) <= 2000),
  cause_nature text,
  fund_amount_fen bigint
    CHECK (fund_amount_fen BETWEEN 0 AND 9000000000000000),
  existing_assets text
    CHECK (char_length(existing_assets) <= 2000),
  title_status text
    CHECK (char_length(title_status) <= 2000),
  claims_fen bigint
    CHECK (claims_fen BETWEEN 0 AND 9000000000000000),
  claims_text text
    CHECK (char_length(claims_text) <= 2000),
  debts_fen bigint
    CHECK (debts_fen BETWEEN 0 AND 9000000000000000),
  debts_text text
    CHECK (char_length(debts_text) <= 2000),
  disputes text
    CHECK (char_length(disputes) <= 2000),
  stakeholder_claims text
    CHECK (char_length(stakeholder_claims) <= 2000),
  farmland_flag text,
  farmland_area_mu numeric(18,4)
    CHECK (farmland_area_mu >= 0),
  restored_on date
);
CALL business_table('idle_fact', 'required');
CALL business_child('idle_fact', 'case_id', 'classification_case');
CALL business_key('idle_fact', 'case_id');
COMMENT ON TABLE idle_fact IS
  'Why a project lies idle or is given up, and what is left of it.';
COMMENT ON COLUMN idle_fact.case_id IS 'Case.';
COMMENT ON COLUMN idle_fact.causes IS 'Causes.';
COMMENT ON COLUMN idle_fact.cause_text IS 'The causes in words.';
COMMENT ON COLUMN idle_fact.cause_nature IS
  'Force majeure, business or misconduct.';
COMMENT ON COLUMN idle_fact.fund_amount_fen IS 'Funds concerned.';
COMMENT ON COLUMN idle_fact.existing_assets IS 'Assets that are left.';
COMMENT ON COLUMN idle_fact.title_status IS 'State of their titles.';
COMMENT ON COLUMN idle_fact.claims_fen IS 'Claims, the amount.';
COMMENT ON COLUMN idle_fact.claims_text IS 'Claims.';
COMMENT ON COLUMN idle_fact.debts_fen IS 'Debts, the amount.';
COMMENT ON COLUMN idle_fact.debts_text IS 'Debts.';
COMMENT ON COLUMN idle_fact.disputes IS 'Disputes over them.';
COMMENT ON COLUMN idle_fact.stakeholder_claims IS
  'What those concerned ask for.';
COMMENT ON COLUMN idle_fact.farmland_flag IS 'Whether farmland is misused.';
COMMENT ON COLUMN idle_fact.farmland_area_mu IS 'Farmland concerned, in mu.';
COMMENT ON COLUMN idle_fact.restored_on IS 'Day the farmland was restored.';

CREATE TABLE elimination_step (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES classification_case,
  step text NOT NULL,
  done_on date NOT NULL,
  evidence_id uuid REFERENCES attachment,
  note text
    CHECK (char_length(note) <= 1000)
);
CALL business_table('elimination_step', 'required');
CALL business_child('elimination_step', 'case_id', 'classification_case');
CALL business_key('elimination_step', 'case_id', 'step');
CALL business_sort('elimination_step', 'done_on');
COMMENT ON TABLE elimination_step IS
  'Steps by which a project is given up or revived, each with its evidence.';
COMMENT ON COLUMN elimination_step.case_id IS 'Case.';
COMMENT ON COLUMN elimination_step.step IS 'Which step.';
COMMENT ON COLUMN elimination_step.done_on IS 'Day it was done.';
COMMENT ON COLUMN elimination_step.evidence_id IS 'Evidence of it.';
COMMENT ON COLUMN elimination_step.note IS 'What was done.';

-- One case of a subject in an action; a new round goes on in the same row.
CREATE UNIQUE INDEX classification_case_project ON classification_case
  (division_code, project_id, action_id, competent_line, sensitivity)
  WHERE voided_at IS NULL AND project_id IS NOT NULL;
CREATE UNIQUE INDEX classification_case_bundle ON classification_case
  (division_code, bundle_id, action_id, competent_line, sensitivity)
  WHERE voided_at IS NULL AND bundle_id IS NOT NULL;

CREATE FUNCTION classification_round() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.round := 1;
  RETURN NEW;
END $$;
CREATE TRIGGER round BEFORE INSERT ON classification_case
  FOR EACH ROW EXECUTE FUNCTION classification_round();

-- The township's word that a project lies idle or is given up needs the facts
-- (R-15); which class it gives is known only as the command writes it.
CREATE FUNCTION classification_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM idle_fact x WHERE x.case_id = NEW.id
      AND x.voided_at IS NULL AND cardinality(x.causes) > 0
      AND x.farmland_flag IS NOT NULL AND num_nulls(x.existing_assets,
      x.title_status, x.claims_text, x.debts_text, x.disputes,
      x.stakeholder_claims) = 0) THEN
    RAISE check_violation USING
      MESSAGE = 'causes, facts and farmland answer are incomplete',
      CONSTRAINT = 'classification_case_idle_facts';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER idle_facts AFTER UPDATE ON classification_case
  FOR EACH ROW WHEN (OLD.state = 'village_prelim'
    AND NEW.state = 'township_determined'
    AND NEW.township_class4 IN ('C3', 'C4'))
  EXECUTE FUNCTION classification_facts();


SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('idle_cause', 'U1', '论证不充分盲目跟风', 1),
  ('idle_cause', 'U2', '政策变化不能继续实施', 2),
  ('idle_cause', 'U3', '依赖资金断续长期吸血', 3),
  ('idle_cause', 'U4', '技术人才支撑不够或应对气候能力不足', 4),
  ('idle_cause', 'U5', '经营成本高等难以正常经营', 5),
  ('idle_cause', 'U51', '土地租金高', 6),
  ('idle_cause', 'U52', '人工成本贵', 7),
  ('idle_cause', 'U53', '融资贷款难', 8),
  ('idle_cause', 'U54', '扶持政策断奶', 9),
  ('idle_cause', 'U55', '市场价格低迷', 10),
  ('idle_cause', 'U6', '缺乏考察论证盲目引进', 11),
  ('idle_cause', 'U9', '其他', 12),
  ('cause_nature', 'force_majeure', '不可抗（容错）', 1),
  ('cause_nature', 'business', '经营', 2),
  ('cause_nature', 'misconduct', '违规违纪（追责）', 3),
  ('opinion_stage', 'village', '村级初步认定', 1),
  ('opinion_stage', 'township', '乡镇认定', 2),
  ('opinion_stage', 'department', '部门核查评估', 3),
  ('opinion_stage', 'county_gov', '县政府认定', 4),
  ('opinion_stage', 'task_force', '专班认定', 5),
  ('verify_method', 'sample', '抽查核实', 1),
  ('verify_method', 'full', '全面核查', 2),
  ('verify_method', 'documents', '资料审核', 3),
  ('verify_method', 'on_site', '实地评估', 4),
  ('verify_method', 'random', '随机抽查', 5),
  ('verify_method', 'third_party', '第三方评估', 6),
  ('verify_method', 'roll', '名册通过', 7),
  ('elimination_step', 'argue', '评估论证', 1),
  ('elimination_step', 'causes', '逐一核实具体原因', 2),
  ('elimination_step', 'debts', '清算债权债务', 3),
  ('elimination_step', 'legacy', '处置遗留问题', 4),
  ('elimination_step', 'title', '资产权属登记', 5),
  ('elimination_step', 'archive', '完善档案资料', 6),
  ('elimination_step', 'exit', '有序调整销号退出', 7),
  ('elimination_step', 'loan', '贷款贴息', 8),
  ('elimination_step', 'exit_agreement', '签订退出协议', 9),
  ('elimination_step', 'new_operator', '引进新主体', 10),
  ('elimination_step', 'takeover', '统一接管经营', 11),
  ('elimination_step', 'reuse', '闲置设施再利用', 12),
  ('classification_case_state', 'draft', '草稿', 1),
  ('classification_case_state', 'village_prelim', '村级已初步认定', 2),
  ('classification_case_state', 'township_determined', '乡镇已认定', 3),
  ('classification_case_state', 'self_checked', '已自查', 4),
  ('classification_case_state', 'dept_evaluated', '部门已评估', 5),
  ('classification_case_state', 'filed', '已备案', 6),
  ('classification_case_state', 'county_determined', '县政府已认定', 7),
  ('classification_case_state', 'task_force_opined', '专班已认定', 8),
  ('classification_case_state', 'effective', '已生效', 9),
  ('classification_case_state', 'executing', '实施中', 10),
  ('classification_case_state', 'closed', '已办结', 11);

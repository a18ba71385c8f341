-- Projects (项目) with places, changes and funding, bundles of them, and what
-- operators say of them (domain.md 3.3, 3.5.1).

SET ROLE taizhang_owner;

CREATE TABLE project_bundle (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL REFERENCES operator,
  product text NOT NULL CHECK (char_length(product) <= 60),
  name text NOT NULL CHECK (char_length(name) <= 200),
  year_from int CHECK (year_from BETWEEN 2000 AND 2100),
  year_to int CHECK (year_to BETWEEN 2000 AND 2100),
  CONSTRAINT project_bundle_years CHECK (year_to >= year_from)
);
CALL business_table('project_bundle', 'none');
CALL business_key('project_bundle', 'name');
COMMENT ON TABLE project_bundle IS
  'Projects of one operator and product that are reported together.';
COMMENT ON COLUMN project_bundle.operator_id IS 'Operator of the bundle.';
COMMENT ON COLUMN project_bundle.product IS 'Product of the bundle.';
COMMENT ON COLUMN project_bundle.name IS 'Name of the bundle.';
COMMENT ON COLUMN project_bundle.year_from IS 'First year.';
COMMENT ON COLUMN project_bundle.year_to IS 'Last year.';
CREATE INDEX project_bundle_operator ON project_bundle (operator_id);

CREATE TABLE project (
  id uuid PRIMARY KEY,
  project_no text CHECK (char_length(project_no) <= 40),
  external_ref text CHECK (char_length(external_ref) <= 80),
  name text NOT NULL CHECK (char_length(name) <= 200),
  location_text text CHECK (char_length(location_text) <= 300),
  build_year int NOT NULL CHECK (build_year BETWEEN 2013 AND 2100),
  build_year_to int CHECK (build_year_to BETWEEN 2013 AND 2100),
  type_l1 text NOT NULL,
  type_l2 text CHECK (char_length(type_l2) <= 60),
  industry_product text CHECK (char_length(industry_product) <= 60),
  is_industry boolean NOT NULL,
  tags text[],
  construction_nature text,
  content text NOT NULL CHECK (char_length(content) <= 2000),
  scale_text text CHECK (char_length(scale_text) <= 500),
  implementing_operator_id uuid REFERENCES operator,
  operating_operator_id uuid REFERENCES operator,
  responsible_contact_id uuid REFERENCES contact,
  total_investment_fen bigint NOT NULL
    CHECK (total_investment_fen BETWEEN 0 AND 9000000000000000),
  support_fund_fen bigint NOT NULL
    CHECK (support_fund_fen BETWEEN 0 AND 9000000000000000),
  enterprise_ratio_bp int CHECK (enterprise_ratio_bp BETWEEN 0 AND 10000),
  enterprise_paid_bp int CHECK (enterprise_paid_bp BETWEEN 0 AND 10000),
  co_account text,
  planned_owner_kind text,
  planned_owner_text text CHECK (char_length(planned_owner_text) <= 200),
  feasibility_doc uuid REFERENCES attachment,
  due_diligence_doc uuid REFERENCES attachment,
  risk_eval_doc uuid REFERENCES attachment,
  benefit_target text CHECK (char_length(benefit_target) <= 1000),
  benefit_target_fen bigint
    CHECK (benefit_target_fen BETWEEN 0 AND 9000000000000000),
  benefit_households int CHECK (benefit_households BETWEEN 0 AND 10000000),
  benefit_people int CHECK (benefit_people BETWEEN 0 AND 100000000),
  benefit_tuopin int CHECK (benefit_tuopin BETWEEN 0 AND 10000000),
  benefit_monitor int CHECK (benefit_monitor BETWEEN 0 AND 10000000),
  participation text CHECK (char_length(participation) <= 1000),
  is_relocation boolean,
  is_household_project boolean,
  plan_start_on date,
  plan_end_on date,
  backfilled boolean,
  publicity_from date,
  publicity_to date,
  high_attention boolean,
  sensitive_kind text[],
  pretreatment text,
  pretreated_on date,
  farmland_flag text,
  farmland_area_mu numeric(18,4),
  restored_on date,
  survival_state text,
  operating_state text,
  has_operating_asset boolean,
  remark text CHECK (char_length(remark) <= 1000),
  bundle_id uuid REFERENCES project_bundle,
  replaced_by_project_id uuid REFERENCES project,
  approved_on date,
  approval_doc_no text CHECK (char_length(approval_doc_no) <= 60),
  actual_start_on date,
  implementation_plan text CHECK (char_length(implementation_plan) <= 200),
  completed_on date,
  completion_summary text CHECK (char_length(completion_summary) <= 2000),
  acceptance_requested_on date,
  accepted_on date,
  performance_grade text,
  acceptance_opinion text CHECK (char_length(acceptance_opinion) <= 2000),
  settled_on date,
  settled_amount_fen bigint
    CHECK (settled_amount_fen BETWEEN 0 AND 9000000000000000),
  final_account_on date,
  final_account_fen bigint
    CHECK (final_account_fen BETWEEN 0 AND 9000000000000000),
  settlement_checked_on date,
  handed_over_on date,
  transfer_org_id uuid REFERENCES org_unit,
  transfer_doc_no text CHECK (char_length(transfer_doc_no) <= 60),
  transferred_on date,
  operation_plan text CHECK (char_length(operation_plan) <= 1000),
  operated_on date,
  idle_on date,
  revive_path text,
  revived_on date,
  ended_on date,
  current_risk_level text,
  current_class4 text,
  current_batch4 text,
  state text NOT NULL DEFAULT 'planned',
  CONSTRAINT project_state CHECK (state IN ('planned', 'declared', 'approved',
    'in_progress', 'completed', 'accepted', 'settled', 'transferred',
    'operating', 'idle', 'eliminated', 'cancelled')),
  CONSTRAINT project_support CHECK (support_fund_fen <= total_investment_fen),
  CONSTRAINT project_years CHECK (build_year_to >= build_year),
  CONSTRAINT project_plan_dates CHECK (plan_end_on >= plan_start_on),
  CONSTRAINT project_publicity_dates CHECK (publicity_to >= publicity_from),
  -- What is recorded after the fact may show that the order was not kept; of
  -- such a project an issue is made, not a refusal.
  CONSTRAINT project_publicity CHECK (publicity_to < approved_on
    OR backfilled IS TRUE),
  CONSTRAINT project_started CHECK (actual_start_on >= approved_on
    OR backfilled IS TRUE),
  CONSTRAINT project_completed CHECK (completed_on >= actual_start_on
    OR backfilled IS TRUE),
  CONSTRAINT project_accepted CHECK (accepted_on >= completed_on
    OR backfilled IS TRUE),
  CONSTRAINT project_settled CHECK (settled_on >= completed_on
    OR backfilled IS TRUE),
  CONSTRAINT project_final_account CHECK (final_account_on >= completed_on
    OR backfilled IS TRUE),
  CONSTRAINT project_transferred CHECK (transferred_on >= settled_on
    OR backfilled IS TRUE),
  CONSTRAINT project_idle CHECK (state <> 'idle'
    OR operating_state <> 'normal'),
  CONSTRAINT project_replaced CHECK (replaced_by_project_id <> id)
);
CALL business_table('project', 'optional');
CALL business_key('project', 'project_no');
CALL business_sort('project', 'project_no');
CALL business_sort('project', 'build_year');
CALL business_sort('project', 'total_investment_fen');
CALL business_sort('project', 'plan_end_on');
CALL business_sort('project', 'completed_on');
COMMENT ON TABLE project IS
  'Assistance projects over their whole life, from the plan to the exit.';
COMMENT ON COLUMN project.project_no IS
  'Number of the project; given by the server if left out.';
COMMENT ON COLUMN project.external_ref IS 'Number in a system of higher level.';
COMMENT ON COLUMN project.name IS 'Name of the project.';
COMMENT ON COLUMN project.location_text IS 'Place of the project, as written.';
COMMENT ON COLUMN project.build_year IS
  'Year it is carried out; the first of several.';
COMMENT ON COLUMN project.build_year_to IS
  'Last year of a project of several years.';
COMMENT ON COLUMN project.type_l1 IS 'Main type of the project.';
COMMENT ON COLUMN project.type_l2 IS 'Type within the main type.';
COMMENT ON COLUMN project.industry_product IS 'Product of the industry.';
COMMENT ON COLUMN project.is_industry IS 'Whether it is an industry project.';
COMMENT ON COLUMN project.tags IS 'Tags that give priority or attention.';
COMMENT ON COLUMN project.construction_nature IS
  'New, extended, rebuilt or continued.';
COMMENT ON COLUMN project.content IS 'What is built or done.';
COMMENT ON COLUMN project.scale_text IS 'Scale, as written.';
COMMENT ON COLUMN project.implementing_operator_id IS
  'Operator who carries it out.';
COMMENT ON COLUMN project.operating_operator_id IS 'Operator who runs it.';
COMMENT ON COLUMN project.responsible_contact_id IS 'Person to be reached.';
COMMENT ON COLUMN project.total_investment_fen IS 'Total investment.';
COMMENT ON COLUMN project.support_fund_fen IS 'Assistance funds in it.';
COMMENT ON COLUMN project.enterprise_ratio_bp IS
  'Share the enterprise has to pay.';
COMMENT ON COLUMN project.enterprise_paid_bp IS
  'Share the enterprise has paid.';
COMMENT ON COLUMN project.co_account IS
  'Whether there is an account under joint control.';
COMMENT ON COLUMN project.planned_owner_kind IS
  'Owner of the assets by the plan.';
COMMENT ON COLUMN project.planned_owner_text IS
  'Owner of the assets, as written.';
COMMENT ON COLUMN project.feasibility_doc IS 'Feasibility study.';
COMMENT ON COLUMN project.due_diligence_doc IS 'Due-diligence report.';
COMMENT ON COLUMN project.risk_eval_doc IS 'Risk evaluation.';
COMMENT ON COLUMN project.benefit_target IS 'Performance and income goals.';
COMMENT ON COLUMN project.benefit_target_fen IS
  'Income gain per household aimed at.';
COMMENT ON COLUMN project.benefit_households IS 'Households that benefit.';
COMMENT ON COLUMN project.benefit_people IS 'People who benefit.';
COMMENT ON COLUMN project.benefit_tuopin IS
  'Households lifted out of poverty that benefit.';
COMMENT ON COLUMN project.benefit_monitor IS
  'Monitored households that benefit.';
COMMENT ON COLUMN project.participation IS 'How the people take part.';
COMMENT ON COLUMN project.is_relocation IS
  'Whether it follows up a relocation.';
COMMENT ON COLUMN project.is_household_project IS
  'Whether it goes to households directly.';
COMMENT ON COLUMN project.plan_start_on IS 'Day the work is planned to begin.';
COMMENT ON COLUMN project.plan_end_on IS 'Day the work is planned to end.';
COMMENT ON COLUMN project.backfilled IS
  'Recorded after the fact: missing papers become issues, not refusals.';
COMMENT ON COLUMN project.publicity_from IS
  'First day of the publicity before approval.';
COMMENT ON COLUMN project.publicity_to IS
  'Last day of the publicity before approval.';
COMMENT ON COLUMN project.high_attention IS
  'Whether the public watches it closely.';
COMMENT ON COLUMN project.sensitive_kind IS 'Why its site is sensitive.';
COMMENT ON COLUMN project.pretreatment IS 'What was done at once about it.';
COMMENT ON COLUMN project.pretreated_on IS 'Day it was done.';
COMMENT ON COLUMN project.farmland_flag IS
  'Whether farmland is used otherwise.';
COMMENT ON COLUMN project.farmland_area_mu IS 'Area of farmland in mu.';
COMMENT ON COLUMN project.restored_on IS 'Day the farmland was restored.';
COMMENT ON COLUMN project.survival_state IS 'Whether the project still lives.';
COMMENT ON COLUMN project.operating_state IS 'How it operates at present.';
COMMENT ON COLUMN project.has_operating_asset IS
  'Whether it left assets that can be operated.';
COMMENT ON COLUMN project.remark IS 'Remark.';
COMMENT ON COLUMN project.bundle_id IS 'Bundle it is reported in.';
COMMENT ON COLUMN project.replaced_by_project_id IS
  'Project that takes its place.';
COMMENT ON COLUMN project.approved_on IS 'Day it was approved.';
COMMENT ON COLUMN project.approval_doc_no IS 'Number of the approval.';
COMMENT ON COLUMN project.actual_start_on IS 'Day the work began.';
COMMENT ON COLUMN project.implementation_plan IS
  'Title or number of the implementation plan.';
COMMENT ON COLUMN project.completed_on IS 'Day the work was completed.';
COMMENT ON COLUMN project.completion_summary IS
  'Summary of how it was carried out.';
COMMENT ON COLUMN project.acceptance_requested_on IS
  'Day the entity asked for acceptance.';
COMMENT ON COLUMN project.accepted_on IS 'Day of acceptance.';
COMMENT ON COLUMN project.performance_grade IS
  'Result of the performance evaluation.';
COMMENT ON COLUMN project.acceptance_opinion IS 'Opinion of the acceptance.';
COMMENT ON COLUMN project.settled_on IS 'Day of the settlement of the works.';
COMMENT ON COLUMN project.settled_amount_fen IS 'Amount settled.';
COMMENT ON COLUMN project.final_account_on IS 'Day of the final accounts.';
COMMENT ON COLUMN project.final_account_fen IS 'Amount of the final accounts.';
COMMENT ON COLUMN project.settlement_checked_on IS
  'Day the treasury agreed to the accounts.';
COMMENT ON COLUMN project.handed_over_on IS
  'Day the department offered the transfer.';
COMMENT ON COLUMN project.transfer_org_id IS
  'Organisation that receives the assets.';
COMMENT ON COLUMN project.transfer_doc_no IS 'Number of the transfer document.';
COMMENT ON COLUMN project.transferred_on IS 'Day the receiver confirmed.';
COMMENT ON COLUMN project.operation_plan IS
  'Custody of public assets, or operation and distribution plan.';
COMMENT ON COLUMN project.operated_on IS 'Day it began to operate.';
COMMENT ON COLUMN project.idle_on IS 'Day it was found idle.';
COMMENT ON COLUMN project.revive_path IS 'How it was revived.';
COMMENT ON COLUMN project.revived_on IS 'Day it was revived.';
COMMENT ON COLUMN project.ended_on IS 'Day it was eliminated or cancelled.';
COMMENT ON COLUMN project.current_risk_level IS
  'Colour of the latest effective assessment.';
COMMENT ON COLUMN project.current_class4 IS
  'Class of the latest effective determination.';
COMMENT ON COLUMN project.current_batch4 IS
  'Batch of the latest effective determination.';
COMMENT ON COLUMN project.state IS 'State of the lifecycle.';
CREATE INDEX project_by_state ON project (division_code, state);
CREATE INDEX project_line ON project (competent_line, created_at, id)
  WHERE competent_line <> '';
CREATE INDEX project_bundle_of ON project (bundle_id);
CREATE INDEX project_implementing ON project (implementing_operator_id);
CREATE INDEX project_operating ON project (operating_operator_id);

-- A number for who brings none: the place, the year, the next one there. The
-- counter is the place's own, so it tells nothing of other places.
CREATE TABLE project_counter (
  division_code bigint NOT NULL REFERENCES division,
  year int NOT NULL,
  last int NOT NULL,
  PRIMARY KEY (division_code, year)
);
ALTER TABLE project_counter ENABLE ROW LEVEL SECURITY,
  FORCE ROW LEVEL SECURITY;
CREATE POLICY project_counter_scope ON project_counter
  USING (division_code BETWEEN app_lo() AND app_hi());
GRANT SELECT, INSERT, UPDATE ON project_counter TO taizhang_api;
COMMENT ON TABLE project_counter IS
  'Last project number given in a place and a year.';
COMMENT ON COLUMN project_counter.division_code IS 'Place of the project.';
COMMENT ON COLUMN project_counter.year IS 'First year of the project.';
COMMENT ON COLUMN project_counter.last IS 'Number given last.';
CREATE FUNCTION project_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
  INSERT INTO project_counter AS c (division_code, year, last)
    VALUES (NEW.division_code, NEW.build_year, 1)
    ON CONFLICT (division_code, year) DO UPDATE SET last = c.last + 1
    RETURNING last INTO n;
  NEW.project_no := format('%s-%s-%s',
    lpad(NEW.division_code::text, 12, '0'), NEW.build_year,
    lpad(n::text, greatest(3, length(n::text)), '0'));
  RETURN NEW;
END $$;
CREATE TRIGGER number BEFORE INSERT ON project FOR EACH ROW
  WHEN (NEW.project_no IS NULL) EXECUTE FUNCTION project_number();
ALTER TABLE project ALTER project_no SET NOT NULL;

-- The competent department decides which sector line sees a project (Y8).
CREATE FUNCTION project_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.competent_line := coalesce((SELECT line_code FROM org_unit
    WHERE id = NEW.competent_org_id), '');
  RETURN NEW;
END $$;
CREATE TRIGGER line BEFORE INSERT OR UPDATE OF competent_org_id ON project
  FOR EACH ROW WHEN (NEW.competent_org_id IS NOT NULL)
  EXECUTE FUNCTION project_line();

-- Once approved, the content changes only as an approved change allows
-- (Y21.3), whichever way the change comes in.
CREATE FUNCTION project_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM project_change c WHERE c.project_id = NEW.id
      AND c.approved_doc IS NOT NULL AND c.applied_on IS NULL
      AND c.voided_at IS NULL) THEN
    RAISE check_violation USING CONSTRAINT = 'project_change_approved',
      TABLE = 'project', MESSAGE = 'content changed without an approval';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER content BEFORE UPDATE ON project FOR EACH ROW
  WHEN (OLD.state NOT IN ('planned', 'declared')
    AND OLD.backfilled IS NOT TRUE
    AND (OLD.content, OLD.scale_text, OLD.total_investment_fen)
    IS DISTINCT FROM (NEW.content, NEW.scale_text, NEW.total_investment_fen))
  EXECUTE FUNCTION project_content();

-- The action an issue that a command reports goes to: the row's own, else the
-- latest active one of the place.
CREATE FUNCTION issue_action(own uuid, place bigint) RETURNS uuid
  LANGUAGE sql STABLE AS $$
  SELECT coalesce(own, (SELECT a.id FROM action a WHERE a.status = 'active'
    AND place BETWEEN a.division_code AND division_hi(a.division_code)
    ORDER BY a.start_on DESC, a.id LIMIT 1)) $$;

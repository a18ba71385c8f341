-- Households and how projects benefit them.

SET ROLE taizhang_owner;

CREATE TABLE household (
  id uuid PRIMARY KEY,
  household_no text NOT NULL
    CHECK (char_length(household_no) BETWEEN 1 AND 40),
  head_name text NOT NULL
    CHECK (char_length(head_name) BETWEEN 1 AND 50),
  types text[],
  monitor_kind text,
  risk_removed boolean,
  risk_removed_on date,
  members int CHECK (members BETWEEN 0 AND 50),
  labour int CHECK (labour BETWEEN 0 AND 50),
  low_income boolean,
  elderly boolean,
  is_petition boolean,
  helper_contact_id uuid REFERENCES contact,
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT household_labour CHECK (labour <= members),
  CONSTRAINT household_removed CHECK (risk_removed_on IS NULL OR
    risk_removed)
);
CALL business_table('household', 'none');
CALL business_key('household', 'household_no');
CREATE INDEX household_of_helper_contact ON household (helper_contact_id);
COMMENT ON TABLE household IS
  'Households that assistance is for; no identity numbers are kept.';
COMMENT ON COLUMN household.household_no IS
  'National number of the household, or a local one.';
COMMENT ON COLUMN household.head_name IS 'Name of the head of the household.';
COMMENT ON COLUMN household.types IS 'Groups it belongs to.';
COMMENT ON COLUMN household.monitor_kind IS 'Why it is monitored.';
COMMENT ON COLUMN household.risk_removed IS 'Whether its risk is removed.';
COMMENT ON COLUMN household.risk_removed_on IS 'Day its risk was removed.';
COMMENT ON COLUMN household.members IS 'People of the household.';
COMMENT ON COLUMN household.labour IS 'Of them able to work.';
COMMENT ON COLUMN household.low_income IS 'Whether its income is low.';
COMMENT ON COLUMN household.elderly IS 'Whether only old people live there.';
COMMENT ON COLUMN household.is_petition IS 'Whether it has petitioned.';
COMMENT ON COLUMN household.helper_contact_id IS
  'Person responsible for helping it.';
COMMENT ON COLUMN household.remark IS 'Remark.';

CREATE TABLE household_year_fact (
  id uuid PRIMARY KEY,
  household_id uuid NOT NULL REFERENCES household,
  income_year int NOT NULL CHECK (income_year BETWEEN 2013 AND 2100),
  wage_income_fen bigint
    CHECK (wage_income_fen BETWEEN 0 AND 9000000000000000),
  business_income_fen bigint
    CHECK (business_income_fen BETWEEN -9000000000000000 AND 9000000000000000),
  transfer_income_fen bigint
    CHECK (transfer_income_fen BETWEEN 0 AND 9000000000000000),
  property_income_fen bigint
    CHECK (property_income_fen BETWEEN 0 AND 9000000000000000),
  net_income_fen bigint
    CHECK (net_income_fen BETWEEN -9000000000000000 AND 9000000000000000),
  rigid_expense boolean,
  education_fen bigint
    CHECK (education_fen BETWEEN 0 AND 9000000000000000),
  medical_fen bigint
    CHECK (medical_fen BETWEEN 0 AND 9000000000000000),
  other_expense_text text
    CHECK (char_length(other_expense_text) <= 500),
  loan_wanted_unmet boolean,
  loan_misused boolean
);
CALL business_table('household_year_fact', 'none');
CALL business_child('household_year_fact', 'household_id', 'household');
CALL business_key('household_year_fact', 'household_id', 'income_year');
CALL business_sort('household_year_fact', 'income_year');
COMMENT ON TABLE household_year_fact IS
  'Income and great expenses of a household in a year.';
COMMENT ON COLUMN household_year_fact.household_id IS 'Household.';
COMMENT ON COLUMN household_year_fact.income_year IS 'Year of the figures.';
COMMENT ON COLUMN household_year_fact.wage_income_fen IS 'Income from wages.';
COMMENT ON COLUMN household_year_fact.business_income_fen IS
  'Net income from production, negative when lost.';
COMMENT ON COLUMN household_year_fact.transfer_income_fen IS
  'Income from transfers.';
COMMENT ON COLUMN household_year_fact.property_income_fen IS
  'Income from property.';
COMMENT ON COLUMN household_year_fact.net_income_fen IS 'Net income as stated.';
COMMENT ON COLUMN household_year_fact.rigid_expense IS
  'Whether there were great unavoidable expenses.';
COMMENT ON COLUMN household_year_fact.education_fen IS
  'Expenses for education.';
COMMENT ON COLUMN household_year_fact.medical_fen IS
  'Own share of medical expenses.';
COMMENT ON COLUMN household_year_fact.other_expense_text IS
  'Other such expenses.';
COMMENT ON COLUMN household_year_fact.loan_wanted_unmet IS
  'Whether a loan it qualifies for was not given.';
COMMENT ON COLUMN household_year_fact.loan_misused IS
  'Whether its loan is used by others or not for production.';

CREATE TABLE person_flag (
  id uuid PRIMARY KEY,
  household_id uuid NOT NULL REFERENCES household,
  seq int NOT NULL CHECK (seq BETWEEN 1 AND 50),
  kind text NOT NULL,
  note text
    CHECK (char_length(note) <= 500),
  valid_from date,
  valid_to date,
  CONSTRAINT person_flag_dates CHECK (valid_to >= valid_from)
);
CALL business_table('person_flag', 'required');
CALL business_child('person_flag', 'household_id', 'household');
CALL business_key('person_flag', 'household_id', 'seq', 'kind');
COMMENT ON TABLE person_flag IS
  'What is special about a person of a household; kept only where an action needs it.';
COMMENT ON COLUMN person_flag.household_id IS 'Household.';
COMMENT ON COLUMN person_flag.seq IS 'Which person of the household.';
COMMENT ON COLUMN person_flag.kind IS 'What the person is.';
COMMENT ON COLUMN person_flag.note IS 'Remark.';
COMMENT ON COLUMN person_flag.valid_from IS 'First day.';
COMMENT ON COLUMN person_flag.valid_to IS 'Last day.';

CREATE TABLE benefit_mechanism (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  mode text NOT NULL,
  links text[],
  effects text[],
  description text NOT NULL
    CHECK (char_length(description) BETWEEN 1 AND 2000),
  target_income_fen bigint
    CHECK (target_income_fen BETWEEN 0 AND 9000000000000000),
  established_on date NOT NULL,
  established_prec text,
  doc_file_id uuid REFERENCES attachment,
  evaluation text,
  optimised_note text
    CHECK (char_length(optimised_note) <= 1000),
  remark text
    CHECK (char_length(remark) <= 500)
);
CALL business_table('benefit_mechanism', 'optional');
CALL business_child('benefit_mechanism', 'project_id', 'project');
CALL business_key('benefit_mechanism', 'project_id', 'mode');
CALL business_sort('benefit_mechanism', 'established_on');
COMMENT ON TABLE benefit_mechanism IS
  'How a project lets households share in it.';
COMMENT ON COLUMN benefit_mechanism.project_id IS 'Project.';
COMMENT ON COLUMN benefit_mechanism.mode IS 'Mode of assistance.';
COMMENT ON COLUMN benefit_mechanism.links IS
  'Ways in which households are linked.';
COMMENT ON COLUMN benefit_mechanism.effects IS 'What it does for them.';
COMMENT ON COLUMN benefit_mechanism.description IS 'The mechanism in words.';
COMMENT ON COLUMN benefit_mechanism.target_income_fen IS
  'Income a household is to gain.';
COMMENT ON COLUMN benefit_mechanism.established_on IS 'Day it was established.';
COMMENT ON COLUMN benefit_mechanism.established_prec IS
  'How exact that day is.';
COMMENT ON COLUMN benefit_mechanism.doc_file_id IS 'Document of the mechanism.';
COMMENT ON COLUMN benefit_mechanism.evaluation IS 'How close the link is.';
COMMENT ON COLUMN benefit_mechanism.optimised_note IS 'How it was improved.';
COMMENT ON COLUMN benefit_mechanism.remark IS 'Remark.';

CREATE TABLE benefit_agreement (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  mechanism_id uuid REFERENCES benefit_mechanism,
  operator_id uuid REFERENCES operator,
  party_kind text NOT NULL,
  household_id uuid REFERENCES household,
  village_code bigint REFERENCES division,
  collective_org_id uuid REFERENCES org_unit,
  agreement_no text NOT NULL
    CHECK (char_length(agreement_no) BETWEEN 1 AND 60),
  start_on date NOT NULL,
  end_on date NOT NULL,
  principal_fen bigint
    CHECK (principal_fen BETWEEN 0 AND 9000000000000000),
  guaranteed_per_year_fen bigint
    CHECK (guaranteed_per_year_fen BETWEEN 0 AND 9000000000000000),
  due_month_day text
    CHECK (char_length(due_month_day) BETWEEN 5 AND 5),
  on_expiry text,
  settled_on date,
  file_id uuid REFERENCES attachment,
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT benefit_agreement_due_day CHECK (due_month_day ~
    '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'),
  CONSTRAINT benefit_agreement_dates CHECK (end_on >= start_on),
  CONSTRAINT benefit_agreement_household CHECK (party_kind <> 'household' OR
    household_id IS NOT NULL),
  CONSTRAINT benefit_agreement_village CHECK (party_kind <> 'village' OR
    village_code IS NOT NULL),
  CONSTRAINT benefit_agreement_settled CHECK (settled_on IS NULL OR
    on_expiry IS NOT NULL)
);
CALL business_table('benefit_agreement', 'optional');
CALL business_key('benefit_agreement', 'project_id', 'agreement_no');
CALL business_sort('benefit_agreement', 'end_on');
CREATE INDEX benefit_agreement_of_project ON benefit_agreement (project_id);
CREATE INDEX benefit_agreement_of_mechanism ON benefit_agreement (mechanism_id);
CREATE INDEX benefit_agreement_of_operator ON benefit_agreement (operator_id);
CREATE INDEX benefit_agreement_of_household ON benefit_agreement (household_id);
CREATE INDEX benefit_agreement_of_collective_org ON benefit_agreement
  (collective_org_id);
COMMENT ON TABLE benefit_agreement IS
  'Agreements of operators with households, villages and collectives.';
COMMENT ON COLUMN benefit_agreement.project_id IS 'Project.';
COMMENT ON COLUMN benefit_agreement.mechanism_id IS 'Mechanism it carries out.';
COMMENT ON COLUMN benefit_agreement.operator_id IS 'Operator that signed.';
COMMENT ON COLUMN benefit_agreement.party_kind IS 'Kind of the other party.';
COMMENT ON COLUMN benefit_agreement.household_id IS
  'Household, when it is the party.';
COMMENT ON COLUMN benefit_agreement.village_code IS
  'Village, when it is the party.';
COMMENT ON COLUMN benefit_agreement.collective_org_id IS
  'Collective, when it is the party.';
COMMENT ON COLUMN benefit_agreement.agreement_no IS 'Number of the agreement.';
COMMENT ON COLUMN benefit_agreement.start_on IS 'First day.';
COMMENT ON COLUMN benefit_agreement.end_on IS 'Last day.';
COMMENT ON COLUMN benefit_agreement.principal_fen IS
  'Amount entrusted or invested.';
COMMENT ON COLUMN benefit_agreement.guaranteed_per_year_fen IS
  'Income promised for a year.';
COMMENT ON COLUMN benefit_agreement.due_month_day IS
  'Month and day it falls due, as 12-31.';
COMMENT ON COLUMN benefit_agreement.on_expiry IS 'What was done when it ended.';
COMMENT ON COLUMN benefit_agreement.settled_on IS 'Day that was done.';
COMMENT ON COLUMN benefit_agreement.file_id IS 'The agreement itself.';
COMMENT ON COLUMN benefit_agreement.remark IS 'Remark.';

CREATE TABLE benefit_record (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  household_id uuid REFERENCES household,
  agreement_id uuid REFERENCES benefit_agreement,
  year int NOT NULL CHECK (year BETWEEN 2013 AND 2100),
  mode text,
  link text NOT NULL,
  due_fen bigint
    CHECK (due_fen BETWEEN 0 AND 9000000000000000),
  due_on date,
  paid_fen bigint
    CHECK (paid_fen BETWEEN 0 AND 9000000000000000),
  paid_on date,
  shortfall_fen bigint
    CHECK (shortfall_fen BETWEEN 0 AND 9000000000000000),
  jobs int CHECK (jobs BETWEEN 0 AND 10000),
  wage_fen bigint
    CHECK (wage_fen BETWEEN 0 AND 9000000000000000),
  purchase_fen bigint
    CHECK (purchase_fen BETWEEN 0 AND 9000000000000000),
  service_count int CHECK (service_count BETWEEN 0 AND 10000),
  sign_file_id uuid REFERENCES attachment,
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT benefit_record_paid CHECK (paid_on IS NULL OR paid_fen IS NOT
    NULL)
);
CALL business_table('benefit_record', 'optional');
CALL business_key('benefit_record', 'project_id', 'household_id', 'year', 'link');
CALL business_sort('benefit_record', 'year');
CALL business_sort('benefit_record', 'due_on');
CREATE INDEX benefit_record_of_project ON benefit_record (project_id);
CREATE INDEX benefit_record_of_household ON benefit_record (household_id);
CREATE INDEX benefit_record_of_agreement ON benefit_record (agreement_id);
COMMENT ON TABLE benefit_record IS
  'What a household or village was due and received in a year.';
COMMENT ON COLUMN benefit_record.project_id IS 'Project.';
COMMENT ON COLUMN benefit_record.household_id IS
  'Household; none for a whole village.';
COMMENT ON COLUMN benefit_record.agreement_id IS 'Agreement it is paid under.';
COMMENT ON COLUMN benefit_record.year IS 'Year.';
COMMENT ON COLUMN benefit_record.mode IS 'Mode of assistance.';
COMMENT ON COLUMN benefit_record.link IS
  'Way in which the household is linked.';
COMMENT ON COLUMN benefit_record.due_fen IS 'Income that was promised.';
COMMENT ON COLUMN benefit_record.due_on IS 'Day it falls due.';
COMMENT ON COLUMN benefit_record.paid_fen IS 'Income that was paid.';
COMMENT ON COLUMN benefit_record.paid_on IS 'Day it was paid.';
COMMENT ON COLUMN benefit_record.shortfall_fen IS
  'Promised less paid, computed.';
COMMENT ON COLUMN benefit_record.jobs IS 'People employed.';
COMMENT ON COLUMN benefit_record.wage_fen IS 'Wages they earned.';
COMMENT ON COLUMN benefit_record.purchase_fen IS 'Products bought from them.';
COMMENT ON COLUMN benefit_record.service_count IS 'Times they were advised.';
COMMENT ON COLUMN benefit_record.sign_file_id IS 'Signed receipt.';
COMMENT ON COLUMN benefit_record.remark IS 'Remark.';
-- Nulls are distinct in the key above; a village has one record as well.
CREATE UNIQUE INDEX benefit_record_village ON benefit_record (division_code,
  project_id, year, link, competent_line, sensitivity)
  WHERE voided_at IS NULL AND household_id IS NULL;
CREATE FUNCTION benefit_shortfall() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.shortfall_fen := greatest(NEW.due_fen - coalesce(NEW.paid_fen, 0), 0);
  RETURN NEW;
END $$;
CREATE TRIGGER shortfall BEFORE INSERT OR UPDATE ON benefit_record
  FOR EACH ROW EXECUTE FUNCTION benefit_shortfall();

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('benefit_mode', 'direct', '直接帮扶', 1),
  ('benefit_mode', 'entrust', '委托帮扶', 2),
  ('benefit_mode', 'share', '股份合作', 3),
  ('benefit_link', 'order', '订单生产', 1),
  ('benefit_link', 'foster', '托养托管', 2),
  ('benefit_link', 'land_trust', '土地托管', 3),
  ('benefit_link', 'livestock_trust', '牲畜托养', 4),
  ('benefit_link', 'cooperate', '合作经营', 5),
  ('benefit_link', 'protected_price', '保护价收购', 6),
  ('benefit_link', 'guaranteed_buyback', '保底回收', 7),
  ('benefit_link', 'use_right_share', '经营权入股', 8),
  ('benefit_link', 'dividend', '资产收益（分红）', 9),
  ('benefit_link', 'employment', '务工就业', 10),
  ('benefit_link', 'land_lease', '土地流转', 11),
  ('benefit_link', 'work_relief', '以工代赈', 12),
  ('benefit_link', 'public_post', '公益岗', 13),
  ('benefit_link', 'tech_service', '技术服务', 14),
  ('benefit_link', 'other', '其他', 15),
  ('benefit_effect', 'production', '发展生产', 1),
  ('benefit_effect', 'employment', '稳定就业', 2),
  ('benefit_effect', 'asset_income', '共享资产收益', 3),
  ('mechanism_evaluation', 'close', '紧密', 1),
  ('mechanism_evaluation', 'ordinary', '一般', 2),
  ('mechanism_evaluation', 'loose', '松散', 3),
  ('mechanism_evaluation', 'none', '无', 4),
  ('agreement_party', 'household', '农户', 1),
  ('agreement_party', 'village', '村', 2),
  ('agreement_party', 'collective', '村集体', 3),
  ('agreement_expiry', 'deliver', '交付资产', 1),
  ('agreement_expiry', 'repay', '返还资金', 2),
  ('agreement_expiry', 'renew', '续签', 3),
  ('agreement_expiry', 'open', '未处理', 4),
  ('household_type', 'ten_groups', '“十类群体”户', 1),
  ('household_type', 'tuopin', '脱贫户', 2),
  ('household_type', 'monitor', '监测户', 3),
  ('household_type', 'low_income', '低收入户', 4),
  ('household_type', 'elderly', '老人户', 5),
  ('household_type', 'general', '一般户', 6),
  ('monitor_kind', 'unstable', '脱贫不稳定户', 1),
  ('monitor_kind', 'marginal', '边缘易致贫户', 2),
  ('monitor_kind', 'sudden', '突发严重困难户', 3),
  ('key_person', 'petitioner', '信访人', 1),
  ('key_person', 'disabled', '残疾人', 2),
  ('key_person', 'special_needs', '特殊困难群众', 3),
  ('key_person', 'low_security', '低保对象', 4),
  ('key_person', 'extreme_poor', '特困人员', 5),
  ('key_person', 'orphan', '孤儿', 6),
  ('key_person', 'unsupported_child', '事实无人抚养儿童', 7),
  ('key_person', 'chronic_illness', '慢性病患者', 8);

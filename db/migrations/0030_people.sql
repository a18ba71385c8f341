-- People and places of the chapters: yearly facts, coverage, members, contacts,
-- operators, documents (domain.md 3.3), and the code sets of 3.2 they use.

SET ROLE taizhang_owner;

-- The day in the county, whatever the server's clock is set to.
CREATE FUNCTION app_today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date $$;

CREATE TABLE village_year_fact (
  id uuid PRIMARY KEY,
  year int NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  collective_income_fen bigint
    CHECK (collective_income_fen BETWEEN 0 AND 9000000000000000),
  industries text CHECK (char_length(industries) <= 500),
  new_microloan_fen bigint
    CHECK (new_microloan_fen BETWEEN 0 AND 9000000000000000),
  first_secretary_user_id uuid,
  has_work_team boolean,
  public_post_count int CHECK (public_post_count BETWEEN 0 AND 1000000),
  workshop_jobs int CHECK (workshop_jobs BETWEEN 0 AND 1000000),
  tuopin_household_count int
    CHECK (tuopin_household_count BETWEEN 0 AND 1000000),
  monitor_household_count int
    CHECK (monitor_household_count BETWEEN 0 AND 1000000)
);
CALL business_table('village_year_fact', 'none');
CALL business_key('village_year_fact', 'year');
CALL business_sort('village_year_fact', 'year');
COMMENT ON TABLE village_year_fact IS
  'What a village reports of a year: income, industries, posts.';
COMMENT ON COLUMN village_year_fact.year IS 'Year the facts are of.';
COMMENT ON COLUMN village_year_fact.collective_income_fen IS
  'Income of the village collective.';
COMMENT ON COLUMN village_year_fact.industries IS
  'Leading industries of the village.';
COMMENT ON COLUMN village_year_fact.new_microloan_fen IS
  'Small loans newly granted in the year.';
COMMENT ON COLUMN village_year_fact.first_secretary_user_id IS
  'User who is the first secretary.';
COMMENT ON COLUMN village_year_fact.has_work_team IS
  'Whether a work team is stationed there.';
COMMENT ON COLUMN village_year_fact.public_post_count IS
  'Public-benefit posts.';
COMMENT ON COLUMN village_year_fact.workshop_jobs IS
  'Jobs in assistance workshops.';
COMMENT ON COLUMN village_year_fact.tuopin_household_count IS
  'Households lifted out of poverty.';
COMMENT ON COLUMN village_year_fact.monitor_household_count IS
  'Households under monitoring.';
ALTER TABLE village_year_fact ADD CONSTRAINT village_year_fact_village
  CHECK (division_code % 1000 <> 0);

CREATE TABLE county_year_fact (
  id uuid PRIMARY KEY,
  year int NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  county_budget_bridge_fund_fen bigint
    CHECK (county_budget_bridge_fund_fen BETWEEN 0 AND 9000000000000000),
  industry_share_bp int CHECK (industry_share_bp BETWEEN 0 AND 10000),
  jobs_public_posts int CHECK (jobs_public_posts BETWEEN 0 AND 10000000),
  jobs_workshops int CHECK (jobs_workshops BETWEEN 0 AND 10000000),
  per_capita_net_income_fen bigint
    CHECK (per_capita_net_income_fen BETWEEN 0 AND 9000000000000000),
  special_meeting_count int CHECK (special_meeting_count BETWEEN 0 AND 1000),
  average_apr_bp int CHECK (average_apr_bp BETWEEN 0 AND 10000),
  average_jun_bp int CHECK (average_jun_bp BETWEEN 0 AND 10000),
  average_jul_bp int CHECK (average_jul_bp BETWEEN 0 AND 10000),
  average_sep_bp int CHECK (average_sep_bp BETWEEN 0 AND 10000),
  average_oct_bp int CHECK (average_oct_bp BETWEEN 0 AND 10000)
);
CALL business_table('county_year_fact', 'none');
CALL business_key('county_year_fact', 'year');
CALL business_sort('county_year_fact', 'year');
COMMENT ON TABLE county_year_fact IS
  'What a county reports of a year, and the province''s averages.';
COMMENT ON COLUMN county_year_fact.year IS 'Year the facts are of.';
COMMENT ON COLUMN county_year_fact.county_budget_bridge_fund_fen IS
  'Bridging funds in the budget of the county.';
COMMENT ON COLUMN county_year_fact.industry_share_bp IS
  'Share of funds that went to industry.';
COMMENT ON COLUMN county_year_fact.jobs_public_posts IS
  'People employed in public-benefit posts.';
COMMENT ON COLUMN county_year_fact.jobs_workshops IS
  'People employed in assistance workshops.';
COMMENT ON COLUMN county_year_fact.per_capita_net_income_fen IS
  'Net income per head of the lifted population.';
COMMENT ON COLUMN county_year_fact.special_meeting_count IS
  'Meetings held on cooperation assistance.';
COMMENT ON COLUMN county_year_fact.average_apr_bp IS
  'Spending rate of the province at the end of April.';
COMMENT ON COLUMN county_year_fact.average_jun_bp IS
  'Spending rate of the province at the end of June.';
COMMENT ON COLUMN county_year_fact.average_jul_bp IS
  'Spending rate of the province at the end of July.';
COMMENT ON COLUMN county_year_fact.average_sep_bp IS
  'Spending rate of the province at the end of September.';
COMMENT ON COLUMN county_year_fact.average_oct_bp IS
  'Spending rate of the province at the end of October.';
ALTER TABLE county_year_fact ADD CONSTRAINT county_year_fact_county
  CHECK (division_code % 1000000 = 0);

CREATE TABLE org_coverage (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL REFERENCES org_unit,
  category_code text,
  from_on date,
  to_on date,
  CONSTRAINT org_coverage_days CHECK (to_on >= from_on)
);
CALL business_table('org_coverage', 'optional');
COMMENT ON TABLE org_coverage IS
  'The division of the row is one the organisation covers.';
COMMENT ON COLUMN org_coverage.org_id IS
  'Organisation that covers the division.';
COMMENT ON COLUMN org_coverage.category_code IS
  'Only issues of this category, for special groups.';
COMMENT ON COLUMN org_coverage.from_on IS 'First day.';
COMMENT ON COLUMN org_coverage.to_on IS 'Last day.';
-- An office covers a place once, or once for each category of issues.
CREATE UNIQUE INDEX org_coverage_key ON org_coverage
  (division_code, org_id, category_code, competent_line, sensitivity)
  NULLS NOT DISTINCT WHERE voided_at IS NULL;
CREATE INDEX org_coverage_org ON org_coverage (org_id);

CREATE TABLE contact (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) <= 50),
  phone text CHECK (char_length(phone) <= 40),
  email text CHECK (char_length(email) <= 100),
  org_id uuid REFERENCES org_unit,
  post text CHECK (char_length(post) <= 60)
);
CALL business_table('contact', 'optional');
COMMENT ON TABLE contact IS
  'People to be reached: name, telephone, organisation, post.';
COMMENT ON COLUMN contact.name IS 'Name of the person.';
COMMENT ON COLUMN contact.phone IS 'Telephone of the person.';
COMMENT ON COLUMN contact.email IS 'Mail address of the person.';
COMMENT ON COLUMN contact.org_id IS 'Organisation of the person.';
COMMENT ON COLUMN contact.post IS 'Post of the person.';
CREATE INDEX contact_org ON contact (org_id);

CREATE TABLE org_member (
  id uuid PRIMARY KEY,
  org_id uuid NOT NULL REFERENCES org_unit,
  user_id uuid,
  contact_id uuid REFERENCES contact,
  post text NOT NULL,
  from_on date,
  to_on date,
  CONSTRAINT org_member_who CHECK ((user_id IS NULL) <> (contact_id IS NULL)),
  CONSTRAINT org_member_days CHECK (to_on >= from_on)
);
CALL business_table('org_member', 'optional');
COMMENT ON TABLE org_member IS
  'Who belongs to a group or office, and in which post.';
COMMENT ON COLUMN org_member.org_id IS 'Organisation it is a member of.';
COMMENT ON COLUMN org_member.user_id IS 'Member who signs in.';
COMMENT ON COLUMN org_member.contact_id IS 'Member who does not sign in.';
COMMENT ON COLUMN org_member.post IS 'Post within the group.';
COMMENT ON COLUMN org_member.from_on IS 'First day.';
COMMENT ON COLUMN org_member.to_on IS 'Last day.';
CREATE INDEX org_member_org ON org_member (org_id);

CREATE TABLE operator (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) <= 120),
  kind text NOT NULL,
  uscc text CHECK (char_length(uscc) <= 18),
  legal_person text CHECK (char_length(legal_person) <= 50),
  phone text CHECK (char_length(phone) <= 40),
  operating_state text,
  insured boolean,
  insured_amount_fen bigint
    CHECK (insured_amount_fen BETWEEN 0 AND 9000000000000000),
  warning_level text,
  remark text CHECK (char_length(remark) <= 1000),
  CONSTRAINT operator_insured CHECK (insured IS NOT FALSE
    OR insured_amount_fen IS NULL OR insured_amount_fen = 0)
);
CALL business_table('operator', 'none');
CALL business_sort('operator', 'name');
COMMENT ON TABLE operator IS
  'Enterprises, cooperatives and others who carry out or run projects.';
COMMENT ON COLUMN operator.name IS 'Full name of the operator.';
COMMENT ON COLUMN operator.kind IS 'Kind of operator.';
COMMENT ON COLUMN operator.uscc IS 'Unified social credit code.';
COMMENT ON COLUMN operator.legal_person IS 'Legal representative.';
COMMENT ON COLUMN operator.phone IS 'Telephone of the operator.';
COMMENT ON COLUMN operator.operating_state IS 'How it operates at present.';
COMMENT ON COLUMN operator.insured IS 'Whether its production is insured.';
COMMENT ON COLUMN operator.insured_amount_fen IS 'Sum insured.';
COMMENT ON COLUMN operator.warning_level IS
  'Level of warning that monitoring gave.';
COMMENT ON COLUMN operator.remark IS 'Remark.';

CREATE TABLE operator_indicator (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL REFERENCES operator,
  period text NOT NULL CHECK (char_length(period) <= 7),
  revenue_fen bigint CHECK (revenue_fen BETWEEN 0 AND 9000000000000000),
  profit_fen bigint
    CHECK (profit_fen BETWEEN -9000000000000000 AND 9000000000000000),
  jobs int CHECK (jobs BETWEEN 0 AND 1000000),
  debt_fen bigint CHECK (debt_fen BETWEEN 0 AND 9000000000000000),
  arrears_dividend_fen bigint
    CHECK (arrears_dividend_fen BETWEEN 0 AND 9000000000000000),
  warning_codes text[]
);
CALL business_table('operator_indicator', 'none');
CALL business_child('operator_indicator', 'operator_id', 'operator');
CALL business_key('operator_indicator', 'operator_id', 'period');
CALL business_sort('operator_indicator', 'period');
COMMENT ON TABLE operator_indicator IS
  'Figures of an operator in one period, and the warnings they gave.';
COMMENT ON COLUMN operator_indicator.operator_id IS
  'Operator the figures are of.';
COMMENT ON COLUMN operator_indicator.period IS
  'Year, quarter or month: 2024, 2024Q1, 2024-03.';
COMMENT ON COLUMN operator_indicator.revenue_fen IS 'Revenue of the period.';
COMMENT ON COLUMN operator_indicator.profit_fen IS
  'Profit of the period; a loss is negative.';
COMMENT ON COLUMN operator_indicator.jobs IS 'People employed.';
COMMENT ON COLUMN operator_indicator.debt_fen IS
  'Debts at the end of the period.';
COMMENT ON COLUMN operator_indicator.arrears_dividend_fen IS
  'Dividends due and not paid.';
COMMENT ON COLUMN operator_indicator.warning_codes IS
  'What monitoring warns of.';

CREATE TABLE source_document (
  id uuid PRIMARY KEY,
  doc_no text NOT NULL CHECK (char_length(doc_no) <= 60),
  title text NOT NULL CHECK (char_length(title) <= 200),
  issuer_org_id uuid REFERENCES org_unit,
  issuer_names text CHECK (char_length(issuer_names) <= 200),
  issued_on date NOT NULL,
  version_tag text CHECK (char_length(version_tag) <= 30),
  file_id uuid REFERENCES attachment,
  public boolean
);
CALL business_table('source_document', 'optional');
CALL business_key('source_document', 'doc_no');
CALL business_sort('source_document', 'doc_no');
CALL business_sort('source_document', 'issued_on');
COMMENT ON TABLE source_document IS
  'Notices and plans that work rests on, with their numbers.';
COMMENT ON COLUMN source_document.doc_no IS 'Number of the document.';
COMMENT ON COLUMN source_document.title IS 'Title of the document.';
COMMENT ON COLUMN source_document.issuer_org_id IS
  'Organisation that issued it.';
COMMENT ON COLUMN source_document.issuer_names IS
  'Issuers as printed, of joint documents too.';
COMMENT ON COLUMN source_document.issued_on IS 'Day it was issued.';
COMMENT ON COLUMN source_document.version_tag IS
  'Version as printed, such as 试行.';
COMMENT ON COLUMN source_document.file_id IS 'The document itself.';
COMMENT ON COLUMN source_document.public IS 'Whether the document is public.';

CREATE TABLE source_document_basis (
  id uuid PRIMARY KEY,
  document_id uuid NOT NULL REFERENCES source_document,
  basis_id uuid NOT NULL REFERENCES source_document,
  CONSTRAINT source_document_basis_self CHECK (document_id <> basis_id)
);
CALL business_table('source_document_basis', 'none');
CALL business_child('source_document_basis', 'document_id', 'source_document');
CALL business_key('source_document_basis', 'document_id', 'basis_id');
COMMENT ON TABLE source_document_basis IS
  'Which document another one rests on.';
COMMENT ON COLUMN source_document_basis.document_id IS
  'Document that rests on the other.';
COMMENT ON COLUMN source_document_basis.basis_id IS 'Document it rests on.';
CREATE INDEX source_document_basis_basis ON source_document_basis (basis_id);

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('date_prec', 'day', '日', 1),
  ('date_prec', 'xun', '旬', 2),
  ('date_prec', 'month', '月', 3),
  ('date_prec', 'year', '年', 4),
  ('township_kind', 'jiedao', '街道', 1),
  ('township_kind', 'zhen', '镇', 2),
  ('township_kind', 'xiang', '乡', 3),
  ('township_kind', 'quasi', '类似乡级单位', 4),
  ('village_kind', 'juwei', '居委会', 1),
  ('village_kind', 'cunwei', '村委会', 2),
  ('village_kind', 'quasi', '类似村级单位', 3),
  ('org_kind', 'party_committee', '党委', 1),
  ('org_kind', 'government', '政府', 2),
  ('org_kind', 'sector_dept', '行业主管部门', 3),
  ('org_kind', 'leading_group', '领导小组', 4),
  ('org_kind', 'command', '指挥部', 5),
  ('org_kind', 'task_force', '工作专班', 6),
  ('org_kind', 'war_zone', '战区', 7),
  ('org_kind', 'special_group', '专项工作组', 8),
  ('org_kind', 'patrol_group', '督查巡查组', 9),
  ('org_kind', 'resident_group', '驻乡镇工作组', 10),
  ('org_kind', 'helper_unit', '帮扶单位', 11),
  ('org_kind', 'discipline', '纪委监委', 12),
  ('org_kind', 'audit', '审计', 13),
  ('org_kind', 'finance', '财政', 14),
  ('org_kind', 'third_party', '第三方机构', 15),
  ('org_kind', 'coop_team', '帮扶工作队', 16),
  ('org_kind', 'village_committee', '村（社区）', 17),
  ('org_kind', 'village_collective', '村集体经济组织', 18),
  ('member_post', 'leader', '组长', 1),
  ('member_post', 'executive_deputy', '常务副组长', 2),
  ('member_post', 'deputy', '副组长', 3),
  ('member_post', 'member', '成员', 4),
  ('member_post', 'liaison', '联络员', 5),
  ('member_post', 'office_head', '办公室主任', 6),
  ('operator_kind', 'leading_enterprise', '农业产业化龙头企业', 1),
  ('operator_kind', 'enterprise', '一般企业', 2),
  ('operator_kind', 'coop', '农民专业合作社', 3),
  ('operator_kind', 'family_farm', '家庭农场', 4),
  ('operator_kind', 'workshop', '帮扶车间', 5),
  ('operator_kind', 'collective', '村集体经济组织', 6),
  ('operator_kind', 'soe', '国有企业', 7),
  ('operator_kind', 'individual', '个体、农户', 8),
  ('operator_kind', 'gov_unit', '政府部门、事业单位', 9),
  ('operating_state', 'not_started', '未投产', 1),
  ('operating_state', 'normal', '正常', 2),
  ('operating_state', 'intermittent', '间歇', 3),
  ('operating_state', 'stopped', '停产', 4),
  ('operating_state', 'idle', '闲置', 5),
  ('operating_state', 'damaged', '损毁', 6),
  ('operator_warning', 'loss', '连续亏损', 1),
  ('operator_warning', 'debt', '负债过高', 2),
  ('operator_warning', 'arrears', '拖欠分红', 3),
  ('operator_warning', 'layoffs', '用工锐减', 4),
  ('operator_warning', 'stopped', '停产半停产', 5),
  ('operator_warning', 'litigation', '涉诉失信', 6),
  ('operator_warning', 'other', '其他', 7),
  ('feedback_channel', 'talk', '面谈', 1),
  ('feedback_channel', 'letter', '来函', 2),
  ('feedback_channel', 'platform', '平台', 3),
  ('risk_level', 'red', '红级', 1),
  ('risk_level', 'yellow', '黄级', 2),
  ('risk_level', 'green', '绿级', 3)
ON CONFLICT DO NOTHING;

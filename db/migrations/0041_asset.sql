-- Assets: rights, transfer, custody, use and disposal.

SET ROLE taizhang_owner;

CREATE TABLE asset (
  id uuid PRIMARY KEY,
  asset_no text NOT NULL
    CHECK (char_length(asset_no) BETWEEN 1 AND 40),
  project_id uuid NOT NULL REFERENCES project,
  name text NOT NULL
    CHECK (char_length(name) BETWEEN 1 AND 200),
  asset_type text NOT NULL,
  subtype text,
  spec text
    CHECK (char_length(spec) <= 200),
  qty numeric(18,4)
    CHECK (qty >= 0),
  unit text
    CHECK (char_length(unit) <= 20),
  acquired_on date NOT NULL,
  acquired_prec text,
  location_text text
    CHECK (char_length(location_text) <= 200),
  original_value_fen bigint NOT NULL
    CHECK (original_value_fen BETWEEN 0 AND 9000000000000000),
  depreciation_fen bigint
    CHECK (depreciation_fen BETWEEN 0 AND 9000000000000000),
  net_value_fen bigint
    CHECK (net_value_fen BETWEEN 0 AND 9000000000000000),
  owner_kind text NOT NULL,
  owner_org_id uuid REFERENCES org_unit,
  owner_household_id uuid REFERENCES household,
  owner_operator_id uuid REFERENCES operator,
  owner_text text
    CHECK (char_length(owner_text) <= 200),
  state text NOT NULL DEFAULT 'formed' CHECK (state IN (
    'formed', 'titled', 'transferred', 'in_use', 'inefficient', 'idle',
    'disposal_proposed', 'disposal_decided', 'disposal_approved', 'disposed',
    'accounted')),
  operating_state text,
  operating_mode text,
  operating_operator_id uuid REFERENCES operator,
  annual_income_fen bigint
    CHECK (annual_income_fen BETWEEN 0 AND 9000000000000000),
  sanzi_registered boolean,
  sanzi_no text
    CHECK (char_length(sanzi_no) <= 60),
  external_ref text
    CHECK (char_length(external_ref) <= 100),
  supervising_org_id uuid NOT NULL REFERENCES org_unit,
  fund_source text
    CHECK (char_length(fund_source) <= 200),
  service_years int CHECK (service_years BETWEEN 0 AND 100),
  idle_kind text,
  idle_reason text
    CHECK (char_length(idle_reason) <= 1000),
  idle_on date,
  revive_path text,
  revived_on date,
  remark text
    CHECK (char_length(remark) <= 500),
  CONSTRAINT asset_depreciation CHECK (depreciation_fen <=
    original_value_fen),
  CONSTRAINT asset_revived_by CHECK (revive_path NOT IN ('B', 'C') OR
    operating_operator_id IS NOT NULL)
);
CALL business_table('asset', 'optional');
CALL business_key('asset', 'asset_no');
CALL business_sort('asset', 'acquired_on');
CREATE INDEX asset_of_project ON asset (project_id);
CREATE INDEX asset_of_owner_org ON asset (owner_org_id);
CREATE INDEX asset_of_owner_household ON asset (owner_household_id);
CREATE INDEX asset_of_owner_operator ON asset (owner_operator_id);
CREATE INDEX asset_of_operating_operator ON asset (operating_operator_id);
CREATE INDEX asset_of_supervising_org ON asset (supervising_org_id);
COMMENT ON TABLE asset IS
  'Assets that projects have formed: what, whose, in what state.';
COMMENT ON COLUMN asset.asset_no IS 'Number of the asset, unique in its place.';
COMMENT ON COLUMN asset.project_id IS 'Project that formed it.';
COMMENT ON COLUMN asset.name IS 'Name of the asset.';
COMMENT ON COLUMN asset.asset_type IS 'Operating, public or of a household.';
COMMENT ON COLUMN asset.subtype IS 'What kind of thing it is.';
COMMENT ON COLUMN asset.spec IS 'Specification and model.';
COMMENT ON COLUMN asset.qty IS 'Quantity.';
COMMENT ON COLUMN asset.unit IS 'Unit of the quantity.';
COMMENT ON COLUMN asset.acquired_on IS 'Day it was built or acquired.';
COMMENT ON COLUMN asset.acquired_prec IS 'How exact that day is.';
COMMENT ON COLUMN asset.location_text IS 'Where it stands.';
COMMENT ON COLUMN asset.original_value_fen IS 'Original value.';
COMMENT ON COLUMN asset.depreciation_fen IS 'Depreciation so far.';
COMMENT ON COLUMN asset.net_value_fen IS
  'Original value less depreciation, computed.';
COMMENT ON COLUMN asset.owner_kind IS 'Kind of owner.';
COMMENT ON COLUMN asset.owner_org_id IS 'Owner, when an organisation.';
COMMENT ON COLUMN asset.owner_household_id IS 'Owner, when a household.';
COMMENT ON COLUMN asset.owner_operator_id IS 'Owner, when an enterprise.';
COMMENT ON COLUMN asset.owner_text IS 'Owner as written, shares of several.';
COMMENT ON COLUMN asset.state IS 'Where the asset is in its life.';
COMMENT ON COLUMN asset.operating_state IS 'How it is running.';
COMMENT ON COLUMN asset.operating_mode IS 'How it is operated.';
COMMENT ON COLUMN asset.operating_operator_id IS 'Who operates it.';
COMMENT ON COLUMN asset.annual_income_fen IS 'Income of a year.';
COMMENT ON COLUMN asset.sanzi_registered IS
  'Registered on the platform of collective assets.';
COMMENT ON COLUMN asset.sanzi_no IS 'Number on that platform.';
COMMENT ON COLUMN asset.external_ref IS 'Number in a system above.';
COMMENT ON COLUMN asset.supervising_org_id IS 'Who supervises it.';
COMMENT ON COLUMN asset.fund_source IS 'Funds that paid for it.';
COMMENT ON COLUMN asset.service_years IS 'Years it is expected to serve.';
COMMENT ON COLUMN asset.idle_kind IS 'Inefficient or idle; empty when in use.';
COMMENT ON COLUMN asset.idle_reason IS 'Why it was marked so.';
COMMENT ON COLUMN asset.idle_on IS 'Day it was marked so.';
COMMENT ON COLUMN asset.revive_path IS 'Path by which it was revived.';
COMMENT ON COLUMN asset.revived_on IS 'Day it was in use again.';
COMMENT ON COLUMN asset.remark IS 'Remark.';
CREATE FUNCTION asset_net_value() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.net_value_fen := NEW.original_value_fen
    - coalesce(NEW.depreciation_fen, 0);
  RETURN NEW;
END $$;
CREATE TRIGGER net_value BEFORE INSERT OR UPDATE ON asset
  FOR EACH ROW EXECUTE FUNCTION asset_net_value();

CREATE TABLE asset_right (
  id uuid PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES asset,
  right_kind text NOT NULL,
  holder_kind text NOT NULL,
  holder_name text NOT NULL
    CHECK (char_length(holder_name) BETWEEN 1 AND 100),
  holder_org_id uuid REFERENCES org_unit,
  holder_household_id uuid REFERENCES household,
  holder_operator_id uuid REFERENCES operator,
  cert_no text
    CHECK (char_length(cert_no) <= 100),
  registered_on date,
  valid_from date,
  valid_to date,
  file_id uuid REFERENCES attachment,
  CONSTRAINT asset_right_dates CHECK (valid_to >= valid_from)
);
CALL business_table('asset_right', 'optional');
CALL business_child('asset_right', 'asset_id', 'asset');
CALL business_key('asset_right', 'asset_id', 'right_kind', 'holder_name');
CREATE INDEX asset_right_of_holder_org ON asset_right (holder_org_id);
CREATE INDEX asset_right_of_holder_household ON asset_right
  (holder_household_id);
CREATE INDEX asset_right_of_holder_operator ON asset_right (holder_operator_id);
COMMENT ON TABLE asset_right IS
  'The five rights in an asset and who holds each.';
COMMENT ON COLUMN asset_right.asset_id IS 'Asset.';
COMMENT ON COLUMN asset_right.right_kind IS 'Which of the five rights.';
COMMENT ON COLUMN asset_right.holder_kind IS 'Kind of holder.';
COMMENT ON COLUMN asset_right.holder_name IS 'Holder as registered.';
COMMENT ON COLUMN asset_right.holder_org_id IS 'Holder, when an organisation.';
COMMENT ON COLUMN asset_right.holder_household_id IS
  'Holder, when a household.';
COMMENT ON COLUMN asset_right.holder_operator_id IS
  'Holder, when an enterprise.';
COMMENT ON COLUMN asset_right.cert_no IS
  'Number of the certificate or register.';
COMMENT ON COLUMN asset_right.registered_on IS 'Day of registration.';
COMMENT ON COLUMN asset_right.valid_from IS 'First day.';
COMMENT ON COLUMN asset_right.valid_to IS 'Last day.';
COMMENT ON COLUMN asset_right.file_id IS 'Scan of the certificate.';

CREATE TABLE asset_transfer (
  id uuid PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES asset,
  from_org_id uuid NOT NULL REFERENCES org_unit,
  to_name text NOT NULL
    CHECK (char_length(to_name) BETWEEN 1 AND 100),
  to_org_id uuid REFERENCES org_unit,
  to_household_id uuid REFERENCES household,
  to_operator_id uuid REFERENCES operator,
  doc_no text NOT NULL
    CHECK (char_length(doc_no) BETWEEN 1 AND 60),
  transferred_on date NOT NULL,
  docs_complete boolean,
  file_id uuid REFERENCES attachment
);
CALL business_table('asset_transfer', 'optional');
CALL business_child('asset_transfer', 'asset_id', 'asset');
CALL business_key('asset_transfer', 'asset_id', 'doc_no');
CREATE INDEX asset_transfer_of_from_org ON asset_transfer (from_org_id);
CREATE INDEX asset_transfer_of_to_org ON asset_transfer (to_org_id);
CREATE INDEX asset_transfer_of_to_household ON asset_transfer (to_household_id);
CREATE INDEX asset_transfer_of_to_operator ON asset_transfer (to_operator_id);
COMMENT ON TABLE asset_transfer IS
  'Transfers of assets to those who keep them from then on.';
COMMENT ON COLUMN asset_transfer.asset_id IS 'Asset.';
COMMENT ON COLUMN asset_transfer.from_org_id IS 'Who hands over.';
COMMENT ON COLUMN asset_transfer.to_name IS 'Who receives, as written.';
COMMENT ON COLUMN asset_transfer.to_org_id IS
  'Who receives, when an organisation.';
COMMENT ON COLUMN asset_transfer.to_household_id IS
  'Who receives, when a household.';
COMMENT ON COLUMN asset_transfer.to_operator_id IS
  'Who receives, when an enterprise.';
COMMENT ON COLUMN asset_transfer.doc_no IS 'Number of the transfer document.';
COMMENT ON COLUMN asset_transfer.transferred_on IS 'Day of the transfer.';
COMMENT ON COLUMN asset_transfer.docs_complete IS
  'Whether the papers are complete.';
COMMENT ON COLUMN asset_transfer.file_id IS 'Signed list.';

CREATE TABLE asset_custody (
  id uuid PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES asset,
  custodian_org_id uuid NOT NULL REFERENCES org_unit,
  custodian_contact_id uuid REFERENCES contact,
  rule_file_id uuid REFERENCES attachment,
  valid_from date NOT NULL,
  valid_to date,
  CONSTRAINT asset_custody_dates CHECK (valid_to >= valid_from)
);
CALL business_table('asset_custody', 'optional');
CALL business_child('asset_custody', 'asset_id', 'asset');
CALL business_key('asset_custody', 'asset_id', 'valid_from');
CREATE INDEX asset_custody_of_custodian_org ON asset_custody (custodian_org_id);
CREATE INDEX asset_custody_of_custodian_contact ON asset_custody
  (custodian_contact_id);
COMMENT ON TABLE asset_custody IS
  'Who keeps an asset in repair, by which rule and until when.';
COMMENT ON COLUMN asset_custody.asset_id IS 'Asset.';
COMMENT ON COLUMN asset_custody.custodian_org_id IS
  'Organisation that keeps it.';
COMMENT ON COLUMN asset_custody.custodian_contact_id IS 'Person who keeps it.';
COMMENT ON COLUMN asset_custody.rule_file_id IS 'Rule or contract of custody.';
COMMENT ON COLUMN asset_custody.valid_from IS 'First day.';
COMMENT ON COLUMN asset_custody.valid_to IS 'Last day.';

CREATE TABLE custody_inspection (
  id uuid PRIMARY KEY,
  custody_id uuid NOT NULL REFERENCES asset_custody,
  inspected_on date NOT NULL,
  condition text NOT NULL,
  note text
    CHECK (char_length(note) <= 1000),
  photo_id uuid REFERENCES attachment
);
CALL business_table('custody_inspection', 'optional');
CALL business_child('custody_inspection', 'custody_id', 'asset_custody');
CALL business_sort('custody_inspection', 'inspected_on');
COMMENT ON TABLE custody_inspection IS 'Inspections of assets under custody.';
COMMENT ON COLUMN custody_inspection.custody_id IS 'Custody it belongs to.';
COMMENT ON COLUMN custody_inspection.inspected_on IS 'Day of the inspection.';
COMMENT ON COLUMN custody_inspection.condition IS 'Condition that was found.';
COMMENT ON COLUMN custody_inspection.note IS 'What was seen.';
COMMENT ON COLUMN custody_inspection.photo_id IS 'Photo of it.';

CREATE TABLE asset_operation_year (
  id uuid PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES asset,
  year int NOT NULL CHECK (year BETWEEN 2013 AND 2100),
  income_fen bigint NOT NULL
    CHECK (income_fen BETWEEN 0 AND 9000000000000000),
  cost_fen bigint
    CHECK (cost_fen BETWEEN 0 AND 9000000000000000),
  distributed_fen bigint
    CHECK (distributed_fen BETWEEN 0 AND 9000000000000000),
  distribution jsonb
    CONSTRAINT asset_operation_year_list CHECK (jsonb_typeof(distribution) =
      'array'),
  use_tag text,
  remark text
    CHECK (char_length(remark) <= 500)
);
CALL business_table('asset_operation_year', 'optional');
CALL business_child('asset_operation_year', 'asset_id', 'asset');
CALL business_key('asset_operation_year', 'asset_id', 'year');
CALL business_sort('asset_operation_year', 'year');
COMMENT ON TABLE asset_operation_year IS
  'Income of an operating asset in a year and how it was shared out.';
COMMENT ON COLUMN asset_operation_year.asset_id IS 'Asset.';
COMMENT ON COLUMN asset_operation_year.year IS 'Year.';
COMMENT ON COLUMN asset_operation_year.income_fen IS 'Income of the year.';
COMMENT ON COLUMN asset_operation_year.cost_fen IS 'Costs of the year.';
COMMENT ON COLUMN asset_operation_year.distributed_fen IS
  'Amount that was shared out.';
COMMENT ON COLUMN asset_operation_year.distribution IS
  'List of who received what for which use.';
COMMENT ON COLUMN asset_operation_year.use_tag IS
  'What the income is used for.';
COMMENT ON COLUMN asset_operation_year.remark IS 'Remark.';

CREATE TABLE asset_disposal (
  id uuid PRIMARY KEY,
  asset_id uuid NOT NULL REFERENCES asset,
  reason text NOT NULL,
  reason_text text
    CHECK (char_length(reason_text) <= 1000),
  method text,
  appraised_fen bigint
    CHECK (appraised_fen BETWEEN 0 AND 9000000000000000),
  appraisal_file_id uuid REFERENCES attachment,
  decision_kind text,
  proposal_file_id uuid REFERENCES attachment,
  committee_file_id uuid REFERENCES attachment,
  party_file_id uuid REFERENCES attachment,
  assembly_file_id uuid REFERENCES attachment,
  resolution_notice_file_id uuid REFERENCES attachment,
  result_notice_file_id uuid REFERENCES attachment,
  finance_file_id uuid REFERENCES attachment,
  decided_on date,
  dept_opinion text
    CHECK (char_length(dept_opinion) <= 1000),
  approved_by_org text
    CHECK (char_length(approved_by_org) <= 100),
  approved_doc_no text
    CHECK (char_length(approved_doc_no) <= 60),
  approved_on date,
  disposed_on date,
  proceeds_fen bigint
    CHECK (proceeds_fen BETWEEN 0 AND 9000000000000000),
  voucher_no text
    CHECK (char_length(voucher_no) <= 60),
  proceeds_use text,
  proceeds_note text
    CHECK (char_length(proceeds_note) <= 500),
  accounted_on date,
  state text NOT NULL DEFAULT 'draft' CHECK (state IN (
    'draft', 'proposed', 'decided', 'approved', 'disposed', 'accounted')),
  remark text
    CHECK (char_length(remark) <= 500)
);
CALL business_table('asset_disposal', 'optional');
CALL business_child('asset_disposal', 'asset_id', 'asset');
CALL business_sort('asset_disposal', 'disposed_on');
COMMENT ON TABLE asset_disposal IS
  'Disposals of assets, from the proposal to the account of the proceeds.';
COMMENT ON COLUMN asset_disposal.asset_id IS 'Asset.';
COMMENT ON COLUMN asset_disposal.reason IS 'One of the six reasons.';
COMMENT ON COLUMN asset_disposal.reason_text IS 'The facts.';
COMMENT ON COLUMN asset_disposal.method IS 'How it is disposed of.';
COMMENT ON COLUMN asset_disposal.appraised_fen IS 'Appraised value.';
COMMENT ON COLUMN asset_disposal.appraisal_file_id IS
  'Report of the appraisal.';
COMMENT ON COLUMN asset_disposal.decision_kind IS 'Procedure of the decision.';
COMMENT ON COLUMN asset_disposal.proposal_file_id IS
  'Proposal of the party branch.';
COMMENT ON COLUMN asset_disposal.committee_file_id IS
  'Consultation of the two committees.';
COMMENT ON COLUMN asset_disposal.party_file_id IS
  'Deliberation of the party members.';
COMMENT ON COLUMN asset_disposal.assembly_file_id IS
  'Resolution of the villagers.';
COMMENT ON COLUMN asset_disposal.resolution_notice_file_id IS
  'Publication of the resolution.';
COMMENT ON COLUMN asset_disposal.result_notice_file_id IS
  'Publication of the result.';
COMMENT ON COLUMN asset_disposal.finance_file_id IS
  'Papers of the finance procedure.';
COMMENT ON COLUMN asset_disposal.decided_on IS 'Day of the decision.';
COMMENT ON COLUMN asset_disposal.dept_opinion IS
  'Opinion of the sector department.';
COMMENT ON COLUMN asset_disposal.approved_by_org IS 'Who approved.';
COMMENT ON COLUMN asset_disposal.approved_doc_no IS 'Number of the approval.';
COMMENT ON COLUMN asset_disposal.approved_on IS 'Day of the approval.';
COMMENT ON COLUMN asset_disposal.disposed_on IS 'Day of the disposal.';
COMMENT ON COLUMN asset_disposal.proceeds_fen IS 'Proceeds.';
COMMENT ON COLUMN asset_disposal.voucher_no IS 'Number of the voucher.';
COMMENT ON COLUMN asset_disposal.proceeds_use IS
  'What the proceeds are used for.';
COMMENT ON COLUMN asset_disposal.proceeds_note IS 'The use in words.';
COMMENT ON COLUMN asset_disposal.accounted_on IS
  'Day the proceeds were accounted for.';
COMMENT ON COLUMN asset_disposal.state IS 'Where the disposal stands.';
COMMENT ON COLUMN asset_disposal.remark IS 'Remark.';
-- One disposal of an asset at a time.
CREATE UNIQUE INDEX asset_disposal_open ON asset_disposal
  (asset_id, competent_line, sensitivity) WHERE voided_at IS NULL;

CREATE TABLE asset_feedback (
  id uuid PRIMARY KEY,
  recipient_org_id uuid NOT NULL REFERENCES org_unit,
  route text NOT NULL,
  as_of date NOT NULL,
  asset_count int NOT NULL CHECK (asset_count BETWEEN 0 AND 10000000),
  original_value_fen bigint NOT NULL
    CHECK (original_value_fen BETWEEN 0 AND 9000000000000000),
  file_id uuid REFERENCES attachment,
  receipt_on date,
  receipt_name text
    CHECK (char_length(receipt_name) <= 50),
  remark text
    CHECK (char_length(remark) <= 500)
);
CALL business_table('asset_feedback', 'optional');
CALL business_key('asset_feedback', 'recipient_org_id', 'route', 'as_of');
CALL business_sort('asset_feedback', 'as_of');
CREATE INDEX asset_feedback_of_recipient_org ON asset_feedback
  (recipient_org_id);
COMMENT ON TABLE asset_feedback IS
  'Lists of assets sent to those who look after each kind of them.';
COMMENT ON COLUMN asset_feedback.recipient_org_id IS 'Organisation it goes to.';
COMMENT ON COLUMN asset_feedback.route IS 'Which assets the list holds.';
COMMENT ON COLUMN asset_feedback.as_of IS 'Day the figures stand for.';
COMMENT ON COLUMN asset_feedback.asset_count IS 'Number of assets.';
COMMENT ON COLUMN asset_feedback.original_value_fen IS
  'Sum of the original values.';
COMMENT ON COLUMN asset_feedback.file_id IS 'The list itself.';
COMMENT ON COLUMN asset_feedback.receipt_on IS 'Day it was received.';
COMMENT ON COLUMN asset_feedback.receipt_name IS 'Who received it.';
COMMENT ON COLUMN asset_feedback.remark IS 'Remark.';

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('asset_state', 'formed', '已形成', 1),
  ('asset_state', 'titled', '已确权', 2),
  ('asset_state', 'transferred', '已移交', 3),
  ('asset_state', 'in_use', '在用', 4),
  ('asset_state', 'inefficient', '低效', 5),
  ('asset_state', 'idle', '闲置', 6),
  ('asset_state', 'disposal_proposed', '已申请处置', 7),
  ('asset_state', 'disposal_decided', '处置已决策', 8),
  ('asset_state', 'disposal_approved', '处置已批准', 9),
  ('asset_state', 'disposed', '已处置', 10),
  ('asset_state', 'accounted', '处置已入账', 11),
  ('asset_disposal_state', 'draft', '草稿', 1),
  ('asset_disposal_state', 'proposed', '已申请', 2),
  ('asset_disposal_state', 'decided', '已决策', 3),
  ('asset_disposal_state', 'approved', '已批准', 4),
  ('asset_disposal_state', 'disposed', '已处置', 5),
  ('asset_disposal_state', 'accounted', '已入账', 6),
  ('asset_type', 'operating', '经营性', 1),
  ('asset_type', 'public', '公益性', 2),
  ('asset_type', 'household', '到户类', 3),
  ('asset_subtype', 'road', '村组道路', 1),
  ('asset_subtype', 'water', '安全饮水设施', 2),
  ('asset_subtype', 'housing', '安全住房', 3),
  ('asset_subtype', 'solar', '光伏电站', 4),
  ('asset_subtype', 'clinic', '村级卫生室', 5),
  ('asset_subtype', 'workshop', '帮扶车间', 6),
  ('asset_subtype', 'base', '产业基地', 7),
  ('asset_subtype', 'plant', '厂房设备', 8),
  ('asset_subtype', 'cold_storage', '冷链仓储', 9),
  ('asset_subtype', 'equity', '股权', 10),
  ('asset_subtype', 'living', '生物资产', 11),
  ('asset_subtype', 'other', '其他', 12),
  ('right_kind', 'own', '所有权', 1),
  ('right_kind', 'operate', '经营权', 2),
  ('right_kind', 'income', '收益权', 3),
  ('right_kind', 'supervise', '监督权', 4),
  ('right_kind', 'dispose', '处置权', 5),
  ('operating_mode', 'self', '自营', 1),
  ('operating_mode', 'lease', '租赁', 2),
  ('operating_mode', 'contract', '承包', 3),
  ('operating_mode', 'share', '入股', 4),
  ('operating_mode', 'entrust', '委托', 5),
  ('idle_kind', 'inefficient', '低效', 1),
  ('idle_kind', 'idle', '闲置', 2),
  ('asset_condition', 'good', '完好', 1),
  ('asset_condition', 'worn', '需维修', 2),
  ('asset_condition', 'damaged', '损毁', 3),
  ('asset_condition', 'unused', '闲置', 4),
  ('asset_condition', 'lost', '灭失', 5),
  ('proceeds_use', 'consolidate', '巩固拓展脱贫攻坚成果', 1),
  ('proceeds_use', 'bridging', '衔接推进乡村振兴', 2),
  ('proceeds_use', 'other', '其他', 3),
  ('disposal_reason', 'X1', '超过使用年限且无法满足需要', 1),
  ('disposal_reason', 'X2', '因政策或技术原因确需淘汰或无维修价值', 2),
  ('disposal_reason', 'X3', '因不可抗力造成损毁', 3),
  ('disposal_reason', 'X4', '因基本建设需拆除', 4),
  ('disposal_reason', 'X5', '依照相关规定需处置', 5),
  ('disposal_reason', 'X6', '因市场原因持续亏损且盘活无望', 6),
  ('disposal_method', 'transfer', '转让', 1),
  ('disposal_method', 'auction', '拍卖', 2),
  ('disposal_method', 'demolish', '拆除', 3),
  ('disposal_method', 'scrap', '报废', 4),
  ('disposal_method', 'swap', '置换', 5),
  ('disposal_method', 'lease', '出租盘活', 6),
  ('disposal_method', 'donate', '捐赠', 7),
  ('disposal_method', 'other', '其他', 8),
  ('decision_kind', 'four_two', '四议两公开', 1),
  ('decision_kind', 'state_asset', '国资审批', 2),
  ('decision_kind', 'other', '其他', 3),
  ('feedback_route', 'place', '到乡到村', 1),
  ('feedback_route', 'collective', '集体资产', 2),
  ('feedback_route', 'state', '国有资产', 3),
  ('feedback_route', 'sector', '行业设施', 4);

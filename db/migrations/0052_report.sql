-- Archives and reports: what must be kept, what is owed, what was sent
-- (domain.md 3.3, 3.5.10, R-14, R-18).

SET ROLE taizhang_owner;

CREATE TABLE archive_catalog (
  id uuid PRIMARY KEY,
  code text NOT NULL CHECK (char_length(code) <= 40),
  version int NOT NULL CHECK (version BETWEEN 1 AND 999),
  name text NOT NULL CHECK (char_length(name) <= 200),
  applies_to text NOT NULL,
  note text CHECK (char_length(note) <= 1000)
);
CALL business_table('archive_catalog', 'optional');
CALL business_key('archive_catalog', 'code', 'version');
COMMENT ON TABLE archive_catalog IS 'Catalogues of what an archive must hold.';
COMMENT ON COLUMN archive_catalog.code IS 'Stable code of the catalogue.';
COMMENT ON COLUMN archive_catalog.version IS 'Version of the catalogue.';
COMMENT ON COLUMN archive_catalog.name IS 'Name as printed.';
COMMENT ON COLUMN archive_catalog.applies_to IS 'What it is kept for.';
COMMENT ON COLUMN archive_catalog.note IS 'Remark.';

CREATE TABLE archive_item_def (
  id uuid PRIMARY KEY,
  catalog_id uuid NOT NULL,
  seq int NOT NULL CHECK (seq BETWEEN 1 AND 999),
  name text NOT NULL CHECK (char_length(name) <= 200),
  required text NOT NULL,
  condition text,
  doc_kind text,
  must_sign boolean,
  copy_allowed boolean,
  note text CHECK (char_length(note) <= 500)
);
CALL business_table('archive_item_def', 'optional');
CALL business_child('archive_item_def', 'catalog_id', 'archive_catalog');
CALL business_key('archive_item_def', 'catalog_id', 'seq');
CALL business_sort('archive_item_def', 'seq');
COMMENT ON TABLE archive_item_def IS
  'Entries of a catalogue and when they are required.';
COMMENT ON COLUMN archive_item_def.catalog_id IS 'Catalogue it belongs to.';
COMMENT ON COLUMN archive_item_def.seq IS 'Number in the catalogue.';
COMMENT ON COLUMN archive_item_def.name IS 'What shall be kept.';
COMMENT ON COLUMN archive_item_def.required IS
  'Always, if the condition holds, or at will.';
COMMENT ON COLUMN archive_item_def.condition IS
  'Condition under which it is required.';
COMMENT ON COLUMN archive_item_def.doc_kind IS 'Kind of document.';
COMMENT ON COLUMN archive_item_def.must_sign IS
  'Whether it must be signed and sealed.';
COMMENT ON COLUMN archive_item_def.copy_allowed IS 'Whether a copy will do.';
COMMENT ON COLUMN archive_item_def.note IS 'Remark as printed.';

CREATE TABLE archive_file (
  id uuid PRIMARY KEY,
  item_def_id uuid NOT NULL REFERENCES archive_item_def,
  project_id uuid,
  household_id uuid,
  title text NOT NULL CHECK (char_length(title) <= 200),
  attachment_id uuid NOT NULL REFERENCES attachment,
  original_or_copy text NOT NULL,
  signed_sealed boolean,
  doc_no text CHECK (char_length(doc_no) <= 60),
  doc_on date,
  checked_on date,
  checked_by uuid,
  state text NOT NULL DEFAULT 'kept'
    CHECK (state IN ('kept', 'checked', 'returned'))
);
CALL business_table('archive_file', 'optional');
COMMENT ON TABLE archive_file IS
  'Documents kept in an archive, by the entry they fill.';
COMMENT ON COLUMN archive_file.item_def_id IS
  'Entry of the catalogue it fills.';
COMMENT ON COLUMN archive_file.project_id IS 'Project it is kept for.';
COMMENT ON COLUMN archive_file.household_id IS 'Household it is kept for.';
COMMENT ON COLUMN archive_file.title IS 'Name of the document.';
COMMENT ON COLUMN archive_file.attachment_id IS 'The file itself.';
COMMENT ON COLUMN archive_file.original_or_copy IS 'Original or copy.';
COMMENT ON COLUMN archive_file.signed_sealed IS
  'Whether it is signed and sealed.';
COMMENT ON COLUMN archive_file.doc_no IS 'Number of the document.';
COMMENT ON COLUMN archive_file.doc_on IS 'Date of the document.';
COMMENT ON COLUMN archive_file.checked_on IS 'Day it was checked.';
COMMENT ON COLUMN archive_file.checked_by IS 'Who checked it.';
COMMENT ON COLUMN archive_file.state IS 'Whether it was checked.';

CREATE TABLE report_def (
  id uuid PRIMARY KEY,
  code text NOT NULL CHECK (char_length(code) <= 20),
  name text NOT NULL CHECK (char_length(name) <= 200),
  cycle text NOT NULL,
  due_rule jsonb,
  unit_level text,
  units jsonb,
  template_code text CHECK (char_length(template_code) <= 40),
  figures jsonb,
  blocks jsonb,
  required_signs text[],
  source text CHECK (char_length(source) <= 200),
  valid_from date,
  valid_to date
);
CALL business_table('report_def', 'optional');
CALL business_key('report_def', 'code');
COMMENT ON TABLE report_def IS
  'Reports that are owed: their cycle, units, figures and signs.';
COMMENT ON COLUMN report_def.code IS 'Code of the report, as D05.';
COMMENT ON COLUMN report_def.name IS 'Name of the report.';
COMMENT ON COLUMN report_def.cycle IS 'How often it is due.';
COMMENT ON COLUMN report_def.due_rule IS
  'Days it is due on: weekday, days of the month, months, dates or days after the period.';
COMMENT ON COLUMN report_def.unit_level IS 'Level of the units that owe it.';
COMMENT ON COLUMN report_def.units IS
  'Divisions that owe it, a list; all of the level if none.';
COMMENT ON COLUMN report_def.template_code IS
  'Code of the ledger or layout it is printed with.';
COMMENT ON COLUMN report_def.figures IS
  'Computed figures: key, label and unit, a list.';
COMMENT ON COLUMN report_def.blocks IS
  'Parts in words: key and title, a list.';
COMMENT ON COLUMN report_def.required_signs IS
  'Signatures and documents without which it is not sent.';
COMMENT ON COLUMN report_def.source IS 'Document and clause it is owed by.';
COMMENT ON COLUMN report_def.valid_from IS 'First day of the first period.';
COMMENT ON COLUMN report_def.valid_to IS
  'Last day of the last period; none if it never ends.';

CREATE TABLE report_obligation (
  id uuid PRIMARY KEY,
  def_id uuid NOT NULL REFERENCES report_def,
  period text NOT NULL CHECK (char_length(period) <= 20),
  period_from date,
  period_to date,
  due_on date NOT NULL,
  retroactive boolean,
  submission_id uuid,
  reported_on date,
  marked_missing boolean,
  marked_by uuid,
  state text NOT NULL DEFAULT 'not_reported'
    CHECK (state IN ('not_reported', 'reported', 'returned', 'late', 'exempt'))
);
CALL business_table('report_obligation', 'optional');
CALL business_key('report_obligation', 'def_id', 'period');
CALL business_sort('report_obligation', 'due_on');
COMMENT ON TABLE report_obligation IS
  'Reports owed by units for periods, and whether they came.';
COMMENT ON COLUMN report_obligation.def_id IS 'Report that is owed.';
COMMENT ON COLUMN report_obligation.period IS
  'Period it is owed for, as 2023-06 or 2023-W12.';
COMMENT ON COLUMN report_obligation.period_from IS 'First day of the period.';
COMMENT ON COLUMN report_obligation.period_to IS 'Last day of the period.';
COMMENT ON COLUMN report_obligation.due_on IS 'Last day it may be sent.';
COMMENT ON COLUMN report_obligation.retroactive IS
  'Made after its day; late only after a grace.';
COMMENT ON COLUMN report_obligation.submission_id IS 'What was sent last.';
COMMENT ON COLUMN report_obligation.reported_on IS 'Day it was sent.';
COMMENT ON COLUMN report_obligation.marked_missing IS
  'Recorded as not reported, so that others may proceed.';
COMMENT ON COLUMN report_obligation.marked_by IS 'Who recorded it.';
COMMENT ON COLUMN report_obligation.state IS 'Whether it was reported.';

CREATE TABLE report_submission (
  id uuid PRIMARY KEY,
  obligation_id uuid NOT NULL,
  title text NOT NULL CHECK (char_length(title) <= 200),
  content jsonb,
  narrative jsonb,
  file_id uuid REFERENCES attachment,
  doc_no text CHECK (char_length(doc_no) <= 60),
  filled_by text CHECK (char_length(filled_by) <= 50),
  filler_phone text CHECK (char_length(filler_phone) <= 40),
  content_hash text CHECK (content_hash ~ '^[0-9a-f]{64}$'),
  submitted_on date,
  submitted_by uuid,
  attempt int,
  reviewed_on date,
  reviewed_by uuid,
  review_opinion text CHECK (char_length(review_opinion) <= 2000),
  consolidated_on date,
  joint_doc_no text CHECK (char_length(joint_doc_no) <= 60),
  sent_on date,
  state text NOT NULL DEFAULT 'open'
    CHECK (state IN ('open', 'submitted', 'accepted', 'returned',
      'consolidated', 'sent_up'))
);
CALL business_table('report_submission', 'optional');
CALL business_child('report_submission', 'obligation_id', 'report_obligation');
CALL business_sort('report_submission', 'submitted_on');
COMMENT ON TABLE report_submission IS
  'Reports as sent: figures, words, signatures, reviews.';
COMMENT ON COLUMN report_submission.obligation_id IS 'What it answers.';
COMMENT ON COLUMN report_submission.title IS 'Title as printed.';
COMMENT ON COLUMN report_submission.content IS
  'Figures by their key; fixed once sent.';
COMMENT ON COLUMN report_submission.narrative IS
  'Parts in words by their key.';
COMMENT ON COLUMN report_submission.file_id IS 'The document itself.';
COMMENT ON COLUMN report_submission.doc_no IS
  'Number of the unit''s document.';
COMMENT ON COLUMN report_submission.filled_by IS 'Who filled it in.';
COMMENT ON COLUMN report_submission.filler_phone IS
  'Telephone of who filled it in.';
COMMENT ON COLUMN report_submission.content_hash IS
  'SHA-256 of figures, words and title.';
COMMENT ON COLUMN report_submission.submitted_on IS 'Day it was sent.';
COMMENT ON COLUMN report_submission.submitted_by IS 'Who sent it.';
COMMENT ON COLUMN report_submission.attempt IS 'How often it was sent.';
COMMENT ON COLUMN report_submission.reviewed_on IS 'Day it was reviewed.';
COMMENT ON COLUMN report_submission.reviewed_by IS 'Who reviewed it.';
COMMENT ON COLUMN report_submission.review_opinion IS 'Opinion of the review.';
COMMENT ON COLUMN report_submission.consolidated_on IS
  'Day it went into the summary.';
COMMENT ON COLUMN report_submission.joint_doc_no IS
  'Number of the joint document it went up with.';
COMMENT ON COLUMN report_submission.sent_on IS 'Day it went up.';
COMMENT ON COLUMN report_submission.state IS 'State of the lifecycle.';

CREATE TABLE report_snapshot (
  id uuid PRIMARY KEY,
  submission_id uuid,
  attempt int,
  taken_at timestamptz,
  content jsonb,
  narrative jsonb,
  sha256 text CHECK (char_length(sha256) <= 64)
);
CALL business_table('report_snapshot', 'optional');
CALL business_child('report_snapshot', 'submission_id', 'report_submission');
COMMENT ON TABLE report_snapshot IS
  'Figures frozen when a report was sent; never changed.';
COMMENT ON COLUMN report_snapshot.submission_id IS
  'Report whose figures were fixed.';
COMMENT ON COLUMN report_snapshot.attempt IS 'Which sending of it.';
COMMENT ON COLUMN report_snapshot.taken_at IS 'Moment the figures are of.';
COMMENT ON COLUMN report_snapshot.content IS 'Figures as they were sent.';
COMMENT ON COLUMN report_snapshot.narrative IS 'Words as they were sent.';
COMMENT ON COLUMN report_snapshot.sha256 IS 'SHA-256 of what was sent.';

CALL business_shared('archive_catalog');
CALL business_shared('archive_item_def');
CALL business_shared('report_def');
ALTER TABLE archive_item_def
  ADD CONSTRAINT archive_item_def_condition
    CHECK (required = 'if_needed' OR condition IS NULL);
ALTER TABLE archive_file
  ADD CHECK (num_nonnulls(project_id, household_id) <= 1);
CREATE INDEX archive_file_project ON archive_file (project_id, item_def_id)
  WHERE project_id IS NOT NULL;

-- R-18: entries of a catalogue that a project's archive still lacks; an entry
-- that is needed only in a case is named in conditions when that is so.
CREATE FUNCTION archive_missing(catalog uuid, project uuid,
  conditions text[] DEFAULT '{}') RETURNS int[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(d.seq ORDER BY d.seq), '{}')
  FROM archive_item_def d WHERE d.catalog_id = catalog
    AND d.voided_at IS NULL AND (d.required = 'always'
      OR (d.required = 'if_needed' AND d.condition = ANY (conditions)))
    AND NOT EXISTS (SELECT FROM archive_file f WHERE f.item_def_id = d.id
      AND f.project_id = project AND f.state = 'checked'
      AND f.voided_at IS NULL) $$;

ALTER TABLE report_def
  ADD CHECK (jsonb_typeof(due_rule) = 'object'),
  ADD CHECK (jsonb_typeof(units) = 'array'),
  ADD CHECK (jsonb_typeof(figures) = 'array'),
  ADD CHECK (jsonb_typeof(blocks) = 'array'),
  ADD CHECK (valid_to >= valid_from);
ALTER TABLE report_obligation
  ADD FOREIGN KEY (submission_id) REFERENCES report_submission,
  ADD CONSTRAINT report_obligation_period CHECK (period_to >= period_from),
  ADD CHECK (state NOT IN ('reported', 'late') OR submission_id IS NOT NULL);
CREATE INDEX report_obligation_def ON report_obligation
  (def_id, period, division_code);
ALTER TABLE report_submission
  ADD CHECK (jsonb_typeof(content) = 'object'),
  ADD CHECK (jsonb_typeof(narrative) = 'object'),
  ADD CHECK (state = 'open' OR state = 'returned'
    OR submitted_on IS NOT NULL),
  ADD CHECK (state <> 'sent_up' OR joint_doc_no IS NOT NULL);
ALTER TABLE sign_off
  ADD FOREIGN KEY (submission_id) REFERENCES report_submission;

-- The content that is signed and frozen.
CREATE FUNCTION report_submission_hash() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.content_hash := encode(sha256(convert_to(jsonb_build_array(
    NEW.obligation_id, NEW.title, NEW.content, NEW.narrative,
    NEW.file_id)::text, 'UTF8')), 'hex');
  RETURN NEW;
END $$;
CREATE TRIGGER content BEFORE INSERT OR UPDATE ON report_submission
  FOR EACH ROW EXECUTE FUNCTION report_submission_hash();
CREATE TRIGGER signatures AFTER UPDATE ON report_submission FOR EACH ROW
  WHEN (OLD.content_hash IS DISTINCT FROM NEW.content_hash)
  EXECUTE FUNCTION sign_off_void('submission_id');
CREATE TRIGGER child_sign_off AFTER UPDATE ON report_submission FOR EACH ROW
  WHEN ((OLD.division_code, OLD.competent_line, OLD.sensitivity)
    IS DISTINCT FROM (NEW.division_code, NEW.competent_line, NEW.sensitivity))
  EXECUTE FUNCTION child_scope('sign_off', 'submission_id');

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('archive_owner', 'project', '项目', 1),
  ('archive_owner', 'household', '农户', 2),
  ('archive_owner', 'asset', '资产', 3),
  ('archive_owner', 'risk', '风险销号', 4),
  ('archive_required', 'always', '必备', 1),
  ('archive_required', 'if_needed', '如需', 2),
  ('archive_required', 'optional', '可选', 3),
  ('archive_condition', 'exit_agreement', '有退出协议或合同', 1),
  ('archive_condition', 'collective_asset', '涉及集体资产', 2),
  ('archive_condition', 'state_asset', '涉及国有资产', 3),
  ('archive_doc_kind', 'survey', '摸底调查表', 1),
  ('archive_doc_kind', 'evaluation', '核查评估结果', 2),
  ('archive_doc_kind', 'agreement', '协议或合同', 3),
  ('archive_doc_kind', 'village_minutes', '村会议记录', 4),
  ('archive_doc_kind', 'township_minutes', '乡镇会议纪要', 5),
  ('archive_doc_kind', 'dept_minutes', '部门会议纪要', 6),
  ('archive_doc_kind', 'task_force_minutes', '专班会议纪要', 7),
  ('archive_doc_kind', 'other', '其他', 8),
  ('archive_form', 'original', '原件', 1),
  ('archive_form', 'copy', '复印件', 2),
  ('archive_file_state', 'kept', '已归档', 1),
  ('archive_file_state', 'checked', '已核对', 2),
  ('archive_file_state', 'returned', '退回补正', 3),
  ('report_cycle', 'weekly', '每周', 1),
  ('report_cycle', 'half_monthly', '每半月', 2),
  ('report_cycle', 'monthly', '每月', 3),
  ('report_cycle', 'quarterly', '每季', 4),
  ('report_cycle', 'half_yearly', '每半年', 5),
  ('report_cycle', 'yearly', '每年', 6),
  ('report_cycle', 'once', '一次', 7),
  ('report_obligation_state', 'not_reported', '未报', 1),
  ('report_obligation_state', 'reported', '已报', 2),
  ('report_obligation_state', 'returned', '退回', 3),
  ('report_obligation_state', 'late', '逾期报', 4),
  ('report_obligation_state', 'exempt', '免报', 5),
  ('report_submission_state', 'open', '填报中', 1),
  ('report_submission_state', 'submitted', '已报送', 2),
  ('report_submission_state', 'accepted', '已审核', 3),
  ('report_submission_state', 'returned', '退回', 4),
  ('report_submission_state', 'consolidated', '已汇总', 5),
  ('report_submission_state', 'sent_up', '已上报', 6)
ON CONFLICT (set_code, code) DO NOTHING;

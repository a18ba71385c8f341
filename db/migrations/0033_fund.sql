-- Funds: allocations, payments, progress, the negative list, replacements and
-- adjustments (domain.md 3.3, 3.5.11, R-06, R-09).

SET ROLE taizhang_owner;

CREATE TABLE fund_allocation (
  id uuid PRIMARY KEY,
  year int NOT NULL CHECK (year BETWEEN 2000 AND 2100),
  fund_type text NOT NULL,
  fund_level text NOT NULL,
  batch text NOT NULL CHECK (char_length(batch) <= 40),
  doc_no text NOT NULL CHECK (char_length(doc_no) <= 60),
  allocated_on date NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen BETWEEN 0 AND 9000000000000000),
  industry_amount_fen bigint
    CHECK (industry_amount_fen BETWEEN 0 AND 9000000000000000),
  CONSTRAINT fund_allocation_industry
    CHECK (industry_amount_fen <= amount_fen)
);
CALL business_table('fund_allocation', 'none');
CALL business_key('fund_allocation', 'year', 'fund_type', 'fund_level',
  'batch');
CALL business_sort('fund_allocation', 'year');
CALL business_sort('fund_allocation', 'allocated_on');
COMMENT ON TABLE fund_allocation IS
  'Funds handed down to a county, by year, kind, level and batch.';
COMMENT ON COLUMN fund_allocation.year IS 'Year of the fund.';
COMMENT ON COLUMN fund_allocation.fund_type IS 'Kind of fund.';
COMMENT ON COLUMN fund_allocation.fund_level IS 'Level the fund comes from.';
COMMENT ON COLUMN fund_allocation.batch IS 'Batch of the fund.';
COMMENT ON COLUMN fund_allocation.doc_no IS 'Number of the document.';
COMMENT ON COLUMN fund_allocation.allocated_on IS 'Day it was handed down.';
COMMENT ON COLUMN fund_allocation.amount_fen IS 'Amount handed down.';
COMMENT ON COLUMN fund_allocation.industry_amount_fen IS
  'Part of it meant for industry.';
ALTER TABLE fund_allocation ADD CONSTRAINT fund_allocation_county
  CHECK (division_code % 1000000 = 0);

CREATE TABLE fund_payment (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  allocation_id uuid NOT NULL REFERENCES fund_allocation,
  kind text NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen BETWEEN 0 AND 9000000000000000),
  paid_on date NOT NULL,
  voucher_no text CHECK (char_length(voucher_no) <= 60),
  publicity_on date
);
CALL business_table('fund_payment', 'none');
CALL business_child('fund_payment', 'project_id', 'project');
CALL business_sort('fund_payment', 'paid_on');
COMMENT ON TABLE fund_payment IS
  'Arrangements, payments and spending of a project''s funds.';
COMMENT ON COLUMN fund_payment.project_id IS 'Project it belongs to.';
COMMENT ON COLUMN fund_payment.allocation_id IS 'Allocation it is paid from.';
COMMENT ON COLUMN fund_payment.kind IS 'What was done with the money.';
COMMENT ON COLUMN fund_payment.amount_fen IS 'Amount.';
COMMENT ON COLUMN fund_payment.paid_on IS 'Day it was done.';
COMMENT ON COLUMN fund_payment.voucher_no IS 'Number of the voucher.';
COMMENT ON COLUMN fund_payment.publicity_on IS 'Day it was made public.';
CREATE INDEX fund_payment_allocation ON fund_payment (allocation_id);

-- Nothing is spent that was not paid out (DQ-05). The project's row is the
-- lock, so that two clerks cannot spend the same money.
CREATE FUNCTION fund_payment_sums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM project WHERE id = NEW.project_id FOR NO KEY UPDATE;
  IF (SELECT sum(CASE kind WHEN 'pay' THEN amount_fen
        WHEN 'recover' THEN -amount_fen WHEN 'spend' THEN -amount_fen
        WHEN 'release' THEN -amount_fen ELSE 0 END)
      FROM fund_payment WHERE project_id = NEW.project_id
        AND voided_at IS NULL) < 0 THEN
    RAISE check_violation USING CONSTRAINT = 'fund_payment_within_paid',
      TABLE = 'fund_payment', MESSAGE = 'more spent than was paid out';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sums AFTER INSERT OR UPDATE ON fund_payment
  FOR EACH ROW EXECUTE FUNCTION fund_payment_sums();

CREATE TABLE fund_progress_snapshot (
  id uuid PRIMARY KEY,
  as_of date NOT NULL,
  fund_type text,
  fund_level text,
  allocated_fen bigint CHECK (allocated_fen BETWEEN 0 AND 9000000000000000),
  spent_fen bigint CHECK (spent_fen BETWEEN 0 AND 9000000000000000),
  retention_fen bigint CHECK (retention_fen BETWEEN 0 AND 9000000000000000),
  rate_bp int CHECK (rate_bp BETWEEN 0 AND 1000000),
  threshold_bp int CHECK (threshold_bp BETWEEN 0 AND 10000),
  province_average_bp int CHECK (province_average_bp BETWEEN 0 AND 10000),
  judged boolean,
  passed boolean
);
CALL business_table('fund_progress_snapshot', 'optional');
CALL business_sort('fund_progress_snapshot', 'as_of');
COMMENT ON TABLE fund_progress_snapshot IS
  'Spending rate of a county at a day, computed and kept as it stood.';
COMMENT ON COLUMN fund_progress_snapshot.as_of IS 'Day the figures are of.';
COMMENT ON COLUMN fund_progress_snapshot.fund_type IS 'Kind of fund.';
COMMENT ON COLUMN fund_progress_snapshot.fund_level IS
  'Level the fund comes from.';
COMMENT ON COLUMN fund_progress_snapshot.allocated_fen IS
  'Sum handed down in the year.';
COMMENT ON COLUMN fund_progress_snapshot.spent_fen IS 'Sum spent in the year.';
COMMENT ON COLUMN fund_progress_snapshot.retention_fen IS
  'Retention money held back.';
COMMENT ON COLUMN fund_progress_snapshot.rate_bp IS
  'Spending rate, cut to hundredths of a percent.';
COMMENT ON COLUMN fund_progress_snapshot.threshold_bp IS
  'Rate asked for at the end of the month.';
COMMENT ON COLUMN fund_progress_snapshot.province_average_bp IS
  'Average of the province, where it is known.';
COMMENT ON COLUMN fund_progress_snapshot.judged IS
  'Whether the month is judged.';
COMMENT ON COLUMN fund_progress_snapshot.passed IS
  'Whether the rate is reached; blank when not judged.';
ALTER TABLE fund_progress_snapshot ADD CONSTRAINT fund_progress_snapshot_county
  CHECK (division_code % 1000000 = 0);

-- The figures of the day from allocations and payments (R-06). A judged month
-- passes by its threshold or by the province's average; December asks for all
-- but the retention money. Compared exactly, printed to hundredths.
CREATE FUNCTION fund_progress() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  y int := extract(year FROM NEW.as_of);
  m int := extract(month FROM NEW.as_of);
BEGIN
  SELECT coalesce(sum(a.amount_fen), 0) INTO NEW.allocated_fen
    FROM fund_allocation a
    WHERE a.division_code BETWEEN NEW.division_code
        AND division_hi(NEW.division_code)
      AND a.year = y AND a.allocated_on <= NEW.as_of AND a.voided_at IS NULL
      AND a.fund_type = coalesce(NEW.fund_type, a.fund_type)
      AND a.fund_level = coalesce(NEW.fund_level, a.fund_level);
  SELECT coalesce(sum(p.amount_fen) FILTER (WHERE p.kind IN ('spend',
      'release')), 0), coalesce(sum(CASE p.kind WHEN 'retain' THEN
      p.amount_fen WHEN 'release' THEN -p.amount_fen END), 0)
    INTO NEW.spent_fen, NEW.retention_fen
    FROM fund_payment p JOIN fund_allocation a ON a.id = p.allocation_id
    WHERE a.division_code BETWEEN NEW.division_code
        AND division_hi(NEW.division_code)
      AND a.year = y AND p.paid_on <= NEW.as_of AND p.voided_at IS NULL
      AND a.voided_at IS NULL
      AND a.fund_type = coalesce(NEW.fund_type, a.fund_type)
      AND a.fund_level = coalesce(NEW.fund_level, a.fund_level);
  NEW.retention_fen := greatest(NEW.retention_fen, 0);
  NEW.rate_bp := CASE WHEN NEW.allocated_fen > 0 THEN trunc(least(
    NEW.spent_fen::numeric * 10000 / NEW.allocated_fen, 1000000)) END;
  NEW.threshold_bp := coalesce(action_param(NEW.action_id,
    'fund.progress_' || lpad(m::text, 2, '0') || '_bp')::int,
    CASE m WHEN 4 THEN 3300 WHEN 6 THEN 5000 WHEN 7 THEN 5900
      WHEN 9 THEN 7500 WHEN 10 THEN 8400 WHEN 12 THEN 10000
      ELSE m * 10000 / 12 END);
  NEW.province_average_bp := (SELECT CASE m WHEN 4 THEN f.average_apr_bp
      WHEN 6 THEN f.average_jun_bp WHEN 7 THEN f.average_jul_bp
      WHEN 9 THEN f.average_sep_bp WHEN 10 THEN f.average_oct_bp END
    FROM county_year_fact f WHERE f.division_code = NEW.division_code
      AND f.year = y AND f.voided_at IS NULL
    ORDER BY f.updated_at DESC LIMIT 1);
  NEW.judged := m IN (4, 6, 7, 9, 10, 12)
    AND NEW.as_of = (date_trunc('month', NEW.as_of)
      + interval '1 month - 1 day')::date;
  NEW.passed := CASE
    WHEN NOT NEW.judged OR NEW.allocated_fen = 0 THEN NULL
    WHEN m = 12 THEN NEW.spent_fen + NEW.retention_fen >= NEW.allocated_fen
    ELSE NEW.spent_fen::numeric * 10000 >= NEW.allocated_fen::numeric
      * least(NEW.threshold_bp, coalesce(NEW.province_average_bp,
        NEW.threshold_bp)) END;
  RETURN NEW;
END $$;
CREATE TRIGGER progress BEFORE INSERT ON fund_progress_snapshot
  FOR EACH ROW EXECUTE FUNCTION fund_progress();

CREATE TABLE negative_list_item (
  id uuid PRIMARY KEY,
  list_version text NOT NULL CHECK (char_length(list_version) <= 60),
  item_no text NOT NULL CHECK (char_length(item_no) <= 20),
  wording text NOT NULL CHECK (char_length(wording) <= 1000),
  valid_from date NOT NULL,
  valid_to date,
  CONSTRAINT negative_list_item_days CHECK (valid_to >= valid_from)
);
CALL business_table('negative_list_item', 'none');
CALL business_key('negative_list_item', 'list_version', 'item_no');
COMMENT ON TABLE negative_list_item IS
  'Items that funds must not be used for, by version of the list.';
COMMENT ON COLUMN negative_list_item.list_version IS
  'Document and version of the list.';
COMMENT ON COLUMN negative_list_item.item_no IS 'Number of the item.';
COMMENT ON COLUMN negative_list_item.wording IS 'The item as printed.';
COMMENT ON COLUMN negative_list_item.valid_from IS 'First day of validity.';
COMMENT ON COLUMN negative_list_item.valid_to IS 'Last day of validity.';

CREATE TABLE fund_replacement (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  order_no text NOT NULL CHECK (char_length(order_no) <= 60),
  issue_id uuid REFERENCES issue,
  misuse_amount_fen bigint NOT NULL
    CHECK (misuse_amount_fen BETWEEN 0 AND 9000000000000000),
  replacement_amount_fen bigint NOT NULL
    CHECK (replacement_amount_fen BETWEEN 0 AND 9000000000000000),
  ordered_on date NOT NULL,
  due_on date,
  arranged_on date,
  paid_on date,
  done_on date,
  state text NOT NULL DEFAULT 'ordered',
  CONSTRAINT fund_replacement_state CHECK (state IN ('ordered', 'arranged',
    'paid', 'verified')),
  CONSTRAINT fund_replacement_equal
    CHECK (replacement_amount_fen = misuse_amount_fen)
);
CALL business_table('fund_replacement', 'optional');
CALL business_child('fund_replacement', 'project_id', 'project');
CALL business_sort('fund_replacement', 'ordered_on');
CALL business_sort('fund_replacement', 'due_on');
COMMENT ON TABLE fund_replacement IS
  'Orders to arrange anew what was spent against the negative list.';
COMMENT ON COLUMN fund_replacement.project_id IS
  'Project the misused funds went to.';
COMMENT ON COLUMN fund_replacement.order_no IS 'Number of the order.';
COMMENT ON COLUMN fund_replacement.issue_id IS 'Issue that records the misuse.';
COMMENT ON COLUMN fund_replacement.misuse_amount_fen IS 'Amount misused.';
COMMENT ON COLUMN fund_replacement.replacement_amount_fen IS
  'Amount to arrange anew; the same.';
COMMENT ON COLUMN fund_replacement.ordered_on IS 'Day of the order.';
COMMENT ON COLUMN fund_replacement.due_on IS
  'Last day; sixty days after the order unless set.';
COMMENT ON COLUMN fund_replacement.arranged_on IS
  'Day the funds were arranged anew.';
COMMENT ON COLUMN fund_replacement.paid_on IS 'Day they were paid.';
COMMENT ON COLUMN fund_replacement.done_on IS 'Day it was verified.';
COMMENT ON COLUMN fund_replacement.state IS 'State of the replacement.';
-- The term runs from the order unless another day is set (R-09).
CREATE FUNCTION fund_replacement_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.due_on := coalesce(NEW.due_on, NEW.ordered_on + coalesce(action_param(
    NEW.action_id, 'fund.replacement_days'), '60')::int);
  RETURN NEW;
END $$;
CREATE TRIGGER due BEFORE INSERT ON fund_replacement
  FOR EACH ROW EXECUTE FUNCTION fund_replacement_due();

CREATE TABLE fund_replacement_target (
  id uuid PRIMARY KEY,
  replacement_id uuid NOT NULL REFERENCES fund_replacement,
  project_id uuid NOT NULL REFERENCES project
);
CALL business_table('fund_replacement_target', 'none');
CALL business_child('fund_replacement_target', 'replacement_id',
  'fund_replacement');
CALL business_key('fund_replacement_target', 'replacement_id', 'project_id');
COMMENT ON TABLE fund_replacement_target IS
  'Projects that the funds arranged anew go to.';
COMMENT ON COLUMN fund_replacement_target.replacement_id IS
  'Replacement the project belongs to.';
COMMENT ON COLUMN fund_replacement_target.project_id IS
  'Project that receives the funds.';
CREATE INDEX fund_replacement_target_project ON fund_replacement_target
  (project_id);

CREATE TABLE fund_adjustment (
  id uuid PRIMARY KEY,
  org_id uuid REFERENCES org_unit,
  year_next int NOT NULL CHECK (year_next BETWEEN 2000 AND 2100),
  amount_fen bigint NOT NULL
    CHECK (amount_fen BETWEEN -9000000000000000 AND 9000000000000000),
  cause text NOT NULL CHECK (char_length(cause) <= 500),
  doc_no text CHECK (char_length(doc_no) <= 60)
);
CALL business_table('fund_adjustment', 'optional');
CALL business_sort('fund_adjustment', 'year_next');
COMMENT ON TABLE fund_adjustment IS
  'What next year''s funds gain or lose by a ranking.';
COMMENT ON COLUMN fund_adjustment.org_id IS
  'Department or office it concerns; none for the county.';
COMMENT ON COLUMN fund_adjustment.year_next IS 'Year whose funds are adjusted.';
COMMENT ON COLUMN fund_adjustment.amount_fen IS
  'Amount gained, or lost if negative.';
COMMENT ON COLUMN fund_adjustment.cause IS 'Why it is adjusted.';
COMMENT ON COLUMN fund_adjustment.doc_no IS 'Number of the document.';

SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('payment_kind', 'arrange', '安排', 1),
  ('payment_kind', 'pay', '拨付', 2),
  ('payment_kind', 'spend', '支出', 3),
  ('payment_kind', 'retain', '质保金留存', 4),
  ('payment_kind', 'release', '质保金支付', 5),
  ('payment_kind', 'recover', '收回', 6),
  ('fund_replacement_state', 'ordered', '已责令', 1),
  ('fund_replacement_state', 'arranged', '已安排', 2),
  ('fund_replacement_state', 'paid', '已拨付', 3),
  ('fund_replacement_state', 'verified', '已核验', 4)
ON CONFLICT DO NOTHING;

-- What chapters of lower numbers owe to those of higher ones: the orders and
-- rankings behind funds, and what is read by everybody below its place.

SET ROLE taizhang_owner;

ALTER TABLE fund_replacement
  ADD COLUMN order_id uuid REFERENCES supervision_order;
CREATE INDEX fund_replacement_order ON fund_replacement (order_id);
COMMENT ON COLUMN fund_replacement.order_id IS
  'Order to arrange the funds anew.';
ALTER TABLE fund_adjustment
  ADD COLUMN run_id uuid REFERENCES ranking_run;
CREATE INDEX fund_adjustment_run ON fund_adjustment (run_id);
COMMENT ON COLUMN fund_adjustment.run_id IS 'Ranking run that led to it.';

CALL business_shared('source_document');
CALL business_shared('source_document_basis');
CALL business_shared('negative_list_item');
CALL business_shared('expert');

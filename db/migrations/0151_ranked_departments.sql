-- Departments of one county are ranked beside each other, as townships are
-- (F16, B37): what is ranked is a division, or an organisation of it.

SET ROLE taizhang_owner;

DROP INDEX ranking_item_key;
CREATE UNIQUE INDEX ranking_item_key ON ranking_item
  (division_code, run_id, ranked_code, org_id, competent_line, sensitivity)
  NULLS NOT DISTINCT WHERE voided_at IS NULL;

RESET ROLE;

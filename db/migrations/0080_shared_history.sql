-- Shared rows (business_shared) are read from below their division and on
-- every line; so is what happened to them: history, as_of=, the change feed.

SET ROLE taizhang_owner;

-- Of a table; whoever adds one makes the index below anew.
CREATE FUNCTION entity_shared(entity text) RETURNS boolean LANGUAGE sql
  IMMUTABLE PARALLEL SAFE AS $$
  SELECT entity IN ('archive_catalog', 'archive_item_def', 'expert',
    'form_question', 'form_template', 'indicator', 'negative_list_item',
    'policy_doc', 'report_def', 'source_document', 'source_document_basis')
  $$;

CREATE POLICY history_shared ON history FOR SELECT USING (
  entity_shared(entity)
  AND (division_code BETWEEN (SELECT app_lo()) AND (SELECT app_hi())
    OR (SELECT app_lo()) BETWEEN division_code AND division_hi(division_code))
  AND sensitivity <= (SELECT app_clearance()));
CREATE POLICY change_shared ON change FOR SELECT USING (
  entity_shared(entity)
  AND (division_code BETWEEN (SELECT app_lo()) AND (SELECT app_hi())
    OR (SELECT app_lo()) BETWEEN division_code AND division_hi(division_code))
  AND sensitivity <= (SELECT app_clearance()));
-- In the order of the feed, of each place.
CREATE INDEX change_shared ON change (division_code, pos, seq)
  WHERE entity_shared(entity);

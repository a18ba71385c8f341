-- A change of a project makes a new entry in every index: none where there is
-- nothing to find. Most projects are in no bundle and name no operator.

SET ROLE taizhang_owner;

DROP INDEX project_bundle_of, project_implementing, project_operating;
CREATE INDEX project_bundle_of ON project (bundle_id)
  WHERE bundle_id IS NOT NULL;
CREATE INDEX project_implementing ON project (implementing_operator_id)
  WHERE implementing_operator_id IS NOT NULL;
CREATE INDEX project_operating ON project (operating_operator_id)
  WHERE operating_operator_id IS NOT NULL;

RESET ROLE;

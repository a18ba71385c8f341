-- An issue is about one thing (domain.md 3.3): what it names and the kind of
-- its subject do not contradict each other.

SET ROLE taizhang_owner;

ALTER TABLE issue ADD CONSTRAINT issue_subject CHECK (
  num_nonnulls(project_id, household_id) < 2
  AND (project_id IS NULL OR coalesce(subject_kind, 'project') = 'project')
  AND (household_id IS NULL
    OR coalesce(subject_kind, 'household') = 'household')) NOT VALID;

RESET ROLE;

-- Auditors come with a mandate and for a time: their grants stand on a pass.

SET ROLE taizhang_owner;

CREATE TABLE audit_pass (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user,
  division_code bigint NOT NULL REFERENCES division,
  mandate_no text NOT NULL CHECK (char_length(mandate_no) BETWEEN 1 AND 100),
  issued_by text NOT NULL CHECK (char_length(issued_by) BETWEEN 1 AND 100),
  divisions bigint[] NOT NULL CHECK (cardinality(divisions) BETWEEN 1 AND 20),
  actions text[] NOT NULL DEFAULT '{}' CHECK (cardinality(actions) <= 20),
  valid_from timestamptz NOT NULL,
  valid_to timestamptz NOT NULL,
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT app_actor(),
  CONSTRAINT audit_pass_times CHECK (valid_to > valid_from
    AND valid_to <= valid_from + interval '400 days')
);
CREATE INDEX audit_pass_division ON audit_pass (division_code, created_at);
COMMENT ON TABLE audit_pass IS 'Mandates of auditors, each for a time.';
COMMENT ON COLUMN audit_pass.id IS 'Identifier.';
COMMENT ON COLUMN audit_pass.user_id IS 'The auditor.';
COMMENT ON COLUMN audit_pass.division_code IS
  'Division of the administrator who gave it.';
COMMENT ON COLUMN audit_pass.mandate_no IS 'Number of the mandate document.';
COMMENT ON COLUMN audit_pass.issued_by IS 'The body that issued it.';
COMMENT ON COLUMN audit_pass.divisions IS 'Where, with everything below.';
COMMENT ON COLUMN audit_pass.actions IS
  'Codes of the actions; none: every action.';
COMMENT ON COLUMN audit_pass.valid_from IS 'From when it counts.';
COMMENT ON COLUMN audit_pass.valid_to IS 'Until when; it ends by itself.';
COMMENT ON COLUMN audit_pass.ended_at IS 'When it was ended before that.';
COMMENT ON COLUMN audit_pass.created_at IS 'When it was given.';
COMMENT ON COLUMN audit_pass.created_by IS 'By whom.';

ALTER TABLE role_grant ADD COLUMN pass_id uuid REFERENCES audit_pass;
COMMENT ON COLUMN role_grant.pass_id IS 'Mandate that it stands on.';
CREATE INDEX role_grant_pass ON role_grant (pass_id)
  WHERE pass_id IS NOT NULL;

ALTER TABLE audit_pass ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_pass_scope ON audit_pass USING (
  division_code BETWEEN app_lo() AND app_hi());
GRANT SELECT, INSERT, UPDATE ON audit_pass TO taizhang_api;

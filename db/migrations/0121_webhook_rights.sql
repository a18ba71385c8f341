-- A webhook tells of nothing that its role has lost the right to read since it
-- was made (D3; domain.md 5.2): asked when a change is picked and again when
-- it is sent.

SET ROLE taizhang_owner;

ALTER TABLE webhook_state ADD groups jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN webhook_state.groups IS
  'Entity to the group that rights are given on, as the API has it.';

GRANT SELECT ON role_right TO taizhang_jobs;

CREATE FUNCTION role_reads(of_role text, of_group text) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM role_right r WHERE r.role = of_role
    AND r.entity_group = of_group AND r.verbs @> '{read}') $$;
COMMENT ON FUNCTION role_reads(text, text) IS
  'Whether the role reads rows of that group of entities now.';

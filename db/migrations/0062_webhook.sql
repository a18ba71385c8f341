-- Webhooks: who wants to be told of changes, what was told and what is still
-- to be told. Written by the API, worked off by the job runner.

RESET ROLE;
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_jobs') THEN
    CREATE ROLE taizhang_jobs LOGIN NOBYPASSRLS NOINHERIT;
  END IF;
END $$;
GRANT USAGE ON SCHEMA public TO taizhang_jobs;
GRANT SELECT ON schema_migration TO taizhang_jobs;
SET ROLE taizhang_owner;

CREATE TABLE webhook (
  id uuid PRIMARY KEY,
  url text NOT NULL CHECK (char_length(url) BETWEEN 8 AND 500),
  description text CHECK (char_length(description) <= 200),
  entities jsonb NOT NULL CHECK (jsonb_typeof(entities) = 'array'),
  division_code bigint NOT NULL REFERENCES division,
  line text NOT NULL DEFAULT '',
  clearance smallint NOT NULL CHECK (clearance BETWEEN 0 AND 4),
  role text NOT NULL,
  owner_id uuid NOT NULL REFERENCES app_user,
  grant_id uuid NOT NULL REFERENCES role_grant,
  active boolean NOT NULL DEFAULT true,
  notice text CHECK (char_length(notice) <= 500),
  rev bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid,
  voided_at timestamptz
);
CREATE INDEX webhook_division ON webhook (division_code, id);
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON webhook
  FOR EACH ROW EXECUTE FUNCTION row_touch();
CREATE TRIGGER history_ins AFTER INSERT ON webhook
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION history_write();
CREATE TRIGGER history_upd AFTER UPDATE ON webhook
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION history_write();
COMMENT ON TABLE webhook IS
  'Addresses that are told of changes within their owner''s scope.';
COMMENT ON COLUMN webhook.id IS 'Identifier (UUIDv7).';
COMMENT ON COLUMN webhook.url IS
  'Where to send: https, on a host that the installation allows.';
COMMENT ON COLUMN webhook.description IS 'What it is for.';
COMMENT ON COLUMN webhook.entities IS
  'Names of the entities that are told of; all that the role reads if absent.';
COMMENT ON COLUMN webhook.division_code IS
  'Only rows of this division and below; the owner''s own if absent.';
COMMENT ON COLUMN webhook.line IS 'Only rows of this sector line, if any.';
COMMENT ON COLUMN webhook.clearance IS 'Only rows up to this sensitivity.';
COMMENT ON COLUMN webhook.role IS 'Role in which the owner asked for it.';
COMMENT ON COLUMN webhook.owner_id IS 'Who asked for it.';
COMMENT ON COLUMN webhook.grant_id IS
  'Grant it stands on: when that ends, so does the webhook.';
COMMENT ON COLUMN webhook.active IS 'Whether anything is sent.';
COMMENT ON COLUMN webhook.notice IS 'Why the system turned it off.';
COMMENT ON COLUMN webhook.rev IS 'Revision, one more with every change.';
COMMENT ON COLUMN webhook.created_at IS 'Time of creation.';
COMMENT ON COLUMN webhook.created_by IS 'Who created it.';
COMMENT ON COLUMN webhook.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN webhook.updated_by IS 'Who changed it last.';
COMMENT ON COLUMN webhook.voided_at IS 'When it was given up.';

CREATE TABLE webhook_secret (
  webhook_id uuid PRIMARY KEY REFERENCES webhook,
  secret bytea NOT NULL,
  old_secret bytea,
  old_until timestamptz
);
COMMENT ON TABLE webhook_secret IS
  'Signing secrets, sealed with the installation''s key; the API cannot read.';
COMMENT ON COLUMN webhook_secret.webhook_id IS 'Of which webhook.';
COMMENT ON COLUMN webhook_secret.secret IS 'The one that counts, sealed.';
COMMENT ON COLUMN webhook_secret.old_secret IS 'The one before, sealed.';
COMMENT ON COLUMN webhook_secret.old_until IS
  'Until then both sign what is sent.';

CREATE TABLE webhook_state (
  webhook_id uuid PRIMARY KEY REFERENCES webhook,
  pos bigint NOT NULL,
  seq bigint NOT NULL DEFAULT 0,
  paths jsonb NOT NULL,
  failures int NOT NULL DEFAULT 0,
  failing_since timestamptz,
  paused_until timestamptz,
  delivered_at timestamptz
);
COMMENT ON TABLE webhook_state IS 'How far each webhook has been told.';
COMMENT ON COLUMN webhook_state.webhook_id IS 'Of which webhook.';
COMMENT ON COLUMN webhook_state.pos IS 'Place in the feed.';
COMMENT ON COLUMN webhook_state.seq IS 'Order within the place.';
COMMENT ON COLUMN webhook_state.paths IS 'Entity to path, as the API has it.';
COMMENT ON COLUMN webhook_state.failures IS 'Failed attempts in a row.';
COMMENT ON COLUMN webhook_state.failing_since IS 'Time of the first of them.';
COMMENT ON COLUMN webhook_state.paused_until IS 'Nothing is tried before.';
COMMENT ON COLUMN webhook_state.delivered_at IS 'Last success.';

CREATE TABLE webhook_delivery (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  webhook_id uuid NOT NULL REFERENCES webhook,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  entity text NOT NULL,
  row_id uuid NOT NULL,
  row_rev bigint,
  change text NOT NULL,
  at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts int NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  claimed_by int,
  tried_at timestamptz,
  status int,
  error text CHECK (char_length(error) <= 200)
);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (webhook_id, seq)
  WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, seq);
CREATE INDEX webhook_delivery_old ON webhook_delivery (tried_at)
  WHERE state <> 'pending';
COMMENT ON TABLE webhook_delivery IS
  'One change to be told to one webhook, and how that went.';
COMMENT ON COLUMN webhook_delivery.id IS
  'Identifier; the same in every attempt (header webhook-id).';
COMMENT ON COLUMN webhook_delivery.webhook_id IS 'Of which webhook.';
COMMENT ON COLUMN webhook_delivery.seq IS 'Order of the changes.';
COMMENT ON COLUMN webhook_delivery.entity IS 'Entity of the row.';
COMMENT ON COLUMN webhook_delivery.row_id IS 'Which row.';
COMMENT ON COLUMN webhook_delivery.row_rev IS
  'Its revision; none if it left the scope.';
COMMENT ON COLUMN webhook_delivery.change IS
  'created, changed, voided, restored or gone.';
COMMENT ON COLUMN webhook_delivery.at IS 'Time of the change.';
COMMENT ON COLUMN webhook_delivery.state IS 'pending, delivered or failed.';
COMMENT ON COLUMN webhook_delivery.attempts IS 'How often it was tried.';
COMMENT ON COLUMN webhook_delivery.next_at IS 'Not tried before.';
COMMENT ON COLUMN webhook_delivery.claimed_by IS
  'Database process of the runner that sends it now.';
COMMENT ON COLUMN webhook_delivery.tried_at IS 'Time of the last attempt.';
COMMENT ON COLUMN webhook_delivery.status IS 'HTTP status of the last reply.';
COMMENT ON COLUMN webhook_delivery.error IS 'What went wrong last.';

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['webhook', 'webhook_secret', 'webhook_state',
    'webhook_delivery']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    CONTINUE WHEN t = 'webhook';
    EXECUTE format('CREATE POLICY %I ON %I USING (EXISTS (SELECT FROM webhook w
      WHERE w.id = webhook_id%s))', t || '_scope', t,
      CASE t WHEN 'webhook_delivery' THEN
        ' AND w.clearance <= app_clearance()' ELSE '' END);
  END LOOP;
END $$;
CREATE POLICY webhook_scope ON webhook USING (
  division_code BETWEEN app_lo() AND app_hi()
  AND (app_line() = '' OR line = app_line()));

-- Puts a new secret beside the present one, which nobody but the runner reads.
CREATE FUNCTION webhook_rotate(hook uuid, new bytea, until timestamptz)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$ UPDATE webhook_secret SET old_secret = secret, old_until = until,
  secret = new WHERE webhook_id = hook $$;
REVOKE EXECUTE ON FUNCTION webhook_rotate FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE ON webhook TO taizhang_api;
GRANT INSERT ON webhook_secret TO taizhang_api;
GRANT SELECT (webhook_id, old_until) ON webhook_secret TO taizhang_api;
GRANT EXECUTE ON FUNCTION webhook_rotate TO taizhang_api;
GRANT SELECT, INSERT, UPDATE ON webhook_state TO taizhang_api;
GRANT SELECT, UPDATE ON webhook_delivery TO taizhang_api;

GRANT SELECT, UPDATE ON webhook, webhook_state, server_state TO taizhang_jobs;
GRANT SELECT ON webhook_secret, role_grant, app_user TO taizhang_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO taizhang_jobs;
GRANT SELECT, INSERT, DELETE ON change TO taizhang_jobs;
GRANT SELECT, INSERT ON history TO taizhang_jobs;

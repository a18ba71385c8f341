-- The log of who did what (sync-and-security.md 4.6, I24): events in the same
-- transaction as the change they tell of. Nobody but the role taizhang_audit,
-- which cannot sign in, owns it; the application may add to it and no more.
-- What changed is not repeated here: an event names the revision, history
-- keeps it, and the seal (0090) binds the two together.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_audit') THEN
    CREATE ROLE taizhang_audit NOLOGIN NOBYPASSRLS;
  END IF;
  EXECUTE format('GRANT taizhang_audit TO %I', current_user);
EXCEPTION WHEN invalid_grant_operation THEN NULL;
END $$;
CREATE SCHEMA audit AUTHORIZATION taizhang_audit;
GRANT USAGE ON SCHEMA public TO taizhang_audit;
GRANT USAGE ON SCHEMA audit TO taizhang_owner, taizhang_api, taizhang_jobs;
SET ROLE taizhang_audit;

-- Transactions number the order of the log; after a restored dump their
-- numbers are small again, and base lifts them above the old ones.
CREATE TABLE audit.clock (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  base bigint NOT NULL DEFAULT 0
);
INSERT INTO audit.clock DEFAULT VALUES;
COMMENT ON TABLE audit.clock IS 'Where the numbers of transactions begin.';
COMMENT ON COLUMN audit.clock.one IS 'Only one row.';
COMMENT ON COLUMN audit.clock.base IS
  'Added to transaction numbers, which begin anew when a dump is restored.';
CREATE FUNCTION audit.here() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT base + pg_current_xact_id()::text::bigint FROM audit.clock $$;
-- What is below is complete: nothing can appear there any more.
CREATE FUNCTION audit.safe() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  FROM audit.clock $$;

-- The n-th part of the caller's trail, as the API puts it into a setting.
CREATE FUNCTION audit.trail(n int) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT nullif(split_part(current_setting('app.trail', true), '|', n), '')
$$;

CREATE TABLE audit.event (
  id uuid NOT NULL DEFAULT public.uuid7(),
  txid bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  verb text NOT NULL,
  outcome text NOT NULL DEFAULT 'ok'
    CHECK (outcome IN ('ok', 'refused', 'failed')),
  entity text,
  row_id uuid,
  rev bigint,
  division_code bigint NOT NULL,
  line text NOT NULL DEFAULT '',
  sensitivity smallint NOT NULL DEFAULT 0,
  actor uuid DEFAULT public.app_actor(),
  channel text NOT NULL DEFAULT public.app_channel(),
  request text DEFAULT audit.trail(1),
  route text DEFAULT audit.trail(2),
  remote text DEFAULT audit.trail(3),
  session uuid DEFAULT audit.trail(4)::uuid,
  grant_id uuid DEFAULT audit.trail(5)::uuid,
  client uuid DEFAULT audit.trail(6)::uuid,
  via uuid DEFAULT audit.trail(7)::uuid,
  viewer uuid DEFAULT audit.trail(8)::uuid,
  binding uuid DEFAULT audit.trail(9)::uuid,
  batch text DEFAULT audit.trail(10),
  file_sha text DEFAULT audit.trail(11),
  detail jsonb CHECK (jsonb_typeof(detail) = 'object'
    AND pg_column_size(detail) <= 8192),
  PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX event_order ON audit.event (txid, id);
CREATE INDEX event_row ON audit.event (row_id, at);
CREATE TABLE audit.event_default PARTITION OF audit.event DEFAULT;
COMMENT ON TABLE audit.event IS 'Who did what, when, from where; append-only.';
COMMENT ON COLUMN audit.event.id IS 'Identifier.';
COMMENT ON COLUMN audit.event.txid IS
  'Transaction that wrote it (above clock.base); with id, the order of the log.';
COMMENT ON COLUMN audit.event.at IS 'Time of the transaction.';
COMMENT ON COLUMN audit.event.verb IS
  'create, change, remove of rows; else what was done: login, unmask, export …';
COMMENT ON COLUMN audit.event.outcome IS 'ok, refused or failed.';
COMMENT ON COLUMN audit.event.entity IS 'Table of the row.';
COMMENT ON COLUMN audit.event.row_id IS 'Which row.';
COMMENT ON COLUMN audit.event.rev IS 'The revision that was made: history has it.';
COMMENT ON COLUMN audit.event.division_code IS 'Division of the row; else of the actor.';
COMMENT ON COLUMN audit.event.line IS 'Sector line of the row.';
COMMENT ON COLUMN audit.event.sensitivity IS 'Sensitivity of the row.';
COMMENT ON COLUMN audit.event.actor IS 'User or agent; null = the system, or nobody known.';
COMMENT ON COLUMN audit.event.channel IS 'api, sheet, job or sql.';
COMMENT ON COLUMN audit.event.request IS 'Request id; in the access log too.';
COMMENT ON COLUMN audit.event.route IS 'operationId of the request.';
COMMENT ON COLUMN audit.event.remote IS 'Address it came from.';
COMMENT ON COLUMN audit.event.session IS 'Session of the actor.';
COMMENT ON COLUMN audit.event.grant_id IS 'Grant the actor acted under.';
COMMENT ON COLUMN audit.event.client IS 'Application that called.';
COMMENT ON COLUMN audit.event.via IS 'Application that acted for the actor.';
COMMENT ON COLUMN audit.event.viewer IS 'Administrator who looked as the actor.';
COMMENT ON COLUMN audit.event.binding IS 'Shared folder of the agent.';
COMMENT ON COLUMN audit.event.batch IS 'Key of the batch of a workbook.';
COMMENT ON COLUMN audit.event.file_sha IS 'SHA-256 of that workbook.';
COMMENT ON COLUMN audit.event.detail IS
  'Names, codes and counts beside; never a personal value.';

-- Rows of business tables, and of those with an id and a division; one INSERT
-- however many rows the statement changed.
CREATE FUNCTION audit.rows_business() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  here bigint := audit.here();
BEGIN
  INSERT INTO audit.event (txid, verb, entity, row_id, rev, division_code,
      line, sensitivity)
    SELECT here, CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE 'change' END,
      TG_TABLE_NAME, n.id, n.rev, n.division_code, n.competent_line,
      n.sensitivity
    FROM new_rows n;
  RETURN NULL;
END $$;
CREATE FUNCTION audit.rows_plain() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  here bigint := audit.here();
BEGIN
  INSERT INTO audit.event (txid, verb, entity, row_id, rev, division_code)
    SELECT here, CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE 'change' END,
      TG_TABLE_NAME, n.id, n.rev, n.division_code
    FROM new_rows n;
  RETURN NULL;
END $$;

-- Rows without history: configuration and what is joined to rows. The key
-- tells which row it was; its columns are the trigger's arguments.
CREATE FUNCTION audit.rows_other() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  here bigint := audit.here();
BEGIN
  INSERT INTO audit.event (txid, verb, entity, row_id, division_code, line,
      sensitivity, detail)
    SELECT here, CASE TG_OP WHEN 'INSERT' THEN 'create'
        WHEN 'UPDATE' THEN 'change' ELSE 'remove' END, TG_TABLE_NAME,
      CASE WHEN TG_ARGV[0] = 'id' THEN (n.data->>'id')::uuid END,
      coalesce((n.data->>'division_code')::bigint, public.app_lo(), 0),
      coalesce(n.data->>'competent_line', ''),
      coalesce((n.data->>'sensitivity')::smallint, 0),
      CASE WHEN TG_ARGV[0] <> 'id' THEN (SELECT jsonb_object_agg(k, n.data->k)
        FROM unnest(TG_ARGV) k) END
    FROM (SELECT to_jsonb(o) AS data FROM changed o) n;
  RETURN NULL;
END $$;

CREATE FUNCTION audit.session_ended() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO audit.event (txid, verb, entity, row_id, division_code)
    VALUES (audit.here(), 'change', 'session', NEW.id, NEW.division_code);
  RETURN NULL;
END $$;

-- Puts a table under the log: called by the migration that creates it. What
-- is secret in a key stays out of the log.
CREATE PROCEDURE audit.watch(t text) LANGUAGE plpgsql AS $$
DECLARE
  cols text[] := (SELECT array_agg(attname::text) FROM pg_attribute
    WHERE attrelid = ('public.' || quote_ident(t))::regclass AND attnum > 0
      AND NOT attisdropped);
  key text := (SELECT string_agg(quote_literal(a.attname), ', ' ORDER BY k.n)
    FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (num, n)
    JOIN pg_attribute a ON a.attnum = k.num
    WHERE i.indrelid = ('public.' || quote_ident(t))::regclass
      AND i.indisprimary AND a.attrelid = i.indrelid
      AND a.attname !~ 'hash|subject|token|secret');
  op text;
BEGIN
  IF EXISTS (SELECT FROM pg_trigger WHERE tgname = 'history_ins'
      AND tgrelid = ('public.' || quote_ident(t))::regclass) THEN
    FOREACH op IN ARRAY ARRAY['INSERT', 'UPDATE'] LOOP
      EXECUTE format('CREATE TRIGGER %I AFTER %s ON public.%I
        REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
        EXECUTE FUNCTION audit.%I()', 'audit_' || lower(op), op, t,
        CASE WHEN cols @> ARRAY['competent_line', 'sensitivity']
          THEN 'rows_business' ELSE 'rows_plain' END);
    END LOOP;
    RETURN;
  END IF;
  FOREACH op IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON public.%I
      REFERENCING %s TABLE AS changed FOR EACH STATEMENT
      EXECUTE FUNCTION audit.rows_other(%s)', 'audit_' || lower(op), op, t,
      CASE op WHEN 'DELETE' THEN 'OLD' ELSE 'NEW' END, key);
  END LOOP;
END $$;

-- Everything that is not a change of rows. The caller says who, for at a
-- login there is nobody yet.
CREATE FUNCTION audit.append(verb text, outcome text, entity text,
    row_id uuid, division bigint, actor uuid, trail text, detail jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF verb IN ('create', 'change', 'remove', 'baseline') THEN
    RAISE insufficient_privilege USING MESSAGE = 'changes tell of themselves';
  END IF;
  PERFORM set_config('app.trail', trail, true);
  INSERT INTO audit.event (txid, verb, outcome, entity, row_id,
      division_code, actor, detail)
    VALUES (audit.here(), verb, outcome, entity, row_id,
      coalesce(division, public.app_lo(), 0), actor, detail);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL PROCEDURES IN SCHEMA audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.rows_business, audit.rows_plain,
  audit.rows_other, audit.session_ended TO taizhang_owner;
GRANT EXECUTE ON PROCEDURE audit.watch TO taizhang_owner;
GRANT EXECUTE ON FUNCTION audit.append TO taizhang_api, taizhang_jobs;

-- The months ahead have their partitions; what an unattended month left in
-- the default one moves to its own.
CREATE FUNCTION audit.partitions() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' AS $$
DECLARE
  month timestamptz;
  part text;
BEGIN
  FOR month IN SELECT d FROM (SELECT generate_series(
        date_trunc('month', now()), now() + interval '2 months',
        interval '1 month')
      UNION SELECT DISTINCT date_trunc('month', at) FROM audit.event_default)
      x (d) ORDER BY 1
  LOOP
    part := 'event_' || to_char(month, 'YYYYMM');
    CONTINUE WHEN to_regclass('audit.' || part) IS NOT NULL;
    EXECUTE format('CREATE TABLE audit.%I (LIKE audit.event
      INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('WITH old AS (DELETE FROM audit.event_default
      WHERE at >= %1$L AND at < %1$L::timestamptz + interval ''1 month''
      RETURNING *) INSERT INTO audit.%2$I SELECT * FROM old', month, part);
    EXECUTE format('ALTER TABLE audit.event ATTACH PARTITION audit.%I
      FOR VALUES FROM (%L) TO (%L)', part, month, month + interval '1 month');
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION audit.partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.partitions TO taizhang_jobs;
SELECT audit.partitions();

-- What was written before there was a log.
RESET ROLE;
SELECT set_config('app.lo', '0', true), set_config('app.hi', '999999999999',
  true), set_config('app.line', '', true), set_config('app.clearance', '4',
  true);
INSERT INTO audit.event (txid, verb, entity, row_id, rev, division_code, line,
    sensitivity)
  SELECT audit.here(), 'baseline', h.entity, h.row_id, h.rev, h.division_code,
    h.line, h.sensitivity FROM history h ORDER BY h.at, h.rev;

SET ROLE taizhang_owner;
-- Not under the log: the log's like (history, the feed, receipts of
-- requests), what is counted or queued by the server for itself, and what
-- agents' files say of themselves, whose rows and batches are under it.
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace AND relname NOT IN (
      'schema_migration', 'history', 'change', 'command', 'idempotency',
      'login_failure', 'server_state', 'issue_counter', 'project_counter',
      'webhook_state', 'webhook_delivery', 'sheet_instance', 'sheet_manifest',
      'sheet_spare', 'sheet_shadow', 'sheet_pending', 'sheet_batch',
      'sheet_export', 'sheet_finding', 'sheet_file', 'sheet_held',
      'sheet_header_history')
    ORDER BY 1
  LOOP
    CALL audit.watch(t);
  END LOOP;
END $$;
-- A book's sequence moves with its rows, which tell of themselves; and that a
-- session was used is no event, only its end is.
DROP TRIGGER audit_update ON sheet_ledger;
DROP TRIGGER audit_update ON session;
CREATE TRIGGER audit_update AFTER UPDATE ON session FOR EACH ROW
  WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION audit.session_ended();

ALTER PROCEDURE business_table(text, text) RENAME TO business_table_unlogged;
CREATE PROCEDURE business_table(t text, action text DEFAULT 'optional')
LANGUAGE plpgsql AS $$
BEGIN
  CALL business_table_unlogged(t, action);
  CALL audit.watch(t);
END $$;

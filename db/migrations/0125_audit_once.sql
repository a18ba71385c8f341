-- Of a statement that changes many rows, who changed them is worked out once:
-- column defaults (0089) do it for every row, eleven times, and cost a row of
-- a bulk a quarter of its time.

SET ROLE taizhang_audit;

-- The defaults of audit.event that tell of the caller, in one row.
CREATE FUNCTION audit.caller(OUT at timestamptz, OUT actor uuid,
  OUT channel text, OUT request text, OUT route text, OUT remote text,
  OUT session uuid, OUT grant_id uuid, OUT client uuid, OUT via uuid,
  OUT viewer uuid, OUT binding uuid, OUT batch text, OUT file_sha text)
LANGUAGE sql STABLE AS $$
  SELECT now(), public.app_actor(), public.app_channel(), audit.trail(1),
    audit.trail(2), audit.trail(3), audit.trail(4)::uuid,
    audit.trail(5)::uuid, audit.trail(6)::uuid, audit.trail(7)::uuid,
    audit.trail(8)::uuid, audit.trail(9)::uuid, audit.trail(10),
    audit.trail(11) $$;

CREATE OR REPLACE FUNCTION audit.rows_business() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  here bigint := audit.here();
  what text := CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE 'change' END;
  c record;
BEGIN
  SELECT * INTO c FROM audit.caller();
  INSERT INTO audit.event (txid, verb, entity, row_id, rev, division_code,
      line, sensitivity, at, actor, channel, request, route, remote, session,
      grant_id, client, via, viewer, binding, batch, file_sha)
    SELECT here, what, TG_TABLE_NAME, n.id, n.rev, n.division_code,
      n.competent_line, n.sensitivity, c.at, c.actor, c.channel, c.request,
      c.route, c.remote, c.session, c.grant_id, c.client, c.via, c.viewer,
      c.binding, c.batch, c.file_sha
    FROM new_rows n;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit.rows_plain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  here bigint := audit.here();
  what text := CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE 'change' END;
  c record;
BEGIN
  SELECT * INTO c FROM audit.caller();
  INSERT INTO audit.event (txid, verb, entity, row_id, rev, division_code,
      at, actor, channel, request, route, remote, session, grant_id, client,
      via, viewer, binding, batch, file_sha)
    SELECT here, what, TG_TABLE_NAME, n.id, n.rev, n.division_code, c.at,
      c.actor, c.channel, c.request, c.route, c.remote, c.session,
      c.grant_id, c.client, c.via, c.viewer, c.binding, c.batch, c.file_sha
    FROM new_rows n;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit.caller() FROM PUBLIC;
RESET ROLE;

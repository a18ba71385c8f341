-- The seal of the log: what the job runner computes a moment after the events,
-- outside the requests (sync-and-security.md 4.6). It adds and never changes.

SET ROLE taizhang_audit;

CREATE TABLE audit.leaf (
  pos bigint PRIMARY KEY,
  txid bigint NOT NULL,
  id uuid NOT NULL UNIQUE,
  fields text,
  seed bytea,
  root bytea,
  sha256 bytea NOT NULL,
  sm3 bytea NOT NULL
);
COMMENT ON TABLE audit.leaf IS 'Sealed events, in the order of the tree.';
COMMENT ON COLUMN audit.leaf.pos IS 'Place in the tree, from 0.';
COMMENT ON COLUMN audit.leaf.txid IS 'That of the event.';
COMMENT ON COLUMN audit.leaf.id IS 'The event.';
COMMENT ON COLUMN audit.leaf.fields IS
  'Names of the fields in which the revision differs from the one before.';
COMMENT ON COLUMN audit.leaf.seed IS
  'Of the salts of the row''s commitments; null once a field was erased.';
COMMENT ON COLUMN audit.leaf.root IS
  'Over the commitments of the revision in history.';
COMMENT ON COLUMN audit.leaf.sha256 IS 'Hash of the leaf.';
COMMENT ON COLUMN audit.leaf.sm3 IS 'The same by SM3.';

CREATE TABLE audit.node (
  level smallint NOT NULL,
  idx bigint NOT NULL,
  sha256 bytea NOT NULL,
  sm3 bytea NOT NULL,
  PRIMARY KEY (level, idx)
);
COMMENT ON TABLE audit.node IS
  'Every eighth level of the tree, for paths without all of its leaves.';
COMMENT ON COLUMN audit.node.level IS '8, 16, 24 …; leaves are level 0.';
COMMENT ON COLUMN audit.node.idx IS 'Which of the level, from 0.';
COMMENT ON COLUMN audit.node.sha256 IS 'Root of that subtree.';
COMMENT ON COLUMN audit.node.sm3 IS 'The same by SM3.';

CREATE TABLE audit.head (
  seq bigint PRIMARY KEY,
  size bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  line text NOT NULL
);
COMMENT ON TABLE audit.head IS 'Signed heads of the tree, each after the last.';
COMMENT ON COLUMN audit.head.seq IS 'Number, from 1.';
COMMENT ON COLUMN audit.head.size IS 'Leaves below it.';
COMMENT ON COLUMN audit.head.at IS 'When it was signed.';
COMMENT ON COLUMN audit.head.line IS 'The signed line, as witnesses keep it.';

CREATE TABLE audit.kept (
  pos bigint NOT NULL REFERENCES audit.leaf,
  field text NOT NULL,
  salt bytea,
  commitment bytea NOT NULL,
  PRIMARY KEY (pos, field)
);
COMMENT ON TABLE audit.kept IS
  'In place of the seed of a revision of which fields were erased.';
COMMENT ON COLUMN audit.kept.pos IS 'Its leaf.';
COMMENT ON COLUMN audit.kept.field IS 'Field of the row.';
COMMENT ON COLUMN audit.kept.salt IS 'Its salt; null = it was erased.';
COMMENT ON COLUMN audit.kept.commitment IS 'Its commitment.';

-- The stored hashes that the tree of a size needs beside a leaf.
CREATE FUNCTION audit.hashes(size bigint, pos bigint) RETURNS TABLE
  (level int, idx bigint, sha256 text, sm3 text) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH tile AS (SELECT DISTINCT l.level, t.first FROM
      generate_series(0, 56, 8) l (level), LATERAL (VALUES
        (hashes.pos >> l.level >> 8 << 8), (hashes.size >> l.level >> 8 << 8))
        t (first)
    WHERE hashes.size >> l.level > 0)
  SELECT h.level, h.idx, encode(h.sha256, 'hex'), encode(h.sm3, 'hex') FROM (
    SELECT 0 AS level, f.pos AS idx, f.sha256, f.sm3 FROM tile t
      JOIN audit.leaf f ON f.pos BETWEEN t.first AND t.first + 255
      WHERE t.level = 0 AND f.pos < hashes.size
    UNION ALL SELECT n.level, n.idx, n.sha256, n.sm3 FROM tile t
      JOIN audit.node n ON n.level = t.level
        AND n.idx BETWEEN t.first AND t.first + 255
      WHERE t.level > 0 AND (n.idx + 1) << n.level::int <= hashes.size) h
  ORDER BY 1, 2 $$;

-- After a restored dump: new transactions come after those of the log.
CREATE FUNCTION audit.rebase() RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  top bigint := (SELECT max(txid) FROM audit.event);
BEGIN
  IF top IS NULL OR top < (SELECT base + pg_snapshot_xmax(
      pg_current_snapshot())::text::bigint FROM audit.clock) THEN
    RETURN false;
  END IF;
  UPDATE audit.clock SET base = top;
  RETURN true;
END $$;

-- Forgets the salts of these fields in every revision of a row, and keeps
-- those of the others, so that what remains verifies. The caller then sets
-- the fields to null in history; one transaction does both.
CREATE FUNCTION audit.erase(what text, id uuid, names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place bigint := coalesce(public.app_lo(), 0);
  own text[];
BEGIN
  -- Not while the sealer binds what is erased here.
  PERFORM pg_advisory_xact_lock(7263003);
  own := public.walls_open();
  INSERT INTO audit.kept (pos, field, salt, commitment)
    SELECT l.pos, d.key, CASE WHEN d.key <> ALL (names) THEN s.salt END,
      sha256(s.salt || convert_to(d.key, 'UTF8') || '\x00'::bytea
        || convert_to(d.value::text, 'UTF8'))
    FROM audit.event e JOIN audit.leaf l ON l.id = e.id
    JOIN public.history h ON h.entity = e.entity AND h.row_id = e.row_id
      AND h.rev = e.rev
    CROSS JOIN LATERAL jsonb_each(h.data) d
    CROSS JOIN LATERAL (SELECT substring(sha256(l.seed
      || convert_to(d.key, 'UTF8')) FROM 1 FOR 16)) s (salt)
    WHERE e.row_id = erase.id AND e.entity = what AND l.seed IS NOT NULL
      AND d.value <> 'null';
  UPDATE audit.leaf l SET seed = NULL FROM audit.event e
    WHERE e.row_id = erase.id AND e.entity = what AND l.id = e.id
      AND l.seed IS NOT NULL;
  UPDATE audit.kept k SET salt = NULL FROM audit.event e, audit.leaf l
    WHERE e.row_id = erase.id AND e.entity = what AND l.id = e.id
      AND k.pos = l.pos AND k.field = ANY (names) AND k.salt IS NOT NULL;
  INSERT INTO audit.event (txid, verb, entity, row_id, division_code, detail)
    SELECT audit.here(), 'erase', what, erase.id, place,
      jsonb_build_object('fields', to_jsonb(names));
  PERFORM public.walls_close(own);
END $$;

REVOKE EXECUTE ON FUNCTION audit.hashes, audit.rebase, audit.erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.here, audit.safe, audit.rebase, audit.hashes,
  audit.erase TO taizhang_jobs;
GRANT SELECT ON audit.clock, audit.event, audit.kept TO taizhang_jobs;
GRANT SELECT, INSERT ON audit.leaf, audit.node, audit.head TO taizhang_jobs;

-- audit.erase() finds the revisions; row-level security as for everybody.
RESET ROLE;
SET ROLE taizhang_owner;
GRANT SELECT ON history TO taizhang_audit;
RESET ROLE;

-- Who verifies reads everything, past the walls, and writes nothing.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_verify') THEN
    CREATE ROLE taizhang_verify LOGIN BYPASSRLS;
    ALTER ROLE taizhang_verify SET default_transaction_read_only = on;
  END IF;
  GRANT pg_read_all_data TO taizhang_verify;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the role taizhang_verify must be made by a superuser: %',
    'CREATE ROLE taizhang_verify LOGIN BYPASSRLS IN ROLE pg_read_all_data';
END $$;
SET ROLE taizhang_owner;

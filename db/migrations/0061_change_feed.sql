-- The change feed: every revision of every business row in an order that a
-- reader can follow without missing one, narrow enough to be read at any
-- scope. history keeps what the rows were; this says in which order.

SET ROLE taizhang_owner;

-- pos is the transaction's own number, or that of the row's revision before if
-- a transaction that began later wrote it: so each row's revisions come in
-- order, and nothing can appear below the oldest transaction still running
-- (pg_snapshot_xmin), which is where readers stop.
CREATE TABLE change (
  pos bigint NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  entity text NOT NULL,
  row_id uuid NOT NULL,
  rev bigint NOT NULL,
  kind text NOT NULL
    CHECK (kind IN ('created', 'changed', 'voided', 'restored', 'gone')),
  division_code bigint NOT NULL,
  unit_code bigint NOT NULL
    GENERATED ALWAYS AS (division_code - division_code % 1000) STORED,
  county_code bigint NOT NULL
    GENERATED ALWAYS AS (division_code - division_code % 1000000) STORED,
  line text NOT NULL DEFAULT '',
  sensitivity smallint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (entity, row_id, rev, kind)
);
-- One index for each width of scope, in the order of the feed; departments see
-- one line of a county and nothing else.
CREATE INDEX change_order ON change (pos, seq);
CREATE INDEX change_county ON change (county_code, pos, seq);
CREATE INDEX change_unit ON change (unit_code, pos, seq);
CREATE INDEX change_line ON change (line, pos, seq) WHERE line <> '';
COMMENT ON TABLE change IS
  'The order of all revisions of business rows, for those who follow them.';
COMMENT ON COLUMN change.pos IS
  'Place in the order: at least the number of the writing transaction.';
COMMENT ON COLUMN change.seq IS 'Order within a place.';
COMMENT ON COLUMN change.entity IS 'Table name of the row.';
COMMENT ON COLUMN change.row_id IS 'Id of the row.';
COMMENT ON COLUMN change.rev IS 'Revision the row then had.';
COMMENT ON COLUMN change.kind IS
  'created, changed, voided, restored; gone = it left the scope given here.';
COMMENT ON COLUMN change.division_code IS 'Division then; of gone, before.';
COMMENT ON COLUMN change.unit_code IS 'Its township.';
COMMENT ON COLUMN change.county_code IS 'Its county.';
COMMENT ON COLUMN change.line IS 'Sector line then; of gone, before.';
COMMENT ON COLUMN change.sensitivity IS 'Sensitivity then; of gone, before.';
COMMENT ON COLUMN change.at IS 'Time of the transaction.';

ALTER TABLE change ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY change_scope ON change USING (
  division_code BETWEEN app_lo() AND app_hi()
  AND (app_line() = '' OR line = app_line())
  AND sensitivity <= app_clearance());
GRANT SELECT, INSERT ON change TO taizhang_api;

ALTER TABLE server_state
  ADD COLUMN feed_base bigint NOT NULL DEFAULT 0,
  ADD COLUMN feed_floor bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN server_state.feed_base IS
  'Added to transaction numbers, which begin anew when a dump is restored.';
COMMENT ON COLUMN server_state.feed_floor IS
  'Up to here the feed keeps only the last revision of each row.';

CREATE FUNCTION feed_here() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT feed_base + pg_current_xact_id()::text::bigint FROM server_state $$;
-- What is below is complete.
CREATE FUNCTION feed_safe() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT feed_base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  FROM server_state $$;

-- As before, and one line of the feed for each row, two when it left a scope.
-- The plan must not depend on how few changes there were at the first call;
-- what looks dear to the planner for it is not worth compiling.
CREATE OR REPLACE FUNCTION history_write() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  here bigint := feed_here();
BEGIN
  WITH w AS (
    INSERT INTO history (entity, row_id, rev, division_code, line,
        sensitivity, at, actor, channel, origin, data)
      SELECT TG_TABLE_NAME, n.id, n.rev, n.division_code,
        coalesce(n.data->>'competent_line', ''),
        coalesce((n.data->>'sensitivity')::smallint, 0), now(),
        app_actor(), app_channel(), app_origin(), n.data - 'password'
      FROM (SELECT o.id, o.rev, o.division_code, to_jsonb(o) AS data
        FROM new_rows o) n
      RETURNING entity, row_id, rev, division_code, line, sensitivity, at,
        data ? 'sensitivity' AS business,
        data->>'voided_at' IS NOT NULL AS voided)
  INSERT INTO change (pos, entity, row_id, rev, kind, division_code, line,
      sensitivity, at)
    SELECT greatest(here, p.pos), w.entity, w.row_id, w.rev, k.*, w.at
    FROM w
    LEFT JOIN LATERAL (SELECT c.pos, c.kind, c.division_code, c.line,
        c.sensitivity FROM change c WHERE c.entity = w.entity
        AND c.row_id = w.row_id AND c.rev = w.rev - 1 AND c.kind <> 'gone'
      LIMIT 1) p ON true
    CROSS JOIN LATERAL (
      SELECT 'gone', p.division_code, p.line, p.sensitivity
      WHERE (p.division_code, p.line, p.sensitivity) IS DISTINCT FROM
        (w.division_code, w.line, w.sensitivity) AND p.pos IS NOT NULL
      UNION ALL SELECT CASE WHEN w.voided THEN 'voided'
        WHEN p.kind = 'voided' THEN 'restored'
        WHEN w.rev = 1 THEN 'created' ELSE 'changed' END,
        w.division_code, w.line, w.sensitivity) k
    WHERE w.business;
  RETURN NULL;
END $$;

-- Forgets, of at most n further changes older than that, all but the last
-- revision of each row: who begins anew still gets every row, who stopped
-- before the floor must begin anew. True: there may be more to forget.
CREATE FUNCTION feed_prune(older timestamptz, n int) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  floor bigint;
  upto bigint;
BEGIN
  SELECT feed_floor INTO floor FROM server_state FOR UPDATE;
  SELECT max(b.pos) INTO upto FROM (SELECT pos, at FROM change
    WHERE pos > floor AND pos < feed_safe() ORDER BY pos, seq LIMIT n) b
    WHERE b.at < older;
  IF upto IS NULL THEN
    RETURN false;
  END IF;
  DELETE FROM change c USING (SELECT entity, row_id, max(rev) AS rev
      FROM change WHERE pos > floor AND pos <= upto AND kind <> 'gone'
      GROUP BY 1, 2) s
    WHERE c.entity = s.entity AND c.row_id = s.row_id AND c.rev < s.rev;
  DELETE FROM change WHERE pos > floor AND pos <= upto AND kind = 'gone';
  UPDATE server_state SET feed_floor = upto;
  RETURN true;
END $$;

-- After a restored dump the numbers of transactions are small again: lifts
-- new changes above the old ones, and lets every reader begin anew.
CREATE FUNCTION feed_rebase() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  top bigint;
BEGIN
  SELECT max(pos) INTO top FROM change;
  IF top IS NULL OR top < (SELECT feed_base + pg_snapshot_xmax(
      pg_current_snapshot())::text::bigint FROM server_state) THEN
    RETURN false;
  END IF;
  UPDATE server_state SET feed_base = top, epoch = gen_random_uuid(),
    conf_seq = conf_seq + 1;
  RETURN true;
END $$;

-- What happened before there was a feed: the last revision of each row.
SELECT set_config('app.lo', '0', true), set_config('app.hi', '999999999999',
  true), set_config('app.line', '', true), set_config('app.clearance', '4',
  true);
INSERT INTO change (pos, entity, row_id, rev, kind, division_code, line,
    sensitivity, at)
  SELECT feed_here(), h.entity, h.row_id, h.rev,
    CASE WHEN h.data->>'voided_at' IS NOT NULL THEN 'voided'
      WHEN h.rev = 1 THEN 'created' ELSE 'changed' END,
    h.division_code, h.line, h.sensitivity, h.at
  FROM (SELECT DISTINCT ON (entity, row_id) * FROM history
    WHERE data ? 'sensitivity' ORDER BY entity, row_id, rev DESC) h
  ORDER BY h.at;

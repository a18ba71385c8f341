-- A reorganisation of a whole county moves sets, not rows. Two things made it
-- row by row: every row sent what follows it after it, a statement each, though
-- children, commands and evidence have the place themselves and are moved like
-- all others; and a table was looked through once per division.

SET ROLE taizhang_owner;

CREATE OR REPLACE FUNCTION child_scope() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE own text[];
BEGIN
  IF current_setting('app.moving', true) = 'on' THEN
    RETURN NULL;
  END IF;
  own := walls_open();
  EXECUTE format('UPDATE %I SET division_code = $1, competent_line = $2,
    sensitivity = greatest(sensitivity, $3) WHERE %I = $4', TG_ARGV[0],
    TG_ARGV[1])
    USING NEW.division_code, NEW.competent_line, NEW.sensitivity, NEW.id;
  PERFORM walls_close(own);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION records_follow() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE own text[];
BEGIN
  IF current_setting('app.moving', true) = 'on' THEN
    RETURN NULL;
  END IF;
  own := walls_open();
  UPDATE command SET division_code = NEW.division_code,
    competent_line = NEW.competent_line, sensitivity = NEW.sensitivity
    WHERE entity = TG_TABLE_NAME AND row_id = NEW.id;
  UPDATE evidence SET division_code = NEW.division_code,
    competent_line = NEW.competent_line, sensitivity = NEW.sensitivity
    WHERE entity = TG_TABLE_NAME AND row_id = NEW.id;
  PERFORM walls_close(own);
  RETURN NULL;
END $$;

-- As in 0096, but of the codes from the first to the last of the plan only,
-- and the plan is asked as a table: a loop over it would be one of all its
-- divisions for each row.
CREATE OR REPLACE FUNCTION reorganise_column(t text, col text, plan jsonb,
  OUT moved bigint, OUT kept bigint) LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
  lo bigint := (SELECT min((m->>'from')::bigint)
    FROM jsonb_array_elements(plan) m);
  hi bigint := (SELECT max((m->>'from')::bigint)
    FROM jsonb_array_elements(plan) m);
  change text := format('UPDATE %1$I x SET %2$I = m."to"
    FROM jsonb_to_recordset($1) AS m ("from" bigint, "to" bigint, books bool)
    WHERE x.%2$I = m."from" AND x.%2$I BETWEEN $2 AND $3%3$s', t, col,
    -- A book whose new place has one of its own stays, with all that is its.
    CASE WHEN t LIKE 'sheet\_%' OR t = 'agent_token' THEN ' AND m.books'
      ELSE '' END);
  one tid;
BEGIN
  kept := 0;
  BEGIN
    EXECUTE change USING plan, lo, hi;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN;
  EXCEPTION WHEN unique_violation OR exclusion_violation THEN
    moved := 0;
  END;
  FOR one IN EXECUTE format('SELECT x.ctid FROM %I x WHERE x.%I IN (SELECT
    (m->>''from'')::bigint FROM jsonb_array_elements($1) m)', t, col) USING plan
  LOOP
    BEGIN
      EXECUTE change || ' AND x.ctid = $4' USING plan, lo, hi, one;
      moved := moved + 1;
    EXCEPTION WHEN unique_violation OR exclusion_violation THEN
      kept := kept + 1;
    END;
  END LOOP;
END $$;

-- What follows the rows of a table that had to stay: it was moved by its own
-- place, and stays with them.
CREATE FUNCTION reorganise_together(t text, plan jsonb)
RETURNS TABLE (child text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
  col text;
  only_its text;
BEGIN
  FOR child, col, only_its IN
    SELECT arg[1], arg[2], 'true' FROM pg_trigger r,
      string_to_array(encode(r.tgargs, 'escape'), '\000') arg
      WHERE r.tgrelid = t::regclass AND r.tgfoid = 'child_scope'::regproc
    UNION ALL SELECT x, 'row_id', format('x.entity = %L', t)
      FROM unnest(ARRAY['command', 'evidence']) x
      WHERE EXISTS (SELECT FROM pg_trigger r WHERE r.tgrelid = t::regclass
        AND r.tgfoid = 'records_follow'::regproc)
  LOOP
    EXECUTE format('UPDATE %I x SET division_code = p.division_code
      FROM %I p WHERE p.id = x.%I AND p.division_code IN
        (SELECT (m->>''from'')::bigint FROM jsonb_array_elements($1) m)
      AND x.division_code <> p.division_code AND %s', child, t, col, only_its)
      USING plan;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n > 0 THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- The keys of what belongs to a row name that row: it meets no other of its key
-- elsewhere. Should one ever, its row must not go without it, and nothing goes.
ALTER FUNCTION reorganise(jsonb, date, text) RENAME TO reorganise_now;
REVOKE EXECUTE ON FUNCTION reorganise_now FROM taizhang_api;
CREATE FUNCTION reorganise(moves jsonb, effective date, doc text)
RETURNS SETOF reorganisation LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  done reorganisation;
  own text[];
  c record;
BEGIN
  PERFORM set_config('app.moving', 'on', true);
  SELECT * INTO done FROM reorganise_now(moves, effective, doc);
  IF EXISTS (SELECT FROM jsonb_object_keys(done.kept) k JOIN pg_trigger r
      ON r.tgrelid = k::regclass AND r.tgname = 'parent') THEN
    RAISE 'what belongs to a row stays behind it: %', done.kept;
  END IF;
  PERFORM set_config('app.moving', '', true);
  own := walls_open();
  FOR c IN SELECT x.* FROM jsonb_object_keys(done.kept) k,
      reorganise_together(k, moves) x LOOP
    done.moved := done.moved || jsonb_build_object(c.child,
      greatest(coalesce((done.moved->>c.child)::bigint, 0) - c.n, 0));
    done.kept := done.kept || jsonb_build_object(c.child,
      coalesce((done.kept->>c.child)::bigint, 0) + c.n);
  END LOOP;
  UPDATE reorganisation r SET moved = done.moved, kept = done.kept
    WHERE r.id = done.id AND (r.moved, r.kept) <> (done.moved, done.kept);
  PERFORM walls_close(own);
  RETURN NEXT done;
END $$;
REVOKE EXECUTE ON FUNCTION reorganise, reorganise_together FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reorganise TO taizhang_api;

-- What was kept long enough (domain.md 5.3): amounts of a household's year
-- become bands, the rest of it goes; and the parameters of personal data are
-- the installation's security administrator's to change.

SET ROLE taizhang_owner;
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);

ALTER TABLE household_year_fact
  ADD COLUMN banded boolean;
COMMENT ON COLUMN household_year_fact.banded IS
  'Kept long enough: amounts are the lower ends of their bands.';
CALL ro_expose('household_year_fact');

-- The amount at which the band of pii_mask() begins: it is masked alike.
CREATE FUNCTION pii_band(fen bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN fen < 0 THEN -1 ELSE (ARRAY[0, 500000, 1000000, 2000000,
    3000000, 5000000, 10000000, 20000000]::bigint[])[width_bucket(fen, ARRAY[0,
    500000, 1000000, 2000000, 3000000, 5000000, 10000000, 20000000]::bigint[])]
    END $$;
COMMENT ON FUNCTION pii_band IS 'Where the band of an amount begins.';

-- Takes the personal values out of a row and of every revision of it. What
-- must not be null says that it was erased; with band, amounts stay as bands.
-- Of staff no more than their own rows: who filled a form in is not the
-- household's to erase.
DROP FUNCTION pii_erase_row(text, uuid);
CREATE FUNCTION pii_erase_row(what text, id uuid, band boolean DEFAULT false)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  names text[];
  now_rev bigint;
BEGIN
  SELECT array_agg(f.field ORDER BY f.field) INTO names FROM pii_field f
  WHERE f.entity = what AND f.class <> 'discipline'
    AND (f.class NOT IN ('duty', 'contact') OR what IN ('contact', 'expert'))
    AND EXISTS (SELECT FROM history h WHERE h.entity = what
      AND h.row_id = pii_erase_row.id AND h.data->>f.field IS NOT NULL
      AND h.data->>f.field NOT LIKE '已清除%' AND h.data->>f.field <> 'erased');
  IF names IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('UPDATE %I t SET %s%s WHERE t.id = $1 RETURNING t.rev', what,
    (SELECT string_agg(format('%I = %s', n, CASE
        WHEN band AND f.class = 'income' THEN format('pii_band(t.%I)', n)
        WHEN NOT a.attnotnull THEN 'NULL'
        WHEN n = 'kind' THEN '''erased'''
        WHEN n = 'household_no' THEN '''已清除-'' || right(t.id::text, 12)'
        ELSE '''已清除''' END), ', ')
     FROM unnest(names) n JOIN pii_field f ON f.entity = what AND f.field = n
       JOIN pg_attribute a ON a.attname = n AND a.attrelid = to_regclass(what)),
    CASE WHEN band THEN ', banded = true' ELSE '' END)
    INTO now_rev USING pii_erase_row.id;
  IF now_rev IS NULL THEN
    RETURN false;
  END IF;
  -- The log then verifies without them. From here to the end of the
  -- transaction nothing is sealed: what is erased below is either in a leaf
  -- already, and its salt goes, or in none, and never comes into one.
  PERFORM audit.erase(what, pii_erase_row.id, names);
  UPDATE history h SET data = h.data || (SELECT jsonb_object_agg(n, NULL)
      FROM unnest(names) n)
  WHERE h.entity = what AND h.row_id = pii_erase_row.id AND h.rev < now_rev;
  RETURN true;
END $$;
COMMENT ON FUNCTION pii_erase_row IS 'Erases one row; internal.';
REVOKE EXECUTE ON FUNCTION pii_erase_row FROM PUBLIC;

-- What was kept long enough: at most so many rows, and a report if any.
CREATE OR REPLACE FUNCTION pii_expire(most int) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
  years int := (SELECT value FROM pii_param WHERE name = 'answers_years');
  facts int := (SELECT value FROM pii_param WHERE name = 'facts_years');
  due record;
  done jsonb := '{}';
BEGIN
  FOR due IN
    WITH ended AS (SELECT a.id FROM action a WHERE coalesce(a.end_on,
        (SELECT max(p.end_on) FROM action_phase p WHERE p.action_id = a.id))
        + make_interval(years => years) < today)
    SELECT 'form_response' AS what, f.id FROM form_response f
    WHERE f.action_id IN (TABLE ended) AND f.household_id IS NOT NULL
      AND num_nonnulls(f.answers, f.header, f.notes, f.geo) > 0
    UNION ALL SELECT 'person_flag', p.id FROM person_flag p
    WHERE p.action_id IN (TABLE ended) AND p.kind <> 'erased'
    UNION ALL SELECT 'household_year_fact', y.id FROM household_year_fact y
    WHERE make_date(y.income_year, 12, 31) + make_interval(years => facts)
        < today AND y.banded IS NOT TRUE
      AND num_nonnulls(y.wage_income_fen, y.business_income_fen,
        y.transfer_income_fen, y.property_income_fen, y.net_income_fen,
        y.rigid_expense, y.education_fen, y.medical_fen,
        y.other_expense_text, y.loan_wanted_unmet, y.loan_misused) > 0
    LIMIT most
  LOOP
    IF due.what = 'form_response' THEN
      INSERT INTO answer_total (template_id, division_code, qid, answer, n)
        SELECT r.template_id, r.unit_code, a.key, a.value #>> '{}', 1
        FROM form_response r CROSS JOIN LATERAL jsonb_each(r.answers) a
        JOIN form_question q ON q.template_id = r.template_id
          AND q.qid = a.key AND q.kind IN ('yn', 'has_no', 'choice')
        WHERE r.id = due.id AND a.value <> 'null'
        ON CONFLICT (template_id, division_code, qid, answer)
          DO UPDATE SET n = answer_total.n + 1;
    END IF;
    IF pii_erase_row(due.what, due.id, due.what = 'household_year_fact') THEN
      done := done || jsonb_build_object(due.what,
        coalesce((done->>due.what)::int, 0) + 1);
    END IF;
  END LOOP;
  IF done <> '{}' THEN
    INSERT INTO pii_erasure (cause, division_code, reason, erased)
      VALUES ('retention', 0, format('保留期满（%s年、%s年）', years, facts),
        done);
  END IF;
  RETURN done;
END $$;

-- Nobody shortens a period to nothing, or lets everybody unmask everything.
ALTER TABLE pii_param
  ADD COLUMN least int NOT NULL DEFAULT 0,
  ADD COLUMN most int NOT NULL DEFAULT 10000;
COMMENT ON COLUMN pii_param.least IS 'What it must not be below.';
COMMENT ON COLUMN pii_param.most IS 'What it must not be above.';
UPDATE pii_param SET (least, most) = (SELECT v.least, v.most FROM (VALUES
    ('unmask_daily', 0, 1000), ('answers_years', 1, 30),
    ('facts_years', 1, 30)) v (name, least, most) WHERE v.name = pii_param.name);
ALTER TABLE pii_param ADD CONSTRAINT pii_param_range
  CHECK (value BETWEEN least AND most);
ALTER POLICY pii_param_change ON pii_param USING (app_lo() = 0);

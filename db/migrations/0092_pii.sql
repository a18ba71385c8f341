-- Personal data (domain.md 5.3): classes of fields, masks as SQL has them, what
-- was unmasked, and what is erased when its time is over or a person asks.

SET ROLE taizhang_owner;

CREATE TABLE pii_field (
  entity text NOT NULL,
  field text NOT NULL,
  class text NOT NULL,
  PRIMARY KEY (entity, field)
);
COMMENT ON TABLE pii_field IS
  'Which columns hold personal data, and what it tells: as the model has it.';
COMMENT ON COLUMN pii_field.entity IS 'Table.';
COMMENT ON COLUMN pii_field.field IS 'Column.';
COMMENT ON COLUMN pii_field.class IS 'Class of domain.md 5.3.';
INSERT INTO pii_field (entity, field, class) VALUES
  ('asset_feedback', 'receipt_name', 'duty'),
  ('benefit_record', 'wage_fen', 'income'),
  ('classification_case', 'village_signer', 'duty'),
  ('classification_case', 'township_signer', 'duty'),
  ('classification_opinion', 'signer', 'duty'),
  ('expert', 'name', 'duty'),
  ('expert', 'phone', 'contact'),
  ('form_response', 'header', 'answers'),
  ('form_response', 'answers', 'answers'),
  ('form_response', 'notes', 'answers'),
  ('form_response', 'surveyors', 'duty'),
  ('form_response', 'geo', 'location'),
  ('sign_off', 'signer_name', 'duty'),
  ('sign_off', 'image_id', 'signature'),
  ('household', 'household_no', 'household_no'),
  ('household', 'head_name', 'name'),
  ('household', 'types', 'identity'),
  ('household', 'monitor_kind', 'identity'),
  ('household', 'risk_removed', 'identity'),
  ('household', 'risk_removed_on', 'identity'),
  ('household', 'members', 'members'),
  ('household', 'labour', 'members'),
  ('household', 'low_income', 'identity'),
  ('household', 'elderly', 'identity'),
  ('household', 'is_petition', 'special'),
  ('household', 'remark', 'identity'),
  ('household_year_fact', 'wage_income_fen', 'income'),
  ('household_year_fact', 'business_income_fen', 'income'),
  ('household_year_fact', 'transfer_income_fen', 'income'),
  ('household_year_fact', 'property_income_fen', 'income'),
  ('household_year_fact', 'net_income_fen', 'income'),
  ('household_year_fact', 'rigid_expense', 'expense'),
  ('household_year_fact', 'education_fen', 'income'),
  ('household_year_fact', 'medical_fen', 'health'),
  ('household_year_fact', 'other_expense_text', 'expense'),
  ('household_year_fact', 'loan_wanted_unmet', 'loan'),
  ('household_year_fact', 'loan_misused', 'loan'),
  ('person_flag', 'kind', 'person'),
  ('person_flag', 'note', 'person'),
  ('person_flag', 'valid_from', 'person'),
  ('person_flag', 'valid_to', 'person'),
  ('indicator_value', 'filler', 'duty'),
  ('meeting_record', 'chaired_by', 'duty'),
  ('issue', 'leader_name', 'duty'),
  ('issue', 'leader_phone', 'contact'),
  ('issue', 'person_name', 'duty'),
  ('issue', 'person_contact', 'contact'),
  ('issue', 'accountability_ref', 'discipline'),
  ('operator', 'legal_person', 'duty'),
  ('operator', 'phone', 'contact'),
  ('supervision_order', 'target_person', 'duty'),
  ('contact', 'name', 'duty'),
  ('contact', 'phone', 'contact'),
  ('contact', 'email', 'contact'),
  ('patrol_visit', 'visitors', 'duty'),
  ('patrol_visit', 'geo', 'duty'),
  ('accountability_case', 'person', 'discipline'),
  ('report_submission', 'filled_by', 'duty'),
  ('report_submission', 'filler_phone', 'contact'),
  ('risk_assessment', 'assessor_names', 'duty'),
  ('downgrade_application', 'site_team', 'duty'),
  ('risk_episode', 'site_team', 'duty');

-- The mask of a class for a profile: f full, p partial, b band, h hidden. The
-- letters are those of api/mask.c; a test compares them.
CREATE FUNCTION pii_mask_of(profile text, class text) RETURNS "char"
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(nullif(substr(CASE profile
      WHEN 'full' THEN 'ffffffffffhfppffffhf'
      WHEN 'township' THEN 'ffffffffffhfppffffhf'
      WHEN 'contacts' THEN 'ffppbbhhhhhhhhffhhhh'
      WHEN 'masked' THEN 'fpppbbhhhhhhhhffhhhh'
      WHEN 'aggregate' THEN 'fphhhhhhhhhhhhhhhhhh'
      WHEN 'none' THEN 'fphhhhhhhhhhhhhhhhhh' END,
    array_position(ARRAY['duty', 'contact', 'name', 'household_no', 'income',
      'members', 'expense', 'identity', 'health', 'minor', 'special', 'loan',
      'account', 'id_number', 'answers', 'opinion', 'signature', 'location',
      'discipline', 'person'], class), 1), ''), 'h')::"char" $$;
COMMENT ON FUNCTION pii_mask_of IS 'How a profile sees a class of fields.';

-- A value as a profile sees it; null where nothing is shown.
CREATE FUNCTION pii_mask(class text, value text, profile text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN m.mask = 'h' THEN NULL
    WHEN m.mask = 'f' OR value = '' THEN value
    WHEN class IN ('duty', 'name') THEN left(value, 1) || '*'
    WHEN class = 'contact' AND m.n >= 7 AND value ~ '^[0-9 +-]+$' THEN
      CASE WHEN m.n >= 11 THEN left(value, 3) ELSE '' END || '****'
      || right(value, least(4, m.n / 2))
    WHEN class = 'contact' THEN left(value, 1) || '****'
    WHEN class = 'id_number' AND m.n >= 15 THEN
      left(value, 3) || repeat('*', m.n - 7) || right(value, 4)
    WHEN class IN ('household_no', 'account', 'id_number') THEN
      '****' || right(value, least(4, m.n / 2))
    WHEN value !~ '^-?[0-9]{1,18}$' THEN NULL
    WHEN class = 'income' THEN (ARRAY['0元以下', '0–0.5万元', '0.5–1万元',
      '1–2万元', '2–3万元', '3–5万元', '5–10万元', '10–20万元', '20万元以上'])
      [1 + width_bucket(value::bigint, ARRAY[0, 500000, 1000000, 2000000,
        3000000, 5000000, 10000000, 20000000]::bigint[])]
    WHEN class = 'members' THEN (ARRAY['0人', '1–2人', '3–4人', '5–6人',
      '7人以上'])[1 + width_bucket(value::bigint, ARRAY[1, 3, 5, 7]::bigint[])]
    END
  FROM (SELECT pii_mask_of(profile, class) AS mask,
    char_length(value) AS n) m $$;
COMMENT ON FUNCTION pii_mask IS
  'A personal value as a profile of roles sees it.';

CREATE TABLE pii_param (
  name text PRIMARY KEY,
  value int NOT NULL CHECK (value BETWEEN 0 AND 10000),
  meaning text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by uuid
);
COMMENT ON TABLE pii_param IS 'What a county sets about personal data.';
COMMENT ON COLUMN pii_param.name IS 'Name.';
COMMENT ON COLUMN pii_param.value IS 'Value.';
COMMENT ON COLUMN pii_param.meaning IS 'What it is, for people.';
COMMENT ON COLUMN pii_param.updated_at IS 'When it was set.';
COMMENT ON COLUMN pii_param.updated_by IS 'Who set it.';
INSERT INTO pii_param (name, value, meaning) VALUES
  ('unmask_daily', 50, '每人每天最多查看完整信息的次数'),
  ('answers_years', 5, '入户问卷和人员标记：专项行动结束后保留的年数'),
  ('facts_years', 5, '农户收支：收入年度结束后保留的年数');

-- Every unmasking: who, what of which row, why. n is which of the day it was,
-- so that two at once cannot both be the last.
CREATE TABLE pii_access (
  id uuid PRIMARY KEY DEFAULT uuid7(),
  at timestamptz NOT NULL DEFAULT now(),
  user_id uuid NOT NULL DEFAULT app_actor(),
  day date NOT NULL DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date,
  n int NOT NULL,
  role text NOT NULL,
  entity text NOT NULL,
  row_id uuid NOT NULL,
  division_code bigint NOT NULL,
  fields text[] NOT NULL,
  reason text NOT NULL CHECK (char_length(reason) BETWEEN 4 AND 500),
  case_no text CHECK (char_length(case_no) BETWEEN 1 AND 100),
  UNIQUE (user_id, day, n)
);
CREATE INDEX pii_access_row ON pii_access (row_id, at);
COMMENT ON TABLE pii_access IS 'Personal values shown whole to who sees masks.';
COMMENT ON COLUMN pii_access.id IS 'Identifier.';
COMMENT ON COLUMN pii_access.at IS 'When.';
COMMENT ON COLUMN pii_access.user_id IS 'To whom.';
COMMENT ON COLUMN pii_access.day IS 'Day of the quota.';
COMMENT ON COLUMN pii_access.n IS 'Which of that day.';
COMMENT ON COLUMN pii_access.role IS 'In which role.';
COMMENT ON COLUMN pii_access.entity IS 'Table of the row.';
COMMENT ON COLUMN pii_access.row_id IS 'The row.';
COMMENT ON COLUMN pii_access.division_code IS 'Its division.';
COMMENT ON COLUMN pii_access.fields IS 'Which fields.';
COMMENT ON COLUMN pii_access.reason IS 'Why.';
COMMENT ON COLUMN pii_access.case_no IS 'Case or legal basis.';

CREATE TABLE pii_erasure (
  id uuid PRIMARY KEY DEFAULT uuid7(),
  at timestamptz NOT NULL DEFAULT now(),
  user_id uuid DEFAULT app_actor(),
  cause text NOT NULL CHECK (cause IN ('request', 'retention')),
  entity text,
  row_id uuid,
  division_code bigint NOT NULL,
  reason text NOT NULL CHECK (char_length(reason) <= 500),
  erased jsonb NOT NULL
);
COMMENT ON TABLE pii_erasure IS
  'Reports of erasures: of a person by request, of what was kept long enough.';
COMMENT ON COLUMN pii_erasure.id IS 'Identifier.';
COMMENT ON COLUMN pii_erasure.at IS 'When.';
COMMENT ON COLUMN pii_erasure.user_id IS 'By whom; null = the job runner.';
COMMENT ON COLUMN pii_erasure.cause IS 'request or retention.';
COMMENT ON COLUMN pii_erasure.entity IS 'Table of the person''s row.';
COMMENT ON COLUMN pii_erasure.row_id IS 'The person''s row.';
COMMENT ON COLUMN pii_erasure.division_code IS 'Its division; 0 = of all.';
COMMENT ON COLUMN pii_erasure.reason IS 'Why.';
COMMENT ON COLUMN pii_erasure.erased IS 'Rows by table.';

-- What is left of answers when they are erased.
CREATE TABLE answer_total (
  template_id uuid NOT NULL REFERENCES form_template,
  division_code bigint NOT NULL,
  qid text NOT NULL,
  answer text NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (template_id, division_code, qid, answer)
);
COMMENT ON TABLE answer_total IS
  'How often a question was answered so, of answers that were erased.';
COMMENT ON COLUMN answer_total.template_id IS 'Form.';
COMMENT ON COLUMN answer_total.division_code IS 'Township.';
COMMENT ON COLUMN answer_total.qid IS 'Question.';
COMMENT ON COLUMN answer_total.answer IS 'Answer: 1, 0 or a choice.';
COMMENT ON COLUMN answer_total.n IS 'How often.';

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['pii_access', 'pii_erasure', 'answer_total',
      'pii_param', 'pii_field'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY,
      FORCE ROW LEVEL SECURITY', t);
    CALL audit.watch(t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['pii_access', 'pii_erasure', 'answer_total'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I USING (division_code
      BETWEEN app_lo() AND app_hi())', t || '_scope', t);
  END LOOP;
END $$;
-- The quota counts what one unmasked under another grant, too.
CREATE POLICY pii_access_own ON pii_access FOR SELECT
  USING (user_id = app_actor());
CREATE POLICY pii_param_read ON pii_param FOR SELECT USING (true);
CREATE POLICY pii_param_change ON pii_param FOR UPDATE
  USING (app_lo() IS NOT NULL);
CREATE POLICY pii_field_read ON pii_field FOR SELECT USING (true);
GRANT SELECT ON pii_field, pii_param, pii_access, pii_erasure TO taizhang_api;
GRANT INSERT ON pii_access TO taizhang_api;
GRANT UPDATE ON pii_param TO taizhang_api;

-- A filed form keeps what was found in it when its answers are erased.
DROP TRIGGER content ON form_response;
CREATE TRIGGER content_new BEFORE INSERT ON form_response
  FOR EACH ROW EXECUTE FUNCTION form_response_check();
CREATE TRIGGER content BEFORE UPDATE ON form_response FOR EACH ROW
  WHEN (OLD.state = 'draft' OR NEW.answers IS NOT NULL
    OR NEW.header IS NOT NULL OR NEW.notes IS NOT NULL)
  EXECUTE FUNCTION form_response_check();
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true);
INSERT INTO code_item (set_code, code, label, sort) VALUES
  ('key_person', 'erased', '已清除', 99);

-- Takes the personal values out of a row and of every revision of it. What
-- must not be null says that it was erased. Of staff no more than their own
-- rows: who filled a form in is not the household's to erase.
CREATE FUNCTION pii_erase_row(what text, id uuid) RETURNS boolean
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
  EXECUTE format('UPDATE %I t SET %s WHERE t.id = $1 RETURNING t.rev', what,
    (SELECT string_agg(format('%I = %s', n, CASE
        WHEN NOT a.attnotnull THEN 'NULL'
        WHEN n = 'kind' THEN '''erased'''
        WHEN n = 'household_no' THEN '''已清除-'' || right(t.id::text, 12)'
        ELSE '''已清除''' END), ', ')
     FROM unnest(names) n JOIN pg_attribute a ON a.attname = n
       AND a.attrelid = to_regclass(what)))
    INTO now_rev USING pii_erase_row.id;
  IF now_rev IS NULL THEN
    RETURN false;
  END IF;
  -- The log then verifies without them.
  IF to_regprocedure('audit.erase(text, uuid, text[])') IS NOT NULL THEN
    EXECUTE 'SELECT audit.erase($1, $2, $3)' USING what, pii_erase_row.id,
      names;
  END IF;
  UPDATE history h SET data = h.data || (SELECT jsonb_object_agg(n, NULL)
      FROM unnest(names) n)
  WHERE h.entity = what AND h.row_id = pii_erase_row.id AND h.rev < now_rev;
  RETURN true;
END $$;
COMMENT ON FUNCTION pii_erase_row IS 'Erases one row; internal.';

-- A person asked for it: the row, and for a household all that is of it.
CREATE FUNCTION pii_erase(what text, id uuid, reason text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  place bigint;
  child text;
  one uuid;
  done jsonb := '{}';
BEGIN
  IF what NOT IN ('household', 'contact', 'expert') THEN
    RAISE insufficient_privilege;
  END IF;
  EXECUTE format('SELECT division_code FROM %I t WHERE t.id = $1 FOR UPDATE',
    what) INTO place USING pii_erase.id;
  IF place IS NULL THEN
    RAISE insufficient_privilege;
  END IF;
  IF what = 'household' THEN
    FOREACH child IN ARRAY ARRAY['household_year_fact', 'person_flag',
        'form_response', 'benefit_record'] LOOP
      FOR one IN EXECUTE format('SELECT t.id FROM %I t WHERE household_id = $1
          ORDER BY t.id FOR UPDATE', child) USING pii_erase.id LOOP
        IF pii_erase_row(child, one) THEN
          done := done || jsonb_build_object(child,
            coalesce((done->>child)::int, 0) + 1);
        END IF;
      END LOOP;
    END LOOP;
  END IF;
  IF pii_erase_row(what, pii_erase.id) THEN
    done := done || jsonb_build_object(what, 1);
  END IF;
  INSERT INTO pii_erasure (cause, entity, row_id, division_code, reason,
      erased) VALUES ('request', what, pii_erase.id, place, reason, done);
  RETURN done;
END $$;
COMMENT ON FUNCTION pii_erase IS 'Erases what is held of a person.';

-- What was kept long enough: at most so many rows, and a report if any.
CREATE FUNCTION pii_expire(most int) RETURNS jsonb
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
        < today
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
    IF pii_erase_row(due.what, due.id) THEN
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
COMMENT ON FUNCTION pii_expire IS 'Erases what was kept long enough.';

REVOKE EXECUTE ON FUNCTION pii_erase_row, pii_erase, pii_expire FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pii_erase TO taizhang_api;
GRANT EXECUTE ON FUNCTION pii_expire TO taizhang_jobs;
RESET ROLE;
DO $$
BEGIN
  IF to_regprocedure('audit.erase(text, uuid, text[])') IS NOT NULL THEN
    GRANT EXECUTE ON FUNCTION audit.erase TO taizhang_owner;
  END IF;
END $$;

-- A division that has ended takes no more rows, from whoever: what is new
-- belongs to its successor (domain.md 3.3.1, D3). What it has stays readable.

SET ROLE taizhang_owner;

-- They are few: an insert asks these and none of the others.
CREATE INDEX division_ended ON division (code) WHERE valid_to IS NOT NULL;

CREATE FUNCTION division_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  gone division;
  heir division;
BEGIN
  SELECT d.* INTO gone FROM division d
    WHERE d.valid_to IS NOT NULL AND (d.successor_code IS NOT NULL
        OR d.valid_to <= (now() AT TIME ZONE 'Asia/Shanghai')::date)
      AND EXISTS (SELECT FROM new_rows n WHERE n.division_code = d.code)
    LIMIT 1;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT * INTO heir FROM division WHERE code = gone.successor_code;
  PERFORM raise_faults(jsonb_build_array(jsonb_build_object(
    'pointer', '/division_code', 'rule', '3.3.1', 'code', 'ended',
    'zh', gone.name || '已撤销，不能再增加记录' || coalesce('，请填到'
      || heir.name || '（' || lpad(heir.code::text, 12, '0') || '）', ''),
    'en', 'has ended and takes no more rows' || coalesce('; its successor is '
      || lpad(heir.code::text, 12, '0'), ''))));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION division_open() IS
  'Refuses rows of a division that has ended and names its successor.';

CREATE PROCEDURE business_open(t text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER open AFTER INSERT ON %I
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION division_open()', t);
END $$;

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attname IN ('id', 'division_code', 'action_id', 'filing_level')
        AND NOT a.attisdropped) = 4
      AND c.relrowsecurity
  LOOP
    CALL business_open(t);
  END LOOP;
END $$;

-- Tables that come later are born with it.
CREATE OR REPLACE PROCEDURE business_table(t text,
  action text DEFAULT 'optional') LANGUAGE plpgsql AS $$
BEGIN
  CALL business_table_wide(t, action);
  CALL business_narrow(t);
  CALL business_open(t);
END $$;
